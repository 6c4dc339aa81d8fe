//! `docs/telemetry/records.json`: the facts that the program's inspector shows about a number.

use serde_json::{Value, json};

use crate::verify::record::{Cell, Record};
use crate::verify::report::{Report, Steps};

/// Path from the root.
pub(crate) const FILE: &str = "docs/telemetry/records.json";
/// Version of the form.
const SCHEMA: u32 = 1;

/// Returns the file.
pub(crate) fn format(records: &[Record], report: &Report) -> String {
    let mut sorted: Vec<&Record> = records.iter().collect();
    sorted.sort_by(|a, b| (a.id, &a.file).cmp(&(b.id, &b.file)));
    let records: Vec<Value> = sorted.iter().map(|record| facts(record, report)).collect();
    // The alternate form of a value is its text over several lines, which cannot fail.
    format!("{:#}\n", json!({"schema": SCHEMA, "records": records}))
}

fn facts(record: &Record, report: &Report) -> Value {
    let judged = report.records.iter().find(|judged| judged.file == record.file);
    let earned = judged.map_or(Steps::default(), |judged| judged.earned);
    let thresholds: Vec<Value> = record
        .thresholds
        .iter()
        .filter(|row| row.parsed.is_some())
        .map(|row| {
            json!({
                "level": bare(&row.level),
                "condition": row.condition.value(),
                "meaning": bare(&row.meaning),
            })
        })
        .collect();
    let consumers: Vec<Value> = record
        .consumers
        .iter()
        .filter(|row| row.none_because().is_none())
        .map(|row| json!({"widget": row.widget.value(), "usage": row.usage.text}))
        .collect();
    let fields: Vec<Value> = record
        .fields
        .iter()
        .map(|row| json!({"path": crate::verify::record::bare_path(row.path.value()), "type": row.kind.value(), "meaning": row.meaning.text}))
        .collect();
    json!({
        "id": record.id.to_string(),
        "name": record.name,
        "question": quote(&record.source, "What question does this answer?"),
        "meaning": quote(&record.source, "Semantic Meaning"),
        "type": stated(record.data("Type")),
        "unit": stated(record.data("Units")),
        "range": stated(record.data("Range")),
        "precision": stated(record.data("Precision")),
        "missing": stated(record.data("Missing")),
        "thresholds": thresholds,
        "source": {
            "origin": record.emitter("Origin").map(|cell| cell.text.as_str()),
            "function": stated(record.emitter("Function/Method")),
            "probe": record.emitter("Probe").map(|cell| cell.text.as_str()),
        },
        "consumers": consumers,
        "priority": record.meaning.priority.map(|priority| format!("{priority:?}")),
        "paths": record.paths(),
        "fields": fields,
        "file": record.file,
        "earned": earned.to_string(),
    })
}

/// Returns what a cell states; `N/A` states nothing.
fn stated(cell: Option<&Cell>) -> Option<&str> {
    cell.map(Cell::value).filter(|text| !matches!(*text, "" | "N/A" | "—"))
}

/// Returns the text of a cell without marks for bold.
fn bare(cell: &Cell) -> &str {
    cell.text.trim_matches('*')
}

/// Returns the quoted lines below a heading, one sentence after the other.
fn quote(source: &str, heading: &str) -> String {
    let is_meant =
        |line: &str| line.trim_start_matches('#').trim() == heading && line.starts_with('#');
    let below = source.lines().skip_while(|line| !is_meant(line)).skip(1);
    let section = below.take_while(|line| !line.starts_with('#'));
    let lines = section.filter_map(|line| line.trim_start().strip_prefix('>')).map(str::trim);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::report::testing;

    #[test]
    fn the_facts_of_a_record_are_those_that_it_states() {
        let (records, report) = testing::sample();
        let text = format(&records, &report);
        let read: Value = serde_json::from_str(&text).expect("JSON");
        let first = &read["records"][0];
        assert_eq!(read["schema"], 1);
        assert_eq!(first["id"], "TELE-014");
        assert_eq!(first["unit"], "batches");
        assert_eq!(first["paths"], json!(["max_batches"]));
        assert_eq!(first["earned"], "In Progress");
        assert_eq!(first["meaning"], "Global number of the last planned batch. It never moves.");
        assert_eq!(first["consumers"][0]["widget"], "RunHeader");
        assert_eq!(read["records"][1]["id"], "TELE-020");
        assert_eq!(text, format(&records.into_iter().rev().collect::<Vec<_>>(), &report));
    }

    #[test]
    fn what_is_not_applicable_is_absent() {
        let cell = |text: &str| Cell { text: text.to_owned(), ..Cell::default() };
        assert_eq!(stated(Some(&cell("N/A"))), None);
        assert_eq!(stated(Some(&cell("batches"))), Some("batches"));
        assert_eq!(stated(None), None);
    }
}
