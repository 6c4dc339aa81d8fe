//! `sanctum-tui check`: which verdicts lasted, and an exit code that says so.

use std::io::Write;

use crate::cli::CheckArgs;
use crate::headless::failure::Failure;

mod course;
mod judge;
mod limit;
mod readings;
mod report;

use judge::Judge;
use report::{Report, Verdict};

/// Does what `args` ask for: prints on `out`, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// See [`Failure`].
pub(super) fn check(
    args: &CheckArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let _ = notes;
    let judge = Judge::default();
    let report = Report::new(judge.report(), args.fail_on, false);
    let text = if args.json { report.to_json() + "\n" } else { report.to_text() };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Write)?;
    match report.verdict(args.fail_on) {
        Verdict::Passed => Ok(()),
        Verdict::Failed(level) => Err(Failure::Verdict(level.into())),
        Verdict::Damaged => Err(Failure::Damaged(String::new())),
        Verdict::Nothing => Err(Failure::NotFound("nothing could be judged".to_owned())),
    }
}
