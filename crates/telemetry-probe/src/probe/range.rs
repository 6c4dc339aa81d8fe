//! Values outside the range that their record declares.

use std::collections::BTreeSet;

use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::OutOfRange;
use telemetry_evidence::plan::{Bound, Interval, RecordPlan};

use crate::rig::{Script, Step, Tree};
use crate::tree::{get, number, to_json, value_of};

use super::base::{Base, Run, add_hub, events};
use super::display::is_missing;
use super::edit::{places, wild};
use super::spread::spread;

/// Looks at every value at the end of every run, on the way there, after a silence, and with a wall clock set back.
pub(crate) fn probe(base: &Base<'_>, evidence: &mut Evidence) {
    let mut jobs: Vec<(usize, String, Script)> = Vec::new();
    for (index, run) in base.runs.iter().enumerate() {
        let changed = |idle, wall_step| Script { idle, wall_step, ..run.script.clone() };
        jobs.push((
            index,
            format!("scenario {}, wall clock set back", run.name),
            changed(run.script.idle, 3600.0),
        ));
        jobs.push((
            index,
            format!("scenario {}, after a silence", run.name),
            changed(run.script.idle + 90.0, 0.0),
        ));
        for (kind, length) in prefixes(run) {
            let steps = run.script.steps.iter().take(length).cloned().collect();
            let script = Script { steps, idle: 0.0, wall_step: 0.0 };
            jobs.push((index, format!("scenario {}, up to the first {kind}", run.name), script));
        }
    }
    let folded = spread(&jobs, |(_, _, script)| base.rig.fold(script).ok());
    let mut seen = BTreeSet::new();
    for run in &base.runs {
        look(base, run, &run.snapshot, &format!("scenario {}", run.name), &mut seen, evidence);
    }
    for ((index, when, _), folded) in jobs.iter().zip(folded) {
        let Some(folded) = folded else { continue };
        evidence.probes += 1;
        add_hub(&mut evidence.hub, &folded.hub);
        look(base, &base.runs[*index], &folded.snapshot, when, &mut seen, evidence);
    }
}

/// Returns where each kind of event comes for the first time: the number of steps up to and with it.
fn prefixes(run: &Run) -> Vec<(String, usize)> {
    let mut kinds = BTreeSet::new();
    let mut found = Vec::new();
    for (index, step) in run.script.steps.iter().enumerate() {
        if let Step::Event(event) = step
            && kinds.insert(&event.kind)
        {
            found.push((event.kind.clone(), index + 1));
        }
    }
    found
}

fn look(
    base: &Base<'_>,
    run: &Run,
    snapshot: &Tree,
    when: &str,
    seen: &mut BTreeSet<(String, String)>,
    evidence: &mut Evidence,
) {
    for record in &base.plan.records {
        let Some(range) = &record.range else { continue };
        for path in record.paths.iter().flat_map(|path| places(snapshot, path)) {
            let Some(value) = get(snapshot, &path) else { continue };
            if is_missing(record, Some(value)) || is_inside(run, snapshot, range, value) {
                continue;
            }
            if seen.insert((record.id.clone(), path.wild())) {
                let RecordPlan { id, .. } = record;
                evidence.out_of_range.push(OutOfRange {
                    id: id.clone(),
                    leaf: path.to_string(),
                    value: to_json(value),
                    when: when.to_owned(),
                });
            }
        }
    }
}

/// Returns whether every number of a value is inside. What is not finite is outside no range: it is a finding of its own.
fn is_inside(run: &Run, snapshot: &Tree, range: &Interval, value: &Tree) -> bool {
    let value = value_of(value);
    if let Tree::Array(items) = value {
        return items.iter().all(|item| match item {
            // A point: its second number is the value.
            Tree::Array(pair) => pair.last().is_none_or(|y| is_inside(run, snapshot, range, y)),
            item => is_inside(run, snapshot, range, item),
        });
    }
    let Some(x) = number(value).filter(|x| x.is_finite()) else { return true };
    let above = match bound(run, snapshot, &range.low) {
        Some(low) => low < x || (range.low_included && low <= x),
        None => true,
    };
    let below = match bound(run, snapshot, &range.high) {
        Some(high) => x < high || (range.high_included && x <= high),
        None => true,
    };
    above && below
}

fn bound(run: &Run, snapshot: &Tree, bound: &Bound) -> Option<f64> {
    match bound {
        Bound::Number(x) => Some(*x),
        Bound::Open => None,
        Bound::Name(name) => {
            let in_snapshot = places(snapshot, name)
                .iter()
                .find_map(|path| number(value_of(get(snapshot, path)?)));
            // A name without a value yet bounds nothing.
            in_snapshot.or_else(|| {
                let field = wild(name);
                let (kind, leaf) = field.split_once('.').unwrap_or(("", &field));
                let of_kind = |kind: &str, leaf: &str| {
                    let found =
                        events(&run.script).filter(|event| kind.is_empty() || event.kind == kind);
                    let numbers = found.flat_map(|event| {
                        places(&event.body, leaf)
                            .into_iter()
                            .filter_map(|path| number(get(&event.body, &path)?))
                    });
                    numbers.last()
                };
                of_kind(kind, leaf)
            })
        }
    }
}
