//! The contracts of Sanctum: what a trainer tells it, what a number means, and how both are written down.
//!
//! No IO, no threads, no clock: producer and viewer agree through this crate alone.
//!
//! | module | holds |
//! |---|---|
//! | [`envelope`], [`event`], [`payload`] | the events and what surrounds them |
//! | [`kind`] | wire name, stable number, lane and least severity of each kind of event |
//! | [`id`], [`time`], [`mod@unit`], [`word`] | ids, clocks, units and words as types |
//! | [`field`], [`validate`] | what is expected of each payload field, and the limits that reject an event |
//! | [`incoming`] | what any input becomes: known, unknown or rejected |
//! | [`metric`], [`threshold`] | the registry of metrics and the only home of their limits |
//! | [`rule`] | the rules of diagnosis as data |
//! | [`wire`] | JSON rows and binary frames |
//!
//! ```
//! use leyline::{Event, Heartbeat, Phase, Incoming, wire};
//!
//! let line = br#"{"v":1,"run_id":"demo","seq":0,"ts":"2026-11-21T12:00:00.000000Z","mono_ns":7,
//!   "event_type":"HEARTBEAT","data":{"phase":"updating","batch_idx":4}}"#;
//! let Incoming::Known(envelope) = wire::RowDecoder::new("demo").decode(line) else { panic!("a known event") };
//! let expected = Heartbeat { phase: Phase::Updating, batch_idx: Some(4), inner_epoch: None };
//! assert_eq!(envelope.event, Event::Heartbeat(expected));
//! ```

#[cfg(feature = "demo")]
pub mod demo;
pub mod envelope;
pub mod event;
pub mod field;
pub mod id;
pub mod incoming;
pub mod kind;
pub mod metric;
pub mod payload;
pub mod rule;
pub mod threshold;
pub mod time;
pub mod unit;
pub mod validate;
pub mod wire;
pub mod word;

pub use envelope::{Envelope, Severity};
pub use event::Event;
pub use id::{EnvId, GroupId, RunId};
pub use incoming::{Incoming, Reason, Rejection, UnknownEvent};
pub use kind::{EventKind, Lane};
pub use payload::{
    Anomaly, BatchEpochCompleted, BatchOutcome, CheckpointLoaded, CheckpointSaved, EmitterLoss,
    EpisodeOutcome, EpochCompleted, FinishReason, GpuVitals, Heartbeat, LossCause, Metric, Phase,
    PpoUpdateCompleted, Scalar, SkipReason, SystemVitals, TrainingFinished, TrainingStarted,
};
pub use rule::{About, AlertLevel, Rule, RuleId};
pub use threshold::{Band, Health};
pub use time::{RunNs, Timestamp, ViewNs};
