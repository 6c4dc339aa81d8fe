//! Payloads to snapshot: every payload leaf, in the order of a real run and as the last writer, a little and a lot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::{FoldSeen, HubSeen};
use telemetry_evidence::plan::{Mode, Move, RecordPlan};

use crate::nudge::{Bounds, nudges};
use crate::rig::{Script, Subject, Tree, View};
use crate::tree::{Path, same, set};

use super::base::{Base, Moved, add_hub, is_about};
use super::scripts::{doubled, event, last_places, last_writer, with_value, with_value_everywhere};
use super::spread::spread;

/// The order of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Canonical,
    LastWriter,
    /// The order of a real run, in which the event is the last one anyway.
    Both,
    /// An absent value, in the order of a real run.
    Absent,
}

/// A changed script and the leaf it is about.
struct Job {
    run: usize,
    leaf: String,
    order: Order,
    /// Which of the orders above it is compared with: an index into the references.
    reference: usize,
    script: Script,
}

/// A script that others are compared with.
struct Reference {
    script: Script,
    snapshot: Option<Tree>,
    hub: HubSeen,
}

/// What a job found.
struct Found {
    moved: Moved,
    hub: HubSeen,
    snapshot: Tree,
}

/// All jobs and what they are compared with.
struct Jobs<'a, 'b> {
    base: &'a Base<'b>,
    list: Vec<Job>,
    references: Vec<Reference>,
}

/// Moves every payload leaf in every scripted run and records which snapshot leaves move.
pub(crate) fn probe(base: &Base<'_>, evidence: &mut Evidence) {
    let mut all = Jobs { base, list: Vec::new(), references: Vec::new() };
    let mut drawn = BTreeMap::new();
    for run in 0..base.runs.len() {
        let first = all.list.len();
        all.add_run(run, evidence);
        run_jobs(&mut all, first, evidence, &mut drawn);
    }
    let first = all.list.len();
    all.add_windows(evidence);
    run_jobs(&mut all, first, evidence, &mut drawn);
    if base.focus.is_whole() {
        draw_through(base, &drawn, evidence);
    }
}

impl Jobs<'_, '_> {
    fn reference(&mut self, script: Script, snapshot: Option<Tree>) -> usize {
        self.references.push(Reference { script, snapshot, hub: HubSeen::default() });
        self.references.len() - 1
    }

    fn push(&mut self, run: usize, leaf: &str, order: Order, reference: usize, script: Script) {
        self.list.push(Job { run, leaf: leaf.to_owned(), order, reference, script });
    }

    /// All leaves of the first run; of later ones those that are still to move something.
    fn add_run(&mut self, run: usize, evidence: &Evidence) {
        let base = self.base;
        let script = &base.runs[run].script;
        let canonical = self.reference(script.clone(), Some(base.runs[run].snapshot.clone()));
        let mut last = BTreeMap::new();
        for (leaf, place) in last_places(base, &base.runs[run]) {
            if !base.focus.has_payload(leaf) || (0 < run && !is_open(base, evidence, leaf)) {
                continue;
            }
            let Some(kind) = event(script, place.step).map(|event| event.kind.clone()) else {
                continue;
            };
            let (moved, at, reference) = last.entry(place.step).or_insert_with(|| {
                let (moved, at) = last_writer(script, place.step);
                let reference = self.reference(moved.clone(), None);
                (moved, at, reference)
            });
            // Later runs are asked only for what is still to move: one change of it is enough.
            let is_known = evidence.fold.contains_key(leaf);
            let most = if is_known { 1 } else { usize::MAX };
            let others = nudges(&place.value, base.bounds_of_payload(leaf), &base.words);
            for other in others.into_iter().take(most) {
                let changed = with_value(script, place.step, &place.path, &other);
                let both = if place.step == *at { Order::Both } else { Order::Canonical };
                self.push(run, leaf, both, canonical, changed);
                if both == Order::Canonical {
                    let changed = with_value(moved, *at, &place.path, &other);
                    self.push(run, leaf, Order::LastWriter, *reference, changed);
                }
            }
            if is_known {
                continue;
            }
            let gone = with_value(script, place.step, &place.path, &Tree::Null);
            self.push(run, leaf, Order::Absent, canonical, gone);
            let none = |_: &Tree| Some(Tree::Null);
            let gone = with_value_everywhere(script, &kind, &place.path, &none);
            self.push(run, leaf, Order::Absent, canonical, gone);
        }
        self.add_envelopes(run, canonical, evidence);
        self.add_kinds(run, canonical, evidence);
    }

