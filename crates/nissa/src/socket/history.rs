//! What came before the live part: the log of a run, as viewers and the run itself read it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use leyline::Incoming;

use super::Welcome;
use crate::manifest::Manifest;
use crate::recording::{Read, Recording, RecordingError, Seek};
use crate::run_dir::RunDir;

/// The events of a run in rising order, from any number on.
pub trait History: Send {
    /// Makes the next event the first one with this number or a later one.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn seek(&mut self, seq: u64) -> Result<(), RecordingError>;

    /// Reads on; see [`Read`] for what there can be.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn read(&mut self) -> Result<Read, RecordingError>;
}

impl History for Recording {
    fn seek(&mut self, seq: u64) -> Result<(), RecordingError> {
        Self::seek(self, Seek::Seq(seq))
    }

    fn read(&mut self) -> Result<Read, RecordingError> {
        Self::read(self)
    }
}

/// Where the history of a run is opened, by every connection anew.
pub trait Archive: Send + Sync {
    /// Opens it at its start; `None` if it cannot be read, which then is as if there were none.
    fn open(&self) -> Option<Box<dyn History>>;
}

/// The log of a run as an [`Archive`].
#[derive(Debug, Clone)]
pub struct LogArchive(PathBuf);

impl LogArchive {
    /// Names the run directory.
    pub const fn new(dir: PathBuf) -> Self {
        Self(dir)
    }
}

impl Archive for LogArchive {
    fn open(&self) -> Option<Box<dyn History>> {
        let recording = Recording::open(&self.0).ok()?;
        Some(Box::new(recording))
    }
}

/// Opens the log of a run that said where it is, if this machine has that directory and it is of that very run.
pub fn open_local(welcome: &Welcome) -> Option<Box<dyn History>> {
    LogArchive::new(local_log(welcome)?.to_owned()).open()
}

/// Returns the directory of a run that said where it is, if this machine has it and it is of that very run.
pub fn local_log(welcome: &Welcome) -> Option<&Path> {
    welcome.log.as_deref().filter(|dir| is_of(dir, welcome))
}

fn is_of(dir: &Path, welcome: &Welcome) -> bool {
    let manifest = RunDir::open(dir).ok().map(|dir| Manifest::read(&dir.manifest()));
    manifest.is_some_and(|manifest| {
        manifest.is_ok_and(|manifest| {
            manifest.run_id == welcome.run_id && manifest.nonce == welcome.nonce
        })
    })
}

/// A part of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// First number.
    pub(super) from: u64,
    /// First number that is not part of it; `None`: as far as there is.
    pub(super) to: Option<u64>,
}

/// How reading a part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpanEnd {
    /// At `to`: the history has everything below it that it will ever have.
    Reached,
    /// The history has nothing more yet.
    Pending,
    /// The history is over: its writer is gone.
    Over,
    /// Whoever takes the events wants no more.
    Refused,
}

/// Takes the events of a part.
pub(super) trait Taker {
    /// Takes one; false: no more of them.
    fn take(&mut self, incoming: Incoming) -> bool;

    /// Waits a moment where the history has nothing yet.
    fn wait(&mut self) -> Patience;
}

/// Whether a history that has nothing yet is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It is, after a moment that has passed.
    Left,
    /// It is not, because it had its time.
    Over,
    /// It is not, because nobody waits, or nobody is left who did.
    None,
}

/// Where a history stands still: it had its time and nothing came, as with a full disk. Whoever shares this does not wait for
/// it again before it has gone on, because a live part that waits meanwhile fills its queue, again and again.
#[derive(Debug, Clone)]
pub(super) struct Standstill(Arc<AtomicU64>);

impl Standstill {
    /// No history is that long.
    const NOWHERE: u64 = u64::MAX;

    /// Notes that the history has nothing from this number on.
    fn begin(&self, next: u64) {
        self.0.store(next, Ordering::Relaxed);
    }

    /// Notes an event that was read.
    fn passed(&self, seq: u64) {
        if self.0.load(Ordering::Relaxed) <= seq {
            self.0.store(Self::NOWHERE, Ordering::Relaxed);
        }
    }

    fn is_here(&self) -> bool {
        self.0.load(Ordering::Relaxed) != Self::NOWHERE
    }
}

impl Default for Standstill {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(Self::NOWHERE)))
    }
}

/// What reads a history on behalf of a connection.
pub(super) struct Reader {
    history: Box<dyn History>,
    /// Where it would go on by itself; `None` after an error.
    next: Option<u64>,
    /// An event that was read and lies beyond the part it was read for.
    ahead: Option<Incoming>,
    standstill: Standstill,
}

