//! Steps of the ladder: what a record has earned, or could have earned where a part did not run.

// Bare names, so that V02 does not take this for places that emit.
use crate::verify::code::{Code, R01, R02, R05};
use crate::verify::grammar::Priority;
use crate::verify::judge::Outcomes;
use crate::verify::record::Record;
use crate::verify::report::{BoxState, Judged, JudgedTest, Steps};
use crate::verify::world::{Ran, TestResult, World};

/// Returns the highest step that nothing speaks against. What did not run counts as the record's own rows say, so that
/// without evidence a step above an unticked row is still too much.
pub(super) fn ladder(
    world: &World,
    outcomes: &Outcomes,
    record: &Record,
    judged: &Judged,
) -> Steps {
    let has_box = |at: usize| match judged.boxes[at].state {
        BoxState::Earned => true,
        BoxState::Failed => false,
        BoxState::NotRun => judged.boxes[at].is_claimed,
    };
    let is_known = judged.boxes.iter().all(|judged| judged.state != BoxState::NotRun);
    let steps = [
        is_parsed(outcomes, record),
        (0..7).any(has_box),
        (0..5).all(has_box),
        is_tested(world, record, judged),
        has_box(5) && has_box(6) && judged.exemptions == 0,
    ];
    let mut reached = 0;
    for (at, is_earned) in steps.into_iter().enumerate() {
        let is_based = is_known || at == 0 || record.ladder[at - 1].is_set;
        if !is_earned || !is_based {
            break;
        }
        reached = at + 1;
    }
    Steps(reached)
}

fn is_parsed(outcomes: &Outcomes, record: &Record) -> bool {
    const FORM: [Code; 3] = [R01, R02, R05];
    let found = FORM.iter().filter_map(|code| outcomes.get(code)?.yes());
    let mut found = found
        .flat_map(|outcome| &outcome.findings)
        .chain(record.problems.iter().filter(|problem| FORM.contains(&problem.code)));
    !found.any(|finding| finding.at.file == record.file || finding.record == Some(record.id))
}

fn is_tested(world: &World, record: &Record, judged: &Judged) -> bool {
    let rows = || judged.tests.iter().filter(|test| !test.is_manual);
    let passed = |test: &JudgedTest| match world.tests {
        Ran::Yes(_) => test.result == Some(TestResult::Passed),
        Ran::No(_) => test.is_claimed,
    };
    let has = |kind: &str| rows().any(|test| test.kind.to_lowercase().contains(kind));
    let has_rows = match record.meaning.priority {
        Some(Priority::P0) => {
            ["emitter", "aggregator", "buffer", "end-to-end"].into_iter().all(has)
        }
        Some(Priority::P1) => has("aggregator") && (has("buffer") || has("end-to-end")),
        Some(Priority::P2 | Priority::P3) => rows().next().is_some(),
        None => false,
    };
    has_rows && rows().all(passed)
}
