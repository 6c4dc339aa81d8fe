//! Snapshot to cells: every snapshot leaf, every widget alone, then whole screens; and digits that nothing moves.

use std::collections::{BTreeMap, BTreeSet};

use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::{Dark, Difference, StaleSeen};

use crate::nudge::far;
use crate::rig::{Drawn, Looked, Size, Subject, View};
use crate::tree::{Path, is_reading};

use super::base::{Base, Run};
use super::cells::{Numbers, moved};
use super::edits::{Edit, Part, accepted, draw_edited, groups, with_edits};
use super::spread::spread_with;

/// Edits of different leaves that are made at once to find the views that none of them moves.
const GROUP: usize = 8;

/// Takes from each plan the views that no edit of its group moves. A group has edits of different leaves, which are made
/// all at once: where that changes nothing, none of them does. (Two that undo each other to the cell would go unseen.)
fn narrow(looked: &dyn Looked, run: &Run, edits: &[Edit], evidence: &Evidence, plans: &mut [Plan]) {
    // What earlier runs show in the same places is likely to move the same views, and goes into one group.
    let places = |plan: &Plan| {
        let shown = evidence.draw.get(&edits[plan.edit].wild);
        shown.map(|shown| shown.keys().cloned().collect::<Vec<String>>())
    };
    plans.sort_by_cached_key(places);
    let planned: Vec<&Edit> = plans.iter().map(|plan| &edits[plan.edit]).collect();
    let groups = groups(&planned, GROUP);
    let seen = spread_with(
        &groups,
        || run.snapshot.clone(),
        |snapshot, group| {
            let all: BTreeSet<usize> =
                group.iter().flat_map(|plan| plans[*plan].views.iter().copied()).collect();
            let asked: Vec<usize> = all.into_iter().collect();
            let changed: Vec<&Edit> = group.iter().map(|plan| planned[*plan]).collect();
            let drawn = draw_edited(looked, snapshot, &changed, &asked).ok()?;
            let moved = asked.into_iter().zip(drawn).filter(|(_, after)| after.is_some());
            Some(moved.map(|(view, _)| view).collect::<BTreeSet<usize>>())
        },
    );
    for (group, seen) in groups.into_iter().zip(seen) {
        let Some(seen) = seen else { continue };
        for plan in group {
            plans[plan].views.retain(|view| seen.contains(view));
        }
    }
    plans.sort_by_key(|plan| plan.edit);
}

/// An edit and the views that are drawn with it.
struct Plan {
    edit: usize,
    views: Vec<usize>,
}

/// What happened to one view.
pub(super) struct Seen {
    view: View,
    place: String,
    widget: String,
    pub(super) before: Drawn,
    numbers: Numbers,
    /// Whether no earlier run looked like this: then there is nothing new to find here.
    is_new: bool,
}

