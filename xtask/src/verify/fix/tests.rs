//! What `--fix` changes, and what it never touches.

use proptest::prelude::*;

use super::write::{difference, read, replace};
use super::*;
use crate::verify::code;
use crate::verify::finding::{Finding, Location};
use crate::verify::report::testing;

/// Returns the record with everything that is derived blanked out: what has to survive every fix.
fn stating(source: &str) -> String {
    // Boxes with a bold name are those of the checklist; the others say who needs the number, which a person states.
    let starts = ["> **Status:**", "- [ ] **", "- [x] **"];
    let ends = ["`[ ]` |", "`[x]` |"];
    let is_derived = |line: &str| {
        starts.iter().any(|start| line.starts_with(start))
            || ends.iter().any(|end| line.ends_with(end))
    };
    let blank = |line: &str| {
        if is_derived(line) { line.replace("[x]", "[ ]") } else { line.to_owned() }
    };
    source.lines().map(blank).collect::<Vec<_>>().join("\n")
}

proptest! {
    /// Whatever is claimed and whatever is earned: afterwards the two agree, a second run has nothing to do, and no line
    /// that states something has changed.
    #[test]
    fn a_fix_leaves_what_was_earned_and_a_second_one_changes_nothing(
        steps: [bool; 5],
        boxes: [bool; 7],
        tests in prop::collection::vec((any::<bool>(), any::<bool>()), 0..4),
        earned in 0_usize..=5,
        earned_boxes: [bool; 7],
    ) {
        let names: Vec<String> = (0..tests.len()).map(|at| format!("tele_014_{at}")).collect();
        let rows: Vec<(&str, bool)> =
            names.iter().map(String::as_str).zip(tests.iter().map(|test| test.0)).collect();
        let passed: Vec<bool> = tests.iter().map(|test| test.1).collect();
        let record = testing::record(14, "Max Batches", &steps, &boxes, &rows);
        let judged = testing::judged(&record, earned, &earned_boxes, &passed);
        let report = Report { records: vec![judged], ..Report::default() };
        let records = [record];
        let planned = plan(&records, &report);
        let written = rewrites(&records, &planned).expect("no overlap");
        let after = written.first().map_or(&records[0].source, |rewrite| &rewrite.after);

        let rungs = std::array::from_fn(|step| step < earned);
        let rows: Vec<(&str, bool)> = names.iter().map(String::as_str).zip(passed).collect();
        let wanted = testing::record(14, "Max Batches", &rungs, &earned_boxes, &rows);
        prop_assert_eq!(after, &wanted.source);
        prop_assert_eq!(stating(after), stating(&records[0].source));
        prop_assert_eq!(plan(&[wanted], &report), vec![]);
    }
}

#[test]
fn a_lowered_tick_is_l01_a_raised_one_l02_and_a_lowered_test_t03() {
    let (records, report) = testing::sample();
    let planned = plan(&records, &report);
    let codes: Vec<Code> = planned.iter().map(|planned| planned.code).collect();
    // Three steps, two boxes, one test.
    assert_eq!(codes, [code::L01, code::L01, code::L01, code::L01, code::L01, code::T03]);
    let empty = testing::record(14, "Max Batches", &[false; 5], &[false; 7], &[]);
    let judged = testing::judged(&empty, 1, &[false; 7], &[]);
    let planned = plan(&[empty], &Report { records: vec![judged], ..Report::default() });
    assert_eq!(planned.iter().map(|planned| planned.code).collect::<Vec<_>>(), [code::L02]);
}

#[test]
fn nothing_is_written_on_a_partial_or_unverified_run() {
    let (records, report) = testing::sample();
    assert!(may_write(&report).is_ok() && !plan(&records, &report).is_empty());
    let check = |report: Report, why: &str| {
        let refused = may_write(&report).expect_err("refused").to_string();
        assert!(refused.contains(why), "{refused}");
        assert_eq!(plan(&records, &report), []);
    };
    check(Report { partial: vec!["--static".to_owned()], ..report.clone() }, "--static");
    check(Report { not_verified: vec!["no build".to_owned()], ..report.clone() }, "no build");
    let unseen = Finding::new(code::V01, Location::default(), "P04", "no subject");
    check(Report { findings: vec![unseen], ..report.clone() }, "not");
}

