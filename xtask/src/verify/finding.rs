//! Findings and what a check returns; reporters print them and compute nothing.

use crate::verify::code::{Code, Severity};
use crate::verify::record::RecordId;

/// A place in a file of the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Location {
    /// Path from the root, with `/`; empty where there is no file to point at.
    pub(crate) file: String,
    /// First line, from 1; 0: the file as a whole.
    pub(crate) line: u32,
    /// Last line.
    pub(crate) end_line: u32,
}

impl Location {
    /// Returns the place of a whole file.
    pub(crate) fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, end_line: 0 }
    }

    /// Returns the place of one line.
    pub(crate) fn line(file: impl Into<String>, line: u32) -> Self {
        Self { file: file.into(), line, end_line: line }
    }
}

/// A station of a value on its way, in the order in which it passes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    /// What stands there: `TrainingStarted.max_batches`, `hub`, `RunHeader`.
    pub(crate) name: String,
    /// Whether the value got there.
    pub(crate) state: HopState,
}

/// Whether a value reached a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HopState {
    /// It did.
    Ok,
    /// It died on the way here.
    Broken,
    /// It died before.
    NotReached,
}

/// A change of a file that `--fix` can make: the text of some bytes, and what takes their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// Path from the root.
    pub(crate) file: String,
    /// First byte.
    pub(crate) start: usize,
    /// Byte after the last.
    pub(crate) end: usize,
    /// What takes their place.
    pub(crate) text: String,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) code: Code,
    /// The record it is about; `None`: the tree as a whole.
    pub(crate) record: Option<RecordId>,
    pub(crate) at: Location,
    /// What it is about, stable under edits: a path, symbol, widget or cell. Exemptions name it.
    pub(crate) subject: String,
    /// One sentence, lower case, no full stop.
    pub(crate) message: String,
    /// What should be; empty if the message says it all.
    pub(crate) expected: String,
    /// What is.
    pub(crate) actual: String,
    /// Stations of the value; empty where nothing travels.
    pub(crate) trail: Vec<Hop>,
    /// The source that is meant, for the second line of the report: `crates/…/x.rs  krate::path::item`.
    pub(crate) source: Option<String>,
    pub(crate) fix: Option<Edit>,
}

impl Finding {
    /// Returns a finding without trail, source and fix.
    pub(crate) fn new(
        code: Code,
        at: Location,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            record: None,
            at,
            subject: subject.into(),
            message: message.into(),
            expected: String::new(),
            actual: String::new(),
            trail: Vec::new(),
            source: None,
            fix: None,
        }
    }

    /// Says which record it is about.
    #[must_use]
    pub(crate) const fn of(mut self, record: RecordId) -> Self {
        self.record = Some(record);
        self
    }

    /// Says what should be and what is.
    #[must_use]
    pub(crate) fn instead(
        mut self,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        self.expected = expected.into();
        self.actual = actual.into();
        self
    }

    /// Returns how bad it is.
    pub(crate) fn severity(&self) -> Severity {
        self.code.spec().severity
    }
}

/// A subject that a check left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skip {
    pub(crate) record: Option<RecordId>,
    pub(crate) why: String,
}

/// What a check did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    /// Records whose subjects were looked at, with how many; the key `None` is the tree as a whole.
    pub(crate) subjects: std::collections::BTreeMap<Option<RecordId>, u32>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) skipped: Vec<Skip>,
}

impl Outcome {
    /// Counts a subject of a record.
    pub(crate) fn saw(&mut self, record: Option<RecordId>) {
        *self.subjects.entry(record).or_default() += 1;
    }

    /// Returns how many subjects there were in all.
    pub(crate) fn seen(&self) -> u32 {
        self.subjects.values().sum()
    }
}
