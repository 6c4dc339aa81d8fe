//! A copy of a run with everything that is whole, and nothing else.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use leyline::wire::{FramePlace, Schema};
use leyline::{Incoming, Timestamp};

use super::super::frame::Mark;
use super::super::header::Header;
use super::super::index::{self, Entry};
use super::super::reader::{Frames, Step};
use super::{RecoveryError, Report, Sums, open};
use crate::manifest::{Hex64, Manifest, Missing, Repaired};
use crate::run_dir::{RunDir, sync_names};

/// Bytes written at a time.
const CHUNK_BYTES: usize = 1_048_576;

/// What a repair made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The directory of the copy.
    pub path: PathBuf,
    /// What was found while copying.
    pub report: Report,
    /// Files in `checkpoints/` that were left where they are: they are large, whole or not by their own account, and the
    /// original is still there.
    pub checkpoints_left: u64,
}

/// Copies what is whole of a run into a new directory beside it, `DIR.repaired`, and notes in its manifest what is missing.
///
/// The original is not changed. Frames are copied as they are; segments are numbered without gaps, and the last one ends as
/// a log does that was closed. Checkpoints are not copied.
///
/// # Errors
///
/// See [`RecoveryError`]. A copy that fails is removed.
pub fn repair(dir: &Path, progress: impl FnMut(u64, u64)) -> Result<Copied, RecoveryError> {
    let frames = open(dir)?;
    if frames.dir().is_live() {
        return Err(RecoveryError::Live { path: dir.to_owned() });
    }
    let path = beside(dir)?;
    fs::create_dir(&path).map_err(|source| {
        let path = path.clone();
        if source.kind() == io::ErrorKind::AlreadyExists {
            RecoveryError::Exists { path }
        } else {
            RecoveryError::Write { path, source }
        }
    })?;
    let outcome = copy(frames, dir, &path, progress);
    if outcome.is_err() {
        // It was made here and is of no use. If even that fails, the next repair says that it is there.
        drop(fs::remove_dir_all(&path));
    }
    let report = outcome?;
    let checkpoints = fs::read_dir(dir.join("checkpoints")).map_or(0, |files| files.count() as u64);
    Ok(Copied { path, report, checkpoints_left: checkpoints })
}

/// Returns the directory for the copy of another.
fn beside(dir: &Path) -> Result<PathBuf, RecoveryError> {
    // Of `.` or `x/..` only the file system knows the name.
    let whole = dir
        .canonicalize()
        .map_err(|source| RecoveryError::Write { path: dir.to_owned(), source })?;
    let named = if dir.file_name().is_some() { dir } else { &whole };
    let mut name = named.file_name().unwrap_or_default().to_owned();
    name.push(".repaired");
    Ok(named.with_file_name(name))
}

fn copy(
    mut frames: Frames,
    from: &Path,
    to: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, RecoveryError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| RecoveryError::Write { path, source }
    };
    let checkpoints = to.join("checkpoints");
    fs::create_dir(&checkpoints).map_err(failed(&checkpoints))?;
    let dir = RunDir::open(to)?;
    let mut sums = Sums::default();
    let mut first: Option<(Incoming, u64)> = None;
    let mut segment: Option<Segment> = None;
    let mut is_closed = false;
    loop {
        match frames.next()? {
            Step::Event => {
                sums.event(&mut frames);
                let next = segment.as_ref().map_or(0, |segment| segment.number + 1);
                // Only now it is known that another segment follows.
                if is_closed && let Some(done) = segment.take() {
                    done.finish(&dir, |events| Mark::Continued { events })?;
                }
                is_closed = false;
                if segment.is_none() {
                    segment = Segment::create(&dir, next, &frames)?;
                }
                if first.is_none() {
                    let fingerprint = frames.schema().map_or(0, Schema::fingerprint);
                    first = frames.decode().map(|first| (first, fingerprint));
                }
                if let Some(segment) = &mut segment {
                    segment.write(frames.frame(), frames.place())?;
                }
                if sums.events.is_multiple_of(super::PROGRESS_FRAMES) {
                    progress(frames.bytes_read(), frames.total_bytes());
                }
            }
            Step::Closed(tally) => {
                sums.tallies.push(tally);
                is_closed = true;
            }
            Step::Pending => return Err(RecoveryError::Live { path: from.to_owned() }),
            Step::End => break,
        }
    }
    let (Some(segment), Some(first)) = (segment, first) else {
        return Err(RecoveryError::Nothing { path: from.to_owned() });
    };
    segment.finish(&dir, |events| Mark::End { events })?;
    let report = sums.report(&frames, false);
    if let Some(manifest) = manifest(&frames, first, from, &report) {
        manifest.write(&dir.manifest())?;
    }
    sync_names(to).map_err(failed(to))?;
    if let Some(around) = to.canonicalize().ok().as_deref().and_then(Path::parent) {
        sync_names(around).map_err(failed(around))?;
    }
    Ok(report)
}

