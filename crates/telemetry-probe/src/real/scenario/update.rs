//! What the updates of a scripted run measured: healthy, and beyond the limits.

use simic_training::diagnostics::{AdvantageStats, GradientStats, PolicyStats, RolloutStats};
use simic_training::update::{UpdateOutcome, UpdateStats};

/// Returns a healthy update; no two fields are alike, and all of them move a little from batch to batch.
pub(super) fn outcome(batch: u32) -> UpdateOutcome {
    // Two waves of different length, so that no two series go together.
    let (a, b) = (f64::from(batch % 5) - 2.0, f64::from(batch * 2 % 7) - 3.0);
    let stats = UpdateStats {
        transitions: 600 + batch,
        optimizer_steps: 12 + batch % 2,
        passes_run: 4,
        early_stop_epoch: Some(3),
        nan_grad_count: 0,
        inf_grad_count: 0,
        rollout: rollout(a, b),
        advantages: AdvantageStats {
            mean: Some(0.0155 + 0.001 * a),
            std: Some(1.0475 + 0.002 * b),
            skewness: Some(0.245 + 0.01 * a),
            kurtosis: Some(0.765 + 0.02 * b),
            positive_ratio: Some(0.525 + 0.004 * a),
        },
        policy: policy(a, b),
        gradients: GradientStats {
            grad_norm: Some(1.625 + 0.02 * a),
            gradient_cv: Some(0.2225 + 0.01 * b),
            dead_layers: Some(0),
            exploding_layers: Some(0),
        },
        learning_rate: 0.000_712_5 - 0.000_007_5 * f64::from(batch),
        entropy_coef: 0.0125 + 0.0001 * f64::from(batch),
    };
    UpdateOutcome { stats, skip: None }
}

const fn rollout(a: f64, b: f64) -> RolloutStats {
    RolloutStats {
        value_mean: Some(21.55 + 0.1 * a),
        value_std: Some(3.275 + 0.05 * b),
        value_min: Some(11.85 + 0.2 * a),
        value_max: Some(29.45 + 0.3 * b),
        return_mean: Some(22.35 + 0.1 * b),
        return_std: Some(4.765 + 0.05 * a),
        return_p10: Some(16.55 + 0.1 * a),
        return_p50: Some(22.15 + 0.2 * b),
        return_p90: Some(28.25 + 0.3 * a),
        return_variance: Some(22.705 + 0.4 * b),
        return_skewness: Some(0.355 + 0.02 * a),
        td_error_mean: Some(0.645 + 0.03 * b),
        td_error_std: Some(1.855 + 0.04 * a),
        bellman_error: Some(1.445 + 0.05 * b),
        explained_variance: Some(0.825 + 0.004 * a),
        v_return_correlation: Some(0.915 + 0.003 * b),
    }
}

const fn policy(a: f64, b: f64) -> PolicyStats {
    let (positive, negative) = (0.0725 + 0.001 * a, 0.0475 + 0.001 * b);
    PolicyStats {
        policy_loss: Some(-0.0152 + 0.0004 * a),
        value_loss: Some(1.2345 + 0.02 * b),
        entropy: Some(0.6155 + 0.002 * a),
        kl_divergence: Some(0.0072 + 0.0003 * b),
        clip_fraction: Some(positive + negative),
        clip_fraction_positive: Some(positive),
        clip_fraction_negative: Some(negative),
        ratio_mean: Some(1.0035 + 0.001 * a),
        ratio_min: Some(0.7225 + 0.01 * b),
        ratio_max: Some(1.3825 + 0.02 * a),
        ratio_std: Some(0.0855 + 0.002 * b),
        log_prob_min: Some(-4.255 + 0.1 * a),
        log_prob_max: Some(-0.0855 + 0.002 * b),
    }
}

/// Moves what has a warning level just beyond it.
pub(super) const fn warn(stats: &mut UpdateStats) {
    stats.policy.kl_divergence = Some(0.0205);
    stats.policy.entropy = Some(0.2155);
    (stats.policy.clip_fraction_positive, stats.policy.clip_fraction_negative) =
        (Some(0.1475), Some(0.1225));
    stats.policy.clip_fraction = Some(0.27);
    stats.policy.ratio_min = Some(0.415);
    stats.policy.ratio_max = Some(2.45);
    stats.policy.ratio_std = Some(0.615);
    stats.policy.log_prob_min = Some(-61.5);
    stats.advantages.mean = Some(0.155);
    stats.advantages.std = Some(2.345);
    stats.advantages.skewness = Some(1.245);
    stats.advantages.kurtosis = Some(3.765);
    stats.advantages.positive_ratio = Some(0.155);
    stats.rollout.explained_variance = Some(0.225);
    stats.rollout.v_return_correlation = Some(0.415);
    stats.rollout.td_error_mean = Some(6.45);
    stats.rollout.bellman_error = Some(24.45);
    stats.rollout.return_skewness = Some(1.355);
    stats.rollout.value_min = Some(-6_011.5);
    stats.rollout.value_max = Some(7_029.5);
    stats.gradients.grad_norm = Some(6.315);
    stats.gradients.gradient_cv = Some(0.715);
    stats.gradients.dead_layers = Some(1);
    stats.gradients.exploding_layers = Some(2);
}

/// Moves what has a critical level beyond it, and far enough for the anomalies.
pub(super) const fn alarm(stats: &mut UpdateStats) {
    stats.policy.kl_divergence = Some(0.0455);
    stats.policy.entropy = Some(0.0515);
    (stats.policy.clip_fraction_positive, stats.policy.clip_fraction_negative) =
        (Some(0.2225), Some(0.1475));
    stats.policy.clip_fraction = Some(0.37);
    stats.policy.ratio_min = Some(0.0555);
    stats.policy.ratio_max = Some(6.125);
    stats.policy.ratio_std = Some(0.915);
    stats.policy.log_prob_min = Some(-121.5);
    stats.advantages.mean = Some(0.415);
    stats.advantages.std = Some(3.545);
    stats.advantages.skewness = Some(2.445);
    stats.advantages.kurtosis = Some(7.765);
    stats.advantages.positive_ratio = Some(0.015);
    stats.rollout.explained_variance = Some(-0.125);
    stats.rollout.v_return_correlation = Some(0.115);
    stats.rollout.td_error_mean = Some(16.45);
    stats.rollout.bellman_error = Some(54.45);
    stats.rollout.return_skewness = Some(2.355);
    stats.rollout.value_min = Some(-12_011.5);
    stats.rollout.value_max = Some(17_029.5);
    stats.gradients.grad_norm = Some(126.25);
    stats.gradients.gradient_cv = Some(2.115);
    stats.gradients.dead_layers = Some(3);
    stats.gradients.exploding_layers = Some(5);
}

/// The critic says the same everywhere, and the spread of the advantages is gone.
pub(super) const fn collapse(stats: &mut UpdateStats) {
    stats.rollout.value_std = Some(0.0045);
    stats.rollout.value_min = Some(21.515);
    stats.rollout.value_max = Some(21.565);
    stats.advantages.std = Some(0.0755);
}
