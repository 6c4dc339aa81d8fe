//! S07: payloads and the snapshot are written out in full, so that a new field stops the compiler.

use std::collections::BTreeSet;

use crate::verify::code;
use crate::verify::finding::{Finding, Location, Outcome};
use crate::verify::index::{RestPlace, TELLING};
use crate::verify::world::World;

/// S07: no `..` in a pattern or literal of a payload or of a part of the snapshot, and no payload derives `Default`.
///
/// Modules that only a feature or a test compiles make events up and tell nobody about a training; they are left out.
pub(crate) fn s07_rest(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let payloads = world.index.payload_structs();
    let snapshot = world.index.snapshot_structs();
    for (file, name) in &payloads {
        outcome.saw(None);
        let facts = world.index.facts(file);
        let item =
            facts.and_then(|f| f.items.iter().find(|i| i.name == *name && i.owner.is_none()));
        if let Some(item) = item.filter(|item| item.derives.iter().any(|d| d == "Default")) {
            let at = Location::line(file.clone(), item.lines.0);
            let message = format!(
                "payload {name} derives Default: a number that nobody measured looks like one"
            );
            outcome.findings.push(Finding::new(code::S07, at, name, message));
        }
    }
    let known: BTreeSet<(String, String)> = payloads.union(&snapshot).cloned().collect();
    outcome.subjects.entry(None).and_modify(|n| *n += snapshot.len() as u32).or_insert(0);
    for krate in TELLING {
        for file in world.index.sources_of(krate).filter(|file| !world.index.is_gated(file)) {
            outcome.findings.extend(in_file(world, file, &known));
        }
    }
    count_records(world, &payloads, &mut outcome);
    outcome
}

fn in_file(world: &World, file: &str, known: &BTreeSet<(String, String)>) -> Vec<Finding> {
    let rests = world.index.facts(file).map(|facts| facts.rests.as_slice()).unwrap_or_default();
    let bad = rests.iter().filter_map(|rest| {
        let (home, item) = world.index.resolve_in(file, &rest.module, &rest.path)?;
        if !known.contains(&(home.to_owned(), item.name.clone())) {
            return None;
        }
        let place = match rest.place {
            RestPlace::Pattern => "a pattern",
            RestPlace::Literal => "a literal",
            RestPlace::Macro => "a macro",
        };
        let message = format!(
            "`..` in {place} of {}: a new field would be passed over in silence",
            item.name
        );
        Some(Finding::new(code::S07, Location::line(file, rest.line), &item.name, message))
    });
    bad.collect()
}

/// The emitter of a record rests on its payload, so each record with a payload has a subject here.
fn count_records(world: &World, payloads: &BTreeSet<(String, String)>, outcome: &mut Outcome) {
    for record in &world.records {
        for span in record.transport.iter().flat_map(|stage| &stage.mechanism.spans) {
            let Ok(found) = world.index.resolve(span) else { continue };
            let Some(item) = found.item() else { continue };
            if payloads.contains(&(found.file.to_owned(), item.name.clone())) {
                outcome.saw(Some(record.id));
            }
        }
    }
}
