//! Checks of a record against the types: path, payload field, declared type, `..`.

mod rest;

pub(crate) use rest::s07_rest;

use telemetry_evidence::plan::Move;

use crate::verify::checks::anchor::{about, bare, is_said};
use crate::verify::code;
use crate::verify::finding::{Finding, Outcome};
use crate::verify::index::{Ty, Walked};
use crate::verify::record::{Cell, Record, bare_path};
use crate::verify::world::World;

/// S01: every path leads to a leaf of the snapshot, and Struct and Field are where it ends.
pub(crate) fn s01_paths(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        for (path, cell) in paths(record) {
            outcome.saw(Some(record.id));
            match world.index.walk_snapshot(&path) {
                Ok(end) => outcome.findings.extend(misplaced(record, &end)),
                Err(why) => outcome.findings.push(
                    about(code::S01, record, cell, &format!("snapshot.{path}"), why)
                        .instead("", cell.value()),
                ),
            }
        }
    }
    outcome
}

/// S02: every field that the Probe row moves is in its payload.
pub(crate) fn s02_fields(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        let Some(cell) = record.emitter("Probe") else { continue };
        for leaf in &record.meaning.moves {
            let Some((name, result)) = leads(world, leaf) else { continue };
            outcome.saw(Some(record.id));
            if let Err(why) = result {
                outcome.findings.push(about(code::S02, record, cell, &name, why));
            }
        }
    }
    outcome
}

/// S03: the declared type is the real one.
pub(crate) fn s03_types(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        let declared: Vec<(String, &Cell)> = if record.fields.is_empty() {
            let cell = record.data("Type").filter(|cell| is_said(cell));
            let path = record.paths().into_iter().next();
            path.zip(cell).into_iter().collect()
        } else {
            record.fields.iter().map(|row| (bare_path(row.path.value()), &row.kind)).collect()
        };
        for (path, cell) in declared {
            // A path that leads nowhere is S01's.
            let Ok(end) = world.index.walk_snapshot(&path) else { continue };
            outcome.saw(Some(record.id));
            if !Ty::parse(cell.value()).is_some_and(|ty| ty.means(&end.ty)) {
                let message = format!("snapshot.{path} is {}", end.ty);
                outcome.findings.push(
                    about(code::S03, record, cell, &format!("snapshot.{path}"), message)
                        .instead(end.ty.to_string(), cell.value()),
                );
            }
        }
    }
    outcome
}

/// Returns the paths of a record with the cells that state them.
fn paths(record: &Record) -> Vec<(String, &Cell)> {
    if record.fields.is_empty() {
        let row = record.schema.iter().find(|row| row.name.starts_with("Path from"));
        let cell = row.map(|row| &row.cell).filter(|cell| is_said(cell));
        return cell.map(|cell| (bare_path(cell.value()), cell)).into_iter().collect();
    }
    record.fields.iter().map(|row| (bare_path(row.path.value()), &row.path)).collect()
}

/// Compares Struct and Field with the end of the path, where the record has one path.
fn misplaced(record: &Record, end: &Walked<'_>) -> Vec<Finding> {
    if !record.fields.is_empty() {
        return Vec::new();
    }
    let owner = record.schema("Struct").or_else(|| record.schema("Dataclass"));
    let stated = [
        ("Struct", owner, end.owner.name.as_str()),
        ("Field", record.schema("Field"), end.field.name.as_str()),
    ];
    let differs = stated.into_iter().filter_map(|(what, cell, real)| {
        let cell = cell.filter(|cell| is_said(cell))?;
        let stated = bare(cell.value()).rsplit("::").next()?;
        let message = format!("{what}: the path ends in `{real}`");
        (stated != real).then(|| {
            about(code::S01, record, cell, cell.value(), message).instead(real, cell.value())
        })
    });
    differs.collect()
}

/// Returns what a term of the Probe row names, and whether it is there; `None` for terms without a name of the code.
fn leads(world: &World, leaf: &Move) -> Option<(String, Result<(), String>)> {
    match leaf {
        Move::Event { leaf, mode: _ } => Some((leaf.clone(), payload(world, &bare_path(leaf)))),
        Move::Clock { since: Some(kind) } => Some((kind.clone(), payload(world, kind))),
        Move::Sampler { leaf } => {
            let found = world.index.walk_snapshot(&bare_path(leaf)).map(|_| ());
            Some((leaf.clone(), found))
        }
        Move::AnyEvent { .. }
        | Move::Clock { since: None }
        | Move::Derived { .. }
        | Move::Link { .. }
        | Move::RejectedRow
        | Move::UnknownEvent
        | Move::SequenceGap => None,
    }
}

/// Says whether a payload has a field; a kind alone has to be one.
fn payload(world: &World, leaf: &str) -> Result<(), String> {
    if !leaf.contains('.') && world.index.payload(leaf).is_some() {
        return Ok(());
    }
    world.index.payload_leaf(leaf).map(|_| ())
}

#[cfg(test)]
mod tests;
