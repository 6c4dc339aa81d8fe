//! What `fsck` says about a log, and the copy that a repair makes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leyline::{EmitterLoss, Envelope, Event, Lane, LossCause};
use nissa::log::recovery::{self, Copied, Ending, RecoveryError};
use nissa::log::sink::{Fsync, LogSink};
use nissa::{DamageKind, Lost, Manifest, Read, Recording, RunDir, Seek};
use simic_emitter::Sink as _;
use tempfile::TempDir;

use super::written::{
    Segment, events, manifest, numbers, read_all, read_on, run, two_segments, without, write,
};

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file());
    files.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

/// Repairs a run, and looks whether the original is as it was and the copy reads without damage.
fn repair(dir: &Path, all: &[Envelope]) -> (Copied, Vec<u64>) {
    let before = files(dir);
    let copied = recovery::repair(dir, |_, _| {}).unwrap();
    assert!(before == files(dir), "the original was changed");
    let (of_original, _) = read_all(dir);
    let (of_copy, damage) = read_all(&copied.path);
    assert_eq!(damage, []);
    assert_eq!(of_copy, of_original);
    let report = recovery::inspect(&copied.path, |_, _| {}).unwrap();
    assert!(report.is_whole() && report.ending == Ending::InOrder, "{report:?}");
    let numbers = numbers(&of_copy, all);
    // The indexes of the copy are right as well.
    let mut recording = Recording::open(&copied.path).unwrap();
    for &seq in &numbers {
        recording.seek(Seek::Seq(seq)).unwrap();
        let Read::Event(event) = recording.read().unwrap() else { panic!("{seq}") };
        assert_eq!(self::numbers(&[event], all), [seq]);
    }
    (copied, numbers)
}

/// A run directory with a name of its own, so that the copy beside it goes with the folder around.
fn named(segments: &[Segment]) -> (TempDir, PathBuf) {
    let root = TempDir::new().unwrap();
    let dir = root.path().join("run");
    fs::create_dir_all(dir.join("checkpoints")).unwrap();
    manifest().write(&dir.join("manifest.json")).unwrap();
    for segment in segments {
        segment.write(&dir);
    }
    (root, dir)
}

#[test]
fn a_report_adds_up() {
    let (mut segments, _) = two_segments(10, 10);
    let middle = segments[0].frames[4].start + 20;
    segments[0].bytes[middle] ^= 0xff;
    let dir = write(&segments);
    let report = recovery::inspect(dir.path(), |_, _| {}).unwrap();
    assert_eq!(report.run, Some(run()));
    assert_eq!(report.manifest_error, None);
    assert_eq!((report.ending, report.events, report.missing), (Ending::InOrder, 19, 1));
    assert_eq!((report.first_seq, report.last_seq), (Some(0), Some(19)));
    assert_eq!((report.lost, report.reported_dropped), (Lost::Exactly(1), 0));
    assert_eq!(report.damaged_bytes, segments[0].frames[4].len() as u64);
    let [first, second] = &report.segments[..] else { panic!("{report:?}") };
    assert_eq!((first.events, first.frames, second.events, second.frames), (9, 10, 10, 11));
    assert_eq!((second.first_seq, second.last_seq), (Some(10), Some(19)));
    assert!(first.is_complete && second.is_complete);
    let json = serde_json::to_string(&report).unwrap();
    for part in [r#""ending":"in_order""#, r#""kind":"corrupt""#, r#""events":{"exactly":1}"#] {
        assert!(json.contains(part), "{part} in {json}");
    }
}

#[test]
fn what_the_hub_dropped_is_told_apart_from_what_the_disk_lost() {
    let mut all = events(12);
    let loss = |sink: &str, dropped| {
        Event::EmitterLoss(EmitterLoss {
            sink: sink.to_owned(),
            lane: Lane::Lossy,
            cause: LossCause::SinkFailed,
            dropped,
            dropped_total: dropped,
        })
    };
    all[8].event = loss("log", 3);
    all[9].event = loss("rows", 5);
    let kept = [&all[..4], &all[7..]].concat();
    let dir = write(&[Segment::new(0).with(&kept).ended()]);
    let report = recovery::inspect(dir.path(), |_, _| {}).unwrap();
    assert_eq!((report.missing, report.reported_dropped, report.lost), (3, 3, Lost::Exactly(0)));
}

