//! Logs written by the tests themselves, byte by byte as `docs/wire.md` has it, and what is read back of them.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use leyline::demo::{self, Scenario};
use leyline::wire::{Schema, encode_frame};
use leyline::{Envelope, Incoming, RunId};
use nissa::log::frame::{self, Mark};
use nissa::log::header::Header;
use nissa::log::index::{self, Entry};
use nissa::manifest::{Hex64, Manifest};
use nissa::{Damage, Read, Recording};
use tempfile::TempDir;

/// The random number of every run here.
pub(crate) const NONCE: u64 = 0x5eed;

/// Returns the first events of a made-up run.
pub(crate) fn events(count: usize) -> Vec<Envelope> {
    demo::stream(7).take(count).collect()
}

/// Returns the run of [`events`].
pub(crate) fn run() -> RunId {
    events(1).remove(0).run_id
}

/// One segment in the making, with the place of everything in it.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) number: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) header: usize,
    pub(crate) frames: Vec<Range<usize>>,
    pub(crate) index: Vec<u8>,
}

impl Segment {
    pub(crate) fn new(number: u32) -> Self {
        Self::of(&Header { schema: Schema::own(), nonce: NONCE, segment: number, run: run() })
    }

    pub(crate) fn of(header: &Header) -> Self {
        let mut bytes = Vec::new();
        header.append(&mut bytes);
        let index = index::head(header.nonce, header.segment).to_vec();
        Self { number: header.segment, header: bytes.len(), bytes, frames: Vec::new(), index }
    }

    /// Appends events; each one has an entry in the index.
    pub(crate) fn with(mut self, events: &[Envelope]) -> Self {
        for event in events {
            let start = frame::open(&mut self.bytes);
            encode_frame(event, &mut self.bytes).unwrap();
            frame::close(&mut self.bytes, start);
            let (offset, events_before) = (start as u64, self.frames.len() as u64);
            let Envelope { seq, mono_ns, .. } = *event;
            self.index.extend(Entry { offset, seq, mono_ns, events_before }.to_bytes());
            self.frames.push(start..self.bytes.len());
        }
        self
    }

    pub(crate) fn continued(mut self) -> Self {
        Mark::Continued { events: self.frames.len() as u64 }.append(&mut self.bytes);
        self
    }

    pub(crate) fn ended(mut self) -> Self {
        Mark::End { events: self.frames.len() as u64 }.append(&mut self.bytes);
        self
    }

    pub(crate) fn path(&self, dir: &Path) -> PathBuf {
        dir.join(format!("events-{:05}.slog", self.number))
    }

    pub(crate) fn index_path(&self, dir: &Path) -> PathBuf {
        dir.join(format!("events-{:05}.sidx", self.number))
    }

    pub(crate) fn write(&self, dir: &Path) {
        fs::write(self.path(dir), &self.bytes).unwrap();
        fs::write(self.index_path(dir), &self.index).unwrap();
    }
}

/// Writes a run directory with its manifest.
pub(crate) fn write(segments: &[Segment]) -> TempDir {
    let dir = TempDir::new().unwrap();
    manifest().write(&dir.path().join("manifest.json")).unwrap();
    for segment in segments {
        segment.write(dir.path());
    }
    dir
}

pub(crate) fn manifest() -> Manifest {
    let first = events(1).remove(0);
    Manifest { nonce: Hex64(NONCE), pid: None, ..Manifest::new(first.run_id, first.ts) }
}

/// A log of two segments that was closed in order, and its events.
pub(crate) fn two_segments(first: usize, second: usize) -> (Vec<Segment>, Vec<Envelope>) {
    let events = events(first + second);
    let (a, b) = events.split_at(first);
    let segments = vec![Segment::new(0).with(a).continued(), Segment::new(1).with(b).ended()];
    (segments, events)
}

/// Reads on to the end, or to where a live run has nothing more yet.
pub(crate) fn read_on(recording: &mut Recording) -> (Vec<Incoming>, Read) {
    let mut all = Vec::new();
    loop {
        match recording.read().unwrap() {
            Read::Event(incoming) => all.push(incoming),
            last @ (Read::Pending | Read::End) => return (all, last),
        }
    }
}

/// Reads a directory that is not live.
pub(crate) fn read_all(dir: &Path) -> (Vec<Incoming>, Vec<Damage>) {
    let mut recording = Recording::open(dir).unwrap();
    let (all, last) = read_on(&mut recording);
    assert_eq!(last, Read::End);
    assert_eq!(recording.read().unwrap(), Read::End);
    assert_eq!(Some(recording.bytes_read()), recording.total_bytes());
    (all, recording.damage().to_vec())
}

/// Returns the numbers of what was read, after a look whether each is the event that was written with this number.
#[track_caller]
pub(crate) fn numbers(read: &[Incoming], written: &[Envelope]) -> Vec<u64> {
    let number = |incoming: &Incoming| {
        let Incoming::Known(event) = incoming else { panic!("{incoming:?}") };
        let original = &written[event.seq as usize];
        assert!(**event == *original, "{event:?} was written as {original:?}");
        event.seq
    };
    let numbers: Vec<u64> = read.iter().map(number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    numbers
}

/// Returns the numbers from 0 on without some.
pub(crate) fn without(count: usize, missing: &[usize]) -> Vec<u64> {
    (0..count).filter(|n| !missing.contains(n)).map(|n| n as u64).collect()
}

#[test]
fn made_up_events_are_numbered_from_0() {
    assert!(demo::events(Scenario::Calm, 1).iter().zip(0..).all(|(event, n)| event.seq == n));
    assert!(events(50).iter().zip(0..).all(|(event, n)| event.seq == n));
}
