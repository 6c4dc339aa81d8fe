//! All connections of a viewer to a run, joined with its log: one stream of events without a gap and without a duplicate.

use std::fmt;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, after};
use leyline::{Incoming, RunId};
use simic_emitter::{StopFlag, StopLevel};
use thiserror::Error;

use super::history::{
    History, Patience, Reader, Span, SpanEnd, Standstill, Taker, number, open_local,
};
use super::line::LineError;
use super::message::{ClosingReason, RefusedReason, Welcome};
use super::{Client, ClientError, Endpoint, Greeting, Heard};
use crate::manifest::Hex64;

mod backoff;

pub use backoff::Backoff;

/// How often a waiting viewer looks whether it should stop.
const LOOK: Duration = Duration::from_millis(200);
/// How long a log that has nothing yet is left alone.
const LOG_NAP: Duration = Duration::from_millis(20);
/// Progress is told once for so many events.
const PROGRESS: u64 = 4096;

/// What a viewer gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// An event, or what came in place of one. Numbers rise within a run.
    Event(Incoming),
    /// The connection changed.
    Link(Link),
}

/// How a viewer is connected.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// Trying to reach the run.
    Connecting,
    /// It let this viewer in. Another `run_id` or `nonce` than before means that another run listens there now.
    Connected(Box<Welcome>),
    /// Reading what happened before.
    CatchingUp {
        /// Number after the last event read.
        done: u64,
        /// Number that the run had reached when it was asked.
        of: u64,
    },
    /// What comes from now on is what happens.
    Live {
        /// Number at which the live part begins.
        from: u64,
        /// Whether everything before it that this viewer lacks is a loss. False for the first connection to a run without a
        /// log: then it happened before this viewer came.
        lost_before: bool,
    },
    /// No connection, and another try after a while.
    Retrying {
        /// Time to the next try.
        after: Duration,
        /// What happened.
        why: Why,
    },
    /// The run is over, and everything that it left was read.
    Over,
}

/// Why a connection is no more, or was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was cut.
    Cut,
    /// The viewer took longer than its queue lasts; what it lacks comes from the log.
    TooSlow,
    /// Nobody answers.
    Unreachable,
    /// The run has no room, for the moment.
    Refused(RefusedReason),
}

/// Why a viewer cannot watch at all.
#[derive(Debug, Error)]
pub enum AttachError {
    /// The run was never reached, or will never let this viewer in.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "the connection was cut",
            Self::TooSlow => "this viewer was too slow",
            Self::Unreachable => "the run cannot be reached",
            Self::Refused(RefusedReason::Full) => "the run has as many viewers as may be",
            Self::Refused(RefusedReason::TooManyTokens) => "too many wrong tokens",
            Self::Refused(
                RefusedReason::Protocol
                | RefusedReason::Token
                | RefusedReason::User
                | RefusedReason::Message
                | RefusedReason::Other,
            ) => "the run refused",
        })
    }
}

/// Opens the log of a run that let this viewer in, where it can be read directly.
pub type OpenLog = Box<dyn FnMut(&Welcome) -> Option<Box<dyn History>> + Send>;

/// See the module.
pub struct Attachment {
    at: Endpoint,
    greeting: Greeting,
    open_log: OpenLog,
    connect_within: Duration,
    log_patience: Duration,
    backoff: Backoff,
    /// The run that `have` and `reader` belong to.
    run: Option<(RunId, Hex64)>,
    /// Last number handed over.
    have: Option<u64>,
    reader: Option<Reader>,
    was_live: bool,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("at", &self.at)
            .field("have", &self.have)
            .finish_non_exhaustive()
    }
}

/// How a connection ended.
enum Ended {
    Over,
    /// Nobody wants more.
    Stopped,
    Lost(Why),
}

/// Where events and changes go, and when to stop.
struct Out<'a> {
    take: &'a mut dyn FnMut(Step) -> bool,
    stop: &'a StopFlag,
}

impl Out<'_> {
    /// Returns whether more is wanted.
    fn give(&mut self, step: Step) -> bool {
        !self.is_stopped() && (self.take)(step)
    }

    fn link(&mut self, link: Link) -> bool {
        self.give(Step::Link(link))
    }

    fn is_stopped(&self) -> bool {
        self.stop.level() != StopLevel::Running
    }
}

impl Attachment {
    /// Watches a run; nothing happens before [`Self::run`].
    pub fn new(at: Endpoint, greeting: Greeting) -> Self {
        Self {
            at,
            greeting,
            open_log: Box::new(open_local),
            connect_within: Duration::from_secs(5),
            log_patience: Duration::from_secs(2),
            backoff: Backoff::default(),
            run: None,
            have: None,
            reader: None,
            was_live: false,
        }
    }

