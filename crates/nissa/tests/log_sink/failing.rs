//! Disks that are full, read-only or gone: what is lost is counted, and the log goes on by itself.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

fn store(place: &AtomicU64, value: u64) {
    place.store(value, Ordering::SeqCst);
}

fn faulty(fsync: Fsync) -> (Faulty, Rig<Faulty>) {
    let storage = Faulty::new();
    let rig = rig_on(storage.clone(), LogConfig::new(fsync));
    (storage, rig)
}

/// Events of both lanes, so that a wrong lane shows.
fn fill(rig: &mut Rig<Faulty>) {
    for n in 0..6 {
        let accepted = if n % 3 == 0 { rig.lossless(0) } else { rig.lossy(0) };
        accepted.expect("there is room in the buffer");
    }
}

/// Returns where each frame of a buffer made by `fill` ends, from its start.
fn ends() -> Vec<u64> {
    let (_storage, mut rig) = faulty(Fsync::Never);
    let header = header_bytes() as usize;
    fill(&mut rig);
    rig.idle(0).expect("there is room on the disk");
    let log = fs::read(rig.dir.segment(0)).expect("a segment");
    let mut ends = Vec::new();
    let mut at = header;
    while let Look::Frame { payload } = look(&log[at..]) {
        at += HEAD_BYTES + payload.len();
        ends.push((at - header) as u64);
    }
    ends
}

#[test]
fn a_disk_that_fills_up_at_any_byte_loses_what_is_not_whole() {
    let ends = ends();
    assert_eq!(ends.len(), 6);
    for room in 0..ends[5] {
        let (storage, mut rig) = faulty(Fsync::Never);
        fill(&mut rig);
        store(&storage.room, room);
        let whole = ends.iter().filter(|&&end| end <= room).count() as u64;
        let error = rig.idle(0).unwrap_err();
        let lossless = (whole..6).filter(|n| n % 3 == 0).count() as u64;
        assert_eq!(error.lost, lost(lossless, 6 - whole - lossless), "{room}: {error}");
        assert_eq!(rig.sink.held(), LaneCount::ZERO);
        let torn = whole.checked_sub(1).map_or(room, |last| room - ends[last as usize]) as usize;
        let first = Found { seqs: (0..whole).collect(), mark: None, torn };
        assert_eq!(rig.found(), [first]);
        // There is room again: the log goes on in a new segment.
        store(&storage.room, u64::MAX);
        rig.lossy(1).unwrap();
        rig.sink.flush().unwrap();
        assert_eq!(rig.closed()[1..], [segment([6], Some(Mark::End { events: 1 }))], "{room}");
    }
}

#[test]
fn the_offered_event_is_not_among_the_lost() {
    let (storage, mut rig) = faulty(Fsync::Never);
    store(&storage.room, 0);
    rig.lossless(0).unwrap();
    rig.lossy(1).unwrap();
    let error = rig.lossy(10 * MS).unwrap_err();
    assert_eq!(error.lost, lost(1, 1), "{error}");
}

#[test]
fn short_writes_lose_nothing() {
    let (storage, mut rig) = faulty(Fsync::Never);
    store(&storage.short, 7);
    fill(&mut rig);
    rig.sink.flush().unwrap();
    assert_eq!(rig.closed(), [segment(0..6, Some(Mark::End { events: 6 }))]);
}

#[test]
fn a_mark_that_finds_no_room_loses_no_event() {
    let storage = Faulty::new();
    let mut rig = rig_on(storage.clone(), short_segments(Fsync::Never, 1));
    fill(&mut rig);
    let ends = ends();
    store(&storage.room, ends[5] + 3);
    rig.idle(0).expect_err("it is told, though it cost nothing");
    assert_eq!(rig.found(), [Found { seqs: (0..6).collect(), mark: None, torn: 3 }]);
    store(&storage.room, u64::MAX);
    rig.lossy(0).unwrap();
    rig.idle(0).unwrap();
    assert_eq!(rig.found()[1], segment([6], Some(Mark::Continued { events: 1 })));
}

