//! What the updates say about policy, value function and gradients.

use std::sync::Arc;

use leyline::SkipReason;
use serde::{Deserialize, Serialize};

use crate::reading::Reading;

/// The course of a history, seen as health, not as direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Changes in the better direction.
    Improving,
    /// Changes less than its limit.
    Stable,
    /// Spreads more than before.
    Volatile,
    /// Changes in the worse direction.
    Worsening,
}

/// The latest update event, applied or skipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastUpdate {
    /// Global number of its batch.
    pub batch: u64,
    /// Whether it changed no parameter.
    pub skipped: bool,
    /// Why not.
    pub skip_reason: Option<SkipReason>,
}

/// The readings of the updates. A reading that the latest update did not refresh keeps its value and is not fresh.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyView {
    /// The latest update event. `None`: there was none since start.
    pub last_update: Option<LastUpdate>,
    /// TELE-100 PPO Data Received, flag.
    pub ppo_data_received: bool,
    /// TELE-101 Updates Skipped, count, range `[0, inf)`. `None`: not all of the run was read.
    pub updates_skipped: Option<u64>,
    /// TELE-102 Early Stop Pass, count, range `[1, inf)`. `None`: no early stop in the latest applied update.
    pub early_stop_epoch: Option<Reading<u32>>,
    /// TELE-103 Update Time, milliseconds, range `[0, inf)`. `None`: not measured.
    pub update_time_ms: Option<Reading>,
    /// TELE-104 Learning Rate, rate, range `(0, inf)`. `None`: not measured.
    pub learning_rate: Option<Reading>,
    /// TELE-105 Entropy Coefficient, ratio, range `[0, inf)`. `None`: not measured.
    pub entropy_coef: Option<Reading>,
    /// TELE-110 KL Divergence, nats, range `[0, inf)`. `None`: not measured.
    pub kl_divergence: Option<Reading>,
    /// TELE-111 KL Divergence History, nats, range `[0, inf)`.
    pub kl_divergence_history: Arc<[f64]>,
    /// Trend of `kl_divergence_history`; `None` with fewer than six points.
    pub kl_divergence_trend: Option<Trend>,
    /// TELE-120 Entropy, nats, range `[0, max_entropy]`. `None`: not measured.
    pub entropy: Option<Reading>,
    /// TELE-121 Entropy Velocity, nats, range `(-inf, inf)`. Per batch. `None`: fewer than five points.
    pub entropy_velocity: Option<Reading>,
    /// TELE-122 Collapse Risk Score, fraction, range `[0, 1]`. `None`: not measured.
    pub collapse_risk_score: Option<Reading>,
    /// TELE-123 Entropy Clip Correlation, ratio, range `[-1, 1]`. `None`: not measured.
    pub entropy_clip_correlation: Option<Reading>,
    /// TELE-124 Entropy Collapsed, flag. `None`: no entropy, or no `max_entropy`.
    pub entropy_collapsed: Option<Reading<bool>>,
    /// TELE-125 Entropy History, nats, range `[0, max_entropy]`.
    pub entropy_history: Arc<[f64]>,
    /// TELE-130 Clip Fraction, fraction, range `[0, 1]`. `None`: not measured.
    pub clip_fraction: Option<Reading>,
    /// TELE-131 Policy Loss, loss, range `(-inf, inf)`. `None`: not measured.
    pub policy_loss: Option<Reading>,
    /// TELE-132 Value Loss, loss, range `[0, inf)`. `None`: not measured.
    pub value_loss: Option<Reading>,
    /// TELE-133 Policy Loss History, loss, range `(-inf, inf)`.
    pub policy_loss_history: Arc<[f64]>,
    /// Trend of `policy_loss_history`; `None` with fewer than six points.
    pub policy_loss_trend: Option<Trend>,
    /// TELE-134 Value Loss History, loss, range `[0, inf)`.
    pub value_loss_history: Arc<[f64]>,
    /// Trend of `value_loss_history`; `None` with fewer than six points.
    pub value_loss_trend: Option<Trend>,
    /// TELE-135 Clip Fraction Positive, fraction, range `[0, 1]`. `None`: not measured.
    pub clip_fraction_positive: Option<Reading>,
    /// TELE-136 Clip Fraction Negative, fraction, range `[0, 1]`. `None`: not measured.
    pub clip_fraction_negative: Option<Reading>,
    /// TELE-140 Advantage Std, ratio, range `[0, inf)`. `None`: not measured.
    pub advantage_std: Option<Reading>,
    /// TELE-141 Advantage Mean, ratio, range `(-inf, inf)`. `None`: not measured.
    pub advantage_mean: Option<Reading>,
    /// TELE-142 Advantage Skewness, ratio, range `(-inf, inf)`. `None`: not measured.
    pub advantage_skewness: Option<Reading>,
    /// TELE-143 Advantage Kurtosis, ratio, range `[-2, inf)`. `None`: not measured.
    pub advantage_kurtosis: Option<Reading>,
    /// TELE-144 Advantage Positive Ratio, fraction, range `[0, 1]`. `None`: not measured.
    pub advantage_positive_ratio: Option<Reading>,
    /// TELE-150 Ratio Max, ratio, range `[0, inf)`. `None`: not measured.
    pub ratio_max: Option<Reading>,
    /// TELE-152 Ratio Mean, ratio, range `[0, inf)`. `None`: not measured.
    pub ratio_mean: Option<Reading>,
    /// TELE-153 Ratio Min, ratio, range `[0, inf)`. `None`: not measured.
    pub ratio_min: Option<Reading>,
    /// TELE-154 Ratio Std, ratio, range `[0, inf)`. `None`: not measured.
    pub ratio_std: Option<Reading>,
    /// TELE-160 Log Probability Min, nats, range `(-inf, inf)`. `None`: not measured.
    pub log_prob_min: Option<Reading>,
    /// TELE-161 Log Probability Max, nats, range `(-inf, inf)`. `None`: not measured.
    pub log_prob_max: Option<Reading>,
    /// TELE-200 Explained Variance, fraction, range `(-inf, 1]`. `None`: not measured.
    pub explained_variance: Option<Reading>,
    /// TELE-210 Value Mean, reward, range `(-inf, inf)`. `None`: not measured.
    pub value_mean: Option<Reading>,
    /// TELE-211 Value Std, reward, range `[0, inf)`. `None`: not measured.
    pub value_std: Option<Reading>,
    /// TELE-212 Value Min, reward, range `(-inf, inf)`. `None`: not measured.
    pub value_min: Option<Reading>,
    /// TELE-213 Value Max, reward, range `(-inf, inf)`. `None`: not measured.
    pub value_max: Option<Reading>,
    /// TELE-220 V-Return Correlation, ratio, range `[-1, 1]`. `None`: not measured.
    pub v_return_correlation: Option<Reading>,
    /// TELE-221 TD Error Mean, reward, range `(-inf, inf)`. `None`: not measured.
    pub td_error_mean: Option<Reading>,
    /// TELE-222 TD Error Std, reward, range `[0, inf)`. `None`: not measured.
    pub td_error_std: Option<Reading>,
    /// TELE-223 Bellman Error, reward, range `[0, inf)`. `None`: not measured.
    pub bellman_error: Option<Reading>,
    /// TELE-224 Return P10, reward, range `(-inf, inf)`. `None`: not measured.
    pub return_p10: Option<Reading>,
    /// TELE-225 Return P50, reward, range `(-inf, inf)`. `None`: not measured.
    pub return_p50: Option<Reading>,
    /// TELE-226 Return P90, reward, range `(-inf, inf)`. `None`: not measured.
    pub return_p90: Option<Reading>,
    /// TELE-227 Return Variance, reward2, range `[0, inf)`. `None`: not measured.
    pub return_variance: Option<Reading>,
    /// TELE-228 Return Skewness, ratio, range `(-inf, inf)`. `None`: not measured.
    pub return_skewness: Option<Reading>,
    /// TELE-229 Return Mean, reward, range `(-inf, inf)`. `None`: not measured.
    pub return_mean: Option<Reading>,
    /// TELE-230 Return Std, reward, range `[0, inf)`. `None`: not measured.
    pub return_std: Option<Reading>,
    /// TELE-300 NaN Gradient Count, elements, range `[0, inf)`. `None`: not measured.
    pub nan_grad_count: Option<Reading<u64>>,
    /// TELE-301 Inf Gradient Count, elements, range `[0, inf)`. `None`: not measured.
    pub inf_grad_count: Option<Reading<u64>>,
    /// TELE-310 Gradient Norm, norm, range `[0, inf)`. `None`: not measured.
    pub grad_norm: Option<Reading>,
    /// TELE-311 Gradient Norm History, norm, range `[0, inf)`.
    pub grad_norm_history: Arc<[f64]>,
    /// Trend of `grad_norm_history`; `None` with fewer than six points.
    pub grad_norm_trend: Option<Trend>,
    /// TELE-330 Gradient CV, ratio, range `[0, inf)`. `None`: not measured.
    pub gradient_cv: Option<Reading>,
    /// TELE-331 Dead Layers, layers, range `[0, inf)`. `None`: not measured.
    pub dead_layers: Option<Reading<u32>>,
    /// TELE-332 Exploding Layers, layers, range `[0, inf)`. `None`: not measured.
    pub exploding_layers: Option<Reading<u32>>,
}

