//! Reading from anywhere: with an index, without one, and with one that lies.

use std::fs;
use std::path::Path;

use leyline::{Envelope, Incoming, RunNs};
use nissa::log::index::{self, Entry};
use nissa::{Lost, Read, Recording, Seek};

use super::written::{NONCE, Segment, events, numbers, read_on, two_segments, without, write};

const COUNT: usize = 60;

fn three_segments() -> (Vec<Segment>, Vec<Envelope>) {
    let all = events(COUNT);
    let segments = vec![
        Segment::new(0).with(&all[..20]).continued(),
        Segment::new(1).with(&all[20..40]).continued(),
        Segment::new(2).with(&all[40..]).ended(),
    ];
    (segments, all)
}

/// Seeks everywhere, forwards and backwards, and compares with reading from the start.
#[track_caller]
fn check_everywhere(dir: &Path, all: &[Envelope], missing: &[usize]) {
    let there = without(all.len(), missing);
    let mut recording = Recording::open(dir).unwrap();
    let last = all.last().unwrap();
    let seqs = (0..=last.seq + 2).map(Seek::Seq);
    let times = all.iter().flat_map(|event| [event.mono_ns.0, event.mono_ns.0 + 1]);
    let times = times.chain([0, u64::MAX]).map(|ns| Seek::MonoNs(RunNs(ns)));
    let places: Vec<Seek> = seqs.chain(times).collect();
    for to in places.iter().chain(places.iter().rev()) {
        recording.seek(*to).unwrap();
        let expected = there.iter().copied().find(|&seq| match *to {
            Seek::Seq(wanted) => wanted <= seq,
            Seek::MonoNs(wanted) => wanted <= all[seq as usize].mono_ns,
        });
        match (recording.read().unwrap(), expected) {
            (Read::Event(Incoming::Known(event)), Some(seq)) => {
                assert_eq!(event.seq, seq, "{to:?}");
            }
            (Read::End, None) => {}
            (found, expected) => panic!("{to:?}: {found:?}, expected {expected:?}"),
        }
    }
    recording.seek(Seek::Seq(5)).unwrap();
    let from_5: Vec<u64> = there.iter().copied().filter(|seq| 5 <= *seq).collect();
    assert_eq!(numbers(&read_on(&mut recording).0, all), from_5);
}

#[test]
fn every_place_is_found_with_an_index() {
    let (segments, all) = three_segments();
    check_everywhere(write(&segments).path(), &all, &[]);
}

#[test]
fn every_place_is_found_without_an_index() {
    let (segments, all) = three_segments();
    let dir = write(&segments);
    for segment in &segments {
        fs::remove_file(segment.index_path(dir.path())).unwrap();
    }
    check_everywhere(dir.path(), &all, &[]);
}

#[test]
fn an_index_that_lies_is_not_believed() {
    let (segments, all) = three_segments();
    let entry = |at: usize, event: &Envelope, ahead: u64| Entry {
        offset: segments[1].frames[at].start as u64,
        seq: event.seq - ahead,
        mono_ns: RunNs(event.mono_ns.0 - ahead),
        events_before: at as u64,
    };
    // Right checksums, and wrong numbers, times and places.
    let lies: [Vec<Entry>; 3] = [
        (1..20).map(|at| entry(at, &all[20 + at], 1)).collect(),
        (1..20).map(|at| Entry { offset: 5 * at as u64, ..entry(at, &all[20 + at], 0) }).collect(),
        (1..20)
            .map(|at| Entry { offset: u64::MAX - 20 + at as u64, ..entry(at, &all[20 + at], 0) })
            .collect(),
    ];
    for lie in lies {
        let dir = write(&segments);
        let mut bytes = index::head(NONCE, 1).to_vec();
        bytes.extend(lie.iter().flat_map(|entry| entry.to_bytes()));
        assert_eq!(index::read(&bytes, NONCE, 1), lie);
        fs::write(segments[1].index_path(dir.path()), bytes).unwrap();
        check_everywhere(dir.path(), &all, &[]);
    }
}

#[test]
fn places_are_found_around_damage() {
    let (mut segments, all) = three_segments();
    for hit in [0, 7, 8] {
        let middle = segments[1].frames[hit].start + 20;
        segments[1].bytes[middle] ^= 0xff;
    }
    segments[2].bytes[30] ^= 1;
    check_everywhere(write(&segments).path(), &all, &[20, 27, 28]);
}

#[test]
fn damage_is_listed_once_however_often_it_is_met() {
    let (mut segments, _) = two_segments(10, 10);
    let middle = segments[0].frames[4].start + 20;
    segments[0].bytes[middle] ^= 0xff;
    let dir = write(&segments);
    let mut recording = Recording::open(dir.path()).unwrap();
    for seq in [0, 3, 0, 12, 1] {
        recording.seek(Seek::Seq(seq)).unwrap();
        read_on(&mut recording);
    }
    assert_eq!(recording.damage().len(), 1);
    assert_eq!(recording.damage()[0].events, Lost::Exactly(1));
}
