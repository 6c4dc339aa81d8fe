//! The cells that a machine reads: intervals, conditions, literals, formats, levels, the Probe row.

use telemetry_evidence::plan::Interval;

mod condition;
mod given;
mod interval;
mod probe;

pub(crate) use condition::{condition, literal};
pub(crate) use given::given;
pub(crate) use interval::extent;
pub(crate) use probe::moves;

/// What a record is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    P0,
    P1,
    P2,
    P3,
}

/// A level of Health Thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Healthy,
    Warning,
    Critical,
    Available,
    Unavailable,
    Unknown,
}

/// A format of the Precision row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Int,
    Fixed(u8),
    Percent(u8),
    Sci(u8),
    Si,
    Bytes,
    DurationCompact,
    DurationFull,
    Text,
}

/// A literal of the Default row or of an example.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    /// `None`.
    Absent,
    Flag(bool),
    Number(f64),
    /// A word of an enum, or text.
    Text(String),
    /// `[]`, `{}`, `empty`.
    Empty,
}

/// A condition: any of some alternatives, each all of some comparisons.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub(crate) any: Vec<Vec<Comparison>>,
}

/// `term op term`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) left: Term,
    pub(crate) operator: Operator,
    pub(crate) right: Term,
}

/// How two terms compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Less,
    AtMost,
    Equal,
    NotEqual,
    AtLeast,
    More,
}

/// One side of a comparison. A name is `value`, the field, or a snapshot path; all three mean the value of the record
/// where they name it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    Literal(Literal),
    Name(String),
    Magnitude(String),
    Difference(String, String),
    Quotient(String, String),
    /// `length`: of a list or map.
    Length,
}

/// One assignment of a `Given` cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Given {
    /// The Missing rule of the record.
    Missing,
    /// A leaf of the snapshot, or an input of the rig.
    Set { name: String, value: serde_json::Value },
}

/// What the Range row allows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Extent {
    /// `any`.
    Any,
    /// `[a, b)`.
    Numbers(Interval),
    /// `completed, stopped, failed`.
    Words(Vec<String>),
}

/// Style classes of cells.
pub(crate) const CLASSES: [&str; 8] =
    ["plain", "dim", "accent", "ok", "warning", "critical", "missing", "stale"];

impl Priority {
    /// Reads `P1-important`.
    pub(crate) fn find(text: &str) -> Option<Self> {
        match text {
            "P0-critical" => Some(Self::P0),
            "P1-important" => Some(Self::P1),
            "P2-useful" => Some(Self::P2),
            "P3-detail" => Some(Self::P3),
            _ => None,
        }
    }
}

impl Level {
    /// Reads `Healthy`.
    pub(crate) fn find(text: &str) -> Option<Self> {
        match text {
            "Healthy" => Some(Self::Healthy),
            "Warning" => Some(Self::Warning),
            "Critical" => Some(Self::Critical),
            "Available" => Some(Self::Available),
            "Unavailable" => Some(Self::Unavailable),
            "Unknown" => Some(Self::Unknown),
            _ => None,
        }
    }
}

impl Format {
    /// Reads `fixed(3)`.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let (name, argument) = match text.strip_suffix(')') {
            Some(open) => open.split_once('(').map(|(name, rest)| (name, Some(rest)))?,
            None => (text, None),
        };
        let digits = || argument?.parse::<u8>().ok().filter(|&digits| digits <= 12);
        match (name, argument) {
            ("int", None) => Some(Self::Int),
            ("si", None) => Some(Self::Si),
            ("bytes", None) => Some(Self::Bytes),
            ("text", None) => Some(Self::Text),
            ("fixed", Some(_)) => digits().map(Self::Fixed),
            ("percent", Some(_)) => digits().map(Self::Percent),
            ("sci", Some(_)) => digits().map(Self::Sci),
            ("duration", Some("compact")) => Some(Self::DurationCompact),
            ("duration", Some("full")) => Some(Self::DurationFull),
            _ => None,
        }
    }

    /// Returns the size of one displayed unit; `None`: there is none that holds for every value.
    pub(crate) fn step(self) -> Option<f64> {
        match self {
            Self::Int | Self::Bytes | Self::DurationCompact | Self::DurationFull => Some(1.0),
            Self::Fixed(digits) => Some(1.0 / 10_f64.powi(i32::from(digits))),
            Self::Percent(digits) => Some(1.0 / 10_f64.powi(i32::from(digits) + 2)),
            Self::Sci(_) | Self::Si | Self::Text => None,
        }
    }
}

/// Returns whether a cell says that it does not apply.
pub(crate) fn is_not_applicable(text: &str) -> bool {
    matches!(text.trim_matches(['*', ' ']), "N/A" | "n/a" | "—" | "-" | "none")
}

/// Returns whether a text is a name: letters, digits, `_`, and the dots and brackets of a path.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.[]*".contains(c))
}
