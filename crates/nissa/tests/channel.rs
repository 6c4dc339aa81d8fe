//! The in-process channel behind a hub.

use std::sync::Arc;
use std::time::Duration;

use leyline::{Event, GroupId, Heartbeat, Phase, RunId, Timestamp};
use nissa::channel;
use simic_emitter::{Bounds, Cause, Guard, Hub, HubBuilder, ManualClock, Sink};

const LONG: Duration = Duration::from_secs(60);

const fn heartbeat() -> Event {
    Event::Heartbeat(Heartbeat { phase: Phase::Collecting, batch_idx: None, inner_epoch: None })
}

fn hub(bounds: Bounds, sink: impl Sink) -> (Hub, Guard) {
    let run = RunId::new("run").expect("an id");
    let clock = ManualClock::new(Timestamp::from_micros(0));
    let builder = HubBuilder::new(run, GroupId::default(), Arc::new(clock));
    builder.loss_interval(None).sink("live", bounds, sink).start(LONG).expect("threads")
}

#[test]
fn events_arrive_in_order_and_the_end_of_the_hub_is_the_end_of_the_channel() {
    let (sink, events) = channel(100);
    let (hub, guard) = hub(Bounds::default(), sink);
    for _ in 0..50 {
        hub.emit(heartbeat());
    }
    assert!(guard.close(LONG));
    assert!(events.iter().map(|event| event.seq).eq(0..50));
}

#[test]
fn a_viewer_that_falls_behind_is_counted_once_in_the_queue_of_the_hub() {
    // One in the channel, one in the hands of the sink, two in the queue.
    let (sink, events) = channel(1);
    let (hub, guard) = hub(Bounds { lossy: 2, lossless: 3 }, sink);
    let mut lost = 0;
    for sent in 1..=20 {
        hub.emit(heartbeat());
        lost = hub.counts()[0].dropped();
        assert!(sent <= 4 + lost, "no more than four events wait");
    }
    assert!(16 <= lost);
    let received = std::thread::scope(|scope| {
        let viewer = std::thread::Builder::new().name("viewer".to_owned());
        let viewer = viewer.spawn_scoped(scope, || events.iter().count() as u64).unwrap();
        assert!(guard.close(LONG));
        viewer.join().unwrap()
    });
    let counts = &hub.counts()[0];
    assert_eq!((received, counts.delivered), (counts.emitted - lost, counts.emitted - lost));
    assert_eq!(counts.dropped_by(Cause::QueueFull).total(), lost);
}

#[test]
fn events_fail_once_the_viewer_is_gone() {
    let (sink, events) = channel(100);
    let (hub, guard) = hub(Bounds::default(), sink);
    hub.emit(heartbeat());
    assert!(hub.flush(LONG));
    drop(events);
    hub.emit(heartbeat());
    assert!(guard.close(LONG), "a viewer that left is no reason to fail");
    let counts = &hub.counts()[0];
    assert_eq!((counts.delivered, counts.dropped_by(Cause::SinkFailed).total()), (1, 1));
}

#[test]
fn a_viewer_that_does_not_read_holds_nobody_up() {
    let (sink, events) = channel(1);
    let (hub, guard) = hub(Bounds::default(), sink);
    hub.emit(heartbeat());
    assert!(hub.flush(LONG), "the channel has room for one");
    for _ in 0..5 {
        hub.emit(heartbeat());
    }
    assert!(!guard.close(Duration::from_millis(50)));
    let counts = hub.counts()[0];
    assert_eq!((counts.emitted, counts.delivered, counts.queued), (6, 1, 0));
    assert_eq!(counts.dropped_by(Cause::CloseTimeout).total(), 5);
    // Once there is room the thread delivers what was in its hands and ends, and the channel with it.
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(hub.counts()[0], counts, "what a late sink does changes no counter");
}
