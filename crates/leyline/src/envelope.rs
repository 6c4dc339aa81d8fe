//! What surrounds every event.

use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::id::{EnvId, GroupId, RunId};
use crate::time::{RunNs, Timestamp};
use crate::word::closed_word;

closed_word! {
    /// How much an event matters, in rising order.
    Severity {
        /// For those who look for something.
        Debug = "debug",
        /// The normal course of a run.
        Info = "info",
        /// Worth a look.
        Warning = "warning",
        /// Something failed.
        Error = "error",
        /// The run is in danger.
        Critical = "critical",
    }
}

/// One event with its origin, number and times; equal whether it came in a row or in a frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Contract version the event was written in: [`crate::wire::ROW_VERSION`], or 0 for rows of older Python trainers.
    pub v: u16,
    /// The run that emitted it.
    pub run_id: RunId,
    /// The arm of an A/B comparison; `default` without one.
    pub group_id: GroupId,
    /// Number of the event in its run, from 0; dropped events use numbers too, so a hole is a loss.
    pub seq: u64,
    /// Wall clock of the producer; for display and for joining logs, never for durations.
    pub ts: Timestamp,
    /// Monotonic clock of the producer; every duration comes from here.
    pub mono_ns: RunNs,
    /// At least the least severity of the kind.
    pub severity: Severity,
    /// Text for people, at most [`crate::validate::MAX_MESSAGE_BYTES`] bytes; never parsed.
    pub message: String,
    /// The environment the event is about, equal to that of the payload where it has one.
    pub env_id: Option<EnvId>,
    /// What happened.
    pub event: Event,
}
