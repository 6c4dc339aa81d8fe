//! What no record speaks of: C01 to C05.

use telemetry_evidence::plan::Move;

use crate::verify::checks::causes::causes_of;
use crate::verify::checks::causes::moved_by;
use crate::verify::checks::probe::is_unsteady;
use crate::verify::checks::way::{at, consumers, place_of, probe_cell};
use crate::verify::code;
use crate::verify::finding::{Finding, Location, Outcome};
use crate::verify::record::Record;
use crate::verify::world::World;

/// Returns the record whose Probe row names the payload leaf.
pub(crate) fn prober<'a>(world: &'a World, leaf: &str) -> Option<&'a Record> {
    let names = |term: &Move| causes_of(term).iter().any(|cause| cause == leaf);
    world.records.iter().find(|record| record.meaning.moves.iter().any(names))
}

/// Returns whether not-shown.toml lists the payload leaf.
pub(crate) fn is_not_shown(world: &World, leaf: &str) -> bool {
    world.tables.not_shown.iter().any(|entry| entry.path == leaf)
}

/// C01: leaves of the snapshot without a record.
pub(super) fn snapshot(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for leaf in &evidence.snapshot {
        let owner = world.owner(&leaf.path);
        outcome.saw(owner.map(|record| record.id));
        if owner.is_none() {
            let subject = format!("snapshot.{}", leaf.path);
            let message = format!("no record speaks of {subject}");
            outcome.findings.push(
                Finding::new(code::C01, Location::default(), subject, message)
                    .instead("a record in docs/telemetry with this path", "none"),
            );
        }
    }
    outcome
}

/// C02: leaves of payloads that no record probes and not-shown.toml does not list.
pub(super) fn payloads(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for leaf in &evidence.payloads {
        let prober = prober(world, &leaf.path);
        outcome.saw(prober.map(|record| record.id));
        if prober.is_none() && !is_not_shown(world, &leaf.path) {
            let message =
                format!("no record probes {}, and not-shown.toml does not list it", leaf.path);
            outcome.findings.push(
                Finding::new(code::C02, Location::default(), leaf.path.clone(), message)
                    .instead("a Probe row with it, or a line with a reason", "neither"),
            );
        }
    }
    outcome
}

/// C03: leaves of payloads that a record probes and that move nothing at all.
pub(super) fn idle_payloads(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for leaf in evidence.payloads.iter().filter(|leaf| leaf.reached) {
        let Some(record) = prober(world, &leaf.path) else { continue };
        outcome.saw(Some(record.id));
        if !is_not_shown(world, &leaf.path) && moved_by(evidence, &leaf.path).is_empty() {
            let message = format!("{} moves nothing at all", leaf.path);
            outcome.findings.push(
                Finding::new(code::C03, probe_cell(record), leaf.path.clone(), message)
                    .of(record.id)
                    .instead("a leaf of the snapshot moves", "none does"),
            );
        }
    }
    outcome
}

/// C04: leaves of the snapshot that nothing moves.
pub(super) fn idle_snapshot(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    let causes = evidence.fold.keys().chain(evidence.stimuli.keys());
    let moved: std::collections::BTreeSet<String> =
        causes.flat_map(|cause| moved_by(evidence, cause)).collect();
    for leaf in evidence.snapshot.iter().filter(|leaf| leaf.reached) {
        let owner = world.owner(&leaf.path);
        outcome.saw(owner.map(|record| record.id));
        if moved.contains(&leaf.path) || is_unsteady(evidence, &leaf.path) {
            continue;
        }
        let place =
            owner.map_or_else(Location::default, |record| at(record.schema("Field"), record));
        let subject = format!("snapshot.{}", leaf.path);
        let message = format!("nothing moves {subject}");
        let mut finding = Finding::new(code::C04, place, subject, message)
            .instead("an event, a sample, the clock or the link moves it", "none does");
        finding.record = owner.map(|record| record.id);
        outcome.findings.push(finding);
    }
    outcome
}

/// C05: widgets that no record names.
pub(super) fn widgets(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for widget in &evidence.widgets {
        outcome.saw(None);
        let names = |record: &Record| {
            let mut places = consumers(record).map(|row| place_of(&row.widget));
            places.any(|place| place.split(" @ ").next() == Some(widget.name.as_str()))
        };
        if !world.records.iter().any(names) {
            let message = format!("no record names the widget {}", widget.name);
            outcome.findings.push(
                Finding::new(code::C05, Location::default(), widget.name.clone(), message)
                    .instead("a row in Consumers of what it shows", "none"),
            );
        }
    }
    outcome
}
