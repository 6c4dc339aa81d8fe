//! Turns what the checks found into a report: exemptions, boxes, steps, coverage, and the findings about those.

use std::collections::{BTreeMap, BTreeSet};

use crate::verify::code::{self, ALL, Code, Severity, Tier};
use crate::verify::finding::{Finding, Location, Outcome};
use crate::verify::record::RecordId;
use crate::verify::report::{CheckRun, Cuts, Influence, Judged, Report};
use crate::verify::world::{Ran, World};

mod boxes;
mod claims;
mod coverage;
mod exempt;
mod ladder;
#[cfg(test)]
mod tests;

/// What each check found, or why it did not run.
pub(crate) type Outcomes = BTreeMap<Code, Ran<Outcome>>;

/// Which part of the check was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// Without probe and tests.
    pub(crate) is_static: bool,
    /// With wire cuts.
    pub(crate) is_deep: bool,
    /// Records that are asked for; empty: all.
    pub(crate) only: BTreeSet<RecordId>,
}

impl Scope {
    /// Returns why this is not the whole check.
    fn partial(&self) -> Vec<String> {
        let only = self.only.iter().map(|id| format!("--only {id}"));
        self.is_static.then(|| "--static".to_owned()).into_iter().chain(only).collect()
    }

    /// Returns whether a finding belongs to what was asked for.
    fn asks_for(&self, record: Option<RecordId>) -> bool {
        self.only.is_empty() || record.is_some_and(|id| self.only.contains(&id))
    }
}

/// Returns the report about a world in which the checks found this much.
pub(crate) fn judge(world: &World, mut outcomes: Outcomes, scope: &Scope) -> Report {
    drop_echoes(&mut outcomes);
    let mut report = Report { partial: scope.partial(), ..Report::default() };
    report.not_verified = not_verified(world, scope);
    let mut findings: Vec<Finding> = outcomes
        .values()
        .filter_map(Ran::yes)
        .flat_map(|outcome| outcome.findings.iter().cloned())
        .collect();
    findings.extend(unseen(world, &outcomes));
    findings.extend(unprobed(world, scope));
    report.records =
        world.records.iter().map(|record| boxes::judged(world, &outcomes, record)).collect();
    report.coverage = coverage::coverage(world, &report.records);
    findings.extend(coverage::fallen(world, &report.coverage, scope));
    let sorted = exempt::apply(world, findings);
    for judged in &mut report.records {
        let on_it =
            |exempt: &&crate::verify::report::Exempt| exempt.finding.record == Some(judged.id);
        judged.exemptions = sorted.exempt.iter().filter(on_it).count() as u32;
    }
    let (open, exempted) = (sorted.open, sorted.exempt);
    let is_whole = report.partial.is_empty()
        && report.not_verified.is_empty()
        && open.iter().all(|finding| finding.severity() != Severity::NotVerified);
    report.findings = open;
    report.findings.extend(sorted.changed);
    if is_whole {
        report.findings.extend(exempt::unused(world, &sorted.used));
    }
    for (judged, record) in report.records.iter_mut().zip(&world.records) {
        let bound = ladder::ladder(world, &outcomes, record, judged);
        report.findings.extend(claims::too_much(record, judged, bound));
        judged.earned = if is_whole { bound } else { bound.min(judged.claimed) };
        if is_whole {
            report.findings.extend(claims::too_little(record, judged));
        }
    }
    report.exempt = exempted;
    report.checks = check_runs(world, &outcomes, is_whole);
    finish(&mut report, world, scope);
    report
}

/// Sorts the findings, drops what was not asked for, and copies what printers want of the evidence.
fn finish(report: &mut Report, world: &World, scope: &Scope) {
    let is_asked = |finding: &Finding| {
        scope.asks_for(finding.record)
            || finding.severity() == Severity::NotVerified && finding.record.is_none()
    };
    report.findings.retain(is_asked);
    report.exempt.retain(|exempt| is_asked(&exempt.finding));
    report.records.retain(|judged: &Judged| scope.asks_for(Some(judged.id)));
    report.findings.sort_by(|left, right| {
        let key = |finding: &Finding| {
            (finding.record, finding.code, finding.at.clone(), finding.subject.clone())
        };
        key(left).cmp(&key(right))
    });
    report.cuts = world.deep.yes().map(|deep| Cuts {
        count: deep.cuts.len() as u32,
        killed: deep.killed() as u32,
        skipped: deep.skipped.len() as u32,
        build_seconds: deep.build_seconds,
        seconds: deep.seconds,
    });
    if let Some(evidence) = world.evidence.yes() {
        report.probes = evidence.probes;
        let folds = evidence.fold.iter().map(|(leaf, seen)| {
            let moved = seen.canonical.iter().chain(&seen.last_writer).chain(&seen.by_absence);
            (leaf.clone(), moved.cloned().collect())
        });
        let stimuli = evidence.stimuli.iter().map(|(name, moved)| (name.clone(), moved.clone()));
        report.influence = Some(Influence {
            inputs: evidence.emission.clone(),
            payloads: folds.chain(stimuli).collect(),
            snapshot: evidence.draw.clone(),
        });
    }
}

