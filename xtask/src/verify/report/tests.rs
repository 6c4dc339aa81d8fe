//! The printers, each read back by what reads it in real life.

use super::*;
use crate::process;
use crate::verify::code;
use crate::verify::fix;
use crate::verify::report::testing;

/// What a pull request from a stranger could put into a message.
const HOSTILE: &str = "100% of \u{1b}[31m<b>it</b>\r\n::error::a,b: c|d]]>\u{0}\u{fffe}";

fn format(form: Form, records: &[Record], report: &Report) -> String {
    let edits = fix::plan(records, report);
    let context = Context { report, records, edits: &edits, look: Look::default() };
    form.format(&context).expect("a report")
}

fn hostile() -> (Vec<Record>, Report) {
    let (records, mut report) = testing::sample();
    let mut finding = Finding::new(code::D01, Location::line(HOSTILE, 3), HOSTILE, HOSTILE);
    finding = finding.instead(HOSTILE, HOSTILE).of(records[0].id);
    report.findings.push(finding.clone());
    finding.record = None;
    report.findings.push(finding);
    report.not_verified.push(HOSTILE.to_owned());
    report.records[0].name = HOSTILE.to_owned();
    (records, report)
}

#[test]
fn people_see_the_broken_hop_the_row_and_one_line_at_the_end() {
    let (records, report) = testing::sample();
    let expected = "\
TELE-014 Max Batches            claims Verified, earned In Progress
  x TV-P04  RunHeader does not show it: 40 -> 47 changed no cell
      episodes -ok- TrainingStarted.max_batches -ok- hub -ok- snapshot.max_batches -BROKEN- RunHeader
      crates/sanctum-widgets/src/run_header.rs  sanctum_widgets::run_header::batch_bar      record: Consumers, row 1      docs/telemetry/TELE-014_max_batches.md:38
      cargo xtask verify-telemetry --explain P04

PARTIAL
2 records: 1 verified | record n/a | payload n/a | display n/a | screen n/a | 439 probes | 0 exempt | 1.9 s
";
    let partial: String = report.records[0].boxes.iter().fold(String::new(), |text, judged| {
        text + "partial evidence: " + judged.name + " (TV-D02 not built yet)\n"
    });
    let shown = format(Form::Human, &records, &report);
    assert_eq!(shown, expected.replace("PARTIAL\n", &partial));
}

#[test]
fn a_narrow_terminal_wraps_and_only_a_terminal_has_colour() {
    let (records, mut report) = testing::sample();
    report.findings[0].message = "word ".repeat(40);
    let look = Look { width: Some(60), has_colour: true };
    let context = Context { report: &report, records: &records, edits: &[], look };
    let shown = Form::Human.format(&context).expect("a report");
    assert!(shown.contains("\u{1b}["), "{shown}");
    let look = Look { width: Some(60), has_colour: false };
    let shown = Form::Human.format(&Context { look, ..context }).expect("a report");
    assert!(!shown.contains('\u{1b}'), "{shown}");
    let long: Vec<&str> =
        shown.lines().filter(|line| line.contains("word") && 60 < line.len()).collect();
    assert_eq!(long, Vec::<&str>::new());
    assert!(3 < shown.lines().filter(|line| line.contains("word")).count(), "{shown}");
}

#[test]
fn a_run_that_verified_nothing_says_so_in_its_last_line() {
    let (records, mut report) = testing::sample();
    report.not_verified.push("the product does not build".to_owned());
    let shown = format(Form::Human, &records, &report);
    assert!(shown.contains("not verified: the product does not build"), "{shown}");
    assert!(shown.lines().last().is_some_and(|line| line.starts_with("NOT VERIFIED: ")), "{shown}");
    report.not_verified.clear();
    report.partial.push("--static".to_owned());
    let shown = format(Form::Human, &records, &report);
    assert!(shown.lines().last().is_some_and(|line| line.starts_with("partial: ")), "{shown}");
}

#[test]
fn nothing_in_a_message_reaches_the_terminal_as_a_command() {
    let (records, report) = hostile();
    for form in [Form::Human, Form::Github] {
        let shown = format(form, &records, &report);
        let obeyed = shown.chars().filter(|c| c.is_control() && *c != '\n').count();
        assert!(form == Form::Github || obeyed == 0, "{shown:?}");
        assert!(!shown.contains('\r'), "{shown:?}");
    }
}

