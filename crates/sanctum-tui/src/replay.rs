//! A recorded run on the whole screen, or as lines.

use std::io::{self, Write};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use nissa::Recording;
use nissa::recording::Read;
use simic_emitter::{StopFlag, StopLevel};

use crate::cli::ReplayArgs;
use crate::exit::Exit;
use crate::fold::Picture;
use crate::headless::{damage, named, source};
use crate::options::{Options, View};
use crate::session::Session;
use crate::source::{Arrival, Source};
use crate::time::cut::{Aim, Cut, Step};
use crate::time::replay::Replay;
use crate::time::runs::Wanted;
use crate::time::{Ask, Outcome};
use crate::when::When;
use crate::{live, plain, terminal};

/// How long the reading may take to end once the screen is left.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows the run that `args` name until it is left.
///
/// # Errors
///
/// All of [`crate::headless::Failure`]; of damage the run was shown as far as it can be read. Fails also if a thread cannot be
/// started.
pub fn run(args: &ReplayArgs, options: &Options) -> anyhow::Result<Exit> {
    let aim = named::aim(args.at, &args.run, &Wanted::default())?;
    let recordings = source::open_twice(&args.run)?;
    terminal::install_panic_hook();
    let (tell, outcome) = bounded(1);
    let exit = match options.view {
        View::Screen => {
            let session = Session::replay(recordings, options.poll, tell)?;
            let nothing = Picture::empty();
            session.ask(Ask::Speed(args.speed), &nothing);
            session.ask(Ask::Go(aim.into()), &nothing);
            if !args.paused {
                session.ask(Ask::Play, &nothing);
            }
            live::run(session, options)?
        }
        View::Plain => {
            let [recording, _] = recordings;
            let whole = aim == Aim::Moment(When::Start);
            let until = if whole { Aim::Moment(When::End) } else { aim };
            let plain_interval = Duration::ZERO;
            let lines = Options { plain_interval, is_recorded: true, ..options.clone() };
            let run = Recorded { recording, until, tell };
            let (session, pictures) = Session::start_with_lines(Box::new(run), options.poll)?;
            match plain::run(session, &pictures, &lines)? {
                // How the run ended is no failure of whoever reads it.
                Exit::Failed(_) => Exit::Completed,
                exit @ (Exit::Completed | Exit::Stopped | Exit::Signal(_) | Exit::ReaderGone) => {
                    exit
                }
            }
        }
    };
    if options.quiet {
        terminal::forget_notes();
    } else {
        terminal::print_notes();
    }
    settle(args, options, &outcome, exit)
}

/// Says what is damaged in the part that was read.
fn settle(
    args: &ReplayArgs,
    options: &Options,
    outcome: &Receiver<Outcome>,
    exit: Exit,
) -> anyhow::Result<Exit> {
    let Ok(Outcome { damage, failure }) = outcome.recv_timeout(PATIENCE) else { return Ok(exit) };
    if exit != Exit::Completed {
        return Ok(exit);
    }
    let run = args.run.source.display().to_string();
    if let Some(error) = failure {
        return Err(source::unread(&run, error).into());
    }
    let mut notes: Box<dyn Write> =
        if options.quiet { Box::new(io::sink()) } else { Box::new(io::stderr()) };
    damage::report(&run, &damage, &mut notes)?;
    Ok(exit)
}

/// A run that is read from its start up to a moment, as fast as it can be.
struct Recorded {
    recording: Recording,
    until: Aim,
    tell: Sender<Outcome>,
}

impl Source for Recorded {
    fn run(self: Box<Self>, out: &Sender<Arrival>, stop: &StopFlag) -> anyhow::Result<()> {
        let Self { mut recording, until, tell } = *self;
        let mut cut = Cut::new(until, Wanted::default(), recording.is_single_run());
        let mut replay = Replay::new();
        let mut failure = None;
        while stop.level() == StopLevel::Running {
            let row = match recording.read() {
                Ok(Read::Event(row)) => row,
                Ok(Read::Pending | Read::End) => break,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            if cut.before(&row, &replay.runs) == Step::End {
                break;
            }
            replay.fold(&row);
            let is_last = cut.is_reached(&row, &replay.folded, &replay.runs);
            if out.send(Arrival::Event(row)).is_err() || is_last {
                break;
            }
        }
        let damage = recording.damage().to_vec();
        // Told once, and there is room.
        tell.try_send(Outcome { damage, failure }).ok();
        Ok(())
    }
}
