//! Damage of every kind: what is said about it, what is read all the same, and that nothing makes reading panic or hang.

use std::fs;
use std::path::Path;

use leyline::wire::{FRAME_FORMAT, Schema};
use leyline::{Incoming, RunId};
use nissa::log::frame;
use nissa::log::header::Header;
use nissa::{Damage, DamageKind, Lost, OpenError, Read, Recording, Seek};
use proptest::prelude::*;

use super::written::{
    NONCE, Segment, events, numbers, read_all, run, two_segments, without, write,
};

fn patch(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

const fn between(least: u64, most: u64) -> Lost {
    Lost::Between { least, most: Some(most) }
}

#[test]
fn a_whole_log_is_read_without_a_word() {
    let (segments, events) = two_segments(20, 30);
    let dir = write(&segments);
    let (read, damage) = read_all(dir.path());
    assert_eq!(numbers(&read, &events), without(50, &[]));
    assert_eq!(damage, []);
}

#[test]
fn zeros_at_the_end_are_a_torn_end() {
    let (mut segments, events) = two_segments(4, 4);
    segments[1] = Segment::new(1).with(&events[4..]);
    let end = segments[1].bytes.len();
    segments[1].bytes.extend([0; 4096]);
    let (read, damage) = read_all(write(&segments).path());
    assert_eq!(numbers(&read, &events), without(8, &[]));
    let torn = Damage {
        segment: 1,
        offset: end as u64,
        bytes: 4096,
        kind: DamageKind::Torn,
        events: between(1, 4096_u64.div_ceil(18)),
    };
    assert_eq!(damage, [torn]);
}

#[test]
fn a_frame_that_ends_in_zeros_is_torn_with_them() {
    let (mut segments, events) = two_segments(4, 4);
    segments[1] = Segment::new(1).with(&events[4..]);
    let last = segments[1].frames[3].clone();
    segments[1].bytes.truncate(last.start + 20);
    segments[1].bytes.extend([0; 3000]);
    let (read, damage) = read_all(write(&segments).path());
    assert_eq!(numbers(&read, &events), without(7, &[]));
    let [Damage { offset, bytes: 3020, kind: DamageKind::Torn, .. }] = damage[..] else {
        panic!("{damage:?}")
    };
    assert_eq!(offset, last.start as u64);
}

#[test]
fn garbage_behind_the_end_lost_nothing() {
    let (mut segments, events) = two_segments(4, 4);
    segments[1].bytes.extend(*b"what is this doing here, and why is there so much of it?");
    let (read, damage) = read_all(write(&segments).path());
    assert_eq!(numbers(&read, &events), without(8, &[]));
    assert_eq!((damage.len(), damage[0].events), (1, Lost::Exactly(0)));
}

#[test]
fn several_damaged_frames_in_a_row_are_bounded_by_the_numbers_around() {
    let (mut segments, events) = two_segments(10, 2);
    for hit in 3..6 {
        let middle = segments[0].frames[hit].start + 20;
        segments[0].bytes[middle] ^= 0xff;
    }
    // Without the mark, which would tell exactly.
    let end = segments[0].frames[9].end;
    segments[0].bytes.truncate(end);
    let (read, damage) = read_all(write(&segments).path());
    assert_eq!(numbers(&read, &events), without(12, &[3, 4, 5]));
    let bytes = segments[0].frames[5].end - segments[0].frames[3].start;
    assert_eq!((damage.len(), damage[0].bytes, damage[0].events), (1, bytes as u64, between(1, 3)));
}

#[test]
fn a_mark_tells_how_many_events_were_lost_before_it() {
    let (mut segments, events) = two_segments(10, 2);
    for hit in 7..10 {
        let middle = segments[0].frames[hit].start + 20;
        segments[0].bytes[middle] ^= 0xff;
    }
    let (read, damage) = read_all(write(&segments).path());
    assert_eq!(numbers(&read, &events), without(12, &[7, 8, 9]));
    assert_eq!((damage.len(), damage[0].events), (1, Lost::Exactly(3)));
}

#[test]
fn a_length_that_leads_over_a_whole_frame_does_not_cost_that_one() {
    let (mut segments, events) = two_segments(10, 2);
    let (from, to) = (segments[0].frames[3].start, segments[0].frames[4].end);
    let length = (to - from - frame::HEAD_BYTES) as u32;
    segments[0].bytes[from..from + 4].copy_from_slice(&length.to_le_bytes());
    let (read, damage) = read_all(write(&segments).path());
    assert_eq!(numbers(&read, &events), without(12, &[3]));
    assert_eq!((damage.len(), damage[0].events), (1, Lost::Exactly(1)));
}

#[test]
fn an_event_inside_of_a_damaged_one_is_no_event() {
    let all = events(12);
    let mut inner = Vec::new();
    let start = frame::open(&mut inner);
    leyline::wire::encode_frame(&all[5], &mut inner).unwrap();
    frame::close(&mut inner, start);
    let mut segment = Segment::new(0).with(&all[..3]);
    let outer = segment.bytes.len();
    let start = frame::open(&mut segment.bytes);
    segment.bytes.extend([8; 10]);
    segment.bytes.extend(inner);
    segment.bytes.extend([8; 10]);
    frame::close(&mut segment.bytes, start);
    segment.bytes[outer + 5] ^= 1;
    let segment = segment.with(&all[7..]).ended();
    let (read, _) = read_all(write(&[segment]).path());
    assert_eq!(numbers(&read, &all), without(12, &[3, 4, 5, 6]));
}

#[test]
fn events_found_after_damage_must_come_after_those_before_it() {
    let all = events(12);
    let mut segment = Segment::new(0).with(&all[..6]);
    segment.bytes.extend([9; 7]);
    // An old event, whole, and out of its place.
    let segment = segment.with(&all[2..3]).with(&all[8..]).ended();
    let (read, damage) = read_all(write(&[segment]).path());
    assert_eq!(numbers(&read, &all), without(12, &[6, 7]));
    assert_eq!(damage.len(), 1, "{damage:?}");
}

#[test]
fn a_frame_that_stands_in_the_log_again_is_damage_and_costs_no_event() {
    let (mut segments, events) = two_segments(4, 4);
    segments[1] = Segment::new(1).with(&events[4..]);
    let (first, end) = (segments[1].frames[0].clone(), segments[1].bytes.len());
    let again = segments[1].bytes[first.clone()].to_vec();
    segments[1].bytes.extend(&again);
    let (read, damage) = read_all(write(&segments).path());
    assert_eq!(numbers(&read, &events), without(8, &[]));
    let (offset, bytes) = (end as u64, first.len() as u64);
    let (kind, events) = (DamageKind::Corrupt, Lost::Exactly(0));
    assert_eq!(damage, [Damage { segment: 1, offset, bytes, kind, events }]);
}

#[test]
fn a_missing_segment_is_named_and_bounded() {
    let all = events(9);
    let segments = [
        Segment::new(0).with(&all[..3]).continued(),
        Segment::new(1).with(&all[3..6]).continued(),
        Segment::new(2).with(&all[6..]).ended(),
    ];
    let missing = |segment, events| Damage {
        segment,
        offset: 0,
        bytes: 0,
        kind: DamageKind::MissingSegment,
        events,
    };
    let check = |gone: u32, left: &[usize], expected: Damage| {
        let dir = write(&segments);
        fs::remove_file(segments[gone as usize].path(dir.path())).unwrap();
        let (read, damage) = read_all(dir.path());
        assert_eq!(numbers(&read, &all), without(9, left));
        assert_eq!(damage, [expected]);
    };
    check(0, &[0, 1, 2], missing(0, between(0, 3)));
    check(1, &[3, 4, 5], missing(1, between(0, 3)));
    check(2, &[6, 7, 8], missing(2, Lost::Between { least: 0, most: None }));
}

#[test]
fn a_number_made_up_for_a_segment_costs_no_time() {
    let (segments, events) = two_segments(3, 3);
    let dir = write(&segments);
    Segment::new(u32::MAX).with(&[]).write(dir.path());
    let (read, damage) = read_all(dir.path());
    assert_eq!(numbers(&read, &events), without(6, &[]));
    assert!(damage.len() <= 1000, "{}", damage.len());
}

#[test]
fn a_segment_of_another_run_is_reported_and_not_read() {
    let (mut segments, events) = two_segments(3, 3);
    let check = |foreign: Segment, segments: &[Segment]| {
        let bytes = foreign.bytes.len() as u64;
        let dir = write(segments);
        foreign.write(dir.path());
        let (read, damage) = read_all(dir.path());
        assert_eq!(numbers(&read, &events), without(6, &[3, 4, 5]));
        let events = Lost::Between { least: 0, most: None };
        let kind = DamageKind::Foreign;
        assert_eq!(damage, [Damage { segment: 1, offset: 0, bytes, kind, events }]);
    };
    let header = |run, nonce| Header { schema: Schema::own(), nonce, segment: 1, run };
    segments.truncate(1);
    check(Segment::of(&header(run(), NONCE + 1)).with(&events[3..]).ended(), &segments);
    check(
        Segment::of(&header(RunId::nearest("another"), NONCE)).with(&events[3..]).ended(),
        &segments,
    );
}

#[test]
fn frames_behind_a_damaged_header_are_read_with_the_schema_of_another_segment() {
    let (segments, events) = two_segments(5, 5);
    for with_manifest in [true, false] {
        for hit in [0, 1] {
            let dir = write(&segments);
            let header = segments[hit].header as u64;
            if !with_manifest {
                fs::remove_file(dir.path().join("manifest.json")).unwrap();
            }
            patch(&segments[hit].path(dir.path()), |bytes| bytes[40..90].fill(0xee));
            let (read, damage) = read_all(dir.path());
            assert_eq!(numbers(&read, &events), without(10, &[]));
            let (kind, events) = (DamageKind::Header, Lost::Exactly(0));
            let segment = hit as u32;
            assert_eq!(damage, [Damage { segment, offset: 0, bytes: header, kind, events }]);
        }
    }
}

#[test]
fn without_any_schema_frames_are_counted_and_not_guessed_at() {
    let all = events(7);
    let segment = Segment::new(0).with(&all).ended();
    let dir = write(std::slice::from_ref(&segment));
    fs::remove_file(dir.path().join("manifest.json")).unwrap();
    patch(&segment.path(dir.path()), |bytes| bytes[40] ^= 1);
    let (read, damage) = read_all(dir.path());
    assert_eq!(read, []);
    let bytes = segment.bytes.len() as u64;
    let (kind, events) = (DamageKind::Header, Lost::Exactly(7));
    assert_eq!(damage, [Damage { segment: 0, offset: 0, bytes, kind, events }]);
}

#[test]
fn a_later_format_is_refused_by_name_before_anything_is_read() {
    let (segments, _) = two_segments(3, 3);
    let dir = write(&segments);
    patch(&segments[1].path(dir.path()), |bytes| {
        bytes[8..10].copy_from_slice(&(FRAME_FORMAT + 1).to_le_bytes());
        let end = segments[1].header - 4;
        let checksum = crc32c::crc32c(&bytes[..end]).to_le_bytes();
        bytes[end..end + 4].copy_from_slice(&checksum);
    });
    let error = Recording::open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::Format { found, .. } if found == FRAME_FORMAT + 1));
    let text = error.to_string();
    assert!(text.contains("log format 3 is newer than 2"), "{text}");
}

