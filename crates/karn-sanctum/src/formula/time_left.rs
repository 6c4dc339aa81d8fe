//! How long the batches that are left will take, from how long the latest ones took.

use crate::formula::{mean, variance};

/// Fewer batches tell nothing about their spread.
pub const LEAST_BATCHES: usize = 5;
/// Batches that are looked at; older ones say little about the speed of today.
pub const MOST_BATCHES: usize = 20;
/// Half the width of the range, in its own spreads: about 19 of 20 runs end within it, as far as batches are alike.
const SPREADS: f64 = 2.0;

/// Returns the least and the most seconds that `left` batches take, from the seconds of the latest batches, oldest first.
///
/// With mean m and spread s of n batches, R batches take R·m; the sum of them varies by R·s², and m itself is uncertain by
/// s²/n. So the range is R·m ± 2·√(R·s² + R²·s²/n), and never below 0. `None` with fewer than five batches, or when a
/// time is not finite.
pub fn time_left(seconds: &[f64], left: u64) -> Option<(f64, f64)> {
    let latest = crate::formula::last(seconds, MOST_BATCHES);
    if latest.len() < LEAST_BATCHES || latest.iter().any(|seconds| !seconds.is_finite()) {
        return None;
    }
    let mean = mean(latest)?;
    let variance = variance(latest, mean)?;
    let (left, count) = (left as f64, latest.len() as f64);
    let spread = (left * variance + left * left * variance / count).sqrt();
    Some(((left * mean - SPREADS * spread).max(0.0), left * mean + SPREADS * spread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples() {
        assert_eq!(time_left(&[2.0; 4], 10), None);
        assert_eq!(time_left(&[2.0; 5], 10), Some((20.0, 20.0)));
        assert_eq!(time_left(&[2.0; 5], 0), Some((0.0, 0.0)));
        assert_eq!(time_left(&[2.0, 2.0, f64::NAN, 2.0, 2.0], 10), None);
        // Mean 2, variance 0.4 of 5 batches; 10 left: 20 ± 2·√(4 + 8).
        let (low, high) = time_left(&[1.0, 2.0, 2.0, 2.0, 3.0], 10).expect("enough batches");
        let half = 2.0 * 12.0_f64.sqrt();
        assert!((low - (20.0 - half)).abs() < 1e-12 && (high - (20.0 + half)).abs() < 1e-12);
        let (low, _) = time_left(&[0.1, 0.1, 0.1, 0.1, 9.0], 100).expect("enough batches");
        assert_eq!(low.to_bits(), 0.0_f64.to_bits(), "nothing takes less than no time");
    }

    #[test]
    fn only_the_latest_batches_count() {
        let mut seconds = vec![100.0; 30];
        seconds.extend([2.0; MOST_BATCHES]);
        assert_eq!(time_left(&seconds, 3), Some((6.0, 6.0)));
    }
}
