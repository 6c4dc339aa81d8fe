//! Losses of the emitter.

use serde::{Deserialize, Serialize};

use crate::field::{ANY, FROM_1, field_table};
use crate::kind::Lane;
use crate::payload::LossCause;

/// Events that the hub dropped for one sink, lane and cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmitterLoss {
    /// Name of the sink.
    pub sink: String,
    /// Lane of the dropped events.
    pub lane: Lane,
    /// Why they were dropped.
    pub cause: LossCause,
    /// Dropped since the previous row for this sink, lane and cause (events; range `[1, inf)`).
    pub dropped: u64,
    /// Dropped in this run for this sink and lane, all causes (events; range `[1, inf)`).
    pub dropped_total: u64,
}

field_table! { EmitterLoss
    sink: R, ANY;
    lane: R, ANY;
    cause: R, ANY;
    dropped: R, FROM_1;
    dropped_total: R, FROM_1;
}
