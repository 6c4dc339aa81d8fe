//! What a run directory says about its run at a glance: manifest, the first events, the last ones. Never the whole log.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use leyline::{FinishReason, Timestamp};
use nissa::manifest::{Manifest, ManifestError};
use nissa::recording::{Read, Recording, RecordingError, Seek};
use nissa::{RunDir, RunDirError};

use super::rows;
use super::seen::Seen;
use super::tail;
use crate::headless::source::unopened;

/// Bytes at the start of a log in which the start of the run is looked for.
const FIRST_BYTES: u64 = 256 * 1024;
/// Bytes at the end of a log in which the last batch is looked for: first these, then, if there was none, those.
const LAST_BYTES: [u64; 2] = [256 * 1024, 4 * 1024 * 1024];
/// How much further than that reading goes: a log grows, and its index can be old.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// Whether a process writes to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::headless) enum Lock {
    /// One does.
    Held,
    /// None does.
    Free,
    /// Nothing tells: an older run without a manifest, a file system without locks, a manifest that may not be opened.
    Unknown,
}

/// How a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::headless) enum State {
    /// It is being written, or answers at its socket.
    Live,
    /// Its log was closed, for a reason where one was given.
    Finished(Option<FinishReason>),
    /// It has no end, and nobody writes it any more.
    Died,
    /// It has no end, and nothing tells whether it is being written.
    Unknown,
    /// It cannot be read.
    Unreadable,
}

impl State {
    /// Returns the word for people: the reason where there is one.
    pub(in crate::headless) const fn word(self) -> Option<&'static str> {
        match self {
            Self::Live => Some("live"),
            Self::Finished(Some(FinishReason::Completed)) => Some("completed"),
            Self::Finished(Some(FinishReason::Stopped)) => Some("stopped"),
            Self::Finished(Some(FinishReason::Failed)) => Some("failed"),
            Self::Finished(None) => Some("finished"),
            Self::Died => Some("died"),
            Self::Unknown => None,
            Self::Unreadable => Some("unreadable"),
        }
    }

    /// Returns the word for scripts, of a list that does not grow with the reasons.
    pub(in crate::headless) const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Live => Some("live"),
            Self::Finished(_) => Some("finished"),
            Self::Died => Some("died"),
            Self::Unknown => None,
            Self::Unreadable => Some("unreadable"),
        }
    }

    /// Returns why the run ended.
    pub(in crate::headless) const fn reason(self) -> Option<FinishReason> {
        match self {
            Self::Finished(reason) => reason,
            Self::Live | Self::Died | Self::Unknown | Self::Unreadable => None,
        }
    }
}

/// A run directory at a glance. What could not be found out cheaply is absent.
#[derive(Debug)]
pub(in crate::headless) struct Glance {
    pub(in crate::headless) state: State,
    pub(in crate::headless) lock: Lock,
    /// The manifest, if there is one; an error if it cannot be read.
    pub(in crate::headless) manifest: Option<Result<Manifest, ManifestError>>,
    pub(in crate::headless) seen: Seen,
    /// Whether the last event that is there was read.
    pub(in crate::headless) has_end: bool,
    /// Whether every event was read.
    pub(in crate::headless) is_whole: bool,
    /// Places found damaged in what was read.
    pub(in crate::headless) damaged_places: usize,
    /// Why the run cannot be read.
    pub(in crate::headless) problem: Option<String>,
    /// When its files were written last.
    pub(in crate::headless) written: Option<Timestamp>,
}

impl Glance {
    /// Looks at a directory that is a run.
    pub(in crate::headless) fn at(dir: &RunDir) -> Self {
        let mut glance = Self {
            state: State::Unreadable,
            lock: Lock::Unknown,
            manifest: None,
            seen: Seen::default(),
            has_end: false,
            is_whole: false,
            damaged_places: 0,
            problem: strange(dir),
            written: None,
        };
        if glance.problem.is_some() {
            return glance;
        }
        // Before the first look at the log, so that an end written in between is not taken for a death.
        glance.lock = lock(dir);
        if dir.manifest().is_file() {
            glance.manifest = Some(Manifest::read(&dir.manifest()));
        }
        let segments = dir.segments().unwrap_or_default();
        glance.written = written(dir, &segments);
        let outcome = match segments.last() {
            None if dir.events().is_file() => glance.read_rows(dir),
            Some(_) | None => glance.read_log(dir),
        };
        glance.problem = outcome.err();
        glance.state = glance.judge(dir, segments.last().copied());
        glance
    }

