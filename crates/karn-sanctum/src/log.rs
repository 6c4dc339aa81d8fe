//! Lines of the event log.

use leyline::validate::MAX_MESSAGE_BYTES;
use leyline::{EnvId, RunNs, Severity, Timestamp};
use serde::{Deserialize, Serialize};

mod line;
mod summary;

/// Lines kept.
pub const LINES: usize = 200;
/// `event_type` of a line that stands for a rejected row.
pub const REJECTED: &str = "REJECTED";
/// `event_type` of a line that warns about a field: out of its range, missing or inconsistent.
pub const OUT_OF_RANGE: &str = "OUT_OF_RANGE";

/// One line of the event log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// TELE-818: number of the event; `None` for a rejected row whose number could not be read, and for warnings of the
    /// aggregator itself.
    pub seq: Option<u64>,
    /// TELE-811: producer's wall clock; for a line without one, that of the event before it; `None` if there was none.
    pub ts: Option<Timestamp>,
    /// TELE-822: producer's monotonic clock, where the line has one.
    pub mono_ns: Option<RunNs>,
    /// TELE-812: kind of the event on the wire; `REJECTED` and `OUT_OF_RANGE` (also for `missing` and `inconsistent`)
    /// for lines that stand for no event of their own.
    pub event_type: String,
    /// TELE-813: the environment it is about.
    pub env_id: Option<EnvId>,
    /// TELE-814: the message, else detail, error or kind of the payload, else the kind.
    pub message: String,
    /// TELE-817: severity.
    pub severity: Severity,
    /// TELE-819: the main numbers of the event as text for people, such as `b26/75, return 97.4`; empty where there are none.
    pub summary: String,
}

/// Returns the text, cut at a character boundary to the longest a message may have. It may hold any character: who draws
/// it takes care of that.
fn bounded(text: &str) -> String {
    let mut end = MAX_MESSAGE_BYTES.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.split_at(end).0.to_owned()
}
