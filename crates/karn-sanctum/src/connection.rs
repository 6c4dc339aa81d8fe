//! The states of the link to a run.

use leyline::word::ClosedWord;
use serde::{Deserialize, Serialize};

/// How the viewer stands with a run; staleness is what tells live, slow and stale apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// No start of the run was seen yet.
    Waiting,
    /// News within the last 2 s.
    Live,
    /// No news for 2 s.
    Slow,
    /// No news for 5 s.
    Stale,
    /// The source is closed and the run has not said that it ended.
    Disconnected,
    /// The run ended, completed or stopped.
    Finished,
    /// The run ended with an error.
    Failed,
}

impl ClosedWord for Connection {
    const NAME: &'static str = "Connection";
    const TEXTS: &'static [&'static str] =
        &["waiting", "live", "slow", "stale", "disconnected", "finished", "failed"];
    const ALL: &'static [Self] = &[
        Self::Waiting,
        Self::Live,
        Self::Slow,
        Self::Stale,
        Self::Disconnected,
        Self::Finished,
        Self::Failed,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Live => "live",
            Self::Slow => "slow",
            Self::Stale => "stale",
            Self::Disconnected => "disconnected",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }
}

impl Connection {
    /// Returns whether the run is known and its source open, or the run is over.
    pub const fn is_connected(self) -> bool {
        match self {
            Self::Live | Self::Slow | Self::Stale | Self::Finished | Self::Failed => true,
            Self::Waiting | Self::Disconnected => false,
        }
    }
}
