//! Folds a run up to a moment, in replay time: an event is received at its own `mono_ns`.

use std::io::Write;
use std::sync::Arc;

use karn_sanctum::RunKey;
use karn_sanctum::aggregator::Link;
use leyline::{GroupId, RunId};

use crate::cli::{GroupArgs, ReadArgs, RunArgs};
use crate::fold::Picture;
use crate::headless::failure::Failure;
use crate::headless::named;
use crate::headless::source::Source;
use crate::time::cut::{Aim, Cut, Step};
use crate::time::landmarks::Landmarks;
use crate::time::replay::Replay;
use crate::time::runs::{Missing, Place, Wanted};
use crate::time::{Comparison, Extent, Moment, Motion};
use crate::when::{self, When};

/// A run as it stood at a moment, and how whole it was up to there.
#[derive(Debug)]
pub(super) struct Still {
    /// The group shown, and which others there are.
    pub(super) picture: Picture,
    /// Whether what was read is damaged: to be returned after the output of the command.
    pub(super) whole: Result<(), Failure>,
}

/// Reads the run that `args` name, up to the moment they name; says on `notes` if the run ends before that, and what of it
/// is damaged.
///
/// # Errors
///
/// All of [`Failure`] but [`Failure::Damaged`], which is a part of the result.
pub(super) fn read(args: &ReadArgs, notes: &mut impl Write) -> Result<Still, Failure> {
    let later = args.now.as_deref().map_or(Ok(0), when::seconds_later).map_err(usage)?;
    let Reached { replay, key, whole } = reach(args, &args.at, notes)?;
    Ok(Still { picture: replay.picture(key.as_ref(), later), whole })
}

/// Reads a run up to a moment as [`read`] does, and then all of it: the picture also says where in the run it is.
///
/// # Errors
///
/// As [`read`]; [`Failure::Usage`] for a pipe, which can be read only once.
pub(super) fn read_past(args: &ReadArgs, notes: &mut impl Write) -> Result<Still, Failure> {
    refuse_pipe(&args.run)?;
    let Reached { replay, key: _, whole } = reach(args, &args.at, notes)?;
    let (end, mut landmarks) = read_whole(&args.run)?;
    let wanted = wanted(&args.group)?;
    let trace = end.trace(end.shown(&wanted).as_ref());
    let extent = Extent {
        first: 0,
        last: end.place,
        times: trace.and_then(|trace| trace.first.zip(trace.last)),
        landmarks: landmarks.shared(),
        reading: None,
    };
    let (place, motion) = (replay.place, Motion::Still);
    let moment = Moment { place, seq: None, at: None, ts: None, motion, extent };
    Ok(Still { picture: replay.picture_at(&wanted, moment), whole })
}

/// Reads a run up to two moments, the second of which `args` name; the picture is that of the second.
///
/// # Errors
///
/// As [`read_past`].
pub(super) fn read_comparison(
    args: &ReadArgs,
    against: &str,
    notes: &mut impl Write,
) -> Result<Still, Failure> {
    refuse_pipe(&args.run)?;
    let wanted = wanted(&args.group)?;
    let before = reach(args, against, notes)?;
    let Reached { replay, key, whole } = reach(args, &args.at, notes)?;
    let comparison =
        Comparison { before: before.replay.instant(&wanted), after: replay.instant(&wanted) };
    let comparison = Some(Arc::new(comparison));
    let picture = Picture { comparison, ..replay.picture(key.as_ref(), 0) };
    Ok(Still { picture, whole: before.whole.and(whole) })
}

/// Reads all of a run, and what a time machine would find on the way.
///
/// # Errors
///
/// As [`Source::open`] and [`Source::next`].
pub(super) fn read_whole(run: &RunArgs) -> Result<(Replay, Landmarks), Failure> {
    let mut source = Source::open(run)?;
    let (mut replay, mut landmarks) = (Replay::new(), Landmarks::default());
    while let Some(row) = source.next()? {
        replay.fold(&row);
        landmarks.note(&row, &replay, source.recording().damage().len());
    }
    Ok((replay, landmarks))
}

/// The fold of a run up to a moment.
struct Reached {
    replay: Replay,
    /// The group to show.
    key: Option<RunKey>,
    whole: Result<(), Failure>,
}

fn reach(args: &ReadArgs, at: &str, notes: &mut impl Write) -> Result<Reached, Failure> {
    let wanted = wanted(&args.group)?;
    let aim = named::aim(at.parse().map_err(usage)?, &args.run, &wanted)?;
    let mut source = Source::open(&args.run)?;
    let cut = Cut::new(aim, wanted.clone(), source.recording().is_single_run());
    let (mut replay, reached) = fold(&mut source, cut)?;
    let key = replay.choose(&wanted).map_err(|missing| unknown(&missing))?;
    if args.closed {
        replay.link(Link::Closed);
    }
    match aim {
        Aim::Moment(When::Batch(_) | When::Seq(_)) if !reached => {
            let end = if source.recording().is_live() { "has not come to" } else { "ends before" };
            // Whoever closed our standard error does not want to know.
            writeln!(notes, "sanctum-tui: note: the run {end} {at}, this is its end").ok();
        }
        Aim::Place(_) | Aim::Moment(_) => {}
    }
    Ok(Reached { replay, key, whole: source.close(notes) })
}

/// # Errors
///
/// [`Failure::Usage`] for a pipe, where a run has to be read twice.
pub(super) fn refuse_pipe(run: &RunArgs) -> Result<(), Failure> {
    if run.source.as_os_str() == "-" {
        let why = "standard input can be read only once: write the rows to a file";
        return Err(Failure::Usage(why.to_owned()));
    }
    Ok(())
}

/// Returns which group of which run is asked for.
///
/// # Errors
///
/// [`Failure::Usage`] if what is given is no id.
pub(super) fn wanted(args: &GroupArgs) -> Result<Wanted, Failure> {
    Ok(Wanted {
        run: args.run_id.as_deref().map(RunId::new).transpose().map_err(usage)?,
        group: args.group.as_deref().map(GroupId::new).transpose().map_err(usage)?,
    })
}

/// Returns the failure for a group or run that is not there.
pub(super) fn unknown(missing: &Missing) -> Failure {
    let known = missing.known.iter().map(String::as_str);
    Failure::unknown(missing.what, &missing.asked, known)
}

fn usage(error: impl std::fmt::Display) -> Failure {
    Failure::Usage(error.to_string())
}

/// Folds a run up to the moment of `cut`; says also whether events followed, or could have followed, that moment.
fn fold(source: &mut Source, mut cut: Cut) -> Result<(Replay, bool), Failure> {
    let mut replay = Replay::new();
    let mut reached = false;
    while let Some(row) = source.next()? {
        match cut.before(&row, &replay.runs) {
            Step::Take => {}
            Step::Skip => {
                reached = true;
                replay.runs.pass(&Place::of(&row));
                continue;
            }
            Step::End => {
                reached = true;
                break;
            }
        }
        replay.fold(&row);
        if cut.is_reached(&row, &replay.folded, &replay.runs) {
            reached = true;
            break;
        }
    }
    Ok((replay, reached))
}
