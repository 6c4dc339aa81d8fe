//! What `check` has found: as lines for people, as one JSON object for scripts, as an exit code.

use std::fmt::Write as _;

use leyline::unit::Unit;
use leyline::{GroupId, RunId, wire};
use serde::Serialize;

use crate::cli::FailOn;
use crate::headless::check::course::Level;

/// Version of the JSON form; raised only by a breaking change.
const SCHEMA: u32 = 1;

/// Everything that was found.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    schema: u32,
    /// Level from which on the exit code says so.
    fail_on: &'static str,
    /// The worst level that counted.
    worst: Option<Level>,
    /// Whether the run is damaged; then only what could be read was judged.
    damaged: bool,
    groups: Vec<GroupReport>,
}

/// What was found in one group of a run.
#[derive(Debug, Serialize)]
pub(super) struct GroupReport {
    pub(super) run_id: RunId,
    pub(super) group_id: GroupId,
    /// Batches seen.
    pub(super) batches: u64,
    /// How many of them were warm-up, of which limits do not judge.
    pub(super) warm_up: u64,
    pub(super) first_batch: Option<u64>,
    pub(super) last_batch: Option<u64>,
    /// Metrics that a limit has judged at least once; counters of the telemetry left out.
    pub(super) judged: u64,
    pub(super) alerts: Vec<Alert>,
    pub(super) not_applicable: Vec<Metric>,
}

/// A verdict that counted.
#[derive(Debug, Serialize)]
pub(super) struct Alert {
    pub(super) level: Level,
    pub(super) metric: String,
    pub(super) record: String,
    pub(super) first_batch: u64,
    pub(super) last_batch: u64,
    pub(super) worst_value: f64,
    pub(super) worst_batch: u64,
    pub(super) unit: Unit,
    pub(super) limit: String,
}

/// A metric by its two names.
#[derive(Debug, Serialize)]
pub(super) struct Metric {
    pub(super) metric: String,
    pub(super) record: String,
}

impl Serialize for Level {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Something was judged, and nothing counted that the caller wants to fail on.
    Passed,
    /// Something of this level counted.
    Failed(Level),
    /// The run is damaged, and what could be read holds nothing to fail on.
    Damaged,
    /// Nothing could be judged.
    Nothing,
}

impl Report {
    pub(super) fn new(groups: Vec<GroupReport>, fail_on: FailOn, damaged: bool) -> Self {
        let alerts = groups.iter().flat_map(|group| &group.alerts);
        let worst = alerts.map(|alert| alert.level).max();
        let fail_on = least(fail_on).as_str();
        Self { schema: SCHEMA, fail_on, worst, damaged, groups }
    }

    /// Returns how the check ended. An alert decides first: the part that was read is enough to know it. Damage comes
    /// next, because what is missing may be what could have been judged.
    pub(super) fn verdict(&self, fail_on: FailOn) -> Verdict {
        match self.worst.filter(|&worst| least(fail_on) <= worst) {
            Some(level) => Verdict::Failed(level),
            None if self.damaged => Verdict::Damaged,
            None if self.groups.iter().all(|group| group.judged == 0) => Verdict::Nothing,
            None => Verdict::Passed,
        }
    }

    /// Returns the one JSON object, without a line feed.
    pub(super) fn to_json(&self) -> String {
        wire::to_json(self)
    }

    /// Returns the lines for people.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        for group in &self.groups {
            group.write(self.groups.len() == 1, &mut out);
        }
        if self.groups.is_empty() {
            out.push_str("nothing was judged: no batch has ended\n");
        }
        out
    }
}

impl GroupReport {
    fn write(&self, alone: bool, out: &mut String) {
        let name =
            if alone { String::new() } else { format!("{}/{}: ", self.run_id, self.group_id) };
        // Writing to a text cannot fail.
        for alert in &self.alerts {
            let Alert {
                level,
                metric,
                record,
                first_batch,
                last_batch,
                worst_value,
                worst_batch,
                unit,
                limit,
            } = alert;
            let value = wire::to_json(worst_value);
            let value = value.trim_matches('"');
            writeln!(
                out,
                "{name}{} {metric} ({record}) batches {first_batch} to {last_batch}, \
                 worst {value} {} in batch {worst_batch}, limit {limit}",
                level.as_str(),
                unit_word(*unit),
            )
            .ok();
        }
        if !self.not_applicable.is_empty() {
            let names: Vec<&str> =
                self.not_applicable.iter().map(|metric| metric.metric.as_str()).collect();
            writeln!(out, "{name}not applicable: {}", names.join(", ")).ok();
        }
        writeln!(out, "{name}{}", self.summary()).ok();
    }

    fn summary(&self) -> String {
        let count = |level: Level| self.alerts.iter().filter(|alert| alert.level == level).count();
        let found = match (count(Level::Critical), count(Level::Warning)) {
            (0, 0) if self.judged == 0 => "nothing was judged".to_owned(),
            (0, 0) => "no alert".to_owned(),
            (critical, warning) => format!("alerts: {critical} critical, {warning} warning"),
        };
        let Self { batches, warm_up, judged, .. } = self;
        format!("{found}; batches: {batches}, of them warm-up: {warm_up}, metrics judged: {judged}")
    }
}

fn unit_word(unit: Unit) -> &'static str {
    use leyline::word::ClosedWord as _;
    unit.as_str()
}

const fn least(fail_on: FailOn) -> Level {
    match fail_on {
        FailOn::Warning => Level::Warning,
        FailOn::Critical => Level::Critical,
    }
}

impl From<Level> for FailOn {
    fn from(level: Level) -> Self {
        match level {
            Level::Warning => Self::Warning,
            Level::Critical => Self::Critical,
        }
    }
}
