//! What can go wrong with writing a log.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use leyline::wire::EncodeError;
use thiserror::Error;

use crate::manifest::ManifestError;

/// Why a log cannot be written, or not be made safe.
#[derive(Debug, Error)]
pub enum LogError {
    /// The manifest cannot be written; without one there is no log.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The thread that syncs cannot be started.
    #[error("cannot start thread log-sync")]
    Thread(#[source] io::Error),
    /// A segment cannot be made.
    #[error("cannot create log segment: {why}: {}", path.display())]
    Create {
        /// The segment.
        path: PathBuf,
        /// Why not.
        why: io::Error,
    },
    /// A segment takes no more bytes; the log goes on in a new one.
    #[error("cannot write to log at byte {offset}: {why}: {}", path.display())]
    Write {
        /// The segment.
        path: PathBuf,
        /// Bytes that it holds.
        offset: u64,
        /// Why not.
        why: io::Error,
    },
    /// What was written since the last sync may not survive a power cut; the log goes on in a new segment.
    #[error("cannot sync log: {why}: {}", path.display())]
    Sync {
        /// The segment, or the directory.
        path: PathBuf,
        /// Why not.
        why: io::Error,
    },
    /// Somebody removed the segment; what was written to it is gone.
    #[error("log was removed while it was written: {}", path.display())]
    Removed {
        /// The segment.
        path: PathBuf,
    },
    /// Syncing takes so long that a segment was closed before its turn came.
    #[error("log segment was closed before it was synced: {}", path.display())]
    Unsynced {
        /// The segment.
        path: PathBuf,
    },
    /// The thread that syncs is gone.
    #[error("thread log-sync is gone")]
    NoThread,
    /// There is no segment to write to, and it is not yet time to try another one.
    #[error("log is down: {0}")]
    Down(Arc<Self>),
    /// The event cannot be a frame.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}
