//! The cells that a machine reads: intervals, conditions, literals, formats, levels, the Probe row.

use telemetry_evidence::plan::{Interval, Move};

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

/// Reads `[a, b)`.
pub(crate) fn interval(_text: &str) -> Result<Interval, String> {
    Err("not written yet".to_owned())
}

/// Reads the terms of the Probe row, one per code span or separated by `;`.
pub(crate) fn moves(_text: &str) -> Result<Vec<Move>, String> {
    Err("not written yet".to_owned())
}
