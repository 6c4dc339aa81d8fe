//! What any input becomes: a known event, an unknown one, or a rejection with its reason.

use std::fmt;
use std::sync::Arc;

use crate::envelope::{Envelope, Severity};
use crate::id::{EnvId, GroupId, RunId};
use crate::time::{RunNs, Timestamp};

/// One input, decoded. Decoding is total: any bytes become one of these.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// An event of a kind that this version knows.
    Known(Arc<Envelope>),
    /// A well-formed event of another kind: counted, shown, harmless.
    Unknown(Arc<UnknownEvent>),
    /// Not an event: counted and shown with its reason.
    Rejected(Arc<Rejection>),
}

/// A well-formed event of a kind that this version does not know.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownEvent {
    /// Contract version of the row, 0 or 1.
    pub v: u16,
    /// As in [`Envelope`].
    pub run_id: RunId,
    /// As in [`Envelope`].
    pub group_id: GroupId,
    /// As in [`Envelope`].
    pub seq: u64,
    /// As in [`Envelope`].
    pub ts: Timestamp,
    /// As in [`Envelope`].
    pub mono_ns: RunNs,
    /// As in [`Envelope`].
    pub severity: Severity,
    /// As in [`Envelope`].
    pub message: String,
    /// As in [`Envelope`].
    pub env_id: Option<EnvId>,
    /// Name of the kind, `SCREAMING_SNAKE_CASE`.
    pub event_type: String,
    /// The payload as JSON text: of a row letter by letter, of a frame with the names of the writer's listing.
    pub data: String,
}

/// An input that is not an event, with as much of its head as could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// Why it was rejected.
    pub reason: Reason,
    /// The run it belongs to, if that could be read.
    pub run_id: Option<RunId>,
    /// Its group, if that could be read.
    pub group_id: Option<GroupId>,
    /// Its number, if that could be read; it moves the last number seen, so a rejected row is no loss.
    pub seq: Option<u64>,
    /// Its wall clock, if that could be read.
    pub ts: Option<Timestamp>,
    /// Its kind, if that could be read.
    pub event_type: Option<String>,
    /// The contract version it claims: 0 for a row without `v` only, `None` if it claims none that exists.
    pub v: Option<u16>,
}

/// Why an input was rejected; the texts are those of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Longer than [`crate::validate::MAX_ROW_BYTES`].
    TooLong,
    /// Not JSON, not an object, a repeated key, or a number outside the 64-bit range.
    BadJson,
    /// `v` is present and not a version that this build reads.
    UnsupportedVersion,
    /// A required field is absent.
    MissingField(String),
    /// Wrong type, a fraction or a sign where none may be, or an unknown float word.
    WrongType(String),
    /// Unknown word in a closed list.
    BadWord(String),
    /// Text too long, or characters outside the allowed set.
    BadText(String),
    /// `ts` is not a valid timestamp.
    BadTime,
    /// A hard limit is broken.
    BadValue(String),
    /// Envelope and payload name different environments.
    EnvMismatch,
    /// `seq` is not larger than the last one of the run.
    SeqNotIncreasing,
    /// A frame that is damaged or of another schema; the text says what.
    BadFrame(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("too_long"),
            Self::BadJson => f.write_str("bad_json"),
            Self::UnsupportedVersion => f.write_str("unsupported_version"),
            Self::MissingField(name) => write!(f, "missing_field:{name}"),
            Self::WrongType(name) => write!(f, "wrong_type:{name}"),
            Self::BadWord(name) => write!(f, "bad_word:{name}"),
            Self::BadText(name) => write!(f, "bad_text:{name}"),
            Self::BadTime => f.write_str("bad_time"),
            Self::BadValue(name) => write!(f, "bad_value:{name}"),
            Self::EnvMismatch => f.write_str("env_mismatch"),
            Self::SeqNotIncreasing => f.write_str("seq_not_increasing"),
            Self::BadFrame(what) => write!(f, "bad_frame:{what}"),
        }
    }
}