#[test]
fn a_full_disk_is_tried_again_later_and_later() {
    let (storage, mut rig) = faulty(Fsync::Never);
    rig.lossy(0).unwrap();
    rig.idle(0).unwrap();
    store(&storage.room, 0);
    let tries = || storage.tries.load(Ordering::SeqCst);
    assert_eq!(tries(), 1);
    let mut seconds = Vec::new();
    // An event each quarter of a second, for two minutes.
    for quarter in 0..480 {
        let before = tries();
        let now = quarter * SECOND / 4;
        let accepted = rig.lossy(now);
        assert!(accepted.is_ok() || tries() == before, "an event that is refused costs no try");
        let idle = rig.idle(now);
        let lost_here = idle.as_ref().map_or_else(|error| error.lost.total(), |()| 0);
        assert_eq!(u64::from(accepted.is_err()) + lost_here, 1, "each event is lost once");
        if tries() != before {
            seconds.push(quarter / 4);
        }
    }
    assert_eq!(seconds, [0, 1, 3, 7, 15, 31, 61, 91]);
    assert_eq!(rig.found(), [segment([0], None)], "and nothing is left behind");
    store(&storage.room, u64::MAX);
    rig.lossy(130 * SECOND).unwrap();
    rig.sink.flush().unwrap();
    let expected = [segment([0], None), segment([481], Some(Mark::End { events: 1 }))];
    assert_eq!(rig.closed(), expected);
}

#[test]
fn a_disk_that_has_room_for_a_header_only_is_not_littered() {
    let (storage, mut rig) = faulty(Fsync::Never);
    let header = header_bytes();
    rig.lossy(0).unwrap();
    store(&storage.room, 3);
    rig.idle(0).unwrap_err();
    for second in 1..100 {
        store(&storage.room, header + 5);
        // Refused while it is too early for a try.
        rig.lossy(second * SECOND).ok();
        rig.idle(second * SECOND).ok();
    }
    assert_eq!(rig.found(), [Found { seqs: vec![], mark: None, torn: 3 }]);
}

#[test]
fn a_flush_while_the_log_is_down_promises_nothing() {
    let (storage, mut rig) = faulty(Fsync::Interval);
    store(&storage.room, 0);
    rig.lossy(0).unwrap();
    assert_eq!(rig.sink.flush().unwrap_err().lost, lost(0, 1));
    assert_eq!(rig.sink.flush().unwrap_err().lost, LaneCount::ZERO);
    store(&storage.room, u64::MAX);
    rig.sink.flush().unwrap();
    let expected = [segment([], None), segment([], Some(Mark::End { events: 0 }))];
    assert_eq!(rig.closed(), expected);
}

#[test]
fn a_directory_that_turns_read_only_keeps_the_segment_that_is_open() {
    let storage = Faulty::new();
    let mut rig = rig_on(storage.clone(), short_segments(Fsync::Never, header_bytes() + 500));
    storage.read_only.store(true, Ordering::SeqCst);
    let mut failed = None;
    for n in 0..100 {
        let mono_ns = n * MS;
        let outcome = rig.lossless(mono_ns).and_then(|()| rig.idle(mono_ns));
        if let Err(error) = outcome {
            failed = failed.or(Some(error.to_string()));
        }
    }
    let kept = rig.found();
    let events = kept[0].seqs.len() as u64;
    assert_eq!(kept, [segment(0..events, Some(Mark::Continued { events }))]);
    let failed = failed.expect("the next segment cannot be made");
    assert!(failed.starts_with("cannot create log segment: "), "{failed}");
    storage.read_only.store(false, Ordering::SeqCst);
    rig.lossless(60 * SECOND).unwrap();
    rig.sink.flush().unwrap();
    assert_eq!(rig.found()[1].seqs, [100]);
}

