//! Whole screens: which leaves can be seen at which size, and digits that stand in no widget.

use std::collections::{BTreeMap, BTreeSet};

use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::Dark;

use crate::rig::{Size, Subject, View};

use super::base::Base;
use super::cells::{Numbers, moved, tokens};
use super::draw::{size_of, views};
use super::edits::{Edit, Part, accepted, draw_edited, groups};
use super::spread::spread_with;

/// Sizes of the screen.
const SCREENS: [(u16, u16); 3] = [(120, 40), (80, 24), (200, 60)];
/// Edits that are made at once where only digits that nothing moves are looked for.
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
        let open =
            |edit: &Edit, view: &View| !evidence.screens[&size_of(view)].contains(&edit.wild);
        let mut by_leaf: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
        for edit in edits.into_iter().filter(|edit| views.iter().any(|view| open(edit, view))) {
            by_leaf.entry(&edit.wild).or_default().push(edit);
        }
        let by_leaf: Vec<_> = by_leaf.into_values().collect();
        let found = spread_with(
            &by_leaf,
            || run.snapshot.clone(),
            |snapshot, edits| {
                let mut seen = BTreeSet::new();
                for edit in edits {
                    let left: Vec<usize> = (0..views.len())
                        .filter(|view| !seen.contains(view) && open(edit, &views[*view]))
                        .collect();
                    if left.is_empty() {
                        break;
                    }
                    let Ok(after) = draw_edited(&*looked, snapshot, &[edit], &left) else {
                        continue;
                    };
                    let moved = left.into_iter().zip(after).filter(|(_, after)| after.is_some());
                    seen.extend(moved.map(|(view, _)| view));
                }
                seen
            },
        );
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
            let drawn = draw_edited(&*looked, snapshot, &changed, &open).unwrap_or_default();
            for (view, after) in open.iter().zip(drawn) {
                if let Some(after) = after {
                    let spots = moved(&before[*view], &after);
                    numbers[*view].compare(&before[*view], &after, &spots);
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