#[test]
fn json_holds_passes_and_their_subjects() {
    let (records, mut report) = testing::sample();
    let moved = [("RunHeader".to_owned(), 2)].into();
    let snapshot = [("max_batches".to_owned(), moved)].into();
    report.influence = Some(Influence { snapshot, ..Influence::default() });
    let read: serde_json::Value =
        serde_json::from_str(&format(Form::Json, &records, &report)).expect("JSON");
    assert_eq!(read["schema"], 1);
    assert_eq!(read["records"][0]["earned"], "In Progress");
    assert_eq!(read["records"][1]["boxes"][0]["state"], "earned");
    assert_eq!(read["records"][1]["boxes"][0]["evidence"][0]["subjects"], 3);
    assert_eq!(read["checks"][0]["verdicts"]["TELE-020"]["subjects"], 2);
    assert_eq!(read["checks"][0]["verdicts"]["TELE-020"]["findings"], 0);
    assert_eq!(read["checks"][0]["verdicts"]["TELE-014"]["findings"], 1);
    assert_eq!(read["influence"]["snapshot"]["max_batches"]["RunHeader"], 2);
    assert_eq!(read["findings"][0]["trail"][4]["state"], "broken");
    assert_eq!(read["coverage"]["payload_use"], serde_json::Value::Null);
}

/// The schema of SARIF 2.1.0 as the package `serde-sarif` ships it.
fn sarif_schema() -> serde_json::Value {
    let args = [
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--offline",
        "--filter-platform",
        "x86_64-unknown-linux-gnu",
    ];
    let text =
        process::output(&mut process::command(env!("CARGO"), &args)).expect("cargo metadata");
    let metadata: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let package =
        packages.iter().find(|package| package["name"] == "serde-sarif").expect("serde-sarif");
    let manifest = std::path::Path::new(package["manifest_path"].as_str().expect("a path"));
    let schema = manifest.parent().expect("a folder").join("src/schema.json");
    let text = std::fs::read_to_string(schema).expect("the schema");
    // One pattern in it, of the language of a run, has a bracket that no expression may have unescaped.
    serde_json::from_str(&text.replace("{2}]?$", r"{2}\\]?$")).expect("JSON")
}

#[test]
fn sarif_satisfies_the_schema_of_2_1_0() {
    let validator = jsonschema::validator_for(&sarif_schema()).expect("a schema");
    for (records, report) in [testing::sample(), hostile()] {
        let text = format(Form::Sarif, &records, &report);
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let errors: Vec<String> = validator
            .iter_errors(&read)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new());
        let typed: serde_sarif::sarif::Sarif =
            serde_json::from_str(&text).expect("the types of SARIF");
        assert_eq!(typed.runs[0].results.as_ref().map(Vec::len), Some(report.findings.len()));
        // The validator itself can fail.
        let mut broken = read.clone();
        broken["runs"][0]["results"][0]["level"] = "catastrophe".into();
        assert!(!validator.is_valid(&broken));
    }
}

#[test]
fn an_alert_keeps_its_identity_while_lines_move_and_shares_it_with_no_other() {
    let (records, mut report) = testing::sample();
    let again = report.findings[0].clone();
    report.findings.push(again);
    let prints = |report: &Report| -> Vec<String> {
        let read: serde_json::Value =
            serde_json::from_str(&format(Form::Sarif, &records, report)).expect("JSON");
        let results = read["runs"][0]["results"].as_array().expect("results").clone();
        results
            .iter()
            .map(|result| result["partialFingerprints"]["verifyTelemetry/v1"].to_string())
            .collect()
    };
    let before = prints(&report);
    assert_ne!(before[0], before[1]);
    for finding in &mut report.findings {
        finding.at.line += 40;
        finding.at.end_line += 40;
    }
    assert_eq!(prints(&report), before);
    report.findings[0].subject = "StatusBanner".to_owned();
    assert_ne!(prints(&report)[0], before[0]);
}

#[test]
fn sarif_carries_what_fix_would_do() {
    let (records, mut report) = testing::sample();
    let finding =
        Finding::new(code::L01, Location::file(&records[0].file), "ladder", "claims too much");
    report.findings = vec![finding.of(records[0].id)];
    let read: serde_json::Value =
        serde_json::from_str(&format(Form::Sarif, &records, &report)).expect("JSON");
    let replacements =
        read["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"].clone();
    let replacements = replacements.as_array().expect("replacements");
    // Three steps and two boxes; the test cell belongs to T03.
    assert_eq!(replacements.len(), 5);
    for replacement in replacements {
        let at = replacement["deletedRegion"]["byteOffset"].as_u64().expect("a byte") as usize;
        assert_eq!(records[0].source.get(at..=at), Some("x"));
        assert_eq!(replacement["deletedRegion"]["byteLength"], 1);
        assert_eq!(replacement["insertedContent"]["text"], " ");
    }
}

