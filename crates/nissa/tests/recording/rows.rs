//! Rows behind the same interface: a file, an older run directory, a pipe.

use std::fs::{self, File, OpenOptions};
use std::io::{Cursor, Write as _};
use std::path::Path;

use leyline::wire::encode_row;
use leyline::{Envelope, Incoming};
use nissa::{Read, Recording, RecordingError, Seek};
use tempfile::TempDir;

use super::written::{events, manifest, numbers, read_on, without};

fn text(events: &[Envelope]) -> String {
    let mut text = String::new();
    for event in events {
        encode_row(event, &mut text);
        text.push('\n');
    }
    text
}

fn open(path: &Path) -> Recording {
    Recording::open(path).unwrap()
}

#[test]
fn rows_read_alike_from_a_file_a_directory_and_a_pipe() {
    let all = events(30);
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("events.jsonl");
    fs::write(&file, text(&all)).unwrap();
    let pipe = || Recording::from_rows(Box::new(Cursor::new(text(&all))), "pipe");
    for (mut recording, is_run, total) in [
        (open(&file), false, Some(text(&all).len() as u64)),
        (open(dir.path()), true, Some(text(&all).len() as u64)),
        (pipe(), false, None),
    ] {
        assert_eq!((recording.is_single_run(), recording.total_bytes()), (is_run, total));
        let (read, last) = read_on(&mut recording);
        assert_eq!((numbers(&read, &all), last), (without(30, &[]), Read::End));
        assert_eq!(recording.bytes_read(), text(&all).len() as u64);
        assert!(!recording.is_live() && recording.damage().is_empty());
    }
}

#[test]
fn a_file_is_sought_in_both_directions_and_a_pipe_in_one() {
    let all = events(30);
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("rows.jsonl");
    fs::write(&file, text(&all)).unwrap();
    let mut recording = open(&file);
    for (to, expected) in [(20, 20), (3, 3), (29, 29), (0, 0)] {
        recording.seek(Seek::Seq(to)).unwrap();
        let Read::Event(Incoming::Known(event)) = recording.read().unwrap() else { panic!() };
        assert_eq!(event.seq, expected);
    }
    recording.seek(Seek::MonoNs(all[17].mono_ns)).unwrap();
    let Read::Event(Incoming::Known(event)) = recording.read().unwrap() else { panic!() };
    let first = all.iter().find(|one| one.mono_ns == all[17].mono_ns).unwrap();
    assert_eq!(event.seq, first.seq);

    let mut recording = Recording::from_rows(Box::new(Cursor::new(text(&all))), "pipe");
    recording.seek(Seek::Seq(8)).unwrap();
    let Read::Event(Incoming::Known(event)) = recording.read().unwrap() else { panic!() };
    assert_eq!(event.seq, 8);
    assert!(matches!(recording.seek(Seek::Seq(8)), Err(RecordingError::Backward)));
    recording.seek(Seek::Seq(12)).unwrap();
    let Read::Event(Incoming::Known(event)) = recording.read().unwrap() else { panic!() };
    assert_eq!(event.seq, 12);
}

#[test]
fn a_half_written_row_of_a_live_run_is_not_there_yet() {
    let all = events(4);
    let dir = TempDir::new().unwrap();
    manifest().write(&dir.path().join("manifest.json")).unwrap();
    let rows = text(&all);
    let (front, rest) = rows.split_at(text(&all[..2]).len() + 30);
    let path = dir.path().join("events.jsonl");
    fs::write(&path, front).unwrap();
    let lock = File::open(dir.path().join("manifest.json")).unwrap();
    lock.try_lock().unwrap();
    let mut recording = open(dir.path());
    let (read, last) = read_on(&mut recording);
    assert_eq!((read.len(), last), (2, Read::Pending));
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    // Without the last line feed.
    file.write_all(&rest.as_bytes()[..rest.len() - 1]).unwrap();
    let (read, last) = read_on(&mut recording);
    assert_eq!((numbers(&read, &all), last), (vec![2], Read::Pending));
    drop(lock);
    let (read, last) = read_on(&mut recording);
    assert_eq!((numbers(&read, &all), last), (vec![3], Read::End));
}
