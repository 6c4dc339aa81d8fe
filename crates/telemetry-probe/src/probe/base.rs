//! The scripted runs, each made twice, and every leaf of inputs, payloads and snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value as Json;
use telemetry_evidence::evidence::{HubSeen, Leaf, WidgetSeen};
use telemetry_evidence::plan::{Bound, Interval, Move, RecordPlan};
use telemetry_evidence::{Evidence, Plan};

use crate::nudge::Bounds;
use crate::rig::{Emitted, Rig, Script, Step, Subject, Tree, View};
use crate::tree::{Path, Shape, is_reading, to_json};

use super::edits::Edit;
use super::focus::Focus;
use super::scripts::Place;
use super::spread::spread;

/// A scripted run.
pub(crate) struct Run {
    pub(crate) name: &'static str,
    pub(crate) inputs: Tree,
    pub(crate) script: Script,
    pub(crate) snapshot: Tree,
    /// What several stages ask for, made when the first one does.
    pub(super) edits: OnceLock<Vec<Edit>>,
    pub(super) places: OnceLock<BTreeMap<String, Place>>,
}

/// What all stages share.
pub(crate) struct Base<'a> {
    pub(crate) rig: &'a dyn Rig,
    pub(crate) plan: &'a Plan,
    pub(crate) words: Vec<Vec<&'static str>>,
    pub(crate) widgets: Vec<WidgetSeen>,
    pub(crate) runs: Vec<Run>,
    /// Of inputs, payloads (whose paths begin with the kind) and snapshot; they share the maps.
    pub(crate) shape: Shape,
    /// Every snapshot leaf of the baseline, and every one of which there is a value, with `[*]`.
    pub(crate) names: BTreeSet<String>,
    /// A value of each snapshot leaf that is not absent, by path with `[*]`.
    pub(crate) samples: BTreeMap<String, Tree>,
    /// Snapshot leaves and widgets that differ between two identical runs: nothing can be said about them.
    pub(crate) unsteady: BTreeSet<String>,
    pub(crate) focus: Focus,
}

impl<'a> Base<'a> {
    /// Makes every run twice.
    pub(crate) fn new(
        rig: &'a dyn Rig,
        plan: &'a Plan,
        evidence: &mut Evidence,
    ) -> Result<Self, String> {
        let mut base = Self {
            rig,
            plan,
            words: rig.words(),
            widgets: rig.widgets(),
            runs: Vec::new(),
            shape: Shape::new(rig.maps()),
            names: BTreeSet::new(),
            samples: BTreeMap::new(),
            unsteady: BTreeSet::new(),
            focus: Focus::default(),
        };
        let scenarios = rig.scenarios();
        let made = spread(&scenarios, |scenario| {
            let twice = || {
                let steps = rig.emit(&scenario.inputs)?;
                let script = Script { steps, idle: scenario.idle, wall_step: 0.0 };
                let folded = rig.fold(&script)?;
                Ok::<_, String>((script, folded))
            };
            let (first, second) = (twice()?, twice()?);
            let unsteady = base.twice(&first.1.snapshot);
            Ok::<_, String>((first, second, unsteady))
        });
        for (scenario, made) in scenarios.into_iter().zip(made) {
            let name = scenario.name;
            let ((script, folded), (script2, folded2), unsteady) =
                made.map_err(|why| format!("scenario {name}: {why}"))?;
            add_hub(&mut evidence.hub, &folded.hub);
            add_hub(&mut evidence.hub, &folded2.hub);
            base.shape.observe(&Path::default(), &scenario.inputs);
            base.shape.observe(&Path::default(), &folded.snapshot);
            for event in events(&script) {
                base.shape.observe(&Path::default().field(&event.kind), &event.body);
            }
            base.unsteady.extend(unsteady);
            let moved =
                base.shape.differences(&Path::default(), &folded.snapshot, &folded2.snapshot);
            base.unsteady.extend(moved.iter().map(Path::wild));
            if !same_script(&script, &script2) {
                base.unsteady.insert(format!("events of {name}"));
            }
            let run = Run {
                name,
                inputs: scenario.inputs,
                script,
                snapshot: folded.snapshot,
                edits: OnceLock::new(),
                places: OnceLock::new(),
            };
            base.runs.push(run);
        }
        if base.runs.is_empty() {
            return Err("the rig has no scenario".to_owned());
        }
        for (path, element) in rig.elements() {
            base.shape.element(path, &element);
        }
        base.take_samples();
        base.list_leaves(evidence);
        evidence.widgets.clone_from(&base.widgets);
        evidence.registry = rig.registry();
        evidence.unsteady = base.unsteady.iter().cloned().collect();
        Ok(base)
    }