/// Draws every widget alone with every leaf changed, in every run.
pub(crate) fn probe(base: &Base<'_>, evidence: &mut Evidence) {
    let mut fresh = BTreeSet::new();
    let mut by_value = BTreeSet::new();
    let mut known: BTreeMap<(String, Size), Vec<Drawn>> = BTreeMap::new();
    for (index, run) in base.runs.iter().enumerate() {
        let Some((looked, mut views)) = views(base, run) else { continue };
        for seen in &mut views {
            let looks = known.entry((seen.place.clone(), seen.view.size)).or_default();
            seen.is_new = !looks.contains(&seen.before);
            if seen.is_new {
                looks.push(seen.before.clone());
            }
        }
        let edits = accepted(base, run);
        let mut plans: Vec<Plan> = edits
            .iter()
            .enumerate()
            .map(|(edit, of)| Plan { edit, views: chosen(evidence, of, &views, index == 0) })
            .filter(|plan| !plan.views.is_empty())
            .collect();
        narrow(&*looked, run, edits, evidence, &mut plans);
        evidence.probes += plans.len() as u32;
        for edit in
            plans.iter().map(|plan| &edits[plan.edit]).filter(|edit| edit.part != Part::Together)
        {
            // Also what moves nothing was looked at.
            evidence.draw.entry(edit.wild.clone()).or_default();
        }
        plans.retain(|plan| !plan.views.is_empty());
        let found = spread_with(
            &plans,
            || run.snapshot.clone(),
            |snapshot, Plan { edit, views: chosen }| {
                // What the snapshot refuses is no value for it.
                let drawn = draw_edited(&*looked, snapshot, &[&edits[*edit]], chosen).ok()?;
                let seen = chosen
                    .iter()
                    .zip(drawn)
                    .filter_map(|(view, after)| Some((*view, views[*view].compare(&after?))));
                Some(seen.collect::<Vec<_>>())
            },
        );
        for (plan, found) in plans.iter().zip(found) {
            let Some(found) = found else { continue };
            let edit = &edits[plan.edit];
            if edit.part == Part::Together {
                continue;
            }
            let shown = evidence.draw.entry(edit.wild.clone()).or_default();
            for (view, count) in found {
                let view = &views[view];
                let cells = shown.entry(view.place.clone()).or_default();
                *cells = (*cells).max(count as u32);
                let pair = (edit.wild.clone(), view.place.clone());
                match edit.part {
                    Part::Value => by_value.insert(pair),
                    Part::Fresh => fresh.insert(pair),
                    Part::Rest | Part::Together => false,
                };
            }
        }
        if base.focus.is_whole() {
            reach(base, run, &*looked, &views, evidence);
            dark(run, &views, evidence);
        }
    }
    let is_reading = |wild: &str| base.samples.get(wild).is_some_and(is_reading);
    for (leaf, widget) in by_value.iter().filter(|(leaf, _)| is_reading(leaf)) {
        let looks_fresh = !fresh.contains(&(leaf.clone(), widget.clone()));
        evidence.stale.push(StaleSeen {
            leaf: leaf.clone(),
            widget: Some(widget.clone()),
            looks_fresh,
        });
    }
    if base.focus.is_whole() {
        memories(base, evidence);
    }
}

/// Draws every steady widget alone in every view of its own; `None` if the rig cannot.
pub(super) fn views<'b>(
    base: &'b Base<'_>,
    run: &Run,
) -> Option<(Box<dyn Looked + 'b>, Vec<Seen>)> {
    let steady = base.widgets.iter().filter(|widget| {
        !base.unsteady.contains(&widget.name) && base.focus.has_widget(&widget.name)
    });
    let views: Vec<View> = steady.flat_map(|widget| base.views(&widget.name)).collect();
    let looked = base.rig.look(&run.snapshot, &views).ok()?;
    let drawn = looked.before().iter().cloned();
    let seen = views.into_iter().zip(drawn).map(|(view, before)| {
        let widget = match &view.what {
            Subject::Widget(name) => name.clone(),
            Subject::Screen => String::new(),
        };
        Seen {
            place: base.place(&widget, view.scene),
            widget,
            view,
            numbers: Numbers::of(&before),
            before,
            is_new: true,
        }
    });
    let seen = seen.collect();
    Some((looked, seen))
}

/// Returns the views worth drawing with a change: all in the first run; later those that look as none before, in their
/// usual size for values, and in every size where they show the leaf, because their digits want an explanation.
fn chosen(evidence: &Evidence, edit: &Edit, views: &[Seen], is_first: bool) -> Vec<usize> {
    let shown = evidence.draw.get(&edit.wild);
    let mut last = "";
    let mut chosen = Vec::new();
    for (index, view) in views.iter().enumerate() {
        let is_usual = view.place != last;
        last = &view.place;
        let is_shown = shown.is_some_and(|shown| shown.contains_key(&view.place));
        let is_wanted =
            is_shown || edit.part == Part::Together || (is_usual && edit.part == Part::Value);
        if is_first || (view.is_new && is_wanted) {
            chosen.push(index);
        }
    }
    chosen
}