    /// Leaves of the envelope: the names of run and group in all events at once, because a part of a run under another
    /// name is no run; the others in the last event of each kind.
    fn add_envelopes(&mut self, run: usize, canonical: usize, evidence: &Evidence) {
        let base = self.base;
        let script = &base.runs[run].script;
        let mut last: BTreeMap<(String, Path), Vec<usize>> = BTreeMap::new();
        for (at, step) in script.steps.iter().enumerate() {
            let crate::rig::Step::Event(event) = step else { continue };
            for (path, value) in base.shape.leaves(&Path::default(), &event.envelope) {
                if matches!(value, Tree::Null) {
                    continue;
                }
                let is_name = ["run_id", "group_id"].contains(&path.wild().as_str());
                let kind = if is_name { String::new() } else { event.kind.clone() };
                let steps = last.entry((kind, path)).or_default();
                if !is_name {
                    steps.clear();
                }
                steps.push(at);
            }
        }
        for ((_, path), steps) in last {
            let leaf = format!("envelope.{}", path.wild());
            if !base.focus.has_payload(&leaf) || (0 < run && !is_open(base, evidence, &leaf)) {
                continue;
            }
            for turn in 0..2 {
                let mut changed = script.clone();
                for at in &steps {
                    let Some(crate::rig::Step::Event(event)) = changed.steps.get_mut(*at) else {
                        continue;
                    };
                    let Some(old) = crate::tree::get(&event.envelope, &path).cloned() else {
                        continue;
                    };
                    let mut others = nudges(&old, Bounds::default(), &base.words);
                    if turn < others.len() {
                        let other = others.swap_remove(turn);
                        set(&mut Arc::make_mut(event).envelope, &path, other);
                    }
                }
                self.push(run, &leaf, Order::Canonical, canonical, changed);
            }
        }
    }

    /// One more event of a kind, whatever it says.
    fn add_kinds(&mut self, run: usize, canonical: usize, evidence: &Evidence) {
        let base = self.base;
        let script = &base.runs[run].script;
        let mut last = BTreeMap::new();
        for step in 0..script.steps.len() {
            if let Some(event) = event(script, step) {
                last.insert(event.kind.clone(), step);
            }
        }
        for (kind, step) in last {
            if !base.focus.has_payload(&kind) || (0 < run && !is_open(base, evidence, &kind)) {
                continue;
            }
            self.push(run, &kind, Order::Canonical, canonical, doubled(script, step));
            // What a record says follows from such an event at all is not there without any.
            let is_named = |term: &Move| matches!(term, Move::Event { leaf, .. } if *leaf == kind);
            if base.plan.records.iter().flat_map(|record| &record.moves).any(is_named) {
                let mut without = script.clone();
                without.steps.retain(
                    |step| !matches!(step, crate::rig::Step::Event(event) if event.kind == kind),
                );
                self.push(run, &kind, Order::Canonical, canonical, without);
            }
        }
    }

    /// What one event cannot move is moved in all events of its kind: trends, averages, extremes.
    fn add_windows(&mut self, evidence: &Evidence) {
        let base = self.base;
        let is_window = |leaf: &str| {
            base.plan.records.iter().flat_map(|record| &record.moves).any(|term| {
                matches!(term, Move::Event { leaf: l, mode: Mode::Over { .. } | Mode::Best } if l == leaf)
            })
        };
        let mut canonical = BTreeMap::new();
        for (index, reference) in self.references.iter().enumerate() {
            if let Some(run) = base.runs.iter().position(|run| run.script == reference.script) {
                canonical.entry(run).or_insert(index);
            }
        }
        let mut tried = BTreeSet::new();
        for (run, at) in canonical {
            let script = &base.runs[run].script;
            for (leaf, place) in last_places(base, &base.runs[run]) {
                if !base.focus.has_payload(leaf) {
                    continue;
                }
                let seen = evidence.fold.get(leaf);
                let moves = seen.is_some_and(|seen| !seen.canonical.is_empty());
                let is_first = tried.insert(leaf.clone());
                let is_wanted = if is_window(leaf) {
                    is_first || is_open(base, evidence, leaf)
                } else {
                    // What moves something as the last writer only may still do so in another run.
                    let is_masked = seen.is_some_and(|seen| !seen.last_writer.is_empty());
                    !moves && (is_first || is_masked)
                };
                if !is_wanted {
                    continue;
                }
                let Some(kind) = event(script, place.step).map(|event| event.kind.clone()) else {
                    continue;
                };
                let bounds = base.bounds_of_payload(leaf);
                for turn in 0..2 {
                    let other = |old: &Tree| {
                        let mut others = nudges(old, bounds, &base.words);
                        (turn < others.len()).then(|| others.swap_remove(turn))
                    };
                    let changed = with_value_everywhere(script, &kind, &place.path, &other);
                    self.push(run, leaf, Order::Canonical, at, changed);
                }
            }
        }
    }
}

