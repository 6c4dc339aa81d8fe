//! A run that is read back, whatever it was written as: a directory with a log, a directory or file with rows, a pipe.

use std::fmt;
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use leyline::wire::FRAME_FORMAT;
use leyline::{Incoming, RunNs};
use serde::Serialize;
use thiserror::Error;

use crate::manifest::Manifest;
use crate::rows::RowError;
use crate::run_dir::{RunDir, RunDirError};

mod log;
mod rows;

use log::Log;
use rows::Rows;

/// What a call of [`Recording::read`] found.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// The next event, or what came in place of one.
    Event(Incoming),
    /// The run is being written, and nothing more of it is there yet; another call looks again.
    Pending,
    /// There is nothing more, and never will be.
    End,
}

/// Where to go on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seek {
    /// The first event with this number or a later one.
    Seq(u64),
    /// The first event at this time of the run or later.
    MonoNs(RunNs),
}

/// Where reading stands, exactly: what [`Recording::go`] goes back to, in this recording or in another one of the same
/// run. The next call of [`Recording::read`] finds there what it found the first time.
#[derive(Debug, Clone)]
pub struct Position(Stand);

#[derive(Debug, Clone)]
enum Stand {
    Log(log::Position),
    Rows(rows::Position),
}

/// Why nothing can be read from a path.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Nothing is there.
    #[error("no such run: {}", path.display())]
    NotFound {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// It is a directory without events.
    #[error("not a run directory (no events in it): {}", path.display())]
    NotARun {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// It is a part of a log, which is read as a whole.
    #[error("this is one segment of a log, name its directory instead: {}", path.display())]
    Segment {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// It was written by a later version.
    #[error("cannot read run: log format {found} is newer than {FRAME_FORMAT}, the newest that this build reads: {}", path.display())]
    Format {
        /// The format that was found.
        found: u16,
        /// The segment.
        path: PathBuf,
    },
    /// It could not be looked into.
    #[error("cannot read run: {source}: {}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl OpenError {
    fn of(path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            Self::NotFound { path: path.to_owned() }
        } else {
            Self::Read { path: path.to_owned(), source }
        }
    }
}

/// Why reading cannot go on. Damage is none: it is stepped over and listed.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// Rows could not be read.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// A file of the log could not be read.
    #[error("cannot read log after {offset} bytes: {source}: {}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// Why not.
        source: io::Error,
    },
    /// A segment that came up while the run was followed is of a later format.
    #[error("cannot read run: log format {found} is newer than {FRAME_FORMAT}, the newest that this build reads: {}", path.display())]
    Format {
        /// The format that was found.
        found: u16,
        /// The segment.
        path: PathBuf,
    },
    /// The place to go on from was read already, and a pipe cannot be read twice.
    #[error("cannot go back in a pipe")]
    Backward,
    /// The position is that of a recording of another kind.
    #[error("the position belongs to another run")]
    Elsewhere,
}

/// A part of a log that could not be read, or is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// Number of the segment, from its name.
    pub segment: u32,
    /// Where it begins in the segment (bytes).
    pub offset: u64,
    /// How much of the file it covers (bytes); 0 where a whole segment is missing.
    pub bytes: u64,
    /// What it looks like.
    pub kind: DamageKind,
    /// What went with it.
    pub events: Lost,
}

/// What damage looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DamageKind {
    /// The header of a segment; its frames are read if another place says what they mean.
    Header,
    /// The end of a segment was never written, or never reached the disk.
    Torn,
    /// Bytes that are no frame.
    Corrupt,
    /// A segment between others is not there.
    MissingSegment,
    /// A segment of another run.
    Foreign,
}

impl DamageKind {
    /// Returns the word for it, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Torn => "torn",
            Self::Corrupt => "corrupt",
            Self::MissingSegment => "missing_segment",
            Self::Foreign => "foreign",
        }
    }
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many events were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// So many.
    Exactly(u64),
    /// More cannot be known.
    Between {
        /// At least so many.
        least: u64,
        /// At most so many, if there is a limit.
        most: Option<u64>,
    },
}

impl Lost {
    /// Returns the smallest and the largest number that it can be.
    pub const fn bounds(self) -> (u64, Option<u64>) {
        match self {
            Self::Exactly(events) => (events, Some(events)),
            Self::Between { least, most } => (least, most),
        }
    }

    /// Returns what is known between two bounds.
    pub const fn within(least: u64, most: Option<u64>) -> Self {
        match most {
            Some(most) if most <= least => Self::Exactly(most),
            Some(_) | None => Self::Between { least, most },
        }
    }
}

/// Reads the events of a run in order. Memory stays the same however long the run is.
#[derive(Debug)]
pub struct Recording {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Log(Box<Log>),
    Rows(Box<Rows>),
}

