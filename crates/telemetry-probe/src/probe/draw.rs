//! Snapshot to cells: every snapshot leaf, every widget alone, then whole screens; and digits that nothing moves.

use std::collections::{BTreeMap, BTreeSet};

use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::{Dark, Difference, StaleSeen};

use crate::nudge::{far, nudges, readings};
use crate::rig::{Drawn, Size, Subject, Tree, View};
use crate::tree::{Path, child, is_reading, same, set};

use super::base::{Base, Run};
use super::cells::{Numbers, Spot, moved, tokens};
use super::spread::spread;

/// Entries of a list that are moved one by one: these at its beginning and as many at its end. Besides, all of them are
/// moved at once, so that each digit has a reason.
const ENDS: usize = 1;
/// Sizes of the screen.
const SCREENS: [(u16, u16); 3] = [(120, 40), (80, 24), (200, 60)];

/// What of a leaf is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Value,
    Fresh,
    Rest,
    /// How many entries a list has: no leaf of its own, but there are numbers that count them.
    Length,
}

/// A changed leaf of the snapshot of a run; of a list, in one entry or in all of them.
pub(super) struct Edit {
    changes: Vec<(Path, Tree)>,
    pub(super) wild: String,
    pub(super) part: Part,
}

impl Edit {
    /// Returns the snapshot with the change.
    pub(super) fn applied(&self, snapshot: &Tree) -> Tree {
        let mut snapshot = snapshot.clone();
        for (path, value) in &self.changes {
            set(&mut snapshot, path, value.clone());
        }
        snapshot
    }
}

/// Returns every change of every leaf of a run.
pub(super) fn edits(base: &Base<'_>, run: &Run) -> Vec<Edit> {
    let mut by_wild: BTreeMap<String, Vec<(Path, &Tree)>> = BTreeMap::new();
    for (path, value) in base.shape.leaves(&Path::default(), &run.snapshot) {
        by_wild.entry(path.wild()).or_default().push((path, value));
    }
    let mut all = Vec::new();
    for (wild, entries) in by_wild {
        if base.unsteady.contains(&wild) {
            continue;
        }
        let count = entries.len();
        for (index, (path, value)) in entries.iter().enumerate() {
            if index < ENDS || count - index <= ENDS {
                edits_of(base, &wild, path, value, &mut all);
            }
        }
        if 2 * ENDS < count {
            all.extend((0..2).map(|turn| everywhere(base, &wild, &entries, turn)));
        }
    }
    lengths(&Path::default(), &run.snapshot, &mut all);
    all
}

/// Adds, for each list of structs, the list with its last entry twice.
fn lengths(at: &Path, tree: &Tree, all: &mut Vec<Edit>) {
    if let Tree::Map(fields) = tree {
        for (name, value) in fields {
            if let Tree::Text(name) = name {
                lengths(&at.field(name), value, all);
            }
        }
    }
    if let Tree::Array(entries) = tree
        && let Some(last) = entries.last().filter(|last| matches!(last, Tree::Map(_)))
    {
        let longer = Tree::Array(entries.iter().chain([last]).cloned().collect());
        let changes = vec![(at.clone(), longer)];
        all.push(Edit { changes, wild: at.wild(), part: Part::Length });
    }
}

fn edits_of(base: &Base<'_>, wild: &str, path: &Path, value: &Tree, all: &mut Vec<Edit>) {
    let mut add = |part, value| {
        let changes = vec![(path.clone(), value)];
        all.push(Edit { changes, wild: wild.to_owned(), part });
    };
    if matches!(value, Tree::Null) {
        if let Some(sample) = base.samples.get(wild) {
            add(Part::Value, sample.clone());
        }
        return;
    }
    for other in nudges(value, base.bounds_of_leaf(wild), &base.words) {
        add(Part::Value, other);
    }
    add(Part::Value, Tree::Null);
    for other in readings(value, &base.words) {
        let is_fresh = child(&other, "fresh").zip(child(value, "fresh"));
        let is_fresh = is_fresh.is_some_and(|(a, b)| !same(a, b));
        add(if is_fresh { Part::Fresh } else { Part::Rest }, other);
    }
}

/// All entries at once, each in the way that is `turn`-th for it.
fn everywhere(base: &Base<'_>, wild: &str, entries: &[(Path, &Tree)], turn: usize) -> Edit {
    let changes = entries.iter().filter_map(|(path, value)| {
        let mut others = nudges(value, base.bounds_of_leaf(wild), &base.words);
        (turn < others.len()).then(|| (path.clone(), others.swap_remove(turn)))
    });
    Edit { changes: changes.collect(), wild: wild.to_owned(), part: Part::Value }
}

