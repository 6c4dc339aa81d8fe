//! Steps and episodes of environments.

use serde::{Deserialize, Serialize};

use crate::field::{ANY, Bound, Edge, FROM_0, FROM_1, PERCENT, field_table, span};

/// One inner step of one environment; running totals are in the row, so a dropped row costs resolution and never truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochCompleted {
    /// Index of the environment (environments; range `[0, n_envs)`).
    pub env_id: u32,
    /// Epoch within the batch; no upper bound when `max_epochs` is 0 (epochs; range `[1, max_epochs]`).
    pub inner_epoch: u32,
    /// Number of the env-episode in progress, unique in a training, global (episodes; range `[0, inf)`).
    pub episode_idx: Option<u64>,
    /// Steps this environment has taken, this one included, global (steps; range `[1, inf)`).
    pub env_step: Option<u64>,
    /// Raw reward of this step (reward).
    pub reward: Option<f64>,
    /// Sum of raw rewards of this env-episode, this step included (reward).
    pub episode_return: Option<f64>,
    /// Steps of this env-episode, this step included (steps; range `[1, inf)`).
    pub episode_length: Option<u32>,
    /// Validation accuracy, for tasks that train a model inside the environment (percent; range `[0, 100]`).
    pub val_accuracy: Option<f64>,
    /// Validation loss of that model (loss; range `[0, inf)`).
    pub val_loss: Option<f64>,
    /// Training loss of that model (loss; range `[0, inf)`).
    pub train_loss: Option<f64>,
}

field_table! { EpochCompleted
    env_id: R, span(Edge::Incl(0.0), Edge::Below(Bound::NEnvs));
    inner_epoch: R, span(Edge::Incl(1.0), Edge::UpTo(Bound::MaxEpochs));
    episode_idx: E, FROM_0;
    env_step: E, FROM_1;
    reward: E, ANY;
    episode_return: E, ANY;
    episode_length: E, FROM_1;
    val_accuracy: O, PERCENT;
    val_loss: O, FROM_0;
    train_loss: O, FROM_0;
}

/// One finished env-episode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpisodeOutcome {
    /// Environment; without it the outcome counts for the run but for no environment (environments; range `[0,
    /// n_envs)`).
    pub env_id: Option<u32>,
    /// Same number as in its `EPOCH_COMPLETED` rows; exactly one outcome per number (episodes; range `[0, inf)`).
    pub episode_idx: u64,
    /// Sum of raw rewards (reward).
    pub episode_return: f64,
    /// Steps (steps; range `[1, inf)`).
    pub episode_length: u32,
    /// Whether the task ended the episode.
    pub terminated: Option<bool>,
    /// Whether a time limit or the trainer ended it; both may be true.
    pub truncated: Option<bool>,
    /// Success as the task defines it; `None` when the task has no such notion.
    pub success: Option<bool>,
}

field_table! { EpisodeOutcome
    env_id: E, span(Edge::Incl(0.0), Edge::Below(Bound::NEnvs));
    episode_idx: R, FROM_0;
    episode_return: R, ANY;
    episode_length: R, FROM_1;
    terminated: E, ANY;
    truncated: E, ANY;
    success: O, ANY;
}
