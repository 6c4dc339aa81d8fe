//! `sanctum-tui check`: the alerts of a run, and an exit code that says so.

use std::io::Write;

use crate::cli::CheckArgs;
use crate::headless::failure::Failure;
use crate::headless::source::Source;
use crate::headless::{named, read};
use crate::time::cut::{Cut, Step};
use crate::time::runs::{Place, Runs, Wanted};
use crate::when::WhenError;

pub(super) mod follow;
mod input;
mod judge;
pub(crate) mod report;

use judge::Judge;
use report::{GroupReport, Report, Verdict};

/// Does what `args` ask for: prints on `out`, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// See [`Failure`]; of [`Failure::Verdict`], [`Failure::Damaged`] and [`Failure::NotFound`] for want of anything to judge
/// the output is complete.
pub(super) fn check(
    args: &CheckArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let at = args.at.parse().map_err(|error: WhenError| Failure::Usage(error.to_string()))?;
    let wanted = read::wanted(&args.group)?;
    if args.run.is_a_socket() {
        return Err(Failure::Usage(
            "check reads the log of a run; with --follow it takes unix:PATH and tcp://HOST:PORT too"
                .to_owned(),
        ));
    }
    let aim = named::aim(at, &args.run, &wanted)?;
    let mut source = Source::open(&args.run)?;
    let mut cut = Cut::new(aim, wanted, source.recording().is_single_run());
    let (mut judge, mut runs) = (Judge::new(), Runs::default());
    while let Some(row) = source.next()? {
        match cut.before(&row, &runs) {
            Step::Take => {}
            Step::Skip => {
                runs.pass(&Place::of(&row));
                continue;
            }
            Step::End => break,
        }
        runs.fold(&Place::of(&row));
        judge.apply(&row);
        if cut.is_reached(&row, judge.fold(), &runs) {
            break;
        }
    }
    result(args, &judge, &runs, out, || source.close(notes))
}

/// Prints what was found in all that was read, and says how that ends.
fn result(
    args: &CheckArgs,
    judge: &Judge,
    runs: &Runs,
    out: &mut impl Write,
    close: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let groups = chosen(judge, runs, &read::wanted(&args.group)?)?;
    let whole = close();
    let report = Report::new(groups, args.fail_on, whole.is_err());
    let text = if args.json { report.to_json() + "\n" } else { report.to_text() };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Write)?;
    match report.verdict() {
        Verdict::Passed => Ok(()),
        Verdict::Failed(level) => Err(Failure::Verdict(level)),
        Verdict::Damaged => whole,
        Verdict::Nothing => Err(Failure::NotFound(format!(
            "nothing in it could be judged: {}",
            args.run.source.display()
        ))),
    }
}

/// Returns what was found in the groups that are wanted: all of them when nobody chose.
fn chosen(judge: &Judge, runs: &Runs, wanted: &Wanted) -> Result<Vec<GroupReport>, Failure> {
    let mut groups = judge.report();
    if *wanted != Wanted::default() {
        let key = runs.choose(judge.fold(), wanted).map_err(|missing| read::unknown(&missing))?;
        groups.retain(|group| {
            key.as_ref().is_some_and(|key| {
                let own = wanted.group.is_none() || group.group_id == key.group_id;
                own && group.run_id == key.run_id
            })
        });
    }
    Ok(groups)
}