impl PolicyView {
    /// Returns the view before the first update.
    pub fn empty() -> Self {
        Self {
            last_update: None,
            ppo_data_received: false,
            updates_skipped: Some(0),
            early_stop_epoch: None,
            update_time_ms: None,
            learning_rate: None,
            entropy_coef: None,
            kl_divergence: None,
            kl_divergence_history: Arc::default(),
            kl_divergence_trend: None,
            entropy: None,
            entropy_velocity: None,
            collapse_risk_score: None,
            entropy_clip_correlation: None,
            entropy_collapsed: None,
            entropy_history: Arc::default(),
            clip_fraction: None,
            policy_loss: None,
            value_loss: None,
            policy_loss_history: Arc::default(),
            policy_loss_trend: None,
            value_loss_history: Arc::default(),
            value_loss_trend: None,
            clip_fraction_positive: None,
            clip_fraction_negative: None,
            advantage_std: None,
            advantage_mean: None,
            advantage_skewness: None,
            advantage_kurtosis: None,
            advantage_positive_ratio: None,
            ratio_max: None,
            ratio_mean: None,
            ratio_min: None,
            ratio_std: None,
            log_prob_min: None,
            log_prob_max: None,
            explained_variance: None,
            value_mean: None,
            value_std: None,
            value_min: None,
            value_max: None,
            v_return_correlation: None,
            td_error_mean: None,
            td_error_std: None,
            bellman_error: None,
            return_p10: None,
            return_p50: None,
            return_p90: None,
            return_variance: None,
            return_skewness: None,
            return_mean: None,
            return_std: None,
            nan_grad_count: None,
            inf_grad_count: None,
            grad_norm: None,
            grad_norm_history: Arc::default(),
            grad_norm_trend: None,
            gradient_cv: None,
            dead_layers: None,
            exploding_layers: None,
        }
    }
}