#[test]
fn a_repair_keeps_everything_that_is_whole() {
    let all = events(40);
    let mut segments = vec![
        Segment::new(0).with(&all[..10]).continued(),
        Segment::new(1).with(&all[10..20]).continued(),
        Segment::new(2).with(&all[20..30]).continued(),
        Segment::new(4).with(&all[30..]),
    ];
    let middle = segments[0].frames[4].start + 20;
    segments[0].bytes[middle] ^= 0xff;
    segments[1].bytes[30] ^= 1;
    let torn = segments[3].frames[9].end - 3;
    segments[3].bytes.truncate(torn);
    let (_root, dir) = named(&segments);
    fs::write(dir.join("checkpoints/last"), b"weights").unwrap();
    let (copied, numbers) = repair(&dir, &all);
    assert_eq!(numbers, without(40, &[4, 39]));
    assert_eq!(copied.path, dir.with_file_name("run.repaired"));
    assert_eq!(copied.checkpoints_left, 1);
    assert!(fs::read_dir(copied.path.join("checkpoints")).unwrap().next().is_none());
    let manifest = Manifest::read(&copied.path.join("manifest.json")).unwrap();
    let repaired = manifest.repaired.clone().unwrap();
    let kinds: Vec<&str> = repaired.missing.iter().map(|missing| missing.kind.as_str()).collect();
    assert_eq!(kinds, ["corrupt", "header", "missing_segment", "torn"]);
    assert_eq!(repaired.missing[0].events_most, Some(1));
    assert_eq!(Manifest { repaired: None, ..manifest }, super::written::manifest());
    let again = recovery::repair(&dir, |_, _| {}).unwrap_err();
    assert!(matches!(again, RecoveryError::Exists { .. }), "{again}");
}

#[test]
fn a_run_without_its_manifest_is_repaired_from_its_log() {
    let (mut segments, all) = two_segments(5, 5);
    let end = segments[1].bytes.len() - 25;
    segments[1].bytes.truncate(end);
    let (_root, dir) = named(&segments);
    fs::write(dir.join("manifest.json"), b"{").unwrap();
    let (copied, numbers) = repair(&dir, &all);
    assert_eq!(numbers, without(10, &[9]));
    assert!(copied.report.manifest_error.is_some());
    let manifest = Manifest::read(&copied.path.join("manifest.json")).unwrap();
    assert_eq!((manifest.run_id, manifest.started, manifest.pid), (run(), all[0].ts, None));
}

#[test]
fn what_has_no_log_cannot_be_repaired_and_leaves_nothing_behind() {
    let root = TempDir::new().unwrap();
    let rows = root.path().join("rows");
    fs::create_dir(&rows).unwrap();
    fs::write(rows.join("events.jsonl"), "").unwrap();
    for outcome in [
        recovery::inspect(&rows, |_, _| {}).map(|_| ()),
        recovery::repair(&rows, |_, _| {}).map(|_| ()),
    ] {
        assert!(matches!(outcome, Err(RecoveryError::NoLog { .. })), "{outcome:?}");
    }
    let (_root, empty) = named(&[Segment::new(0).ended()]);
    let outcome = recovery::repair(&empty, |_, _| {}).unwrap_err();
    assert!(matches!(outcome, RecoveryError::Nothing { .. }), "{outcome}");
    assert!(!empty.with_file_name("run.repaired").exists());
}

#[test]
fn what_the_sink_writes_is_read_back_while_it_writes_and_after() {
    let root = TempDir::new().unwrap();
    let (dir, run) = RunDir::create(root.path(), &run()).unwrap();
    let all = events(200);
    let manifest = Manifest::new(run, all[0].ts);
    let mut sink = LogSink::create(&dir, &manifest, Fsync::Never).unwrap();
    let mut recording = Recording::open(dir.path()).unwrap();
    assert_eq!(recording.read().unwrap(), Read::Pending);
    for event in &all {
        sink.accept(&Arc::new(event.clone())).unwrap();
    }
    sink.flush().unwrap();
    let (read, last) = read_on(&mut recording);
    assert_eq!((numbers(&read, &all), last), (without(200, &[]), Read::Pending));
    drop(sink);
    assert_eq!(recording.read().unwrap(), Read::End);
    assert_eq!(recording.damage(), []);
    assert_eq!(recording.manifest(), Some(&manifest));
    let report = recovery::inspect(dir.path(), |_, _| {}).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(DamageKind::MissingSegment.to_string(), "missing_segment");
}
