//! The course of a history, as health.

use crate::formula::{last, mean, variance};
use crate::snapshot::Trend;

/// Points of each of the two windows that are compared, at most.
pub const WINDOW: usize = 10;
/// Points of each window needed.
pub const NEEDED: usize = 3;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Losses, divergences and norms.
    Lower,
    /// Returns.
    Higher,
}

/// How a history is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendRule {
    /// Which way is better.
    pub better: Better,
    /// Share of the older mean below which a change counts as none.
    pub tolerance: f64,
}

const fn rule(better: Better, tolerance: f64) -> TrendRule {
    TrendRule { better, tolerance }
}

/// For `policy.policy_loss_trend`.
pub const POLICY_LOSS: TrendRule = rule(Better::Lower, 0.20);
/// For `policy.value_loss_trend`.
pub const VALUE_LOSS: TrendRule = rule(Better::Lower, 0.20);
/// For `policy.kl_divergence_trend`.
pub const KL_DIVERGENCE: TrendRule = rule(Better::Lower, 0.30);
/// For `policy.grad_norm_trend`.
pub const GRAD_NORM: TrendRule = rule(Better::Lower, 0.25);
/// For `episodes.return_trend`.
pub const RETURNS: TrendRule = rule(Better::Higher, 0.15);

/// Means nearer to 0 than this do not make the tolerance any smaller.
const LEAST_SCALE: f64 = 0.01;
/// A variance this many times the older one is a spread that grew.
const VOLATILE: f64 = 3.0;

/// Compares the last w points with the w before them, w being half of `points` and at most [`WINDOW`].
///
/// `None` while w is below [`NEEDED`], or if a point in the two windows is not finite.
pub fn trend(points: &[f64], rule: TrendRule) -> Option<Trend> {
    let width = WINDOW.min(points.len() / 2);
    if width < NEEDED {
        return None;
    }
    let (older, recent) = last(points, 2 * width).split_at(width);
    let (old_mean, new_mean) = (mean(older)?, mean(recent)?);
    if !old_mean.is_finite() || !new_mean.is_finite() {
        return None;
    }
    let limit = rule.tolerance * old_mean.abs().max(LEAST_SCALE);
    let (old_variance, new_variance) = (variance(older, old_mean)?, variance(recent, new_mean)?);
    let change = new_mean - old_mean;
    let better = match rule.better {
        Better::Lower => change < 0.0,
        Better::Higher => 0.0 < change,
    };
    Some(if VOLATILE * old_variance < new_variance && limit < new_variance.sqrt() {
        Trend::Volatile
    } else if change.abs() < limit {
        Trend::Stable
    } else if better {
        Trend::Improving
    } else {
        Trend::Worsening
    })
}
