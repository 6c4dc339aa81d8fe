//! Whether entropy and clipping move against each other.

use crate::formula::{last, mean, variance};

/// Updates looked at.
pub const WINDOW: usize = 10;
/// Updates needed.
pub const NEEDED: usize = 5;
/// Spread at or below which a series counts as constant.
const CONSTANT: f64 = 1e-8;

/// Returns the Pearson correlation of the last [`WINDOW`] pairs of entropy and clip fraction, −1 to 1 (TELE-123).
///
/// `None` with fewer than [`NEEDED`] pairs, if either series is constant, or if a number is not finite.
pub fn entropy_clip_correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let pairs = last(pairs, WINDOW);
    if pairs.len() < NEEDED || !pairs.iter().all(|(x, y)| x.is_finite() && y.is_finite()) {
        return None;
    }
    let (xs, ys): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (mean_x, mean_y) = (mean(&xs)?, mean(&ys)?);
    let spread_x = variance(&xs, mean_x)?.sqrt();
    let spread_y = variance(&ys, mean_y)?.sqrt();
    if spread_x <= CONSTANT || spread_y <= CONSTANT {
        return None;
    }
    let products = xs.iter().zip(&ys).map(|(x, y)| (x - mean_x) * (y - mean_y));
    let correlation = products.sum::<f64>() / xs.len() as f64 / (spread_x * spread_y);
    correlation.is_finite().then(|| correlation.clamp(-1.0, 1.0))
}
