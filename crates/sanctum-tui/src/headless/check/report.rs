//! What `check` has found: as lines for people, as one JSON object for scripts, as an exit code.

use std::fmt::Write as _;

use karn_sanctum::alert::{Evidence, Mover, Tally};
use karn_sanctum::{AlertsView, RunKey, Settings};
use leyline::unit::Unit;
use leyline::word::ClosedWord as _;
use leyline::{About, AlertLevel, GroupId, RuleId, RunId, metric, rule, wire};
use sanctum_widgets::alerts::format_move;
use serde::Serialize;

use crate::cli::FailOn;
use crate::headless::check::judge::Batches;
use crate::headless::limit;
use crate::settings::{self, Own};

/// Version of the JSON form; raised only by a breaking change.
const SCHEMA: u32 = 2;

/// Everything that was found.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    schema: u32,
    /// Level from which on the exit code says so.
    fail_on: AlertLevel,
    /// The worst level of an alert.
    worst: Option<AlertLevel>,
    /// Whether the run is damaged; then only what could be read was judged.
    damaged: bool,
    /// Limits in the place of those of records, whether or not something crossed them.
    own_limits: &'static [Own],
    groups: Vec<GroupReport>,
}

/// What was found in one group of a run.
#[derive(Debug, Serialize)]
pub(super) struct GroupReport {
    pub(super) run_id: RunId,
    pub(super) group_id: GroupId,
    /// Batches seen.
    pub(super) batches: u64,
    /// How many of them were warm-up, in which limits do not judge.
    pub(super) warm_up: u64,
    pub(super) first_batch: Option<u64>,
    pub(super) last_batch: Option<u64>,
    /// Rules about learning that could be evaluated after the warm-up.
    pub(super) judged: u64,
    /// The worst level of an alert, also of those that are not listed.
    pub(super) worst: Option<AlertLevel>,
    /// The latest alerts, by the batch in which they began.
    pub(super) alerts: Vec<Alert>,
    /// Alerts that ended before those.
    pub(super) forgotten: u64,
    pub(super) not_applicable: Vec<RuleId>,
    pub(super) muted: Vec<RuleId>,
}

/// An alert.
#[derive(Debug, Serialize)]
pub(crate) struct Alert {
    pub(crate) rule: RuleId,
    pub(crate) level: AlertLevel,
    pub(crate) about: About,
    pub(crate) metric: Option<String>,
    pub(crate) record: Option<String>,
    pub(crate) env: Option<u32>,
    pub(crate) first_batch: Option<u64>,
    pub(crate) last_batch: Option<u64>,
    /// Where it ended; `None`: it lasted to the end of what was read.
    pub(crate) ended_batch: Option<u64>,
    pub(crate) lasts: bool,
    /// From the first finding to the latest.
    pub(crate) seconds: f64,
    pub(crate) worst_value: f64,
    pub(crate) worst_batch: Option<u64>,
    pub(crate) unit: Option<Unit>,
    pub(crate) limit: String,
    pub(crate) first_mover: Option<FirstMover>,
    pub(crate) next: &'static str,
}

/// The metric that left its own band first.
#[derive(Debug, Serialize)]
pub(crate) struct FirstMover {
    pub(crate) metric: &'static str,
    pub(crate) batch: Option<u64>,
    /// Standard deviations of its own, with the sign of the change.
    pub(crate) sigmas: f64,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Something was judged, and there was no alert that the caller wants to fail on.
    Passed,
    /// There was an alert of this level.
    Failed(FailOn),
    /// The run is damaged, and what could be read holds nothing to fail on.
    Damaged,
    /// Nothing could be judged.
    Nothing,
}

impl Report {
    pub(super) fn new(groups: Vec<GroupReport>, fail_on: FailOn, damaged: bool) -> Self {
        let worst = groups.iter().filter_map(|group| group.worst).max();
        Self {
            schema: SCHEMA,
            fail_on: least(fail_on),
            worst,
            damaged,
            own_limits: settings::own(),
            groups,
        }
    }