impl Reader {
    pub(super) const fn new(history: Box<dyn History>, standstill: Standstill) -> Self {
        Self { history, next: None, ahead: None, standstill }
    }

    /// Hands over the events of a part.
    pub(super) fn read(
        &mut self,
        span: Span,
        taker: &mut dyn Taker,
    ) -> Result<SpanEnd, RecordingError> {
        if span.to.is_some_and(|to| to <= span.from) {
            return Ok(SpanEnd::Reached);
        }
        if self.next != Some(span.from) {
            self.next = None;
            self.ahead = None;
            self.history.seek(span.from)?;
        }
        self.next = Some(span.from);
        loop {
            let incoming = match self.ahead.take() {
                Some(incoming) => incoming,
                None => match self.history.read() {
                    Ok(Read::Event(incoming)) => incoming,
                    Ok(Read::Pending) if self.standstill.is_here() => return Ok(SpanEnd::Pending),
                    Ok(Read::Pending) => match taker.wait() {
                        Patience::Left => continue,
                        Patience::Over => {
                            if let Some(next) = self.next {
                                self.standstill.begin(next);
                            }
                            return Ok(SpanEnd::Pending);
                        }
                        Patience::None => return Ok(SpanEnd::Pending),
                    },
                    Ok(Read::End) => return Ok(SpanEnd::Over),
                    Err(error) => {
                        self.next = None;
                        return Err(error);
                    }
                },
            };
            let seq = number(&incoming);
            if let Some(seq) = seq {
                self.standstill.passed(seq);
            }
            if let (Some(seq), Some(to)) = (seq, span.to)
                && to <= seq
            {
                self.next = Some(to);
                self.ahead = Some(incoming);
                return Ok(SpanEnd::Reached);
            }
            if let Some(seq) = seq {
                self.next = Some(seq.saturating_add(1));
            }
            if !taker.take(incoming) {
                return Ok(SpanEnd::Refused);
            }
            // Nothing below `to` can follow, so that nobody waits for what comes behind it.
            if span.to.is_some_and(|to| self.next.is_some_and(|next| to <= next)) {
                return Ok(SpanEnd::Reached);
            }
        }
    }
}

