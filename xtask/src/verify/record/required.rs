//! Rows that no record can do without.

use crate::verify::code;
use crate::verify::finding::{Finding, Location};
use crate::verify::record::{Cell, Property, Record};

/// Reports rows that are missing or empty. A table that is missing as a whole has been reported already.
pub(crate) fn check(record: &mut Record) {
    let mut problems = Vec::new();
    let group = &["Type", "Units", "Range", "Precision", "Default"];
    let tables: [(&str, &Vec<Property>, &[&str]); 4] = [
        ("1. Identity", &record.identity, &["ID", "Name", "Category", "Priority"]),
        ("Type and Format", &record.data, group),
        ("Source", &record.emitter, &["Origin", "File", "Function/Method", "Probe"]),
        ("Schema Location", &record.schema, &["Struct", "Field", "Path from", "Schema File"]),
    ];
    for (table, rows, names) in tables {
        let Some(found) = record.document.table(table).filter(|_| !rows.is_empty()) else {
            continue;
        };
        for &name in names {
            if !rows.iter().any(|row| is_called(&row.name, name)) {
                let message = format!("row `{name}` is missing in `{table}`");
                problems.push(Finding::new(code::R01, found.at.clone(), name, message));
            }
        }
    }
    inputs(record, &mut problems);
    transport(record, &mut problems);
    empty_cells(record, &mut problems);
    record.problems.append(&mut problems);
}

/// Returns whether a row is the one that is meant: `Dataclass` is `Struct`, and `Path from` names any root.
fn is_called(row: &str, name: &str) -> bool {
    match name {
        "Struct" => row == "Struct" || row == "Dataclass",
        "Path from" => row.starts_with("Path from"),
        _ => row == name,
    }
}

/// A value that comes with an event has inputs before it; of no Probe row nobody knows whether it has.
fn inputs(record: &Record, problems: &mut Vec<Finding>) {
    let Some(probe) = record.emitter("Probe") else { return };
    let is_payload = |term: &str| {
        let leaf = term.trim().strip_prefix("event ");
        leaf.is_some_and(|leaf| !leaf.starts_with("any") && !leaf.starts_with("envelope."))
    };
    let is_event = probe.spans.iter().flat_map(|span| span.split(';')).any(is_payload);
    if is_event && record.emitter("Inputs").is_none() {
        let message = "row `Inputs` is missing: what feeds the payload field, or `external`";
        problems.push(Finding::new(code::R01, probe.at.clone(), "Inputs", message));
    }
}

fn transport(record: &Record, problems: &mut Vec<Finding>) {
    let Some(table) = record.document.table("Transport").filter(|_| !record.transport.is_empty())
    else {
        return;
    };
    for stage in ["1. Emission", "2. Collection", "3. Aggregation", "4. Delivery"] {
        let has = |row: &super::Stage| row.name.text.replace("**", "").trim() == stage;
        if !record.transport.iter().any(has) {
            let message = format!("row `{stage}` is missing in `Transport`");
            problems.push(Finding::new(code::R01, table.at.clone(), stage, message));
        }
    }
}

/// Cells that say nothing although a reader or the machine needs them.
fn empty_cells(record: &Record, problems: &mut Vec<Finding>) {
    let mut needed: Vec<(String, &Cell)> = Vec::new();
    for rows in [&record.identity, &record.data, &record.emitter, &record.schema] {
        let written_by_tool = |name: &str| name == "Line(s)" || name == "Schema Line";
        let rows = rows.iter().filter(|row| !written_by_tool(&row.name));
        needed.extend(rows.map(|row| (row.name.clone(), &row.cell)));
    }
    for row in &record.thresholds {
        needed.extend([("Level".to_owned(), &row.level), ("Condition".to_owned(), &row.condition)]);
    }
    for row in &record.consumers {
        needed.push(("Widget".to_owned(), &row.widget));
    }
    for row in &record.examples {
        let cells = [("Given", &row.given), ("Widget", &row.widget), ("Shows", &row.shows)];
        needed.extend(cells.map(|(name, cell)| (name.to_owned(), cell)));
    }
    for row in &record.tests {
        let cells = [("Test Type", &row.kind), ("Test Name", &row.name), ("Status", &row.status)];
        needed.extend(cells.map(|(name, cell)| (name.to_owned(), cell)));
    }
    let tables = [("Consumers", record.consumers.len()), ("Test Coverage", record.tests.len())];
    for (table, _) in tables.into_iter().filter(|&(_, rows)| rows == 0) {
        // A table without its columns has been reported as such.
        if let Some(found) = record.document.table(table).filter(|found| found.rows.is_empty()) {
            let message = format!("table `{table}` has no row");
            problems.push(Finding::new(code::R01, found.at.clone(), table, message));
        }
    }
    for (name, cell) in needed.into_iter().filter(|(_, cell)| cell.text.is_empty()) {
        let at = Location { file: record.file.clone(), ..cell.at.clone() };
        problems.push(Finding::new(code::R01, at, name.clone(), format!("cell `{name}` is empty")));
    }
}