#[test]
fn junit_is_read_back_with_a_case_per_box_test_and_ladder() {
    for (records, report) in [testing::sample(), hostile()] {
        let text = format(Form::Junit, &records, &report);
        let read = quick_junit::Report::deserialize_from_str(&text).expect("JUnit");
        let suites: Vec<(usize, usize)> =
            read.test_suites.iter().map(|suite| (suite.tests, suite.failures)).collect();
        // Seven boxes, two tests and the ladder; seven boxes, a test and the ladder; the tree.
        assert_eq!(suites.len(), 3);
        assert_eq!((suites[0].0, suites[1].0), (10, 9));
        // Two boxes, one test, and the ladder, which claims too much; P04 stands in no box of the sample.
        assert_eq!((suites[0].1, suites[1].1), (4, 0), "{text}");
        let cases: usize = read.test_suites.iter().map(|suite| suite.test_cases.len()).sum();
        assert_eq!(cases, read.tests);
        let whole = !report.not_verified.is_empty();
        assert_eq!(
            read.test_suites[2]
                .test_cases
                .iter()
                .any(|case| case.name.as_str() == "not verified 1"),
            whole
        );
    }
}

#[test]
fn what_did_not_run_is_skipped_and_never_passed() {
    let (records, mut report) = testing::sample();
    report.partial.push("--static".to_owned());
    for judged in &mut report.records {
        judged.tests.iter_mut().for_each(|test| test.result = None);
        for judged in &mut judged.boxes {
            judged.state = BoxState::NotRun;
            judged.evidence[0].verdict = Verdict::NotRun("--static".to_owned());
        }
    }
    let text = format(Form::Junit, &records, &report);
    let read = quick_junit::Report::deserialize_from_str(&text).expect("JUnit");
    // All boxes and the test are skipped; the ladder agrees with itself.
    assert_eq!(read.test_suites[1].skipped, 8, "{text}");
    assert!(text.contains("TV-D01 did not run: --static"), "{text}");
}

#[test]
fn annotations_escape_what_workflow_commands_obey() {
    let (records, report) = hostile();
    let shown = format(Form::Github, &records, &report);
    let lines: Vec<&str> = shown.lines().collect();
    // One line of not verified, three findings, the summary: nothing began a command of its own.
    assert_eq!(lines.iter().filter(|line| line.starts_with("::")).count(), 4, "{shown}");
    assert_eq!(lines.len(), 5, "{shown}");
    assert!(lines[0].starts_with("::error title=not verified::100%25 of "), "{shown}");
    assert!(lines[0].contains("%0D%0A::error::a,b: c|d]]>"), "{shown}");
    let file =
        lines[1].split_once("file=").expect("a file").1.split_once(",line=3").expect("a line").0;
    assert!(file.contains("%0D%0A%3A%3Aerror%3A%3Aa%2Cb%3A c"), "{file}");
    assert!(!file.contains(':') && !file.contains(','), "{file}");
}

#[test]
fn ten_annotations_of_a_kind_and_the_rest_in_the_summary() {
    let (records, mut report) = testing::sample();
    let warning =
        |at: u32| Finding::new(code::R07, Location::line("a.md", at), "a", format!("warning {at}"));
    let error =
        |at: u32| Finding::new(code::R04, Location::line("a.md", at), "a", format!("error {at}"));
    report.findings = (1..=13).map(warning).chain((1..=12).map(error)).collect();
    report.findings.push(Finding::new(code::V01, Location::default(), "P08", "nobody looked"));
    let shown = format(Form::Github, &records, &report);
    let count = |start: &str| shown.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("::error "), count("::warning ")), (10, 10));
    assert!(shown.starts_with("::error title=TV-V01::nobody looked"), "{shown}");
    assert!(
        shown.contains("\n3 more of kind error,") && shown.contains("\n3 more of kind warning,"),
        "{shown}"
    );
    let table = github::step_summary(&report);
    assert_eq!(table.lines().filter(|line| line.starts_with("| TV-")).count(), 26);
}

#[test]
fn the_step_summary_is_a_table_whatever_a_message_says() {
    let (_, report) = hostile();
    let table = github::step_summary(&report);
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| TV-")).collect();
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!(row.matches('|').count(), 5, "{row}");
        assert!(!row.contains("<b>"), "{row}");
    }
}

#[test]
fn a_report_file_is_a_form_and_a_path() {
    let read: ReportFile = "sarif=target/a=b.sarif".parse().expect("form and path");
    assert_eq!(read, ReportFile { form: Form::Sarif, path: PathBuf::from("target/a=b.sarif") });
    for wrong in ["sarif", "sarif=", "pdf=a.pdf", ""] {
        assert!(wrong.parse::<ReportFile>().is_err(), "{wrong}");
    }
}
