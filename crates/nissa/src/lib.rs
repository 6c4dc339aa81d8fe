//! The way out and in: run directories, JSON rows, the in-process channel.
//!
//! | module | holds |
//! |---|---|
//! | [`run_dir`] | the directory that a run writes, and how one is recognised |
//! | [`manifest`] | what it says about its run before the first event |
//! | [`recording`] | a run that is read back, whatever it was written as |
//! | [`log`] | the event log: the sink that writes it, segments and frames, recovery |
//! | [`rows`] | JSON rows: a sink that writes them, a reader for any source of them |
//! | [`channel`](mod@channel) | a sink for a viewer in the same process |
//! | `socket` | a sink for viewers in other processes, and their side (on Unix) |
//!
//! ```
//! use leyline::Incoming;
//! use nissa::rows::RowReader;
//!
//! let rows = &b"{\"v\":1,\"run_id\":\"r\",\"seq\":0,\"ts\":\"2026-11-21T12:00:00.000000Z\",\"mono_ns\":7,\
//!     \"event_type\":\"HEARTBEAT\",\"data\":{\"phase\":\"updating\"}}\n\nnot a row\n"[..];
//! let read: Vec<_> = RowReader::new(rows, "r").map(|row| row.expect("memory can be read")).collect();
//! assert!(matches!(read[..], [Incoming::Known(_), Incoming::Rejected(_)]));
//! ```

pub mod channel;
pub mod log;
pub mod manifest;
pub mod recording;
pub mod rows;
pub mod run_dir;
#[cfg(unix)]
pub mod socket;

pub use channel::{ChannelSink, channel};
pub use manifest::{Manifest, ManifestError};
pub use recording::{
    Damage, DamageKind, Lost, OpenError, Position, Read, Recording, RecordingError, Seek,
};
pub use rows::{RowReader, RowSink};
pub use run_dir::{RunDir, RunDirError};
