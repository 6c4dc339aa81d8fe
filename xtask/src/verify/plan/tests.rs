//! What records become.

use serde_json::json as value;
use telemetry_evidence::plan::{Mode, Move};

use super::*;
use crate::verify::record::parse;

/// Returns the record of the specification with some cells changed.
fn record(changes: &[(&str, &str)]) -> Record {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sample/TELE-014_max_batches.md");
    let mut source = std::fs::read_to_string(path).expect("record");
    for (from, to) in changes {
        assert!(source.contains(from), "{from}");
        source = source.replace(from, to);
    }
    let record = parse("docs/telemetry/TELE-014_max_batches.md", &source);
    assert_eq!(record.problems, []);
    record
}

fn only(record: Record) -> RecordPlan {
    plan(&[record]).records.remove(0)
}

fn edits(edits: &[Edit]) -> Vec<(String, Value)> {
    edits.iter().map(|edit| (edit.name.clone(), edit.value.clone())).collect()
}

#[test]
fn tele_014_becomes_questions() {
    let plan = only(record(&[]));
    assert_eq!(
        (plan.id.as_str(), plan.paths.as_slice()),
        ("TELE-014", &["max_batches".to_owned()][..])
    );
    let leaf = "TrainingStarted.max_batches".to_owned();
    assert_eq!(plan.moves, [Move::Event { leaf, mode: Mode::Last }]);
    assert_eq!((plan.step, plan.format.as_deref()), (Some(1.0), Some("int")));
    assert_eq!(edits(&plan.missing), [("max_batches".to_owned(), value!(0))]);
    assert_eq!(plan.consumers.len(), 2);
    let given = edits(&plan.examples[0].given);
    assert_eq!(
        given,
        [("max_batches".to_owned(), value!(0)), ("current_batch".to_owned(), value!(7))]
    );
    assert_eq!(plan.examples[6].row, 6);
    let points: Vec<(&str, &Value)> =
        plan.points.iter().map(|point| (point.label.as_str(), &point.given[0].value)).collect();
    // 0 is outside Range, but it is a bound itself.
    assert_eq!(points, [("at 1", &value!(1)), ("just above 1", &value!(2)), ("at 0", &value!(0))]);
}

#[test]
fn the_missing_rule_becomes_edits() {
    let check = |rule: &str, expected: &[(&str, Value)]| {
        let row = "| **Missing** | `value == 0` |";
        let plan = only(record(&[(row, &format!("| **Missing** | `{rule}` |"))]));
        let expected: Vec<(String, Value)> =
            expected.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        assert_eq!(edits(&plan.missing), expected, "{rule}");
    };
    check("connected == false", &[("connected", value!(false))]);
    check("value is absent", &[("max_batches", value!(null))]);
    check("length == 0", &[("max_batches", value!([]))]);
    check(
        "value == 0 && connected == false",
        &[("max_batches", value!(0)), ("connected", value!(false))],
    );
    check("never", &[]);
    // Range begins at 1, so nothing below it can be brought about.
    check("value < 0", &[]);
    let row = "| **Missing** | `value == 0` |\n";
    assert_eq!(edits(&only(record(&[(row, "")])).missing), [("max_batches".to_owned(), value!(0))]);
    let optional = record(&[(row, ""), ("`u64`", "`Option<u64>`"), ("| `0` |", "| `None` |")]);
    assert_eq!(edits(&only(optional).missing), [("max_batches".to_owned(), value!(null))]);
}

#[test]
fn floats_have_neighbours_and_are_tried_without_a_value() {
    let record = record(&[
        ("`u64`", "`f64`"),
        ("`[1, inf)`", "`[0, 10]`"),
        ("`value >= 1`", "`value / total < 0.5 && mode == on`"),
        ("`value == 0` | no", "`value == 10` | no"),
        ("Unknown", "Critical"),
    ]);
    let points = only(record).points;
    let labels: Vec<&str> = points.iter().map(|point| point.label.as_str()).collect();
    let with = "0.5 of total with mode=\"on\"";
    let expected = [
        &format!("just below {with}"),
        &format!("at {with}"),
        &format!("just above {with}"),
        "just below 10",
        "at 10",
        "NaN",
        "inf",
        "-inf",
    ];
    assert_eq!(labels, expected);
    let first = edits(&points[0].given);
    assert_eq!(first[0].1, value!(0.499_999_999_5));
    assert_eq!(first[1..], [("total".to_owned(), value!(1.0)), ("mode".to_owned(), value!("on"))]);
    assert_eq!(points[5].given[0].value, value!("NaN"));
}

#[test]
fn a_consumer_without_a_widget_asks_nothing() {
    let plan = only(record(&[(
        "| RunHeader | `crates/sanctum-widgets/src/run_header.rs` |",
        "| none: no panel yet | |",
    )]));
    assert_eq!(plan.consumers.len(), 1);
    let plan = only(record(&[("| RunHeader | `crates", "| RunHeader @ env_detail | `crates")]));
    assert_eq!(plan.consumers[0].scene.as_deref(), Some("env_detail"));
}

#[test]
fn every_record_becomes_a_plan() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/telemetry");
    let mut records = Vec::new();
    for entry in std::fs::read_dir(folder).expect("docs/telemetry") {
        let path = entry.expect("entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.starts_with("TELE-") {
            records.push(parse(&name, &std::fs::read_to_string(&path).expect("record")));
        }
    }
    let plan = plan(&records);
    assert_eq!(plan.records.len(), records.len());
    for record in &plan.records {
        assert!(!record.moves.is_empty() && !record.paths.is_empty(), "{}", record.id);
    }
    let text = serde_json::to_string(&plan).expect("plan");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("plan"), plan);
}
