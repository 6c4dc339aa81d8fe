//! One PPO update.

use serde::{Deserialize, Serialize};

use crate::field::{ABOVE_0, ANY, Bound, Edge, FROM_0, FROM_1, UNIT, field_table, span};
use crate::payload::SkipReason;

/// The numbers of one update; statistics that are not defined are absent, never 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PpoUpdateCompleted {
    /// Batch the update belongs to (batches; range `[1, max_batches]`).
    pub batch_idx: u64,
    /// No optimiser step changed the parameters (flag).
    pub skipped: bool,
    /// Required when skipped; words as in 4.6 without `interrupted` (text).
    pub skip_reason: Option<SkipReason>,
    /// Monotonic time from the end of the rollout to the end of the update (milliseconds; range `[0, inf)`).
    pub update_time_ms: Option<f64>,
    /// Transitions in the batch: the n behind every statistic (count; range `[0, inf)`).
    pub transitions: Option<u32>,
    /// Optimiser steps made (count; range `[0, inf)`).
    pub optimizer_steps: Option<u32>,
    /// Passes over the batch that were started (count; range `[0, inf)`).
    pub passes_run: Option<u32>,
    /// 1-based pass in which the KL limit stopped the update; absent: no early stop (count; range `[1, inf)`).
    pub early_stop_epoch: Option<u32>,
    /// Clipped surrogate loss, minimised; negative is progress (loss).
    pub policy_loss: Option<f64>,
    /// Mean squared error of the critic (loss; range `[0, inf)`).
    pub value_loss: Option<f64>,
    /// Mean policy entropy, positive sign; may be negative for continuous actions (nats; range `[0, max_entropy]`).
    pub entropy: Option<f64>,
    /// KL(old, new), k3 estimate (nats; range `[0, inf)`).
    pub kl_divergence: Option<f64>,
    /// Share of samples whose ratio left the clip range (fraction; range `[0, 1]`).
    pub clip_fraction: Option<f64>,
    /// Share above `1 + clip_range` (fraction; range `[0, 1]`).
    pub clip_fraction_positive: Option<f64>,
    /// Share below `1 - clip_range` (fraction; range `[0, 1]`).
    pub clip_fraction_negative: Option<f64>,
    /// Importance ratio new / old of the whole (joint) action (ratio; range `[0, inf)`).
    pub ratio_mean: Option<f64>,
    /// Smallest (ratio; range `[0, inf)`).
    pub ratio_min: Option<f64>,
    /// Largest (ratio; range `[0, inf)`).
    pub ratio_max: Option<f64>,
    /// Spread (ratio; range `[0, inf)`).
    pub ratio_std: Option<f64>,
    /// Smallest log-probability of a taken action under the new policy (nats).
    pub log_prob_min: Option<f64>,
    /// Largest; above 0 is legal for densities (nats).
    pub log_prob_max: Option<f64>,
    /// Advantages as they enter the policy loss: AFTER normalisation (ratio).
    pub advantage_mean: Option<f64>,
    /// Same; 1 unless normalisation met its floor or is switched off (ratio; range `[0, inf)`).
    pub advantage_std: Option<f64>,
    /// Same; shape does not depend on normalisation (ratio).
    pub advantage_skewness: Option<f64>,
    /// Same; EXCESS kurtosis, 0 for a normal distribution (ratio; range `[-2, inf)`).
    pub advantage_kurtosis: Option<f64>,
    /// Same; share above 0 (fraction; range `[0, 1]`).
    pub advantage_positive_ratio: Option<f64>,
    /// Global gradient norm BEFORE clipping, mean over optimiser steps (norm; range `[0, inf)`).
    pub grad_norm: Option<f64>,
    /// Coefficient of variation of that norm over the optimiser steps (ratio; range `[0, inf)`).
    pub gradient_cv: Option<f64>,
    /// NaN gradient elements, also sent when skipped (elements; range `[0, inf)`).
    pub nan_grad_count: Option<u64>,
    /// Infinite gradient elements, also sent when skipped (elements; range `[0, inf)`).
    pub inf_grad_count: Option<u64>,
    /// Layers with a vanishing gradient (layers; range `[0, inf)`).
    pub dead_layers: Option<u32>,
    /// Layers with an exploding gradient (layers; range `[0, inf)`).
    pub exploding_layers: Option<u32>,
    /// Of the value targets by the critic (fraction; range `(-inf, 1]`).
    pub explained_variance: Option<f64>,
    /// Critic output at collection time (reward).
    pub value_mean: Option<f64>,
    /// Same (reward; range `[0, inf)`).
    pub value_std: Option<f64>,
    /// Same (reward).
    pub value_min: Option<f64>,
    /// Same (reward).
    pub value_max: Option<f64>,
    /// Pearson correlation of critic output and value target (ratio; range `[-1, 1]`).
    pub v_return_correlation: Option<f64>,
    /// One-step temporal difference error, signed (reward).
    pub td_error_mean: Option<f64>,
    /// Same (reward; range `[0, inf)`).
    pub td_error_std: Option<f64>,
    /// Mean ABSOLUTE one-step error, not squared (reward; range `[0, inf)`).
    pub bellman_error: Option<f64>,
    /// Value targets of the batch, not episode returns (reward).
    pub return_mean: Option<f64>,
    /// Same (reward; range `[0, inf)`).
    pub return_std: Option<f64>,
    /// Same, 10 % quantile (reward).
    pub return_p10: Option<f64>,
    /// Same, median (reward).
    pub return_p50: Option<f64>,
    /// Same, 90 % quantile (reward).
    pub return_p90: Option<f64>,
    /// Same, squared units (reward2; range `[0, inf)`).
    pub return_variance: Option<f64>,
    /// Same (ratio).
    pub return_skewness: Option<f64>,
    /// Used by the last optimiser step (rate; range `(0, inf)`).
    pub learning_rate: Option<f64>,
    /// Weight of the entropy bonus in this update (ratio; range `[0, inf)`).
    pub entropy_coef: Option<f64>,
}

