//! The rig itself: what it drives is complete, calm where it says so, and the same every time.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![expect(clippy::wildcard_enum_match_arm, reason = "the tree is an open enum of another crate")]

use std::collections::{BTreeMap, BTreeSet};

use telemetry_evidence::evidence::HubSeen;
use telemetry_probe::real::RealRig;
use telemetry_probe::rig::{Drawn, Folded, Rig, Scenario, Script, Size, Step, Subject, Tree, View};
use telemetry_probe::tree::to_tree;

const RIG: RealRig = RealRig;

fn script(scenario: &Scenario) -> Script {
    Script { steps: RIG.emit(&scenario.inputs).unwrap(), idle: scenario.idle, wall_step: 0.0 }
}

fn fold(scenario: &Scenario) -> Folded {
    RIG.fold(&script(scenario)).unwrap()
}

fn draw(snapshot: &Tree, what: &Subject, scene: &'static str, size: Size) -> Result<Drawn, String> {
    let view = View { what: what.clone(), scene, size };
    Ok(RIG.draw(snapshot, &[view])?.remove(0))
}

fn named(name: &str) -> Scenario {
    RIG.scenarios().into_iter().find(|scenario| scenario.name == name).unwrap()
}

/// Walks over a tree; the entries of maps are one leaf each, with `[*]` for their names.
fn leaves(path: &str, tree: &Tree, maps: &BTreeSet<&str>, out: &mut BTreeMap<String, bool>) {
    match tree {
        Tree::Map(entries) if !(entries.is_empty() && maps.contains(path)) => {
            for (key, value) in entries {
                let key = key.as_text().unwrap();
                let below = match path {
                    "" => key.to_owned(),
                    _ if maps.contains(path) => format!("{path}[*]"),
                    _ => format!("{path}.{key}"),
                };
                leaves(&below, value, maps, out);
            }
        }
        Tree::Array(items) => {
            for item in items {
                leaves(&format!("{path}[*]"), item, maps, out);
            }
        }
        Tree::Null => {
            out.entry(path.to_owned()).or_insert(false);
        }
        _ => {
            out.insert(path.to_owned(), true);
        }
    }
}

/// Paths that are absent in every scenario, although they stand in some tree.
fn never(seen: &BTreeMap<String, bool>) -> Vec<&str> {
    // What is absent here may be a struct there.
    let inside = |path: &str| {
        let (field, item) = (format!("{path}."), format!("{path}["));
        seen.iter().any(|(other, reached)| {
            *reached && (other.starts_with(&field) || other.starts_with(&item))
        })
    };
    seen.iter()
        .filter(|(path, reached)| !**reached && !inside(path))
        .map(|(path, _)| path.as_str())
        .collect()
}

#[test]
fn every_leaf_of_the_snapshot_is_reached() {
    let maps = RIG.maps().into_iter().collect();
    let mut seen = BTreeMap::new();
    leaves("", &RIG.empty(), &maps, &mut seen);
    for scenario in RIG.scenarios() {
        leaves("", &fold(&scenario).snapshot, &maps, &mut seen);
    }
    let mut elements = BTreeMap::new();
    for (path, element) in RIG.elements() {
        leaves(path, &element, &maps, &mut elements);
    }
    for path in elements.keys() {
        seen.entry(path.clone()).or_insert(false);
    }
    assert_eq!(never(&seen), [""; 0]);
    assert!(150 < seen.len(), "{}", seen.len());
}

#[test]
fn every_leaf_of_every_payload_is_reached() {
    let maps = RIG.maps().into_iter().collect();
    let mut seen = BTreeMap::new();
    let mut kinds = BTreeSet::new();
    for scenario in RIG.scenarios() {
        for step in script(&scenario).steps {
            if let Step::Event(event) = step {
                leaves(&event.kind, &event.body, &maps, &mut seen);
                leaves("envelope", &event.envelope, &maps, &mut seen);
                kinds.insert(event.kind.clone());
            }
        }
    }
    assert_eq!(never(&seen), [""; 0]);
    assert_eq!(kinds.len(), 21, "{kinds:?}");
}

#[test]
fn the_calm_run_is_calm() {
    let snapshot = fold(&named("calm")).snapshot;
    let mut seen = BTreeMap::new();
    verdicts("", &snapshot, &mut seen);
    let bad: Vec<_> = seen
        .iter()
        .filter(|(_, verdict)| !["healthy", "none"].contains(&verdict.as_str()))
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert!(60 < seen.len(), "{}", seen.len());
    let size = Size { columns: 120, rows: 1 };
    let drawn = |widget: &str| {
        let what = Subject::Widget(widget.to_owned());
        let rows = draw(&snapshot, &what, "main", size).unwrap();
        rows[0].text.clone()
    };
    assert!(drawn("AnomalyStrip").starts_with("ALL CLEAR"), "{}", drawn("AnomalyStrip"));
    assert!(drawn("StatusBanner").contains("LEARNING"), "{}", drawn("StatusBanner"));
    assert!(drawn("RunHeader").contains("LIVE ✓"), "{}", drawn("RunHeader"));
}