/// Returns the manifest of the copy: that of the original, or what the log alone tells.
fn manifest(
    frames: &Frames,
    (first, fingerprint): (Incoming, u64),
    from: &Path,
    report: &Report,
) -> Option<Manifest> {
    let (run, nonce) = frames.owner()?;
    let made = || {
        let started = match first {
            Incoming::Known(event) => Some(event.ts),
            Incoming::Unknown(event) => Some(event.ts),
            Incoming::Rejected(rejection) => rejection.ts,
        };
        let started = started.unwrap_or_else(|| Timestamp::from_micros(0));
        let mut manifest = Manifest::new(run.clone(), started);
        manifest.nonce = Hex64(nonce);
        manifest.pid = None;
        manifest.versions.schema_fingerprint = Hex64(fingerprint);
        manifest
    };
    let mut manifest = frames.manifest().cloned().unwrap_or_else(made);
    let missing = report.damage.iter().map(|damage| {
        let (events_least, events_most) = damage.events.bounds();
        Missing {
            segment: damage.segment,
            offset: damage.offset,
            bytes: damage.bytes,
            kind: damage.kind.as_str().to_owned(),
            events_least,
            events_most,
        }
    });
    let from = from.display().to_string();
    manifest.repaired = Some(Repaired { from, missing: missing.collect() });
    Some(manifest)
}

/// A segment of the copy, and its index.
struct Segment {
    number: u32,
    path: PathBuf,
    file: BufWriter<File>,
    index: Vec<u8>,
    /// Where the next entry of the index is due.
    due: u64,
    offset: u64,
    events: u64,
}

impl Segment {
    /// Creates a segment with the schema of the one that is being read; `None` if nothing is being read.
    fn create(dir: &RunDir, number: u32, frames: &Frames) -> Result<Option<Self>, RecoveryError> {
        let (Some((run, nonce)), Some(schema)) = (frames.owner(), frames.schema()) else {
            return Ok(None);
        };
        let path = dir.segment(number);
        let mut bytes = Vec::new();
        Header { schema: schema.clone(), nonce, segment: number, run: run.clone() }
            .append(&mut bytes);
        let written = File::create_new(&path).and_then(|mut file| {
            file.write_all(&bytes)?;
            Ok(file)
        });
        let file = written.map_err(|source| RecoveryError::Write { path: path.clone(), source })?;
        Ok(Some(Self {
            number,
            path,
            file: BufWriter::with_capacity(CHUNK_BYTES, file),
            index: index::head(nonce, number).to_vec(),
            due: 0,
            offset: bytes.len() as u64,
            events: 0,
        }))
    }

    fn write(&mut self, frame: &[u8], place: Option<FramePlace>) -> Result<(), RecoveryError> {
        let written = self.file.write_all(frame);
        written.map_err(|source| RecoveryError::Write { path: self.path.clone(), source })?;
        if self.due <= self.offset
            && let Some(FramePlace { kind: _, seq, mono_ns }) = place
        {
            let entry = Entry { offset: self.offset, seq, mono_ns, events_before: self.events };
            self.index.extend(entry.to_bytes());
            self.due = self.offset + index::SPACING;
        }
        self.offset += frame.len() as u64;
        self.events += 1;
        Ok(())
    }

    /// Ends the segment with a mark, and returns once it is safe on the disk.
    fn finish(mut self, dir: &RunDir, mark: impl FnOnce(u64) -> Mark) -> Result<(), RecoveryError> {
        let mut bytes = Vec::new();
        mark(self.events).append(&mut bytes);
        let outcome = self.file.write_all(&bytes).and_then(|()| self.file.flush());
        let outcome = outcome.and_then(|()| self.file.get_ref().sync_all());
        outcome.map_err(|source| RecoveryError::Write { path: self.path, source })?;
        let path = dir.index(self.number);
        let written = fs::write(&path, &self.index);
        written.map_err(|source| RecoveryError::Write { path, source })
    }
}
