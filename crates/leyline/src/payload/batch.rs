//! The end of a batch.

use serde::{Deserialize, Serialize};

use crate::field::{ANY, Bound, Edge, FROM_0, PERCENT, field_table, span};
use crate::payload::{BatchOutcome, SkipReason};

/// Closes a batch; every batch number appears in exactly one of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchEpochCompleted {
    /// Number of the batch that ended, global; the first one after a resume is `start_batch + 1` (batches; range
    /// `[1, max_batches]`).
    pub batch_idx: u64,
    /// Whether an optimiser step was made; `None` counts as completed.
    pub outcome: Option<BatchOutcome>,
    /// Why none was made; required when skipped.
    pub skip_reason: Option<SkipReason>,
    /// Environments of the batch (environments; range `[1, 65536]`).
    pub n_envs: Option<u32>,
    /// Env-episodes finished so far, global (episodes; range `[0, inf)`).
    pub episodes_completed: Option<u64>,
    /// Env-episodes that ended in this batch (episodes; range `[0, inf)`).
    pub batch_episodes: Option<u32>,
    /// Mean raw return of those env-episodes; `None` if there were none (reward).
    pub mean_return: Option<f64>,
    /// Epochs done since start, this batch included (epochs; range `[0, inf)`).
    pub epochs_since_start: Option<u64>,
    /// Env steps done since start, this batch included (steps; range `[0, inf)`).
    pub env_steps_since_start: Option<u64>,
    /// Mean final accuracy over environments, for tasks that have one (percent; range `[0, 100]`).
    pub avg_accuracy: Option<f64>,
    /// Time since the end of the batch before, or since the start (seconds; range `[0, inf)`). The parts below lie in it and
    /// do not overlap; a part that the trainer does not have, or cannot measure, is absent.
    pub batch_seconds: Option<f64>,
    /// Of that, taking steps in the environments (seconds; range `[0, inf)`).
    pub collect_seconds: Option<f64>,
    /// Of that, the update (seconds; range `[0, inf)`).
    pub update_seconds: Option<f64>,
    /// Of that, trying the policy out apart from training (seconds; range `[0, inf)`); 0 in a batch without an evaluation of a
    /// run that evaluates, absent in any other run.
    pub evaluate_seconds: Option<f64>,
    /// Of that, writing a checkpoint (seconds; range `[0, inf)`).
    pub checkpoint_seconds: Option<f64>,
    /// Of that, time in which the training thread did not run: it waited, or the machine was busy, or the process was
    /// stopped (seconds; range `[0, inf)`).
    pub wait_seconds: Option<f64>,
    /// Of that, telling the hub what happened (seconds; range `[0, inf)`).
    pub emit_seconds: Option<f64>,
    /// Pauses since start: times that the training thread did not run for a second or more (count; range `[0, inf)`).
    pub pauses: Option<u64>,
    /// Times that training was taken up again from a checkpoint, by this run and by those that it goes on from; `None` when
    /// the trainer does not know of all of them (count; range `[0, inf)`).
    pub resumes: Option<u64>,
}

field_table! { BatchEpochCompleted
    batch_idx: R, span(Edge::Incl(1.0), Edge::UpTo(Bound::MaxBatches));
    outcome: E, ANY;
    skip_reason: C, ANY;
    n_envs: E, span(Edge::Incl(1.0), Edge::Incl(65536.0));
    episodes_completed: E, FROM_0;
    batch_episodes: E, FROM_0;
    mean_return: O, ANY;
    epochs_since_start: E, FROM_0;
    env_steps_since_start: E, FROM_0;
    avg_accuracy: O, PERCENT;
    batch_seconds: O, FROM_0;
    collect_seconds: O, FROM_0;
    update_seconds: O, FROM_0;
    evaluate_seconds: O, FROM_0;
    checkpoint_seconds: O, FROM_0;
    wait_seconds: O, FROM_0;
    emit_seconds: O, FROM_0;
    pauses: O, FROM_0;
    resumes: O, FROM_0;
}
