//! A sink's thread: takes events off the queue, hands them to the sink and counts what became of them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, select};
use leyline::{Envelope, Lane, RunNs};

use crate::clock::{Clock, nanos};
use crate::count::{Cause, Tally};
use crate::lane::LaneCount;
use crate::sink::{Sink, SinkError};
use crate::warn::{Often, Warner};

/// How often a sink's `idle` is called at least: in silence, and while its queue never runs empty.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);

/// How long a sink's thread sleeps when its queue ran empty, before it looks again.
///
/// Waking a thread costs the one who wakes it microseconds, and the one who would have to is the trainer. So a thread that
/// was busy a moment ago naps where nobody needs to wake it, and what comes meanwhile is handed on in one go. The bell rings
/// when the queue fills up faster than that.
const NAP: Duration = Duration::from_millis(5);

/// Naps in a row without an event after which a thread waits to be woken, so that a silent run costs nothing.
const NAPS: u32 = 20;

/// What reaches a sink's thread beside its queue, which may be full.
pub(crate) enum Control {
    /// Asks to flush once everything queued by now is settled; answered with whether the sink has synced all of it.
    Flush(Sender<bool>),
    /// Ends a nap: the queue fills up, or the hub closes.
    Bell,
}

/// What a sink's thread owns.
pub(crate) struct Worker {
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) queue: Receiver<Arc<Envelope>>,
    pub(crate) control: Receiver<Control>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) warner: Arc<Warner>,
    pub(crate) state: State,
}

/// What a sink's thread remembers.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Accepted events that the sink holds.
    held: LaneCount,
    /// When the sink was last told to hand on what it holds.
    last_idle: Option<RunNs>,
    rest: Rest,
    failures: Often,
}

/// What to do while the queue is empty.
#[derive(Debug, Default)]
enum Rest {
    /// There was an event just now: let the sink hand it on first.
    Due,
    /// Sleep a little, so many times already.
    Napping(u32),
    /// Wait to be woken.
    #[default]
    Waiting,
}

/// What goes on next.
enum Next {
    Event(Arc<Envelope>),
    Control(Control),
    /// The queue is empty and the sink was not told, or time passed.
    Quiet,
    /// Look again.
    Again,
    Closed,
}

impl Worker {
    /// Runs until the hub lets go of the queue and it is drained, or until the hub has stopped counting. Returns whether
    /// the sink is alive and has synced everything.
    pub(crate) fn run(mut self) -> bool {
        while !self.tally.is_shut() {
            match self.next() {
                Next::Event(envelope) => {
                    self.state.rest = Rest::Due;
                    self.take(&envelope);
                }
                Next::Control(Control::Flush(reply)) => {
                    // Everything that was queued before the request is among the first `len` events.
                    for _ in 0..self.queue.len() {
                        let Ok(envelope) = self.queue.try_recv() else { break };
                        self.take(&envelope);
                    }
                    // Nobody may be waiting any more.
                    reply.try_send(self.flush()).ok();
                }
                Next::Control(Control::Bell) | Next::Again => {}
                Next::Quiet => {
                    self.idle(self.clock.now().mono_ns);
                }
                Next::Closed => break,
            }
        }
        let synced = self.flush();
        for control in self.control.try_iter() {
            match control {
                Control::Flush(reply) => reply.try_send(synced).ok(),
                Control::Bell => None,
            };
        }
        self.let_go() && synced
    }

