//! Every way in which the last segment of a small log can be cut off or have a bit flipped.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use nissa::log::recovery;
use nissa::{Damage, DamageKind, Lost};

use super::written::{Segment, numbers, read_all, two_segments, without, write};

const FIRST: usize = 3;
const SECOND: usize = 9;

/// Returns what must be said about a last segment that ends at `end`.
fn torn(segment: &Segment, end: usize) -> (usize, Vec<Damage>) {
    let whole = segment.frames.iter().filter(|frame| frame.end <= end).count();
    let after = match whole {
        0 if end < segment.header => 0,
        0 => segment.header,
        n => segment.frames[n - 1].end,
    };
    let of_mark = whole == segment.frames.len();
    let is_mark_seen = of_mark && end == segment.bytes.len();
    if end == after || is_mark_seen {
        return (whole, Vec::new());
    }
    let there = end - after;
    let events = match there {
        _ if end < segment.header => Lost::Exactly(0),
        1..4 => Lost::Between { least: 0, most: Some(1) },
        _ => Lost::Exactly(u64::from(!of_mark)),
    };
    let (offset, bytes) = (after as u64, there as u64);
    (whole, vec![Damage { segment: 1, offset, bytes, kind: DamageKind::Torn, events }])
}

#[test]
fn a_log_cut_off_anywhere_is_read_up_to_there() {
    let (segments, events) = two_segments(FIRST, SECOND);
    let dir = write(&segments);
    let last = &segments[1];
    let file = OpenOptions::new().write(true).open(last.path(dir.path())).unwrap();
    for end in (0..=last.bytes.len()).rev() {
        file.set_len(end as u64).unwrap();
        let (read, damage) = read_all(dir.path());
        let (whole, expected) = torn(last, end);
        assert_eq!(numbers(&read, &events), without(FIRST + whole, &[]), "cut off at {end}");
        assert_eq!(damage, expected, "cut off at {end}");
    }
}

#[test]
fn a_flipped_bit_costs_the_frame_it_is_in_and_nothing_else() {
    let (segments, events) = two_segments(FIRST, SECOND);
    let dir = write(&segments);
    let last = &segments[1];
    let path = last.path(dir.path());
    let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let mut put = |at: usize, byte: u8| {
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        file.write_all(&[byte]).unwrap();
    };
    for at in 0..last.bytes.len() {
        let hit = last.frames.iter().position(|frame| frame.contains(&at));
        let in_header = at < last.header;
        for bit in 0..if in_header { 1 } else { 8 } {
            let bit = if in_header { at % 8 } else { bit };
            put(at, last.bytes[at] ^ 1 << bit);
            let case =
                format!("bit {bit} of byte {at}, header {}, frames {:?}", last.header, last.frames);
            let (read, damage) = read_all(dir.path());
            let gone: Vec<usize> = hit.iter().map(|hit| FIRST + hit).collect();
            assert_eq!(numbers(&read, &events), without(FIRST + SECOND, &gone), "{case}");
            let [Damage { segment: 1, offset, bytes, kind, events }] = damage[..] else {
                panic!("{case}: {damage:?}")
            };
            let place = match hit {
                Some(hit) => last.frames[hit].clone(),
                None if in_header => 0..last.header,
                None => last.frames[SECOND - 1].end..last.bytes.len(),
            };
            assert_eq!(offset..offset + bytes, place.start as u64..place.end as u64, "{case}");
            assert_eq!(events, Lost::Exactly(gone.len() as u64), "{case}");
            assert_eq!(kind == DamageKind::Header, in_header, "{case}");
            assert_ne!(kind, DamageKind::MissingSegment, "{case}");
        }
        put(at, last.bytes[at]);
    }
    let mut bytes = Vec::new();
    fs::File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
    assert!(bytes == last.bytes, "every bit was put back");
}

#[test]
fn a_flipped_bit_in_the_middle_of_the_log_costs_one_frame() {
    let (segments, events) = two_segments(6, 2);
    let dir = write(&segments);
    let first = &segments[0];
    let path = first.path(dir.path());
    for at in first.header..first.bytes.len() {
        let mut bytes = first.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).unwrap();
        let (read, damage) = read_all(dir.path());
        let hit = first.frames.iter().position(|frame| frame.contains(&at));
        let lost: Vec<usize> = hit.into_iter().collect();
        assert_eq!(numbers(&read, &events), without(8, &lost), "{at}");
        assert_eq!(damage.len(), 1, "{at}: {damage:?}");
        assert_eq!(damage[0].events, Lost::Exactly(lost.len() as u64), "{at}: {damage:?}");
    }
}

#[test]
fn every_byte_is_accounted_for() {
    let (segments, _) = two_segments(FIRST, SECOND);
    let dir = write(&segments);
    let last = &segments[1];
    let path = last.path(dir.path());
    for at in (0..last.bytes.len()).step_by(13) {
        let mut flipped = last.bytes.clone();
        flipped[at] ^= 0x10;
        for bytes in [&last.bytes[..at], &flipped] {
            fs::write(&path, bytes).unwrap();
            let report = recovery::inspect(dir.path(), |_, _| {}).unwrap();
            for segment in &report.segments {
                let parts = segment.header_bytes + segment.frame_bytes + segment.damaged_bytes;
                assert_eq!(parts, segment.bytes, "{at}: {segment:?}");
            }
            assert_eq!(report.bytes, (segments[0].bytes.len() + bytes.len()) as u64);
            assert_eq!(report.events, report.segments.iter().map(|s| s.events).sum::<u64>());
        }
    }
}
