//! Writes rows to a file.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use leyline::{Envelope, Lane, RunNs, wire};
use simic_emitter::{LaneCount, Sink, SinkError};

use super::RowError;

/// Rows are written out when this much is buffered, if the queue has not run empty before (bytes).
const WRITE_OUT: usize = 64 * 1024;

/// Something that rows can be written to and made safe on.
pub trait Medium: Write + Send + 'static {
    /// Returns once everything written is safe.
    ///
    /// # Errors
    ///
    /// Returns an error if that cannot be promised.
    fn sync(&mut self) -> Result<(), RowError>;
}

impl Medium for File {
    fn sync(&mut self) -> Result<(), RowError> {
        let about = self.metadata().map_err(RowError::Sync)?;
        if !about.is_file() {
            // Pipes and devices keep nothing, so there is nothing to make safe.
            return Ok(());
        }
        self.sync_data().map_err(RowError::Sync)?;
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::nlink(&about) == 0 {
            return Err(RowError::Removed);
        }
        Ok(())
    }
}

/// Writes each event as a row; buffers while events come thick and fast, and writes out when they do not.
///
/// A row counts as delivered when the operating system has taken all of it, and as safe after a flush. When a write fails,
/// what was buffered and not written is lost and counted; the next rows are tried again, after a line feed if the failed
/// write stopped in the middle of a row, so that a torn row never spoils the one after it.
#[derive(Debug)]
pub struct RowSink<M = File> {
    medium: M,
    buffer: String,
    /// Where each buffered row ends, its line feed included, and its lane.
    rows: Vec<(usize, Lane)>,
    held: LaneCount,
    /// Whether the last thing written was not a line feed.
    torn: bool,
    written: u64,
}

impl RowSink {
    /// Creates the file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file exists or cannot be created.
    pub fn create(path: &Path) -> Result<Self, RowError> {
        let file = File::create_new(path);
        file.map(Self::new).map_err(|source| RowError::Create { path: path.to_owned(), source })
    }
}

impl<M: Medium> RowSink<M> {
    /// Writes to something that is open already, whose last byte, if there is one, is a line feed.
    pub const fn new(medium: M) -> Self {
        Self {
            medium,
            buffer: String::new(),
            rows: Vec::new(),
            held: LaneCount::ZERO,
            torn: false,
            written: 0,
        }
    }

    /// Writes out what is buffered. On failure returns the rows that are lost, by lane; the buffer is empty afterwards.
    fn write_out(&mut self) -> Result<(), (LaneCount, RowError)> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let offset = self.written;
        let outcome = if self.torn { self.write_bytes(b"\n") } else { Ok(()) };
        let (taken, outcome) = match outcome {
            Ok(()) => {
                self.torn = false;
                let buffer = std::mem::take(&mut self.buffer);
                let before = self.written;
                let outcome = self.write_bytes(buffer.as_bytes());
                self.buffer = buffer;
                ((self.written - before) as usize, outcome)
            }
            Err(error) => (0, Err(error)),
        };
        if 0 < taken {
            self.torn = !self.rows.iter().any(|&(end, _)| end == taken);
        }
        // A row of which only the line feed is missing is in the file; the feed comes with the next write.
        let lost = self.rows.iter().filter(|&&(end, _)| taken + 1 < end);
        let lost = lost.fold(LaneCount::ZERO, |sum, &(_, lane)| sum.plus(LaneCount::one(lane)));
        self.buffer.clear();
        self.rows.clear();
        self.held = LaneCount::ZERO;
        match outcome {
            Err(source) if lost != LaneCount::ZERO => {
                Err((lost, RowError::Write { offset, source }))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn write_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.medium.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written += count as u64;
                    rest = rest.get(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<M: Medium> Sink for RowSink<M> {
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError> {
        let lane = envelope.event.kind().lane();
        wire::encode_row(envelope, &mut self.buffer);
        self.buffer.push('\n');
        self.rows.push((self.buffer.len(), lane));
        self.held = self.held.plus(LaneCount::one(lane));
        if self.buffer.len() < WRITE_OUT {
            return Ok(());
        }
        // The event at hand is the last row, so it is among the lost ones if there are any; the hub counts it itself.
        self.write_out().map_err(|(lost, error)| {
            SinkError::new(error).with_lost(lost.minus(LaneCount::one(lane)))
        })
    }

    fn idle(&mut self, _: RunNs) -> Result<(), SinkError> {
        self.write_out().map_err(|(lost, error)| SinkError::new(error).with_lost(lost))
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.write_out().map_err(|(lost, error)| SinkError::new(error).with_lost(lost))?;
        self.medium.sync().map_err(SinkError::new)
    }

    fn held(&self) -> LaneCount {
        self.held
    }
}
