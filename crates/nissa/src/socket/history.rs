//! What came before the live part: the log of a run, as viewers and the run itself read it.

use std::path::{Path, PathBuf};

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
    let dir = welcome.log.as_deref()?;
    is_of(dir, welcome).then(|| LogArchive::new(dir.to_owned()).open()).flatten()
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

    /// Waits a moment where the history has nothing yet; false: enough.
    fn wait(&mut self) -> bool;
}

/// What reads a history on behalf of a connection.
pub(super) struct Reader {
    history: Box<dyn History>,
    /// Where it would go on by itself; `None` after an error.
    next: Option<u64>,
    /// An event that was read and lies beyond the part it was read for.
    ahead: Option<Incoming>,
}

impl Reader {
    pub(super) const fn new(history: Box<dyn History>) -> Self {
        Self { history, next: None, ahead: None }
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
                    Ok(Read::Pending) if taker.wait() => continue,
                    Ok(Read::Pending) => return Ok(SpanEnd::Pending),
                    Ok(Read::End) => return Ok(SpanEnd::Over),
                    Err(error) => {
                        self.next = None;
                        return Err(error);
                    }
                },
            };
            let seq = number(&incoming);
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
