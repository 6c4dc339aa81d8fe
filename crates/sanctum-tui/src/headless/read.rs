//! Folds a run up to a moment, in replay time: an event is received at its own `mono_ns`.

use std::io::Write;

use karn_sanctum::aggregator::Link;
use leyline::{GroupId, RunId};

use crate::cli::{GroupArgs, ReadArgs};
use crate::fold::Picture;
use crate::headless::failure::Failure;
use crate::headless::source::Source;
use crate::time::cut::{Cut, Step};
use crate::time::replay::Replay;
use crate::time::runs::{Missing, Place, Wanted};
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
    let at: When = args.at.parse().map_err(usage)?;
    let later = args.now.as_deref().map_or(Ok(0), when::seconds_later).map_err(usage)?;
    let wanted = wanted(&args.group)?;
    let mut source = Source::open(&args.run)?;
    let cut = Cut::new(at, wanted.clone(), source.recording().is_single_run());
    let (mut replay, reached) = fold(&mut source, cut)?;
    let key = replay.choose(&wanted).map_err(|missing| unknown(&missing))?;
    if args.closed {
        replay.link(Link::Closed);
    }
    let picture = replay.picture(key.as_ref(), later);
    match at {
        When::Batch(_) | When::Seq(_) if !reached => {
            let end = if source.recording().is_live() { "has not come to" } else { "ends before" };
            // Whoever closed our standard error does not want to know.
            writeln!(notes, "sanctum-tui: note: the run {end} {}, this is its end", args.at).ok();
        }
        When::Start | When::End | When::Batch(_) | When::Seq(_) | When::Time(_) | When::Ts(_) => {}
    }
    Ok(Still { picture, whole: source.close(notes) })
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
