//! How close the policy is to losing its entropy.

use leyline::threshold::{ENTROPY_CRITICAL, ENTROPY_WARNING};

/// Slope in nats per batch that counts as falling.
const FALLING: f64 = -0.000_001;
/// Distance from the base below which the score follows it at once.
const SETTLED: f64 = 0.001;

/// Returns the collapse risk score, 0 to 1 (TELE-122).
///
/// `entropy` and `max_entropy` in nats, `velocity` in nats per batch, `previous` the score of the update before. The score
/// rises at once and falls by half of the distance per update. `None` if `max_entropy` is at most the critical limit, or
/// if an input is not finite.
pub fn collapse_risk_score(
    entropy: f64,
    velocity: f64,
    max_entropy: f64,
    previous: Option<f64>,
) -> Option<f64> {
    let finite = [entropy, velocity, max_entropy].iter().all(|input| input.is_finite());
    if !finite || max_entropy <= ENTROPY_CRITICAL {
        return None;
    }
    let base = base(entropy, velocity, max_entropy);
    Some(match previous {
        Some(previous) if SETTLED <= previous - base => base + 0.5 * (previous - base),
        Some(_) | None => base,
    })
}

fn base(entropy: f64, velocity: f64, max_entropy: f64) -> f64 {
    if entropy <= ENTROPY_CRITICAL {
        return 1.0;
    }
    let above = entropy - ENTROPY_CRITICAL;
    let near = (1.0 - above / (max_entropy - ENTROPY_CRITICAL)).clamp(0.0, 1.0) * 0.3;
    if FALLING <= velocity {
        return near;
    }
    let batches_left = above / velocity.abs();
    let soon = match batches_left {
        t if 100.0 < t => 0.1,
        t if 50.0 < t => 0.25,
        t if 20.0 < t => 0.5,
        t if 10.0 < t => 0.7,
        _ => 0.9,
    };
    if entropy <= ENTROPY_WARNING { 0.5 * soon + 0.5 * near } else { 0.7 * soon + 0.3 * near }
}
