//! What is damaged in a log, and a copy of what is whole.

use std::io;
use std::path::PathBuf;

use leyline::{Event, EventKind, Incoming, RunId};
use serde::Serialize;
use thiserror::Error;

use super::frame::Mark;
use super::reader::{Frames, Step, Tally};
use crate::manifest::ManifestError;
use crate::recording::{Damage, Lost, OpenError, RecordingError};
use crate::run_dir::{RunDir, RunDirError};

mod repair;

pub use repair::{Copied, repair};

/// Name under which a hub reports what it could not give to the log.
pub const SINK_NAME: &str = "log";

/// Frames between two calls that tell about progress.
const PROGRESS_FRAMES: u64 = 65_536;

/// Why a log cannot be inspected or repaired.
#[derive(Debug, Error)]
pub enum RecoveryError {
    /// The directory has no log: it is no run, or an older one with rows.
    #[error("no log in this directory: {}", path.display())]
    NoLog {
        /// The directory.
        path: PathBuf,
    },
    /// It is no run directory.
    #[error(transparent)]
    Directory(#[from] RunDirError),
    /// The log cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The log cannot be read on.
    #[error(transparent)]
    Read(#[from] RecordingError),
    /// It is being written.
    #[error("cannot repair a run that is being written: {}", path.display())]
    Live {
        /// The directory.
        path: PathBuf,
    },
    /// The directory for the copy is there already, and what is in it is never touched.
    #[error("cannot repair: there is a copy already: {}", path.display())]
    Exists {
        /// The directory of the copy.
        path: PathBuf,
    },
    /// Nothing can be read, so there is nothing to copy.
    #[error("cannot repair: no event can be read: {}", path.display())]
    Nothing {
        /// The directory.
        path: PathBuf,
    },
    /// The copy cannot be written.
    #[error("cannot write the repaired copy: {source}: {}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The manifest of the copy cannot be written.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// How a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Its writer closed it.
    InOrder,
    /// Its writer is still at it.
    Live,
    /// Its writer died, or its end is damaged.
    CutOff,
}

/// What is in a log, and what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The run; `None` if neither manifest nor header tells.
    pub run: Option<RunId>,
    /// Why the manifest cannot be read; `None` if it can.
    pub manifest_error: Option<String>,
    /// How the log ends.
    pub ending: Ending,
    /// Each segment that is there, in order.
    pub segments: Vec<SegmentReport>,
    /// Length of all segments together (bytes).
    pub bytes: u64,
    /// Events that can be read.
    pub events: u64,
    /// Number of the first one.
    pub first_seq: Option<u64>,
    /// Number of the last one.
    pub last_seq: Option<u64>,
    /// Bytes that cannot be read.
    pub damaged_bytes: u64,
    /// Events that went with damage. One that a failed write tore is in `reported_dropped` as well.
    pub lost: Lost,
    /// Numbers that are missing before the last event, for whatever reason (events).
    pub missing: u64,
    /// Events that the run itself reported as dropped before they came to the log (events). Reports that are lost
    /// themselves are not in it.
    pub reported_dropped: u64,
    /// All damage, by place.
    pub damage: Vec<Damage>,
}

/// What is in a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentReport {
    /// Its number.
    pub segment: u32,
    /// Its length (bytes): header, frames and damaged bytes add up to it, unless it was growing meanwhile.
    pub bytes: u64,
    /// Length of the header (bytes); 0 if it is damaged.
    pub header_bytes: u64,
    /// Whole frames, marks included.
    pub frames: u64,
    /// Their length (bytes).
    pub frame_bytes: u64,
    /// Damaged bytes.
    pub damaged_bytes: u64,
    /// Events that can be read.
    pub events: u64,
    /// Number of the first one.
    pub first_seq: Option<u64>,
    /// Number of the last one.
    pub last_seq: Option<u64>,
    /// Whether it ends with a mark, as it does when it is full or the log was closed.
    pub is_complete: bool,
}

impl Report {
    /// Returns whether nothing is damaged.
    pub const fn is_whole(&self) -> bool {
        self.damage.is_empty()
    }
}

