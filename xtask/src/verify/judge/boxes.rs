//! Boxes: earned when the checks behind them ran on the record and found nothing.

use telemetry_evidence::plan::Move;

// Bare names, so that V02 does not take this table for places that emit.
use crate::verify::checks::tests_of_records::{is_manual, named};
use crate::verify::checks::way::{consumers, place_of};
use crate::verify::code::{
    A01, A02, Code, D01, D02, D03, D04, D05, D08, H01, H02, H03, P01, P02, P03, P04, P05, P06, P07,
    P08, P09, P10, S01, S02, S03, S04, S05, S07,
};
use crate::verify::finding::{Finding, Outcome};
use crate::verify::grammar::Priority;
use crate::verify::judge::Outcomes;
use crate::verify::record::{BOXES, Record};
use crate::verify::report::{BoxState, Evidence, Judged, JudgedBox, JudgedTest, Steps, Verdict};
use crate::verify::world::{Ran, TestResult, World};

/// The checks of each box, in the order of [`BOXES`].
const CHECKS: [&[Code]; 7] = [
    &[A01, A02, S02, S07, P01],
    &[P02, P03, P05, P08],
    &[S01, S03],
    &[S04, S05, P07, P09],
    &[P04, P05],
    &[D01, D03, D08, P06, P10, D02, D05, D04],
    &[H01, H02, H03],
];

/// Checks that every record must give a subject; of the others a record may have none.
const REQUIRED: &[Code] = &[A01, A02, P03, S01, S04];

/// Checks whose subject is the tree, for every record alike.
const OF_THE_TREE: &[Code] = &[S07, P02];

/// Returns a record with its boxes and tests judged; the ladder follows once the exemptions are known.
pub(super) fn judged(world: &World, outcomes: &Outcomes, record: &Record) -> Judged {
    let boxes = BOXES.iter().zip(CHECKS).zip(&record.boxes).map(|((name, codes), tick)| {
        let codes = codes.iter().filter(|code| **code != D04 || is_important(record));
        let evidence: Vec<Evidence> = codes
            .map(|code| Evidence { code: *code, verdict: verdict(world, outcomes, record, *code) })
            .collect();
        JudgedBox { name, is_claimed: tick.is_set, state: state(&evidence), evidence }
    });
    Judged {
        id: record.id,
        name: record.name.clone(),
        file: record.file.clone(),
        priority: record.meaning.priority,
        claimed: claimed(record),
        earned: Steps::default(),
        boxes: boxes.collect(),
        tests: tests(world, record),
        exemptions: 0,
    }
}

const fn is_important(record: &Record) -> bool {
    matches!(record.meaning.priority, Some(Priority::P0 | Priority::P1))
}

/// Returns the highest ticked step.
fn claimed(record: &Record) -> Steps {
    Steps(record.ladder.iter().rposition(|tick| tick.is_set).map_or(0, |last| last + 1))
}

fn state(evidence: &[Evidence]) -> BoxState {
    let any = |is: fn(&Verdict) -> bool| evidence.iter().any(|evidence| is(&evidence.verdict));
    if any(|verdict| matches!(verdict, Verdict::Failed(_))) {
        BoxState::Failed
    } else if any(|verdict| matches!(verdict, Verdict::NotRun(_))) {
        BoxState::NotRun
    } else if any(|verdict| matches!(verdict, Verdict::Passed(_))) {
        BoxState::Earned
    } else {
        BoxState::Failed
    }
}

fn verdict(world: &World, outcomes: &Outcomes, record: &Record, code: Code) -> Verdict {
    if !code.spec().is_built {
        return Verdict::NotBuilt;
    }
    let outcome = match outcomes.get(&code) {
        Some(Ran::Yes(outcome)) => outcome,
        Some(Ran::No(why)) => return Verdict::NotRun(why.clone()),
        None => return Verdict::NotRun("no check of this code is listed".to_owned()),
    };
    let found = outcome.findings.iter().filter(|finding| concerns(finding, record)).count();
    if 0 < found {
        return Verdict::Failed(found as u32);
    }
    let key = if OF_THE_TREE.contains(&code) { None } else { Some(record.id) };
    if let Some(seen) = outcome.subjects.get(&key).filter(|seen| 0 < **seen) {
        return Verdict::Passed(*seen);
    }
    if code == P01 && has_emitter(record) {
        return emitter_test(world, record);
    }
    if REQUIRED.contains(&code) {
        return Verdict::Failed(0);
    }
    Verdict::LeftOut(left_out(outcome, record, code))
}

/// Returns whether a finding speaks against a record: it is about it, about the hub, or about a widget that shows it.
fn concerns(finding: &Finding, record: &Record) -> bool {
    if finding.record.is_some() {
        return finding.record == Some(record.id);
    }
    OF_THE_TREE.contains(&finding.code)
        || consumers(record).any(|row| finding.subject.starts_with(&place_of(&row.widget)))
}

/// Returns whether the value leaves an emitter at all; a clock, a link and a sum of others do not.
fn has_emitter(record: &Record) -> bool {
    record
        .meaning
        .moves
        .iter()
        .any(|term| matches!(term, Move::Event { .. } | Move::Sampler { .. }))
}

/// What the rig cannot drive, a test of the emitter must have shown.
fn emitter_test(world: &World, record: &Record) -> Verdict {
    let tests = match &world.tests {
        Ran::Yes(tests) => tests,
        Ran::No(why) => return Verdict::NotRun(why.clone()),
    };
    let rows = named(record).filter(|(row, _)| row.kind.text.to_lowercase().contains("emitter"));
    let passed = rows.filter(|(_, key)| tests.get(key) == Some(&TestResult::Passed)).count();
    if passed == 0 { Verdict::Failed(0) } else { Verdict::Passed(passed as u32) }
}

fn left_out(outcome: &Outcome, record: &Record, code: Code) -> String {
    let skip = outcome.skipped.iter().find(|skip| skip.record == Some(record.id));
    if let Some(skip) = skip {
        return skip.why.clone();
    }
    let why = if code == P01 {
        "no emitter: it is computed where it arrives"
    } else if code == P08 {
        "not a value of one environment"
    } else if code == P04 {
        "the record lists no widget"
    } else if code == H02 {
        "no level to look at"
    } else if code == D08 {
        "not a reading that can grow old"
    } else if code == D01 {
        "no example with a known value"
    } else if code == D03 {
        "it cannot be missing"
    } else {
        "nothing of it applies to this record"
    };
    why.to_owned()
}

fn tests(world: &World, record: &Record) -> Vec<JudgedTest> {
    let result = |row: &crate::verify::record::TestRow| {
        let tests = world.tests.yes()?;
        tests.get(&(row.file.value().to_owned(), row.name.value().to_owned())).copied()
    };
    let judged = record.tests.iter().map(|row| JudgedTest {
        kind: row.kind.value().to_owned(),
        file: row.file.value().to_owned(),
        name: row.name.value().to_owned(),
        is_claimed: row.is_ticked,
        result: result(row),
        is_manual: is_manual(row),
    });
    judged.collect()
}
