//! What a sink may do, and what it costs whom.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use leyline::{Envelope, Lane, RunNs};
use simic_emitter::memory::{gated, memory};
use simic_emitter::{Bounds, Cause, HubBuilder, LaneCount, Sink, SinkError};

use crate::{LONG, builder, check, clock, counts, lossless, lossy, seqs};

/// Holds events until it is told to hand them on, and fails as its orders say.
struct Buffering {
    held: LaneCount,
    orders: Receiver<Order>,
    reached: Sender<()>,
}

enum Order {
    /// The next `idle` hands on everything.
    HandOn,
    /// The next `idle` hands on nothing.
    Hold,
    /// The next `idle` loses what is held.
    Lose(LaneCount),
    /// The next `idle` panics.
    Panic,
}

impl Buffering {
    fn new() -> (Self, Sender<Order>, Receiver<()>) {
        let (give, orders) = bounded(0);
        let (reached, wait) = bounded(1);
        (Self { held: LaneCount::ZERO, orders, reached }, give, wait)
    }
}

impl Sink for Buffering {
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError> {
        self.held = self.held.plus(LaneCount::one(envelope.event.kind().lane()));
        Ok(())
    }

    fn idle(&mut self, _: RunNs) -> Result<(), SinkError> {
        if self.held == LaneCount::ZERO {
            return Ok(());
        }
        self.reached.send(()).ok();
        // Who gives no more orders wants everything handed on.
        match self.orders.recv().unwrap_or(Order::HandOn) {
            Order::HandOn => self.held = LaneCount::ZERO,
            Order::Hold => {}
            Order::Lose(lost) => {
                self.held = LaneCount::ZERO;
                return Err(SinkError::new("the buffer is gone").with_lost(lost));
            }
            Order::Panic => panic!("panicking as asked"),
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.held = LaneCount::ZERO;
        Ok(())
    }

    fn held(&self) -> LaneCount {
        self.held
    }
}

const FIVE: LaneCount = LaneCount { lossless: 3, lossy: 2 };

/// Starts a hub whose sink `buffer` holds 2 lossy and 3 lossless events, and stands in its `idle`.
fn start(builder: HubBuilder) -> (simic_emitter::Hub, simic_emitter::Guard, Sender<Order>) {
    let (sink, give, reached) = Buffering::new();
    let (sink, gate) = gated(sink);
    let (hub, guard) =
        builder.sink("buffer", Bounds::default(), sink).start(LONG).expect("threads");
    hub.emit(lossy());
    assert_eq!(gate.wait(), Some(0));
    hub.emit(lossy());
    (0..3).for_each(|_| hub.emit(lossless()));
    gate.open();
    reached.recv().expect("the sink is alive");
    (hub, guard, give)
}

#[test]
fn what_a_sink_holds_is_queued_until_it_is_handed_on() {
    let (hub, guard, give) = start(builder(&clock()));
    assert_eq!((counts(&hub, "buffer").queued, counts(&hub, "buffer").delivered), (5, 0));
    give.send(Order::Hold).unwrap();
    // The sink is asked once more before it is flushed, while this thread waits for the flush.
    let giver = std::thread::Builder::new().spawn(move || give.send(Order::Hold)).unwrap();
    assert!(hub.flush(LONG), "a flush hands everything on");
    check(&hub, "buffer", 5, 5, 0);
    assert!(giver.join().unwrap().is_ok(), "also what was held before it");
    assert!(guard.close(LONG));
}

/// Stands still while it is flushed, until it is released.
struct StuckFlush {
    inner: Buffering,
    entered: Sender<()>,
    release: Receiver<()>,
}

impl Sink for StuckFlush {
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError> {
        self.inner.accept(envelope)
    }

    fn idle(&mut self, now: RunNs) -> Result<(), SinkError> {
        self.inner.idle(now)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.entered.try_send(()).ok();
        // Fails once the other end is gone, and that releases it too.
        self.release.recv().ok();
        self.inner.flush()
    }

