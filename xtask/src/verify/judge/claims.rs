//! What a record claims against what it earned: L01 and L02, one finding per record with every tick.

use crate::verify::code;
use crate::verify::finding::{Finding, Location};
use crate::verify::record::{BOXES, Record, STEPS};
use crate::verify::report::{BoxState, Judged, JudgedTest, Steps};
use crate::verify::world::TestResult;

/// L01: ticks that were not earned.
pub(super) fn too_much(record: &Record, judged: &Judged, bound: Steps) -> Option<Finding> {
    let steps = record.ladder.iter().zip(STEPS).enumerate();
    let mut ticks: Vec<String> = steps
        .filter(|(at, (tick, _))| tick.is_set && bound.0 <= *at)
        .map(|(_, (_, name))| name.to_owned())
        .collect();
    let boxes = judged.boxes.iter();
    ticks.extend(
        boxes
            .filter(|judged| judged.is_claimed && judged.state == BoxState::Failed)
            .map(|judged| format!("box {}", judged.name)),
    );
    let failed = |test: &&JudgedTest| {
        let is_known = judged.tests.iter().any(|test| test.result.is_some());
        test.is_claimed && !test.is_manual && is_known && test.result != Some(TestResult::Passed)
    };
    ticks.extend(judged.tests.iter().filter(failed).map(|test| format!("test {}", test.name)));
    if ticks.is_empty() {
        return None;
    }
    let message = format!("claims {}, earned {bound}", judged.claimed);
    Some(
        Finding::new(code::L01, place(record), record.id.to_string(), message)
            .of(record.id)
            .instead(
                format!("{bound} and the boxes it earned"),
                format!("ticked without being earned: {}", ticks.join(", ")),
            ),
    )
}

/// L02: ticks that are missing although they were earned.
pub(super) fn too_little(record: &Record, judged: &Judged) -> Option<Finding> {
    let mut missing: Vec<String> = (0..judged.earned.0)
        .filter(|at| !record.ladder[*at].is_set)
        .map(|at| STEPS[at].to_owned())
        .collect();
    let earned = judged.boxes.iter().zip(BOXES);
    missing.extend(
        earned
            .filter(|(judged, _)| !judged.is_claimed && judged.state == BoxState::Earned)
            .map(|(_, name)| format!("box {name}")),
    );
    let passed = judged.tests.iter().filter(|test| {
        !test.is_claimed && !test.is_manual && test.result == Some(TestResult::Passed)
    });
    missing.extend(passed.map(|test| format!("test {}", test.name)));
    if missing.is_empty() {
        return None;
    }
    let message = format!("claims {}, earned {}", judged.claimed, judged.earned);
    Some(
        Finding::new(code::L02, place(record), record.id.to_string(), message)
            .of(record.id)
            .instead(
                "every tick that was earned",
                format!("earned without being ticked: {}", missing.join(", ")),
            ),
    )
}

fn place(record: &Record) -> Location {
    let at = &record.ladder[0].at;
    if at.file.is_empty() { Location::file(&record.file) } else { at.clone() }
}
