//! A measured value with everything needed to judge it.

use leyline::{Band, Health, RunNs};
use serde::{Deserialize, Serialize};

use crate::verdict;

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

/// A number that a limit can judge.
pub(crate) trait Number: Copy {
    /// Returns the number as a float; integers beyond 2^53 lose digits, which no limit notices. A flag is 1 or 0.
    fn to_f64(self) -> f64;
}

impl Number for f64 {
    fn to_f64(self) -> f64 {
        self
    }
}

impl Number for u64 {
    fn to_f64(self) -> f64 {
        self as f64
    }
}

impl Number for bool {
    fn to_f64(self) -> f64 {
        f64::from(u8::from(self))
    }
}

impl Number for u32 {
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

/// Batch and time that a reading gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    /// Global number of the batch; `None` before the first batch is known.
    pub(crate) batch: Option<u64>,
    /// Producer's time.
    pub(crate) mono_ns: RunNs,
}

impl Stamp {
    /// Returns a fresh reading with a given verdict.
    pub(crate) const fn judged<T: Copy>(self, value: T, verdict: Health) -> Reading<T> {
        Reading { value, batch: self.batch, mono_ns: self.mono_ns, fresh: true, verdict }
    }

    /// Returns a fresh reading, judged by a limit or by none.
    pub(crate) fn read<T: Number>(self, value: T, band: Option<&Band>) -> Reading<T> {
        self.judged(value, verdict::grade(band, value.to_f64()))
    }
}
