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
    let records = base.plan.records.iter().filter(|record| base.focus.has_record(&record.id));
    let records: Vec<&RecordPlan> = records.collect();
    let seen = spread(&records, |record| one(base, record));
    for (record, (seen, probes)) in records.iter().zip(seen) {
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
                seen.lines.push(row.text.clone());
                seen.classes.push(row.classes.clone());
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
    let places = record.consumers.iter().filter_map(|place| Some((place, view(base, place).ok()?)));
    let (places, views): (Vec<&Place>, Vec<View>) = places.unzip();
    let Ok(looked) = base.rig.look(&run.snapshot, &views) else { return Vec::new() };
    let Ok(drawn) = base.rig.draw(&gone, &views) else { return Vec::new() };
    let known = looked.before();
    let spots = known.iter().zip(&drawn).map(|(known, drawn)| moved(known, drawn));
    let mut spots: Vec<BTreeSet<Spot>> = spots.map(|spots| spots.into_iter().collect()).collect();
    // A digit that the known value happens to have in the same place belongs to the value all the same.
    each_other(base, record, &run.snapshot, |snapshot, fields| {
        let all: Vec<usize> = (0..views.len()).collect();
        let others = looked.changed(snapshot, fields, &all).unwrap_or_default();
        for ((other, drawn), spots) in others.into_iter().zip(&drawn).zip(&mut spots) {
            if let Some(other) = other {
                spots.extend(moved(&other, drawn));
            }
        }
    });
    let mut all = Vec::new();
    for (((place, known), drawn), spots) in places.into_iter().zip(known).zip(drawn).zip(spots) {
        let (touched, classes) = read(&drawn, &spots);
        let same_as_known = drawn == *known;
        let lines = drawn.iter().map(|row| row.text.clone()).collect();
        all.push(MissingSeen { widget: name_of(place), lines, touched, classes, same_as_known });
    }
    all
}

/// Hands on a snapshot with other values at the paths of a record, one at a time, and the field in which each stands.
fn each_other(
    base: &Base<'_>,
    record: &RecordPlan,
    snapshot: &Tree,
    mut then: impl FnMut(&Tree, &BTreeSet<&str>),
) {
    let mut changed = snapshot.clone();
    for path in record.paths.iter().flat_map(|path| places(snapshot, path)) {
        let Some(leaf) = get(snapshot, &path) else { continue };
        for other in nudges(leaf, base.bounds_of_leaf(&path.wild()), &base.words) {
            set(&mut changed, &path, other);
            then(&changed, &path.top().into_iter().collect());
        }
        set(&mut changed, &path, leaf.clone());
    }
}

fn draw_point(base: &Base<'_>, record: &RecordPlan, point: &Point) -> PointSeen {
    let mut seen = PointSeen {
        label: point.label.clone(),
        failed: None,
        verdict: None,
        classes: BTreeMap::new(),
    };
    // The baseline has no alarm of its own that could be taken for one of this value.
    let has_place = |s: &Tree| first_place(record, s, &point.given).is_some();
    let in_baseline = edited(base, &base.runs[0], &point.given).ok().filter(has_place);
    let (run, snapshot) = in_baseline.map_or_else(
        || {
            let run = known_run(base, record);
            (run, edited(base, run, &point.given))
        },
        |snapshot| (&base.runs[0], Ok(snapshot)),
    );
    let snapshot = match snapshot {
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
    let mut places: Vec<&Place> = Vec::new();
    let mut views = Vec::new();
    for consumer in &record.consumers {
        match view(base, consumer) {
            Ok(view) => {
                places.push(consumer);
                views.push(view);
            }
            Err(why) => seen.failed = Some(why),
        }
    }
    match classes_of(base, run, &snapshot, spot.as_ref(), &views) {
        Ok(classes) => {
            seen.classes = places.into_iter().map(name_of).zip(classes).collect();
        }
        Err(why) => seen.failed = Some(why),
    }
    seen
}

/// Returns the place of the record's value: the one that the changes name, else its first.
fn first_place(record: &RecordPlan, snapshot: &Tree, given: &[Edit]) -> Option<Path> {
    let given = given.iter().filter(|edit| record.paths.contains(&wild(&edit.name)));
    let all = given.map(|edit| edit.name.as_str()).chain(record.paths.iter().map(String::as_str));
    all.into_iter().flat_map(|name| places(snapshot, name)).next()
}

/// Returns for each view the classes of the cells that the value at a place moves.
fn classes_of(
    base: &Base<'_>,
    run: &Run,
    snapshot: &Tree,
    place: Option<&Path>,
    views: &[View],
) -> Result<Vec<BTreeSet<String>>, String> {
    if views.is_empty() {
        return Ok(Vec::new());
    }
    let looked = base.rig.look(snapshot, views)?;
    let drawn = looked.before();
    let mut spots: Vec<BTreeSet<Spot>> = vec![BTreeSet::new(); views.len()];
    if let Some(path) = place
        && let Some(leaf) = get(snapshot, path)
    {
        let bounds = base.bounds_of_leaf(&path.wild());
        let values = nudges(leaf, bounds, &base.words).into_iter().take(1);
        let all: Vec<usize> = (0..views.len()).collect();
        let mut changed = snapshot.clone();
        // The same value with another verdict: the cells that carry the verdict, wherever they are.
        for other in values.chain(readings(leaf, &base.words)) {
            set(&mut changed, path, other);
            let others = looked.changed(&changed, &path.top().into_iter().collect(), &all);
            for (at, other) in others.unwrap_or_default().into_iter().enumerate() {
                spots[at].extend(other.iter().flat_map(|other| moved(other, &drawn[at])));
            }
        }
    }
    let mut classes = Vec::new();
    for ((view, drawn), mut spots) in views.iter().zip(drawn).zip(spots) {
        if spots.is_empty() {
            spots = moved(&draw(base, &run.snapshot, view)?, drawn).into_iter().collect();
        }
        classes.push(read(drawn, &spots).1);
    }
    Ok(classes)
}
