//! What is synced when, and that syncing never holds up writing.

use std::sync::atomic::Ordering;

use leyline::EventKind;
use leyline::demo::{self, Scenario};
use leyline::word::ClosedWord as _;
use nissa::log::sink::FsyncError;

use super::faulty::SyncGate;
use super::*;

fn gated(fsync: Fsync) -> (Faulty, SyncGate, Rig<Faulty>) {
    let (storage, gate) = Faulty::gated();
    let rig = rig_on(storage.clone(), LogConfig::new(fsync));
    (storage, gate, rig)
}

fn syncs(storage: &Faulty) -> u64 {
    storage.syncs.load(Ordering::SeqCst)
}

fn of_kind(kind: EventKind) -> Event {
    let events = Scenario::ALL.iter().flat_map(|&scenario| demo::events(scenario, 7));
    let mut events = events.map(|envelope| envelope.event).filter(|event| event.kind() == kind);
    events.next().unwrap_or_else(|| panic!("no {kind:?} in any scenario"))
}

/// Offers an event to a log with this policy and returns how often the log was synced until it was flushed: once for the
/// flush, and once more if the event asked for it.
#[track_caller]
fn check(fsync: Fsync, kind: EventKind, expected: u64) {
    let storage = Faulty::new();
    let mut rig = rig_on(storage.clone(), LogConfig::new(fsync));
    rig.offer(0, of_kind(kind)).expect("it is accepted");
    let held = rig.sink.held().total();
    rig.sink.flush().expect("the disk is sound");
    assert_eq!(syncs(&storage), expected, "{fsync} {kind:?}");
    assert_eq!(held, u64::from(expected == 1), "what is synced at once is written at once");
}

#[test]
fn some_events_are_synced_at_once() {
    use EventKind::{
        BatchEpochCompleted, CheckpointSaved, PpoUpdateCompleted, TrainingFinished, TrainingStarted,
    };
    for kind in [TrainingStarted, CheckpointSaved, TrainingFinished] {
        check(Fsync::Interval, kind, 2);
        check(Fsync::Batch, kind, 2);
        check(Fsync::Never, kind, 1);
    }
    check(Fsync::Batch, BatchEpochCompleted, 2);
    check(Fsync::Interval, BatchEpochCompleted, 1);
    check(Fsync::Batch, PpoUpdateCompleted, 1);
    check(Fsync::Never, BatchEpochCompleted, 1);
}

#[test]
fn the_interval_is_a_second_in_which_something_was_written() {
    let (storage, gate, mut rig) = gated(Fsync::Interval);
    rig.lossy(SECOND - 1).unwrap();
    rig.idle(SECOND - 1).unwrap();
    rig.idle(SECOND).unwrap();
    gate.wait();
    gate.release();
    // Nothing was written since.
    rig.idle(3 * SECOND).unwrap();
    rig.lossy(3 * SECOND).unwrap();
    rig.idle(3 * SECOND).unwrap();
    gate.wait();
    gate.release();
    drop(gate);
    rig.sink.flush().unwrap();
    assert_eq!(syncs(&storage), 3, "and once for the flush");
}

#[test]
fn always_is_after_every_write() {
    let (storage, gate, mut rig) = gated(Fsync::Always);
    for n in 0..4 {
        rig.lossy(n).unwrap();
        rig.lossy(n).unwrap();
        rig.idle(n).unwrap();
        gate.wait();
        gate.release();
    }
    drop(gate);
    rig.sink.flush().unwrap();
    assert_eq!(syncs(&storage), 5, "and once for the flush");
}

#[test]
fn never_is_never_but_looks_whether_the_log_is_there() {
    let (storage, gate, mut rig) = gated(Fsync::Never);
    drop(gate);
    for second in 1..5 {
        rig.lossy(second * SECOND).unwrap();
        rig.idle(second * SECOND).unwrap();
    }
    rig.sink.flush().unwrap();
    let looks = storage.looks.load(Ordering::SeqCst);
    assert_eq!((syncs(&storage), storage.names.load(Ordering::SeqCst)), (1, 1), "by the flush");
    assert!((2..=5).contains(&looks), "{looks}");
}

#[test]
fn a_blocked_sync_holds_up_no_writing_and_requests_become_one() {
    let (storage, gate, mut rig) = gated(Fsync::Always);
    rig.lossy(0).unwrap();
    rig.idle(0).unwrap();
    gate.wait();
    for n in 1..1000 {
        rig.lossy(n * 11 * MS).unwrap();
        rig.idle(n * 11 * MS).unwrap();
    }
    assert_eq!(rig.found(), [segment(0..1000, None)], "all is written while the sync stands still");
    assert_eq!(syncs(&storage), 0);
    drop(gate);
    rig.sink.flush().unwrap();
    assert_eq!(syncs(&storage), 3, "the blocked one, the one that waited, and that of the flush");
}

