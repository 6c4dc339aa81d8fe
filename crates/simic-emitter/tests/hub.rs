//! The hub's acceptance cases AH01 to AH09, and what else it promises.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use leyline::{Envelope, Event, GroupId, Heartbeat, Lane, LossCause, Phase, RunId, Timestamp};
use simic_emitter::memory::{gated, memory};
use simic_emitter::{Bounds, Cause, Hub, HubBuilder, ManualClock, Sink, SinkCounts, SinkError};

#[path = "hub/contract.rs"]
mod contract;
#[path = "hub/drafts.rs"]
mod drafts;
#[path = "hub/ends.rs"]
mod ends;
#[path = "hub/identity.rs"]
mod identity;

/// Time that no test that passes uses up.
const LONG: Duration = Duration::from_secs(60);

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_micros(0)))
}

fn builder(clock: &Arc<ManualClock>) -> HubBuilder {
    let run = RunId::new("test").expect("an id");
    HubBuilder::new(run, GroupId::default(), Arc::clone(clock) as Arc<_>).loss_interval(None)
}

const fn lossy() -> Event {
    Event::Heartbeat(Heartbeat { phase: Phase::Collecting, batch_idx: None, inner_epoch: None })
}

fn lossless() -> Event {
    Event::PlateauDetected(leyline::Anomaly {
        kind: "return_trend".to_owned(),
        batch_idx: Some(1),
        inner_epoch: None,
        env_id: None,
        subject: None,
        value: None,
        threshold: None,
        detail: None,
    })
}

fn counts(hub: &Hub, sink: &str) -> SinkCounts {
    let counts = hub.counts().into_iter().find(|counts| counts.sink == sink).expect("a sink");
    assert_eq!(counts.emitted, counts.delivered + counts.dropped() + counts.queued, "{counts:?}");
    counts
}

fn seqs(events: &Receiver<Arc<Envelope>>) -> Vec<u64> {
    events.try_iter().map(|envelope| envelope.seq).collect()
}

/// Returns whether all `events` became `delivered` or `dropped`, and nothing waits.
#[track_caller]
fn check(hub: &Hub, sink: &str, emitted: u64, delivered: u64, dropped: u64) -> SinkCounts {
    let counts = counts(hub, sink);
    let seen = (counts.emitted, counts.delivered, counts.dropped(), counts.queued);
    assert_eq!(seen, (emitted, delivered, dropped, 0), "{counts:?}");
    counts
}

/// Returns an error for every event.
struct Failing;

impl Sink for Failing {
    fn accept(&mut self, _: &Arc<Envelope>) -> Result<(), SinkError> {
        Err(SinkError::new("no"))
    }
}

/// Panics at its n-th event.
struct Panicking(u32);

impl Sink for Panicking {
    fn accept(&mut self, _: &Arc<Envelope>) -> Result<(), SinkError> {
        self.0 -= 1;
        assert!(self.0 != 0, "panicking as asked");
        Ok(())
    }
}

#[test]
fn ah01_a_healthy_sink_gets_every_event_in_order() {
    let (sink, events) = memory(100);
    let (hub, guard) =
        builder(&clock()).sink("memory", Bounds::default(), sink).start(LONG).unwrap();
    for n in 0..50 {
        hub.emit(if n % 2 == 0 { lossy() } else { lossless() });
    }
    assert!(guard.close(Duration::from_secs(5)));
    check(&hub, "memory", 50, 50, 0);
    assert_eq!(seqs(&events), (0..50).collect::<Vec<_>>());
}

#[test]
fn ah02_a_held_sink_loses_exactly_what_its_bounds_say() {
    let (sink, events) = memory(100);
    let (sink, gate) = gated(sink);
    let bounds = Bounds { lossy: 4, lossless: 8 };
    let (hub, guard) = builder(&clock()).sink("held", bounds, sink).start(LONG).unwrap();
    hub.emit(lossy());
    assert_eq!(gate.wait(), Some(0));
    (0..10).for_each(|_| hub.emit(lossy()));
    (0..6).for_each(|_| hub.emit(lossless()));
    assert_eq!(counts(&hub, "held").queued, 9);
    gate.open();
    assert!(guard.close(LONG));
    let counts = check(&hub, "held", 17, 9, 8);
    assert_eq!((counts.dropped_in(Lane::Lossy), counts.dropped_in(Lane::Lossless)), (6, 2));
    assert_eq!(counts.dropped_by(Cause::QueueFull).total(), 8);
    assert_eq!(counts.spilled, 4);
    assert_eq!(seqs(&events), [0, 1, 2, 3, 4, 11, 12, 13, 14]);
}

#[test]
fn ah03_a_failing_sink_drops_its_own_events_only() {
    let (sink, events) = memory(100);
    let (hub, guard) = builder(&clock())
        .sink("failing", Bounds::default(), Failing)
        .sink("healthy", Bounds::default(), sink)
        .start(LONG)
        .unwrap();
    (0..5).for_each(|_| hub.emit(lossless()));
    assert!(hub.flush(Duration::from_secs(5)));
    let counts = check(&hub, "failing", 5, 0, 5);
    assert_eq!(counts.dropped_by(Cause::SinkFailed).lossless, 5);
    check(&hub, "healthy", 5, 5, 0);
    assert_eq!(seqs(&events), [0, 1, 2, 3, 4]);
    assert!(guard.close(LONG));
}

