//! The runs below a root, with what decides whether they may go.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use leyline::wire::RowDecoder;
use leyline::{Event, Incoming, Timestamp};
use nissa::RunDir;
use nissa::log::frame::{HEAD_BYTES, Look, Mark, look};
use nissa::manifest::{Manifest, ManifestError};

use crate::headless::failure::Failure;

/// How long nothing must have been written to a run without an end before it counts as dead (seconds): some file systems
/// have no locks, and rows never had one.
pub(super) const SILENCE_SECONDS: u64 = 86_400;
/// Bytes of a mark with the head of its frame.
const MARK_BYTES: u64 = HEAD_BYTES as u64 + 10;
/// Bytes at the end of a file of rows in which the last row is looked for.
const LAST_ROWS: u64 = 1 << 16;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Its writer closed it.
    Finished,
    /// It has no end, and nobody writes it any more.
    Died,
    /// Somebody writes it, or may.
    Live,
}

/// A run below the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) state: State,
    /// All its files.
    pub(super) bytes: u64,
    /// Time since the last of them was written; 0 if that lies in the future.
    pub(super) age_seconds: u64,
}

/// What is below a root.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Those written last first.
    pub(super) runs: Vec<Found>,
    /// Runs that are not even looked at, and why.
    pub(super) left_alone: Vec<(String, &'static str)>,
}

/// Looks through a runs root. What is no run is passed over in silence.
///
/// # Errors
///
/// [`Failure::NotFound`] if there is no such directory, or if it is itself a run.
pub(super) fn scan(root: &Path, now: Timestamp) -> Result<Scan, Failure> {
    if is_run(root) {
        return Err(Failure::NotFound(format!(
            "this is a run, name the directory around it: {}",
            root.display()
        )));
    }
    let unreadable = |error: std::io::Error| {
        Failure::NotFound(format!("cannot read runs root: {error}: {}", root.display()))
    };
    let mut scan = Scan::default();
    for entry in fs::read_dir(root).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // The type of the entry itself, not of what a link leads to.
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
            continue;
        };
        let path = entry.path();
        if kind.is_symlink() && is_run(&path) {
            // What it leads to is not below the root.
            scan.left_alone.push((name, "not a directory but a link"));
        } else if kind.is_dir() && is_run(&path) && holds_run(&path) {
            scan.left_alone.push((name, "another run is inside of it"));
        } else if kind.is_dir() && is_run(&path) {
            scan.runs.push(examine(&path, name, now));
        }
    }
    scan.left_alone.sort_unstable();
    scan.runs.sort_by(|a, b| (a.age_seconds, &a.name).cmp(&(b.age_seconds, &b.name)));
    Ok(scan)
}

/// Returns whether somewhere inside of a directory is a run: one that was made the root of others, which may be live.
pub(super) fn holds_run(path: &Path) -> bool {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let inside = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    inside.map(|entry| entry.path()).any(|path| is_run(&path) || holds_run(&path))
}

/// Returns whether a process writes to the run.
pub(super) fn is_live(path: &Path) -> bool {
    RunDir::open(path).is_ok_and(|dir| dir.is_live())
}

/// Returns whether a directory is certainly a run. Stricter than opening one: many projects have a directory `checkpoints`, and
/// websites a `manifest.json`.
fn is_run(path: &Path) -> bool {
    let Ok(dir) = RunDir::open(path) else { return false };
    dir.segments().is_ok_and(|segments| !segments.is_empty())
        || (dir.events().is_file() && dir.checkpoints().is_dir())
        || matches!(Manifest::read(&dir.manifest()), Ok(_) | Err(ManifestError::Newer { .. }))
}

fn examine(path: &Path, name: String, now: Timestamp) -> Found {
    let (bytes, written) = weigh(path);
    let age_seconds = written.map_or(0, |written| {
        let micros = now.as_micros().saturating_sub(written);
        u64::try_from(micros / 1_000_000).unwrap_or(0)
    });
    let state = match RunDir::open(path) {
        Ok(dir) if dir.is_live() => State::Live,
        Ok(dir) if has_end(&dir) => State::Finished,
        Ok(_) if SILENCE_SECONDS <= age_seconds => State::Died,
        Ok(_) | Err(_) => State::Live,
    };
    Found { name, state, bytes, age_seconds }
}

/// Returns the bytes of all files in a directory and the time in microseconds at which the last of them was written. Links
/// are not followed, and say nothing.
fn weigh(path: &Path) -> (u64, Option<i64>) {
    let Ok(about) = fs::symlink_metadata(path) else { return (0, None) };
    if about.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        return entries
            .map(|entry| weigh(&entry.path()))
            .fold((0, None), |(bytes, last), (more, at)| {
                (bytes.saturating_add(more), last.max(at))
            });
    }
    if !about.is_file() {
        return (0, None);
    }
    let modified = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    (about.len(), modified.and_then(|since| i64::try_from(since.as_micros()).ok()))
}

/// Returns whether the writer of a run has closed it: the end mark of its log, or the end of the run as its last row.
fn has_end(dir: &RunDir) -> bool {
    let last = dir.segments().ok().and_then(|segments| segments.last().copied());
    let Some(last) = last else {
        let tail = tail(&dir.events(), LAST_ROWS).unwrap_or_default();
        let last = tail.split(|&byte| byte == b'\n').rfind(|line| !line.is_empty());
        let last = last.map(|row| RowDecoder::new("run").decode(row));
        return matches!(last, Some(Incoming::Known(event)) if matches!(event.event, Event::TrainingFinished(_)));
    };
    let tail = tail(&dir.segment(last), MARK_BYTES).unwrap_or_default();
    let Look::Frame { payload } = look(&tail) else { return false };
    matches!(Mark::read(payload), Some(Mark::End { .. }))
}

/// Returns the last bytes of a file, all of it if it is shorter.
fn tail(path: &Path, bytes: u64) -> std::io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        // A pipe would be waited for.
        return Ok(Vec::new());
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut tail = Vec::new();
    file.take(bytes).read_to_end(&mut tail)?;
    Ok(tail)
}