#[test]
fn a_mark_of_a_later_version_is_no_damage() {
    let all = events(6);
    let mut segment = Segment::new(0).with(&all[..3]);
    let start = frame::open(&mut segment.bytes);
    segment.bytes.extend([0, 77, 1, 2, 3]);
    frame::close(&mut segment.bytes, start);
    let (read, damage) = read_all(write(&[segment.with(&all[3..]).ended()]).path());
    assert_eq!(numbers(&read, &all), without(6, &[]));
    assert_eq!(damage, []);
}

#[test]
fn paths_that_hold_no_run_are_errors() {
    let dir = tempfile::TempDir::new().unwrap();
    let open = |path: &Path| Recording::open(path).unwrap_err();
    assert!(matches!(open(dir.path()), OpenError::NotARun { .. }));
    assert!(matches!(open(&dir.path().join("x")), OpenError::NotFound { .. }));
    let (segments, _) = two_segments(1, 1);
    let run = write(&segments);
    assert!(matches!(open(&segments[0].path(run.path())), OpenError::Segment { .. }));
}

/// As many made-up beginnings of frames as fit: each one asks for a checksum over all that follows.
#[test]
fn a_hostile_segment_takes_bounded_work() {
    let all = events(4);
    let mut segment = Segment::new(0).with(&all[..2]);
    let begin = [0xf0, 0xff, 0x0f, 0, 5, 5, 5, 5, 5, 5, 5, 0];
    segment.bytes.extend(begin.iter().cycle().take(4 << 20));
    let (read, damage) = read_all(write(&[segment]).path());
    assert_eq!(numbers(&read, &all), [0, 1]);
    assert_eq!(damage.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbage_never_panics_and_is_all_damage(
        front in proptest::collection::vec(any::<u8>(), 0..200),
        with_magic in any::<bool>(),
        index in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let dir = tempfile::TempDir::new().unwrap();
        let magic: &[u8] = if with_magic { b"\x89SLOG\r\n\x1a\x02\0" } else { b"" };
        let bytes = [magic, &front].concat();
        fs::write(dir.path().join("events-00000.slog"), &bytes).unwrap();
        fs::write(dir.path().join("events-00000.sidx"), &index).unwrap();
        fs::write(dir.path().join("manifest.json"), &index).unwrap();
        let (read, damage) = read_all(dir.path());
        prop_assert_eq!(read, []);
        prop_assert_eq!(damage.iter().map(|damage| damage.bytes).sum::<u64>(), bytes.len() as u64);
    }

    /// What is read is what was written, whatever happened to the files.
    #[test]
    fn overwritten_bytes_never_make_a_wrong_event(
        patches in proptest::collection::vec((0..2_usize, any::<prop::sample::Index>(), any::<u8>(), 1..40_usize), 0..6),
        cut in proptest::option::of((0..2_usize, any::<prop::sample::Index>())),
        no_index in any::<bool>(),
        no_segment in proptest::option::weighted(0.2, 0..2_usize),
    ) {
        let (mut segments, events) = two_segments(10, 14);
        for (segment, at, byte, length) in patches {
            let bytes = &mut segments[segment].bytes;
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + length);
            bytes[at..end].fill(byte);
        }
        if let Some((segment, at)) = cut {
            let bytes = &mut segments[segment].bytes;
            bytes.truncate(at.index(bytes.len() + 1));
        }
        let dir = write(&segments);
        if no_index {
            fs::remove_file(segments[0].index_path(dir.path())).unwrap();
        }
        if let Some(gone) = no_segment {
            fs::remove_file(segments[gone].path(dir.path())).unwrap();
        }
        let (read, damage) = read_all(dir.path());
        let numbers = numbers(&read, &events);
        let lost = events.len() - numbers.len();
        let most = damage.iter().map(|damage| damage.events.bounds().1)
            .try_fold(0_u64, |sum, most| Some(sum + most?));
        // A cut between two frames of the last segment leaves no trace.
        if cut.is_none() && no_segment.is_none() {
            prop_assert!(most.is_none_or(|most| lost as u64 <= most), "{lost} {damage:?}");
        }
        let report = nissa::log::recovery::inspect(dir.path(), |_, _| {}).unwrap();
        prop_assert_eq!(report.events as usize, numbers.len());
        for segment in &report.segments {
            let parts = segment.header_bytes + segment.frame_bytes + segment.damaged_bytes;
            prop_assert_eq!(parts, segment.bytes, "{:?}", segment);
        }
    }
}

