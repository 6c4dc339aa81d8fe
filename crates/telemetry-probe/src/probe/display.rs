//! What the records ask to be drawn: examples, missing values, and values around each limit.

use std::collections::{BTreeMap, BTreeSet};

use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::{ExampleSeen, MissingSeen, PointSeen, RecordSeen};
use telemetry_evidence::plan::{Edit, Example, Place, Point, RecordPlan};

use crate::nudge::{nudges, readings};
use crate::rig::{Drawn, Subject, Tree, View};
use crate::tree::{Path, child, get, is_reading, same, set};

use super::base::{Base, Run};
use super::cells::{Spot, moved, read};
use super::edit::{edited, places, wild};
use super::spread::spread;

/// Draws what every record asks for.
pub(crate) fn probe(base: &Base<'_>, evidence: &mut Evidence) {
    let seen = spread(&base.plan.records, |record| one(base, record));
    for (record, (seen, probes)) in base.plan.records.iter().zip(seen) {
        evidence.probes += probes;
        evidence.records.insert(record.id.clone(), seen);
    }
}

fn one(base: &Base<'_>, record: &RecordPlan) -> (RecordSeen, u32) {
    let seen = RecordSeen {
        not_probed: unknown_path(base, record),
        missing: missing(base, record),
        examples: record.examples.iter().map(|example| draw_example(base, example)).collect(),
        points: record.points.iter().map(|point| draw_point(base, record, point)).collect(),
        misread: Vec::new(),
        samples: 0,
    };
    let probes = seen.missing.len() + seen.examples.len() + seen.points.len();
    (seen, probes as u32)
}

