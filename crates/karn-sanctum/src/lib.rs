//! Folds events into immutable snapshots: no IO, no threads, no clock, no drawing, and nothing that can fail.
//!
//! The same events with the same times of receipt give the same snapshot, whether they came live, by socket or from a
//! file, because time and the state of the link are arguments.
//!
//! | module | holds |
//! |---|---|
//! | [`aggregator`] | the fold: events and link changes in, snapshots out |
//! | [`snapshot`], [`reading`], [`connection`], [`log`] | what a snapshot is made of; the field names are the paths of the metrics |
//! | [`verdict`] | which limit applies to what, and what the banner should worry about |
//! | [`formula`] | the computed metrics as functions of plain numbers |
//! | [`alert`] | the rules of `leyline` evaluated: verdicts that lasted |
//! | [`settings`] | muted rules and own limits |
//! | [`history`], [`gap`] | the ring of latest points; what a hole in the sequence numbers means |
//! | [`number`] | every number of a snapshot, one after the other |
//! | [`preview`](mod@preview) | what may be said before a run was read |
//! | [`difference`](mod@difference), [`tally`] | what changed between two moments, and how many inputs of each kind there were |
//!
//! ```
//! use karn_sanctum::{Aggregator, Connection};
//! use leyline::{ViewNs, wire};
//!
//! let row = br#"{"v":1,"run_id":"demo","seq":0,"ts":"2026-11-21T12:00:00.000000Z","mono_ns":0,
//!   "event_type":"TRAINING_STARTED","data":{"task":"CartPole-v1","max_batches":75,"start_batch":25}}"#;
//! let mut fold = Aggregator::new();
//! fold.apply(&wire::RowDecoder::new("demo").decode(row), ViewNs(0));
//!
//! let key = fold.default_key().expect("a run has started");
//! let shown = fold.snapshot(&key, ViewNs(1_500_000_000));
//! assert_eq!((shown.current_batch, shown.max_batches), (Some(25), 75));
//! assert_eq!((shown.connection, shown.runtime_seconds), (Connection::Live, 1.5));
//! ```

pub mod aggregator;
pub mod alert;
pub mod connection;
pub mod difference;
pub mod formula;
pub mod gap;
pub mod history;
pub mod log;
pub mod number;
pub mod preview;
pub mod reading;
pub mod settings;
pub mod snapshot;
pub mod tally;
pub mod verdict;

pub use aggregator::{Aggregator, Link};
pub use alert::{Alert, AlertsView};
pub use connection::Connection;
pub use difference::{Difference, difference};
pub use log::LogLine;
pub use preview::preview;
pub use reading::Reading;
pub use settings::Settings;
pub use snapshot::{
    BudgetView, EnvStatus, EnvView, EpisodesView, GpuView, LastUpdate, PolicyView, RunKey, Series,
    SinkLoss, Snapshot, TelemetryView, TimeShares, Trend, VitalsView,
};
pub use tally::Tally;
