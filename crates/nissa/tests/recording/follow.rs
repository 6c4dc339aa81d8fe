//! Runs that are being written: the lock on the manifest says so, and the tests hold it.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use nissa::log::recovery::{self, Ending, RecoveryError};
use nissa::{DamageKind, Lost, Read, Recording, Seek};

use super::written::{Segment, events, numbers, read_on, without, write};

/// Makes a run live until it is dropped.
fn lock(dir: &Path) -> File {
    let manifest = File::open(dir.join("manifest.json")).unwrap();
    manifest.try_lock().unwrap();
    manifest
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn a_live_run_is_read_as_it_grows_byte_by_byte() {
    let all = events(8);
    let segments =
        [Segment::new(0).with(&all[..3]).continued(), Segment::new(1).with(&all[3..]).ended()];
    let dir = write(&[]);
    let lock = lock(dir.path());
    let mut recording = Recording::open(dir.path()).unwrap();
    assert!(recording.is_live());
    let mut read = Vec::new();
    for segment in &segments {
        for &byte in &segment.bytes {
            append(&segment.path(dir.path()), &[byte]);
            let (more, last) = read_on(&mut recording);
            read.extend(more);
            assert_ne!((last, read.len()), (Read::End, 7));
        }
    }
    assert_eq!(numbers(&read, &all), without(8, &[]));
    assert_eq!(recording.read().unwrap(), Read::End, "the log says that it is complete");
    drop(lock);
    assert_eq!(recording.damage(), []);
}

#[test]
fn an_incomplete_end_is_torn_only_when_nobody_writes_any_more() {
    let all = events(5);
    let mut segment = Segment::new(0).with(&all);
    let last = segment.frames[4].clone();
    segment.bytes.truncate(last.end - 9);
    let dir = write(&[segment]);
    let lock = lock(dir.path());
    let mut recording = Recording::open(dir.path()).unwrap();
    let (read, state) = read_on(&mut recording);
    assert_eq!((numbers(&read, &all), state), (without(4, &[]), Read::Pending));
    assert_eq!(recording.damage(), []);
    drop(lock);
    assert!(!recording.is_live());
    assert_eq!(recording.read().unwrap(), Read::End);
    let [damage] = recording.damage() else { panic!("{:?}", recording.damage()) };
    assert_eq!((damage.kind, damage.events), (DamageKind::Torn, Lost::Exactly(1)));
    assert_eq!((damage.offset, damage.bytes), (last.start as u64, last.len() as u64 - 9));
}

#[test]
fn what_was_written_just_before_the_end_is_read() {
    let all = events(6);
    let whole = Segment::new(0).with(&all);
    let dir = write(&[Segment::new(0).with(&all[..2])]);
    let lock = lock(dir.path());
    let mut recording = Recording::open(dir.path()).unwrap();
    let (read, state) = read_on(&mut recording);
    assert_eq!((read.len(), state), (2, Read::Pending));
    append(&whole.path(dir.path()), &whole.bytes[whole.frames[2].start..]);
    drop(lock);
    let (read, state) = read_on(&mut recording);
    assert_eq!((numbers(&read, &all), state), (vec![2, 3, 4, 5], Read::End));
    assert_eq!(recording.damage(), []);
}

#[test]
fn damage_in_a_live_run_is_stepped_over_when_more_comes() {
    let all = events(6);
    let mut segment = Segment::new(0).with(&all);
    let middle = segment.frames[3].start + 20;
    segment.bytes[middle] ^= 0xff;
    let (front, rest) = segment.bytes.split_at(segment.frames[4].start);
    let dir = write(&[]);
    let path = segment.path(dir.path());
    append(&path, front);
    let _lock = lock(dir.path());
    let mut recording = Recording::open(dir.path()).unwrap();
    let (read, state) = read_on(&mut recording);
    assert_eq!((numbers(&read, &all), state), (vec![0, 1, 2], Read::Pending));
    append(&path, rest);
    let (read, state) = read_on(&mut recording);
    assert_eq!((numbers(&read, &all), state), (vec![4, 5], Read::Pending));
    assert_eq!(recording.damage()[0].events, Lost::Exactly(1));
}

#[test]
fn a_segment_that_was_left_after_a_failed_write_is_torn_and_the_next_one_read() {
    let all = events(8);
    let mut left = Segment::new(0).with(&all[..4]);
    left.bytes.truncate(left.frames[3].end - 5);
    let dir = write(&[left]);
    let _lock = lock(dir.path());
    let mut recording = Recording::open(dir.path()).unwrap();
    assert_eq!(read_on(&mut recording).1, Read::Pending);
    Segment::new(1).with(&all[5..]).write(dir.path());
    let (read, state) = read_on(&mut recording);
    assert_eq!((numbers(&read, &all), state), (vec![5, 6, 7], Read::Pending));
    let [damage] = recording.damage() else { panic!("{:?}", recording.damage()) };
    assert_eq!((damage.segment, damage.kind), (0, DamageKind::Torn));
    assert_eq!(damage.events, Lost::Exactly(1));
}

#[test]
fn a_seek_beyond_the_end_of_a_live_run_waits_for_it() {
    let all = events(8);
    let segment = Segment::new(0).with(&all);
    let dir = write(&[Segment::new(0).with(&all[..3])]);
    let _lock = lock(dir.path());
    let mut recording = Recording::open(dir.path()).unwrap();
    recording.seek(Seek::Seq(6)).unwrap();
    assert_eq!(recording.read().unwrap(), Read::Pending);
    append(&segment.path(dir.path()), &segment.bytes[segment.frames[3].start..]);
    let (read, _) = read_on(&mut recording);
    assert_eq!(numbers(&read, &all), [6, 7]);
}

#[test]
fn a_live_run_is_inspected_and_never_repaired() {
    let all = events(5);
    let mut segment = Segment::new(0).with(&all);
    segment.bytes.truncate(segment.frames[4].end - 1);
    let dir = write(&[segment]);
    let lock = lock(dir.path());
    let report = recovery::inspect(dir.path(), |_, _| {}).unwrap();
    assert_eq!((report.ending, report.events, report.damage.len()), (Ending::Live, 4, 0));
    let refused = recovery::repair(dir.path(), |_, _| {}).unwrap_err();
    assert!(matches!(refused, RecoveryError::Live { .. }), "{refused}");
    drop(lock);
    let report = recovery::inspect(dir.path(), |_, _| {}).unwrap();
    assert_eq!((report.ending, report.events, report.damage.len()), (Ending::CutOff, 4, 1));
    assert!(!fs::exists(dir.path().with_extension("repaired")).unwrap());
}

#[test]
fn a_segment_that_was_removed_and_written_anew_is_read() {
    let all = events(3);
    let dir = write(&[Segment::new(0)]);
    let _lock = lock(dir.path());
    let mut recording = Recording::open(dir.path()).unwrap();
    assert_eq!(recording.read().unwrap(), Read::Pending);
    let segment = Segment::new(0).with(&all);
    fs::remove_file(segment.path(dir.path())).unwrap();
    assert_eq!(recording.read().unwrap(), Read::Pending);
    segment.write(dir.path());
    let (read, state) = read_on(&mut recording);
    assert_eq!((numbers(&read, &all), state), (without(3, &[]), Read::Pending));
}
