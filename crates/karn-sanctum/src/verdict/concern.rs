//! What the latest update gives reason to worry about, in the order in which the banner names it.

use leyline::{Health, threshold};

use crate::reading::Reading;
use crate::snapshot::{PolicyView, Snapshot};
use crate::verdict::fresh_count;

/// Labels of the readings beyond a limit, worst first in the order of the banner; either list may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerns {
    /// Labels of critical readings.
    pub critical: Vec<&'static str>,
    /// Labels of readings at the warning level; `Skipped` comes first.
    pub warning: Vec<&'static str>,
}

/// Returns the labels of the fresh readings that are critical or a warning: `Entropy`, `Value`, `AdvLow` or `AdvHigh`,
/// `KL`, `Clip`, `Grad`, and `Skipped` when the latest update was skipped.
///
/// Warm-up is not considered: ask [`warming_up`] first.
pub fn concerns(snapshot: &Snapshot) -> Concerns {
    let policy = &snapshot.policy;
    let mut found = Concerns { critical: Vec::new(), warning: Vec::new() };
    if is_skipped(policy) {
        found.warning.push("Skipped");
    }
    let looked_at = [
        ("Entropy", &policy.entropy),
        ("Value", &policy.explained_variance),
        (advantage_label(policy.advantage_std.as_ref()), &policy.advantage_std),
        ("KL", &policy.kl_divergence),
        ("Clip", &policy.clip_fraction),
        ("Grad", &policy.grad_norm),
    ];
    for (label, reading) in looked_at {
        match reading.as_ref().and_then(Reading::fresh_verdict) {
            Some(Health::Critical) => found.critical.push(label),
            Some(Health::Warning) => found.warning.push(label),
            Some(Health::Healthy | Health::Ungraded | Health::NoData) | None => {}
        }
    }
    found
}

/// Names the side on which the spread of the advantages left its limits; not finite counts as too high.
fn advantage_label(reading: Option<&Reading>) -> &'static str {
    let low = reading.is_some_and(|reading| {
        reading.value.is_finite() && threshold::ADVANTAGE_STD_LOW.is_crossed_by(reading.value)
    });
    if low { "AdvLow" } else { "AdvHigh" }
}

/// Returns whether the latest update was skipped.
pub fn update_skipped(snapshot: &Snapshot) -> bool {
    is_skipped(&snapshot.policy)
}

fn is_skipped(policy: &PolicyView) -> bool {
    policy.last_update.as_ref().is_some_and(|update| update.skipped)
}

/// Returns whether the latest update met a NaN gradient element.
pub fn nan_detected(snapshot: &Snapshot) -> bool {
    fresh_count(snapshot.policy.nan_grad_count.as_ref()).is_some()
}

/// Returns whether the latest update met an infinite gradient element.
pub fn inf_detected(snapshot: &Snapshot) -> bool {
    fresh_count(snapshot.policy.inf_grad_count.as_ref()).is_some()
}

/// Returns the batches done since start while they are fewer than [`threshold::WARMUP_BATCHES`], else `None`.
pub fn warming_up(snapshot: &Snapshot) -> Option<u64> {
    let done = snapshot.current_batch?.saturating_sub(snapshot.start_batch?);
    (done < threshold::WARMUP_BATCHES).then_some(done)
}
