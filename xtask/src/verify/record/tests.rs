//! The parser against the records of this repository and against whatever is left of them.

use std::path::Path;

use super::*;

/// Returns every record of this repository.
fn records() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/telemetry");
    let mut records = Vec::new();
    for entry in std::fs::read_dir(folder).expect("docs/telemetry") {
        let path = entry.expect("entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.starts_with("TELE-") {
            let source = std::fs::read_to_string(&path).expect("record");
            records.push((format!("docs/telemetry/{name}"), source));
        }
    }
    records.sort();
    assert!(records.len() > 30, "{} records", records.len());
    records
}

/// Returns a record whose text stays as it is, whatever becomes of the real ones; else one of these.
fn record(number: &str) -> (String, String) {
    let sample = "xtask/fixtures/sample/TELE-014_max_batches.md";
    if sample.contains(number) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(sample);
        let source = std::fs::read_to_string(path).expect("sample");
        return ("docs/telemetry/TELE-014_max_batches.md".to_owned(), source);
    }
    records().into_iter().find(|(file, _)| file.contains(number)).expect("record")
}

#[test]
fn every_cell_lies_where_it_says() {
    for (file, source) in records() {
        let record = parse(&file, &source);
        let cells = record
            .document
            .tables
            .iter()
            .flat_map(|table| table.header.iter().chain(table.rows.iter().flatten()));
        let mut count = 0;
        for cell in cells {
            assert_eq!(source.get(cell.bytes.clone()), Some(cell.text.as_str()), "{file}");
            let line = source.lines().nth(cell.at.line as usize - 1).expect("line");
            assert!(line.contains(&cell.text), "{file}: {cell:?}");
            count += 1;
        }
        assert!(count > 60, "{file}: {count} cells");
        for tick in record.ladder.iter().chain(&record.boxes) {
            let mark = source.as_bytes()[tick.byte];
            assert_eq!(mark == b'x', tick.is_set, "{file}: {tick:?}");
            assert_eq!(source.as_bytes()[tick.byte - 1], b'[', "{file}: {tick:?}");
        }
    }
}

#[test]
fn tele_014_is_read_as_it_is_written() {
    let (file, source) = record("TELE-014");
    let record = parse(&file, &source);
    assert_eq!(record.problems, []);
    assert_eq!((record.id, record.name.as_str()), (RecordId(14), "Max Batches"));
    assert_eq!(record.identity("Category").map(Cell::value), Some("training"));
    assert_eq!(record.data("Missing").map(Cell::value), Some("value == 0"));
    assert_eq!(record.emitter("Probe").map(Cell::value), Some("event TrainingStarted.max_batches"));
    assert_eq!(record.schema("Struct").map(Cell::value), Some("karn_sanctum::Snapshot"));
    assert_eq!(record.paths(), ["max_batches"]);
    assert_eq!(record.consumers.len(), 2);
    assert_eq!(record.consumers[1].widget.value(), "StatusBanner");
    assert_eq!(record.examples[0].given.value(), "missing, current_batch=7");
    assert_eq!(record.thresholds.len(), 2);
    assert_eq!(record.transport.len(), 4);
    assert!(record.tests.iter().all(|row| row.name.value().contains("tele_014")));
    assert_eq!(record.history.len(), 2);
    assert!(record.ladder[0].at.line == 3 && !record.boxes[6].note.is_empty());
}

#[test]
fn no_truncation_of_a_record_is_too_much() {
    let (file, source) = record("TELE-703");
    for (end, _) in source.char_indices() {
        let record = parse(&file, source.get(..end).expect("a border of characters"));
        assert!(!record.problems.is_empty() || end > source.len() / 2, "{file} up to {end}");
    }
}

