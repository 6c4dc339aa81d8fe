//! Records and a report for the tests of printers and fixes.
#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "lists of ticks are written as literals where they are handed over"
)]

use crate::verify::code;
use crate::verify::finding::{Finding, Hop, HopState, Location};
use crate::verify::grammar::Priority;
use crate::verify::record::{BOXES, Record, RecordId, STEPS, Tick, parse};
use crate::verify::report::{
    BoxState, CheckRun, Evidence, Judged, JudgedBox, JudgedTest, Report, Steps, Verdict,
};
use crate::verify::world::TestResult;

/// A record as short as one can be, in the form of real ones.
pub(crate) fn record(
    id: u16,
    name: &str,
    steps: &[bool; 5],
    boxes: &[bool; 7],
    tests: &[(&str, bool)],
) -> Record {
    let id = RecordId(id);
    let slug = name.to_lowercase().replace(' ', "_");
    let mark = |is_set: bool| if is_set { 'x' } else { ' ' };
    let steps = STEPS.iter().zip(steps).map(|(step, set)| format!(" `[{}] {step}`", mark(*set)));
    let boxes = BOXES.iter().zip(boxes);
    let boxes = boxes.map(|(text, set)| format!("- [{}] **{text}** — as stated\n", mark(*set)));
    let tests = tests.iter().map(|(test, set)| {
        format!("| Unit (aggregator) | `t.rs` | `{test}` | `[{}]` |\n", mark(*set))
    });
    let source = format!(
        "# Telemetry Record: [{id}] {name}\n\n> **Status:**{}\n\n\
         ## 1. Identity\n\n| Field | Value |\n|---|---|\n\
         | **ID** | `{id}` |\n| **Name** | {name} |\n| **Priority** | `P1-important` |\n\n\
         ## 3. Data Specification\n\n### Type and Format\n\n| Property | Value |\n|---|---|\n\
         | **Units** | batches |\n\n### Semantic Meaning\n\n\
         > Global number of the last planned batch.\n> It never moves.\n\n\
         ## 4. Data Flow\n\n### Schema Location\n\n| Property | Value |\n|---|---|\n\
         | **Path from Snapshot** | `snapshot.{slug}` |\n\n\
         ### Consumers (Display)\n\n| Widget | File | Usage |\n|---|---|---|\n\
         | RunHeader | `x.rs` | `[x]` a bar |\n\n\
         ## 5. Wiring Verification\n\n### Checklist\n\n{}\n\
         ### Test Coverage\n\n| Test Type | File | Test Name | Status |\n|---|---|---|---|\n{}\n\
         ## 8. Notes\n\nA `[x]` in prose is prose.\n",
        steps.collect::<String>(),
        boxes.collect::<String>(),
        tests.collect::<String>(),
    );
    parse(&format!("docs/telemetry/{id}_{slug}.md"), &source)
}

/// What the judge would say of a record that has earned this.
pub(crate) fn judged(record: &Record, earned: usize, boxes: &[bool; 7], passed: &[bool]) -> Judged {
    let claimed = record.ladder.iter().take_while(|tick| tick.is_set).count();
    let judged_box = |((name, tick), is_earned): ((&'static str, &Tick), &bool)| JudgedBox {
        name,
        is_claimed: tick.is_set,
        state: if *is_earned { BoxState::Earned } else { BoxState::Failed },
        evidence: vec![
            Evidence {
                code: code::D01,
                verdict: if *is_earned { Verdict::Passed(3) } else { Verdict::Failed(1) },
            },
            Evidence { code: code::D02, verdict: Verdict::NotBuilt },
            Evidence {
                code: code::P08,
                verdict: Verdict::LeftOut("no list of environments".to_owned()),
            },
        ],
    };
    let tests = record.tests.iter().zip(passed).map(|(row, has_passed)| JudgedTest {
        kind: row.kind.text.clone(),
        file: row.file.value().to_owned(),
        name: row.name.value().to_owned(),
        is_claimed: row.is_ticked,
        result: Some(if *has_passed { TestResult::Passed } else { TestResult::Failed }),
        is_manual: false,
    });
    Judged {
        id: record.id,
        name: record.name.clone(),
        file: record.file.clone(),
        priority: Some(Priority::P1),
        claimed: Steps(claimed),
        earned: Steps(earned),
        boxes: BOXES.into_iter().zip(&record.boxes).zip(boxes).map(judged_box).collect(),
        tests: tests.collect(),
        exemptions: 0,
    }
}

/// The finding of the specification's sample.
pub(crate) fn sample_finding(record: &Record) -> Finding {
    let line = record.source.lines().position(|line| line.starts_with("| RunHeader")).unwrap_or(0)
        as u32
        + 1;
    let hop = |name: &str, state| Hop { name: name.to_owned(), state };
    let message = "RunHeader does not show it: 40 -> 47 changed no cell";
    let mut finding =
        Finding::new(code::P04, Location::line(&record.file, line), "RunHeader", message)
            .of(record.id);
    finding.trail = vec![
        hop("episodes", HopState::Ok),
        hop("TrainingStarted.max_batches", HopState::Ok),
        hop("hub", HopState::Ok),
        hop("snapshot.max_batches", HopState::Ok),
        hop("RunHeader", HopState::Broken),
    ];
    finding.source = Some(
        "crates/sanctum-widgets/src/run_header.rs  sanctum_widgets::run_header::batch_bar"
            .to_owned(),
    );
    finding
}

/// Two records; the first claims everything, has earned five boxes and one of two tests.
pub(crate) fn sample() -> (Vec<Record>, Report) {
    let tests = [("tele_014_bar", true), ("tele_014_end", true)];
    let first = record(14, "Max Batches", &[true; 5], &[true; 7], &tests);
    let second =
        record(20, "Training Runtime", &[true; 5], &[true; 7], &[("tele_020_clock", true)]);
    let boxes = [true, true, true, true, false, false, true];
    let check = CheckRun {
        code: code::P04,
        tier: code::P04.spec().tier,
        not_run: None,
        subjects: [(Some(first.id), 1), (Some(second.id), 2)].into(),
        skipped: Vec::new(),
    };
    let report = Report {
        findings: vec![sample_finding(&first)],
        records: vec![
            judged(&first, 2, &boxes, &[true, false]),
            judged(&second, 5, &[true; 7], &[true]),
        ],
        checks: vec![check],
        probes: 439,
        seconds: 1.94,
        ..Report::default()
    };
    (vec![first, second], report)
}