#[test]
fn a_removed_directory_is_noticed_and_events_count_as_lost_from_then_on() {
    let (storage, mut rig) = faulty(Fsync::Never);
    rig.lossy(0).unwrap();
    rig.sink.flush().unwrap();
    fs::remove_dir_all(rig.dir.path()).unwrap();
    rig.lossy(1).unwrap();
    rig.idle(1).expect("nobody knows yet");
    let error = rig.sink.flush().unwrap_err();
    assert!(error.to_string().starts_with("log was removed while it was written: "), "{error}");
    assert_eq!(error.lost, LaneCount::ZERO, "it was delivered, and removed after that");
    rig.lossy(2).unwrap();
    assert_eq!(rig.idle(2).unwrap_err().lost, lost(0, 1));
    let refused = rig.lossy(3).unwrap_err();
    assert!(refused.to_string().starts_with("log is down: cannot create log segment: "));
    assert_eq!(storage.tries.load(Ordering::SeqCst), 2);
    // Somebody puts the directory back: the log goes on under the next number.
    fs::create_dir(rig.dir.path()).unwrap();
    rig.lossy(40 * SECOND).unwrap();
    rig.sink.flush().unwrap();
    assert_eq!(rig.dir.segments().unwrap(), [1]);
    assert_eq!(Header::read(&fs::read(rig.dir.segment(1)).unwrap()).unwrap().0.segment, 1);
}

#[test]
fn a_removed_segment_is_replaced() {
    let (_storage, mut rig) = faulty(Fsync::Never);
    rig.lossy(0).unwrap();
    rig.idle(0).unwrap();
    fs::remove_file(rig.dir.segment(0)).unwrap();
    rig.sink.flush().expect_err("what was in it is gone");
    rig.lossy(1).unwrap();
    rig.sink.flush().unwrap();
    assert_eq!(rig.dir.segments().unwrap(), [1]);
    assert_eq!(written_in(&rig, 1), [1]);
}

#[test]
fn a_number_that_is_taken_is_passed_over() {
    let (storage, mut rig) = faulty(Fsync::Never);
    rig.lossy(0).unwrap();
    fs::write(rig.dir.segment(1), "somebody else's").unwrap();
    store(&storage.room, 3);
    rig.idle(0).unwrap_err();
    store(&storage.room, u64::MAX);
    rig.lossy(0).unwrap();
    assert_eq!(rig.idle(0).unwrap_err().lost, lost(0, 1));
    rig.lossy(2 * SECOND).unwrap();
    rig.idle(2 * SECOND).unwrap();
    assert_eq!(written_in(&rig, 2), [2]);
    assert_eq!(fs::read(rig.dir.segment(1)).unwrap(), b"somebody else's");
}

fn written_in(rig: &Rig<Faulty>, number: u32) -> Vec<u64> {
    let bytes = fs::read(rig.dir.segment(number)).expect("a segment");
    let (_, length) = Header::read(&bytes).expect("a header");
    walk(&bytes[length..]).seqs
}

#[test]
fn a_log_that_cannot_begin_says_so() {
    let (_root, dir) = new_dir();
    let storage = Faulty::new();
    storage.read_only.store(true, Ordering::SeqCst);
    let error = LogSink::create_on(storage, &dir, &manifest(), LogConfig::new(Fsync::Interval));
    let error = error.err().expect("no segment can be made").to_string();
    assert!(error.starts_with("cannot create log segment: "), "{error}");
    assert!(!dir.is_live());
    let nowhere = tempfile::tempdir().unwrap();
    let (dir, _) = RunDir::create(nowhere.path(), &run()).unwrap();
    fs::remove_dir_all(dir.path()).unwrap();
    let error = LogSink::create(&dir, &manifest(), Fsync::Interval).err().expect("no directory");
    assert!(error.to_string().starts_with("cannot write manifest: "), "{error}");
}
