//! What happened to the telemetry itself, and the numbers of user code.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Counters of the rows of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TelemetryView {
    /// TELE-816, applied, unknown and rejected rows. `None`: not all of the run was read, here and below.
    pub events_received: Option<u64>,
    /// TELE-780.
    pub events_rejected: Option<u64>,
    /// TELE-781.
    pub events_unknown: Option<u64>,
    /// TELE-782. `None`: no numbered row yet, or version 0 rows, whose holes cannot be seen.
    pub events_lost: Option<u64>,
    /// TELE-783. `None` as for `events_lost`.
    pub sequence_gaps: Option<u64>,
    /// TELE-784, what the emitter says it dropped, by sink; empty: no loss reported.
    pub sink_losses: Option<Arc<BTreeMap<String, SinkLoss>>>,
}

/// Events that the emitter dropped for one sink since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkLoss {
    /// On the lossless lane. `None`: none reported.
    pub lossless: Option<u64>,
    /// On the lossy lane. `None`: none reported.
    pub lossy: Option<u64>,
}

impl SinkLoss {
    /// Returns the losses of both lanes together.
    pub fn total(&self) -> u64 {
        self.lossless.into_iter().chain(self.lossy).fold(0, u64::saturating_add)
    }
}

/// The points of one user metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// TELE-821.
    pub unit: Option<String>,
    /// TELE-820, pairs of step and value, the latest 128, newest last.
    pub points: Arc<[(u64, f64)]>,
}

impl TelemetryView {
    /// Returns the view before the first row.
    pub fn empty() -> Self {
        Self {
            events_received: Some(0),
            events_rejected: Some(0),
            events_unknown: Some(0),
            events_lost: None,
            sequence_gaps: None,
            sink_losses: Some(Arc::default()),
        }
    }
}
