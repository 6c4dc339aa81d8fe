//! `sanctum-tui check --follow`: stays with a live run, tells of its alerts as they begin and end, and then says what `check` says.
//!
//! The result is that of `check` after the run, because the same judge folds the same events at their own times. Only what is
//! told on the way also knows of silence: it is asked at the time that has passed since the latest event was read.

use std::io::Write;

use crossbeam_channel::{Receiver, RecvTimeoutError, never};
use karn_sanctum::RunKey;
use leyline::{Event, Incoming, ViewNs};

use crate::cli::{CheckArgs, DisplayArgs};
use crate::clock::Clock;
use crate::headless::check::input::{Input, Next};
use crate::headless::check::judge::Judge;
use crate::headless::check::result;
use crate::headless::failure::Failure;
use crate::headless::read;
use crate::headless::tail::{LISTEN_EVERY, LOOK, act, listen};
use crate::signals::Signal;
use crate::sinks::watch::{News, Watch};
use crate::sinks::{self, Teller};
use crate::time::runs::{Place, Runs, Wanted};

/// Looks at the log between two looks at a run that says nothing.
const SILENT_LOOKS: u32 = 10;

/// Follows the run that `args` name to its end: prints on `out`, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// As [`check`](super::check()); [`Failure::Signal`], of which the result is not printed.
pub(in crate::headless) fn follow(
    args: &CheckArgs,
    display: &DisplayArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let wanted = read::wanted(&args.group)?;
    let input = Input::open(args)?;
    let signals = if input.goes_on() { Some(listen()?) } else { None };
    let messages = signals.as_ref().map_or_else(never, |signals| signals.messages.clone());
    let sinks = display.alerts.sinks();
    let patience = sinks.command.as_ref().map_or(sinks::PATIENCE, |command| command.patience);
    let mut follow = Follow {
        input,
        judge: Judge::new(),
        runs: Runs::default(),
        wanted,
        watch: Watch::default(),
        // Of a pipe nobody can say what is new, so all of it is.
        is_joined: args.run.is_a_pipe(),
        teller: Teller::new(&sinks),
        messages,
        clock: Clock::new(),
        read_at: None,
        printing: Printing { out, notes, is_json: args.json, is_quiet: display.quiet },
    };
    let ended = follow.run();
    let Follow { input, judge, runs, teller, printing: Printing { out, notes, .. }, .. } = follow;
    let patience = if ended.is_ok() { patience } else { sinks::LAST_PATIENCE };
    let ended = match ended {
        Ok(()) => result(args, &judge, &runs, out, || input.close(notes)),
        // Its threads end with the process.
        Err(failure) => Err(failure),
    };
    for line in teller.finish(patience) {
        // Whoever closed our standard error does not want to know.
        writeln!(notes, "sanctum-tui: note: {line}").ok();
    }
    if let Some(signals) = signals {
        signals.end();
    }
    ended
}

struct Follow<'a, O: Write, N: Write> {
    input: Input,
    judge: Judge,
    runs: Runs,
    wanted: Wanted,
    watch: Watch,
    /// Whether what was there before has been looked at.
    is_joined: bool,
    teller: Teller,
    messages: Receiver<Signal>,
    clock: Clock,
    /// When the latest event was read, once everything that was there has been.
    read_at: Option<ViewNs>,
    printing: Printing<'a, O, N>,
}

/// Where lines go.
struct Printing<'a, O: Write, N: Write> {
    out: &'a mut O,
    notes: &'a mut N,
    is_json: bool,
    is_quiet: bool,
}

impl<O: Write, N: Write> Follow<'_, O, N> {
    fn run(&mut self) -> Result<(), Failure> {
        let (mut read, mut silent) = (0_u32, 0_u32);
        loop {
            match self.input.read()? {
                Next::Event(row) => {
                    self.read_at = None;
                    self.runs.fold(&Place::of(&row));
                    self.judge.apply(&row);
                    read = read.wrapping_add(1);
                    if read.is_multiple_of(LISTEN_EVERY) {
                        self.messages.try_iter().try_for_each(act)?;
                    }
                    // What comes through a pipe is not known to be over before it is.
                    if self.is_joined && is_end_of_batch(&row) {
                        self.look()?;
                    }
                }
                Next::Pending { is_live: false } => {
                    self.read_at = None;
                    self.wait()?;
                }
                Next::Pending { is_live: true } => {
                    silent = if self.read_at.is_none() { 0 } else { silent.wrapping_add(1) };
                    if silent.is_multiple_of(SILENT_LOOKS) {
                        self.look()?;
                    }
                    self.wait()?;
                }
                Next::End if self.is_joined => return self.look(),
                Next::End => return Ok(()),
            }
        }
    }

    /// Tells what is new.
    fn look(&mut self) -> Result<(), Failure> {
        let now = self.clock.now();
        let since = now.0.saturating_sub(self.read_at.get_or_insert(now).0);
        let at = ViewNs(self.judge.now().0.saturating_add(since));
        let mut news = Vec::new();
        for key in self.keys() {
            let view = self.judge.fold().alerts(&key, at);
            let watch = &mut self.watch;
            let of_group =
                if self.is_joined { watch.look(&key, &view) } else { watch.join(&key, &view) };
            news.extend(of_group);
        }
        self.is_joined = true;
        if news.is_empty() {
            return Ok(());
        }
        self.teller.ring(&news, self.printing.is_quiet);
        let is_alone = self.judge.fold().keys().len() == 1;
        self.printing.print(&news, is_alone)
    }

    /// Returns the groups that somebody wants to hear of.
    fn keys(&self) -> Vec<RunKey> {
        if self.wanted == Wanted::default() {
            return self.judge.fold().keys();
        }
        // A group that is not there yet may come.
        let chosen = self.runs.choose(self.judge.fold(), &self.wanted).ok().flatten();
        chosen.into_iter().collect()
    }

    /// Waits until it is time to look at the run again.
    fn wait(&mut self) -> Result<(), Failure> {
        if let Ok(why) = self.teller.failure.try_recv() {
            // Whoever closed our standard error does not want to know.
            writeln!(self.printing.notes, "sanctum-tui: note: {}", sinks::failed(&why)).ok();
        }
        match self.messages.recv_timeout(LOOK) {
            Ok(signal) => act(signal),
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Failure::Refused("the thread of the signals has ended".to_owned()))
            }
        }
    }
}

impl<O: Write, N: Write> Printing<'_, O, N> {
    fn print(&mut self, news: &[News], is_alone: bool) -> Result<(), Failure> {
        let line = |news: &News| match (self.is_json, is_alone) {
            (true, _) => news.to_json(),
            (false, true) => news.line(),
            (false, false) => {
                format!("{}/{}: {}", news.key.run_id, news.key.group_id, news.line())
            }
        };
        let mut text = news.iter().map(line).collect::<Vec<_>>().join("\n");
        text.push('\n');
        self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).map_err(Failure::Write)
    }
}

fn is_end_of_batch(row: &Incoming) -> bool {
    matches!(row, Incoming::Known(envelope) if matches!(envelope.event, Event::BatchEpochCompleted(_)))
}
