//! What is left behind: by an earlier event, by an earlier run, by another environment, by an update without a value.

use std::collections::BTreeSet;
use std::sync::Arc;

use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::{Difference, Foreign, StaleSeen};
use telemetry_evidence::plan::{Mode, Move};

use crate::nudge::nudges;
use crate::rig::{Script, Step, Tree};
use crate::tree::{self, Path, is_reading, to_json};

use super::base::{Base, add_hub, events, is_about};
use super::scripts::{Place, doubled, event, last_places, with_value};
use super::spread::spread;

/// Seconds of silence after which no sample of the machine counts as fresh any more.
const LONG: f64 = 6.0;
/// The leaf of a payload that says about whom it is.
const ADDRESS: &str = ".env_id";

/// What the kind of event is called that begins a run.
const START: &str = "Started";

/// Looks for everything that should have been forgotten.
pub(crate) fn probe(base: &Base<'_>, evidence: &mut Evidence) {
    remembered(base, evidence);
    kept(base, evidence);
    foreign(base, evidence);
    stale(base, evidence);
}

/// A then B against B alone, for every leaf that a record calls a last value.
fn remembered(base: &Base<'_>, evidence: &mut Evidence) {
    let places: Vec<_> = base.runs.iter().map(|run| last_places(base, run)).collect();
    let mut jobs: Vec<(&Vec<String>, &Script, &Place, Tree)> = Vec::new();
    for record in &base.plan.records {
        for term in &record.moves {
            let Move::Event { leaf, mode: Mode::Last } = term else { continue };
            // Another environment is another place, where what was written stays.
            if leaf.ends_with(ADDRESS) {
                continue;
            }
            let found = base.runs.iter().zip(&places);
            let mut found = found.filter_map(|(run, at)| Some((&run.script, at.get(leaf)?)));
            let Some((script, place)) = found.next() else { continue };
            let bounds = base.bounds_of_payload(leaf);
            for other in nudges(&place.value, bounds, &base.words).into_iter().take(2) {
                jobs.push((&record.paths, script, place, other));
            }
        }
    }
    let found = spread(&jobs, |(_, script, place, other)| {
        let twice = doubled(script, place.step);
        let alone = base.rig.fold(&twice).ok()?;
        let after = base.rig.fold(&with_value(&twice, place.step, &place.path, other)).ok()?;
        let moved = base.moved(&alone.snapshot, &after.snapshot);
        Some((alone, after, moved))
    });
    let mut seen = BTreeSet::new();
    for ((paths, ..), found) in jobs.iter().zip(found) {
        let Some((alone, after, moved)) = found else { continue };
        evidence.probes += 1;
        add_hub(&mut evidence.hub, &alone.hub);
        add_hub(&mut evidence.hub, &after.hub);
        for path in moved.paths.iter().filter(|path| covers(paths, &path.wild())) {
            if seen.insert(path.wild()) {
                evidence.remembered.push(difference(path, &alone.snapshot, &after.snapshot));
            }
        }
    }
}