/// Returns the number of an event, if it has one.
pub(super) fn number(incoming: &Incoming) -> Option<u64> {
    match incoming {
        Incoming::Known(event) => Some(event.seq),
        Incoming::Unknown(event) => Some(event.seq),
        Incoming::Rejected(rejection) => rejection.seq,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io;

    use crossbeam_channel::{Receiver, Sender, bounded};
    use leyline::demo::{Scenario, incoming};

    use super::*;

    /// Plays what a test wrote down, and notes where it was sent.
    struct Fake {
        answers: VecDeque<Option<Read>>,
        sought: Sender<u64>,
    }

    impl History for Fake {
        fn seek(&mut self, seq: u64) -> Result<(), RecordingError> {
            self.sought.send(seq).unwrap();
            Ok(())
        }

        fn read(&mut self) -> Result<Read, RecordingError> {
            let failure = || RecordingError::Read {
                path: PathBuf::new(),
                offset: 0,
                source: io::ErrorKind::Other.into(),
            };
            self.answers.pop_front().unwrap_or(Some(Read::End)).ok_or_else(failure)
        }
    }

    /// Notes what it gets, and waits a number of times.
    #[derive(Default)]
    struct Notes {
        numbers: Vec<u64>,
        waits: usize,
        /// Takes no more than so many.
        most: Option<usize>,
    }

    impl Taker for Notes {
        fn take(&mut self, incoming: Incoming) -> bool {
            self.numbers.extend(number(&incoming));
            self.most.is_none_or(|most| self.numbers.len() < most)
        }

        fn wait(&mut self) -> Patience {
            let waits = 0 < self.waits;
            self.waits = self.waits.saturating_sub(1);
            if waits { Patience::Left } else { Patience::Over }
        }
    }

    /// Script: a number is that event, `.` pending, `!` a failure; at the end the history is over.
    fn reader(script: &str) -> (Reader, Receiver<u64>) {
        sharing(script, Standstill::default())
    }

    fn sharing(script: &str, standstill: Standstill) -> (Reader, Receiver<u64>) {
        let events = incoming(Scenario::Calm, 1);
        let event = |seq| events.iter().find(|event| number(event) == Some(seq)).unwrap().clone();
        let answer = |word: &str| match word {
            "." => Some(Read::Pending),
            "!" => None,
            seq => Some(Read::Event(event(seq.parse().unwrap()))),
        };
        let answers = script.split_whitespace().map(answer).collect();
        let (sought, seeks) = bounded(10);
        (Reader::new(Box::new(Fake { answers, sought }), standstill), seeks)
    }

    const fn span(from: u64, to: u64) -> Span {
        Span { from, to: Some(to) }
    }

    #[track_caller]
    fn check(reader: &mut Reader, span: Span, waits: usize, end: SpanEnd, numbers: &[u64]) {
        let mut notes = Notes { waits, ..Notes::default() };
        assert_eq!(reader.read(span, &mut notes).unwrap(), end);
        assert_eq!(notes.numbers, numbers);
    }

    #[test]
    fn a_log_that_trails_is_waited_for() {
        let (mut reader, _seeks) = reader("3 . . 4 . 5 6");
        check(&mut reader, span(3, 6), 3, SpanEnd::Reached, &[3, 4, 5]);
    }

    #[test]
    fn waiting_ends_with_a_later_number_or_with_patience() {
        let (mut first, _seeks) = reader("3 . 7");
        check(&mut first, span(3, 6), 1, SpanEnd::Reached, &[3]);
        let (mut second, _seeks) = reader("3 . . . 4");
        check(&mut second, span(3, 6), 2, SpanEnd::Pending, &[3]);
        let (mut third, _seeks) = reader("3 .");
        check(&mut third, span(3, 6), 5, SpanEnd::Over, &[3]);
    }

    #[test]
    fn a_log_that_stands_still_is_waited_for_once() {
        let standstill = Standstill::default();
        let (mut first, _seeks) = sharing("3 . . . . 20 . 21", standstill.clone());
        check(&mut first, span(3, 6), 2, SpanEnd::Pending, &[3]);
        // Nobody waits now: not this one, and not another one that has just read what there is.
        let mut unneeded = Notes { waits: 9, ..Notes::default() };
        assert_eq!(first.read(span(6, 9), &mut unneeded).unwrap(), SpanEnd::Pending);
        let (mut second, _seeks) = sharing("1 2 3 .", standstill);
        assert_eq!(second.read(span(0, 9), &mut unneeded).unwrap(), SpanEnd::Pending);
        assert_eq!((unneeded.numbers, unneeded.waits), (vec![1, 2, 3], 9));
        // It goes on, and is waited for again.
        check(&mut first, span(9, 21), 1, SpanEnd::Reached, &[20]);
        check(&mut first, span(21, 22), 1, SpanEnd::Reached, &[21]);
    }

    #[test]
    fn a_log_that_nobody_waited_for_does_not_stand_still() {
        struct Leaves;
        impl Taker for Leaves {
            fn take(&mut self, _: Incoming) -> bool {
                true
            }
            fn wait(&mut self) -> Patience {
                Patience::None
            }
        }
        let (mut reader, _seeks) = reader("3 . . 4");
        assert_eq!(reader.read(span(3, 5), &mut Leaves).unwrap(), SpanEnd::Pending);
        check(&mut reader, span(4, 5), 1, SpanEnd::Reached, &[4]);
    }

    #[test]
    fn reading_goes_on_without_seeking_where_it_stopped() {
        let (mut reader, seeks) = reader("3 4 8 . 9 20");
        check(&mut reader, span(3, 6), 0, SpanEnd::Reached, &[3, 4]);
        check(&mut reader, span(6, 9), 0, SpanEnd::Reached, &[8]);
        check(&mut reader, Span { from: 9, to: None }, 0, SpanEnd::Pending, &[]);
        check(&mut reader, span(9, 10), 0, SpanEnd::Reached, &[9]);
        check(&mut reader, span(15, 15), 0, SpanEnd::Reached, &[]);
        check(&mut reader, span(15, 21), 0, SpanEnd::Reached, &[20]);
        assert_eq!(seeks.try_iter().collect::<Vec<_>>(), [3, 15]);
    }

    #[test]
    fn after_a_failure_or_a_refusal_it_seeks_again() {
        let (mut reader, seeks) = reader("3 ! 4 5 6");
        let mut notes = Notes::default();
        assert!(reader.read(span(3, 9), &mut notes).is_err());
        let mut notes = Notes { most: Some(1), ..Notes::default() };
        assert_eq!(reader.read(span(4, 9), &mut notes).unwrap(), SpanEnd::Refused);
        assert_eq!(notes.numbers, [4]);
        check(&mut reader, span(4, 6), 0, SpanEnd::Reached, &[5]);
        assert_eq!(seeks.try_iter().collect::<Vec<_>>(), [3, 4, 4]);
    }
}
