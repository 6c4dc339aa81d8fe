//! The result of a run, as the judge hands it over; printers print it and compute nothing that is not in it.

pub(crate) mod github;
pub(crate) mod human;
pub(crate) mod json;
mod junit;
mod place;
mod sarif;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use anyhow::Result;

use crate::verify::code::{Code, Severity, Tier};
use crate::verify::finding::{Edit, Finding, Location, Skip};
use crate::verify::fix::Planned;
use crate::verify::grammar::Priority;
use crate::verify::record::{Record, RecordId, STEPS};
use crate::verify::report::human::Look;
use crate::verify::tables::coverage::Coverage;
use crate::verify::world::TestResult;

/// A form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people.
    Human,
    /// For programs: all verdicts, passes included.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// For trend pages.
    Junit,
    /// Annotations of a pull request.
    Github,
}

/// A report that goes into a file: `sarif=target/telemetry.sarif`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportFile {
    pub(crate) form: Form,
    pub(crate) path: PathBuf,
}

/// What the printers are given.
pub(crate) struct Context<'a> {
    pub(crate) report: &'a Report,
    /// The parsed records, for naming the row of a finding.
    pub(crate) records: &'a [Record],
    /// What `--fix` would do.
    pub(crate) edits: &'a [Planned],
    pub(crate) look: Look,
}

/// Everything a run has found out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    /// Why this is not the whole check (`--static`, `--only TELE-014`); empty: it is.
    pub(crate) partial: Vec<String>,
    /// Why a whole tier has no answer: the build failed, the probe crashed, a check saw no subject.
    pub(crate) not_verified: Vec<String>,
    /// All findings that no exemption covers, those about exemptions included.
    pub(crate) findings: Vec<Finding>,
    /// Findings that an exemption covers.
    pub(crate) exempt: Vec<Exempt>,
    /// One per record, by rising number.
    pub(crate) records: Vec<Judged>,
    /// One per code that is built, in the order of the list.
    pub(crate) checks: Vec<CheckRun>,
    pub(crate) coverage: Coverage,
    /// Single probes, from the evidence.
    pub(crate) probes: u32,
    /// What became of the wire cuts; `None`: without `--deep`, or it could not be done.
    pub(crate) cuts: Option<Cuts>,
    /// What moved what, from the evidence; `None`: the probe did not run.
    pub(crate) influence: Option<Influence>,
    /// How long each part took, in the order in which they ran, and all of it.
    pub(crate) timings: Vec<(String, f64)>,
    pub(crate) seconds: f64,
}

/// Wires that were cut, and how long that took.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cuts {
    pub(crate) count: u32,
    /// Noticed by the probe and by a test.
    pub(crate) killed: u32,
    /// Places that could not get a switch.
    pub(crate) skipped: u32,
    pub(crate) build_seconds: f64,
    /// Without the build.
    pub(crate) seconds: f64,
}

/// A finding that is known and tolerated for a while.
#[derive(Debug, Clone)]
pub(crate) struct Exempt {
    pub(crate) finding: Finding,
    pub(crate) reason: String,
    pub(crate) owner: String,
    pub(crate) expires: String,
}

/// What a check did in this run.
#[derive(Debug, Clone)]
pub(crate) struct CheckRun {
    pub(crate) code: Code,
    pub(crate) tier: Tier,
    /// Why it did not run; `None`: it did.
    pub(crate) not_run: Option<String>,
    /// Per record how many subjects it looked at; the key `None` is the tree as a whole.
    pub(crate) subjects: BTreeMap<Option<RecordId>, u32>,
    pub(crate) skipped: Vec<Skip>,
}

/// A record and what it has earned.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) id: RecordId,
    pub(crate) name: String,
    /// Path of the file from the root.
    pub(crate) file: String,
    pub(crate) priority: Option<Priority>,
    /// Steps ticked in the file, and steps earned.
    pub(crate) claimed: Steps,
    pub(crate) earned: Steps,
    /// In the order of [`crate::verify::record::BOXES`].
    pub(crate) boxes: Vec<JudgedBox>,
    pub(crate) tests: Vec<JudgedTest>,
    /// Open exemptions on it.
    pub(crate) exemptions: u32,
}

/// How many steps of the ladder are reached, from the bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Steps(pub(crate) usize);

/// A box and its evidence.
#[derive(Debug, Clone)]
pub(crate) struct JudgedBox {
    pub(crate) name: &'static str,
    pub(crate) is_claimed: bool,
    pub(crate) state: BoxState,
    /// One entry per check of the box.
    pub(crate) evidence: Vec<Evidence>,
}

/// Whether a box is earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoxState {
    /// Its checks ran on this record and found nothing.
    Earned,
    /// One of them found something, or none of them had a subject.
    Failed,
    /// One of them did not run.
    NotRun,
}