/// Returns whether a path is one of these, or below one of these.
fn covers(paths: &[String], wild: &str) -> bool {
    paths.iter().any(|path| {
        wild.strip_prefix(path.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

fn difference(path: &Path, expected: &Tree, actual: &Tree) -> Difference {
    let json = |tree| tree::get(tree, path).map_or(serde_json::Value::Null, to_json);
    Difference { leaf: path.wild(), expected: json(expected), actual: json(actual) }
}

/// The beginning of a second run after a whole first one, against that beginning alone.
fn kept(base: &Base<'_>, evidence: &mut Evidence) {
    let found = spread(&base.runs, |run| {
        let last = events(&run.script).last()?.at;
        let second = beginning(&run.script, last + 1.0)?;
        let alone = Script { steps: second.clone(), idle: 0.0, wall_step: 0.0 };
        let mut both = Script { idle: 0.0, ..run.script.clone() };
        // Link and trainer belong to no run.
        both.steps.retain(|step| !matches!(step, Step::Link(false) | Step::TrainerAlive(_)));
        both.steps.extend(second);
        let alone = base.rig.fold(&alone).ok()?;
        let both = base.rig.fold(&both).ok()?;
        let moved = base.moved(&alone.snapshot, &both.snapshot);
        Some((alone, both, moved))
    });
    let mut seen = BTreeSet::new();
    for (alone, both, moved) in found.into_iter().flatten() {
        evidence.probes += 1;
        add_hub(&mut evidence.hub, &alone.hub);
        add_hub(&mut evidence.hub, &both.hub);
        for path in &moved.paths {
            if seen.insert(path.wild()) {
                evidence.kept.push(difference(path, &alone.snapshot, &both.snapshot));
            }
        }
    }
}

/// Returns the events of a run up to its start, at `at` and in a run of their own.
fn beginning(script: &Script, at: f64) -> Option<Vec<Step>> {
    let end = events(script).position(|event| event.kind.ends_with(START))?;
    let events = events(script).take(end + 1).map(|event| {
        let mut event = event.clone();
        event.at = at;
        if let Some(Tree::Text(id)) = tree::child_mut(&mut event.envelope, "run_id") {
            id.push_str("-2");
        }
        Step::Event(Arc::new(event))
    });
    Some(events.collect())
}

/// One environment at a time: its events may move its own entries of lists and nobody else's.
fn foreign(base: &Base<'_>, evidence: &mut Evidence) {
    let mut jobs = Vec::new();
    let mut done = BTreeSet::new();
    for run in &base.runs {
        for (step, item) in run.script.steps.iter().enumerate().rev() {
            let Step::Event(event) = item else { continue };
            let Some(env) = env_of(&event.body).or_else(|| env_of(&event.envelope)) else {
                continue;
            };
            let root = Path::default();
            for (path, value) in base.shape.leaves(&root, &event.body) {
                let leaf = format!("{}.{}", event.kind, path.wild());
                if leaf.ends_with(ADDRESS) || !done.insert((leaf.clone(), env)) {
                    continue;
                }
                let bounds = base.bounds_of_payload(&leaf);
                if let Some(other) = nudges(value, bounds, &base.words).into_iter().next() {
                    let script = with_value(&run.script, step, &path, &other);
                    jobs.push((leaf, env, run, script));
                }
            }
        }
    }
    let found = spread(&jobs, |(_, env, run, script)| {
        let folded = base.rig.fold(script).ok()?;
        let moved = base.moved(&run.snapshot, &folded.snapshot);
        let others = moved.paths.into_iter().filter(|path| {
            owner(&run.snapshot, path).is_some_and(|owner| owner != *env)
                || owner(&folded.snapshot, path).is_some_and(|owner| owner != *env)
        });
        Some((others.collect::<Vec<_>>(), folded.hub))
    });
    for ((leaf, env, ..), found) in jobs.iter().zip(found) {
        let Some((others, hub)) = found else { continue };
        evidence.probes += 1;
        add_hub(&mut evidence.hub, &hub);
        let foreign = |path: &Path| Foreign { from: leaf.clone(), env: *env, to: path.to_string() };
        evidence.foreign.extend(others.iter().map(foreign));
    }
}

fn env_of(tree: &Tree) -> Option<u32> {
    let Some(Tree::Integer(id)) = tree::child(tree, "env_id") else { return None };
    u32::try_from(i128::from(*id)).ok()
}

/// Returns the environment that the entry of a list is about, if it says so itself.
fn owner(snapshot: &Tree, path: &Path) -> Option<u32> {
    let prefixes =
        (1..path.0.len()).rev().map(|length| Path(path.0.iter().take(length).cloned().collect()));
    prefixes.into_iter().find_map(|prefix| env_of(tree::get(snapshot, &prefix)?))
}

/// An event with a value and then one without it: the reading must no longer say that it is fresh.
pub(super) fn stale(base: &Base<'_>, evidence: &mut Evidence) {
    let mut jobs = Vec::new();
    let mut done = BTreeSet::new();
    for run in &base.runs {
        for (leaf, place) in last_places(base, run) {
            let is_asked = base.focus.has_payload(leaf);
            if is_asked && event(&run.script, place.step).is_some() && done.insert(leaf) {
                // The one before it is what is left; an event of the same number would be the same update.
                let mut script = with_value(&run.script, place.step, &place.path, &Tree::Null);
                script.idle += LONG;
                jobs.push((leaf, script));
            }
        }
    }
    let targets = |leaf: &str| -> BTreeSet<String> {
        let is_last = |term: &Move| {
            matches!(term, Move::Event { mode: Mode::Last, .. } | Move::Sampler { .. })
        };
        // What is computed from several events has its own rule of what is fresh.
        let records = base.plan.records.iter().filter(|record| {
            record.moves.iter().all(is_last)
                && record.moves.first().is_some_and(|term| is_about(term, leaf))
        });
        records.flat_map(|record| record.paths.clone()).collect()
    };
    let found = spread(&jobs, |(leaf, script)| {
        // A payload that needs the value refuses its absence.
        let folded = base.rig.fold(script).ok()?;
        let targets = targets(leaf);
        let leaves = base.shape.leaves(&Path::default(), &folded.snapshot);
        let readings = leaves
            .into_iter()
            .filter(|(path, value)| is_reading(value) && targets.contains(&path.wild()));
        let seen: Vec<_> = readings
            .map(|(path, value)| {
                (path.wild(), tree::child(value, "fresh") == Some(&Tree::Bool(true)))
            })
            .collect();
        Some((seen, folded.hub))
    });
    for found in found {
        let Some((seen, hub)) = found else { continue };
        evidence.probes += 1;
        add_hub(&mut evidence.hub, &hub);
        for (leaf, looks_fresh) in seen {
            let stale = StaleSeen { leaf, widget: None, looks_fresh };
            if !evidence.stale.contains(&stale) {
                evidence.stale.push(stale);
            }
        }
    }
}
