//! A measured value with everything needed to judge it.

use leyline::{Health, RunNs};
use serde::{Deserialize, Serialize};

/// A value, when it was measured, whether the latest update refreshed it, and the verdict on it.
///
/// Not measured is `None` of `Option<Reading>`, never a reading of 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading<T = f64> {
    /// The value; a float may be NaN or infinite, which is critical.
    pub value: T,
    /// Global number of the batch it belongs to; `None` before the first batch is known.
    pub batch: Option<u64>,
    /// Producer's time of the event it came from.
    pub mono_ns: RunNs,
    /// Whether the latest update (for vitals: a sample of the last 5 s) refreshed it; if not, it is drawn dimmed.
    pub fresh: bool,
    /// The verdict; `Ungraded` where there is no limit.
    pub verdict: Health,
}

impl<T> Reading<T> {
    /// Returns the verdict if the reading is fresh; old values raise no alarm.
    pub fn fresh_verdict(&self) -> Option<Health> {
        self.fresh.then_some(self.verdict)
    }
}
