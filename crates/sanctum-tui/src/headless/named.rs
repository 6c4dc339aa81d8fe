//! Where the moments are that only a run itself can name: marks that somebody set in a viewer of it, and alerts.

use leyline::RunId;

use crate::cli::RunArgs;
use crate::headless::failure::Failure;
use crate::headless::read::{read_whole, refuse_pipe};
use crate::headless::source::Source;
use crate::kept::Kept;
use crate::kept::file::KeptFile;
use crate::time::LandmarkKind;
use crate::time::cut::Aim;
use crate::time::replay::Replay;
use crate::time::runs::{Place, Wanted};
use crate::when::At;

/// Finds a moment of the run that `args` name.
///
/// # Errors
///
/// [`Failure::Usage`] if the run has no such mark or alert, or if it comes from a pipe, which can be read only once; what
/// [`Source::open`] and [`Source::next`] say.
pub(crate) fn aim(at: At, args: &RunArgs, wanted: &Wanted) -> Result<Aim, Failure> {
    match at {
        At::When(when) => Ok(Aim::Moment(when)),
        At::Mark(letter) => {
            refuse_pipe(args)?;
            mark(letter, args, wanted)
        }
        At::Alert(number) => {
            refuse_pipe(args)?;
            alert(number, args)
        }
    }
}

fn mark(letter: char, args: &RunArgs, wanted: &Wanted) -> Result<Aim, Failure> {
    let run = run_id(args, wanted)?;
    let file = run.as_ref().zip(args.state.as_deref()).map(|(run, state)| KeptFile::of(state, run));
    let kept = file.map_or(Ok(None), |file| file.read()).map_err(Failure::Refused)?;
    let Kept { marks, .. } = kept.unwrap_or_default();
    if let Some(mark) = marks.get(&letter) {
        return Ok(mark.aim());
    }
    let known: String = marks.keys().flat_map(|letter| [' ', *letter]).collect();
    let known = if known.is_empty() { " none" } else { &known };
    let run = run.map_or_else(String::new, |run| format!(" of run {run}"));
    Err(Failure::Usage(format!(
        "there is no mark {letter}{run}; marks:{known} (m sets one in a viewer)"
    )))
}

/// Returns the run that is shown.
fn run_id(args: &RunArgs, wanted: &Wanted) -> Result<Option<RunId>, Failure> {
    if let Some(run) = &wanted.run {
        return Ok(Some(run.clone()));
    }
    let mut source = Source::open(args)?;
    let single = source.recording().is_single_run();
    let mut replay = Replay::new();
    while let Some(row) = source.next()? {
        replay.fold(&row);
        if let Some(run) = Place::of(&row).run.filter(|_| single) {
            return Ok(Some(run.clone()));
        }
    }
    Ok(replay.shown(wanted).map(|key| key.run_id))
}

fn alert(number: u64, args: &RunArgs) -> Result<Aim, Failure> {
    let (_, mut landmarks) = read_whole(args)?;
    let all = landmarks.shared();
    let alerts: Vec<u64> = all
        .iter()
        .filter(|landmark| landmark.kind == LandmarkKind::Alert)
        .map(|landmark| landmark.place)
        .collect();
    let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
    let missing = || {
        let known = alerts.len();
        Failure::Usage(format!("there is no alert {number}; alerts of this run: {known}"))
    };
    alerts.get(index).copied().map(Aim::Place).ok_or_else(missing)
}