#[test]
fn no_bytes_are_too_much() {
    let (file, source) = record("TELE-020");
    let mut seed = 1_u64;
    for _ in 0..100 {
        let mut bytes = source.clone().into_bytes();
        for _ in 0..20 {
            // A linear congruence after Knuth: any bytes will do, but the same ones in every run.
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 20) as usize % bytes.len();
            bytes[at] = b"|`[]#\n-\xff<>*x \\"[(seed >> 50) as usize % 13];
        }
        let record = parse_bytes(&file, &bytes);
        if std::str::from_utf8(&bytes).is_err() {
            assert!(
                record.problems.len() == 1 && record.problems[0].message.starts_with("not text")
            );
        }
    }
    for text in
        ["", "|", "|-|", "# ", "| |\n|-|\n|", "\n\n", "- [", "> `[", "```", "<!--", "\u{feff}# x"]
    {
        assert!(!parse(&file, text).problems.is_empty(), "{text:?}");
    }
}

#[test]
fn a_comment_is_no_part_of_a_record() {
    let (file, source) = record("TELE-014");
    let hidden =
        source.replace("### Display Examples", "<!--\n### Display Examples\n\n| TODO |\n-->\n");
    let record = parse(&file, &hidden.replace("| Given |", "\n| Given |"));
    assert!(record.problems.iter().all(|problem| !problem.message.contains("TODO")));
}

#[track_caller]
fn problem(from: &str, to: &str, expected: &str) {
    let (file, source) = record("TELE-014");
    assert!(source.contains(from), "{from}");
    let record = parse(&file, &source.replacen(from, to, 1));
    let messages: Vec<&str> =
        record.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, [expected]);
    assert!(record.problems.iter().all(|problem| problem.record == Some(record.id)));
}

#[test]
fn what_is_missing_is_named_once() {
    problem(
        "# Telemetry Record: [TELE-014] Max Batches",
        "# Max Batches",
        "no title line of the form `# Telemetry Record: [TELE-014] Max Batches`",
    );
    problem("`[ ] Tested` ", "", "step `Tested` is missing in the status line");
    problem("## 8. Notes", "## Notes", "section `8. Notes` is missing");
    problem("### Upstream", "### Above", "part `Upstream …` is missing");
    problem(
        "- [ ] **Transport works**",
        "- [ ] Transport works",
        "box `Transport works` is missing in the checklist",
    );
    problem("| **Units** | batches |\n", "", "row `Units` is missing in `Type and Format`");
    problem("| **Units** | batches |", "| **Units** | |", "cell `Units` is empty");
    problem("| **Units** | batches |", "| **Units** | TODO |", "still to be written: `TODO`");
    problem(
        "| Level | Condition |",
        "| Levels | Condition |",
        "the columns of `Health Thresholds` are other ones",
    );
    problem(
        "| **Inputs** | `run.start_batch + run.requested_batches` |\n",
        "",
        "row `Inputs` is missing: what feeds the payload field, or `external`",
    );
    problem(
        "`value >= 1`",
        "`value >= 1 || value == 3`",
        "a row of `Health Thresholds` has 5 cells instead of 3 (a `|` inside a cell is written `\\|`)",
    );
}

#[test]
fn what_does_not_parse_is_rejected_with_its_cell() {
    let check = |from: &str, to: &str, expected: &str| {
        let (file, source) = record("TELE-014");
        assert!(source.contains(from), "{from}");
        let record = parse(&file, &source.replacen(from, to, 1));
        let found: Vec<String> = record
            .problems
            .iter()
            .map(|problem| format!("{} {}", problem.code.as_str(), problem.message))
            .collect();
        assert_eq!(found, [expected]);
    };
    check("`P1-important`", "`P9`", "R01 Priority: `P9` is no priority such as `P1-important`");
    check("| `int` |", "| integer |", "R05 Precision: `integer` is no format such as `fixed(3)`");
    check(
        "`[1, inf)`",
        "positive",
        "R05 Range: `positive` is neither `any` nor an interval nor a list of words",
    );
    check(
        "`value >= 1`",
        "`value`",
        "R05 Condition: `value` is no comparison such as `value < 0.5`",
    );
    check("**Healthy**", "**Fine**", "R05 Level: `Fine` is no level");
    check(
        "`event TrainingStarted.max_batches`",
        "`by hand`",
        "R05 Probe: `by hand` is no way to move a value",
    );
    check(
        "`max_batches=1, current_batch=1`",
        "`first`",
        "R05 Given: `first` is neither `missing` nor `name=value`",
    );
    check("| missing |", "| red |", "R05 Style: `red` is no style class");
}