field_table! { PpoUpdateCompleted
    batch_idx: R, span(Edge::Incl(1.0), Edge::UpTo(Bound::MaxBatches));
    skipped: R, ANY;
    skip_reason: C, ANY;
    update_time_ms: E, FROM_0;
    transitions: E, FROM_0;
    optimizer_steps: E, FROM_0;
    passes_run: O, FROM_0;
    early_stop_epoch: O, FROM_1;
    policy_loss: U, ANY;
    value_loss: U, FROM_0;
    entropy: U, span(Edge::Incl(0.0), Edge::UpTo(Bound::MaxEntropy));
    kl_divergence: U, FROM_0;
    clip_fraction: U, UNIT;
    clip_fraction_positive: O, UNIT;
    clip_fraction_negative: O, UNIT;
    ratio_mean: O, FROM_0;
    ratio_min: O, FROM_0;
    ratio_max: O, FROM_0;
    ratio_std: O, FROM_0;
    log_prob_min: O, ANY;
    log_prob_max: O, ANY;
    advantage_mean: O, ANY;
    advantage_std: O, FROM_0;
    advantage_skewness: O, ANY;
    advantage_kurtosis: O, span(Edge::Incl(-2.0), Edge::Open);
    advantage_positive_ratio: O, UNIT;
    grad_norm: U, FROM_0;
    gradient_cv: O, FROM_0;
    nan_grad_count: O, FROM_0;
    inf_grad_count: O, FROM_0;
    dead_layers: O, FROM_0;
    exploding_layers: O, FROM_0;
    explained_variance: O, span(Edge::Open, Edge::Incl(1.0));
    value_mean: O, ANY;
    value_std: O, FROM_0;
    value_min: O, ANY;
    value_max: O, ANY;
    v_return_correlation: O, span(Edge::Incl(-1.0), Edge::Incl(1.0));
    td_error_mean: O, ANY;
    td_error_std: O, FROM_0;
    bellman_error: O, FROM_0;
    return_mean: O, ANY;
    return_std: O, FROM_0;
    return_p10: O, ANY;
    return_p50: O, ANY;
    return_p90: O, ANY;
    return_variance: O, FROM_0;
    return_skewness: O, ANY;
    learning_rate: O, ABOVE_0;
    entropy_coef: O, FROM_0;
}