    /// Says how the log is opened; by default [`open_local`]. `None` from it means that the run is asked for its log.
    #[must_use]
    pub fn with_log(mut self, open_log: OpenLog) -> Self {
        self.open_log = open_log;
        self
    }

    /// Says how long to wait between two tries.
    #[must_use]
    pub const fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Returns the number of the last event handed over.
    pub const fn have(&self) -> Option<u64> {
        self.have
    }

    /// Hands everything to `take` until the run is over, `stop` is raised at any level, or `take` returns false.
    ///
    /// A lost connection is tried again until then. Should `take` wait, so does everything else, and the run gives this viewer
    /// up as too slow; it joins again.
    ///
    /// # Errors
    ///
    /// The first try fails, or the run says that no other will succeed.
    pub fn run(
        &mut self,
        stop: &StopFlag,
        take: &mut dyn FnMut(Step) -> bool,
    ) -> Result<(), AttachError> {
        let mut out = Out { take, stop };
        loop {
            if !out.link(Link::Connecting) {
                return Ok(());
            }
            let ended = match self.watch(&mut out)? {
                // The log of a run that was killed ends, and nobody will ever answer again.
                Ended::Lost(why) => match self.read_log(None, None, &mut out) {
                    Some(SpanEnd::Over) => Ended::Over,
                    Some(SpanEnd::Refused) => Ended::Stopped,
                    Some(SpanEnd::Reached | SpanEnd::Pending) | None => Ended::Lost(why),
                },
                ended @ (Ended::Over | Ended::Stopped) => ended,
            };
            match ended {
                Ended::Over => {
                    out.link(Link::Over);
                    return Ok(());
                }
                Ended::Stopped => return Ok(()),
                Ended::Lost(why) => {
                    let after = self.backoff.wait();
                    let goes_on = out.link(Link::Retrying { after, why });
                    if !goes_on || stop.wait(after) != StopLevel::Running {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Connects, catches up, and hands on what comes until the connection ends.
    fn watch(&mut self, out: &mut Out<'_>) -> Result<Ended, AttachError> {
        let within = self.connect_within;
        let mut client = match Client::connect(&self.at, &self.greeting, within, out.stop) {
            Ok(client) => client,
            Err(_) if out.is_stopped() => return Ok(Ended::Stopped),
            Err(error) => return self.is_worth_a_try(error).map(Ended::Lost),
        };
        let welcome = client.welcome().clone();
        self.note_run(&welcome);
        if !out.link(Link::Connected(Box::new(welcome.clone()))) {
            return Ok(Ended::Stopped);
        }
        if self.reader.is_none() {
            self.reader =
                (self.open_log)(&welcome).map(|log| Reader::new(log, Standstill::default()));
        }
        let of = welcome.next;
        if !out.link(Link::CatchingUp { done: self.next(), of }) {
            return Ok(Ended::Stopped);
        }
        // Before joining, because a long history takes longer than the run's queue for this viewer lasts.
        if self.read_log(Some(of), None, out) == Some(SpanEnd::Refused) {
            return Ok(Ended::Stopped);
        }
        if client.join(self.have, self.reader.is_none()).is_err() {
            return Ok(Ended::Lost(Why::Cut));
        }
        Ok(self.listen(&mut client, &welcome, out))
    }

    fn listen(&mut self, client: &mut Client, welcome: &Welcome, out: &mut Out<'_>) -> Ended {
        let mut is_live = false;
        loop {
            let goes_on = match client.read(Some(LOOK)) {
                Ok(Heard::TimedOut) => !out.is_stopped(),
                Ok(Heard::Fetched { to: _ }) => true,
                Ok(Heard::Live { from }) => {
                    is_live = true;
                    let lost_before = self.was_live || welcome.log.is_some();
                    self.was_live = true;
                    self.backoff.reset();
                    self.fill(from, out) && out.link(Link::Live { from, lost_before })
                }
                Ok(Heard::Event(incoming)) => {
                    let seq = number(&incoming);
                    let filled = !is_live || seq.is_none_or(|seq| self.fill(seq, out));
                    filled && {
                        let of = (!is_live).then_some(welcome.next);
                        hand(&mut self.have, incoming, of, out)
                    }
                }
                Ok(Heard::Closing(closing)) => match closing.reason {
                    ClosingReason::RunOver => {
                        let patience = Some(self.log_patience);
                        let end = self.read_log(None, patience, out);
                        return match end {
                            Some(SpanEnd::Refused) => Ended::Stopped,
                            Some(SpanEnd::Reached | SpanEnd::Pending | SpanEnd::Over) | None => {
                                Ended::Over
                            }
                        };
                    }
                    ClosingReason::TooSlow => return Ended::Lost(Why::TooSlow),
                    ClosingReason::Message | ClosingReason::Other => return Ended::Lost(Why::Cut),
                },
                Err(LineError::Gone | LineError::Late | LineError::Stream(_)) => {
                    return Ended::Lost(Why::Cut);
                }
            };
            if !goes_on {
                return Ended::Stopped;
            }
        }
    }

    /// Returns why to try again after a failure, or the failure if there is no point.
    fn is_worth_a_try(&self, error: ClientError) -> Result<Why, AttachError> {
        let was_there = self.run.is_some();
        match &error {
            ClientError::Refused { refused, .. } => match refused.reason {
                reason @ (RefusedReason::Full | RefusedReason::TooManyTokens) => {
                    Ok(Why::Refused(reason))
                }
                RefusedReason::Protocol
                | RefusedReason::Token
                | RefusedReason::User
                | RefusedReason::Message
                | RefusedReason::Other => Err(error.into()),
            },
            ClientError::Protocol { .. } | ClientError::Schema { .. } => Err(error.into()),
            ClientError::Connect { .. }
            | ClientError::Line { .. }
            | ClientError::Message { .. } => {
                if was_there {
                    Ok(Why::Unreachable)
                } else {
                    Err(error.into())
                }
            }
        }
    }

    /// Begins afresh if another run listens there now.
    fn note_run(&mut self, welcome: &Welcome) {
        let run = (welcome.run_id.clone(), welcome.nonce);
        if self.run.as_ref() != Some(&run) {
            self.run = Some(run);
            self.have = None;
            self.reader = None;
            self.was_live = false;
        }
    }

    /// Returns the number after the last event handed over.
    fn next(&self) -> u64 {
        self.have.map_or(0, |have| have.saturating_add(1))
    }

    /// Reads what the log has and this viewer lacks below a number, waiting for it; returns whether more is wanted.
    fn fill(&mut self, to: u64, out: &mut Out<'_>) -> bool {
        let from = self.next();
        if to <= from {
            return true;
        }
        let patience = Some(self.log_patience);
        self.read_span(Span { from, to: Some(to) }, None, patience, out) != Some(SpanEnd::Refused)
    }

    /// Reads what the log has and this viewer lacks; `None` without a log.
    fn read_log(
        &mut self,
        of: Option<u64>,
        patience: Option<Duration>,
        out: &mut Out<'_>,
    ) -> Option<SpanEnd> {
        self.read_span(Span { from: self.next(), to: None }, of, patience, out)
    }

    fn read_span(
        &mut self,
        span: Span,
        of: Option<u64>,
        patience: Option<Duration>,
        out: &mut Out<'_>,
    ) -> Option<SpanEnd> {
        let reader = self.reader.as_mut()?;
        let mut handing = Handing { have: &mut self.have, of, patience, timer: None, out };
        let end = reader.read(span, &mut handing).ok();
        if end.is_none() {
            // It cannot be read here any more; the run may still be able to.
            self.reader = None;
        }
        end
    }
}

/// Hands an event over unless it was before; returns whether more is wanted.
fn hand(have: &mut Option<u64>, incoming: Incoming, of: Option<u64>, out: &mut Out<'_>) -> bool {
    let Some(seq) = number(&incoming) else { return out.give(Step::Event(incoming)) };
    if have.is_some_and(|have| seq <= have) {
        return true;
    }
    if !out.give(Step::Event(incoming)) {
        return false;
    }
    *have = Some(seq);
    let done = seq.saturating_add(1);
    match of {
        Some(of) if done % PROGRESS == 0 => out.link(Link::CatchingUp { done, of }),
        Some(_) | None => true,
    }
}

/// Hands over what is read from a log.
struct Handing<'a, 'b> {
    have: &'a mut Option<u64>,
    /// What progress is measured by, if it is told.
    of: Option<u64>,
    patience: Option<Duration>,
    timer: Option<Receiver<Instant>>,
    out: &'a mut Out<'b>,
}

impl Taker for Handing<'_, '_> {
    fn take(&mut self, incoming: Incoming) -> bool {
        hand(self.have, incoming, self.of, self.out)
    }

    fn wait(&mut self) -> Patience {
        let Some(patience) = self.patience else { return Patience::None };
        let timer = self.timer.get_or_insert_with(|| after(patience));
        if timer.try_recv().is_ok() {
            return Patience::Over;
        }
        let goes_on = self.out.stop.wait(LOG_NAP) == StopLevel::Running;
        if goes_on { Patience::Left } else { Patience::None }
    }
}
