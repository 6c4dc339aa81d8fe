//! Inputs to payloads.

use std::collections::{BTreeMap, BTreeSet};

use telemetry_evidence::Evidence;

use crate::nudge::{Bounds, nudges};
use crate::rig::{Emitted, Step, Tree};
use crate::tree::{Path, get_mut, same, set};

use super::base::Base;
use super::spread::spread_with;

/// Places of a leaf that stands in many, tried in the first run.
const PLACES: usize = 8;

/// Moves every input leaf and records which payload leaves move.
///
/// Of a leaf that stands in many places some are moved in the first run, because not every step ends an episode; later
/// runs move those that stand alone, and what has moved nothing yet.
pub(crate) fn probe(base: &Base<'_>, evidence: &mut Evidence) {
    for (index, run) in base.runs.iter().enumerate() {
        let mut places: BTreeMap<String, Vec<Path>> = BTreeMap::new();
        for (path, value) in base.shape.leaves(&Path::default(), &run.inputs) {
            let at = places.entry(path.wild()).or_default();
            if !matches!(value, Tree::Null) {
                at.push(path);
            }
        }
        let mut jobs = Vec::new();
        for (wild, places) in &places {
            let is_open = evidence.emission.get(wild).is_none_or(BTreeSet::is_empty);
            if index == 0 || is_open || places.len() == 1 {
                let step = places.len().div_ceil(PLACES).max(1);
                jobs.extend(places.iter().rev().step_by(step).map(|path| (wild, path)));
            }
            evidence.emission.entry(wild.clone()).or_default();
        }
        let told = by_kind(&run.script.steps);
        let moved = spread_with(
            &jobs,
            || run.inputs.clone(),
            |inputs, (_, path)| move_input(base, &told, inputs, path),
        );
        for ((wild, _), (moved, tries)) in jobs.into_iter().zip(moved) {
            evidence.probes += tries;
            evidence.emission.entry(wild.clone()).or_default().extend(moved);
        }
    }
}

/// Moves one input, in place: a copy of all of them for each of its values would cost as much as telling the run.
fn move_input(
    base: &Base<'_>,
    told: &Kinds<'_>,
    inputs: &mut Tree,
    path: &Path,
) -> (BTreeSet<String>, u32) {
    let mut moved = BTreeSet::new();
    let mut tries = 0;
    let Some(leaf) = get_mut(inputs, path) else { return (moved, tries) };
    let mut others = nudges(leaf, Bounds::default(), &base.words);
    others.push(Tree::Null);
    let old = leaf.clone();
    for other in others {
        set(inputs, path, other);
        // What the inputs refuse is no value for them.
        if let Ok(steps) = base.rig.emit(inputs) {
            tries += 1;
            compare(base, told, &by_kind(&steps), &mut moved);
        }
    }
    set(inputs, path, old);
    (moved, tries)
}

/// Compares the n-th event of each kind with the n-th of the same kind.
fn compare(base: &Base<'_>, before: &Kinds<'_>, after: &Kinds<'_>, moved: &mut BTreeSet<String>) {
    let kinds: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for kind in kinds {
        let none = Vec::new();
        let a = before.get(*kind).unwrap_or(&none);
        let b = after.get(*kind).unwrap_or(&none);
        for (a, b) in a.iter().zip(b) {
            // Most events are as before, and looking costs less than naming.
            if same(&a.body, &b.body) && same(&a.envelope, &b.envelope) {
                continue;
            }
            let root = Path::default().field(kind);
            let body = base.shape.differences(&root, &a.body, &b.body);
            let root = Path::default().field("envelope");
            let envelope = base.shape.differences(&root, &a.envelope, &b.envelope);
            moved.extend(body.iter().chain(&envelope).map(Path::wild));
        }
        // An event more or less is all of its leaves more or less.
        let shared = a.len().min(b.len());
        for event in a.iter().skip(shared).chain(b.iter().skip(shared)) {
            let root = Path::default().field(kind);
            moved.extend(base.shape.leaves(&root, &event.body).iter().map(|(path, _)| path.wild()));
        }
    }
}

/// Events by kind, in their order.
type Kinds<'a> = BTreeMap<&'a str, Vec<&'a Emitted>>;

fn by_kind(steps: &[Step]) -> Kinds<'_> {
    let mut kinds = Kinds::new();
    for step in steps {
        if let Step::Event(event) = step {
            kinds.entry(&event.kind).or_default().push(event);
        }
    }
    kinds
}
