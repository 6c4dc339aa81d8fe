//! What is on the disk when, while nothing goes wrong.

use std::mem;

use nissa::log::index::{self, Entry};
use nissa::log::sink::LogError;

use super::*;

#[test]
fn a_log_that_was_closed_in_order_ends_with_a_mark() {
    let mut rig = rig(Fsync::Interval);
    assert_eq!(rig.found(), [segment([], None)]);
    (0..3).for_each(|_| rig.lossy(0).unwrap());
    rig.sink.flush().unwrap();
    assert_eq!(rig.closed(), [segment(0..3, Some(Mark::End { events: 3 }))]);
}

#[test]
fn a_run_is_live_while_its_sink_lives() {
    let Rig { _root: root, dir, sink, seq: _ } = rig(Fsync::Never);
    assert!(dir.is_live());
    assert!(RunDir::open(dir.path()).unwrap().is_live());
    drop(sink);
    assert!(!dir.is_live());
    assert!(Manifest::read(&dir.manifest()).is_ok());
    drop(root);
    assert!(!dir.is_live());
}

#[test]
fn the_buffer_goes_out_when_the_queue_runs_empty() {
    let mut rig = rig(Fsync::Interval);
    rig.lossy(0).unwrap();
    rig.lossless(1).unwrap();
    assert_eq!((rig.sink.held(), rig.found()), (lost(1, 1), vec![segment([], None)]));
    rig.idle(2).unwrap();
    assert_eq!((rig.sink.held(), rig.found()), (LaneCount::ZERO, vec![segment([0, 1], None)]));
}

#[test]
fn the_buffer_goes_out_when_ten_milliseconds_lie_in_it() {
    let mut rig = rig(Fsync::Interval);
    rig.lossy(7).unwrap();
    rig.lossy(10 * MS + 6).unwrap();
    assert_eq!(rig.sink.held(), lost(0, 2));
    rig.lossy(10 * MS + 7).unwrap();
    assert_eq!((rig.sink.held(), rig.found()), (LaneCount::ZERO, vec![segment(0..3, None)]));
    rig.lossy(10 * MS + 8).unwrap();
    assert_eq!(rig.sink.held(), lost(0, 1), "the time begins with the first event of a buffer");
}

#[test]
fn the_buffer_goes_out_after_64_kib() {
    let mut rig = rig(Fsync::Interval);
    let mut held = 0;
    while rig.sink.held().total() == held {
        rig.lossless(0).unwrap();
        held += 1;
    }
    assert_eq!((rig.sink.held(), rig.found()), (LaneCount::ZERO, vec![segment(0..held, None)]));
    let bytes = fs::metadata(rig.dir.segment(0)).unwrap().len();
    assert!((65_536..65_536 + 8192).contains(&bytes), "{bytes}");
}

#[test]
fn a_wall_clock_that_goes_back_an_hour_changes_nothing() {
    let mut rig = rig(Fsync::Interval);
    let event = anomaly();
    let at = |seq: u64, mono_ns: u64, back: i64| {
        let mut envelope = envelope(seq, mono_ns, event.clone());
        envelope.ts = Timestamp::from_micros(envelope.ts.as_micros() - back);
        Arc::new(envelope)
    };
    let hour = 3_600_000_000;
    rig.sink.accept(&at(0, 0, 0)).unwrap();
    rig.sink.accept(&at(1, MS, hour)).unwrap();
    assert_eq!(rig.sink.held(), lost(2, 0));
    rig.sink.accept(&at(2, 10 * MS, hour)).unwrap();
    assert_eq!(rig.sink.held(), LaneCount::ZERO);
    rig.sink.flush().unwrap();
    assert_eq!(rig.closed(), [segment(0..3, Some(Mark::End { events: 3 }))]);
}

#[test]
fn a_process_that_dies_leaves_whole_frames_and_no_mark() {
    let mut rig = rig(Fsync::Interval);
    (0..2).for_each(|_| rig.lossy(0).unwrap());
    rig.idle(1).unwrap();
    rig.lossy(2).unwrap();
    let Rig { _root: root, dir, sink, seq: _ } = rig;
    mem::forget(sink);
    assert_eq!(found(&dir), [segment(0..2, None)]);
    drop(root);
}

#[test]
fn what_a_closed_hub_has_counted_as_lost_is_not_written() {
    let mut rig = rig(Fsync::Interval);
    rig.lossy(0).unwrap();
    rig.idle(1).unwrap();
    rig.lossy(2).unwrap();
    assert_eq!(rig.closed(), [segment([0], None)], "and the end is not in order");
}