/// What happened to one view.
struct Seen {
    view: View,
    place: String,
    widget: String,
    before: Drawn,
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
        let mut views = views(base, run);
        for seen in &mut views {
            let looks = known.entry((seen.place.clone(), seen.view.size)).or_default();
            seen.is_new = !looks.contains(&seen.before);
            if seen.is_new {
                looks.push(seen.before.clone());
            }
        }
        let edits = edits(base, run);
        let plans: Vec<(usize, Vec<usize>)> = edits
            .iter()
            .enumerate()
            .map(|(at, edit)| (at, chosen(evidence, edit, &views, index == 0)))
            .filter(|(_, chosen)| !chosen.is_empty())
            .collect();
        let found = spread(&plans, |(at, chosen)| {
            let asked: Vec<View> = chosen.iter().map(|view| views[*view].view.clone()).collect();
            // What the snapshot refuses is no value for it.
            let drawn = base.rig.draw(&edits[*at].applied(&run.snapshot), &asked).ok()?;
            let seen = chosen.iter().zip(drawn).filter_map(|(view, after)| {
                let spots = moved(&views[*view].before, &after);
                (!spots.is_empty()).then_some((*view, spots, after))
            });
            Some(seen.collect::<Vec<_>>())
        });
        for ((at, _), found) in plans.iter().zip(found) {
            let Some(found) = found else { continue };
            let edit = &edits[*at];
            evidence.probes += 1;
            for (view, spots, after) in &found {
                views[*view].compare(after, spots);
            }
            if edit.part == Part::Length {
                continue;
            }
            let shown = evidence.draw.entry(edit.wild.clone()).or_default();
            for (view, spots, _) in found {
                let view = &views[view];
                let cells = shown.entry(view.place.clone()).or_default();
                *cells = (*cells).max(spots.len() as u32);
                let pair = (edit.wild.clone(), view.place.clone());
                match edit.part {
                    Part::Value => by_value.insert(pair),
                    Part::Fresh => fresh.insert(pair),
                    Part::Rest | Part::Length => false,
                };
            }
        }
        reach(base, run, &mut views, evidence);
        dark(run, &views, evidence);
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
    memories(base, evidence);
}

fn views(base: &Base<'_>, run: &Run) -> Vec<Seen> {
    let mut seen = Vec::new();
    for widget in base.widgets.iter().map(|widget| &widget.name) {
        if base.unsteady.contains(widget) {
            continue;
        }
        let views = base.views(widget);
        let Ok(drawn) = base.rig.draw(&run.snapshot, &views) else { continue };
        for (view, before) in views.into_iter().zip(drawn) {
            seen.push(Seen {
                place: base.place(widget, view.scene),
                widget: widget.clone(),
                view,
                numbers: Numbers::of(&before),
                before,
                is_new: true,
            });
        }
    }
    seen
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
            is_shown || edit.part == Part::Length || (is_usual && edit.part == Part::Value);
        if is_first || (view.is_new && is_wanted) {
            chosen.push(index);
        }
    }
    chosen
}

/// Moves far what a view shows and has digits that nothing has moved yet.
fn reach(base: &Base<'_>, run: &Run, views: &mut [Seen], evidence: &Evidence) {
    let leaves = base.shape.leaves(&Path::default(), &run.snapshot);
    let jobs: Vec<(Path, Tree, Vec<usize>)> = leaves
        .into_iter()
        .filter_map(|(path, value)| {
            let shown = evidence.draw.get(&path.wild())?;
            let is_open = |seen: &Seen| {
                seen.is_new
                    && shown.contains_key(&seen.place)
                    && seen.numbers.open().next().is_some()
            };
            let open: Vec<usize> = (0..views.len()).filter(|view| is_open(&views[*view])).collect();
            (!open.is_empty()).then_some((path, value, open))
        })
        .flat_map(|(path, value, open)| {
            let others = far(value, base.bounds_of_leaf(&path.wild()));
            others.into_iter().map(move |other| (path.clone(), other, open.clone()))
        })
        .collect();
    let found = spread(&jobs, |(path, other, open)| {
        let mut snapshot = run.snapshot.clone();
        set(&mut snapshot, path, other.clone());
        let asked: Vec<View> = open.iter().map(|view| views[*view].view.clone()).collect();
        let drawn = base.rig.draw(&snapshot, &asked).unwrap_or_default();
        let seen = open.iter().zip(drawn);
        seen.map(|(view, after)| (*view, moved(&views[*view].before, &after), after))
            .collect::<Vec<_>>()
    });
    for (view, spots, after) in found.into_iter().flatten() {
        views[view].compare(&after, &spots);
    }
}

