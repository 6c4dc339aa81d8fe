//! One point of one metric: a line of the long table.

use std::sync::Arc;

use leyline::{Envelope, EventKind};

/// A measured value with everything that is needed to sort, group and plot it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point<'a> {
    /// The event that it comes from: run, group, number, times and environment.
    pub(super) envelope: &'a Arc<Envelope>,
    /// Batch that the event names, or that a computed value belongs to; `None`: it names none.
    pub(super) batch: Option<u64>,
    /// Name of the metric.
    pub(super) metric: &'a str,
    /// Unit; `None` where none is known.
    pub(super) unit: Option<&'a str>,
    /// The value; may be NaN or infinite.
    pub(super) value: f64,
}

/// The columns in their order. In a row of JSON `schema` stands before them.
pub(super) const COLUMNS: [&str; 11] = [
    "run_id",
    "group_id",
    "seq",
    "ts",
    "run_seconds",
    "event_type",
    "batch_idx",
    "env_id",
    "metric",
    "unit",
    "value",
];

const NS_PER_SECOND: f64 = 1e9;

impl Point<'_> {
    /// Returns the kind of the event.
    pub(super) fn kind(&self) -> EventKind {
        self.envelope.event.kind()
    }

    /// Returns the seconds on the producer's monotonic clock since the run was created.
    pub(super) fn run_seconds(&self) -> f64 {
        self.envelope.mono_ns.0 as f64 / NS_PER_SECOND
    }

    /// Returns the environment that the event is about.
    pub(super) fn env_id(&self) -> Option<u32> {
        self.envelope
            .env_id
            .map(|env| env.0)
            .or_else(|| self.envelope.event.env_id().map(|env| env.0))
    }
}
