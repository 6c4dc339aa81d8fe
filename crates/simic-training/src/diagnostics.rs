//! The numbers about an update, as the event contract defines them.
//!
//! What has no value (no samples, a denominator of 0) is `None`. Formulas: `events.md`, sections 5.1 to 5.4.

use leyline::threshold::anomaly::{DEAD_LAYER, EXPLODING_LAYER};
use serde::{Deserialize, Serialize};

use crate::surrogate::k3;

pub mod statistics;

use statistics::{
    coefficient_of_variation, correlation, excess_kurtosis, explained_variance, maximum, mean,
    minimum, quantile, share, skewness, standard_deviation, variance,
};

/// Numbers about the transitions of a batch (contract 5.1), in the scale the critic is trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutStats {
    /// Critic output at collection time (reward).
    pub value_mean: Option<f64>,
    /// Same, spread.
    pub value_std: Option<f64>,
    /// Same, smallest.
    pub value_min: Option<f64>,
    /// Same, largest.
    pub value_max: Option<f64>,
    /// Value targets (reward).
    pub return_mean: Option<f64>,
    /// Same, spread.
    pub return_std: Option<f64>,
    /// Same, 10 % quantile.
    pub return_p10: Option<f64>,
    /// Same, median.
    pub return_p50: Option<f64>,
    /// Same, 90 % quantile.
    pub return_p90: Option<f64>,
    /// Same, squared spread (reward squared).
    pub return_variance: Option<f64>,
    /// Same, third standardised moment.
    pub return_skewness: Option<f64>,
    /// One-step temporal difference error, signed (reward).
    pub td_error_mean: Option<f64>,
    /// Same, spread.
    pub td_error_std: Option<f64>,
    /// Mean of its absolute value.
    pub bellman_error: Option<f64>,
    /// Share of the targets' variance that the critic explains; at most 1.
    pub explained_variance: Option<f64>,
    /// Correlation of critic output and target, in [-1, 1].
    pub v_return_correlation: Option<f64>,
}

impl RolloutStats {
    /// Computes them from critic outputs, value targets and one-step errors, all `[n]` in the same order.
    pub fn of(values: &[f64], targets: &[f64], td_errors: &[f64]) -> Self {
        let mut sorted = targets.to_vec();
        sorted.sort_by(f64::total_cmp);
        let magnitudes: Vec<f64> = td_errors.iter().map(|d| d.abs()).collect();
        Self {
            value_mean: mean(values),
            value_std: standard_deviation(values),
            value_min: minimum(values),
            value_max: maximum(values),
            return_mean: mean(targets),
            return_std: standard_deviation(targets),
            return_p10: quantile(&sorted, 0.1),
            return_p50: quantile(&sorted, 0.5),
            return_p90: quantile(&sorted, 0.9),
            return_variance: variance(targets),
            return_skewness: skewness(targets),
            td_error_mean: mean(td_errors),
            td_error_std: standard_deviation(td_errors),
            bellman_error: mean(&magnitudes),
            explained_variance: explained_variance(targets, values),
            v_return_correlation: correlation(values, targets),
        }
    }
}

/// Numbers about the advantages that enter the policy loss (contract 5.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdvantageStats {
    /// Mean.
    pub mean: Option<f64>,
    /// Spread.
    pub std: Option<f64>,
    /// Third standardised moment.
    pub skewness: Option<f64>,
    /// Fourth standardised moment less 3.
    pub kurtosis: Option<f64>,
    /// Share above 0.
    pub positive_ratio: Option<f64>,
}

impl AdvantageStats {
    /// Computes them from the advantages, each transition once.
    pub fn of(advantages: &[f64]) -> Self {
        Self {
            mean: mean(advantages),
            std: standard_deviation(advantages),
            skewness: skewness(advantages),
            kurtosis: excess_kurtosis(advantages),
            positive_ratio: share(advantages, |a| 0.0 < a),
        }
    }
}

/// Every sample of every minibatch that was evaluated in an update, before its optimiser step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluated {
    /// Which transition of the batch it is.
    pub indices: Vec<usize>,
    /// `log p_new(a) - log p_old(a)` of the whole joint action (nats).
    pub log_ratios: Vec<f64>,
    /// `log p_new(a)` (nats).
    pub log_probs: Vec<f64>,
    /// Entropy of the new policy (nats).
    pub entropies: Vec<f64>,
    /// Clipped surrogate loss, no other term.
    pub policy_losses: Vec<f64>,
    /// Squared error of the critic, neither halved nor clipped.
    pub value_losses: Vec<f64>,
}