    fn next(&mut self) -> Next {
        if let Ok(control) = self.control.try_recv() {
            return Next::Control(control);
        }
        match self.queue.try_recv() {
            Ok(envelope) => return Next::Event(envelope),
            Err(TryRecvError::Disconnected) => return Next::Closed,
            Err(TryRecvError::Empty) => {}
        }
        match self.state.rest {
            Rest::Due => {
                self.state.rest = Rest::Napping(0);
                Next::Quiet
            }
            Rest::Napping(times) => {
                self.state.rest =
                    if times < NAPS { Rest::Napping(times + 1) } else { Rest::Waiting };
                self.control.recv_timeout(NAP).map_or(Next::Again, Next::Control)
            }
            Rest::Waiting => select! {
                recv(self.queue) -> envelope => envelope.map_or(Next::Closed, Next::Event),
                // The hub lives as long as its guard, and the guard ends this thread through the queue.
                recv(self.control) -> control => control.map_or(Next::Closed, Next::Control),
                default(IDLE_INTERVAL) => Next::Quiet,
            },
        }
    }

    fn take(&mut self, envelope: &Arc<Envelope>) {
        let lane = envelope.event.kind().lane();
        self.call(Some(lane), |sink| sink.accept(envelope));
        let last = *self.state.last_idle.get_or_insert(envelope.mono_ns);
        if nanos(IDLE_INTERVAL) <= envelope.mono_ns.0.saturating_sub(last.0) {
            self.idle(envelope.mono_ns);
        }
    }

    fn idle(&mut self, now: RunNs) -> bool {
        self.state.last_idle = Some(now);
        self.call(None, |sink| sink.idle(now))
    }

    /// Returns whether the sink has synced everything that it was given.
    fn flush(&mut self) -> bool {
        // Syncing may take longer than anybody waits, and what was handed on before it counts as delivered all the same.
        let handed_on = self.idle(self.clock.now().mono_ns);
        let synced = self.call(None, Sink::flush);
        handed_on && synced && self.state.held == LaneCount::ZERO
    }

    /// Calls the sink and counts what became of the offered event, if there is one, and of those that the sink held.
    /// Returns whether the call succeeded.
    fn call(
        &mut self,
        offered: Option<Lane>,
        call: impl FnOnce(&mut dyn Sink) -> Result<(), SinkError>,
    ) -> bool {
        let offered = offered.map_or(LaneCount::ZERO, LaneCount::one);
        if self.tally.is_shut() {
            // The hub has given up on this sink and counted the rest; handing on more of it would make that wrong.
            return false;
        }
        if self.tally.panicked() {
            self.tally.settle(LaneCount::ZERO, offered, Cause::SinkPanicked);
            return false;
        }
        let sink = self.sink.as_mut();
        let outcome = catch_unwind(AssertUnwindSafe(|| (call(sink), sink.held())));
        let at_stake = self.state.held.plus(offered);
        match outcome {
            Ok((Ok(()), held)) => {
                // A sink cannot hold more than it was given, whatever it says.
                self.state.held = held.at_most(at_stake);
                let delivered = at_stake.minus(self.state.held);
                self.tally.settle(delivered, LaneCount::ZERO, Cause::SinkFailed);
                true
            }
            Ok((Err(error), held)) => {
                let lost = error.lost.at_most(self.state.held).plus(offered);
                self.state.held = held.at_most(at_stake.minus(lost));
                let delivered = at_stake.minus(lost).minus(self.state.held);
                self.tally.settle(delivered, lost, Cause::SinkFailed);
                let (name, total) = (self.tally.name(), lost.total());
                self.warner.often(&self.state.failures, || {
                    format!("sink {name} failed, {total} events lost: {error}")
                });
                false
            }
            Err(panic) => {
                self.state.held = LaneCount::ZERO;
                self.tally.set_panicked();
                self.tally.settle(LaneCount::ZERO, at_stake, Cause::SinkPanicked);
                let (name, what) = (self.tally.name(), panic_text(panic.as_ref()));
                self.warner.warn(&format!("sink {name} panicked, it gets no more events: {what}"));
                false
            }
        }
    }

    /// Drops the sink here, because that may take long or panic; returns whether it went quietly.
    fn let_go(self) -> bool {
        let sink = self.sink;
        catch_unwind(AssertUnwindSafe(|| drop(sink))).is_ok()
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}
