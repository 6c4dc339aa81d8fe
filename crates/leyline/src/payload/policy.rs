//! One PPO update.

use serde::{Deserialize, Serialize};

use crate::field::{ABOVE_0, ANY, Bound, Edge, FROM_0, FROM_1, UNIT, field_table, span};
use crate::payload::SkipReason;

/// The numbers of one update; statistics that are not defined are absent, never 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PpoUpdateCompleted {
    /// Number of the batch that the update belongs to, global (batches; range `[1, max_batches]`).
    pub batch_idx: u64,
    /// Whether no optimiser step changed the parameters; the numbers of a skipped update are ignored, but for
    /// `nan_grad_count`, `inf_grad_count` and `update_time_ms`.
    pub skipped: bool,
    /// Why it was skipped; required then. Never [`SkipReason::Interrupted`], which ends a batch without an update.
    pub skip_reason: Option<SkipReason>,
    /// Monotonic time from the end of the rollout to the end of the update (milliseconds; range `[0, inf)`).
    pub update_time_ms: Option<f64>,
    /// Transitions in the batch: the n behind every statistic (count; range `[0, inf)`).
    pub transitions: Option<u32>,
    /// Optimiser steps made (count; range `[0, inf)`).
    pub optimizer_steps: Option<u32>,
    /// Passes over the batch that were started (count; range `[0, inf)`).
    pub passes_run: Option<u32>,
    /// Pass, counted from 1, in which the KL limit stopped the update; `None`: it was not stopped (count; range
    /// `[1, inf)`).
    pub early_stop_epoch: Option<u32>,
    /// Clipped surrogate loss, minimised; negative is progress (loss).
    pub policy_loss: Option<f64>,
    /// Mean squared error of the critic, without factor 1/2, coefficient and clipping (loss; range `[0, inf)`).
    pub value_loss: Option<f64>,
    /// Mean entropy of the policy at the visited states; may be negative for continuous actions (nats; range `[0,
    /// max_entropy]`).
    pub entropy: Option<f64>,
    /// KL(old, new) by the k3 estimate, unclamped (nats; range `[0, inf)`).
    pub kl_divergence: Option<f64>,
    /// Share of samples whose importance ratio left the clip range, on either side (fraction; range `[0, 1]`).
    pub clip_fraction: Option<f64>,
    /// Share of samples whose ratio is above `1 + clip_range` (fraction; range `[0, 1]`).
    pub clip_fraction_positive: Option<f64>,
    /// Share of samples whose ratio is below `1 - clip_range` (fraction; range `[0, 1]`).
    pub clip_fraction_negative: Option<f64>,
    /// Mean importance ratio, new over old probability of the whole (joint) action (ratio; range `[0, inf)`).
    pub ratio_mean: Option<f64>,
    /// Smallest importance ratio (ratio; range `[0, inf)`).
    pub ratio_min: Option<f64>,
    /// Largest importance ratio (ratio; range `[0, inf)`).
    pub ratio_max: Option<f64>,
    /// Population standard deviation of the importance ratio (ratio; range `[0, inf)`).
    pub ratio_std: Option<f64>,
    /// Smallest log-probability of a taken action under the new policy (nats).
    pub log_prob_min: Option<f64>,
    /// Largest log-probability of a taken action; above 0 is legal for densities (nats).
    pub log_prob_max: Option<f64>,
    /// Mean of the advantages as they enter the policy loss: AFTER normalisation (ratio).
    pub advantage_mean: Option<f64>,
    /// Population standard deviation of those advantages; 1 unless normalisation met its floor or is off (ratio;
    /// range `[0, inf)`).
    pub advantage_std: Option<f64>,
    /// Skewness of those advantages; a shape, so normalisation does not change it (ratio).
    pub advantage_skewness: Option<f64>,
    /// EXCESS kurtosis of those advantages, 0 for a normal distribution (ratio; range `[-2, inf)`).
    pub advantage_kurtosis: Option<f64>,
    /// Share of those advantages above 0 (fraction; range `[0, 1]`).
    pub advantage_positive_ratio: Option<f64>,
    /// Global gradient norm BEFORE clipping, mean over optimiser steps (norm; range `[0, inf)`).
    pub grad_norm: Option<f64>,
    /// Coefficient of variation of that norm over the optimiser steps; `None` with fewer than 2 (ratio; range `[0,
    /// inf)`).
    pub gradient_cv: Option<f64>,
    /// Gradient elements that are NaN, over all steps attempted; also sent when skipped (elements; range `[0,
    /// inf)`).
    pub nan_grad_count: Option<u64>,
    /// Gradient elements that are infinite, over all steps attempted; also sent when skipped (elements; range `[0,
    /// inf)`).
    pub inf_grad_count: Option<u64>,
    /// Parameter tensors with a vanishing gradient (layers; range `[0, inf)`).
    pub dead_layers: Option<u32>,
    /// Parameter tensors with an exploding gradient (layers; range `[0, inf)`).
    pub exploding_layers: Option<u32>,
    /// Share of the variance of the value targets that the critic explains; below 0 is worse than a constant
    /// (fraction; range `(-inf, 1]`).
    pub explained_variance: Option<f64>,
    /// Mean output of the critic at collection time (reward).
    pub value_mean: Option<f64>,
    /// Population standard deviation of that output (reward; range `[0, inf)`).
    pub value_std: Option<f64>,
    /// Smallest output of the critic (reward).
    pub value_min: Option<f64>,
    /// Largest output of the critic (reward).
    pub value_max: Option<f64>,
    /// Pearson correlation of critic output and value target (ratio; range `[-1, 1]`).
    pub v_return_correlation: Option<f64>,
    /// Mean one-step temporal difference error, signed; positive: the critic underestimates (reward).
    pub td_error_mean: Option<f64>,
    /// Population standard deviation of that error (reward; range `[0, inf)`).
    pub td_error_std: Option<f64>,
    /// Mean ABSOLUTE one-step temporal difference error, not squared (reward; range `[0, inf)`).
    pub bellman_error: Option<f64>,
    /// Mean of the value targets of the batch, which are not episode returns (reward).
    pub return_mean: Option<f64>,
    /// Population standard deviation of the value targets (reward; range `[0, inf)`).
    pub return_std: Option<f64>,
    /// 10 % quantile of the value targets (reward).
    pub return_p10: Option<f64>,
    /// Median of the value targets (reward).
    pub return_p50: Option<f64>,
    /// 90 % quantile of the value targets (reward).
    pub return_p90: Option<f64>,
    /// Population variance of the value targets, in squared units (reward2; range `[0, inf)`).
    pub return_variance: Option<f64>,
    /// Skewness of the value targets (ratio).
    pub return_skewness: Option<f64>,
    /// Learning rate of the last optimiser step (rate; range `(0, inf)`).
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
    entropy: U, span(Edge::InclGiven(0.0, Bound::MaxEntropy), Edge::UpTo(Bound::MaxEntropy));
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
