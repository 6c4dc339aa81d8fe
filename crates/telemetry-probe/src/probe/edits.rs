//! Every change of every leaf of a snapshot, one at a time or some at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::nudge::{nudges, readings};
use crate::rig::{Drawn, Looked, Tree};
use crate::tree::{Path, child, get_mut, is_reading, number, same};

use super::base::{Base, Run};
use super::spread::spread_with;

/// Entries of a list that are moved one by one: these at its beginning and as many at its end. Besides, all of them are
/// moved at once, so that each digit has a reason.
const ENDS: usize = 1;

/// What of a leaf is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Value,
    Fresh,
    Rest,
    /// How many entries a list has, or several fields of its entries: no leaf of its own, but there are numbers that
    /// count entries, and such as two fields say.
    Together,
}

/// A changed leaf of the snapshot of a run; of a list, in one entry or in all of them.
pub(super) struct Edit {
    pub(super) changes: Vec<(Path, Tree)>,
    pub(super) wild: String,
    pub(super) part: Part,
}

/// Exchanges values: done again it undoes itself, from the last change to the first.
fn swap(snapshot: &mut Tree, changes: &mut [(Path, Tree)]) {
    for (path, value) in changes {
        if let Some(place) = get_mut(snapshot, path) {
            std::mem::swap(place, value);
        }
    }
}

/// Draws the snapshot that was looked at with some edits, none of which touches what another one does. The copy of it is
/// as before then: making one for each drawing would cost as much as drawing it.
pub(super) fn draw_edited(
    looked: &dyn Looked,
    snapshot: &mut Tree,
    edits: &[&Edit],
    views: &[usize],
) -> Result<Vec<Option<Drawn>>, String> {
    with_edits(snapshot, edits, |snapshot, fields| looked.changed(snapshot, fields, views))
}

/// Hands on the snapshot with some edits, and the names of the fields in which it is another one.
pub(super) fn with_edits<R>(
    snapshot: &mut Tree,
    edits: &[&Edit],
    then: impl FnOnce(&Tree, &BTreeSet<&str>) -> R,
) -> R {
    let mut changes: Vec<(Path, Tree)> =
        edits.iter().flat_map(|edit| edit.changes.iter().cloned()).collect();
    swap(snapshot, &mut changes);
    let fields = edits.iter().flat_map(|edit| &edit.changes).filter_map(|(path, _)| path.top());
    let done = then(snapshot, &fields.collect());
    changes.reverse();
    swap(snapshot, &mut changes);
    done
}

/// Returns every change of every leaf of a run.
fn edits(base: &Base<'_>, run: &Run) -> Vec<Edit> {
    let mut by_wild: BTreeMap<String, Vec<(Path, &Tree)>> = BTreeMap::new();
    for (path, value) in base.shape.leaves(&Path::default(), &run.snapshot) {
        by_wild.entry(path.wild()).or_default().push((path, value));
    }
    let mut all = Vec::new();
    for (wild, entries) in by_wild {
        if base.unsteady.contains(&wild) || !base.focus.has_leaf(&wild) {
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
    if base.focus.is_whole() {
        lengths(&Path::default(), &run.snapshot, &mut all);
        all.push(batches(base, run));
    }
    all
}

/// Adds, for each list of structs, the list with its last entry twice, and with its first one only.
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
        let shorter = Tree::Array(entries.iter().take(1).cloned().collect());
        for list in [longer, shorter] {
            let changes = vec![(at.clone(), list)];
            all.push(Edit { changes, wild: at.wild(), part: Part::Together });
        }
    }
}

/// All readings as if they were of the next batch: there are numbers that say which the latest or oldest is.
fn batches(base: &Base<'_>, run: &Run) -> Edit {
    let leaves = base.shape.leaves(&Path::default(), &run.snapshot);
    let readings = leaves.into_iter().filter(|(_, value)| is_reading(value));
    let next = readings.filter_map(|(path, reading)| {
        let path = path.field("batch");
        let batch = number(child(reading, "batch")?)?;
        Some((path, Tree::from(batch as u64 + 1)))
    });
    Edit { changes: next.collect(), wild: String::new(), part: Part::Together }
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

/// Returns groups of edits of different leaves, by their places in the list. What the snapshot refuses is in none, and
/// neither is what touches the same as others: another length of a list, all entries of one at once.
pub(super) fn groups(edits: &[&Edit], size: usize) -> Vec<Vec<usize>> {
    let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_turn: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, edit) in edits.iter().enumerate() {
        if edit.part != Part::Together && edit.changes.len() == 1 {
            let turn = turns.entry(&edit.wild).or_default();
            by_turn.entry(*turn).or_default().push(index);
            *turn += 1;
        }
    }
    by_turn.values().flat_map(|edits| edits.chunks(size).map(<[usize]>::to_vec)).collect()
}

/// Returns the edits that the snapshot does not refuse: what it refuses is no value for it.
pub(super) fn accepted<'b>(base: &Base<'_>, run: &'b Run) -> &'b [Edit] {
    run.edits.get_or_init(|| not_refused(base, run))
}

fn not_refused(base: &Base<'_>, run: &Run) -> Vec<Edit> {
    let Ok(looked) = base.rig.look(&run.snapshot, &[]) else { return Vec::new() };
    let all = edits(base, run);
    let is_value = spread_with(
        &all,
        || run.snapshot.clone(),
        |snapshot, edit| draw_edited(&*looked, snapshot, &[edit], &[]).is_ok(),
    );
    let kept = all.into_iter().zip(is_value).filter(|(_, is_value)| *is_value);
    let mut kept: Vec<Edit> = kept.map(|(edit, _)| edit).collect();
    if base.focus.is_whole() {
        let together = together(&kept);
        kept.extend(together);
    }
    kept
}

/// Returns, for each list, all fields of all its entries changed at once.
fn together(edits: &[Edit]) -> Vec<Edit> {
    let mut fields: BTreeMap<&str, BTreeMap<&str, &Edit>> = BTreeMap::new();
    for edit in edits.iter().filter(|edit| 1 < edit.changes.len()) {
        if let Some((list, field)) = edit.wild.rsplit_once("[*]") {
            fields.entry(list).or_default().entry(field).or_insert(edit);
        }
    }
    let all = fields.into_iter().map(|(list, fields)| {
        let changes = fields.values().flat_map(|edit| edit.changes.iter().cloned()).collect();
        Edit { changes, wild: list.to_owned(), part: Part::Together }
    });
    all.collect()
}
