//! The sink behind a real hub: every event is delivered or counted, whatever the disk does.

use std::sync::atomic::Ordering;
use std::time::Duration;

use nissa::log::sink::Disk;
use simic_emitter::{Cause, Guard, Hub, HubBuilder, ManualClock, SinkCounts};

use super::*;

/// Time that no test that passes uses up.
const LONG: Duration = Duration::from_secs(60);

fn start<S: Storage>(storage: S) -> (TempDir, RunDir, Arc<ManualClock>, Hub, Guard) {
    let Rig { _root: root, dir, sink, seq: _ } = rig_on(storage, LogConfig::new(Fsync::Interval));
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let (hub, guard) = HubBuilder::new(run(), GroupId::default(), Arc::clone(&clock) as Arc<_>)
        .loss_interval(None)
        .sink("log", LogSink::BOUNDS, sink)
        .start(LONG)
        .expect("threads");
    (root, dir, clock, hub, guard)
}

fn counts(hub: &Hub) -> SinkCounts {
    let [counts] = hub.counts()[..] else { panic!("one sink") };
    assert_eq!(counts.emitted, counts.delivered + counts.dropped() + counts.queued, "{counts:?}");
    counts
}

fn emit(hub: &Hub, clock: &ManualClock, events: u64) {
    for n in 0..events {
        clock.advance(Duration::from_micros(10));
        if n % 3 == 0 {
            hub.emit(anomaly());
        } else {
            hub.emit(Heartbeat { phase: Phase::Collecting, batch_idx: None, inner_epoch: None });
        }
    }
}

fn on_disk(dir: &RunDir) -> Vec<u64> {
    found(dir).into_iter().flat_map(|segment| segment.seqs).collect()
}

#[test]
fn every_acknowledged_event_is_on_the_disk() {
    let (_root, dir, clock, hub, guard) = start(Disk);
    for round in 1..=5 {
        emit(&hub, &clock, 5000);
        assert!(hub.flush(LONG));
        assert!(on_disk(&dir).into_iter().eq(0..round * 5000));
    }
    assert!(guard.close(LONG));
    let counts = counts(&hub);
    assert_eq!((counts.emitted, counts.delivered), (25_000, 25_000));
    assert_eq!(found(&dir), [segment(0..25_000, Some(Mark::End { events: 25_000 }))]);
    assert!(!dir.is_live());
}

/// The disk takes so many bytes and no more, is full for a while, and has room again.
#[track_caller]
fn check_full(room: u64) {
    let storage = Faulty::new();
    let (_root, dir, clock, hub, guard) = start(storage.clone());
    storage.room.store(room, Ordering::SeqCst);
    emit(&hub, &clock, 4000);
    assert!(!hub.flush(LONG), "not all of it is on the disk");
    let full = counts(&hub);
    assert_eq!((full.emitted, full.queued), (4000, 0));
    assert_eq!(full.delivered, on_disk(&dir).len() as u64, "{room}");
    assert_eq!(full.dropped(), full.dropped_by(Cause::SinkFailed).total());
    assert!(0 < full.dropped_by(Cause::SinkFailed).lossless);
    storage.room.store(u64::MAX, Ordering::SeqCst);
    clock.advance(LONG);
    emit(&hub, &clock, 1000);
    assert!(hub.flush(LONG), "there is room again");
    assert!(guard.close(LONG));
    let counts = counts(&hub);
    assert_eq!((counts.emitted, counts.dropped()), (5000, full.dropped()));
    let seqs = on_disk(&dir);
    assert_eq!(counts.delivered, seqs.len() as u64);
    assert!(seqs.is_sorted_by(|a, b| a < b) && seqs.ends_with(&[4998, 4999]));
}

#[test]
fn emitted_is_delivered_and_dropped_on_a_full_disk() {
    for room in [0, 1, 4099, 10_007, 65_537, 100_003] {
        check_full(room);
    }
}

#[test]
fn a_directory_that_is_removed_under_the_trainer_is_shown_and_stops_nothing() {
    let (_root, dir, clock, hub, guard) = start(Disk);
    emit(&hub, &clock, 100);
    assert!(hub.flush(LONG));
    fs::remove_dir_all(dir.path()).unwrap();
    emit(&hub, &clock, 100);
    assert!(!hub.flush(LONG), "the log is gone");
    emit(&hub, &clock, 100);
    assert!(!guard.close(LONG));
    let counts = counts(&hub);
    assert_eq!(counts.dropped_by(Cause::SinkFailed).total(), 100);
    assert_eq!((counts.emitted, counts.delivered, counts.queued), (300, 200, 0));
}

#[test]
fn a_stuck_disk_delays_neither_the_trainer_nor_its_end() {
    let (storage, gate) = Faulty::gated();
    let (_root, dir, clock, hub, guard) = start(storage);
    emit(&hub, &clock, 1000);
    assert!(!hub.flush(Duration::from_millis(50)));
    gate.wait();
    emit(&hub, &clock, 1000);
    assert!(!guard.close(Duration::from_millis(50)));
    let counts = counts(&hub);
    assert_eq!((counts.emitted, counts.queued), (2000, 0));
    assert_eq!(counts.delivered, on_disk(&dir).len() as u64);
    drop(gate);
}
