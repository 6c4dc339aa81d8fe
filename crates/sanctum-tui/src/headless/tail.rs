//! `sanctum-tui tail`: the events of a run as JSON rows, and of a live run those that come.

use std::io::Write;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, never};
use leyline::Incoming;
use nissa::recording::Read;

use crate::cli::TailArgs;
use crate::headless::failure::Failure;
use crate::headless::source::Source;
use crate::headless::{named, row};
use crate::signals::{Signal, Signals};
use crate::time::cut::Aim;
use crate::time::runs::Wanted;
use crate::when::When;
use crate::{plain, suspend};

mod gate;

use gate::Gate;

/// How long to wait before looking again whether a live run has written more.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// Events read between two looks at the signals, while there are more to read.
pub(super) const LISTEN_EVERY: u32 = 1024;
/// Bytes of rows that are handed on at once while there are more to read.
const AT_ONCE: usize = 1 << 16;

/// Prints the events that `args` ask for on `out`, as long as the run lives, and on `notes` what a person should know
/// beside them.
///
/// Whenever everything that is there was printed, `out` is flushed.
///
/// # Errors
///
/// See [`Failure`]. Whatever ends it, every row that was printed is whole.
pub(super) fn tail(
    args: &TailArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    if !args.jsonl {
        return Err(Failure::Usage(
            "nothing to print: give --jsonl, as in `sanctum-tui tail RUN --jsonl`".to_owned(),
        ));
    }
    let from = args.from.parse().map_err(|error| Failure::Usage(format!("{error}")))?;
    let from = named::aim(from, &args.run, &Wanted::default())?;
    let source = Source::open(&args.run)?;
    let signals = if source.recording().is_live() { Some(listen()?) } else { None };
    let messages = signals.as_ref().map_or_else(never, |signals| signals.messages.clone());
    let rows = Rows { out, text: String::new() };
    let gate = Gate::new(from);
    let mut tail = Tail { source, rows, gate, messages, read: 0, printed: 0, skipped: 0 };
    let ended = tail.run();
    let Tail { source, mut rows, gate: _, messages: _, read: _, printed, skipped } = tail;
    // What was read before a signal or a failure is printed as well.
    let ended = ended.and(rows.flush());
    if let Some(signals) = signals {
        signals.end();
    }
    ended?;
    say_what_is_not_printed(args, from, printed, skipped, notes);
    source.close(notes)
}

/// Begins to listen to signals; a second one ends the process at once.
pub(super) fn listen() -> Result<Signals, Failure> {
    let signals = Signals::start().and_then(|signals| {
        // A reader that does not read holds this thread; then only the handler itself can end the process.
        plain::leave_at_the_second_signal().map(|()| signals)
    });
    signals.map_err(|error| Failure::Refused(format!("cannot listen to signals: {error}")))
}

fn say_what_is_not_printed(
    args: &TailArgs,
    from: Aim,
    printed: u64,
    skipped: u64,
    notes: &mut impl Write,
) {
    // Whoever closed our standard error does not want to know.
    if printed == 0 && !matches!(from, Aim::Moment(When::Start | When::End)) {
        writeln!(notes, "sanctum-tui: note: the run ends before {}", args.from).ok();
    }
    if 0 < skipped {
        let skipped = super::damage::counted(skipped, "input");
        writeln!(notes, "sanctum-tui: note: {skipped} without a row: rejected, or of a kind that this build does not know")
            .ok();
    }
}

struct Tail<'a, W: Write> {
    source: Source,
    rows: Rows<'a, W>,
    gate: Gate,
    messages: Receiver<Signal>,
    /// Events read, as far as it takes to listen now and then.
    read: u32,
    printed: u64,
    skipped: u64,
}

impl<W: Write> Tail<'_, W> {
    fn run(&mut self) -> Result<(), Failure> {
        self.jump()?;
        loop {
            match self.source.read()? {
                Read::Event(incoming) => {
                    self.event(&incoming)?;
                    self.read = self.read.wrapping_add(1);
                    if self.read.is_multiple_of(LISTEN_EVERY) {
                        self.messages.try_iter().try_for_each(act)?;
                    }
                }
                Read::Pending => {
                    self.rows.flush()?;
                    self.gate.catch_up();
                    self.wait()?;
                }
                Read::End => return Ok(()),
            }
        }
    }

    fn event(&mut self, incoming: &Incoming) -> Result<(), Failure> {
        let before = self.gate;
        if self.gate.lets_through(incoming) {
            let written = row::append(incoming, &mut self.rows.text);
            *(if written { &mut self.printed } else { &mut self.skipped }) += 1;
            if AT_ONCE <= self.rows.text.len() {
                self.rows.write()?;
            }
        } else if self.gate != before {
            self.jump()?;
        }
        Ok(())
    }

    /// Goes on where the first event can be, if that is known.
    fn jump(&mut self) -> Result<(), Failure> {
        self.gate.seek().map_or(Ok(()), |to| self.source.seek(to))
    }

    /// Waits until it is time to look at the run again.
    fn wait(&self) -> Result<(), Failure> {
        match self.messages.recv_timeout(LOOK) {
            Ok(signal) => act(signal),
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Failure::Refused("the thread of the signals has ended".to_owned()))
            }
        }
    }
}

/// Does what a signal asks for.
pub(super) fn act(signal: Signal) -> Result<(), Failure> {
    match signal {
        Signal::End(number) => Err(Failure::Signal(number)),
        Signal::Suspend => {
            suspend::this_process();
            Ok(())
        }
        Signal::Continue => Ok(()),
    }
}

/// Whole rows on their way out.
struct Rows<'a, W: Write> {
    out: &'a mut W,
    text: String,
}

impl<W: Write> Rows<'_, W> {
    fn write(&mut self) -> Result<(), Failure> {
        self.out.write_all(self.text.as_bytes()).map_err(Failure::Write)?;
        self.text.clear();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.write()?;
        self.out.flush().map_err(Failure::Write)
    }
}