/// Returns why a tier that was asked for has no answer.
fn not_verified(world: &World, scope: &Scope) -> Vec<String> {
    if scope.is_static {
        return Vec::new();
    }
    let probe = world.evidence.why_not().map(|why| format!("probe: {why}"));
    let tests = world.tests.why_not().map(|why| format!("tests: {why}"));
    let deep = world.deep.why_not().filter(|_| scope.is_deep);
    let deep = deep.map(|why| format!("wire cuts: {why}"));
    probe.into_iter().chain(tests).chain(deep).collect()
}

/// P00 of the probe as a whole.
fn unprobed(world: &World, scope: &Scope) -> Option<Finding> {
    let why = world.evidence.why_not().filter(|_| !scope.is_static)?;
    let message = format!("the probe could not run: {why}");
    Some(Finding::new(code::P00, Location::default(), "probe", message))
}

/// V01: checks that ran and looked at nothing. Without records that is said once.
fn unseen(world: &World, outcomes: &Outcomes) -> Vec<Finding> {
    let finding = |subject: &str, message: String| {
        Finding::new(code::V01, Location::default(), subject, message)
    };
    if world.records.is_empty() {
        return vec![finding("docs/telemetry", "docs/telemetry holds no record".to_owned())];
    }
    let empty =
        outcomes.iter().filter(|(_, ran)| ran.yes().is_some_and(|outcome| outcome.seen() == 0));
    empty.map(|(code, _)| finding(code.as_str(), format!("{code} looked at nothing"))).collect()
}

/// One cause, one finding: a test that does not exist did not run either, and a row that names none has none.
fn drop_echoes(outcomes: &mut Outcomes) {
    let rows: BTreeSet<(Option<RecordId>, u32)> = [code::T01, code::T02]
        .iter()
        .filter_map(|code| outcomes.get(code)?.yes())
        .flat_map(|outcome| {
            outcome.findings.iter().map(|finding| (finding.record, finding.at.line))
        })
        .collect();
    if let Some(Ran::Yes(outcome)) = outcomes.get_mut(&code::T03) {
        outcome.findings.retain(|finding| !rows.contains(&(finding.record, finding.at.line)));
    }
}

/// Returns what each built check did, in the order of the list.
fn check_runs(world: &World, outcomes: &Outcomes, is_whole: bool) -> Vec<CheckRun> {
    let run = |spec: &code::CodeSpec| {
        let mut run = CheckRun {
            code: spec.code,
            tier: spec.tier,
            not_run: None,
            subjects: BTreeMap::new(),
            skipped: Vec::new(),
        };
        match outcomes.get(&spec.code) {
            Some(Ran::Yes(outcome)) => {
                run.subjects.clone_from(&outcome.subjects);
                run.skipped.clone_from(&outcome.skipped);
            }
            Some(Ran::No(why)) => run.not_run = Some(why.clone()),
            None => judge_run(world, outcomes, is_whole, &mut run),
        }
        run
    };
    ALL.iter().filter(|spec| spec.is_built).map(run).collect()
}

/// What the judge itself did: claims of each record, exemptions, figures, checks.
fn judge_run(world: &World, outcomes: &Outcomes, is_whole: bool, run: &mut CheckRun) {
    let code = run.code;
    let each_record = || world.records.iter().map(|record| (Some(record.id), 1)).collect();
    if code == code::L01 {
        run.subjects = each_record();
    } else if code == code::V01 {
        run.subjects.insert(None, outcomes.len() as u32);
    } else if !is_whole {
        run.not_run = Some("only a whole run can tell".to_owned());
    } else if code == code::L02 {
        run.subjects = each_record();
    } else if code == code::C06 || code == code::X02 || code == code::X04 || code == code::L03 {
        run.subjects.insert(None, 1);
    } else {
        run.not_run = Some(match run.tier {
            Tier::Deep => "without --deep".to_owned(),
            Tier::Static | Tier::Probe | Tier::Tests => {
                "no check of this code is listed".to_owned()
            }
        });
    }
}