#[test]
fn a_flush_waits_for_the_disk() {
    let (storage, gate, mut rig) = gated(Fsync::Never);
    rig.lossy(0).unwrap();
    let (flushed, result) = crossbeam_channel::bounded(1);
    let thread = std::thread::Builder::new().spawn(move || {
        flushed.send(rig.sink.flush().is_ok()).unwrap();
        rig
    });
    gate.wait();
    assert!(result.is_empty(), "the sync stands in front of the gate");
    gate.release();
    assert!(result.recv().unwrap());
    assert_eq!(syncs(&storage), 1);
    drop(gate);
    let rig = thread.unwrap().join().unwrap();
    assert_eq!(rig.closed(), [segment([0], Some(Mark::End { events: 1 }))]);
}

#[test]
fn a_flush_syncs_every_segment_and_their_names() {
    let storage = Faulty::new();
    let mut rig = rig_on(storage.clone(), short_segments(Fsync::Never, 1));
    for n in 0..3 {
        rig.lossy(n).unwrap();
        rig.idle(n).unwrap();
    }
    rig.sink.flush().unwrap();
    assert_eq!((syncs(&storage), storage.names.load(Ordering::SeqCst)), (4, 1));
    rig.sink.flush().unwrap();
    assert_eq!((syncs(&storage), storage.names.load(Ordering::SeqCst)), (5, 1));
}

#[test]
fn under_never_a_long_log_is_synced_all_the_same_before_too_many_files_are_open() {
    let storage = Faulty::new();
    let mut rig = rig_on(storage.clone(), short_segments(Fsync::Never, 1));
    for n in 0..40 {
        rig.lossy(n).unwrap();
        rig.idle(n).unwrap();
    }
    rig.sink.flush().unwrap();
    // All 41 once, and those again that were the newest one when a sync began.
    assert!((41..=44).contains(&syncs(&storage)), "{}", syncs(&storage));
}

#[test]
fn a_failed_sync_is_told_once_and_the_log_goes_on_in_a_new_segment() {
    let storage = Faulty::new();
    let mut rig = rig_on(storage.clone(), LogConfig::new(Fsync::Never));
    storage.sync_fails.store(true, Ordering::SeqCst);
    rig.lossy(0).unwrap();
    let error = rig.sink.flush().unwrap_err();
    assert!(error.to_string().starts_with("cannot sync log: the disk is dying: "), "{error}");
    assert_eq!(error.lost, LaneCount::ZERO);
    storage.sync_fails.store(false, Ordering::SeqCst);
    rig.lossy(1).unwrap();
    rig.sink.flush().unwrap();
    let expected = [segment([0], None), segment([1], Some(Mark::End { events: 1 }))];
    assert_eq!(rig.closed(), expected);
}

#[test]
fn a_sync_that_failed_beside_writing_costs_no_event_and_keeps_the_next_flush_from_promising() {
    let (storage, gate, mut rig) = gated(Fsync::Always);
    storage.sync_fails.store(true, Ordering::SeqCst);
    rig.lossy(0).unwrap();
    rig.idle(0).unwrap();
    gate.wait();
    gate.release();
    rig.lossy(1).unwrap();
    let told = rig.idle(1).err();
    // The next sync begins only after the answer to the first one was sent.
    gate.wait();
    storage.sync_fails.store(false, Ordering::SeqCst);
    drop(gate);
    let error = told.or_else(|| rig.idle(2).err()).expect("it is told once");
    rig.idle(2).expect("and not again");
    assert!(error.to_string().starts_with("cannot sync log: "), "{error}");
    assert_eq!(error.lost, LaneCount::ZERO);
    rig.lossy(3).unwrap();
    rig.sink.flush().expect_err("what was written before is not known to be safe");
    rig.lossy(4).unwrap();
    rig.sink.flush().unwrap();
    let found = rig.closed();
    assert!(found.iter().flat_map(|segment| &segment.seqs).copied().eq(0..4), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn names_that_cannot_be_synced_are_told_and_tried_again() {
    let storage = Faulty::new();
    let mut rig = rig_on(storage.clone(), LogConfig::new(Fsync::Never));
    storage.names_fail.store(true, Ordering::SeqCst);
    rig.sink.flush().unwrap_err();
    rig.sink.flush().unwrap_err();
    storage.names_fail.store(false, Ordering::SeqCst);
    rig.sink.flush().unwrap();
    assert_eq!(rig.closed().len(), 1, "the segment itself is sound");
}

#[test]
fn policies_have_words() {
    for fsync in Fsync::ALL {
        assert_eq!(fsync.to_string().parse(), Ok(fsync));
    }
    let error = "sometimes".parse::<Fsync>().unwrap_err();
    assert_eq!(error, FsyncError { text: "sometimes".to_owned() });
    let expected = "expected interval, batch, always or never, not \"sometimes\"";
    assert_eq!(error.to_string(), expected);
    assert_eq!(Fsync::default(), Fsync::Interval);
}
