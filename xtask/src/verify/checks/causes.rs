//! What may move a leaf and what does: the Probe rows against the influence matrix, and P05 between them.

use std::collections::{BTreeMap, BTreeSet};

use telemetry_evidence::Evidence;
use telemetry_evidence::plan::{Mode, Move};

use crate::verify::checks::probe::is_unsteady;
use crate::verify::checks::way::{consumers, place_of, probe_cell};
use crate::verify::code;
use crate::verify::finding::{Finding, Outcome};
use crate::verify::record::{Record, bare_path};
use crate::verify::world::{World, covers};

/// Stimulus of an event of any kind.
const ANY: &str = "any event";

/// Returns the causes that a term of the Probe row names: payload leaves as they are, everything else as the evidence
/// names its stimuli. Any one of them stands for the term.
pub(super) fn causes_of(term: &Move) -> Vec<String> {
    match term {
        Move::Event { leaf, .. } => vec![bare_path(leaf)],
        Move::AnyEvent { .. } => vec![ANY.to_owned()],
        Move::Clock { .. } => vec!["clock".to_owned()],
        Move::Sampler { leaf } => {
            // What the sampler reads travels as an event, whose leaf moves the same value.
            let field = leaf.strip_prefix("vitals.").unwrap_or(leaf);
            vec![format!("sampler {leaf}"), bare_path(&format!("SystemVitals.{field}"))]
        }
        Move::Derived { .. } => Vec::new(),
        Move::Link { what } if what == "trainer_alive" => vec!["trainer_alive".to_owned()],
        Move::Link { .. } => vec!["link".to_owned()],
        Move::RejectedRow => vec!["rejected".to_owned()],
        Move::UnknownEvent => vec!["unknown".to_owned()],
        Move::SequenceGap => vec!["gap".to_owned()],
    }
}

/// Returns what a cause moves: payload leaves in any order of the events, and stimuli.
pub(crate) fn moved_by(evidence: &Evidence, cause: &str) -> BTreeSet<String> {
    let mut moved = BTreeSet::new();
    if let Some(seen) = evidence.fold.get(cause) {
        moved.extend(
            seen.canonical.iter().chain(&seen.last_writer).chain(&seen.by_absence).cloned(),
        );
    }
    if let Some(seen) = evidence.stimuli.get(cause) {
        moved.extend(seen.iter().cloned());
    }
    moved
}

/// Returns the records that a `derived` row names and that exist.
pub(super) fn upstream<'a>(
    world: &'a World,
    from: &'a [String],
) -> impl Iterator<Item = &'a Record> {
    from.iter().filter_map(|id| world.records.iter().find(|record| record.id.to_string() == *id))
}

/// What may move a record's leaves.
#[derive(Default)]
struct Accepted {
    causes: BTreeSet<String>,
    /// Whether every event moves it.
    is_any_event: bool,
    /// Whether it counts time, so that the time of an event moves it.
    is_timed: bool,
}

impl Accepted {
    fn has(&self, cause: &str) -> bool {
        let is_kind = cause.starts_with(|first: char| first.is_ascii_uppercase());
        // An event of an unknown kind was received all the same.
        let is_event =
            is_kind || cause == ANY || cause == "unknown" || cause.starts_with("envelope.");
        let is_time = ["envelope.ts", "envelope.mono_ns"].contains(&cause);
        // One more event of a kind brings every leaf of that kind with it.
        let is_whole = is_kind && !cause.contains('.');
        let has_leaf = |declared: &String| {
            declared.strip_prefix(cause).is_some_and(|rest| rest.starts_with('.'))
        };
        self.causes.contains(cause)
            || is_whole && self.causes.iter().any(has_leaf)
            || self.is_any_event && is_event
            || self.is_timed && (is_time || cause == "clock")
    }
}