    fn held(&self) -> LaneCount {
        self.inner.held()
    }
}

#[test]
fn what_was_handed_on_before_a_sync_that_takes_too_long_is_delivered() {
    let (inner, give, _reached) = Buffering::new();
    // From the first idle on it hands everything on.
    drop(give);
    let (released, release) = bounded(0);
    let (entered, stuck) = bounded(1);
    let sink = StuckFlush { inner, entered, release };
    let (hub, guard) =
        builder(&clock()).sink("stuck", Bounds::default(), sink).start(LONG).unwrap();
    (0..5).for_each(|_| hub.emit(lossless()));
    assert!(!hub.flush(std::time::Duration::from_millis(50)), "the sink stands in its flush");
    stuck.recv().unwrap();
    check(&hub, "stuck", 5, 5, 0);
    assert!(!guard.close(std::time::Duration::from_millis(50)), "and goes on standing there");
    check(&hub, "stuck", 5, 5, 0);
    drop(released);
}

#[test]
fn an_error_takes_back_as_many_held_events_as_it_says_and_the_rest_is_delivered() {
    let (hub, guard, give) = start(builder(&clock()));
    give.send(Order::Lose(LaneCount { lossless: 1, lossy: 2 })).unwrap();
    drop(give);
    assert!(hub.flush(LONG));
    let counts = check(&hub, "buffer", 5, 2, 3);
    assert_eq!(counts.dropped_by(Cause::SinkFailed), LaneCount { lossless: 1, lossy: 2 });
    assert!(guard.close(LONG));
}

#[test]
fn a_sink_that_claims_more_than_it_was_given_changes_no_sum() {
    let (hub, guard, give) = start(builder(&clock()));
    give.send(Order::Lose(LaneCount { lossless: u64::MAX / 2, lossy: 7 })).unwrap();
    drop(give);
    assert!(hub.flush(LONG));
    assert_eq!(check(&hub, "buffer", 5, 0, 5).dropped_by(Cause::SinkFailed), FIVE);
    assert!(guard.close(LONG));
}

#[test]
fn a_panic_in_idle_takes_what_was_held() {
    let (warned, warnings) = bounded(10);
    let warn = move |text: &str| warned.send(text.to_owned()).unwrap();
    let (hub, guard, give) = start(builder(&clock()).on_warning(warn));
    give.send(Order::Panic).unwrap();
    assert!(!hub.flush(LONG));
    hub.emit(lossy());
    assert!(!guard.close(LONG));
    let counts = check(&hub, "buffer", 6, 0, 6);
    assert_eq!(counts.dropped_by(Cause::SinkPanicked).plus(LaneCount::ZERO).total(), 6);
    let warning = warnings.recv().unwrap();
    assert_eq!(warning, "sink buffer panicked, it gets no more events: panicking as asked");
}

#[test]
fn at_the_end_of_the_grace_what_was_held_is_dropped_by_lane() {
    let (hub, guard, give) = start(builder(&clock()));
    assert!(!guard.close(std::time::Duration::from_millis(50)), "the sink stands in its idle");
    let before = check(&hub, "buffer", 5, 0, 5);
    assert_eq!(before.dropped_by(Cause::CloseTimeout), FIVE);
    // It comes back and claims to have handed everything on. Its thread ends, and that changed nothing.
    give.send(Order::HandOn).unwrap();
    assert!(give.send(Order::HandOn).is_err(), "the sink is gone");
    assert_eq!(counts(&hub, "buffer"), before);
}

/// Panics when it is flushed.
struct FlushPanics;

impl Sink for FlushPanics {
    fn accept(&mut self, _: &Arc<Envelope>) -> Result<(), SinkError> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        panic!("panicking as asked")
    }
}

#[test]
fn a_panic_in_flush_makes_the_flush_false_and_ends_the_sink() {
    let (sink, events) = memory(10);
    let (hub, guard) = builder(&clock())
        .sink("panicking", Bounds::default(), FlushPanics)
        .sink("healthy", Bounds::default(), sink)
        .start(LONG)
        .unwrap();
    hub.emit(lossless());
    assert!(!hub.flush(LONG));
    hub.emit(lossless());
    assert!(!guard.close(LONG));
    check(&hub, "panicking", 2, 1, 1);
    check(&hub, "healthy", 2, 2, 0);
    assert_eq!(seqs(&events), [0, 1]);
}

/// Panics when it is dropped.
struct DropPanics;

impl Sink for DropPanics {
    fn accept(&mut self, _: &Arc<Envelope>) -> Result<(), SinkError> {
        Ok(())
    }
}

impl Drop for DropPanics {
    fn drop(&mut self) {
        panic!("panicking as asked")
    }
}

#[test]
fn a_sink_that_panics_when_dropped_ends_its_thread_all_the_same() {
    let (hub, guard) =
        builder(&clock()).sink("drop", Bounds::default(), DropPanics).start(LONG).unwrap();
    hub.emit(lossless());
    assert!(!guard.close(LONG));
    check(&hub, "drop", 1, 1, 0);
}

#[test]
fn a_stuck_sink_and_a_healthy_one_stand_side_by_side() {
    let (stuck, _kept) = memory(100);
    let (stuck, gate) = gated(stuck);
    let (healthy, events) = memory(100);
    let bounds = Bounds { lossy: 2, lossless: 4 };
    let (hub, guard) = builder(&clock())
        .sink("stuck", bounds, stuck)
        .sink("healthy", Bounds::default(), healthy)
        .start(LONG)
        .unwrap();
    hub.emit(lossy());
    assert_eq!(gate.wait(), Some(0));
    for n in 1..20 {
        hub.emit(lossy());
        assert_eq!(events.recv().map(|event| event.seq), Ok(n - 1), "while the other is stuck");
    }
    assert_eq!(counts(&hub, "stuck").dropped_in(Lane::Lossy), 17);
    assert!(!guard.close(std::time::Duration::from_millis(50)));
    check(&hub, "healthy", 20, 20, 0);
    check(&hub, "stuck", 20, 0, 20);
    gate.open();
}

#[test]
fn a_warning_that_panics_costs_nothing_else() {
    let (hub, guard) = builder(&clock())
        .sink("failing", Bounds::default(), crate::Failing)
        .on_warning(|_| panic!("panicking as asked"))
        .start(LONG)
        .unwrap();
    (0..3).for_each(|_| hub.emit(lossy()));
    assert!(guard.close(LONG));
    hub.emit(lossy());
    check(&hub, "failing", 3, 0, 3);
}

#[test]
fn a_sink_that_fails_often_is_not_a_flood_of_warnings() {
    let (warned, warnings) = bounded(100);
    let (hub, guard) = builder(&clock())
        .sink("failing", Bounds::default(), crate::Failing)
        .on_warning(move |text| warned.send(text.to_owned()).unwrap())
        .start(LONG)
        .unwrap();
    (0..10).for_each(|_| hub.emit(lossy()));
    assert!(guard.close(LONG));
    let warnings: Vec<_> = warnings.try_iter().collect();
    assert_eq!(warnings.len(), 4, "the 1st, 2nd, 4th and 8th: {warnings:?}");
    assert_eq!(warnings[0], "sink failing failed, 1 events lost: no");
}
