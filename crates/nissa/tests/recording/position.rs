//! Positions: whatever was read after one is read there again, to the input, however damaged the run is.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use leyline::Incoming;
use nissa::{Position, Read, Recording, RecordingError};
use proptest::prelude::*;

use super::written::{Segment, events, read_on, write};

/// Reads everything, and notes the position before each input and at the end.
fn read_with_positions(path: &Path) -> (Vec<Incoming>, Vec<Position>) {
    let mut recording = Recording::open(path).unwrap();
    let (mut all, mut positions) = (Vec::new(), vec![recording.position()]);
    while let Read::Event(incoming) = recording.read().unwrap() {
        all.push(incoming);
        positions.push(recording.position());
    }
    (all, positions)
}

/// Goes to every position, in an order that jumps about, with a recording that was at the end and with a fresh one.
#[track_caller]
fn check_everywhere(path: &Path) {
    let (all, positions) = read_with_positions(path);
    let mut used = Recording::open(path).unwrap();
    read_on(&mut used);
    let damage = used.damage().to_vec();
    let count = positions.len();
    for step in 0..count {
        let at = step * 7 % count;
        let mut fresh = Recording::open(path).unwrap();
        for recording in [&mut used, &mut fresh] {
            recording.go(&positions[at]).unwrap();
            let (rest, last) = read_on(recording);
            assert!(rest == all[at..], "from {at} of {count}: {} inputs", rest.len());
            assert_eq!(last, Read::End);
        }
    }
    assert_eq!(used.damage(), damage, "damage that is met again is the same damage");
}

fn three_segments() -> Vec<Segment> {
    let all = events(45);
    vec![
        Segment::new(0).with(&all[..15]).continued(),
        Segment::new(1).with(&all[15..30]).continued(),
        Segment::new(2).with(&all[30..]).ended(),
    ]
}

#[test]
fn every_position_of_a_whole_log_leads_to_the_same_rest() {
    check_everywhere(write(&three_segments()).path());
}

#[test]
fn a_segment_whose_header_is_damaged_is_read_the_same_again() {
    let mut segments = three_segments();
    segments[1].bytes[2] ^= 0xff;
    check_everywhere(write(&segments).path());
}

#[test]
fn a_log_without_a_segment_is_read_the_same_again() {
    let mut segments = three_segments();
    segments.remove(1);
    check_everywhere(write(&segments).path());
}

#[test]
fn rows_of_both_versions_are_read_the_same_again() {
    let mut text = Vec::new();
    for n in 0..9 {
        let v0 = format!(
            "{{\"event_type\":\"HEARTBEAT\",\"timestamp\":\"2026-11-21T12:00:0{n}+00:00\",\"data\":{{}}}}\r\n\n"
        );
        text.extend_from_slice(v0.as_bytes());
    }
    text.extend_from_slice(b"no row\n\n{\"v\":99}\nthe last one has no end");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.jsonl");
    fs::write(&path, text).unwrap();
    check_everywhere(&path);
}

#[test]
fn a_position_at_the_end_of_a_growing_log_goes_on_with_what_comes() {
    let all = events(12);
    let whole = Segment::new(0).with(&all).ended();
    let dir = write(&[]);
    let lock = File::open(dir.path().join("manifest.json")).unwrap();
    lock.try_lock().unwrap();
    let path = whole.path(dir.path());
    fs::write(&path, &whole.bytes[..whole.frames[5].start + 3]).unwrap();
    let mut first = Recording::open(dir.path()).unwrap();
    assert_eq!(read_on(&mut first).0.len(), 5);
    let position = first.position();
    let mut second = Recording::open(dir.path()).unwrap();
    second.go(&position).unwrap();
    assert_eq!(second.read().unwrap(), Read::Pending);
    OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(&whole.bytes[whole.frames[5].start + 3..])
        .unwrap();
    drop(lock);
    assert_eq!(read_on(&mut second).0.len(), 7);
    second.go(&position).unwrap();
    assert_eq!(read_on(&mut second).0.len(), 7);
    assert_eq!(second.damage(), []);
}

#[test]
fn the_last_number_is_known_before_the_rest_is_read() {
    let all = events(45);
    let dir = write(&three_segments());
    let mut recording = Recording::open(dir.path()).unwrap();
    assert_eq!(recording.last_seq().unwrap(), Some(all[44].seq));
    for _ in 0..7 {
        recording.read().unwrap();
    }
    assert_eq!(recording.last_seq().unwrap(), Some(all[44].seq));
    assert_eq!(read_on(&mut recording).0.len(), 45 - 7, "it stays where it was");
    assert_eq!(recording.damage(), []);
}

#[test]
fn a_pipe_stays_where_it_is_and_another_kind_of_run_is_refused() {
    let row = b"no row\nno row\n".to_vec();
    let mut pipe = Recording::from_rows(Box::new(std::io::Cursor::new(row)), "run");
    let start = pipe.position();
    pipe.go(&start).unwrap();
    pipe.read().unwrap();
    assert!(matches!(pipe.go(&start), Err(RecordingError::Backward)));
    let dir = write(&three_segments());
    let mut log = Recording::open(dir.path()).unwrap();
    assert!(matches!(log.go(&start), Err(RecordingError::Elsewhere)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_position_of_a_damaged_log_leads_to_the_same_rest(
        damage in prop::collection::vec((0_usize..3, any::<prop::sample::Index>(), any::<u8>()), 0..5),
        cut in prop::option::of((0_usize..3, any::<prop::sample::Index>())),
    ) {
        let mut segments = three_segments();
        for (segment, at, byte) in damage {
            let bytes = &mut segments[segment].bytes;
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some((segment, at)) = cut {
            let bytes = &mut segments[segment].bytes;
            let at = at.index(bytes.len());
            bytes.truncate(at);
        }
        check_everywhere(write(&segments).path());
    }
}
