//! The report for trend pages: one suite per record, one case per box, test row and ladder.

use std::time::Duration;

use anyhow::{Context as _, Result};
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::{BoxState, CheckRun, Context, Judged, JudgedBox, JudgedTest, Report, Verdict};
use crate::verify::code::Code;
use crate::verify::finding::Finding;
use crate::verify::world::TestResult;

/// Returns the report.
pub(super) fn format(context: &Context<'_>) -> Result<String> {
    let report = context.report;
    let mut document = Document::new("verify-telemetry");
    if let Ok(time) = Duration::try_from_secs_f64(report.seconds) {
        document.set_time(time);
    }
    document.add_test_suites(report.records.iter().map(|record| suite(report, record)));
    document.add_test_suite(tree(report));
    document.to_string().context("cannot write the JUnit report")
}

fn suite(report: &Report, record: &Judged) -> TestSuite {
    let mut suite = TestSuite::new(format!("{} {}", record.id, record.name));
    let id = record.id.to_string();
    for judged in &record.boxes {
        suite.add_test_case(box_case(report, record, judged));
    }
    for test in &record.tests {
        let mut case = TestCase::new(format!("{}: {}", test.kind, test.name), test_status(test));
        case.set_classname(format!("{id}.test")).add_property(("file", test.file.as_str()));
        suite.add_test_case(case);
    }
    suite.add_test_case(ladder_case(report, record));
    suite
}

fn box_case(report: &Report, record: &Judged, judged: &JudgedBox) -> TestCase {
    let status = match judged.state {
        BoxState::Earned => TestCaseStatus::success(),
        BoxState::NotRun => skipped(&reasons(judged)),
        BoxState::Failed => {
            let codes = judged.evidence.iter().map(|evidence| evidence.code).collect::<Vec<_>>();
            let findings = report.findings_of(Some(record.id));
            let texts: Vec<String> =
                findings.filter(|finding| codes.contains(&finding.code)).map(one_line).collect();
            if texts.is_empty() { failure(&reasons(judged), "") } else { failures(&texts) }
        }
    };
    let mut case = TestCase::new(judged.name, status);
    case.set_classname(format!("{}.box", record.id));
    let passed = judged.evidence.iter().filter_map(|evidence| match &evidence.verdict {
        Verdict::Passed(subjects) => Some(*subjects as usize),
        Verdict::Failed(_) | Verdict::LeftOut(_) | Verdict::NotBuilt | Verdict::NotRun(_) => None,
    });
    case.set_assertions(passed.sum());
    if judged.is_partial() {
        let codes: Vec<String> = judged.not_built().map(|code| code.to_string()).collect();
        case.set_system_out(format!("partial evidence: {} not built yet", codes.join(", ")));
    }
    case
}

/// Returns why a box without a finding is not earned.
fn reasons(judged: &JudgedBox) -> String {
    let mut reasons = Vec::new();
    for evidence in &judged.evidence {
        match &evidence.verdict {
            Verdict::LeftOut(why) => reasons.push(format!("{} left out: {why}", evidence.code)),
            Verdict::NotRun(why) => reasons.push(format!("{} did not run: {why}", evidence.code)),
            Verdict::Passed(_) | Verdict::Failed(_) | Verdict::NotBuilt => {}
        }
    }
    if reasons.is_empty() { "no check had a subject".to_owned() } else { reasons.join("; ") }
}

fn test_status(test: &JudgedTest) -> TestCaseStatus {
    match test.result {
        _ if test.is_manual => skipped("a manual step, which earns nothing"),
        Some(TestResult::Passed) => TestCaseStatus::success(),
        Some(TestResult::Failed) => failure("the test failed", &test.file),
        Some(TestResult::Ignored) => skipped("the test is ignored"),
        None => skipped("not run"),
    }
}

/// Returns the case of the ladder, which also holds the findings that belong to no box.
fn ladder_case(report: &Report, record: &Judged) -> TestCase {
    let in_a_box = |code: Code| {
        record
            .boxes
            .iter()
            .flat_map(|judged| &judged.evidence)
            .any(|evidence| evidence.code == code)
    };
    let rest = report.findings_of(Some(record.id)).filter(|finding| !in_a_box(finding.code));
    let texts: Vec<String> = rest.map(one_line).collect();
    let claims = format!("claims {}, earned {}", record.claimed, record.earned);
    let status = if !texts.is_empty() {
        failures(&texts)
    } else if record.earned < record.claimed {
        // Without a finding this is a partial run, which cannot earn what it did not look at.
        if report.is_whole() { failure(&claims, "") } else { skipped(&claims) }
    } else {
        TestCaseStatus::success()
    };
    let mut case = TestCase::new("ladder", status);
    case.set_classname(format!("{}.ladder", record.id))
        .add_property(("earned", record.earned.to_string().as_str()));
    case
}

/// Returns the suite of what belongs to no record.
fn tree(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("tree");
    for check in &report.checks {
        suite.add_test_case(check_case(report, check));
    }
    for (nth, why) in report.not_verified.iter().enumerate() {
        let mut case = TestCase::new(format!("not verified {}", nth + 1), failure(why, ""));
        case.set_classname("tree.run");
        suite.add_test_case(case);
    }
    suite
}

fn check_case(report: &Report, check: &CheckRun) -> TestCase {
    let known = |finding: &&Finding| {
        finding.record.is_some_and(|id| report.records.iter().any(|record| record.id == id))
    };
    let own = report.findings.iter().filter(|finding| finding.code == check.code);
    let texts: Vec<String> = own.filter(|finding| !known(finding)).map(one_line).collect();
    let status = match &check.not_run {
        _ if !texts.is_empty() => failures(&texts),
        Some(why) => skipped(why),
        None if check.subjects.is_empty() => skipped("no subject"),
        None => TestCaseStatus::success(),
    };
    let mut case = TestCase::new(check.code.to_string(), status);
    case.set_classname("tree.check").set_assertions(check.subjects.values().sum::<u32>() as usize);
    case
}

fn one_line(finding: &Finding) -> String {
    format!("{} {}", finding.code, super::sarif::message(finding))
}

fn failures(texts: &[String]) -> TestCaseStatus {
    let first = texts.first().map_or("", String::as_str);
    let more = texts.len().saturating_sub(1);
    let message = first.lines().next().unwrap_or_default();
    let message =
        if more == 0 { message.to_owned() } else { format!("{message} (and {more} more)") };
    failure(&message, &texts.join("\n\n"))
}

fn failure(message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message);
    if !description.is_empty() {
        status.set_description(description);
    }
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}
