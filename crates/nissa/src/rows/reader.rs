//! Reads rows from a file, a pipe or memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use leyline::Incoming;
use leyline::validate::MAX_ROW_BYTES;
use leyline::wire::RowDecoder;

use super::RowError;

/// Reads a source of rows once, to its end. Any bytes become events or rejections; memory stays within one row.
///
/// Empty lines are skipped, also those of files with CRLF. A row longer than the limit is rejected without being kept. A last
/// line without a line feed is a row like any other.
#[derive(Debug)]
pub struct RowReader<R> {
    source: R,
    decoder: RowDecoder,
    /// The row being read, as far as it was there; one byte more than allowed is enough to know that it is too long.
    line: Vec<u8>,
    bytes_read: u64,
    /// Where the row begins that is read next, or being read.
    row_start: u64,
    failed: bool,
}

/// Where a reader stands: before a row.
#[derive(Debug, Clone)]
pub(crate) struct RowPosition {
    /// Bytes of the source before the row.
    pub(crate) offset: u64,
    /// What the rows before have told.
    decoder: RowDecoder,
}

impl RowReader<BufReader<File>> {
    /// Opens a file; version 0 rows take the name of their run from the name of the file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, RowError> {
        let file =
            File::open(path).map_err(|source| RowError::Open { path: path.to_owned(), source })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Self::new(BufReader::new(file), &name))
    }
}

impl<R: BufRead> RowReader<R> {
    /// Reads rows from a source; `run_name` names the runs of version 0 rows.
    pub fn new(source: R, run_name: &str) -> Self {
        let decoder = RowDecoder::new(run_name);
        let (bytes_read, row_start) = (0, 0);
        Self { source, decoder, line: Vec::new(), bytes_read, row_start, failed: false }
    }

    /// Goes on from a position with a source that stands there.
    pub(crate) fn resume(source: R, position: &RowPosition) -> Self {
        let RowPosition { offset, decoder } = position.clone();
        let (bytes_read, row_start) = (offset, offset);
        Self { source, decoder, line: Vec::new(), bytes_read, row_start, failed: false }
    }

    /// Returns where the next row begins, and what is known there.
    pub(crate) fn position(&self) -> RowPosition {
        RowPosition { offset: self.row_start, decoder: self.decoder.clone() }
    }

    /// Returns the next row; `None` at the end of the source.
    ///
    /// # Errors
    ///
    /// Returns an error if the source cannot be read. Nothing is lost by it: another call goes on where this one stopped.
    pub fn read(&mut self) -> Result<Option<Incoming>, RowError> {
        loop {
            let ended = self.read_line()?;
            self.row_start = self.bytes_read;
            if self.line.is_empty() || self.line == b"\r" {
                self.line.clear();
                if ended {
                    return Ok(None);
                }
                continue;
            }
            let incoming = self.decoder.decode(&self.line);
            self.line.clear();
            return Ok(Some(incoming));
        }
    }

    /// Like [`Self::read`] for a file that is being written: a last line without a line feed is not there yet. `None` says
    /// that there is nothing more yet; another call looks again.
    ///
    /// # Errors
    ///
    /// As for [`Self::read`].
    pub fn read_complete(&mut self) -> Result<Option<Incoming>, RowError> {
        loop {
            if self.read_line()? {
                return Ok(None);
            }
            self.row_start = self.bytes_read;
            if self.line.is_empty() || self.line == b"\r" {
                self.line.clear();
                continue;
            }
            let incoming = self.decoder.decode(&self.line);
            self.line.clear();
            return Ok(Some(incoming));
        }
    }

    /// Returns the bytes read so far, as a measure of progress.
    pub const fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Completes `line`; returns whether the source ended.
    fn read_line(&mut self) -> Result<bool, RowError> {
        loop {
            let chunk = match self.source.fill_buf() {
                Ok([]) => return Ok(true),
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(RowError::Read { offset: self.bytes_read, source }),
            };
            let feed = chunk.iter().position(|&byte| byte == b'\n');
            let used = feed.map_or(chunk.len(), |at| at + 1);
            let text = &chunk[..feed.unwrap_or(chunk.len())];
            let room = (MAX_ROW_BYTES + 1).saturating_sub(self.line.len());
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            self.source.consume(used);
            self.bytes_read += used as u64;
            if feed.is_some() {
                return Ok(false);
            }
        }
    }
}

impl<R: BufRead> Iterator for RowReader<R> {
    type Item = Result<Incoming, RowError>;

    /// Returns the next row; ends after the first failure of the source.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let read = self.read();
        self.failed = read.is_err();
        read.transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn an_endless_line_is_rejected_without_being_kept() {
        let endless = io::repeat(b'x').take(64 << 20);
        let mut rows = RowReader::new(BufReader::new(endless), "run");
        let Ok(Some(Incoming::Rejected(rejection))) = rows.read() else { panic!("a rejection") };
        assert_eq!(rejection.reason, leyline::Reason::TooLong);
        assert_eq!(rows.bytes_read(), 64 << 20);
        assert!(rows.line.capacity() <= 2 * (MAX_ROW_BYTES + 1), "{}", rows.line.capacity());
        assert!(matches!(rows.read(), Ok(None)));
    }
}