/// Reads a whole log and says what is in it. `progress` hears bytes read and bytes to read, now and then.
///
/// Of a live run what is there at the moment is read.
///
/// # Errors
///
/// See [`RecoveryError`]. Damage is no error.
pub fn inspect(
    dir: &std::path::Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, RecoveryError> {
    let mut frames = open(dir)?;
    let mut sums = Sums::default();
    loop {
        match frames.next()? {
            Step::Event => {
                sums.event(&mut frames);
                if sums.events.is_multiple_of(PROGRESS_FRAMES) {
                    progress(frames.bytes_read(), frames.total_bytes());
                }
            }
            Step::Closed(tally) => sums.tallies.push(tally),
            Step::Pending => {
                sums.tallies.extend(frames.tally());
                return Ok(sums.report(&frames, true));
            }
            Step::End => return Ok(sums.report(&frames, false)),
        }
    }
}

fn open(path: &std::path::Path) -> Result<Frames, RecoveryError> {
    let dir = RunDir::open(path)?;
    if dir.segments()?.is_empty() && !dir.manifest().is_file() {
        return Err(RecoveryError::NoLog { path: path.to_owned() });
    }
    Ok(Frames::open(dir)?)
}

/// What is added up while reading.
#[derive(Debug, Default)]
struct Sums {
    tallies: Vec<Tally>,
    events: u64,
    first_seq: Option<u64>,
    last_seq: Option<u64>,
    missing: u64,
    reported_dropped: u64,
}

impl Sums {
    fn event(&mut self, frames: &mut Frames) {
        self.events += 1;
        let Some(place) = frames.place() else { return };
        let next = self.last_seq.map_or(0, |last| last.saturating_add(1));
        self.missing += place.seq.saturating_sub(next);
        self.first_seq = self.first_seq.or(Some(place.seq));
        self.last_seq = self.last_seq.max(Some(place.seq));
        if place.kind != EventKind::EmitterLoss.number() {
            return;
        }
        if let Some(Incoming::Known(envelope)) = frames.decode()
            && let Event::EmitterLoss(loss) = &envelope.event
            && loss.sink == SINK_NAME
        {
            self.reported_dropped = self.reported_dropped.saturating_add(loss.dropped);
        }
    }

    fn report(self, frames: &Frames, is_live: bool) -> Report {
        let damage = frames.damage().to_vec();
        // It is in the order of its segments, and of both there may be tens of thousands.
        let damaged = |segment: u32| {
            let start = damage.partition_point(|one| one.segment < segment);
            let inside = damage.iter().skip(start).take_while(|one| one.segment == segment);
            inside.map(|one| one.bytes).sum()
        };
        let ended = self.tallies.last().and_then(|tally| tally.mark);
        let ending = match ended {
            Some(Mark::End { .. }) => Ending::InOrder,
            Some(Mark::Continued { .. }) | None if is_live => Ending::Live,
            Some(Mark::Continued { .. }) | None => Ending::CutOff,
        };
        let segments: Vec<_> =
            self.tallies.iter().map(|tally| segment(tally, damaged(tally.segment))).collect();
        let manifest = crate::manifest::Manifest::read(&frames.dir().manifest());
        Report {
            run: frames.owner().map(|(run, _)| run.clone()),
            manifest_error: manifest.err().map(|error| error.to_string()),
            ending,
            bytes: segments.iter().map(|segment| segment.bytes).sum(),
            segments,
            events: self.events,
            first_seq: self.first_seq,
            last_seq: self.last_seq,
            damaged_bytes: damage.iter().map(|one| one.bytes).sum(),
            lost: sum(&damage),
            missing: self.missing,
            reported_dropped: self.reported_dropped,
            damage,
        }
    }
}

const fn segment(tally: &Tally, damaged_bytes: u64) -> SegmentReport {
    let &Tally {
        segment,
        bytes,
        header_bytes,
        frames,
        frame_bytes,
        events,
        first_seq,
        last_seq,
        mark,
    } = tally;
    SegmentReport {
        segment,
        bytes,
        header_bytes,
        frames,
        frame_bytes,
        damaged_bytes,
        events,
        first_seq,
        last_seq,
        is_complete: mark.is_some(),
    }
}

/// Adds up what went with damage.
fn sum(damage: &[Damage]) -> Lost {
    let (least, most) =
        damage.iter().fold((0, Some(0)), |(least, most): (u64, Option<u64>), one| {
            let (own_least, own_most) = one.events.bounds();
            let most = most.zip(own_most).map(|(most, own)| most.saturating_add(own));
            (least.saturating_add(own_least), most)
        });
    Lost::within(least, most)
}
