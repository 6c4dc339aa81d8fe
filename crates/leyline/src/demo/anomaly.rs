//! Anomalies of made-up updates and trends, by the limits of the contract.

use super::chance::round;
use crate::event::Event;
use crate::payload::{Anomaly, PpoUpdateCompleted};
use crate::threshold::anomaly as producer;

fn anomaly(kind: &str, batch: u64, subject: &str, value: f64, threshold: Option<f64>) -> Anomaly {
    Anomaly {
        kind: kind.to_owned(),
        batch_idx: Some(batch),
        inner_epoch: None,
        env_id: None,
        subject: Some(subject.to_owned()),
        value: Some(value),
        threshold,
        detail: None,
    }
}

/// Returns the anomalies found in an update.
pub(super) fn of_update(update: &PpoUpdateCompleted) -> Vec<Event> {
    let batch = update.batch_idx;
    let mut found = Vec::new();
    if let Some(norm) = update.grad_norm.filter(|&norm| producer::GRADIENT_EXPLOSION < norm) {
        let limit = Some(producer::GRADIENT_EXPLOSION);
        let seen = anomaly("gradient_explosion", batch, "policy.grad_norm", norm, limit);
        found.push(Event::GradientAnomaly(seen));
    }
    if let Some(ratio) = update.ratio_max.filter(|&ratio| producer::RATIO_EXPLOSION < ratio) {
        let limit = Some(producer::RATIO_EXPLOSION);
        let seen = anomaly("ratio_explosion", batch, "policy.ratio_max", ratio, limit);
        found.push(Event::RatioExplosionDetected(seen));
    }
    if let Some(ratio) = update.ratio_min.filter(|&ratio| ratio < producer::RATIO_COLLAPSE) {
        let limit = Some(producer::RATIO_COLLAPSE);
        let seen = anomaly("ratio_collapse", batch, "policy.ratio_min", ratio, limit);
        found.push(Event::RatioCollapseDetected(seen));
    }
    if update.skipped {
        let seen = anomaly("nonfinite_loss", batch, "policy.policy_loss", f64::NAN, None);
        let detail = Some("update skipped".to_owned());
        found.push(Event::NumericalInstabilityDetected(Anomaly { detail, ..seen }));
    }
    found
}

/// Returns the trend event after the 20th, 30th, … batch with a mean return.
pub(super) fn of_trend(batch: u64, means: &[f64]) -> Option<Event> {
    if means.len() < 20 || !means.len().is_multiple_of(10) {
        return None;
    }
    let mut blocks = means.rchunks(10).map(|block| block.iter().sum::<f64>() / block.len() as f64);
    let (new, old) = (blocks.next()?, blocks.next()?);
    let rel = round((new - old) / old.abs().max(1.0));
    let seen = |kind, limit| anomaly(kind, batch, "episodes.return_history", rel, Some(limit));
    if producer::IMPROVEMENT < rel {
        Some(Event::ImprovementDetected(seen("return_improvement", producer::IMPROVEMENT)))
    } else if rel < producer::DEGRADATION {
        Some(Event::DegradationDetected(seen("return_degradation", producer::DEGRADATION)))
    } else if rel.abs() < producer::PLATEAU {
        Some(Event::PlateauDetected(seen("return_plateau", producer::PLATEAU)))
    } else {
        None
    }
}
