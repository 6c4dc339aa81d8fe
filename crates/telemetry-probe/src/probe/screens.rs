//! Whole screens: which leaves can be seen at which size, and digits that stand in no widget.

use std::collections::{BTreeMap, BTreeSet};

use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::Dark;

use crate::rig::{Looked, Size, Subject, Tree, View};

use super::base::{Base, Run};
use super::cells::{Numbers, moved, tokens};
use super::draw::{size_of, views};
use super::edits::{Edit, Part, accepted, draw_edited, groups};
use super::spread::spread_with;

/// Sizes of the screen.
const SCREENS: [(u16, u16); 3] = [(120, 40), (80, 24), (200, 60)];
/// Edits that are made at once where most of them change nothing.
const GROUP: usize = 24;

/// Draws whole screens with every leaf changed until each was seen at each size, and looks for digits of no widget.
pub(crate) fn probe(base: &Base<'_>, evidence: &mut Evidence) {
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
        let Ok(looked) = base.rig.look(&run.snapshot, &views) else { continue };
        let edits: Vec<&Edit> = accepted(base, run)
            .iter()
            .filter(|edit| evidence.draw.get(&edit.wild).is_some_and(|shown| !shown.is_empty()))
            .collect();
        let mut asked = BTreeSet::new();
        for (at, view) in views.iter().enumerate() {
            let size = size_of(view);
            let seen = &evidence.screens[&size];
            let open: Vec<&Edit> =
                edits.iter().copied().filter(|edit| !seen.contains(&edit.wild)).collect();
            asked.extend(open.iter().map(|edit| edit.wild.as_str()));
            let moved = moved_leaves(&*looked, run, &open, at);
            evidence.screens.entry(size).or_default().extend(moved);
        }
        evidence.probes += asked.len() as u32;
    }
    let everywhere: Vec<View> =
        scenes.iter().skip(1).map(|scene| screen(*scene, SCREENS[0])).chain(views).collect();
    dark_screens(base, &everywhere, evidence);
}

/// Returns the leaves of which an edit moves a view. Most of them are on no screen of this size, so that many are moved at
/// once first: where that changes nothing, none of them does.
fn moved_leaves(looked: &dyn Looked, run: &Run, edits: &[&Edit], view: usize) -> BTreeSet<String> {
    let moves = |snapshot: &mut Tree, edits: &[&Edit]| {
        // What the snapshot refuses is no value for it.
        draw_edited(looked, snapshot, edits, &[view]).map(|drawn| drawn.iter().any(Option::is_some))
    };
    let groups = groups(edits, GROUP);
    let seen = spread_with(
        &groups,
        || run.snapshot.clone(),
        |snapshot, group| {
            let together: Vec<&Edit> = group.iter().map(|edit| edits[*edit]).collect();
            moves(snapshot, &together)
        },
    );
    let still = groups.iter().zip(seen).filter(|(_, moved)| *moved == Ok(false));
    let still: BTreeSet<usize> = still.flat_map(|(group, _)| group.iter().copied()).collect();
    let mut by_leaf: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for (at, edit) in edits.iter().enumerate() {
        if !still.contains(&at) {
            by_leaf.entry(&edit.wild).or_default().push(edit);
        }
    }
    let by_leaf: Vec<_> = by_leaf.into_iter().collect();
    let seen = spread_with(
        &by_leaf,
        || run.snapshot.clone(),
        |snapshot, (_, edits)| edits.iter().any(|edit| moves(snapshot, &[edit]) == Ok(true)),
    );
    let shown = by_leaf.iter().zip(seen).filter(|(_, is_shown)| *is_shown);
    shown.map(|((leaf, _), _)| (*leaf).to_owned()).collect()
}

/// Digits on whole screens that stand in no widget, and that no change of many leaves at once moves.
fn dark_screens(base: &Base<'_>, views: &[View], evidence: &mut Evidence) {
    let run = &base.runs[0];
    let Ok(looked) = base.rig.look(&run.snapshot, views) else { return };
    let before = looked.before();
    let mut alone = BTreeSet::new();
    for seen in self::views(base, run).into_iter().flat_map(|(_, seen)| seen) {
        alone.extend(tokens(&seen.before).into_iter().map(|token| token.text));
    }
    let open: Vec<usize> = (0..views.len())
        .filter(|view| tokens(&before[*view]).iter().any(|token| !alone.contains(&token.text)))
        .collect();
    let numbers: Vec<Numbers> = before.iter().map(Numbers::of).collect();
    let edits = accepted(base, run);
    let values: Vec<&Edit> = edits.iter().filter(|edit| edit.part == Part::Value).collect();
    let groups = groups(&values, GROUP);
    spread_with(
        &groups,
        || run.snapshot.clone(),
        |snapshot, group| {
            let changed: Vec<&Edit> = group.iter().map(|edit| values[*edit]).collect();
            let is_open = |view: &usize| numbers[*view].open().next().is_some();
            let open: Vec<usize> = open.iter().copied().filter(is_open).collect();
            let drawn = draw_edited(&*looked, snapshot, &changed, &open).unwrap_or_default();
            for (view, after) in open.into_iter().zip(drawn) {
                if let Some(after) = after {
                    let spots = moved(&before[view], &after);
                    numbers[view].compare(&before[view], &after, &spots);
                }
            }
        },
    );
    for view in &open {
        let (before, numbers) = (&before[*view], &numbers[*view]);
        evidence.numerals += numbers.len() as u32;
        for token in numbers.open() {
            // What lies on top of a widget cuts its numbers.
            let is_part =
                |whole: &String| whole.starts_with(&token.text) || whole.ends_with(&token.text);
            let is_known = if is_at_border(&before[token.row].text, token.columns) {
                alone.iter().any(is_part)
            } else {
                alone.contains(&token.text)
            };
            if is_known {
                continue;
            }
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

/// Returns whether something between these columns touches a line of a frame.
fn is_at_border(line: &str, columns: (usize, usize)) -> bool {
    let is_line = |at: usize| line.chars().nth(at).is_some_and(|c| ('─'..='╿').contains(&c));
    columns.0.checked_sub(1).is_some_and(is_line) || is_line(columns.1)
}