fn verdicts(path: &str, tree: &Tree, out: &mut BTreeMap<String, String>) {
    match tree {
        Tree::Map(entries) => {
            for (key, value) in entries {
                let key = key.as_text().unwrap();
                if key == "verdict" {
                    out.insert(path.to_owned(), value.as_text().unwrap().to_owned());
                }
                verdicts(&format!("{path}.{key}"), value, out);
            }
        }
        Tree::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                verdicts(&format!("{path}[{i}]"), item, out);
            }
        }
        _ => {}
    }
}

#[test]
fn the_same_run_gives_the_same_snapshot() {
    for scenario in RIG.scenarios() {
        let (first, second) = (fold(&scenario), fold(&scenario));
        // As text, because NaN is not equal to itself.
        assert_eq!(format!("{:?}", first.snapshot), format!("{:?}", second.snapshot));
    }
}

#[test]
fn the_hub_gives_out_what_it_was_given() {
    for scenario in RIG.scenarios() {
        let script = script(&scenario);
        let sent = script.steps.iter().filter(|step| matches!(step, Step::Event(_))).count() as u64;
        let seen = RIG.fold(&script).unwrap().hub;
        let expected = HubSeen {
            sent,
            emitted: sent,
            delivered: sent,
            dropped: 0,
            received: sent,
            faults: Vec::new(),
        };
        assert_eq!(seen, expected, "{}", scenario.name);
    }
}

#[test]
fn judging_a_folded_snapshot_changes_nothing() {
    for scenario in RIG.scenarios() {
        let folded = fold(&scenario).snapshot;
        let mut judged = folded.clone();
        RIG.judge(&mut judged);
        assert_eq!(format!("{judged:?}"), format!("{folded:?}"), "{}", scenario.name);
    }
}

#[test]
fn a_wall_clock_that_is_set_back_moves_no_more_than_the_times_of_the_log() {
    let calm = named("calm");
    let back = Script { wall_step: 3600.0, ..script(&calm) };
    let (before, after) = (fold(&calm).snapshot, RIG.fold(&back).unwrap().snapshot);
    let without_log = |tree: &Tree| {
        let entries = tree.as_map().unwrap().iter();
        let kept = entries.filter(|(key, _)| key.as_text() != Some("event_log"));
        format!("{:?}", kept.collect::<Vec<_>>())
    };
    assert_eq!(without_log(&before), without_log(&after));
    assert_ne!(format!("{before:?}"), format!("{after:?}"));
}

#[test]
fn losses_are_counted_where_they_happen() {
    let snapshot = fold(&named("lossy")).snapshot;
    let telemetry = |name: &str| {
        let of = |tree: &Tree, name: &str| {
            let found = tree.as_map().unwrap().iter().find(|(key, _)| key.as_text() == Some(name));
            found.unwrap().1.clone()
        };
        of(&of(&snapshot, "telemetry"), name)
    };
    let counted =
        ["events_rejected", "events_unknown", "events_lost", "sequence_gaps"].map(telemetry);
    assert_eq!(counted, [3, 2, 6, 1].map(|n: u64| to_tree(&n).unwrap()));
}

#[test]
fn every_widget_and_scene_is_drawn_in_known_classes() {
    for scenario in RIG.scenarios() {
        let snapshot = fold(&scenario).snapshot;
        let check = |what: &Subject, scene: &'static str, size: Size| {
            let drawn = draw(&snapshot, what, scene, size).unwrap();
            assert_eq!(drawn.len(), usize::from(size.rows));
            for row in &drawn {
                assert!(!row.classes.contains('?'), "{what:?} {scene} {row:?}");
                assert_eq!(row.text.chars().count(), row.classes.chars().count());
            }
            let is_empty = drawn.iter().all(|row| row.text.trim().is_empty());
            assert!(!is_empty, "{what:?} {scene}");
        };
        for widget in RIG.widgets() {
            for size in RIG.sizes(&widget.name) {
                check(&Subject::Widget(widget.name.clone()), "main", size);
                check(&Subject::Widget(widget.name.clone()), "scrolled", size);
            }
        }
        for scene in RIG.scenes() {
            for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
                check(&Subject::Screen, scene, Size { columns, rows });
            }
        }
    }
}

#[test]
fn a_tree_that_is_no_snapshot_is_refused() {
    let size = Size { columns: 120, rows: 1 };
    let what = Subject::Widget("RunHeader".to_owned());
    assert!(draw(&Tree::Null, &what, "main", size).is_err());
    assert!(draw(&RIG.empty(), &what, "main", size).is_ok());
    assert!(draw(&RIG.empty(), &what, "no such scene", size).is_err());
    assert!(draw(&RIG.empty(), &Subject::Widget("X".to_owned()), "main", size).is_err());
}
