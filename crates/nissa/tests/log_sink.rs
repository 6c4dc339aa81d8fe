//! The sink that writes the event log: what is on the disk when, and what is said about the rest.

use std::fs;
use std::sync::Arc;

use leyline::wire::{FrameDecoder, ROW_VERSION, Schema};
use leyline::{
    Anomaly, Envelope, Event, GroupId, Heartbeat, Incoming, Phase, RunId, RunNs, Timestamp,
};
use nissa::log::frame::{HEAD_BYTES, Look, Mark, look};
use nissa::log::header::Header;
use nissa::log::sink::{Disk, Fsync, LogConfig, LogSink, Storage};
use nissa::{Manifest, RunDir};
use simic_emitter::{LaneCount, Sink, SinkError};
use tempfile::TempDir;

#[path = "log_sink/failing.rs"]
mod failing;
#[path = "log_sink/faulty.rs"]
mod faulty;
#[path = "log_sink/hub.rs"]
mod hub;
#[path = "log_sink/syncing.rs"]
mod syncing;
#[path = "log_sink/writing.rs"]
mod writing;

use faulty::Faulty;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;

/// A run directory of its own, and a log in it.
struct Rig<S: Storage = Disk> {
    _root: TempDir,
    dir: RunDir,
    sink: LogSink<S>,
    seq: u64,
}

/// A segment as it is on the disk.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    seqs: Vec<u64>,
    mark: Option<Mark>,
    /// Bytes after the last whole frame.
    torn: usize,
}

fn run() -> RunId {
    RunId::new("run").expect("an id")
}

fn manifest() -> Manifest {
    Manifest::new(run(), Timestamp::from_micros(0))
}

fn new_dir() -> (TempDir, RunDir) {
    let root = tempfile::tempdir().expect("a directory");
    let (dir, _) = RunDir::create(root.path(), &run()).expect("a run directory");
    (root, dir)
}

fn rig(fsync: Fsync) -> Rig {
    rig_on(Disk, LogConfig::new(fsync))
}

fn rig_on<S: Storage>(storage: S, config: LogConfig) -> Rig<S> {
    let (root, dir) = new_dir();
    let sink = LogSink::create_on(storage, &dir, &manifest(), config).expect("a log");
    Rig { _root: root, dir, sink, seq: 0 }
}

impl<S: Storage> Rig<S> {
    /// Offers a heartbeat.
    fn lossy(&mut self, mono_ns: u64) -> Result<(), SinkError> {
        let phase = Phase::Collecting;
        self.offer(mono_ns, Heartbeat { phase, batch_idx: None, inner_epoch: None })
    }

    /// Offers an event of the other lane.
    fn lossless(&mut self, mono_ns: u64) -> Result<(), SinkError> {
        self.offer(mono_ns, anomaly())
    }

    fn offer(&mut self, mono_ns: u64, event: impl Into<Event>) -> Result<(), SinkError> {
        let seq = self.seq;
        self.seq += 1;
        self.sink.accept(&Arc::new(envelope(seq, mono_ns, event.into())))
    }

    fn idle(&mut self, now: u64) -> Result<(), SinkError> {
        self.sink.idle(RunNs(now))
    }

    fn found(&self) -> Vec<Found> {
        found(&self.dir)
    }

    /// Drops the sink and returns what it left.
    fn closed(self) -> Vec<Found> {
        drop(self.sink);
        found(&self.dir)
    }
}

fn anomaly() -> Event {
    Event::PlateauDetected(Anomaly {
        kind: "return_trend".to_owned(),
        batch_idx: Some(1),
        inner_epoch: None,
        env_id: None,
        subject: None,
        value: None,
        threshold: None,
        detail: None,
    })
}

fn envelope(seq: u64, mono_ns: u64, event: Event) -> Envelope {
    Envelope {
        v: ROW_VERSION,
        run_id: run(),
        group_id: GroupId::default(),
        seq,
        ts: Timestamp::from_micros(1_795_262_400_000_000 + (mono_ns / 1000).cast_signed()),
        mono_ns: RunNs(mono_ns),
        severity: event.least_severity(),
        message: String::new(),
        env_id: None,
        event,
    }
}

/// Reads every segment of a log, which must be numbered without a gap.
fn found(dir: &RunDir) -> Vec<Found> {
    let nonce = Manifest::read(&dir.manifest()).expect("a manifest").nonce.0;
    let numbers = dir.segments().expect("a directory");
    assert!(numbers.iter().copied().eq(0..numbers.len() as u32), "{numbers:?}");
    let read = |number: u32| {
        let bytes = fs::read(dir.segment(number)).expect("a segment");
        let (header, length) = Header::read(&bytes).expect("a header");
        assert_eq!((header.nonce, header.segment, header.run), (nonce, number, run()));
        walk(&bytes[length..])
    };
    numbers.into_iter().map(read).collect()
}

fn walk(bytes: &[u8]) -> Found {
    let mut decoder = FrameDecoder::new(run(), Schema::own());
    let mut found = Found { seqs: Vec::new(), mark: None, torn: bytes.len() };
    let mut rest = bytes;
    while let Look::Frame { payload } = look(rest) {
        assert_eq!(found.mark, None, "nothing follows a mark");
        if Mark::is_mark(payload) {
            found.mark = Some(Mark::read(payload).expect("a known mark"));
        } else {
            let Incoming::Known(envelope) = decoder.decode(payload) else {
                panic!("a known event")
            };
            found.seqs.push(envelope.seq);
        }
        rest = &rest[HEAD_BYTES + payload.len()..];
        found.torn = rest.len();
    }
    found
}

fn segment(seqs: impl IntoIterator<Item = u64>, mark: Option<Mark>) -> Found {
    Found { seqs: seqs.into_iter().collect(), mark, torn: 0 }
}

const fn lost(lossless: u64, lossy: u64) -> LaneCount {
    LaneCount { lossless, lossy }
}

const fn short_segments(fsync: Fsync, segment_bytes: u64) -> LogConfig {
    LogConfig { fsync, segment_bytes }
}

fn header_bytes() -> u64 {
    let mut header = Vec::new();
    Header { schema: Schema::own(), nonce: 0, segment: 0, run: run() }.append(&mut header);
    header.len() as u64
}