    /// Returns how the check ended. An alert decides first: the part that was read is enough to know it. Damage comes
    /// next, because what is missing may be what could have been judged.
    pub(super) fn verdict(&self) -> Verdict {
        match self.worst.filter(|&worst| self.fail_on <= worst) {
            Some(AlertLevel::Critical) => Verdict::Failed(FailOn::Critical),
            Some(AlertLevel::Warning | AlertLevel::Info) => Verdict::Failed(FailOn::Warning),
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
        for own in self.own_limits {
            let Own {
                record,
                metric,
                warning,
                critical,
                built_in_warning,
                built_in_critical,
                from,
                ..
            } = own;
            // Writing to a text cannot fail.
            writeln!(
                out,
                "own limit of {metric} ({record}): warning {warning}, built in {built_in_warning}; critical {critical}, \
                 built in {built_in_critical} ({from})"
            )
            .ok();
        }
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
    pub(super) fn new(key: &RunKey, batches: Batches, view: &AlertsView) -> Self {
        let judges = |tally: &&Tally| rule::by_id(tally.rule).waits_for_warm_up && tally.evaluated;
        let is_muted = |rule: RuleId| view.settings.is_muted(rule);
        let unjudged = view.rules.iter().filter(|tally| !tally.evaluated && !is_muted(tally.rule));
        let muted = view.rules.iter().map(|tally| tally.rule).filter(|rule| is_muted(*rule));
        Self {
            run_id: key.run_id.clone(),
            group_id: key.group_id.clone(),
            batches: batches.seen,
            warm_up: batches.warm_up,
            first_batch: batches.first,
            last_batch: batches.last,
            judged: view.rules.iter().filter(judges).count() as u64,
            worst: view.rules.iter().filter_map(|tally| tally.worst).max(),
            alerts: view.list.iter().map(|alert| Alert::of(alert, &view.settings)).collect(),
            forgotten: view.forgotten(),
            not_applicable: unjudged.map(|tally| tally.rule).collect(),
            muted: muted.collect(),
        }
    }

    fn write(&self, alone: bool, out: &mut String) {
        let name =
            if alone { String::new() } else { format!("{}/{}: ", self.run_id, self.group_id) };
        // Writing to a text cannot fail.
        for alert in &self.alerts {
            writeln!(out, "{name}{}", alert.told()).ok();
        }
        if 0 < self.forgotten {
            writeln!(out, "{name}and {} alerts before those", self.forgotten).ok();
        }
        if !self.not_applicable.is_empty() {
            let names: Vec<&str> = self.not_applicable.iter().map(|rule| rule.as_str()).collect();
            writeln!(out, "{name}not applicable: {}", names.join(", ")).ok();
        }
        if !self.muted.is_empty() {
            let names: Vec<&str> = self.muted.iter().map(|rule| rule.as_str()).collect();
            writeln!(out, "{name}muted: {}", names.join(", ")).ok();
        }
        writeln!(out, "{name}{}", self.summary()).ok();
    }

    fn summary(&self) -> String {
        let count = |level: AlertLevel, about_machine: bool| {
            let is_it = |alert: &&Alert| {
                alert.level == level && (alert.about == About::Machine) == about_machine
            };
            self.alerts.iter().filter(is_it).count()
        };
        let counts = |about_machine| {
            AlertLevel::ALL
                .iter()
                .rev()
                .map(|&level| format!("{} {level}", count(level, about_machine)))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let found = if self.alerts.is_empty() {
            if self.judged == 0 { "nothing was judged" } else { "no alert" }.to_owned()
        } else {
            format!("alerts: {}; about the machine: {}", counts(false), counts(true))
        };
        let Self { batches, warm_up, judged, .. } = self;
        format!("{found}; batches: {batches}, of them warm-up: {warm_up}, rules judged: {judged}")
    }
}

impl Alert {
    /// Returns what is said of an alert of the fold.
    pub(crate) fn of(alert: &karn_sanctum::Alert, settings: &Settings) -> Self {
        let rule = rule::by_id(alert.rule);
        let Evidence { value, at, place, env } = alert.worst;
        let spec = place.and_then(|place| metric::by_path(place.path));
        Self {
            rule: alert.rule,
            level: alert.level,
            about: rule.about,
            metric: place.map(karn_sanctum::number::Place::full_path),
            record: limit::record(alert).map(|number| format!("TELE-{number:03}")),
            env,
            first_batch: alert.first.batch,
            last_batch: alert.last.batch,
            ended_batch: alert.ended.and_then(|at| at.batch),
            lasts: alert.ended.is_none(),
            seconds: alert.last.mono_ns.seconds_since(alert.first.mono_ns).max(0.0),
            worst_value: value,
            worst_batch: at.batch,
            unit: rule.own_unit().or(spec.map(|spec| spec.unit)),
            limit: limit::of_alert(alert, settings),
            first_mover: alert.mover.map(|Mover { path, at, sigmas }| FirstMover {
                metric: path,
                batch: at.batch,
                sigmas,
            }),
            next: rule.next,
        }
    }

    /// Returns the line for people.
    pub(crate) fn told(&self) -> String {
        let batch = |batch: Option<u64>| batch.map_or_else(|| "?".to_owned(), |at| at.to_string());
        let of = match (&self.metric, &self.record, self.env) {
            (Some(metric), Some(record), _) => format!(" {metric} ({record})"),
            (_, Some(record), Some(env)) => format!(" env {env} ({record})"),
            (None, Some(record), None) => format!(" ({record})"),
            (Some(_) | None, None, _) => String::new(),
        };
        let unit = self.unit.map_or_else(String::new, |unit| format!(" {}", unit.as_str()));
        let mover = self.first_mover.as_ref().map(|mover| {
            let by = format_move(mover.sigmas);
            format!("; first moved: {} in batch {}{by}", mover.metric, batch(mover.batch))
        });
        format!(
            "{} {}{of} batches {} to {}{}, worst {}{unit} in batch {}, limit {}{}; next: {}",
            self.level,
            self.rule,
            batch(self.first_batch),
            batch(self.last_batch),
            if self.lasts { " and on" } else { "" },
            rounded(self.worst_value),
            batch(self.worst_batch),
            self.limit,
            mover.unwrap_or_default(),
            self.next,
        )
    }
}

/// Returns a number with six significant digits: JSON has them all.
fn rounded(value: f64) -> String {
    let rounded = format!("{value:.5e}").parse().unwrap_or(value);
    wire::to_json(&rounded).trim_matches('"').to_owned()
}

const fn least(fail_on: FailOn) -> AlertLevel {
    match fail_on {
        FailOn::Warning => AlertLevel::Warning,
        FailOn::Critical => AlertLevel::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_for_people_has_six_digits_and_what_is_not_finite_its_name() {
        let told =
            [0.030_131_924_473, 1_234_567.8, 0.02, -3.0, f64::NAN, f64::INFINITY].map(rounded);
        assert_eq!(told, ["0.0301319", "1234570.0", "0.02", "-3.0", "NaN", "Infinity"]);
    }
}
