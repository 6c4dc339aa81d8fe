//! A thread for one connection: the greeting, requests for history, then everything that comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, TryRecvError, after};
use leyline::Incoming;
use leyline::wire::SCHEMA;
use simic_emitter::{StopFlag, StopLevel};

use super::super::history::{Patience, Reader, Span, SpanEnd, Taker};
use super::super::line::{Line, LineError};
use super::super::message::{
    Closing, ClosingReason, Fetch, FromViewer, Hello, Join, MAX_FROM_VIEWER, Protocols, Refused,
    RefusedReason, ToViewer, Welcome,
};
use super::super::queue::{Chunk, Item, Waiting, queue};
use super::super::sink::append;
use super::super::stream::{Silence, Stream};
use super::super::{Guesses, Token};
use super::Shared;

/// How often a silent viewer is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long a log that has nothing yet is left alone.
const LOG_NAP: Duration = Duration::from_millis(20);
/// History is sent in pieces of this size (bytes).
const PIECE_BYTES: usize = 64 * 1024;

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It has not said who it is.
    Greeting,
    /// It is let in, and may ask for history.
    Seated,
    /// It gets what comes.
    Watching,
}

/// A [`Phase`] that the listener can look at.
#[derive(Debug)]
pub(super) struct Progress(AtomicU8);

impl Progress {
    pub(super) const fn new() -> Self {
        Self(AtomicU8::new(Phase::Greeting as u8))
    }

    fn set(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Release);
    }

    pub(super) fn get(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Greeting,
            1 => Phase::Seated,
            2.. => Phase::Watching,
        }
    }
}

/// Serves a connection until it ends.
pub(super) fn run(
    stream: Stream,
    token: Option<&Token>,
    shared: &Arc<Shared>,
    progress: &Progress,
) {
    let Ok(line) = Line::new(stream, MAX_FROM_VIEWER) else { return };
    let mut connection = Connection { line, shared, reader: None };
    // An end by the other side, by a deadline or by a cut is an end like any other: nobody else is concerned.
    if let Ok(seat) = connection.greet(token) {
        progress.set(Phase::Seated);
        connection.serve(progress).ok();
        drop(seat);
    }
}

struct Connection<'a> {
    line: Line,
    shared: &'a Arc<Shared>,
    /// Opened when history is needed.
    reader: Option<Reader>,
}

/// One of the places for viewers, given back when it is dropped.
struct Seat(Arc<Shared>);

