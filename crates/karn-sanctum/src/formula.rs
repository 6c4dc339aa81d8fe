//! The formulas of computed metrics, as pure functions of plain numbers.
//!
//! Spreads are population spreads (divided by n). `None` means that the inputs do not suffice, or that one of them is not
//! finite: a computed metric never hides a bad input behind a number.

pub mod correlation;
pub mod env_status;
pub mod episode;
pub mod memory;
pub mod risk;
pub mod throughput;
pub mod time_left;
pub mod trend;
pub mod velocity;

/// Returns the mean; `None` for no values.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Returns the mean of the squared distances from `mean`; `None` for no values.
fn variance(values: &[f64], mean: f64) -> Option<f64> {
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (!values.is_empty()).then(|| squares / values.len() as f64)
}

/// Returns the last `count` values, or all if there are fewer.
const fn last<T>(values: &[T], count: usize) -> &[T] {
    values.split_at(values.len().saturating_sub(count)).1
}
