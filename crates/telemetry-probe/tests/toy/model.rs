//! The data of the toy: plain inputs, payloads, snapshot.

use serde::{Deserialize, Serialize};

/// A scripted run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Inputs {
    pub(crate) task: String,
    /// Batches to do.
    pub(crate) episodes: u64,
    /// Batches done before.
    pub(crate) start_episode: u64,
    /// Batches that are added in the middle of the run.
    pub(crate) more: u64,
    pub(crate) updates: Vec<Measured>,
    pub(crate) scores: Vec<Score>,
}

/// Plain numbers of an update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) kl: Option<f64>,
    pub(crate) loss: f64,
    pub(crate) update_ms: f64,
    pub(crate) wait_ms: f64,
}

/// Plain numbers of an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Score {
    pub(crate) env_id: u32,
    pub(crate) score: f64,
}

/// A run begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Started {
    pub(crate) task: String,
    pub(crate) max_batches: u64,
    pub(crate) start_batch: u64,
}

/// A run gets longer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Extended {
    pub(crate) max_batches: u64,
}

/// An update is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Updated {
    pub(crate) kl: Option<f64>,
    pub(crate) loss: f64,
}

/// How long the update took; always follows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timed {
    pub(crate) update_ms: f64,
    pub(crate) wait_ms: f64,
}

/// An environment finished an episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scored {
    pub(crate) env_id: u32,
    pub(crate) score: f64,
}

/// Any of the events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    Started(Started),
    Extended(Extended),
    Updated(Updated),
    Timed(Timed),
    Scored(Scored),
}

/// The verdict on a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Healthy,
    Warning,
    Critical,
}

/// A value with what is needed to judge it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reading {
    pub(crate) value: f64,
    pub(crate) batch: Option<u64>,
    pub(crate) mono_ns: u64,
    pub(crate) fresh: bool,
    pub(crate) verdict: Verdict,
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Env {
    pub(crate) env_id: u32,
    pub(crate) score: f64,
}

/// What is known about the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    /// `None`: no run yet.
    pub(crate) task: Option<String>,
    /// Last planned batch; 0: not known.
    pub(crate) max_batches: u64,
    /// Batches done.
    pub(crate) current_batch: u64,
    /// Seconds; 0: not known.
    pub(crate) runtime_seconds: f64,
    /// `None`: not measured.
    pub(crate) kl: Option<Reading>,
    /// `None`: no update yet.
    pub(crate) loss: Option<f64>,
    /// The latest eight losses.
    pub(crate) loss_history: Vec<f64>,
    /// Milliseconds; 0: not known.
    pub(crate) update_ms: f64,
    /// Milliseconds; 0: not known.
    pub(crate) wait_ms: f64,
    /// By id.
    pub(crate) envs: Vec<Env>,
}
