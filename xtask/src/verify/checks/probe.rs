//! Wiring: P00 to P10 but P05, and S04. Set arithmetic between the records and what the probe saw.

use std::collections::BTreeSet;

use serde_json::Value;
use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::Difference;
use telemetry_evidence::plan::Move;

use crate::verify::checks::causes::{causes_of, moved_by, upstream};
use crate::verify::checks::values;
use crate::verify::checks::way::{self, Station, place_of, probe_cell, trail};
use crate::verify::code::{self, Code};
use crate::verify::finding::{Finding, Location, Outcome};
use crate::verify::record::{Cell, Record};
use crate::verify::world::{World, covers};

/// Returns whether two identical runs differ in this leaf (P10), so that it proves nothing else.
pub(super) fn is_unsteady(evidence: &Evidence, leaf: &str) -> bool {
    evidence.unsteady.iter().any(|name| name == leaf)
}

/// Returns whether the payload leaf, or any leaf of the kind, was present in a scenario.
fn was_reached(evidence: &Evidence, name: &str) -> bool {
    let is_it = |path: &str| {
        path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    evidence.payloads.iter().any(|seen| seen.reached && is_it(&seen.path))
}

/// Returns whether the snapshot has the leaf at all; if not, S01 has said so.
fn is_known(evidence: &Evidence, path: &str) -> bool {
    evidence.snapshot.iter().any(|leaf| covers(path, &leaf.path))
}

/// P00: records and leaves about which the probe cannot say anything.
pub(super) fn not_probed(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for record in &world.records {
        outcome.saw(Some(record.id));
        let why = match evidence.records.get(&record.id.to_string()) {
            None => Some("the probe says nothing about this record".to_owned()),
            Some(seen) => seen.not_probed.clone(),
        };
        if let Some(why) = why {
            let subject = record.id.to_string();
            outcome.findings.push(
                Finding::new(code::P00, probe_cell(record), subject, format!("not probed: {why}"))
                    .of(record.id),
            );
        }
    }
    let trees = [("", &evidence.payloads), ("snapshot.", &evidence.snapshot)];
    for (prefix, leaf) in
        trees.iter().flat_map(|(prefix, tree)| tree.iter().map(move |leaf| (prefix, leaf)))
    {
        outcome.saw(None);
        let is_idle = world.tables.not_shown.iter().any(|entry| entry.path == leaf.path);
        if !leaf.reached && !is_idle {
            let subject = format!("{prefix}{}", leaf.path);
            let message = format!("no scripted run reaches {subject}, so that nobody can move it");
            outcome.findings.push(Finding::new(code::P00, Location::default(), subject, message));
        }
    }
    outcome
}

/// P01: inputs that move no payload leaf of the record.
pub(super) fn emission(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for record in &world.records {
        let Some(cell) = record.emitter("Inputs").filter(|cell| cell.value() != "external") else {
            continue;
        };
        let leaves: Vec<&str> = record
            .meaning
            .moves
            .iter()
            .filter_map(event_leaf)
            .filter(|leaf| was_reached(evidence, leaf))
            .collect();
        if leaves.is_empty() {
            continue;
        }
        for input in inputs(cell) {
            outcome.saw(Some(record.id));
            let known =
                evidence.inputs.iter().map(|leaf| &leaf.path).filter(|path| is_input(path, &input));
            let known: Vec<&String> = known.collect();
            let moves = |path: &&&String| {
                let moved = evidence.emission.get(**path);
                moved.is_some_and(|moved| leaves.iter().any(|leaf| moved.contains(*leaf)))
            };
            if known.iter().any(|path| moves(&path)) {
                continue;
            }
            let leaf = leaves.join(", ");
            let message = if known.is_empty() {
                format!("there is no input {input}")
            } else {
                format!("a change of the input {input} changes no {leaf}")
            };
            let mut finding =
                Finding::new(code::P01, cell.at.clone(), format!("{input} -> {leaf}"), message)
                    .of(record.id)
                    .instead(format!("{leaf} follows {input}"), format!("{leaf} is constant"));
            finding.trail = trail(record, &Station::Payload);
            finding.source = way::emitter_source(record);
            outcome.findings.push(finding);
        }
    }
    outcome
}

fn event_leaf(term: &Move) -> Option<&str> {
    match term {
        Move::Event { leaf, .. } => Some(leaf),
        Move::AnyEvent { .. }
        | Move::Clock { .. }
        | Move::Sampler { .. }
        | Move::Derived { .. }
        | Move::Link { .. }
        | Move::RejectedRow
        | Move::UnknownEvent
        | Move::SequenceGap => None,
    }
}

/// Returns the names in `episodes + start_episode`.
fn inputs(cell: &Cell) -> Vec<String> {
    let is_name = |c: char| c.is_alphanumeric() || "_.[]*".contains(c);
    let names = cell.value().split(|c| !is_name(c)).filter(|name| {
        name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
    });
    names.map(crate::verify::record::bare_path).collect()
}

/// Returns whether a record may call the input at `path` so: by its path, or by the end of it.
fn is_input(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// P02: what the hub did with the events of all runs of the probe.
pub(super) fn hub(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    let hub = &evidence.hub;
    if hub.sent == 0 {
        return outcome;
    }
    outcome.saw(None);
    let source = "crates/simic-emitter/src/hub.rs  simic_emitter::Hub";
    let mut report = |subject: &str, message: &str, expected: String, actual: String| {
        let mut finding = Finding::new(code::P02, Location::default(), subject, message)
            .instead(expected, actual);
        finding.source = Some(source.to_owned());
        outcome.findings.push(finding);
    };
    if hub.emitted != hub.sent || hub.delivered + hub.dropped != hub.emitted {
        let actual = format!(
            "{} sent: {} emitted, {} delivered, {} dropped",
            hub.sent, hub.emitted, hub.delivered, hub.dropped
        );
        report(
            "hub counters",
            "the counters of the hub do not add up",
            "sent = emitted = delivered + dropped".to_owned(),
            actual,
        );
    }
    if hub.received != hub.delivered || !hub.faults.is_empty() {
        let mut actual = vec![format!("{} came out", hub.received)];
        actual.extend(hub.faults.iter().cloned());
        let expected = format!("{} delivered, each once and in order", hub.delivered);
        report(
            "hub",
            "events were lost, repeated, changed or reordered in the hub",
            expected,
            actual.join("; "),
        );
    }
    outcome
}

/// P03: terms of the Probe row that do not move the record's leaf, and leaves that no term moves.
pub(super) fn fold(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for record in &world.records {
        let paths: Vec<String> =
            record.paths().into_iter().filter(|path| is_known(evidence, path)).collect();
        if paths.is_empty() {
            continue;
        }
        let mut reached: BTreeSet<&String> = BTreeSet::new();
        for (name, moved) in terms(world, evidence, record) {
            outcome.saw(Some(record.id));
            let hit = paths.iter().filter(|path| moved.iter().any(|leaf| covers(path, leaf)));
            let before = reached.len();
            let hits: Vec<&String> = hit.collect();
            reached.extend(&hits);
            if hits.is_empty() && before == reached.len() {
                outcome.findings.push(unmoved(record, &name, &paths.join(", ")));
            }
        }
        // Of a group every line must move; that a single leaf does not has been said above.
        let idle = paths.iter().filter(|path| 1 < paths.len() && !reached.contains(path));
        for path in idle {
            outcome.findings.push(unmoved(record, "no term of the Probe row", path));
        }
    }
    outcome
}

fn unmoved(record: &Record, cause: &str, path: &str) -> Finding {
    let message = format!("a change of {cause} changes no snapshot.{path}");
    let message = message.replace("a change of no term", "no term");
    let mut finding =
        Finding::new(code::P03, probe_cell(record), format!("{cause} -> snapshot.{path}"), message)
            .of(record.id)
            .instead(format!("snapshot.{path} moves"), "nothing of it moved");
    finding.trail = trail(record, &Station::Snapshot);
    finding.source = way::stage_source(record, "Aggregation");
    finding
}

/// Returns the terms of the Probe row that could be tried, each with what it moves; a derived row gives one per record.
fn terms(world: &World, evidence: &Evidence, record: &Record) -> Vec<(String, BTreeSet<String>)> {
    let mut terms = Vec::new();
    for term in &record.meaning.moves {
        if event_leaf(term).is_some_and(|leaf| !was_reached(evidence, leaf)) {
            // Not in the payload (S02) or in no scripted run (P00).
            continue;
        }
        if let Move::Derived { from } = term {
            for upstream in upstream(world, from) {
                let below = terms_of_upstream(world, evidence, upstream, 0);
                terms.push((upstream.id.to_string(), below));
            }
            continue;
        }
        let causes = causes_of(term);
        let moved = causes.iter().flat_map(|cause| moved_by(evidence, cause)).collect();
        terms.push((causes.first().cloned().unwrap_or_default(), moved));
    }
    terms
}

fn terms_of_upstream(
    world: &World,
    evidence: &Evidence,
    record: &Record,
    depth: u32,
) -> BTreeSet<String> {
    // Records that derive from each other in a circle move nothing; the limit keeps the search finite.
    const DEEPEST: u32 = 16;
    let mut moved = BTreeSet::new();
    for term in &record.meaning.moves {
        if let Move::Derived { from } = term {
            for upstream in upstream(world, from).filter(|_| depth < DEEPEST) {
                moved.extend(terms_of_upstream(world, evidence, upstream, depth + 1));
            }
        }
        moved.extend(causes_of(term).iter().flat_map(|cause| moved_by(evidence, cause)));
    }
    moved
}

/// P04: consumers in which nothing moves.
pub(super) fn consumers(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for record in &world.records {
        let paths: Vec<String> =
            record.paths().into_iter().filter(|path| is_known(evidence, path)).collect();
        if paths.is_empty() {
            continue;
        }
        for row in way::consumers(record) {
            outcome.saw(Some(record.id));
            let place = place_of(&row.widget);
            let leaves = evidence
                .draw
                .iter()
                .filter(|(leaf, _)| paths.iter().any(|path| covers(path, leaf)));
            let cells: u32 = leaves.filter_map(|(_, widgets)| widgets.get(&place)).sum();
            if 0 < cells {
                continue;
            }
            let path = paths.join(", ");
            let widget = place.split(" @ ").next().unwrap_or_default();
            let message = if evidence.widgets.iter().any(|seen| seen.name == widget) {
                format!("{place} does not show it: a change of snapshot.{path} changed no cell")
            } else {
                format!("there is no widget {widget}")
            };
            let mut finding =
                Finding::new(code::P04, row.widget.at.clone(), place.clone(), message)
                    .of(record.id)
                    .instead(format!("cells of {place} move"), "no cell moved");
            finding.trail = trail(record, &Station::Widget(place));
            finding.source = way::consumer_source(row);
            outcome.findings.push(finding);
        }
    }
    outcome
}

/// P06: last-value leaves and widgets in which an earlier value lived on.
pub(super) fn remembered(world: &World) -> Outcome {
    differences(
        world,
        code::P06,
        |evidence| &evidence.remembered,
        |leaf| format!("an earlier value lives on in {leaf}: A then B differs from B alone"),
    )
}

/// P07: leaves that a second run did not reset.
pub(super) fn kept(world: &World) -> Outcome {
    differences(
        world,
        code::P07,
        |evidence| &evidence.kept,
        |leaf| format!("a new run does not reset {leaf}"),
    )
}

fn differences(
    world: &World,
    code: Code,
    list: fn(&Evidence) -> &Vec<Difference>,
    message: fn(&str) -> String,
) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    see_probed(world, evidence, &mut outcome);
    for difference in list(evidence) {
        if is_unsteady(evidence, &difference.leaf) {
            continue;
        }
        let owner = world.owner(&difference.leaf);
        // What the source says of itself belongs to no run.
        let is_of_the_source = |record: &Record| {
            record.meaning.moves.iter().any(|term| matches!(term, Move::Link { .. }))
        };
        if code == code::P07 && owner.is_some_and(is_of_the_source) {
            continue;
        }
        let is_widget =
            evidence.widgets.iter().any(|widget| difference.leaf.starts_with(&widget.name));
        let subject = if is_widget {
            difference.leaf.clone()
        } else {
            format!("snapshot.{}", difference.leaf)
        };
        let mut finding = Finding::new(code, at_path(owner), subject.clone(), message(&subject))
            .instead(values::text(&difference.expected), values::text(&difference.actual));
        finding.record = owner.map(|record| record.id);
        finding.source = owner.and_then(|record| way::stage_source(record, "Aggregation"));
        outcome.findings.push(finding);
    }
    outcome
}

/// Counts the records that the probe looked at.
fn see_probed(world: &World, evidence: &Evidence, outcome: &mut Outcome) {
    for record in &world.records {
        let seen = evidence.records.get(&record.id.to_string());
        if seen.is_some_and(|seen| seen.not_probed.is_none()) {
            outcome.saw(Some(record.id));
        }
    }
}

fn at_path(record: Option<&Record>) -> Location {
    record.map_or_else(Location::default, |record| {
        let path = record.schema.iter().find(|row| row.name.starts_with("Path from"));
        way::at(path.map(|row| &row.cell), record)
    })
}

/// P08: events of one environment that moved another one.
pub(super) fn foreign(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for record in &world.records {
        if record.paths().iter().any(|path| path.starts_with("envs[*]")) {
            outcome.saw(Some(record.id));
        }
    }
    for seen in &evidence.foreign {
        let owner = world.owner(&crate::verify::record::bare_path(&seen.to));
        let message = format!(
            "{} of environment {} moves snapshot.{} of another environment",
            seen.from, seen.env, seen.to
        );
        let mut finding = Finding::new(
            code::P08,
            at_path(owner),
            format!("{} -> snapshot.{}", seen.from, seen.to),
            message,
        );
        finding.record = owner.map(|record| record.id);
        outcome.findings.push(finding);
    }
    outcome
}

/// P09: values outside their range, and values that a wall clock moved.
pub(super) fn out_of_range(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    see_probed(world, evidence, &mut outcome);
    for seen in &evidence.out_of_range {
        let Some(record) = world.records.iter().find(|record| record.id.to_string() == seen.id)
        else {
            continue;
        };
        let value = values::text(&seen.value);
        let message = format!("snapshot.{} is outside its range ({})", seen.leaf, seen.when);
        let range = record.data("Range").map(|cell| cell.value().to_owned()).unwrap_or_default();
        let at = way::at(record.data("Range"), record);
        outcome.findings.push(
            Finding::new(code::P09, at, format!("snapshot.{}", seen.leaf), message)
                .of(record.id)
                .instead(range, value),
        );
    }
    for leaf in &evidence.wall_clock {
        let owner = world.owner(leaf);
        let is_wall_time = owner.is_some_and(|record| {
            record.meaning.moves.iter().filter_map(event_leaf).any(|named| named == "envelope.ts")
        });
        let is_said = evidence.out_of_range.iter().any(|seen| seen.leaf == *leaf);
        if is_wall_time || is_said {
            continue;
        }
        let message = format!("a wall clock that is set back moves snapshot.{leaf}");
        let mut finding =
            Finding::new(code::P09, at_path(owner), format!("snapshot.{leaf}"), message);
        finding.record = owner.map(|record| record.id);
        outcome.findings.push(finding);
    }
    outcome
}

/// P10: what differs between two identical runs.
pub(super) fn unsteady(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    see_probed(world, evidence, &mut outcome);
    for name in &evidence.unsteady {
        let owner = world.owner(name);
        let message = format!("two identical runs differ in {name}");
        let mut finding = Finding::new(code::P10, at_path(owner), name, message);
        finding.record = owner.map(|record| record.id);
        outcome.findings.push(finding);
    }
    outcome
}

/// S04: the value of a snapshot before anything happened against Default.
pub(super) fn fresh(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for record in &world.records {
        let Some(default) = &record.meaning.default else { continue };
        for path in record.paths() {
            // An entry of a list that is empty at first has no value then.
            let leaf = evidence.snapshot.iter().find(|leaf| covers(&path, &leaf.path));
            let Some(leaf) = leaf else { continue };
            outcome.saw(Some(record.id));
            let fresh = &leaf.fresh;
            let is_inside_list = path.contains("[*]") && *fresh == Value::Null;
            if is_inside_list || values::is(default, fresh) {
                continue;
            }
            let message = format!("a fresh snapshot has another snapshot.{path}");
            let cell = record.data("Default");
            let declared = cell.map(|cell| cell.value().to_owned()).unwrap_or_default();
            outcome.findings.push(
                Finding::new(code::S04, way::at(cell, record), format!("snapshot.{path}"), message)
                    .of(record.id)
                    .instead(declared, values::text(fresh)),
            );
        }
    }
    outcome
}
