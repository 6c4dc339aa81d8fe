//! The sink that writes the event log.

use std::fs::File;
use std::sync::Arc;

use leyline::wire::{Schema, encode_frame};
use leyline::{Envelope, Lane, RunId, RunNs};
use simic_emitter::{Bounds, LaneCount, Sink, SinkError};

use super::frame;
use super::header::Header;
use super::segment::Segment;
use super::sync::Syncer;
use crate::manifest::Manifest;
use crate::run_dir::RunDir;
use syncing::Unsynced;
use writing::{Loss, State};

mod error;
mod fsync;
mod storage;
mod syncing;
mod writing;

pub use error::LogError;
pub use fsync::{Fsync, FsyncError};
pub use storage::{Disk, Storage};

/// Bytes after which the buffer goes to the kernel.
const WRITE_OUT_BYTES: usize = 64 * 1024;
/// Time between the first event in the buffer and the newest after which it goes to the kernel (nanoseconds).
const WRITE_OUT_NS: u64 = 10_000_000;
/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogConfig {
    /// When it is synced without being asked to.
    pub fsync: Fsync,
    /// Length from which on a segment is full, in bytes. It is exceeded by less than one buffer and one frame.
    pub segment_bytes: u64,
}

impl LogConfig {
    /// Returns the settings of a real log with this policy: segments of 64 MiB.
    pub const fn new(fsync: Fsync) -> Self {
        Self { fsync, segment_bytes: 64 * 1024 * 1024 }
    }
}

/// Writes each event as a frame into the log of a run directory.
///
/// Frames are gathered in a buffer, which goes to the kernel when the queue runs empty, after 64 KiB, and when 10 ms lie
/// between its first event and the newest; then its events count as delivered, and the death of the process does not lose
/// them any more. Against a power cut they are safe after a sync, see [`Fsync`]; it happens on a thread of its own.
///
/// A flush that returns `Ok` promises that all events which the sink took since the flush before it, and those before,
/// unless that one failed, are safe.
///
/// # When writing fails
///
/// Frames that are whole in the file are delivered, the others are lost and counted, and the log goes on in a new segment:
/// nobody knows what became of the torn end of the old one, nor of its pages after a sync that failed. While no segment can
/// be made, each event is an error at once, and a try is made after 1 s, 2 s, 4 s, … 30 s of the run's time. A segment
/// exists only once the one before it will never be written again.
///
/// # Whether the run is live
///
/// The manifest is locked for as long as the sink lives, see [`RunDir::is_live`].
pub struct LogSink<S: Storage = Disk> {
    storage: Arc<S>,
    dir: RunDir,
    run: RunId,
    nonce: u64,
    config: LogConfig,
    state: State<S>,
    buffer: Vec<u8>,
    /// Lane of each event in the buffer, in order.
    lanes: Vec<Lane>,
    held: LaneCount,
    /// Time of the first event in the buffer.
    first: RunNs,
    /// The newest time that the sink has heard of.
    now: RunNs,
    /// Number for the next segment.
    next_number: u32,
    /// How long to wait after the next failure (nanoseconds).
    wait: u64,
    syncer: Syncer<S>,
    unsynced: Unsynced<S>,
    /// What went wrong and was neither told nor cost an event.
    untold: Option<Arc<LogError>>,
    /// What keeps the next flush from promising anything.
    unsafe_since_flush: Option<Arc<LogError>>,
    /// Holds the lock.
    manifest: File,
}

impl LogSink {
    /// Bounds of the queue that a hub should give this sink.
    pub const BOUNDS: Bounds = Bounds { lossy: 65_536, lossless: 131_072 };

    /// Writes the manifest into a run directory that has none, locks it, and opens the first segment.
    ///
    /// # Errors
    ///
    /// Returns an error if one of that cannot be done.
    pub fn create(dir: &RunDir, manifest: &Manifest, fsync: Fsync) -> Result<Self, LogError> {
        Self::create_on(Disk, dir, manifest, LogConfig::new(fsync))
    }
}

