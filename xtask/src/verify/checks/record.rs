//! R, S05, S09 and T02: the record as a document.

use std::collections::BTreeMap;

use crate::verify::code::{self, Code};
use crate::verify::finding::{Finding, Location, Outcome};
use crate::verify::grammar::{Literal, is_name, is_not_applicable};
use crate::verify::plan;
use crate::verify::record::{Record, RecordId};
use crate::verify::tables::units;
use crate::verify::world::World;

mod names;
mod obligations;
mod places;

pub(super) use names::r05_grammar;
pub(super) use obligations::r06_obligations;
pub(super) use places::{r07_line_numbers, r08_paths};

/// R01: what the parser missed.
pub(super) fn r01_form(world: &World) -> Outcome {
    of_problems(world, code::R01)
}

/// Returns the problems of all records with a code; every record is a subject.
fn of_problems(world: &World, code: Code) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        outcome.saw(Some(record.id));
        outcome.findings.extend(record.problems.iter().filter(|found| found.code == code).cloned());
    }
    outcome
}

/// R02: an id that is used twice, or that file name and cell spell in another way.
pub(super) fn r02_ids(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let mut first: BTreeMap<RecordId, &str> = BTreeMap::new();
    // A record without a title has been reported.
    for record in world.records.iter().filter(|record| record.id != RecordId(0)) {
        outcome.saw(Some(record.id));
        let id = record.id.to_string();
        let mut report = |at: Location, message: String, actual: &str| {
            let finding = Finding::new(code::R02, at, "ID", message).of(record.id);
            outcome.findings.push(finding.instead(id.clone(), actual));
        };
        let file = record.file.rsplit('/').next().unwrap_or_default();
        if !file.starts_with(&format!("{id}_")) {
            report(Location::file(&record.file), "file name and id differ".to_owned(), file);
        }
        if let Some(cell) = record.identity("ID").filter(|cell| cell.value() != id) {
            report(cell.at.clone(), "the cell ID and the title differ".to_owned(), cell.value());
        }
        if let Some(other) = first.get(&record.id) {
            report(Location::file(&record.file), format!("{id} is the id of {other}"), file);
        }
        first.entry(record.id).or_insert(&record.file);
    }
    outcome
}

/// R03: two records for one value.
pub(super) fn r03_paths(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let mut first: BTreeMap<String, RecordId> = BTreeMap::new();
    for record in &world.records {
        for path in record.paths().into_iter().filter(|path| !path.is_empty()) {
            outcome.saw(Some(record.id));
            if let Some(other) = first.get(&path) {
                let message = format!("`snapshot.{path}` has a record already: {other}");
                let at = record
                    .schema
                    .last()
                    .map_or_else(|| Location::file(&record.file), |row| row.cell.at.clone());
                outcome.findings.push(Finding::new(code::R03, at, path, message).of(record.id));
                continue;
            }
            first.insert(path, record.id);
        }
    }
    outcome
}

/// R04: a unit that is none, or more than one.
pub(super) fn r04_units(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        let Some(cell) = record.data("Units").filter(|cell| !cell.text.is_empty()) else {
            continue;
        };
        outcome.saw(Some(record.id));
        let text = cell.value();
        let is_group = !record.fields.is_empty() && is_not_applicable(text);
        if is_group || units::find(text).is_some() || text.contains("TODO") {
            continue;
        }
        let words =
            text.split(|c: char| !c.is_alphanumeric()).filter(|word| units::find(word).is_some());
        let message = if 1 < words.count() {
            format!("`{text}` names more than one unit")
        } else {
            format!("`{text}` is no unit of docs/telemetry/units.toml")
        };
        outcome
            .findings
            .push(Finding::new(code::R04, cell.at.clone(), "Units", message).of(record.id));
    }
    outcome
}

/// R10: dates that cannot be.
pub(super) fn r10_dates(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        let mut last = String::new();
        for row in &record.history {
            outcome.saw(Some(record.id));
            let date = row.date.value();
            let message = if date.parse::<jiff::civil::Date>().is_err() || date.len() != 10 {
                format!("`{date}` is no date such as `2026-11-22`")
            } else if date < world.first_commit.as_str() {
                format!("{date} lies before the first commit, {}", world.first_commit)
            } else if world.today.as_str() < date {
                format!("{date} lies in the future")
            } else if date < last.as_str() {
                format!("{date} stands below {last}")
            } else {
                date.clone_into(&mut last);
                continue;
            };
            let finding = Finding::new(code::R10, row.date.at.clone(), "History", message);
            outcome.findings.push(finding.of(record.id));
        }
    }
    outcome
}

/// S05: a Default that looks like a value.
pub(super) fn s05_silent_zero(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        let Some(default) = &record.meaning.default else { continue };
        outcome.saw(Some(record.id));
        let has_rule = record.data("Missing").is_some_and(|cell| !is_not_applicable(cell.value()));
        if has_rule || plan::is_optional(record) || !plan::lies_inside(record, default) {
            continue;
        }
        let Some(cell) = record.data("Default") else { continue };
        let message = "Default lies inside Range, and no row Missing says when it means `no data`";
        let finding = Finding::new(code::S05, cell.at.clone(), "Default", message).of(record.id);
        outcome.findings.push(finding.instead("a row `Missing`", cell.value()));
    }
    outcome
}

/// S09: a Default that is not finite.
pub(super) fn s09_finite_default(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        let (Some(default), Some(cell)) = (&record.meaning.default, record.data("Default")) else {
            continue;
        };
        outcome.saw(Some(record.id));
        let is_finite =
            if let Literal::Number(number) = default { number.is_finite() } else { true };
        if !is_finite {
            let message = format!("the Default `{}` is not finite", cell.value());
            let finding = Finding::new(code::S09, cell.at.clone(), "Default", message);
            outcome.findings.push(finding.of(record.id));
        }
    }
    outcome
}

/// T02: a test row that names no test.
pub(super) fn t02_names(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        for row in record.tests.iter().filter(|row| !is_manual(row)) {
            outcome.saw(Some(record.id));
            let name = row.name.value();
            let is_test = name.split("::").all(|part| is_name(part.trim_end_matches('*')));
            if is_test || name.is_empty() || name.contains("TODO") {
                continue;
            }
            let message = format!("`{name}` names no test");
            let finding = Finding::new(code::T02, row.name.at.clone(), name, message);
            outcome.findings.push(finding.of(record.id));
        }
    }
    outcome
}

/// Returns whether a person looks, and not a program.
pub(super) fn is_manual(row: &crate::verify::record::TestRow) -> bool {
    [&row.kind, &row.name].into_iter().any(|cell| cell.text.to_lowercase().contains("manual"))
}

/// Returns the records whose checks a finding would hide: those of which the parser made nothing.
pub(super) fn readable(world: &World) -> impl Iterator<Item = &Record> {
    world.records.iter().filter(|record| record.id != RecordId(0))
}
