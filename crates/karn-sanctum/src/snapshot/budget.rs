//! Where the time of the trainer goes.

use serde::{Deserialize, Serialize};

use crate::reading::Reading;

/// The time budget of a run: shares of the latest batch and of all of them, and what is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetView {
    /// TELE-900 to TELE-905, of the latest batch.
    pub batch: TimeShares,
    /// TELE-906 to TELE-911, of all batches since start that had the part.
    pub run: TimeShares,
    /// TELE-912, seconds of collecting and updating since start, apart from everything else. `None`: not told.
    pub training_seconds: Option<Reading>,
    /// TELE-913, times since start that the trainer stood still. `None`: it does not know.
    pub pauses: Option<u64>,
    /// TELE-914, times that the training went on from a checkpoint, over all its runs. `None`: not told.
    pub resumes: Option<u64>,
    /// TELE-915, seconds. `None`: too few batches to tell, no plan, or the run is over.
    pub left_low_seconds: Option<Reading>,
    /// TELE-916, seconds. `None` as for the least.
    pub left_high_seconds: Option<Reading>,
}

/// Shares of the time between the ends of batches; together at most 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimeShares {
    /// Taking steps in the environments.
    pub collect: Option<Reading>,
    /// Updates.
    pub update: Option<Reading>,
    /// Evaluating outside of training.
    pub evaluate: Option<Reading>,
    /// Writing checkpoints.
    pub checkpoint: Option<Reading>,
    /// Not running.
    pub wait: Option<Reading>,
    /// Telling the hub what happened: the cost of this telemetry.
    pub emit: Option<Reading>,
}

impl BudgetView {
    /// Returns the view before the first batch that tells its times.
    pub const fn empty() -> Self {
        Self {
            batch: TimeShares::empty(),
            run: TimeShares::empty(),
            training_seconds: None,
            pauses: None,
            resumes: None,
            left_low_seconds: None,
            left_high_seconds: None,
        }
    }
}

impl TimeShares {
    /// Returns shares of nothing.
    pub const fn empty() -> Self {
        Self {
            collect: None,
            update: None,
            evaluate: None,
            checkpoint: None,
            wait: None,
            emit: None,
        }
    }
}
