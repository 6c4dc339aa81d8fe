//! Env-episodes of all environments.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::reading::Reading;
use crate::snapshot::policy::Trend;

/// What the finished env-episodes say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpisodesView {
    /// TELE-021, mean return per batch, the latest 128 points, newest last.
    pub return_history: Arc<[f64]>,
    /// TELE-618, trend of `return_history`; `None` with fewer than six points.
    pub return_trend: Option<Trend>,
    /// TELE-611.
    pub last_return: Option<Reading>,
    /// TELE-612, of the latest 100.
    pub mean_return: Option<Reading>,
    /// TELE-613, best finite return since start.
    pub best_return: Option<Reading>,
    /// TELE-614, worst finite return since start.
    pub worst_return: Option<Reading>,
    /// TELE-615, steps, of the latest 100.
    pub mean_length: Option<Reading>,
    /// TELE-616, of those among the latest 100 that say whether they succeeded.
    pub success_rate: Option<Reading>,
    /// TELE-617, since start. `None`: not all of the run was read.
    pub total: Option<u64>,
}

impl EpisodesView {
    /// Returns the view before the first episode.
    pub fn empty() -> Self {
        Self {
            return_history: Arc::default(),
            return_trend: None,
            last_return: None,
            mean_return: None,
            best_return: None,
            worst_return: None,
            mean_length: None,
            success_rate: None,
            total: Some(0),
        }
    }
}
