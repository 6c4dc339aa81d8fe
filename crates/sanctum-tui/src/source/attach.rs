//! A run of another process: its history, then what happens, over a socket that comes and goes.

use std::collections::BTreeMap;

use anyhow::Context as _;
use crossbeam_channel::Sender;
use karn_sanctum::aggregator::Link as RunLink;
use leyline::{Event, GroupId, Incoming, RunId};
use nissa::manifest::Hex64;
use nissa::socket::message::Protocols;
use nissa::socket::{
    AttachError, Attachment, Backoff, ClientError, Endpoint, Greeting, Link, OpenLog, Step, Token,
    Why, local_log,
};
use simic_emitter::{StopFlag, StopLevel};

use crate::source::{Arrival, Feed, Source};

pub mod find;

/// A run to watch, reached at a place.
///
/// A Unix socket belongs to one run: when that run is over, so is watching it. A port is a place: when the run there has gone
/// without an end, the next one that listens there is shown.
pub struct AttachedRun {
    at: Endpoint,
    greeting: Greeting,
    backoff: Backoff,
    open_log: Option<fn() -> OpenLog>,
}

impl std::fmt::Debug for AttachedRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttachedRun").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Returns who this program is to a run.
pub fn greeting(token: Option<Token>) -> Greeting {
    let program = concat!("sanctum-tui ", env!("CARGO_PKG_VERSION")).to_owned();
    Greeting { token, program, protocols: Protocols::OWN }
}

impl AttachedRun {
    /// Names the run; nothing happens before [`Source::run`].
    pub fn new(at: Endpoint, greeting: Greeting) -> Self {
        Self { at, greeting, backoff: Backoff::default(), open_log: None }
    }

    /// Says how long to wait between two tries.
    #[must_use]
    pub fn with_backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// Leaves the log to the run, as a viewer on another machine has to.
    #[must_use]
    pub fn remote(self) -> Self {
        Self { open_log: Some(|| Box::new(|_| None)), ..self }
    }

    fn attachment(&self) -> Attachment {
        let attachment = Attachment::new(self.at.clone(), self.greeting.clone());
        let attachment = attachment.with_backoff(self.backoff);
        match self.open_log {
            Some(open_log) => attachment.with_log(open_log()),
            None => attachment,
        }
    }

    const fn is_a_place(&self) -> bool {
        match &self.at {
            Endpoint::Unix(_) => false,
            Endpoint::Tcp { .. } => true,
        }
    }
}

impl Source for AttachedRun {
    fn run(self: Box<Self>, out: &Sender<Arrival>, stop: &StopFlag) -> anyhow::Result<()> {
        let mut teller = Teller::new(&self.at, out, self.open_log.is_none());
        let mut backoff = self.backoff;
        loop {
            teller.is_over = false;
            match self.attachment().run(stop, &mut |step| teller.tell(step)) {
                Ok(()) if !teller.is_over => return Ok(()),
                Ok(()) if teller.has_ended() || !self.is_a_place() => {
                    teller.end();
                    return Ok(());
                }
                Ok(()) => {
                    teller.link(RunLink::Closed);
                    backoff.reset();
                }
                // Nobody listens there yet.
                Err(AttachError::Client(
                    ClientError::Connect { .. } | ClientError::Line { .. },
                )) if Reached::Run <= teller.reached => {}
                Err(error) => {
                    teller.link(RunLink::Closed);
                    return Err(error).context("cannot watch the run");
                }
            }
            let after = backoff.wait();
            let why = "the run has gone without an end".to_owned();
            if !teller.feed(Feed::Retrying { after, why }) {
                return Ok(());
            }
            if stop.wait(after) != StopLevel::Running {
                return Ok(());
            }
        }
    }
}

/// Translates what happens to a connection for the fold.
struct Teller<'a> {
    out: &'a Sender<Arrival>,
    at: String,
    /// Whether the log of the run may be read where it lies.
    is_local: bool,
    /// Whether the fold was told that the source is closed.
    is_closed: bool,
    is_over: bool,
    /// The run that is or was watched.
    run: Option<(RunId, Hex64)>,
    reached: Reached,
    /// Groups of the run by whether they began and have not ended.
    groups: BTreeMap<GroupId, bool>,
}

/// How far this viewer came with its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Nothing,
    Run,
    Live,
}

impl<'a> Teller<'a> {
    fn new(at: &Endpoint, out: &'a Sender<Arrival>, is_local: bool) -> Self {
        Self {
            out,
            at: at.to_string(),
            is_local,
            is_closed: false,
            is_over: false,
            run: None,
            reached: Reached::Nothing,
            groups: BTreeMap::new(),
        }
    }

    /// Hands a step on; returns whether anybody takes it.
    fn tell(&mut self, step: Step) -> bool {
        match step {
            Step::Event(incoming) => {
                self.note(&incoming);
                self.give(Arrival::Event(incoming))
            }
            Step::Link(Link::Connecting) => self.feed(Feed::Connecting { at: self.at.clone() }),
            Step::Link(Link::Connected(welcome)) => {
                let log = local_log(&welcome).filter(|_| self.is_local);
                if !log.is_none_or(|log| self.give(Arrival::Log(log.to_owned()))) {
                    return false;
                }
                let run = (welcome.run_id, welcome.nonce);
                if self.run.as_ref() != Some(&run) {
                    (self.run, self.reached) = (Some(run), Reached::Run);
                    self.groups.clear();
                }
                !self.is_closed || self.link(RunLink::Open)
            }
            Step::Link(Link::CatchingUp { done, of }) => {
                let fell_behind = self.reached == Reached::Live;
                self.feed(Feed::CatchingUp { done, of, fell_behind })
            }
            Step::Link(Link::Live { from, lost_before }) => {
                self.reached = Reached::Live;
                // Where everything before it should have come, what is missing shows as a hole in the numbers.
                let jumped = lost_before || self.link(RunLink::Live { from_seq: from });
                jumped && self.feed(Feed::Live)
            }
            Step::Link(Link::Retrying { after, why }) => {
                // The run goes on while a viewer that was too slow joins again.
                let goes_on = why == Why::TooSlow || self.is_closed || self.link(RunLink::Closed);
                goes_on && self.feed(Feed::Retrying { after, why: why.to_string() })
            }
            // What follows depends on how the run ended.
            Step::Link(Link::Over) => {
                self.is_over = true;
                true
            }
        }
    }

    fn note(&mut self, incoming: &Incoming) {
        let Incoming::Known(envelope) = incoming else { return };
        if matches!(envelope.event, Event::TrainingStarted(_)) {
            self.groups.insert(envelope.group_id.clone(), true);
        } else if matches!(envelope.event, Event::TrainingFinished(_)) {
            self.groups.insert(envelope.group_id.clone(), false);
        }
    }

    /// Returns whether every group of the run ended by itself.
    fn has_ended(&self) -> bool {
        !self.groups.is_empty() && self.groups.values().all(|is_open| !is_open)
    }

    fn end(&mut self) {
        self.link(RunLink::Closed);
        self.feed(Feed::Over);
    }

    fn link(&mut self, link: RunLink) -> bool {
        match link {
            RunLink::Open => self.is_closed = false,
            RunLink::Closed => self.is_closed = true,
            RunLink::Live { .. } | RunLink::TrainerAlive(_) => {}
        }
        self.give(Arrival::Link(link))
    }

    fn feed(&self, feed: Feed) -> bool {
        self.give(Arrival::Feed(feed))
    }

    fn give(&self, arrival: Arrival) -> bool {
        self.out.send(arrival).is_ok()
    }
}
