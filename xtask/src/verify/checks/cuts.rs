//! V03 and T05: wires that nobody would miss.

use crate::verify::code;
use crate::verify::deep::{Cut, Fate, Tried};
use crate::verify::finding::{Finding, Location, Outcome, Skip};
use crate::verify::world::World;

/// V03: a cut that nothing noticed, or of which nobody can say.
pub(super) fn unnoticed(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(deep) = world.deep.yes() else { return outcome };
    for Tried { cut, fate } in &deep.cuts {
        outcome.saw(None);
        let message = match fate {
            Fate::Killed(_) | Fate::Untested(_) => continue,
            Fate::Unnoticed(test) => {
                let but = test.as_ref().map(|(_, name)| format!(" (the test {name} does)"));
                let but = but.unwrap_or_default();
                format!("the probe does not notice when this wire is cut: {}{but}", cut.text)
            }
            Fate::NotRun(why) => format!("the cut of {} could not be tried: {why}", cut.text),
        };
        outcome.findings.push(Finding::new(code::V03, place(cut), subject(cut), message));
    }
    let skipped = deep.skipped.iter().map(|why| Skip { record: None, why: why.clone() });
    outcome.skipped.extend(skipped);
    outcome
}

/// T05: a cut that breaks records whose named tests still pass, or what no record answers for and no test looks at.
pub(super) fn untested(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(deep) = world.deep.yes() else { return outcome };
    for Tried { cut, fate } in &deep.cuts {
        outcome.saw(None);
        let Fate::Untested(records) = fate else { continue };
        if records.is_empty() {
            let message = format!("no test fails when this wire is cut: {}", cut.text);
            outcome.findings.push(Finding::new(code::T05, place(cut), subject(cut), message));
        }
        for record in records {
            let message =
                format!("no test that the record names fails when this wire is cut: {}", cut.text);
            outcome
                .findings
                .push(Finding::new(code::T05, place(cut), subject(cut), message).of(*record));
        }
    }
    outcome
}

fn place(cut: &Cut) -> Location {
    Location::line(cut.file.clone(), cut.line)
}

/// Stable under edits elsewhere in the file, which a line would not be.
pub(crate) fn subject(cut: &Cut) -> String {
    format!("{} {}", cut.file, cut.text)
}