impl Recording {
    /// Opens a run directory, or a file of rows.
    ///
    /// In a directory the log is read if there is one, else `events.jsonl`.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let about = fs::metadata(path).map_err(|source| OpenError::of(path, source))?;
        let source = if about.is_dir() {
            let dir = directory(path)?;
            if dir.segments().is_ok_and(|segments| segments.is_empty()) && dir.events().is_file() {
                Source::Rows(Box::new(Rows::in_directory(dir)?))
            } else if dir.manifest().is_file()
                || dir.segments().is_ok_and(|found| !found.is_empty())
            {
                Source::Log(Box::new(Log::open(dir)?))
            } else {
                return Err(OpenError::NotARun { path: path.to_owned() });
            }
        } else if path.extension().is_some_and(|end| end == "slog") {
            return Err(OpenError::Segment { path: path.to_owned() });
        } else {
            Source::Rows(Box::new(Rows::in_file(path)?))
        };
        Ok(Self { source })
    }

    /// Reads rows from a pipe; `name` names the runs of version 0 rows.
    pub fn from_rows(source: Box<dyn BufRead + Send>, name: &str) -> Self {
        Self { source: Source::Rows(Box::new(Rows::new(source, name))) }
    }

    /// Reads on.
    ///
    /// # Errors
    ///
    /// See [`RecordingError`]; another call goes on where this one stopped.
    pub fn read(&mut self) -> Result<Read, RecordingError> {
        match &mut self.source {
            Source::Log(log) => log.read(),
            Source::Rows(rows) => rows.read(),
        }
    }

    /// Makes the next event read the first one that is not before a place, forwards or backwards.
    ///
    /// What cannot say where it belongs is skipped until then. If no such event is there yet, the next one read of a live
    /// run is the first that comes.
    ///
    /// # Errors
    ///
    /// See [`RecordingError`].
    pub fn seek(&mut self, to: Seek) -> Result<(), RecordingError> {
        match &mut self.source {
            Source::Log(log) => log.seek(to),
            Source::Rows(rows) => rows.seek(to),
        }
    }

    /// Returns where reading stands.
    pub fn position(&self) -> Position {
        Position(match &self.source {
            Source::Log(log) => Stand::Log(log.position()),
            Source::Rows(rows) => Stand::Rows(rows.position()),
        })
    }

    /// Goes on from where reading stood before.
    ///
    /// # Errors
    ///
    /// See [`RecordingError`].
    pub fn go(&mut self, to: &Position) -> Result<(), RecordingError> {
        match (&mut self.source, &to.0) {
            (Source::Log(log), Stand::Log(position)) => log.go(position),
            (Source::Rows(rows), Stand::Rows(position)) => rows.go(position),
            (Source::Log(_), Stand::Rows(_)) | (Source::Rows(_), Stand::Log(_)) => {
                Err(RecordingError::Elsewhere)
            }
        }
    }

    /// Returns the number of the last event that is there now, without reading the rest; `None` where only reading can tell.
    ///
    /// # Errors
    ///
    /// See [`RecordingError`].
    pub fn last_seq(&mut self) -> Result<Option<u64>, RecordingError> {
        match &mut self.source {
            Source::Log(log) => log.last_seq(),
            Source::Rows(_) => Ok(None),
        }
    }

    /// Returns whether everything in it belongs to one run: true for directories, unknown and so false for rows alone.
    pub const fn is_single_run(&self) -> bool {
        match &self.source {
            Source::Log(_) => true,
            Source::Rows(rows) => rows.is_single_run(),
        }
    }

    /// Returns whether the run is being written, as its lock says; never true for rows alone.
    pub fn is_live(&self) -> bool {
        match &self.source {
            Source::Log(log) => log.is_live(),
            Source::Rows(rows) => rows.is_live(),
        }
    }

    /// Returns the damage met so far, by place. What an entry says about lost events can become more exact later.
    pub fn damage(&self) -> &[Damage] {
        match &self.source {
            Source::Log(log) => log.damage(),
            Source::Rows(_) => &[],
        }
    }

    /// Returns the manifest; `None` if there is none, or none that can be read.
    pub fn manifest(&self) -> Option<&Manifest> {
        match &self.source {
            Source::Log(log) => log.manifest(),
            Source::Rows(_) => None,
        }
    }

    /// Returns how far reading has come, in bytes of [`Self::total_bytes`].
    pub fn bytes_read(&self) -> u64 {
        match &self.source {
            Source::Log(log) => log.bytes_read(),
            Source::Rows(rows) => rows.bytes_read(),
        }
    }

    /// Returns how many bytes there are to read; `None` for a pipe. It grows with a live run.
    pub fn total_bytes(&self) -> Option<u64> {
        match &self.source {
            Source::Log(log) => Some(log.total_bytes()),
            Source::Rows(rows) => rows.total_bytes(),
        }
    }
}

fn directory(path: &Path) -> Result<RunDir, OpenError> {
    RunDir::open(path).map_err(|error| match error {
        RunDirError::NotFound { path } => OpenError::NotFound { path },
        RunDirError::Create { path, source } | RunDirError::Read { path, source } => {
            OpenError::Read { path, source }
        }
        RunDirError::NotARun { path } | RunDirError::NoName { path, .. } => {
            OpenError::NotARun { path }
        }
    })
}

/// Returns what an input says about its place, as far as it says anything.
fn place(incoming: &Incoming) -> (Option<u64>, Option<RunNs>) {
    match incoming {
        Incoming::Known(event) => (Some(event.seq), Some(event.mono_ns)),
        Incoming::Unknown(event) => (Some(event.seq), Some(event.mono_ns)),
        Incoming::Rejected(rejection) => (rejection.seq, None),
    }
}

impl Seek {
    /// Returns whether something with this place is not before the one sought.
    fn is_reached(self, (seq, mono_ns): (Option<u64>, Option<RunNs>)) -> bool {
        match self {
            Self::Seq(wanted) => seq.is_some_and(|seq| wanted <= seq),
            Self::MonoNs(wanted) => mono_ns.is_some_and(|mono_ns| wanted <= mono_ns),
        }
    }
}
