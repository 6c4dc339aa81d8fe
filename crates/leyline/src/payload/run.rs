//! Start, end, checkpoints and heartbeats of a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::field::{ABOVE_0, ANY, Bound, Edge, FROM_0, FROM_1, field_table, span};
use crate::payload::{FinishReason, Phase, Scalar};

/// A group of a run begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingStarted {
    /// Name of the task; empty means unnamed.
    pub task: String,
    /// Parallel environments (environments; range `[1, 65536]`).
    pub n_envs: Option<u32>,
    /// Epochs of one batch; 0 means unbounded (epochs; range `[0, inf)`).
    pub max_epochs: Option<u32>,
    /// Number of batches at which training ends, global: `start_batch + requested_batches`; fixed for the run
    /// (batches; range `[1, inf)`).
    pub max_batches: u64,
    /// Batches finished before this run: K of `--start-episode K`, or the count stored in the checkpoint (batches;
    /// range `[0, max_batches)`).
    pub start_batch: u64,
    /// Batches this run is asked to do: N of `--episodes N` (batches; range `[1, inf)`).
    pub requested_batches: Option<u64>,
    /// Env-episodes finished before this run: from the checkpoint, or `start_batch * n_envs` for a bare
    /// `--start-episode` (episodes; range `[0, inf)`).
    pub start_episodes: Option<u64>,
    /// Trainable parameters of policy and critic together (parameters; range `[1, inf)`).
    pub host_params: Option<u64>,
    /// Name of the reward variant.
    pub reward_mode: Option<String>,
    /// Largest entropy the policy can have, ln of the number of joint actions; `None` for continuous actions (nats;
    /// range `(0, inf)`).
    pub max_entropy: Option<f64>,
    /// Episode return from which the task counts as solved (reward).
    pub success_return: Option<f64>,
    /// Random seed of the run.
    pub seed: Option<u64>,
    /// Where the policy is trained.
    pub device: Option<String>,
    /// Checkpoint that the run goes on from, named as the user gave it.
    pub resumed_from: Option<String>,
    /// Free map of names to numbers, texts or flags, for display only (`learning_rate`, `gamma`, `clip_range`, …).
    pub hyperparams: Option<BTreeMap<String, Scalar>>,
}

field_table! { TrainingStarted
    task: R, ANY;
    n_envs: E, span(Edge::Incl(1.0), Edge::Incl(65536.0));
    max_epochs: E, FROM_0;
    max_batches: R, FROM_1;
    start_batch: R, span(Edge::Incl(0.0), Edge::Below(Bound::MaxBatches));
    requested_batches: E, FROM_1;
    start_episodes: E, FROM_0;
    host_params: O, FROM_1;
    reward_mode: O, ANY;
    max_entropy: O, ABOVE_0;
    success_return: O, ANY;
    seed: O, ANY;
    device: O, ANY;
    resumed_from: O, ANY;
    hyperparams: O, ANY;
}

/// The last event of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingFinished {
    /// How the group ended.
    pub reason: FinishReason,
    /// Text of the error or panic, at most 4096 bytes; required when the run failed.
    pub error: Option<String>,
    /// Number of batches that count as done, global; `start_batch` if none was finished (batches; range `[0,
    /// inf)`).
    pub last_batch: u64,
    /// `last_batch - start_batch` (batches; range `[0, inf)`).
    pub batches_since_start: u64,
    /// Global env-episodes finished (episodes; range `[0, inf)`).
    pub episodes_completed: Option<u64>,
    /// Env steps taken since start (steps; range `[0, inf)`).
    pub env_steps_since_start: Option<u64>,
    /// Updates skipped since start (count; range `[0, inf)`).
    pub updates_skipped: u64,
}

field_table! { TrainingFinished
    reason: R, ANY;
    error: C, ANY;
    last_batch: R, FROM_0;
    batches_since_start: R, FROM_0;
    episodes_completed: E, FROM_0;
    env_steps_since_start: E, FROM_0;
    updates_skipped: R, FROM_0;
}

/// A checkpoint has reached the disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointSaved {
    /// Name of the checkpoint as the user gave it, or relative to the run directory.
    pub path: String,
    /// Batches done in the checkpoint, global (batches; range `[0, inf)`).
    pub batch_idx: Option<u64>,
    /// Env-episodes done in the checkpoint, global (episodes; range `[0, inf)`).
    pub episodes_completed: Option<u64>,
    /// Size of the file (bytes; range `[0, inf)`).
    pub size_bytes: Option<u64>,
    /// Time to write or read it (milliseconds; range `[0, inf)`).
    pub duration_ms: Option<f64>,
}

field_table! { CheckpointSaved
    path: R, ANY;
    batch_idx: E, FROM_0;
    episodes_completed: E, FROM_0;
    size_bytes: O, FROM_0;
    duration_ms: O, FROM_0;
}

/// A checkpoint was read, before the run starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointLoaded {
    /// Name of the checkpoint as the user gave it, or relative to the run directory.
    pub path: String,
    /// Batches done in the checkpoint, global (batches; range `[0, inf)`).
    pub batch_idx: Option<u64>,
    /// Env-episodes done in the checkpoint, global (episodes; range `[0, inf)`).
    pub episodes_completed: Option<u64>,
    /// Size of the file (bytes; range `[0, inf)`).
    pub size_bytes: Option<u64>,
    /// Time to write or read it (milliseconds; range `[0, inf)`).
    pub duration_ms: Option<f64>,
}

field_table! { CheckpointLoaded
    path: R, ANY;
    batch_idx: E, FROM_0;
    episodes_completed: E, FROM_0;
    size_bytes: O, FROM_0;
    duration_ms: O, FROM_0;
}

/// Proves that the producer is alive, and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// What the trainer is doing.
    pub phase: Phase,
    /// Batch in progress (batches; range `[1, inf)`).
    pub batch_idx: Option<u64>,
    /// Epoch in progress (epochs; range `[1, inf)`).
    pub inner_epoch: Option<u32>,
}

field_table! { Heartbeat
    phase: R, ANY;
    batch_idx: O, FROM_1;
    inner_epoch: O, FROM_1;
}