impl Seen {
    fn compare(&mut self, after: &Drawn, spots: &BTreeSet<Spot>) {
        self.numbers.compare(&self.before, after, spots);
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
    let edits = edits(base, run);
    let jobs: Vec<_> = base
        .widgets
        .iter()
        .flat_map(|widget| {
            base.views(&widget.name).into_iter().take(1).map(|view| (&widget.name, view))
        })
        .collect();
    let found = spread(&jobs, |(widget, view)| {
        let alone =
            base.rig.draw(&run.snapshot, std::slice::from_ref(view)).ok()?.into_iter().next()?;
        let shows = |edit: &&Edit| {
            let shown = evidence.draw.get(&edit.wild);
            edit.part == Part::Value && shown.is_some_and(|shown| shown.contains_key(*widget))
        };
        edits.iter().filter(shows).find_map(|edit| {
            let before = edit.applied(&run.snapshot);
            let after = base.rig.draw_after(&before, &run.snapshot, view).ok()?;
            (after != alone).then(|| (texts(&alone), texts(&after)))
        })
    });
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

/// Draws whole screens with every leaf changed until each was seen at each size, and looks for digits of no widget.
pub(crate) fn screens(base: &Base<'_>, evidence: &mut Evidence) {
    let scenes = base.rig.scenes();
    let main = scenes.first().copied().unwrap_or_default();
    let screen = |scene, (columns, rows)| View {
        what: Subject::Screen,
        scene,
        size: Size { columns, rows },
    };
    let views: Vec<View> = SCREENS.iter().map(|size| screen(main, *size)).collect();
    for view in &views {
        evidence.screens.insert(size_of(view), BTreeSet::new());
    }
    for run in &base.runs {
        let Ok(before) = base.rig.draw(&run.snapshot, &views) else { continue };
        let edits: Vec<Edit> = edits(base, run)
            .into_iter()
            .filter(|edit| evidence.draw.get(&edit.wild).is_some_and(|shown| !shown.is_empty()))
            .collect();
        let open =
            |edit: &Edit, view: &View| !evidence.screens[&size_of(view)].contains(&edit.wild);
        let mut by_leaf: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
        for edit in edits.iter().filter(|edit| views.iter().any(|view| open(edit, view))) {
            by_leaf.entry(&edit.wild).or_default().push(edit);
        }
        let by_leaf: Vec<_> = by_leaf.into_values().collect();
        let found = spread(&by_leaf, |edits| {
            let mut seen = BTreeSet::new();
            for edit in edits {
                let left: Vec<usize> = (0..views.len())
                    .filter(|view| !seen.contains(view) && open(edit, &views[*view]))
                    .collect();
                let asked: Vec<View> = left.iter().map(|view| views[*view].clone()).collect();
                if asked.is_empty() {
                    break;
                }
                let Ok(after) = base.rig.draw(&edit.applied(&run.snapshot), &asked) else {
                    continue;
                };
                seen.extend(
                    left.into_iter()
                        .zip(after)
                        .filter(|(view, after)| before[*view] != *after)
                        .map(|(view, _)| view),
                );
            }
            seen
        });
        for (edits, seen) in by_leaf.iter().zip(found) {
            evidence.probes += 1;
            for view in seen {
                let leaves = evidence.screens.entry(size_of(&views[view])).or_default();
                leaves.extend(edits.first().map(|edit| edit.wild.clone()));
            }
        }
    }
    let everywhere: Vec<View> =
        scenes.iter().skip(1).map(|scene| screen(*scene, SCREENS[0])).chain(views).collect();
    dark_screens(base, &everywhere, evidence);
}

fn size_of(view: &View) -> String {
    format!("{}x{}", view.size.columns, view.size.rows)
}

/// Digits on whole screens that stand in no widget, and that no change of many leaves at once moves.
fn dark_screens(base: &Base<'_>, views: &[View], evidence: &mut Evidence) {
    let run = &base.runs[0];
    let Ok(before) = base.rig.draw(&run.snapshot, views) else { return };
    let mut alone = BTreeSet::new();
    for seen in self::views(base, run) {
        alone.extend(tokens(&seen.before).into_iter().map(|token| token.text));
    }
    let open: Vec<usize> = (0..views.len())
        .filter(|view| tokens(&before[*view]).iter().any(|token| !alone.contains(&token.text)))
        .collect();
    let edits = edits(base, run);
    let firsts: Vec<&Edit> = edits.iter().filter(|edit| edit.part == Part::Value).collect();
    let asked: Vec<View> = open.iter().map(|view| views[*view].clone()).collect();
    let drawn = spread(&firsts, |edit| {
        base.rig.draw(&edit.applied(&run.snapshot), &asked).unwrap_or_default()
    });
    for (at, view) in open.iter().enumerate() {
        let before = &before[*view];
        let mut numbers = Numbers::of(before);
        for after in drawn.iter().filter_map(|drawn| drawn.get(at)) {
            numbers.compare(before, after, &moved(before, after));
        }
        evidence.numerals += numbers.len() as u32;
        for token in numbers.open().filter(|token| !alone.contains(&token.text)) {
            evidence.dark.push(Dark {
                widget: "screen".to_owned(),
                scene: format!("{}, run {}", views[*view].scene, run.name),
                size: size_of(&views[*view]),
                token: token.text.clone(),
                line: before[token.row].text.clone(),
                column: token.columns.0 as u32,
            });
        }
    }
}