/// Numbers over all samples of an update (contract 5.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyStats {
    /// Clipped surrogate loss.
    pub policy_loss: Option<f64>,
    /// Mean squared error of the critic.
    pub value_loss: Option<f64>,
    /// Mean policy entropy (nats).
    pub entropy: Option<f64>,
    /// KL(old, new), k3 estimate (nats).
    pub kl_divergence: Option<f64>,
    /// Share of ratios outside the clip range, strictly.
    pub clip_fraction: Option<f64>,
    /// Share above it.
    pub clip_fraction_positive: Option<f64>,
    /// Share below it.
    pub clip_fraction_negative: Option<f64>,
    /// Importance ratio.
    pub ratio_mean: Option<f64>,
    /// Same, smallest.
    pub ratio_min: Option<f64>,
    /// Same, largest.
    pub ratio_max: Option<f64>,
    /// Same, spread.
    pub ratio_std: Option<f64>,
    /// Smallest log-probability of a taken action (nats).
    pub log_prob_min: Option<f64>,
    /// Largest.
    pub log_prob_max: Option<f64>,
}

impl PolicyStats {
    /// Computes them; `clip` is the clip range.
    pub fn of(seen: &Evaluated, clip: f64) -> Self {
        let ratios: Vec<f64> = seen.log_ratios.iter().map(|l| l.exp()).collect();
        let divergences: Vec<f64> = seen.log_ratios.iter().map(|&l| k3(l)).collect();
        let above = share(&ratios, |r| 1.0 + clip < r);
        let below = share(&ratios, |r| r < 1.0 - clip);
        Self {
            policy_loss: mean(&seen.policy_losses),
            value_loss: mean(&seen.value_losses),
            entropy: mean(&seen.entropies),
            kl_divergence: mean(&divergences),
            clip_fraction: above.zip(below).map(|(a, b)| a + b),
            clip_fraction_positive: above,
            clip_fraction_negative: below,
            ratio_mean: mean(&ratios),
            ratio_min: minimum(&ratios),
            ratio_max: maximum(&ratios),
            ratio_std: standard_deviation(&ratios),
            log_prob_min: minimum(&seen.log_probs),
            log_prob_max: maximum(&seen.log_probs),
        }
    }
}

/// Numbers about the gradients of an update, before any clipping (contract 5.4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GradientStats {
    /// Mean over the steps of the global L2 norm.
    pub grad_norm: Option<f64>,
    /// Spread of that norm by its mean; `None` with fewer than 2 steps.
    pub gradient_cv: Option<f64>,
    /// Parameter tensors whose own norm, averaged over the steps, is below [`DEAD_LAYER`].
    pub dead_layers: Option<u32>,
    /// Same, above [`EXPLODING_LAYER`].
    pub exploding_layers: Option<u32>,
}

impl GradientStats {
    /// Computes them from the norms of every tensor (`[steps][tensors]`).
    pub fn of(tensor_norms: &[Vec<f64>]) -> Self {
        let global: Vec<f64> = tensor_norms
            .iter()
            .map(|norms| norms.iter().map(|n| n * n).sum::<f64>().sqrt())
            .collect();
        let tensors = tensor_norms.first().map_or(0, Vec::len);
        let averages: Vec<f64> = (0..tensors)
            .filter_map(|i| {
                mean(
                    &tensor_norms
                        .iter()
                        .filter_map(|norms| norms.get(i).copied())
                        .collect::<Vec<_>>(),
                )
            })
            .collect();
        let count = |holds: fn(f64) -> bool| {
            (!tensor_norms.is_empty())
                .then(|| averages.iter().filter(|&&norm| holds(norm)).count() as u32)
        };
        Self {
            grad_norm: mean(&global),
            gradient_cv: coefficient_of_variation(&global),
            dead_layers: count(|norm| norm < DEAD_LAYER),
            exploding_layers: count(|norm| EXPLODING_LAYER < norm),
        }
    }
}