fn unknown_path(base: &Base<'_>, record: &RecordPlan) -> Option<String> {
    let is_known = |path: &String| {
        base.samples.keys().any(|known| {
            known
                .strip_prefix(path.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    };
    if record.paths.is_empty() {
        return Some("the record names no path".to_owned());
    }
    let unknown = record.paths.iter().find(|path| !is_known(&wild(path)))?;
    Some(format!("no scripted run has a value at {unknown}"))
}

/// Returns the usual view of a place.
fn view(base: &Base<'_>, place: &Place) -> Result<View, String> {
    let Some(widget) = base.widgets.iter().find(|widget| widget.name == place.widget) else {
        return Err(format!("there is no widget {}", place.widget));
    };
    let scenes = base.rig.scenes();
    let scene = match &place.scene {
        None => scenes.first(),
        Some(name) => scenes.iter().find(|scene| *scene == name),
    };
    let Some(scene) = scene else {
        return Err(format!("there is no scene {}", place.scene.as_deref().unwrap_or_default()));
    };
    let sizes = base.rig.sizes(&widget.name);
    let Some(size) = sizes.first() else { return Err(format!("{} has no size", widget.name)) };
    Ok(View { what: Subject::Widget(widget.name.clone()), scene, size: *size })
}

fn name_of(place: &Place) -> String {
    match &place.scene {
        None => place.widget.clone(),
        Some(scene) => format!("{} @ {scene}", place.widget),
    }
}

fn draw(base: &Base<'_>, snapshot: &Tree, view: &View) -> Result<Drawn, String> {
    let drawn = base.rig.draw(snapshot, std::slice::from_ref(view))?;
    drawn.into_iter().next().ok_or_else(|| "nothing was drawn".to_owned())
}

fn draw_example(base: &Base<'_>, example: &Example) -> ExampleSeen {
    let drawn = view(base, &example.place).and_then(|view| {
        let snapshot = edited(base, &base.runs[0], &example.given)?;
        draw(base, &snapshot, &view)
    });
    let mut seen =
        ExampleSeen { row: example.row, failed: None, lines: Vec::new(), classes: Vec::new() };
    match drawn {
        Err(why) => seen.failed = Some(why),
        Ok(drawn) => {
            for row in drawn {
                seen.lines.push(row.text);
                seen.classes.push(row.classes);
            }
        }
    }
    seen
}

/// Returns the first run in which the value of the record is there, by preference the baseline.
fn known_run<'b>(base: &'b Base<'_>, record: &RecordPlan) -> &'b Run {
    let is_known = |run: &&Run| {
        record.paths.iter().flat_map(|path| places(&run.snapshot, path)).any(|path| {
            let value = get(&run.snapshot, &path);
            value.is_some_and(|value| !matches!(value, Tree::Null)) && !is_missing(record, value)
        })
    };
    base.runs.iter().find(is_known).unwrap_or(&base.runs[0])
}

/// Returns whether a value is the one that the Missing rule of its record calls no data.
pub(super) fn is_missing(record: &RecordPlan, value: Option<&Tree>) -> bool {
    let Some(value) = value else { return true };
    if matches!(value, Tree::Null) {
        return true;
    }
    let own = record.missing.iter().filter(|edit| record.paths.contains(&wild(&edit.name)));
    let value = crate::tree::value_of(value);
    own.into_iter().any(|edit| same(&crate::tree::from_json(&edit.value, Some(value)), value))
}

fn missing(base: &Base<'_>, record: &RecordPlan) -> Vec<MissingSeen> {
    if record.missing.is_empty() {
        return Vec::new();
    }
    let run = known_run(base, record);
    let Ok(gone) = edited(base, run, &record.missing) else { return Vec::new() };
    let mut all = Vec::new();
    for place in &record.consumers {
        let Ok(view) = view(base, place) else { continue };
        let both = (draw(base, &run.snapshot, &view), draw(base, &gone, &view));
        let (Ok(known), Ok(drawn)) = both else { continue };
        let mut spots = moved(&known, &drawn);
        // A digit that the known value happens to have in the same place belongs to the value all the same.
        for other in others(base, record, &run.snapshot) {
            if let Ok(other) = draw(base, &other, &view)
                && other != known
            {
                spots.extend(moved(&other, &drawn));
            }
        }
        let (touched, classes) = read(&drawn, &spots);
        let same_as_known = drawn == known;
        let lines = drawn.into_iter().map(|row| row.text).collect();
        all.push(MissingSeen { widget: name_of(place), lines, touched, classes, same_as_known });
    }
    all
}

/// Returns a snapshot with other values at the paths of a record, one at a time.
fn others(base: &Base<'_>, record: &RecordPlan, snapshot: &Tree) -> Vec<Tree> {
    let mut all = Vec::new();
    for path in record.paths.iter().flat_map(|path| places(snapshot, path)) {
        let Some(leaf) = get(snapshot, &path) else { continue };
        for other in nudges(leaf, base.bounds_of_leaf(&path.wild()), &base.words) {
            let mut changed = snapshot.clone();
            set(&mut changed, &path, other);
            all.push(changed);
        }
    }
    all
}

fn draw_point(base: &Base<'_>, record: &RecordPlan, point: &Point) -> PointSeen {
    let mut seen = PointSeen {
        label: point.label.clone(),
        failed: None,
        verdict: None,
        classes: BTreeMap::new(),
    };
    // The baseline has no alarm of its own that could be taken for one of this value.
    let in_baseline = edited(base, &base.runs[0], &point.given).ok();
    let has_place = in_baseline.is_some_and(|s| first_place(record, &s, &point.given).is_some());
    let run = if has_place { &base.runs[0] } else { known_run(base, record) };
    let snapshot = match edited(base, run, &point.given) {
        Ok(snapshot) => snapshot,
        Err(why) => {
            seen.failed = Some(why);
            return seen;
        }
    };
    let spot = first_place(record, &snapshot, &point.given);
    if let Some(leaf) = spot.as_ref().and_then(|path| get(&snapshot, path))
        && is_reading(leaf)
    {
        seen.verdict =
            child(leaf, "verdict").and_then(Tree::as_text).map(|word| word.replace('_', " "));
    }
    for consumer in &record.consumers {
        match classes_of(base, run, &snapshot, spot.as_ref(), consumer) {
            Ok(classes) => {
                seen.classes.insert(name_of(consumer), classes);
            }
            Err(why) => seen.failed = Some(why),
        }
    }
    seen
}

/// Returns the place of the record's value: the one that the changes name, else its first.
fn first_place(record: &RecordPlan, snapshot: &Tree, given: &[Edit]) -> Option<Path> {
    let given = given.iter().filter(|edit| record.paths.contains(&wild(&edit.name)));
    let all = given.map(|edit| edit.name.as_str()).chain(record.paths.iter().map(String::as_str));
    all.into_iter().flat_map(|name| places(snapshot, name)).next()
}

/// Returns the classes of the cells that the value at a place moves.
fn classes_of(
    base: &Base<'_>,
    run: &Run,
    snapshot: &Tree,
    place: Option<&Path>,
    consumer: &Place,
) -> Result<BTreeSet<String>, String> {
    let view = view(base, consumer)?;
    let drawn = draw(base, snapshot, &view)?;
    let mut spots: BTreeSet<Spot> = BTreeSet::new();
    if let Some(path) = place
        && let Some(leaf) = get(snapshot, path)
    {
        let bounds = base.bounds_of_leaf(&path.wild());
        let values = nudges(leaf, bounds, &base.words).into_iter().take(1);
        // The same value with another verdict: the cells that carry the verdict, wherever they are.
        for other in values.chain(readings(leaf, &base.words)) {
            let mut changed = snapshot.clone();
            set(&mut changed, path, other);
            if let Ok(other) = draw(base, &changed, &view) {
                spots.extend(moved(&other, &drawn));
            }
        }
    }
    if spots.is_empty() {
        spots = moved(&draw(base, &run.snapshot, &view)?, &drawn);
    }
    Ok(read(&drawn, &spots).1)
}
