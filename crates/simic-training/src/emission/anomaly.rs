//! The anomaly rules of the contract (`events.md`, section 5.5), each at most once per batch.

use leyline::threshold::anomaly::{
    DEGRADATION, GRADIENT_EXPLOSION, IMPROVEMENT, MEMORY, PLATEAU, RATIO_COLLAPSE, RATIO_EXPLOSION,
    VALUE_COLLAPSE_MIN_RETURN_STD, VALUE_COLLAPSE_STD,
};
use leyline::threshold::{MEMORY_ALARM_SHARE, VALUE_COLLAPSE_RANGE};
use leyline::{Anomaly, Event, SystemVitals};

use crate::diagnostics::statistics::mean;
use crate::update::{Skip, UpdateOutcome};

/// Batches in each of the two blocks that a trend compares.
pub const TREND_BLOCK: usize = 10;

/// Returns the anomalies of an update, in the order of the contract's table.
pub fn update_anomalies(batch_idx: u64, outcome: &UpdateOutcome) -> Vec<Event> {
    let seen =
        |kind: &str, subject: &str, value: f64, threshold: Option<f64>, detail: Option<&str>| {
            Anomaly {
                kind: kind.to_owned(),
                batch_idx: Some(batch_idx),
                inner_epoch: None,
                env_id: None,
                subject: Some(subject.to_owned()),
                value: Some(value),
                threshold,
                detail: detail.map(str::to_owned),
            }
        };
    match &outcome.skip {
        Some(Skip::NonfiniteLoss { subject, value }) => {
            let anomaly = seen("nonfinite_loss", subject, *value, None, Some("update skipped"));
            return vec![Event::NumericalInstabilityDetected(anomaly)];
        }
        Some(Skip::NonfiniteGradient { value }) => {
            let anomaly = seen(
                "nonfinite_gradient",
                "policy.grad_norm",
                *value,
                None,
                Some("update skipped"),
            );
            return vec![Event::NumericalInstabilityDetected(anomaly)];
        }
        // Nothing was changed, and the numbers of the few samples evaluated are not told.
        Some(Skip::KlLimit | Skip::EmptyRollout) => return Vec::new(),
        None => {}
    }
    let stats = &outcome.stats;
    let mut events = Vec::new();
    if let Some(norm) = stats.gradients.grad_norm.filter(|&norm| GRADIENT_EXPLOSION < norm) {
        let anomaly =
            seen("gradient_explosion", "policy.grad_norm", norm, Some(GRADIENT_EXPLOSION), None);
        events.push(Event::GradientAnomaly(anomaly));
    }
    if let Some(ratio) = stats.policy.ratio_max.filter(|&ratio| RATIO_EXPLOSION < ratio) {
        let anomaly =
            seen("ratio_explosion", "policy.ratio_max", ratio, Some(RATIO_EXPLOSION), None);
        events.push(Event::RatioExplosionDetected(anomaly));
    }
    if let Some(ratio) = stats.policy.ratio_min.filter(|&ratio| ratio < RATIO_COLLAPSE) {
        let anomaly = seen("ratio_collapse", "policy.ratio_min", ratio, Some(RATIO_COLLAPSE), None);
        events.push(Event::RatioCollapseDetected(anomaly));
    }
    let rollout = &stats.rollout;
    let range = rollout.value_max.zip(rollout.value_min).map(|(high, low)| high - low);
    if let (Some(std), Some(range), Some(return_std)) =
        (rollout.value_std, range, rollout.return_std)
        && std < VALUE_COLLAPSE_STD
        && range < VALUE_COLLAPSE_RANGE
        && VALUE_COLLAPSE_MIN_RETURN_STD <= return_std
    {
        let anomaly =
            seen("value_collapse", "policy.value_std", std, Some(VALUE_COLLAPSE_STD), None);
        events.push(Event::ValueCollapseDetected(anomaly));
    }
    events
}

/// Returns the trend anomaly that is due after a batch that has a mean return.
///
/// `count` is the number of batches since start that have one, `recent` their last 20 mean returns, this batch last. A
/// trend is judged only when `count` is 20, 30, 40 and so on.
pub fn trend_anomaly(batch_idx: u64, count: u64, recent: &[f64]) -> Option<Event> {
    if !count.is_multiple_of(TREND_BLOCK as u64) || recent.len() != 2 * TREND_BLOCK {
        return None;
    }
    let (before, last) = recent.split_at(TREND_BLOCK);
    let (old, new) = (mean(before)?, mean(last)?);
    let change = (new - old) / old.abs().max(1.0);
    let anomaly = |kind: &str, threshold: f64| Anomaly {
        kind: kind.to_owned(),
        batch_idx: Some(batch_idx),
        inner_epoch: None,
        env_id: None,
        subject: Some("episodes.return_history".to_owned()),
        value: Some(change),
        threshold: Some(threshold),
        detail: None,
    };
    if IMPROVEMENT < change {
        Some(Event::ImprovementDetected(anomaly("return_improvement", IMPROVEMENT)))
    } else if change < DEGRADATION {
        Some(Event::DegradationDetected(anomaly("return_degradation", DEGRADATION)))
    } else if change.abs() < PLATEAU {
        Some(Event::PlateauDetected(anomaly("return_plateau", PLATEAU)))
    } else {
        None
    }
}

/// Returns one warning for each pool that is too full: `RAM`, then `cuda:0` and so on.
pub fn memory_anomalies(vitals: &SystemVitals) -> Vec<Anomaly> {
    let ram = ("RAM".to_owned(), vitals.ram_used_gb, vitals.ram_total_gb);
    let devices = vitals
        .gpus
        .iter()
        .map(|gpu| (format!("cuda:{}", gpu.device_id), gpu.memory_used_gb, gpu.memory_total_gb));
    std::iter::once(ram)
        .chain(devices)
        .filter_map(|(pool, used, total)| Some((pool, used? / total?)))
        .filter(|(_, share)| MEMORY.is_crossed_by(*share))
        .map(|(pool, share)| Anomaly {
            kind: "memory_high".to_owned(),
            batch_idx: None,
            inner_epoch: None,
            env_id: None,
            subject: Some(pool),
            value: Some(share),
            threshold: Some(MEMORY_ALARM_SHARE),
            detail: None,
        })
        .collect()
}
