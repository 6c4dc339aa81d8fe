//! What is different while a wire is cut. First the scripted runs are folded and drawn as before, which takes a moment and
//! says what the wire has to do with; then that part, and no other, is probed anew.
//!
//! What is not looked at again stands in the evidence as it was without the cut. So a loss that is found is one, and none
//! that is found means only that more has to be looked at: [`Look::Near`], then [`Look::Whole`].

use std::collections::BTreeSet;
use std::time::Duration;

use telemetry_evidence::{Evidence, Plan};

use crate::rig::{Drawn, Rig, Subject, Tree, View};
use crate::tree::Path;

use super::base::Base;
use super::focus::Focus;
use super::spread::spread;
use super::{display, draw, fold, memory, probe, stimuli};

/// How much is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Look {
    /// The payloads of leaves that differ; if none does, the widgets that differ.
    First,
    /// Also what is drawn, what records ask for, and what is no longer fresh.
    Near,
    /// Everything.
    Whole,
}

/// What differs, and the evidence.
pub type Seen = (BTreeSet<String>, BTreeSet<String>, Evidence);

/// The pipeline without any cut, to compare with.
pub struct Known<'a> {
    base: Base<'a>,
    evidence: Evidence,
    pictures: Vec<Pictures>,
}

/// What every widget shows of a run.
type Pictures = Vec<(String, Drawn)>;

/// What a cut has to do with.
struct Touched {
    leaves: BTreeSet<String>,
    payloads: BTreeSet<String>,
    /// Widgets with their scenes.
    places: BTreeSet<String>,
}

impl<'a> Known<'a> {
    /// Takes the whole evidence of the pipeline.
    pub fn new(rig: &'a dyn Rig, plan: &'a Plan, evidence: Evidence) -> Result<Self, String> {
        let base = Base::new(rig, plan, &mut Evidence::default())?;
        let pictures = pictures(&base)?;
        Ok(Self { base, evidence, pictures })
    }

    /// Looks again at the pipeline, in which a wire has been cut meanwhile.
    pub fn again(&self, look: Look) -> Result<Seen, String> {
        if look == Look::Whole {
            let (evidence, _) = probe(self.base.rig, self.base.plan, &|| Duration::ZERO)?;
            return Ok((BTreeSet::new(), BTreeSet::new(), evidence));
        }
        let mut evidence = self.evidence.clone();
        let mut base = self.base.again(&mut evidence)?;
        let touched = self.touched(&base)?;
        base.focus = self.focus(&touched);
        if !touched.leaves.is_empty() {
            fold_again(&base, &touched, &mut evidence);
        }
        if touched.leaves.is_empty() || look == Look::Near {
            draw_again(&base, &mut evidence);
        }
        if look == Look::Near {
            let is_touched =
                |leaf: &String| touched.leaves.iter().any(|other| touches(leaf, other));
            evidence.stale.retain(|seen| seen.widget.is_some() || !is_touched(&seen.leaf));
            memory::stale(&base, &mut evidence);
            display::probe(&base, &mut evidence);
        }
        Ok((touched.leaves, touched.places, evidence))
    }

    /// Returns what differs at the end of the scripted runs, and the payloads that move it.
    fn touched(&self, base: &Base<'_>) -> Result<Touched, String> {
        let mut leaves = BTreeSet::new();
        for (before, after) in self.base.runs.iter().zip(&base.runs) {
            let root = Path::default();
            let differences = base.shape.differences(&root, &before.snapshot, &after.snapshot);
            leaves.extend(differences.iter().map(Path::wild));
        }
        let mut places = BTreeSet::new();
        for (before, after) in self.pictures.iter().zip(pictures(base)?) {
            let both = before.iter().zip(after);
            places.extend(both.filter(|(a, b)| **a != *b).map(|((place, _), _)| place.clone()));
        }
        let moves_one = |moved: &BTreeSet<String>| {
            moved.iter().any(|leaf| leaves.iter().any(|other| touches(leaf, other)))
        };
        let folds = self.evidence.fold.iter().filter(|(_, seen)| {
            [&seen.canonical, &seen.last_writer, &seen.by_absence, &seen.besides]
                .into_iter()
                .any(moves_one)
        });
        let payloads = folds.map(|(payload, _)| payload.clone()).collect();
        Ok(Touched { leaves, payloads, places })
    }

