//! Tables with one mistake each.

use std::collections::BTreeMap;

use telemetry_evidence::Evidence;

use super::*;
use crate::verify::index::SourceIndex;
use crate::verify::record::parse;
use crate::verify::tables::Tables;
use crate::verify::world::Ran;

const FILE: &str = "docs/telemetry/TELE-014_max_batches.md";

/// Returns the messages about a table; `kind` is the type, `range` the Range.
fn messages(kind: &str, range: &str, rows: &str, registry: Option<Metric>) -> Vec<String> {
    let source = std::fs::read_to_string(crate::workspace::root().join(FILE)).expect("record");
    let line = |row: &str| {
        let (level, condition) = row.trim().split_once(' ').expect("level and condition");
        format!("| **{level}** | `{}` | text |\n", condition.replace('|', r"\|"))
    };
    let table: String = rows.split(';').map(line).collect();
    let from = source.find("| **Healthy**").expect("table");
    let to = source.find("\n## 4.").expect("section");
    let mut source = source.clone();
    source.replace_range(from..to, &table);
    let source =
        source.replace("`u64`", &format!("`{kind}`")).replace("`[1, inf)`", &format!("`{range}`"));
    let source = source.replace(
        "| **Default** | `0` |\n| **Missing** | `value == 0` |",
        "| **Default** | `None` |",
    );
    let record = parse(FILE, &source);
    assert_eq!(record.problems, []);
    let evidence = Evidence { registry: registry.into_iter().collect(), ..Evidence::default() };
    let world = World {
        root: crate::workspace::root().to_path_buf(),
        plan: telemetry_evidence::Plan::default(),
        records: vec![record],
        index: SourceIndex::of(BTreeMap::new()),
        evidence: Ran::Yes(evidence),
        tests: Ran::No(String::new()),
        deep: Ran::No(String::new()),
        tables: Tables::default(),
        today: String::new(),
        first_commit: String::new(),
    };
    h01_levels(&world).findings.into_iter().map(|finding| finding.message).collect()
}

#[track_caller]
fn check(kind: &str, range: &str, rows: &str, expected: &[&str]) {
    assert_eq!(messages(kind, range, rows, None), expected);
}

#[test]
fn a_table_without_mistakes_says_nothing() {
    let rows = "Healthy value <= 0.5; Warning value > 0.5 && value <= 0.9; Critical value > 0.9; Unknown value is absent";
    check("Option<Reading>", "[0, 1]", rows, &[]);
    check(
        "Option<bool>",
        "any",
        "Healthy value == true || finish_reason is present; Critical value == false && finish_reason is absent; Unknown value is absent",
        &[],
    );
    check(
        "Option<u32>",
        "[0, max_epochs]",
        "Healthy value <= max_epochs; Warning value > max_epochs && max_epochs > 0",
        &[],
    );
    check(
        "Option<f64>",
        "[0, inf)",
        "Healthy value / total <= 0.75; Critical value / total > 0.75",
        &[],
    );
    check("Option<f64>", "(-inf, inf)", "Healthy abs(value) < 1; Critical abs(value) >= 1", &[]);
    check(
        "Option<State>",
        "up, down",
        "Healthy value == up; Critical value == down; Unknown value is absent",
        &[],
    );
    check("Option<u64>", "[0, inf)", "Available value is present; Unknown value is absent", &[]);
}

#[test]
fn overlaps_gaps_and_alarms_about_nothing_are_found() {
    check(
        "Option<f64>",
        "[0, 1]",
        "Healthy value <= 0.5; Critical value >= 0.5",
        &["Healthy and Critical both hold at 0.5"],
    );
    check(
        "Option<f64>",
        "[0, 1]",
        "Healthy value < 0.5; Critical value > 0.5",
        &["no level holds at 0.5"],
    );
    check(
        "Option<u64>",
        "[0, inf)",
        "Healthy value == 0; Critical value > 1",
        &["no level holds at 1"],
    );
    check(
        "Option<State>",
        "up, down, away",
        "Healthy value == up; Critical value == down",
        &["no level holds at away"],
    );
    check(
        "Option<f64>",
        "[0, 1]",
        "Healthy value <= 1; Critical value > 1",
        &["Critical holds only where the value is missing or outside Range"],
    );
    check(
        "Option<bool>",
        "any",
        "Healthy value is present; Warning value is absent",
        &["Warning holds only where the value is missing or outside Range"],
    );
}

#[test]
fn the_limits_of_the_registry_stand_in_the_table() {
    let metric = |value| Metric {
        number: 14,
        name: String::new(),
        category: String::new(),
        priority: String::new(),
        unit: String::new(),
        path: String::new(),
        critical: vec![Limit { operator: ">".to_owned(), value }],
        warning: Vec::new(),
    };
    let rows = "Healthy value <= 0.5; Critical value > 0.5";
    assert_eq!(messages("Option<f64>", "[0, 1]", rows, Some(metric(0.5))), Vec::<String>::new());
    let expected = ["Critical does not name > 0.4, the limit in the registry"];
    assert_eq!(messages("Option<f64>", "[0, 1]", rows, Some(metric(0.4))), expected);
}
