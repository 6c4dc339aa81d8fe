//! Statistics of plain samples, with absence where there is no value.
//!
//! All spreads are population spreads; a non-finite sample makes the result non-finite.

/// Spreads up to this count as 0 where something is divided by them.
pub const SPREAD_FLOOR: f64 = 1e-8;

/// Returns the mean; `None` without samples.
pub fn mean(x: &[f64]) -> Option<f64> {
    (!x.is_empty()).then(|| x.iter().sum::<f64>() / x.len() as f64)
}

/// Returns the population variance; `None` without samples.
pub fn variance(x: &[f64]) -> Option<f64> {
    central_moment(x, 2)
}

/// Returns the population standard deviation; `None` without samples.
pub fn standard_deviation(x: &[f64]) -> Option<f64> {
    variance(x).map(f64::sqrt)
}

/// Returns `mean((x - mean)^3) / sd^3`; `None` when the spread is at most [`SPREAD_FLOOR`].
pub fn skewness(x: &[f64]) -> Option<f64> {
    let sd = divisor(standard_deviation(x)?)?;
    Some(central_moment(x, 3)? / sd.powi(3))
}

/// Returns `mean((x - mean)^4) / sd^4 - 3`; `None` when the spread is at most [`SPREAD_FLOOR`].
pub fn excess_kurtosis(x: &[f64]) -> Option<f64> {
    let sd = divisor(standard_deviation(x)?)?;
    Some(central_moment(x, 4)? / sd.powi(4) - 3.0)
}

/// Returns the `q` quantile of ascending samples, linear between neighbours at position `q * (n - 1)`.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    // `total_cmp` puts NaN at the ends: there it would hide in a quantile of the middle.
    if sorted.first()?.is_nan() || sorted.last()?.is_nan() {
        return Some(f64::NAN);
    }
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let part = position - below as f64;
    let (low, high) = (sorted[below], sorted[above]);
    // Without the first arm an infinite neighbour that is not needed would turn the result into NaN.
    Some(if part == 0.0 { low } else { low + part * (high - low) })
}

/// Returns the smallest sample, NaN if one is.
pub fn minimum(x: &[f64]) -> Option<f64> {
    x.iter().copied().reduce(|a, b| if a.is_nan() || a < b { a } else { b })
}

/// Returns the largest sample, NaN if one is.
pub fn maximum(x: &[f64]) -> Option<f64> {
    x.iter().copied().reduce(|a, b| if a.is_nan() || b < a { a } else { b })
}

/// Returns the share of samples that hold; NaN if a sample is.
pub fn share(x: &[f64], holds: impl Fn(f64) -> bool) -> Option<f64> {
    if x.iter().any(|v| v.is_nan()) {
        return Some(f64::NAN);
    }
    let count = x.iter().filter(|&&v| holds(v)).count();
    (!x.is_empty()).then(|| count as f64 / x.len() as f64)
}

/// Returns the Pearson correlation, clamped to [-1, 1]; `None` when a spread is at most [`SPREAD_FLOOR`].
pub fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mean_x, mean_y) = (mean(x)?, mean(y)?);
    let spreads = divisor(standard_deviation(x)?)? * divisor(standard_deviation(y)?)?;
    let products: Vec<f64> = x.iter().zip(y).map(|(a, b)| (a - mean_x) * (b - mean_y)).collect();
    Some((mean(&products)? / spreads).clamp(-1.0, 1.0))
}

/// Returns `1 - Var(targets - values) / Var(targets)`; `None` when the denominator is at most 1e-8.
pub fn explained_variance(targets: &[f64], values: &[f64]) -> Option<f64> {
    let whole = divisor(variance(targets)?)?;
    let left: Vec<f64> = targets.iter().zip(values).map(|(r, v)| r - v).collect();
    Some(1.0 - variance(&left)? / whole)
}

/// Returns spread by mean; `None` with fewer than 2 samples or a mean of 0.
pub fn coefficient_of_variation(x: &[f64]) -> Option<f64> {
    let centre = mean(x).filter(|&m| m != 0.0 && 2 <= x.len())?;
    Some(standard_deviation(x)? / centre)
}

/// `None` when `x` is too small to divide by; NaN stays.
fn divisor(x: f64) -> Option<f64> {
    (SPREAD_FLOOR < x || x.is_nan()).then_some(x)
}

fn central_moment(x: &[f64], power: i32) -> Option<f64> {
    let centre = mean(x)?;
    Some(x.iter().map(|v| (v - centre).powi(power)).sum::<f64>() / x.len() as f64)
}