    /// Sends the same events once more: what becomes of them may have changed. Lists the leaves of the snapshot anew.
    pub(crate) fn again(&self, evidence: &mut Evidence) -> Result<Self, String> {
        let folded = spread(&self.runs, |run| self.rig.fold(&run.script));
        let mut runs = Vec::new();
        for (run, folded) in self.runs.iter().zip(folded) {
            let folded = folded.map_err(|why| format!("scenario {}: {why}", run.name))?;
            runs.push(Run {
                name: run.name,
                inputs: run.inputs.clone(),
                script: run.script.clone(),
                snapshot: folded.snapshot,
                edits: OnceLock::new(),
                places: run.places.clone(),
            });
        }
        let mut base = Self {
            rig: self.rig,
            plan: self.plan,
            words: self.words.clone(),
            widgets: self.widgets.clone(),
            runs,
            shape: self.shape.clone(),
            names: BTreeSet::new(),
            samples: BTreeMap::new(),
            unsteady: self.unsteady.clone(),
            focus: Focus::default(),
        };
        base.take_samples();
        base.list_snapshot(evidence);
        Ok(base)
    }

    /// Draws a snapshot twice and returns the widgets that do not look the same.
    fn twice(&self, snapshot: &Tree) -> BTreeSet<String> {
        let views: Vec<_> =
            self.widgets.iter().flat_map(|widget| self.views(&widget.name)).collect();
        let drawings = [self.rig.draw(snapshot, &views), self.rig.draw(snapshot, &views)];
        let [Ok(a), Ok(b)] = drawings else { return BTreeSet::new() };
        let others = views.iter().zip(a.into_iter().zip(b)).filter(|(_, (a, b))| a != b);
        let names = others.filter_map(|(view, _)| match &view.what {
            Subject::Widget(name) => Some(name.clone()),
            Subject::Screen => None,
        });
        names.collect()
    }

    fn take_samples(&mut self) {
        let mut samples = BTreeMap::new();
        for run in &self.runs {
            for (path, value) in self.shape.leaves(&Path::default(), &run.snapshot) {
                if !matches!(value, Tree::Null) {
                    samples.entry(path.wild()).or_insert_with(|| value.clone());
                }
            }
        }
        let baseline = self.runs.first().map(|run| &run.snapshot);
        let leaves =
            baseline.into_iter().flat_map(|tree| self.shape.leaves(&Path::default(), tree));
        self.names = leaves.map(|(path, _)| path.wild()).chain(samples.keys().cloned()).collect();
        self.samples = samples;
    }

    fn list_leaves(&self, evidence: &mut Evidence) {
        let inputs: Vec<_> = self.runs.iter().map(|run| &run.inputs).collect();
        evidence.inputs = self.leaves(&inputs, None, &[]);
        self.list_snapshot(evidence);
        let bodies: Vec<_> = self
            .runs
            .iter()
            .flat_map(|run| events(&run.script))
            .flat_map(|event| [(event.kind.as_str(), &event.body), ("envelope", &event.envelope)])
            .filter(|(_, tree)| !matches!(tree, Tree::Map(fields) if fields.is_empty()))
            .map(|(root, tree)| Tree::Map(vec![(Tree::Text(root.to_owned()), tree.clone())]))
            .collect();
        evidence.payloads = self.leaves(&bodies.iter().collect::<Vec<_>>(), None, &[]);
    }