#[test]
fn a_full_segment_is_followed_by_another() {
    let mut rig = rig_on(Disk, short_segments(Fsync::Never, header_bytes() + 150));
    for n in 0..6 {
        rig.lossless(n).unwrap();
        rig.idle(n).unwrap();
    }
    rig.sink.flush().unwrap();
    let found = rig.closed();
    let (last, before) = found.split_last().unwrap();
    assert!(!before.is_empty(), "{found:?}");
    for segment in before {
        let events = segment.seqs.len() as u64;
        assert_eq!(segment.mark, Some(Mark::Continued { events }));
    }
    assert_eq!(last.mark, Some(Mark::End { events: last.seqs.len() as u64 }));
    assert!(found.iter().flat_map(|segment| &segment.seqs).copied().eq(0..6), "{found:?}");
}

#[test]
fn a_segment_shorter_than_its_header_takes_one_buffer() {
    let mut rig = rig_on(Disk, short_segments(Fsync::Always, 1));
    for n in 0..3 {
        rig.lossy(n).unwrap();
        rig.idle(n).unwrap();
    }
    let continued = Some(Mark::Continued { events: 1 });
    let expected = [
        segment([0], continued),
        segment([1], continued),
        segment([2], continued),
        segment([], Some(Mark::End { events: 0 })),
    ];
    assert_eq!(rig.closed(), expected);
}

#[test]
fn an_event_that_is_no_frame_costs_itself_only() {
    let mut rig = rig(Fsync::Interval);
    rig.lossy(0).unwrap();
    let mut large = envelope(1, 0, anomaly());
    large.message = "x".repeat(2_000_000);
    let error = rig.sink.accept(&Arc::new(large)).unwrap_err();
    assert_eq!(error.lost, LaneCount::ZERO);
    rig.seq = 2;
    rig.lossy(0).unwrap();
    rig.sink.flush().unwrap();
    assert_eq!(rig.closed(), [segment([0, 2], Some(Mark::End { events: 2 }))]);
}

#[test]
fn a_directory_has_one_log() {
    let rig = rig(Fsync::Interval);
    let second = LogSink::create(&rig.dir, &manifest(), Fsync::Interval);
    assert!(matches!(second, Err(LogError::Manifest(_))));
    assert!(rig.dir.is_live(), "and the first one goes on");
    assert_eq!(rig.closed(), [segment([], Some(Mark::End { events: 0 }))]);
}

#[test]
fn two_trainers_of_one_id_write_to_two_directories() {
    let root = tempfile::tempdir().unwrap();
    let start = || {
        let (dir, run) = RunDir::create(root.path(), &run()).unwrap();
        let manifest = Manifest::new(run, Timestamp::from_micros(0));
        let sink = LogSink::create(&dir, &manifest, Fsync::Interval).unwrap();
        (dir, sink)
    };
    let ((first, mut one), (second, mut two)) = (start(), start());
    assert_eq!(second.path(), root.path().join("run-2"));
    let event = Arc::new(envelope(0, 0, anomaly()));
    one.accept(&event).unwrap();
    one.flush().unwrap();
    two.flush().unwrap();
    let (first, second) = (Manifest::read(&first.manifest()), Manifest::read(&second.manifest()));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((first.run_id.as_str(), second.run_id.as_str()), ("run", "run-2"));
    assert_ne!(first.nonce, second.nonce);
}

#[test]
fn an_index_names_places_where_frames_begin() {
    let mut rig = rig(Fsync::Never);
    for n in 0..10_000 {
        rig.lossless(n * 1000).unwrap();
    }
    rig.sink.flush().unwrap();
    let nonce = Manifest::read(&rig.dir.manifest()).unwrap().nonce.0;
    let entries = index::read(&fs::read(rig.dir.index(0)).unwrap(), nonce, 0);
    let log = fs::read(rig.dir.segment(0)).unwrap();
    assert!(4 < entries.len(), "{entries:?}");
    assert_eq!(entries[0].seq, 0);
    let mut last = None;
    for &Entry { offset, seq, mono_ns, events_before } in &entries {
        assert!(last.is_none_or(|last| last + index::SPACING <= offset));
        last = Some(offset);
        assert_eq!((mono_ns, events_before), (RunNs(seq * 1000), seq));
        let after = walk(&log[offset as usize..]);
        assert!(after.seqs.iter().copied().eq(seq..10_000));
    }
}

#[test]
fn a_log_needs_no_index() {
    let storage = Faulty::new();
    storage.no_index.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut rig = rig_on(storage, LogConfig::new(Fsync::Interval));
    rig.lossy(0).unwrap();
    rig.sink.flush().unwrap();
    assert_eq!(rig.closed(), [segment([0], Some(Mark::End { events: 1 }))]);
}
