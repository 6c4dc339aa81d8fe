//! Statistics of finished env-episodes.

/// Episodes whose mean is shown.
pub const WINDOW: usize = 100;

/// What the statistics need of one finished env-episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finished {
    /// Sum of raw rewards.
    pub episode_return: f64,
    /// Steps.
    pub length: u32,
    /// Task-defined success; `None`: the task has no such notion.
    pub success: Option<bool>,
}

/// Returns the mean return; `None` for no episodes, or if a return is not finite.
pub fn mean_return<'a>(latest: impl ExactSizeIterator<Item = &'a Finished>) -> Option<f64> {
    let count = latest.len();
    let mean = latest.map(|episode| episode.episode_return).sum::<f64>() / count as f64;
    (0 < count && mean.is_finite()).then_some(mean)
}

/// Returns the mean length in steps; `None` for no episodes.
pub fn mean_length<'a>(latest: impl ExactSizeIterator<Item = &'a Finished>) -> Option<f64> {
    let count = latest.len();
    let steps = latest.map(|episode| f64::from(episode.length)).sum::<f64>();
    (0 < count).then(|| steps / count as f64)
}

/// Returns the share of successes among the episodes that say so; `None` if none does.
pub fn success_rate<'a>(latest: impl Iterator<Item = &'a Finished>) -> Option<f64> {
    let mut told = 0_u32;
    let mut succeeded = 0_u32;
    for success in latest.filter_map(|episode| episode.success) {
        told += 1;
        succeeded += u32::from(success);
    }
    (0 < told).then(|| f64::from(succeeded) / f64::from(told))
}
