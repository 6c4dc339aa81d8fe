//! JSON rows, the exchange format: one event, one line.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

mod reader;
mod sink;

pub(crate) use reader::RowPosition;
pub use reader::RowReader;
pub use sink::{Medium, RowSink};

/// Why rows could not be written or read.
#[derive(Debug, Error)]
pub enum RowError {
    /// The file for the rows could not be made; one that exists is never written again.
    #[error("cannot create row file: {source}: {}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file could not be opened for reading.
    #[error("cannot open row file: {source}: {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The source failed in the middle.
    #[error("cannot read rows after {offset} bytes: {source}")]
    Read {
        /// Bytes read before.
        offset: u64,
        /// Why not.
        source: io::Error,
    },
    /// Rows could not be written.
    #[error("cannot write rows after {offset} bytes: {source}")]
    Write {
        /// Bytes written before.
        offset: u64,
        /// Why not.
        source: io::Error,
    },
    /// The rows are written, but nobody can promise that they survive a power cut.
    #[error("cannot sync rows: {0}")]
    Sync(#[source] io::Error),
    /// The file was removed while it was being written: the rows are in it, and nobody will ever find it.
    #[error("cannot keep rows: the file was removed")]
    Removed,
}