#[cfg(unix)]
#[test]
fn what_has_the_name_of_a_segment_and_is_no_file_is_a_missing_one() {
    let (segments, events) = two_segments(4, 4);
    let place = |dir: &Path| dir.join("events-00001.slog");
    let others: [fn(&Path); 3] = [
        |path| fs::create_dir(path).unwrap(),
        |path| std::os::unix::fs::symlink("nowhere", path).unwrap(),
        // Like a pipe it is no file and has no length; unlike one it is not waited for where it is opened all the same.
        |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
    ];
    for put in others {
        let last = Segment { number: 2, ..Segment::new(2).with(&events[4..]) };
        let dir = write(&[segments[0].clone(), last]);
        put(&place(dir.path()));
        let (read, damage) = read_all(dir.path());
        assert_eq!(numbers(&read, &events), without(8, &[]));
        let [Damage { segment: 1, kind: DamageKind::MissingSegment, .. }] = damage[..] else {
            panic!("{damage:?}")
        };
        // The same with nothing around: an index and a manifest that are none are not there.
        for name in ["events-00000.sidx", "manifest.json"] {
            let path = dir.path().join(name);
            if path.exists() {
                fs::remove_file(&path).unwrap();
            }
            put(&path);
        }
        let mut recording = Recording::open(dir.path()).unwrap();
        recording.seek(Seek::Seq(6)).unwrap();
        let Ok(Read::Event(Incoming::Known(event))) = recording.read() else { panic!() };
        assert_eq!(*event, events[6]);
    }
}

#[test]
fn damage_behind_the_highest_number_there_is_does_not_overflow() {
    let (_, mut events) = two_segments(4, 4);
    events.truncate(4);
    events[1].seq = u64::MAX;
    let mut segment = Segment::new(0).with(&events);
    let damaged = segment.frames[2].clone();
    segment.bytes[damaged.end - 1] ^= 1;
    let (read, damage) = read_all(write(&[segment]).path());
    assert_eq!(read.len(), 2);
    // Nothing rises above that number, so what follows is no event of this run.
    let bytes: u64 = damage.iter().map(|damage| damage.bytes).sum();
    assert!(damaged.len() as u64 <= bytes, "{damage:?}");
}