impl<S: Storage> LogSink<S> {
    /// As [`create`](LogSink::create), with other settings and on another file system for the log; the manifest is on the
    /// real one.
    ///
    /// # Errors
    ///
    /// As [`create`](LogSink::create).
    pub fn create_on(
        storage: S,
        dir: &RunDir,
        manifest: &Manifest,
        config: LogConfig,
    ) -> Result<Self, LogError> {
        let locked = manifest.write_locked(&dir.manifest())?;
        let mut buffer = Vec::with_capacity(2 * WRITE_OUT_BYTES);
        let (run, nonce) = (manifest.run_id.clone(), manifest.nonce.0);
        let header = Header { schema: Schema::own(), nonce, segment: 0, run: run.clone() };
        let mut segment = Segment::begin(&header, &mut buffer);
        if let Some(error) = segment.write(&storage, dir, &buffer, 0).failed {
            return Err(error);
        }
        buffer.clear();
        let storage = Arc::new(storage);
        let syncer = Syncer::start(Arc::clone(&storage), dir.path().to_owned());
        Ok(Self {
            storage,
            dir: dir.clone(),
            run,
            nonce,
            config,
            unsynced: Unsynced::of(segment.file()),
            state: State::Open { segment, since: RunNs(0) },
            buffer,
            lanes: Vec::new(),
            held: LaneCount::ZERO,
            first: RunNs(0),
            now: RunNs(0),
            next_number: 0,
            wait: 0,
            syncer: syncer.map_err(LogError::Thread)?,
            untold: None,
            unsafe_since_flush: None,
            manifest: locked,
        })
    }
}

impl<S: Storage> Sink for LogSink<S> {
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError> {
        self.now = self.now.max(envelope.mono_ns);
        self.try_again();
        let segment = match &mut self.state {
            State::Open { segment, since: _ } => segment,
            State::Down { why, retry_at: _ } => {
                return Err(SinkError::new(LogError::Down(Arc::clone(why))));
            }
        };
        let start = frame::open(&mut self.buffer);
        if let Err(error) = encode_frame(envelope, &mut self.buffer) {
            self.buffer.truncate(start);
            return Err(SinkError::new(LogError::Encode(error)));
        }
        frame::close(&mut self.buffer, start);
        segment.note(start, self.lanes.len(), envelope);
        if self.lanes.is_empty() {
            self.first = envelope.mono_ns;
        }
        let kind = envelope.event.kind();
        let offered = LaneCount::one(kind.lane());
        self.lanes.push(kind.lane());
        self.held = self.held.plus(offered);
        let at_once = self.config.fsync.at_once(kind);
        let waited = WRITE_OUT_NS <= envelope.mono_ns.0.saturating_sub(self.first.0);
        if !at_once && !waited && self.buffer.len() < WRITE_OUT_BYTES {
            return Ok(());
        }
        // The event at hand is the last one, so it is among the lost ones if there are any; the hub counts it itself.
        let written = self.hand_over(at_once);
        written.map_err(|Loss { events, why }| SinkError::new(why).with_lost(events.minus(offered)))
    }

    fn idle(&mut self, now: RunNs) -> Result<(), SinkError> {
        self.now = self.now.max(now);
        let written = self.hand_over(false);
        written.map_err(Loss::into_error)?;
        self.untold.take().map_or(Ok(()), |why| Err(SinkError::new(why)))
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let written = self.write_out();
        self.open_now().ok();
        let synced = self.sync_all();
        written.map_err(Loss::into_error)?;
        synced.map_err(SinkError::new)
    }

    fn held(&self) -> LaneCount {
        self.held
    }
}

/// Ends the log in order, if nothing is left in the buffer: what a flush could not hand over, or was not asked to, the hub
/// has counted as lost by now.
impl<S: Storage> Drop for LogSink<S> {
    fn drop(&mut self) {
        if self.lanes.is_empty() && self.end() {
            // There is nobody left to tell.
            self.sync_all().ok();
        }
        // Closing the file is not enough: a child that was forked a moment ago has it too until it runs its program.
        self.manifest.unlock().ok();
    }
}