fn accepted(world: &World, record: &Record) -> Accepted {
    let mut accepted = Accepted::default();
    let mut seen = BTreeSet::new();
    let mut open = vec![record];
    while let Some(record) = open.pop() {
        if !seen.insert(&record.file) {
            continue;
        }
        for term in &record.meaning.moves {
            accepted.causes.extend(causes_of(term));
            match term {
                Move::AnyEvent { .. } => accepted.is_any_event = true,
                // Counts from the arrival of an event, whichever it is.
                Move::Clock { since } => {
                    accepted.is_timed = true;
                    accepted.is_any_event |= since.is_none();
                }
                Move::Event { mode: Mode::Over { .. }, .. } => accepted.is_timed = true,
                Move::Derived { from } => open.extend(upstream(world, from)),
                Move::Event { .. }
                | Move::Sampler { .. }
                | Move::Link { .. }
                | Move::RejectedRow
                | Move::UnknownEvent
                | Move::SequenceGap => {}
            }
        }
    }
    accepted
}

/// Finds what moved without being declared: leaves of other records, and widgets that are not listed.
pub(super) fn undeclared(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    let declared: BTreeMap<String, Accepted> =
        world.records.iter().map(|record| (record.file.clone(), accepted(world, record))).collect();
    // An event of any kind is one of some kind, and each of these is looked at.
    let of_one_kind = evidence.stimuli.keys().filter(|cause| *cause != ANY);
    let causes: BTreeSet<&String> = evidence.fold.keys().chain(of_one_kind).collect();
    for cause in causes {
        for leaf in moved_by(evidence, cause) {
            let Some(owner) = world.owner(&leaf) else { continue };
            outcome.saw(Some(owner.id));
            if declared.get(&owner.file).is_some_and(|accepted| accepted.has(cause))
                || is_unsteady(evidence, &leaf)
            {
                continue;
            }
            outcome.findings.extend(foreign(world, cause, &leaf, owner));
        }
    }
    for record in &world.records {
        unlisted(evidence, record, &mut outcome);
    }
    outcome
}

/// Returns the finding about a cause that moves the leaf of `owner`, at the record that declares the cause.
fn foreign(world: &World, cause: &str, leaf: &str, owner: &Record) -> Option<Finding> {
    let declares = |record: &&Record| {
        record.meaning.moves.iter().any(|term| causes_of(term).iter().any(|named| named == cause))
    };
    let record = world.records.iter().find(declares);
    let is_payload = world.evidence.yes().is_some_and(|seen| seen.fold.contains_key(cause));
    let is_listed = world.tables.not_shown.iter().any(|entry| entry.path == cause);
    // A payload leaf that nobody declares and nobody lists is C02 already.
    if record.is_none() && is_payload && !is_listed {
        return None;
    }
    let record = record.unwrap_or(owner);
    let at = probe_cell(record);
    let message = format!("a change of {cause} moves snapshot.{leaf} of {}", owner.id);
    Some(
        Finding::new(code::P05, at, format!("{cause} -> snapshot.{leaf}"), message)
            .of(record.id)
            .instead(
                format!("{cause} in the Probe row of {}, or nothing moves", owner.id),
                format!("snapshot.{leaf} changed"),
            ),
    )
}

/// Finds widgets that show a record's value and are not among its consumers.
fn unlisted(evidence: &Evidence, record: &Record, outcome: &mut Outcome) {
    let listed: BTreeSet<String> = consumers(record).map(|row| place_of(&row.widget)).collect();
    let shown = evidence
        .draw
        .iter()
        .filter(|(leaf, _)| record.paths().iter().any(|declared| covers(declared, leaf)));
    let mut named = BTreeSet::new();
    for (leaf, widgets) in shown {
        if is_unsteady(evidence, leaf) {
            continue;
        }
        for widget in widgets.iter().filter(|(_, cells)| 0 < **cells).map(|(widget, _)| widget) {
            outcome.saw(Some(record.id));
            if listed.contains(widget) || !named.insert(widget) {
                continue;
            }
            let at = record
                .consumers
                .first()
                .map_or_else(|| probe_cell(record), |row| row.widget.at.clone());
            let message = format!("{widget} shows it, but the record does not list {widget}");
            outcome.findings.push(
                Finding::new(code::P05, at, format!("snapshot.{leaf} -> {widget}"), message)
                    .of(record.id)
                    .instead(format!("a row {widget} in Consumers"), "no such row"),
            );
        }
    }
}
