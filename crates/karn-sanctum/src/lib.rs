//! Folds events into immutable snapshots: no IO, no threads, no clock, no drawing, and nothing that can fail.
//!
//! The same events with the same times of receipt give the same snapshot, whether they came live, by socket or from a
//! file, because time and the state of the link are arguments.

pub mod aggregator;
pub mod connection;
pub mod formula;
pub mod gap;
pub mod history;
pub mod log;
pub mod reading;
pub mod snapshot;
pub mod verdict;

pub use aggregator::{Aggregator, Link};
pub use connection::Connection;
pub use log::LogLine;
pub use reading::Reading;
pub use snapshot::{
    EnvStatus, EnvView, EpisodesView, GpuView, LastUpdate, PolicyView, RunKey, Series, SinkLoss,
    Snapshot, TelemetryView, Trend, VitalsView,
};
