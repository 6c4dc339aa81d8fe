//! Everything a check may look at.

use std::collections::BTreeMap;

use telemetry_evidence::Evidence;

use crate::verify::index::SourceIndex;
use crate::verify::record::Record;
use crate::verify::tables::Tables;

/// A result, or why there is none.
#[derive(Debug, Clone)]
pub(crate) enum Ran<T> {
    Yes(T),
    No(String),
}

/// How a named test went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestResult {
    Passed,
    Failed,
    Ignored,
}

/// Results of the named tests: (file, function) as the record names them.
pub(crate) type TestRun = BTreeMap<(String, String), TestResult>;

/// Everything a check may look at.
pub(crate) struct World {
    pub(crate) records: Vec<Record>,
    pub(crate) index: SourceIndex,
    pub(crate) evidence: Ran<Evidence>,
    pub(crate) tests: Ran<TestRun>,
    /// units.toml, labels.toml, not-shown.toml, exemptions.toml and the coverage of the committed INDEX.md.
    pub(crate) tables: Tables,
    /// Today, as `2026-11-22`; an argument, so that expiry can be tested.
    pub(crate) today: String,
    /// Date of the first commit.
    pub(crate) first_commit: String,
}