/// What one check has to say about a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) code: Code,
    pub(crate) verdict: Verdict,
}

/// What became of a check on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It looked at so many subjects and found nothing.
    Passed(u32),
    /// It found so many things.
    Failed(u32),
    /// The record makes it inapplicable, and why.
    LeftOut(String),
    /// It is not built yet: the evidence is partial.
    NotBuilt,
    /// It did not run, and why.
    NotRun(String),
}

/// A row of Test Coverage and how its test went.
#[derive(Debug, Clone)]
pub(crate) struct JudgedTest {
    /// `Unit (emitter)`.
    pub(crate) kind: String,
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) is_claimed: bool,
    /// `None`: it did not run, or the row names none.
    pub(crate) result: Option<TestResult>,
    /// Whether it is a manual row, which earns nothing.
    pub(crate) is_manual: bool,
}

/// What moved what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Influence {
    /// Input leaf → payload leaves.
    pub(crate) inputs: BTreeMap<String, BTreeSet<String>>,
    /// Payload leaf (or `clock`, `sampler …`) → snapshot leaves, in any order of the events.
    pub(crate) payloads: BTreeMap<String, BTreeSet<String>>,
    /// Snapshot leaf → widgets, with the number of cells.
    pub(crate) snapshot: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Form {
    /// Returns the report in this form.
    pub(crate) fn format(self, context: &Context<'_>) -> Result<String> {
        match self {
            Self::Human => Ok(human::format(context)),
            Self::Json => Ok(json::format(context)),
            Self::Sarif => Ok(sarif::format(context)),
            Self::Junit => junit::format(context),
            Self::Github => Ok(github::format(context)),
        }
    }
}

impl std::str::FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (form, path) = text.split_once('=').ok_or("a report is FORM=PATH")?;
        let form = <Form as clap::ValueEnum>::from_str(form, false)?;
        if path.is_empty() {
            return Err("a report needs a path: FORM=PATH".to_owned());
        }
        Ok(Self { form, path: PathBuf::from(path) })
    }
}

impl Context<'_> {
    /// Returns where a finding points, for people: file and line, and of a record also heading and row.
    fn place(&self, at: &Location) -> String {
        if at.file.is_empty() {
            return String::new();
        }
        let file = if at.line == 0 { at.file.clone() } else { format!("{}:{}", at.file, at.line) };
        let record = self.records.iter().find(|record| record.file == at.file && at.line != 0);
        record.map_or(file.clone(), |record| {
            format!("record: {}      {file}", place::describe(&record.source, at.line))
        })
    }

    /// Returns what `--fix` would do about a finding.
    fn edits_for<'b>(&'b self, finding: &'b Finding) -> Vec<&'b Edit> {
        let of_tick = |planned: &&Planned| {
            planned.code == finding.code && Some(planned.record) == finding.record
        };
        if let Some(edit) = &finding.fix {
            return vec![edit];
        }
        self.edits.iter().filter(of_tick).map(|planned| &planned.edit).collect()
    }
}

impl Report {
    /// Returns whether nobody may conclude anything from this run about the records as a whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.partial.is_empty()
            && self.not_verified.is_empty()
            && self.count(Severity::NotVerified) == 0
    }

    /// Returns how many findings are this bad.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity() == severity).count()
    }

    /// Returns the open findings about a record, or about the tree as a whole.
    pub(crate) fn findings_of(&self, record: Option<RecordId>) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.record == record)
    }

    /// Returns how many records have earned every step.
    pub(crate) fn verified(&self) -> usize {
        self.records.iter().filter(|record| record.earned == Steps::ALL).count()
    }
}

impl Steps {
    /// The whole ladder.
    pub(crate) const ALL: Self = Self(STEPS.len());
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.min(STEPS.len()).checked_sub(1).map_or("nothing", |last| STEPS[last]))
    }
}

impl JudgedBox {
    /// Returns the checks of this box that do not exist yet.
    pub(crate) fn not_built(&self) -> impl Iterator<Item = Code> {
        let missing = self.evidence.iter().filter(|evidence| evidence.verdict == Verdict::NotBuilt);
        missing.map(|evidence| evidence.code)
    }

    /// Returns whether a check of this box is not built yet.
    pub(crate) fn is_partial(&self) -> bool {
        self.not_built().next().is_some()
    }
}

impl Judged {
    /// Returns how many boxes are earned.
    pub(crate) fn boxes_earned(&self) -> usize {
        self.boxes.iter().filter(|judged| judged.state == BoxState::Earned).count()
    }

    /// Returns how many tests that a machine can run passed, and how many are named.
    pub(crate) fn tests_passed(&self) -> (usize, usize) {
        let run = || self.tests.iter().filter(|test| !test.is_manual);
        (run().filter(|test| test.result == Some(TestResult::Passed)).count(), run().count())
    }
}

#[cfg(test)]
mod tests;