    fn list_snapshot(&self, evidence: &mut Evidence) {
        let fresh = self.rig.empty();
        let snapshots: Vec<_> = self.runs.iter().map(|run| &run.snapshot).collect();
        evidence.snapshot = self.leaves(&snapshots, Some(&fresh), &self.rig.elements());
    }

    /// Returns all leaves of some trees, the first of which is the baseline.
    fn leaves(
        &self,
        trees: &[&Tree],
        fresh: Option<&Tree>,
        elements: &[(&'static str, Tree)],
    ) -> Vec<Leaf> {
        let mut order = Vec::new();
        let mut found: BTreeMap<String, Leaf> = BTreeMap::new();
        let mut add =
            |path: String, value: &Tree, is_baseline: bool, is_fresh: bool, is_real: bool| {
                let leaf = found.entry(path.clone()).or_insert_with(|| {
                    order.push(path.clone());
                    Leaf {
                        path,
                        baseline: Json::Null,
                        fresh: Json::Null,
                        reached: false,
                        is_reading: false,
                    }
                });
                let is_present = !matches!(value, Tree::Null);
                if is_baseline && leaf.baseline.is_null() {
                    leaf.baseline = to_json(value);
                }
                if is_fresh && leaf.fresh.is_null() {
                    leaf.fresh = to_json(value);
                }
                leaf.reached |= is_present && is_real;
                leaf.is_reading |= is_reading(value);
            };
        for (index, tree) in trees.iter().enumerate() {
            for (path, value) in self.shape.leaves(&Path::default(), tree) {
                add(path.wild(), value, index == 0, false, true);
            }
        }
        for (path, value) in fresh.iter().flat_map(|tree| self.shape.leaves(&Path::default(), tree))
        {
            add(path.wild(), value, false, true, false);
        }
        for (root, element) in elements {
            for (path, value) in self.shape.leaves(&Path::default(), element) {
                let inner = path.wild();
                let dot = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
                add(format!("{root}{dot}{inner}"), value, false, false, false);
            }
        }
        // What is absent in one run and has parts in another is its parts.
        let is_outer = |path: &str| {
            order.iter().any(|other| {
                other.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']))
            })
        };
        order.iter().filter(|path| !is_outer(path)).filter_map(|path| found.remove(path)).collect()
    }

    /// Returns every view of a widget: its scenes in its sizes, the usual one first.
    pub(crate) fn views(&self, widget: &str) -> Vec<View> {
        let sizes = self.rig.sizes(widget);
        let view = |scene, size| View { what: Subject::Widget(widget.to_owned()), scene, size };
        let scenes = self.rig.scenes_of(widget);
        scenes.iter().flat_map(|scene| sizes.iter().map(|size| view(*scene, *size))).collect()
    }

    /// Returns how the evidence calls a widget in a scene: `RunHeader`, `EnvOverview @ env_detail`.
    pub(crate) fn place(&self, widget: &str, scene: &str) -> String {
        if self.rig.scenes().first().is_none_or(|main| *main == scene) {
            widget.to_owned()
        } else {
            format!("{widget} @ {scene}")
        }
    }

    /// Returns the unit and range that a record declares for a snapshot leaf.
    pub(crate) fn bounds_of_leaf(&self, wild: &str) -> Bounds {
        let record = self.plan.records.iter().find(|record| record.paths.iter().any(|p| p == wild));
        record.map_or_else(Bounds::default, bounds)
    }

    /// Returns the unit and range of the record that a payload leaf is for.
    pub(crate) fn bounds_of_payload(&self, leaf: &str) -> Bounds {
        let is_for = |record: &&RecordPlan| {
            let moves = record.moves.iter();
            moves.into_iter().any(|term| is_about(term, leaf))
        };
        self.plan.records.iter().find(is_for).map_or_else(Bounds::default, bounds)
    }

    /// Returns the leaves, with indices, in which a snapshot differs from another one, without the unsteady ones.
    /// Of a reading only the value counts; `besides` are readings of which something else moved.
    pub(crate) fn moved(&self, before: &Tree, after: &Tree) -> Moved {
        let mut moved = Moved::default();
        for path in self.shape.differences(&Path::default(), before, after) {
            let wild = path.wild();
            if self.unsteady.contains(&wild) {
                continue;
            }
            let both = (crate::tree::get(before, &path), crate::tree::get(after, &path));
            if let (Some(a), Some(b)) = both
                && is_reading(a)
                && is_reading(b)
                && crate::tree::same(crate::tree::value_of(a), crate::tree::value_of(b))
            {
                moved.besides.insert(wild);
                continue;
            }
            let gone = |tree: Option<&Tree>| tree.is_none_or(|tree| matches!(tree, Tree::Null));
            if gone(both.0) != gone(both.1) {
                moved.presence.insert(wild.clone());
            }
            moved.leaves.insert(wild);
            moved.paths.insert(path);
        }
        let outer = |path: &String| {
            self.samples.keys().any(|other| {
                other.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
            })
        };
        moved.leaves.retain(|path| !outer(path));
        moved.presence.retain(|path| !outer(path));
        moved
    }
}

/// Returns whether a term of a Probe row is about a payload leaf: it names it, or the reading of the sampler in it.
pub(crate) fn is_about(term: &Move, leaf: &str) -> bool {
    match term {
        Move::Event { leaf: named, .. } => named == leaf,
        Move::Sampler { leaf: named } => {
            let field = |path: &str| path.rsplit('.').next().map(str::to_owned);
            leaf.contains("Vitals") && field(named) == field(leaf)
        }
        Move::AnyEvent { .. }
        | Move::Clock { .. }
        | Move::Derived { .. }
        | Move::Link { .. }
        | Move::RejectedRow
        | Move::UnknownEvent
        | Move::SequenceGap => false,
    }
}

/// What moved in a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    /// With `[*]`.
    pub(crate) leaves: BTreeSet<String>,
    /// With indices.
    pub(crate) paths: BTreeSet<Path>,
    /// Of these, what is there in one of the two only.
    pub(crate) presence: BTreeSet<String>,
    /// Readings of which batch, time, freshness or verdict moved, and not the value.
    pub(crate) besides: BTreeSet<String>,
}

/// Compares two scripts bit by bit: NaN is itself here.
fn same_script(a: &Script, b: &Script) -> bool {
    let same_step = |(a, b): (&Step, &Step)| match (a, b) {
        (Step::Event(a), Step::Event(b)) => {
            (&a.kind, a.at.to_bits()) == (&b.kind, b.at.to_bits())
                && crate::tree::same(&a.envelope, &b.envelope)
                && crate::tree::same(&a.body, &b.body)
        }
        (a, b) => a == b,
    };
    a.steps.len() == b.steps.len() && a.steps.iter().zip(&b.steps).all(same_step)
}

/// Returns the events of a script.
pub(crate) fn events(script: &Script) -> impl Iterator<Item = &Emitted> {
    script.steps.iter().filter_map(|step| match step {
        Step::Event(event) => Some(&**event),
        Step::Rejected | Step::Unknown | Step::Gap(_) | Step::Link(_) | Step::TrainerAlive(_) => {
            None
        }
    })
}

/// Adds what a hub did to what all of them did.
pub(crate) fn add_hub(sum: &mut HubSeen, hub: &HubSeen) {
    let HubSeen { sent, emitted, delivered, dropped, received, faults } = hub;
    sum.sent += sent;
    sum.emitted += emitted;
    sum.delivered += delivered;
    sum.dropped += dropped;
    sum.received += received;
    for fault in faults {
        // The same fault again says nothing new, and a thousand of them hide the second one.
        if sum.faults.len() < 20 && !sum.faults.contains(fault) {
            sum.faults.push(fault.clone());
        }
    }
}

fn bounds(record: &RecordPlan) -> Bounds {
    let mut bounds = Bounds { step: record.step, ..Bounds::default() };
    if let Some(Interval { low, low_included, high, high_included }) = &record.range {
        let inside = record.step.unwrap_or(f64::MIN_POSITIVE);
        if let Bound::Number(x) = low {
            bounds.low = if *low_included { *x } else { x + inside };
        }
        if let Bound::Number(x) = high {
            bounds.high = if *high_included { *x } else { x - inside };
        }
    }
    bounds
}
