//! One environment.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// How an environment does, judged by its returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvStatus {
    /// Fewer than five finished episodes.
    Initializing,
    /// Nothing to report.
    Healthy,
    /// At or above the return from which the task counts as solved.
    Excellent,
    /// No improvement for twenty episodes.
    Stalled,
    /// Far below its best for three episodes.
    Degraded,
}

/// What is known about one environment; plain values, because each says by itself how old it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvView {
    /// TELE-668.
    pub env_id: u32,
    /// TELE-630.
    pub status: EnvStatus,
    /// TELE-634, seconds since its latest event was received. `None`: it has not reported.
    pub last_update_age_seconds: Option<f64>,
    /// TELE-637, steps of finished episodes since its best score. `None` before the fifth episode.
    pub epochs_since_improvement: Option<u64>,
    /// TELE-640, return of the episode in progress or just finished.
    pub episode_return: Option<f64>,
    /// TELE-665, best finite return since start.
    pub best_return: Option<f64>,
    /// TELE-666, the latest 128 returns, newest last.
    pub return_history: Arc<[f64]>,
    /// TELE-667, length of the episode in progress or just finished, in steps.
    pub episode_length: Option<u32>,
}

impl EnvView {
    /// Returns an environment that has not reported.
    pub fn empty(env_id: u32) -> Self {
        Self {
            env_id,
            status: EnvStatus::Initializing,
            last_update_age_seconds: None,
            epochs_since_improvement: None,
            episode_return: None,
            best_return: None,
            return_history: Arc::default(),
            episode_length: None,
        }
    }
}
