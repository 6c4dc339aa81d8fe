//! When the log is synced, which guards what was written against a power cut.

use std::fmt;
use std::str::FromStr;

use leyline::{EventKind, RunNs};
use thiserror::Error;

/// Time between two syncs, and between two looks at whether the files are still there (nanoseconds).
const INTERVAL_NS: u64 = 1_000_000_000;

/// When the log is synced without being asked to. A flush syncs under every policy.
///
/// Syncing happens beside writing and does not hold it up, and requests that come during one become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fsync {
    /// Once a second when something was written, and at once after `TRAINING_STARTED`, `CHECKPOINT_SAVED` and
    /// `TRAINING_FINISHED`.
    #[default]
    Interval,
    /// As [`Interval`](Self::Interval), and at once after each `BATCH_EPOCH_COMPLETED`.
    Batch,
    /// After every write; one write takes many events where they come thick and fast.
    Always,
    /// By a flush; else only when more than sixteen segments, a gigabyte, wait for one, so that it never has all of a long
    /// run to sync.
    Never,
}

/// What is to be done after a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// See whether the files are still there.
    Look,
    Sync,
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected interval, batch, always or never, not {text:?}")]
pub struct FsyncError {
    /// The text.
    pub text: String,
}

impl Fsync {
    /// Every policy.
    pub const ALL: [Self; 4] = [Self::Interval, Self::Batch, Self::Always, Self::Never];

    /// Returns the word that names the policy on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::Batch => "batch",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    /// Returns whether an event of this kind is written and synced at once.
    pub(crate) fn at_once(self, kind: EventKind) -> bool {
        let boundary = kind == EventKind::TrainingStarted
            || kind == EventKind::CheckpointSaved
            || kind == EventKind::TrainingFinished;
        match self {
            Self::Interval => boundary,
            Self::Batch => boundary || kind == EventKind::BatchEpochCompleted,
            // Synced anyway, and not at all.
            Self::Always | Self::Never => false,
        }
    }

    /// Returns what is due at `now` when something was written since the last request at `last`.
    pub(crate) const fn due(self, last: RunNs, now: RunNs) -> Due {
        let passed = INTERVAL_NS <= now.0.saturating_sub(last.0);
        match self {
            Self::Always => Due::Sync,
            Self::Interval | Self::Batch if passed => Due::Sync,
            Self::Never if passed => Due::Look,
            Self::Interval | Self::Batch | Self::Never => Due::Nothing,
        }
    }
}

impl fmt::Display for Fsync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Fsync {
    type Err = FsyncError;

    fn from_str(text: &str) -> Result<Self, FsyncError> {
        let policy = Self::ALL.into_iter().find(|policy| policy.as_str() == text);
        policy.ok_or_else(|| FsyncError { text: text.to_owned() })
    }
}