#[test]
fn a_path_is_rewritten_only_where_the_check_says_it_can_be() {
    let (records, mut report) = testing::sample();
    let record = &records[0];
    let start = record.source.find("`x.rs`").expect("a path") + 1;
    let edit = Edit { file: record.file.clone(), start, end: start + 4, text: "y.rs".to_owned() };
    let finding = |code| {
        let mut finding = Finding::new(code, Location::file(&record.file), "x.rs", "absolute path");
        finding.fix = Some(edit.clone());
        finding.of(record.id)
    };
    // A check whose code is not fixable cannot change a record, whatever it proposes.
    report.findings = vec![finding(code::R04)];
    assert!(!plan(&records, &report).iter().any(|planned| planned.edit == edit));
    report.findings = vec![finding(code::R08), finding(code::R08)];
    let planned = plan(&records, &report);
    assert!(changes_statements(&planned));
    let written = rewrites(&records, &planned).expect("no overlap");
    assert!(written[0].after.contains("`y.rs`") && !written[0].after.contains("`x.rs`"));
}

#[test]
fn edits_that_want_the_same_bytes_are_refused() {
    let (records, _) = testing::sample();
    let edit = |start, end| Planned {
        code: code::A03,
        record: records[0].id,
        edit: Edit { file: records[0].file.clone(), start, end, text: "?".to_owned() },
    };
    assert!(rewrites(&records, &[edit(2, 6), edit(4, 8)]).is_err());
    assert!(rewrites(&records, &[edit(2, 6), edit(6, 8)]).is_ok());
    assert!(rewrites(&records, &[edit(0, 99_999)]).is_err());
}

#[test]
fn a_file_that_changed_meanwhile_stops_all_writing_and_no_temporary_file_stays() {
    let root = tempfile::tempdir().expect("folder");
    let rewrite = |file: &str| Rewrite {
        file: file.to_owned(),
        before: "old\n".to_owned(),
        after: "new\n".to_owned(),
    };
    let read_back = |file: &str| std::fs::read_to_string(root.path().join(file)).expect("file");
    std::fs::write(root.path().join("a.md"), "old\n").expect("file");
    std::fs::write(root.path().join("b.md"), "touched\n").expect("file");
    assert!(replace(root.path(), &[rewrite("a.md"), rewrite("b.md")]).is_err());
    assert_eq!(
        (read_back("a.md"), read_back("b.md")),
        ("old\n".to_owned(), "touched\n".to_owned())
    );

    replace(root.path(), &[rewrite("a.md")]).expect("written");
    assert_eq!(read_back("a.md"), "new\n");
    assert_eq!(std::fs::read_dir(root.path()).expect("folder").count(), 2);
}

#[test]
fn a_dry_run_shows_the_lines_that_would_change() {
    let (records, report) = testing::sample();
    let planned = plan(&records, &report);
    let shown = difference(&rewrites(&records, &planned).expect("no overlap"));
    assert!(shown.contains("--- a/docs/telemetry/TELE-014_max_batches.md"), "{shown}");
    assert!(
        shown.contains("-- [x] **Display is correct**")
            && shown.contains("+- [ ] **Display is correct**"),
        "{shown}"
    );
    assert!(!shown.contains("RunHeader"), "{shown}");
}

/// The same with a real record and the real parser: what a fix wrote is read as what was earned.
#[test]
fn a_fixed_record_of_the_project_is_read_as_what_it_earned() {
    let folder = crate::workspace::root().join("docs/telemetry");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the records") {
        let name = entry.expect("a file").file_name().to_string_lossy().into_owned();
        if !name.starts_with("TELE-") {
            continue;
        }
        let file = format!("docs/telemetry/{name}");
        let source = read(&crate::workspace::root().join(&file)).expect("text");
        let record = crate::verify::record::parse(&file, &source);
        let boxes = [true, false, true, true, false, true, false];
        let passed: Vec<bool> = (0..record.tests.len()).map(|at| at % 2 == 0).collect();
        let judged = testing::judged(&record, 3, &boxes, &passed);
        let report = Report { records: vec![judged], ..Report::default() };
        let written =
            rewrites(std::slice::from_ref(&record), &plan(std::slice::from_ref(&record), &report));
        let written = written.expect("no overlap");
        let after = written.first().map_or(&source, |rewrite| &rewrite.after);
        let again = crate::verify::record::parse(&file, after);
        assert_eq!(
            again.ladder.each_ref().map(|tick| tick.is_set),
            [true, true, true, false, false],
            "{file}"
        );
        assert_eq!(again.boxes.each_ref().map(|tick| tick.is_set), boxes, "{file}");
        assert_eq!(
            again.tests.iter().map(|row| row.is_ticked).collect::<Vec<_>>(),
            passed,
            "{file}"
        );
        assert_eq!(stating(after), stating(&source), "{file}");
        assert_eq!(plan(&[again], &report), []);
        seen += 1;
    }
    assert!(0 < seen, "no record was looked at");
}
