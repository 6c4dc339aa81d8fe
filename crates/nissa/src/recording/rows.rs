//! Rows as a recording: a file, the rows of a run directory, a pipe.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use leyline::RunNs;

use super::{OpenError, Read, RecordingError, Seek, place};
use crate::rows::{RowError, RowPosition, RowReader};
use crate::run_dir::RunDir;

type Reader = RowReader<Box<dyn BufRead + Send>>;

/// Bytes asked from a file at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// Where reading stands in rows.
#[derive(Debug, Clone)]
pub(super) struct Position {
    row: RowPosition,
    from: Option<Seek>,
    last: (Option<u64>, Option<RunNs>),
}

/// See the module.
pub(super) struct Rows {
    reader: Reader,
    /// Name for the runs of version 0 rows.
    name: String,
    /// The file, which can be read again from its start; `None` for a pipe.
    file: Option<PathBuf>,
    /// The directory around it, which can be live.
    dir: Option<RunDir>,
    /// Everything before it is skipped.
    from: Option<Seek>,
    /// Place of the last event read.
    last: (Option<u64>, Option<RunNs>),
}

impl Rows {
    pub(super) fn new(source: Box<dyn BufRead + Send>, name: &str) -> Self {
        Self {
            reader: RowReader::new(source, name),
            name: name.to_owned(),
            file: None,
            dir: None,
            from: None,
            last: (None, None),
        }
    }

    pub(super) fn in_file(path: &Path) -> Result<Self, OpenError> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut rows = Self::new(source(path).map_err(|error| OpenError::of(path, error))?, &name);
        let is_file = fs::metadata(path).is_ok_and(|about| about.is_file());
        rows.file = is_file.then(|| path.to_owned());
        Ok(rows)
    }

    pub(super) fn in_directory(dir: RunDir) -> Result<Self, OpenError> {
        let path = dir.events();
        let name = dir.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut rows =
            Self::new(source(&path).map_err(|error| OpenError::of(&path, error))?, &name);
        rows.file = Some(path);
        rows.dir = Some(dir);
        Ok(rows)
    }

    pub(super) fn read(&mut self) -> Result<Read, RecordingError> {
        loop {
            let complete = match &self.dir {
                Some(_) => self.reader.read_complete()?,
                None => None,
            };
            // The lock is asked before the last look, so that what was written in between is read.
            let incoming = match complete {
                Some(incoming) => incoming,
                None if self.is_live() => return Ok(Read::Pending),
                None => match self.reader.read()? {
                    Some(incoming) => incoming,
                    None => return Ok(Read::End),
                },
            };
            self.last = place(&incoming);
            if self.from.is_none_or(|from| from.is_reached(self.last)) {
                self.from = None;
                return Ok(Read::Event(incoming));
            }
        }
    }

    pub(super) fn seek(&mut self, to: Seek) -> Result<(), RecordingError> {
        match &self.file {
            Some(path) => {
                let source =
                    source(path).map_err(|source| RowError::Open { path: path.clone(), source })?;
                self.reader = RowReader::new(source, &self.name);
                self.last = (None, None);
            }
            None if to.is_reached(self.last) => return Err(RecordingError::Backward),
            None => {}
        }
        self.from = Some(to);
        Ok(())
    }

    pub(super) fn position(&self) -> Position {
        Position { row: self.reader.position(), from: self.from, last: self.last }
    }

    pub(super) fn go(&mut self, position: &Position) -> Result<(), RecordingError> {
        let offset = position.row.offset;
        if let Some(path) = &self.file {
            let source =
                source_from(path, offset).map_err(|source| RowError::Read { offset, source })?;
            self.reader = RowReader::resume(source, &position.row);
        } else if self.reader.position().offset != offset {
            return Err(RecordingError::Backward);
        }
        (self.from, self.last) = (position.from, position.last);
        Ok(())
    }

    pub(super) const fn is_single_run(&self) -> bool {
        self.dir.is_some()
    }

    pub(super) fn is_live(&self) -> bool {
        self.dir.as_ref().is_some_and(RunDir::is_live)
    }

    pub(super) const fn bytes_read(&self) -> u64 {
        self.reader.bytes_read()
    }

    pub(super) fn total_bytes(&self) -> Option<u64> {
        let about = fs::metadata(self.file.as_ref()?).ok()?;
        // Of a file that was replaced by a shorter one more may have been read than it has.
        Some(about.len().max(self.bytes_read()))
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("name", &self.name)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

fn source(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    source_from(path, 0)
}

fn source_from(path: &Path, offset: u64) -> io::Result<Box<dyn BufRead + Send>> {
    let mut file = File::open(path)?;
    if 0 < offset {
        file.seek(SeekFrom::Start(offset))?;
    }
    Ok(Box::new(BufReader::with_capacity(CHUNK_BYTES, file)))
}
