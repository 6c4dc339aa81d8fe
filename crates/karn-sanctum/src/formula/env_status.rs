//! How an environment does, judged by its returns.

use crate::snapshot::EnvStatus;

/// Returns whose mean is the score.
pub const WINDOW: usize = 5;
/// Outcomes without improvement from which on an environment is stalled.
const STALLED: u32 = 20;
/// Outcomes far below the best from which on it is degraded.
const DEGRADED: u32 = 3;
/// Share of the best score by which a score must fall to count as a drop.
const DROP_SHARE: f64 = 0.5;
/// Best scores nearer to 0 than this do not make the drop any smaller, in reward.
const LEAST_SCALE: f64 = 1.0;

/// What is remembered of the scores of an environment. Nothing sticks: every outcome decides anew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnvScore {
    /// Verdict of the latest outcome.
    pub status: EnvStatus,
    /// Steps of the episodes since the best score; `None` before the first score.
    pub epochs_since_improvement: Option<u64>,
    best: Option<f64>,
    stall: u32,
    drop: u32,
}

impl EnvScore {
    /// Returns the memory before the first score.
    pub const fn new() -> Self {
        Self {
            status: EnvStatus::Initializing,
            epochs_since_improvement: None,
            best: None,
            stall: 0,
            drop: 0,
        }
    }

    /// Returns the memory after an outcome.
    ///
    /// `returns`: the latest returns of the environment, newest last, at least [`WINDOW`] once there were so many.
    /// `length`: steps of the episode. `success_return`: return from which the task counts as solved.
    #[must_use]
    pub fn after(self, returns: &[f64], length: u32, success_return: Option<f64>) -> Self {
        let Some((_, window)) = returns.split_last_chunk::<WINDOW>() else { return self };
        let score = window.iter().sum::<f64>() / WINDOW as f64;
        let mut next = self;
        if score.is_finite() && self.best.is_none_or(|best| best < score) {
            next.best = Some(score);
            next.epochs_since_improvement = Some(0);
            next.stall = 0;
            next.drop = 0;
        } else {
            let steps = self.epochs_since_improvement.unwrap_or(0);
            next.epochs_since_improvement = Some(steps.saturating_add(u64::from(length)));
            next.stall = self.stall.saturating_add(1);
            let dropped = !score.is_finite() || self.best.is_some_and(|best| fell(best, score));
            next.drop = if dropped { self.drop.saturating_add(1) } else { 0 };
        }
        next.status = next.judge(score, success_return);
        next
    }

    fn judge(&self, score: f64, success_return: Option<f64>) -> EnvStatus {
        let solved = success_return.filter(|solved| solved.is_finite() && score.is_finite());
        if solved.is_some_and(|solved| solved <= score) {
            EnvStatus::Excellent
        } else if DEGRADED <= self.drop {
            EnvStatus::Degraded
        } else if STALLED <= self.stall {
            EnvStatus::Stalled
        } else {
            EnvStatus::Healthy
        }
    }
}

impl Default for EnvScore {
    fn default() -> Self {
        Self::new()
    }
}

fn fell(best: f64, score: f64) -> bool {
    DROP_SHARE * best.abs().max(LEAST_SCALE) < best - score
}
