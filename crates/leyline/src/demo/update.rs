//! Made-up PPO updates.

use super::chance::{Chance, round};
use crate::payload::{PpoUpdateCompleted, SkipReason};

/// How an update goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mood {
    /// Every number is fine.
    Healthy,
    /// The policy moved too far; 1 is a warning, 2 a critical one.
    Spiking(u32),
    /// The policy has this much entropy left.
    Sinking(f64),
    /// The loss is not finite.
    Broken,
}

/// Numbers of a batch that its update needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch {
    pub(super) idx: u64,
    pub(super) transitions: u32,
    pub(super) mean_length: f64,
    pub(super) learning_rate: f64,
}

/// Makes up the update of a batch.
pub(super) fn update(batch: Batch, mood: Mood, chance: &mut Chance) -> PpoUpdateCompleted {
    let healthy = healthy(batch, chance);
    match mood {
        Mood::Healthy => healthy,
        Mood::Spiking(1) => PpoUpdateCompleted {
            kl_divergence: Some(chance.between(0.018, 0.024)),
            clip_fraction: Some(0.27),
            clip_fraction_positive: Some(0.15),
            clip_fraction_negative: Some(0.12),
            ratio_max: Some(2.4),
            ratio_min: Some(0.41),
            ..healthy
        },
        Mood::Spiking(_) => PpoUpdateCompleted {
            kl_divergence: Some(0.0481),
            clip_fraction: Some(0.34),
            clip_fraction_positive: Some(0.2),
            clip_fraction_negative: Some(0.14),
            ratio_max: Some(6.5),
            ratio_min: Some(0.04),
            ratio_std: Some(0.62),
            grad_norm: Some(212.0),
            gradient_cv: Some(2.1),
            exploding_layers: Some(2),
            optimizer_steps: Some(6),
            passes_run: Some(2),
            early_stop_epoch: Some(2),
            ..healthy
        },
        Mood::Sinking(entropy) => PpoUpdateCompleted {
            entropy: Some(entropy),
            explained_variance: Some(round(entropy - 0.2)),
            log_prob_min: Some(round(-2.0 / entropy.max(0.05))),
            ..healthy
        },
        Mood::Broken => broken(batch),
    }
}

fn healthy(batch: Batch, chance: &mut Chance) -> PpoUpdateCompleted {
    let learnt = batch.idx as f64 / (batch.idx as f64 + 10.0);
    let scale = batch.mean_length.sqrt();
    let (above, below) = (chance.between(0.03, 0.06), chance.between(0.02, 0.04));
    let return_std = round(1.5 * scale);
    let return_p50 = round(2.2 * scale);
    PpoUpdateCompleted {
        batch_idx: batch.idx,
        skipped: false,
        skip_reason: None,
        update_time_ms: Some(chance.between(44.0, 52.0)),
        transitions: Some(batch.transitions),
        optimizer_steps: Some(16),
        passes_run: Some(4),
        early_stop_epoch: None,
        policy_loss: Some(chance.between(-0.02, -0.004)),
        value_loss: Some(round(scale * chance.between(1.5, 2.5))),
        entropy: Some(round(0.69 - 0.2 * learnt + chance.between(-0.01, 0.0))),
        kl_divergence: Some(chance.between(0.002, 0.009)),
        clip_fraction: Some(round(above + below)),
        clip_fraction_positive: Some(above),
        clip_fraction_negative: Some(below),
        ratio_mean: Some(chance.between(0.999, 1.001)),
        ratio_min: Some(chance.between(0.68, 0.8)),
        ratio_max: Some(chance.between(1.25, 1.45)),
        ratio_std: Some(chance.between(0.05, 0.08)),
        log_prob_min: Some(round(-1.1 - 2.0 * learnt)),
        log_prob_max: Some(round(-0.5 + 0.45 * learnt)),
        advantage_mean: Some(0.0),
        advantage_std: Some(1.0),
        advantage_skewness: Some(chance.between(-0.3, 0.3)),
        advantage_kurtosis: Some(chance.between(0.2, 1.4)),
        advantage_positive_ratio: Some(chance.between(0.46, 0.56)),
        grad_norm: Some(chance.between(0.6, 1.4)),
        gradient_cv: Some(chance.between(0.2, 0.4)),
        nan_grad_count: Some(0),
        inf_grad_count: Some(0),
        dead_layers: Some(0),
        exploding_layers: Some(0),
        explained_variance: Some(round(0.35 + 0.6 * learnt - chance.between(0.0, 0.05))),
        value_mean: Some(round(2.0 * scale * learnt)),
        value_std: Some(round(1.2 * scale * learnt + 0.2)),
        value_min: Some(chance.between(-0.4, 0.1)),
        value_max: Some(round(4.0 * scale)),
        v_return_correlation: Some(round(0.55 + 0.4 * learnt)),
        td_error_mean: Some(chance.between(0.1, 0.8)),
        td_error_std: Some(chance.between(1.4, 2.0)),
        bellman_error: Some(chance.between(0.8, 1.4)),
        return_mean: Some(round(2.3 * scale)),
        return_std: Some(return_std),
        return_p10: Some(round(0.6 * scale)),
        return_p50: Some(return_p50),
        return_p90: Some(round(4.1 * scale)),
        return_variance: Some(round(return_std * return_std)),
        return_skewness: Some(chance.between(0.2, 0.7)),
        learning_rate: Some(batch.learning_rate),
        entropy_coef: Some(0.01),
    }
}

const fn broken(batch: Batch) -> PpoUpdateCompleted {
    PpoUpdateCompleted {
        batch_idx: batch.idx,
        skipped: true,
        skip_reason: Some(SkipReason::NonfiniteLoss),
        update_time_ms: Some(3.0),
        transitions: Some(batch.transitions),
        optimizer_steps: Some(0),
        passes_run: Some(1),
        early_stop_epoch: None,
        policy_loss: None,
        value_loss: None,
        entropy: None,
        kl_divergence: None,
        clip_fraction: None,
        clip_fraction_positive: None,
        clip_fraction_negative: None,
        ratio_mean: None,
        ratio_min: None,
        ratio_max: None,
        ratio_std: None,
        log_prob_min: None,
        log_prob_max: None,
        advantage_mean: None,
        advantage_std: None,
        advantage_skewness: None,
        advantage_kurtosis: None,
        advantage_positive_ratio: None,
        grad_norm: None,
        gradient_cv: None,
        nan_grad_count: Some(64),
        inf_grad_count: Some(0),
        dead_layers: None,
        exploding_layers: None,
        explained_variance: None,
        value_mean: None,
        value_std: None,
        value_min: None,
        value_max: None,
        v_return_correlation: None,
        td_error_mean: None,
        td_error_std: None,
        bellman_error: None,
        return_mean: None,
        return_std: None,
        return_p10: None,
        return_p50: None,
        return_p90: None,
        return_variance: None,
        return_skewness: None,
        learning_rate: None,
        entropy_coef: None,
    }
}
