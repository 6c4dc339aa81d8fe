//! Everything a check may look at.

use std::collections::BTreeMap;
use std::path::PathBuf;

use telemetry_evidence::{Evidence, Plan};

use crate::verify::deep::Deep;
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
    /// Root of the tree that is looked at.
    pub(crate) root: PathBuf,
    /// By rising number, then by file.
    pub(crate) records: Vec<Record>,
    pub(crate) index: SourceIndex,
    /// What the probe was asked.
    pub(crate) plan: Plan,
    pub(crate) evidence: Ran<Evidence>,
    pub(crate) tests: Ran<TestRun>,
    /// What became of the wire cuts.
    pub(crate) deep: Ran<Deep>,
    /// units.toml, labels.toml, not-shown.toml, exemptions.toml and the coverage of the committed INDEX.md.
    pub(crate) tables: Tables,
    /// Today, as `2026-11-22`; an argument, so that expiry can be tested.
    pub(crate) today: String,
    /// Date of the first commit.
    pub(crate) first_commit: String,
}

impl<T> Ran<T> {
    /// Returns the result, if there is one.
    pub(crate) const fn yes(&self) -> Option<&T> {
        match self {
            Self::Yes(result) => Some(result),
            Self::No(_) => None,
        }
    }

    /// Returns why there is none.
    pub(crate) fn why_not(&self) -> Option<&str> {
        match self {
            Self::Yes(_) => None,
            Self::No(why) => Some(why),
        }
    }
}

impl World {
    /// Returns a world for tests in which nothing ran.
    #[cfg(test)]
    pub(crate) fn still(records: Vec<Record>, index: SourceIndex) -> Self {
        Self {
            root: PathBuf::new(),
            plan: crate::verify::plan::plan(&records),
            records,
            index,
            evidence: Ran::No("no probe".to_owned()),
            tests: Ran::No("no tests".to_owned()),
            deep: Ran::No("no cuts".to_owned()),
            tables: Tables::default(),
            today: "2026-11-22".to_owned(),
            first_commit: "2026-11-20".to_owned(),
        }
    }

    /// Returns the record of a leaf of the snapshot; the first one, if two claim it (R03).
    pub(crate) fn owner(&self, leaf: &str) -> Option<&Record> {
        let is_exact = |record: &&Record| record.paths().iter().any(|declared| declared == leaf);
        let covering = |record: &&Record| record.paths().iter().any(|path| covers(path, leaf));
        self.records.iter().find(is_exact).or_else(|| self.records.iter().find(covering))
    }
}

/// Returns whether a declared path speaks for a leaf: it is that leaf, or the list or map whose entries are.
pub(crate) fn covers(declared: &str, leaf: &str) -> bool {
    leaf.strip_prefix(declared).is_some_and(|rest| rest.is_empty() || rest.starts_with("[*]"))
}