    fn focus(&self, touched: &Touched) -> Focus {
        let Touched { leaves, payloads, places } = touched;
        let widgets: BTreeSet<String> = places.iter().map(|place| widget_of(place)).collect();
        let shown = self
            .evidence
            .draw
            .iter()
            .filter(|(_, shown)| shown.keys().any(|place| widgets.contains(&widget_of(place))));
        let records = self.base.plan.records.iter().filter(|record| {
            let is_shown = record.consumers.iter().any(|place| widgets.contains(&place.widget));
            is_shown && leaves.is_empty()
                || record.paths.iter().any(|path| leaves.iter().any(|leaf| touches(path, leaf)))
        });
        // Where the scripted runs show no difference, what records ask for may: limits, what is missing.
        let is_anything_touched = !leaves.is_empty() || !places.is_empty();
        let records = records.map(|record| record.id.clone()).collect();
        Focus {
            payloads: Some(payloads.clone()),
            leaves: Some(shown.map(|(leaf, _)| leaf.clone()).collect()),
            records: is_anything_touched.then_some(records),
            widgets: Some(widgets),
        }
    }
}

fn fold_again(base: &Base<'_>, touched: &Touched, evidence: &mut Evidence) {
    evidence.fold.retain(|payload, _| !touched.payloads.contains(payload));
    fold::probe(base, evidence);
    // What a probe of nothing but the fold would leave out.
    for payload in &touched.payloads {
        evidence.fold.entry(payload.clone()).or_default();
    }
    let is_derived = |name: &str| name.contains(' ');
    let is_touched =
        evidence.stimuli.iter().filter(|(name, _)| !is_derived(name)).any(|(_, moved)| {
            moved.iter().any(|leaf| touched.leaves.iter().any(|other| touches(leaf, other)))
        });
    if is_touched {
        evidence.stimuli.clear();
        evidence.wall_clock.clear();
        stimuli::probe(base, evidence);
    } else {
        evidence.stimuli.retain(|name, _| !is_derived(name));
        stimuli::derived(base, evidence);
    }
}

fn draw_again(base: &Base<'_>, evidence: &mut Evidence) {
    let is_asked = |leaf: &String, place: &String| {
        base.focus.has_leaf(leaf) && base.focus.has_widget(&widget_of(place))
    };
    for (leaf, shown) in &mut evidence.draw {
        shown.retain(|place, _| !is_asked(leaf, place));
    }
    evidence
        .stale
        .retain(|seen| seen.widget.as_ref().is_none_or(|place| !is_asked(&seen.leaf, place)));
    draw::probe(base, evidence);
}

/// Returns the widget of a place: `EnvOverview` of `EnvOverview @ env_detail`.
fn widget_of(place: &str) -> String {
    place.split(" @ ").next().unwrap_or(place).to_owned()
}

/// Returns whether two paths are the same, or one is a part of the other.
fn touches(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Draws every widget of every run.
fn pictures(base: &Base<'_>) -> Result<Vec<Pictures>, String> {
    let mut places = Vec::new();
    let mut views: Vec<View> = Vec::new();
    for view in base.widgets.iter().flat_map(|widget| base.views(&widget.name)) {
        if let Subject::Widget(name) = &view.what {
            places.push(base.place(name, view.scene));
        }
        views.push(view);
    }
    let draw = |snapshot: &Tree| base.rig.draw(snapshot, &views);
    let drawn = spread(&base.runs, |run| draw(&run.snapshot));
    let named = |drawn: Vec<Drawn>| places.iter().cloned().zip(drawn).collect();
    drawn.into_iter().map(|drawn| drawn.map(named)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_touch_at_their_borders() {
        assert!(touches("policy.last", "policy.last.batch") && touches("envs[*].id", "envs"));
        assert!(touches("batch", "batch") && !touches("batch", "batches"));
        assert_eq!(widget_of("EnvOverview @ env_detail"), "EnvOverview");
    }
}