/// Moves far what a view shows and has digits that nothing has moved yet.
fn reach(base: &Base<'_>, run: &Run, looked: &dyn Looked, views: &[Seen], evidence: &Evidence) {
    let leaves = base.shape.leaves(&Path::default(), &run.snapshot);
    let jobs: Vec<(Edit, Vec<usize>)> = leaves
        .into_iter()
        .filter_map(|(path, value)| {
            let wild = path.wild();
            let shown = evidence.draw.get(&wild)?;
            let is_open = |seen: &Seen| {
                seen.is_new
                    && shown.contains_key(&seen.place)
                    && seen.numbers.open().next().is_some()
            };
            let open: Vec<usize> = (0..views.len()).filter(|view| is_open(&views[*view])).collect();
            (!open.is_empty()).then_some((path, wild, value, open))
        })
        .flat_map(|(path, wild, value, open)| {
            let others = far(value, base.bounds_of_leaf(&wild));
            others.into_iter().map(move |other| {
                let changes = vec![(path.clone(), other)];
                (Edit { changes, wild: String::new(), part: Part::Value }, open.clone())
            })
        })
        .collect();
    spread_with(
        &jobs,
        || run.snapshot.clone(),
        |snapshot, (edit, open)| {
            // Where every digit has moved by now there is nothing left to find.
            let is_open = |view: &usize| views[*view].numbers.open().next().is_some();
            let open: Vec<usize> = open.iter().copied().filter(is_open).collect();
            if open.is_empty() {
                return;
            }
            let drawn = draw_edited(looked, snapshot, &[edit], &open).unwrap_or_default();
            for (view, after) in open.into_iter().zip(drawn) {
                if let Some(after) = after {
                    views[view].compare(&after);
                }
            }
        },
    );
}

impl Seen {
    /// Takes in how the view looks with something changed, and returns how many cells are others.
    fn compare(&self, after: &Drawn) -> usize {
        let spots = moved(&self.before, after);
        self.numbers.compare(&self.before, after, &spots);
        spots.len()
    }
}

fn dark(run: &Run, views: &[Seen], evidence: &mut Evidence) {
    for seen in views.iter().filter(|seen| seen.is_new) {
        evidence.numerals += seen.numbers.len() as u32;
        for token in seen.numbers.open() {
            evidence.dark.push(Dark {
                widget: seen.widget.clone(),
                scene: format!("{}, run {}", seen.view.scene, run.name),
                size: size_of(&seen.view),
                token: token.text.clone(),
                line: seen.before[token.row].text.clone(),
                column: token.columns.0 as u32,
            });
        }
    }
}

/// Draws another snapshot first: a widget that keeps something of it has a memory.
fn memories(base: &Base<'_>, evidence: &mut Evidence) {
    let run = &base.runs[0];
    let edits = accepted(base, run);
    let jobs: Vec<_> = base
        .widgets
        .iter()
        .flat_map(|widget| {
            base.views(&widget.name).into_iter().take(1).map(|view| (&widget.name, view))
        })
        .collect();
    let views: Vec<View> = jobs.iter().map(|(_, view)| view.clone()).collect();
    let Ok(looked) = base.rig.look(&run.snapshot, &views) else { return };
    let numbers: Vec<usize> = (0..jobs.len()).collect();
    let found = spread_with(
        &numbers,
        || run.snapshot.clone(),
        |snapshot, view| {
            let (widget, _) = &jobs[*view];
            let alone = &looked.before()[*view];
            let shows = |edit: &&Edit| {
                let shown = evidence.draw.get(&edit.wild);
                edit.part == Part::Value && shown.is_some_and(|shown| shown.contains_key(*widget))
            };
            edits.iter().filter(shows).find_map(|edit| {
                let after = with_edits(snapshot, &[edit], |snapshot, fields| {
                    looked.again(snapshot, fields, *view).ok()
                })?;
                (after != *alone).then(|| (texts(alone), texts(&after)))
            })
        },
    );
    for ((widget, _), found) in jobs.iter().zip(found) {
        evidence.probes += 1;
        if let Some((expected, actual)) = found {
            evidence.remembered.push(Difference { leaf: (*widget).clone(), expected, actual });
        }
    }
}

fn texts(drawn: &Drawn) -> serde_json::Value {
    drawn.iter().map(|row| row.text.trim_end()).collect::<Vec<_>>().join("\n").into()
}

/// Returns how the evidence calls the size of a view: `80x24`.
pub(super) fn size_of(view: &View) -> String {
    format!("{}x{}", view.size.columns, view.size.rows)
}