#[test]
fn ah04_a_panicking_sink_gets_nothing_more_and_the_other_notices_nothing() {
    let (sink, events) = memory(100);
    let (hub, guard) = builder(&clock())
        .sink("panicking", Bounds::default(), Panicking(3))
        .sink("healthy", Bounds::default(), sink)
        .start(LONG)
        .unwrap();
    (0..10).for_each(|_| hub.emit(lossy()));
    assert!(!guard.close(Duration::from_secs(5)));
    let counts = check(&hub, "panicking", 10, 2, 8);
    assert_eq!(counts.dropped_by(Cause::SinkPanicked).lossy, 8);
    check(&hub, "healthy", 10, 10, 0);
    assert_eq!(events.len(), 10);
}

#[test]
fn ah05_a_flush_returns_false_while_the_sink_is_held() {
    let (sink, _events) = memory(100);
    let (sink, gate) = gated(sink);
    let (hub, guard) = builder(&clock()).sink("held", Bounds::default(), sink).start(LONG).unwrap();
    (0..3).for_each(|_| hub.emit(lossless()));
    assert_eq!(gate.wait(), Some(0));
    assert!(!hub.flush(Duration::from_millis(200)));
    assert_eq!(counts(&hub, "held").queued, 3, "it is still held");
    gate.open();
    assert!(hub.flush(LONG));
    check(&hub, "held", 3, 3, 0);
    assert!(guard.close(LONG));
}

#[test]
fn ah06_after_a_close_events_are_ignored_with_one_warning() {
    let (sink, events) = memory(100);
    let (warned, warnings) = crossbeam_channel::bounded(10);
    let (hub, guard) = builder(&clock())
        .sink("memory", Bounds::default(), sink)
        .on_warning(move |text| warned.send(text.to_owned()).unwrap())
        .start(LONG)
        .unwrap();
    hub.emit(lossy());
    assert!(guard.close(Duration::from_secs(5)));
    let before = hub.counts();
    hub.emit(lossy());
    hub.clone().emit(lossless());
    hub.emit_with(lossy().kind(), || panic!("nothing is built after a close"));
    assert_eq!(hub.counts(), before);
    assert_eq!(seqs(&events), [0]);
    assert_eq!(warnings.len(), 1, "{:?}", warnings.recv());
    assert!(hub.flush(Duration::ZERO), "a flush returns what the close returned");
}

#[test]
fn ah07_without_sinks_events_use_up_numbers() {
    let (hub, guard) = builder(&clock()).start(LONG).unwrap();
    (0..3).for_each(|_| hub.emit(lossless()));
    assert!(hub.flush(Duration::from_secs(1)));
    assert_eq!(hub.next_seq(), 3);
    assert!(guard.close(LONG));
}

#[test]
fn ah08_losses_are_reported_directly_before_the_next_event_after_the_interval() {
    let clock = clock();
    let (sink, events) = memory(100);
    let (sink, gate) = gated(sink);
    let (hub, guard) = builder(&clock)
        .loss_interval(Some(Duration::from_secs(1)))
        .sink("held", Bounds { lossy: 4, lossless: 8 }, sink)
        .start(LONG)
        .unwrap();
    hub.emit(lossy());
    assert_eq!(gate.wait(), Some(0));
    (0..10).for_each(|_| hub.emit(lossy()));
    (0..6).for_each(|_| hub.emit(lossless()));
    gate.open();
    assert!(hub.flush(LONG));
    assert_eq!(events.try_iter().count(), 9);
    clock.advance(Duration::from_secs(1));
    hub.emit(lossy());
    assert!(guard.close(LONG));
    let tail: Vec<_> = events.try_iter().collect();
    assert_eq!(tail.iter().map(|envelope| envelope.seq).collect::<Vec<_>>(), [17, 18, 19]);
    for (at, lane, dropped) in [(0, Lane::Lossy, 6), (1, Lane::Lossless, 2)] {
        let expected = leyline::EmitterLoss {
            sink: "held".to_owned(),
            lane,
            cause: LossCause::QueueFull,
            dropped,
            dropped_total: dropped,
        };
        assert_eq!(tail[at].event, Event::from(expected));
    }
    assert_eq!(tail[2].event, lossy());
    check(&hub, "held", 20, 12, 8);
}

#[test]
fn ah09_a_close_returns_while_the_sink_is_held_and_counts_what_it_left_behind() {
    let (sink, events) = memory(100);
    let (sink, gate) = gated(sink);
    let (hub, guard) = builder(&clock()).sink("held", Bounds::default(), sink).start(LONG).unwrap();
    hub.emit(lossy());
    assert_eq!(gate.wait(), Some(0));
    (0..5).for_each(|_| hub.emit(lossless()));
    assert!(!guard.close(Duration::from_millis(300)));
    let counts = check(&hub, "held", 6, 0, 6);
    assert_eq!(counts.dropped_by(Cause::CloseTimeout).total(), 6);
    assert_eq!(counts.dropped_by(Cause::CloseTimeout).lossy, 1);
    // What the late sink does changes nothing, and it gets nothing more. It is gone when its channel is.
    gate.open();
    assert_eq!(events.iter().map(|envelope| envelope.seq).collect::<Vec<_>>(), [0]);
    assert_eq!(hub.counts(), [counts]);
    assert!(!hub.flush(LONG));
}
