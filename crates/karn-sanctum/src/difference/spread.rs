//! How much a metric moves by itself: the standard deviation of the points of its history.

use std::collections::BTreeMap;

use super::{Key, USER_METRIC};
use crate::snapshot::Snapshot;

/// Fewer points than these say nothing about a spread.
const LEAST: usize = 6;

/// The spreads of the metrics whose history a snapshot keeps.
pub(super) struct Spreads(BTreeMap<Key, f64>);

impl Spreads {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let (policy, episodes) = (&snapshot.policy, &snapshot.episodes);
        let of_run = [
            ("policy.kl_divergence", &policy.kl_divergence_history),
            ("policy.entropy", &policy.entropy_history),
            ("policy.policy_loss", &policy.policy_loss_history),
            ("policy.value_loss", &policy.value_loss_history),
            ("policy.grad_norm", &policy.grad_norm_history),
            ("episodes.mean_return", &episodes.return_history),
        ];
        let mut spreads = BTreeMap::new();
        for (path, history) in of_run {
            spreads.extend(spread(history.iter().copied()).map(|s| (Key::plain(path), s)));
        }
        for env in snapshot.envs.iter() {
            let key = Key { of: Some(env.env_id), ..Key::plain("envs[i].episode_return") };
            spreads.extend(spread(env.return_history.iter().copied()).map(|s| (key, s)));
        }
        for (name, series) in snapshot.metrics.iter() {
            let key = Key { name: Some(name.clone()), ..Key::plain(USER_METRIC) };
            let values = series.points.iter().map(|&(_, value)| value);
            spreads.extend(spread(values).map(|s| (key, s)));
        }
        Self(spreads)
    }

    pub(super) fn get(&self, key: &Key) -> Option<f64> {
        self.0.get(key).copied()
    }
}

/// Returns the sample standard deviation of the finite points; `None` for fewer than six, and where they are all the same.
fn spread(points: impl Iterator<Item = f64>) -> Option<f64> {
    let points: Vec<f64> = points.filter(|point| point.is_finite()).collect();
    if points.len() < LEAST {
        return None;
    }
    let count = points.len() as f64;
    let mean = points.iter().sum::<f64>() / count;
    let squares: f64 = points.iter().map(|point| (point - mean).powi(2)).sum();
    Some((squares / (count - 1.0)).sqrt()).filter(|s| s.is_finite() && 0.0 < *s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(points: &[f64], expected: Option<f64>) {
        assert_eq!(spread(points.iter().copied()), expected, "{points:?}");
    }

    #[test]
    fn a_spread_needs_six_finite_points_that_differ() {
        check(&[1.0, 3.0, 1.0, 3.0, 1.0, 3.0], Some(1.2_f64.sqrt()));
        check(&[1.0, 3.0, f64::NAN, 1.0, 3.0, f64::INFINITY, 1.0, 3.0], Some(1.2_f64.sqrt()));
        check(&[1.0, 3.0, f64::NAN, 1.0, 3.0, 1.0], None);
        check(&[2.0; 9], None);
        check(&[f64::MAX, -f64::MAX, 0.0, 0.0, 0.0, 0.0], None);
        check(&[], None);
    }
}
