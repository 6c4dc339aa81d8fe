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

/// Asks to flush once everything queued by now is settled; answered with whether the sink has synced all of it.
pub(crate) struct FlushRequest(pub(crate) Sender<bool>);

/// What a sink's thread owns.
pub(crate) struct Worker {
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) queue: Receiver<Arc<Envelope>>,
    pub(crate) control: Receiver<FlushRequest>,
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
    failures: Often,
}

/// What goes on next.
enum Next {
    Event(Arc<Envelope>),
    Flush(FlushRequest),
    Quiet,
    Closed,
}

impl Worker {
    /// Runs until the hub lets go of the queue and it is drained, or until the hub has stopped counting. Returns whether
    /// the sink is alive and has synced everything.
    pub(crate) fn run(mut self) -> bool {
        let mut idle_since_event = true;
        while !self.tally.is_shut() {
            match self.next(idle_since_event) {
                Next::Event(envelope) => {
                    idle_since_event = false;
                    self.take(&envelope);
                }
                Next::Flush(FlushRequest(reply)) => {
                    // Everything that was queued before the request is among the first `len` events.
                    for _ in 0..self.queue.len() {
                        let Ok(envelope) = self.queue.try_recv() else { break };
                        self.take(&envelope);
                    }
                    // Nobody may be waiting any more.
                    reply.try_send(self.flush()).ok();
                }
                Next::Quiet => {
                    idle_since_event = true;
                    self.idle(self.clock.now().mono_ns);
                }
                Next::Closed => break,
            }
        }
        let synced = self.flush();
        for FlushRequest(reply) in self.control.try_iter() {
            reply.try_send(synced).ok();
        }
        self.let_go() && synced
    }

    fn next(&self, idle_since_event: bool) -> Next {
        if let Ok(request) = self.control.try_recv() {
            return Next::Flush(request);
        }
        match self.queue.try_recv() {
            Ok(envelope) => return Next::Event(envelope),
            Err(TryRecvError::Disconnected) => return Next::Closed,
            Err(TryRecvError::Empty) if !idle_since_event => return Next::Quiet,
            Err(TryRecvError::Empty) => {}
        }
        select! {
            recv(self.queue) -> envelope => envelope.map_or(Next::Closed, Next::Event),
            // The hub lives as long as its guard, and the guard ends this thread through the queue.
            recv(self.control) -> request => request.map_or(Next::Closed, Next::Flush),
            default(IDLE_INTERVAL) => Next::Quiet,
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

    fn idle(&mut self, now: RunNs) {
        self.state.last_idle = Some(now);
        self.call(None, |sink| sink.idle(now));
    }

    /// Returns whether the sink has synced everything that it was given.
    fn flush(&mut self) -> bool {
        self.call(None, Sink::flush) && self.state.held == LaneCount::ZERO
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