/// Returns whether a leaf has moved nothing yet, or not all that records say it moves.
fn is_open(base: &Base<'_>, evidence: &Evidence, leaf: &str) -> bool {
    let Some(seen) = evidence.fold.get(leaf) else { return true };
    let has_moved =
        |path: &String| seen.canonical.contains(path) || seen.last_writer.contains(path);
    let nothing = seen.canonical.is_empty() && seen.last_writer.is_empty();
    let records = &base.plan.records;
    let names = |record: &&RecordPlan| record.moves.iter().any(|term| is_about(term, leaf));
    let direct: Vec<&RecordPlan> = records.iter().filter(names).collect();
    // What is derived from such a record has to move with it, too.
    let is_derived = |record: &&RecordPlan| {
        record.moves.iter().any(|term| {
            matches!(term, Move::Derived { from } if direct.iter().any(|r| from.contains(&r.id)))
        })
    };
    let derived = records.iter().filter(is_derived);
    nothing || direct.iter().copied().chain(derived).any(|r| !r.paths.iter().all(has_moved))
}

fn run_jobs(
    all: &mut Jobs<'_, '_>,
    from: usize,
    evidence: &mut Evidence,
    drawn: &mut BTreeMap<String, Tree>,
) {
    let base = all.base;
    let folded = spread(&all.references, |reference| match &reference.snapshot {
        Some(_) => None,
        None => base.rig.fold(&reference.script).ok(),
    });
    for (reference, folded) in all.references.iter_mut().zip(folded) {
        if let Some(folded) = folded {
            reference.snapshot = Some(folded.snapshot);
            reference.hub = folded.hub;
            add_hub(&mut evidence.hub, &reference.hub);
        }
    }
    let references = &all.references;
    let found = spread(&all.list[from..], |job| {
        let before = references[job.reference].snapshot.as_ref()?;
        // What the payload refuses is no value for it.
        let folded = base.rig.fold(&job.script).ok()?;
        let moved = base.moved(before, &folded.snapshot);
        Some(Found { moved, hub: folded.hub, snapshot: folded.snapshot })
    });
    for (job, found) in all.list[from..].iter().zip(found) {
        let Some(Found { moved, hub, snapshot }) = found else { continue };
        add_hub(&mut evidence.hub, &hub);
        evidence.probes += 1;
        let seen: &mut FoldSeen = evidence.fold.entry(job.leaf.clone()).or_default();
        match job.order {
            Order::Canonical | Order::Both => {
                if job.run == 0 && !moved.leaves.is_empty() {
                    drawn.entry(job.leaf.clone()).or_insert(snapshot);
                }
                if job.order == Order::Both {
                    seen.last_writer.extend(moved.leaves.iter().cloned());
                }
                seen.canonical.extend(moved.leaves);
                seen.besides.extend(moved.besides);
            }
            Order::LastWriter => {
                seen.last_writer.extend(moved.leaves);
                seen.besides.extend(moved.besides);
            }
            Order::Absent => seen.by_absence.extend(moved.presence),
        }
    }
}

/// Draws one moved snapshot per payload leaf, as proof of the whole way.
fn draw_through(base: &Base<'_>, drawn: &BTreeMap<String, Tree>, evidence: &mut Evidence) {
    let views: Vec<View> = base
        .widgets
        .iter()
        .flat_map(|widget| base.views(&widget.name).into_iter().take(1))
        .collect();
    let Ok(looked) = base.rig.look(&base.runs[0].snapshot, &views) else { return };
    let all: Vec<usize> = (0..views.len()).collect();
    let drawn: Vec<_> = drawn.iter().collect();
    let moved = spread(&drawn, |(_, snapshot)| {
        let fields = others(&base.runs[0].snapshot, snapshot);
        let Ok(after) = looked.changed(snapshot, &fields, &all) else { return Vec::new() };
        let changed = after.iter().zip(&views).filter(|(after, _)| after.is_some());
        changed
            .filter_map(|(_, view)| match &view.what {
                Subject::Widget(name) => Some(base.place(name, view.scene)),
                Subject::Screen => None,
            })
            .collect()
    });
    for ((leaf, _), moved) in drawn.iter().zip(moved) {
        evidence.through.entry((*leaf).clone()).or_default().extend(moved);
    }
}

/// Returns the names of the fields in which two snapshots differ.
fn others<'t>(a: &'t Tree, b: &'t Tree) -> BTreeSet<&'t str> {
    let (Tree::Map(a), Tree::Map(b)) = (a, b) else { return BTreeSet::new() };
    let fields = a.iter().zip(b).filter(|((_, a), (_, b))| !same(a, b));
    fields.filter_map(|((name, _), _)| name.as_text()).collect()
}