    fn judge(&self, dir: &RunDir, last: Option<u32>) -> State {
        let is_closed = || last.is_some_and(|last| tail::is_closed(&dir.segment(last)));
        match (self.lock, self.seen.reason()) {
            _ if self.problem.is_some() => State::Unreadable,
            (Lock::Held, _) => State::Live,
            (Lock::Free | Lock::Unknown, Some(reason)) => State::Finished(Some(reason)),
            (Lock::Free | Lock::Unknown, None) if is_closed() => State::Finished(None),
            (Lock::Free, None) => State::Died,
            (Lock::Unknown, None) => State::Unknown,
        }
    }

    fn read_rows(&mut self, dir: &RunDir) -> Result<(), String> {
        let read = rows::read(&dir.events(), &name(dir.path()), &mut self.seen);
        let rows::Extent { is_whole, has_end } =
            read.map_err(|error| format!("cannot read run: {error}: {}", dir.events().display()))?;
        (self.is_whole, self.has_end) = (is_whole, has_end);
        Ok(())
    }

    fn read_log(&mut self, dir: &RunDir) -> Result<(), String> {
        let opened = Recording::open(dir.path());
        let mut recording = opened.map_err(|error| unopened(&error).to_string())?;
        let outcome = self.read_both_ends(dir, &mut recording);
        self.damaged_places = recording.damage().len();
        self.is_whole &= self.damaged_places == 0;
        outcome.map_err(|error| error.to_string())
    }

    fn read_both_ends(&mut self, dir: &RunDir, log: &mut Recording) -> Result<(), RecordingError> {
        self.read_on(log, FIRST_BYTES)?;
        let mut is_whole = true;
        for bytes in LAST_BYTES {
            if self.has_end && self.seen.batch.is_some() {
                break;
            }
            let rest = log.total_bytes().unwrap_or(u64::MAX).saturating_sub(log.bytes_read());
            match tail::first_seq(dir, bytes) {
                Some(seq) if !is_whole || self.seen.last_seq.is_none_or(|last| last < seq) => {
                    log.seek(Seek::Seq(seq))?;
                    is_whole = false;
                    self.has_end = false;
                    self.seen.jump();
                }
                // The end is close, or nothing leads there.
                Some(_) => {}
                None if is_whole && rest <= MOST_BYTES => {}
                None => break,
            }
            if !self.has_end {
                self.read_on(log, bytes.saturating_add(MOST_BYTES))?;
            }
        }
        if !self.has_end {
            // These are of the middle of the run.
            self.seen.jump();
        }
        self.is_whole = is_whole && self.has_end;
        Ok(())
    }

    /// Reads so many bytes, or to the end of what is there.
    fn read_on(&mut self, log: &mut Recording, bytes: u64) -> Result<(), RecordingError> {
        let limit = log.bytes_read().saturating_add(bytes);
        while log.bytes_read() < limit {
            match log.read()? {
                Read::Event(event) => self.seen.take(&event),
                Read::Pending | Read::End => {
                    self.has_end = true;
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Returns the name of a directory, for rows that name no run.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Says what in a run directory is not the file that it should be: opening a pipe would wait for ever.
fn strange(dir: &RunDir) -> Option<String> {
    let segments = match dir.segments() {
        Ok(segments) => segments,
        Err(error) => return Some(with_cause(&error)),
    };
    let logs = segments.iter().flat_map(|&number| [dir.segment(number), dir.index(number)]);
    logs.chain([dir.manifest(), dir.events()]).find_map(|path| match fs::metadata(&path) {
        Ok(about) if about.is_file() => None,
        Ok(_) => Some(format!("not a file: {}", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => None,
        Err(error) => Some(format!("cannot read run: {error}: {}", path.display())),
    })
}

fn with_cause(error: &RunDirError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn lock(dir: &RunDir) -> Lock {
    let Ok(file) = File::open(dir.manifest()) else { return Lock::Unknown };
    match file.try_lock_shared() {
        Ok(()) => Lock::Free,
        Err(TryLockError::WouldBlock) => Lock::Held,
        Err(TryLockError::Error(_)) => Lock::Unknown,
    }
}

/// Returns when the last file of events was written, else the manifest.
fn written(dir: &RunDir, segments: &[u32]) -> Option<Timestamp> {
    let last = segments.last().map(|&number| dir.segment(number));
    let mut files = last.into_iter().chain([dir.events(), dir.manifest()]);
    let about = files.find_map(|path| fs::metadata(path).ok())?;
    let since = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Timestamp::from_micros)
}