impl Seat {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        let most = shared.limits.viewers;
        let taken = shared.seated.fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| {
            (taken < most).then_some(taken + 1)
        });
        taken.is_ok().then(|| Self(Arc::clone(shared)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.seated.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Connection<'_> {
    /// Reads who is there and answers, both within the time for it.
    fn greet(&mut self, token: Option<&Token>) -> Result<Seat, LineError> {
        let timer = after(self.shared.limits.handshake);
        let answer = match self.line.receive(Some(&mut || timer.try_recv().is_ok())) {
            Ok(payload) => self.judge(FromViewer::read(self.line.payload(payload)).ok(), token),
            // No frames: whoever is there does not speak this protocol, and may show the answer to a person.
            Err(LineError::Stream(error)) => Err((RefusedReason::Message, error.to_string())),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        let seat = match answer {
            Ok((protocol, seat)) => {
                ToViewer::Welcome(Box::new(self.welcome(protocol))).append(&mut bytes);
                Ok(seat)
            }
            Err((reason, text)) => {
                let protocols = Protocols::OWN;
                ToViewer::Refused(Refused { reason, text, protocols }).append(&mut bytes);
                Err(LineError::Gone)
            }
        };
        self.line.send(&bytes, &mut || timer.try_recv().is_ok())?;
        seat
    }

    /// Decides whether a viewer is let in, and in which protocol.
    fn judge(
        &self,
        said: Option<FromViewer>,
        token: Option<&Token>,
    ) -> Result<(u32, Seat), (RefusedReason, String)> {
        let refused = |reason, text: &str| Err((reason, text.to_owned()));
        if !self.line.stream.is_own_user() {
            return refused(RefusedReason::User, "the run belongs to another user");
        }
        let Some(FromViewer::Hello(Hello { protocols, token: given, program: _ })) = said else {
            return refused(RefusedReason::Message, "a connection begins with a hello");
        };
        let Some(protocol) = Protocols::OWN.common(protocols) else {
            let (theirs, own) = (protocols, Protocols::OWN);
            let text = format!(
                "the viewer speaks protocols {} to {}, the run {} to {}",
                theirs.min, theirs.max, own.min, own.max
            );
            return Err((RefusedReason::Protocol, text));
        };
        if let Some(token) = token {
            let Some(given) = given else {
                return refused(RefusedReason::Token, "a token is needed here");
            };
            match self.try_token(token, &given) {
                Some(true) => {}
                Some(false) => return refused(RefusedReason::Token, "the token is wrong"),
                None => {
                    let text = "too many wrong tokens, none is looked at for a minute";
                    return refused(RefusedReason::TooManyTokens, text);
                }
            }
        }
        let Some(seat) = Seat::take(self.shared) else {
            return refused(RefusedReason::Full, "the run has as many viewers as may be");
        };
        Ok((protocol, seat))
    }

    /// Returns whether a token is right; `None` if it is not looked at.
    fn try_token(&self, token: &Token, given: &Token) -> Option<bool> {
        let (back, guesses) = &self.shared.guesses;
        // It is always put back, within microseconds.
        let mut count: Guesses = guesses.recv().ok()?;
        let now = self.shared.clock.0.now().mono_ns;
        let is_right = count.may_try(now).then(|| given.is(token));
        if is_right == Some(false) {
            count.was_wrong(now);
        }
        back.send(count).ok();
        is_right
    }

    fn welcome(&self, protocol: u32) -> Welcome {
        let about = &self.shared.about;
        Welcome {
            protocol,
            run_id: about.run_id.clone(),
            nonce: about.nonce,
            pid: std::process::id(),
            host: about.host.clone(),
            started: about.started,
            next: self.shared.next.load(Ordering::Relaxed),
            schema: SCHEMA.to_owned(),
            log: about.log.clone(),
        }
    }

    /// Sends the history that is asked for, until the viewer joins.
    fn serve(&mut self, progress: &Progress) -> Result<(), LineError> {
        loop {
            let payload = self.line.receive(None)?;
            match FromViewer::read(self.line.payload(payload)) {
                Ok(FromViewer::Fetch(Fetch { from, to })) => {
                    let to = self.send_history(Span { from, to }, None)?;
                    self.say(&ToViewer::Fetched { to })?;
                }
                Ok(FromViewer::Join(join)) => {
                    progress.set(Phase::Watching);
                    return self.watch(join);
                }
                Ok(FromViewer::Hello(_)) | Err(_) => {
                    let text = "a viewer asks for history, or joins";
                    return self.close(ClosingReason::Message, text);
                }
            }
        }
    }

    /// Brings a viewer up to date, then sends what comes.
    fn watch(&mut self, join: Join) -> Result<(), LineError> {
        let Join { have, fill } = join;
        let mut next = have.map_or(0, |have| have.saturating_add(1));
        let fill = fill && self.shared.archive.0.is_some();
        if fill {
            // Before there is a queue, because a long history takes longer than a queue lasts.
            next = self.send_history(Span { from: next, to: None }, None)?;
        }
        let (own, waiting) = queue(self.shared.limits.queue);
        // There is room for every seat. Without a sink the run is over, and the queue closed.
        self.shared.joining.try_send(own).ok();
        loop {
            match self.next_item(&waiting)? {
                Next::Item(Item::Live { from, starts }) => {
                    if fill {
                        next = self.fill(next, from)?;
                    }
                    for (_, start) in starts.iter().filter(|(seq, _)| next <= *seq) {
                        self.send(start, &waiting)?;
                    }
                    let mut bytes = Vec::new();
                    ToViewer::Live { from }.append(&mut bytes);
                    self.send(&bytes, &waiting)?;
                    next = next.max(from);
                }
                Next::Item(Item::Events(Chunk { first, count, frames })) => {
                    if fill && next < first {
                        self.fill(next, first)?;
                    }
                    self.send(&frames, &waiting)?;
                    next = next.max(first.saturating_add(count.into()));
                }
                Next::TooSlow => {
                    return self.close(ClosingReason::TooSlow, "the viewer was too slow");
                }
                Next::Over => {
                    if fill {
                        self.fill(next, self.shared.next.load(Ordering::Relaxed))?;
                    }
                    return self.close(ClosingReason::RunOver, "the run is over");
                }
                Next::Stopped => {
                    return self.close(ClosingReason::Other, "the run does not listen any more");
                }
                Next::Spoke => {
                    let text = "a viewer that joined has nothing more to say";
                    return self.close(ClosingReason::Message, text);
                }
            }
        }
    }

    /// Waits for what comes next.
    fn next_item(&self, waiting: &Waiting) -> Result<Next, LineError> {
        loop {
            if waiting.is_too_slow() {
                return Ok(Next::TooSlow);
            }
            match waiting.items.try_recv() {
                Ok(item) => {
                    waiting.taken(&item);
                    return Ok(Next::Item(item));
                }
                // The sink says too slow before it lets go.
                Err(TryRecvError::Disconnected) if waiting.is_too_slow() => {
                    return Ok(Next::TooSlow);
                }
                Err(TryRecvError::Disconnected) => return Ok(Next::Over),
                Err(TryRecvError::Empty) => {}
            }
            if self.shared.stop.level() != StopLevel::Running {
                return Ok(Next::Stopped);
            }
            let mut select = Select::new();
            select.recv(&waiting.items);
            self.shared.stop.add_to(&mut select, StopLevel::Now);
            if select.ready_timeout(LOOK).is_err() {
                match self.line.stream.silence() {
                    Silence::Kept => {}
                    Silence::Broken => return Ok(Next::Spoke),
                    Silence::Gone => return Err(LineError::Gone),
                }
            }
        }
    }

    /// Sends what the log has below `to`, waiting for it where the log trails; returns the number to go on with.
    fn fill(&mut self, from: u64, to: u64) -> Result<u64, LineError> {
        let patience = Some(self.shared.limits.log_patience);
        self.send_history(Span { from, to: Some(to) }, patience).map(|next| next.max(to))
    }

    /// Sends a part of the history, as far as there is; returns the first number that was not looked for.
    fn send_history(&mut self, span: Span, patience: Option<Duration>) -> Result<u64, LineError> {
        if self.reader.is_none() {
            let archive = self.shared.archive.0.as_ref();
            let history = archive.and_then(|archive| archive.open());
            let standstill = || self.shared.standstill.clone();
            self.reader = history.map(|history| Reader::new(history, standstill()));
        }
        let Some(reader) = self.reader.as_mut() else { return Ok(span.from) };
        let mut sending = Sending {
            line: &mut self.line,
            piece: Vec::new(),
            next: span.from,
            failure: None,
            patience,
            timer: None,
            stop: &self.shared.stop,
        };
        // A log that cannot be read has nothing more: what it lacks is a loss that the viewer sees.
        let end = reader.read(span, &mut sending).unwrap_or(SpanEnd::Pending);
        sending.hand_on();
        let Sending { next, failure, .. } = sending;
        match (failure, end, span.to) {
            (Some(failure), _, _) => Err(failure),
            (None, SpanEnd::Reached, Some(to)) => Ok(to.max(next)),
            (None, SpanEnd::Reached | SpanEnd::Pending | SpanEnd::Over | SpanEnd::Refused, _) => {
                Ok(next)
            }
        }
    }

    /// Sends to somebody whose queue fills meanwhile: once it is full, they have a little time left.
    fn send(&mut self, bytes: &[u8], waiting: &Waiting) -> Result<(), LineError> {
        let (mut farewell, patience) = (None, self.shared.limits.farewell);
        self.line.send(bytes, &mut || {
            waiting.is_too_slow() && {
                let farewell = farewell.get_or_insert_with(|| after(patience));
                farewell.try_recv().is_ok()
            }
        })
    }

    fn say(&mut self, message: &ToViewer) -> Result<(), LineError> {
        let mut bytes = Vec::new();
        message.append(&mut bytes);
        self.line.send(&bytes, &mut || false)
    }

    fn close(&mut self, reason: ClosingReason, text: &str) -> Result<(), LineError> {
        let mut bytes = Vec::new();
        ToViewer::Closing(Closing { reason, text: text.to_owned() }).append(&mut bytes);
        let farewell = after(self.shared.limits.farewell);
        self.line.send(&bytes, &mut || farewell.try_recv().is_ok())
    }
}

/// What happens next to a viewer that watches.
enum Next {
    Item(Item),
    /// Its queue was full.
    TooSlow,
    /// The sink is gone, and everything was sent.
    Over,
    /// The server ends.
    Stopped,
    /// The viewer said something.
    Spoke,
}

/// Sends history in pieces.
struct Sending<'a> {
    line: &'a mut Line,
    piece: Vec<u8>,
    /// Number after the last event sent.
    next: u64,
    failure: Option<LineError>,
    /// How long to wait in all where the log trails.
    patience: Option<Duration>,
    timer: Option<Receiver<Instant>>,
    stop: &'a StopFlag,
}

impl Sending<'_> {
    fn hand_on(&mut self) {
        if self.failure.is_none() {
            // Somebody who takes nothing waits for ever, at no cost but this thread, or until the server ends.
            self.failure = self.line.send(&self.piece, &mut || false).err();
        }
        self.piece.clear();
    }
}

impl Taker for Sending<'_> {
    fn take(&mut self, incoming: Incoming) -> bool {
        // What the log cannot read as an event cannot be sent as one; the hole in the numbers shows it.
        if let Incoming::Known(event) = &incoming {
            // It was read from a frame, so it is one.
            append(event, &mut self.piece).ok();
            self.next = event.seq.saturating_add(1);
        }
        if PIECE_BYTES <= self.piece.len() {
            self.hand_on();
        }
        self.failure.is_none()
    }

    fn wait(&mut self) -> Patience {
        let Some(patience) = self.patience else { return Patience::None };
        // The viewer has something to do meanwhile.
        self.hand_on();
        let timer = self.timer.get_or_insert_with(|| after(patience));
        if self.failure.is_some() {
            return Patience::None;
        }
        if timer.try_recv().is_ok() {
            return Patience::Over;
        }
        let goes_on = self.stop.wait(LOG_NAP) == StopLevel::Running;
        if goes_on { Patience::Left } else { Patience::None }
    }
}
