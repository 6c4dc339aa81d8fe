//! How fast the entropy changes.

use crate::formula::last;

/// Points looked at.
pub const WINDOW: usize = 10;
/// Points needed.
pub const NEEDED: usize = 5;

/// Returns the least-squares slope of the last [`WINDOW`] of `points` against 0, 1, 2, …, in nats per batch (TELE-121).
///
/// `points`: entropies in nats, oldest first. `None` with fewer than [`NEEDED`], or if one of them is not finite.
pub fn entropy_velocity(points: &[f64]) -> Option<f64> {
    let points = last(points, WINDOW);
    if points.len() < NEEDED || !points.iter().all(|point| point.is_finite()) {
        return None;
    }
    let n = points.len() as f64;
    let centre = (n - 1.0) / 2.0;
    let mean = points.iter().sum::<f64>() / n;
    let mut product = 0.0;
    let mut square = 0.0;
    for (at, point) in points.iter().enumerate() {
        let x = at as f64 - centre;
        product += x * (point - mean);
        square += x * x;
    }
    Some(product / square)
}
