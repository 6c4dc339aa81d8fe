//! Temporal difference errors and generalised advantage estimation.

use crate::env::End;

/// Computes one-step temporal difference errors, in time order.
///
/// Arguments and result as in [`gae`].
pub fn td_errors(
    rewards: &[f64],
    values: &[f64],
    next_values: &[f64],
    ends: &[End],
    gamma: f64,
) -> Vec<f64> {
    let later = next_values.iter().zip(ends);
    let now = rewards.iter().zip(values);
    now.zip(later).map(|((&r, &v), (&next, &end))| r + bootstrap(next, end, gamma) - v).collect()
}

/// Computes generalised advantage estimates, one per step of one environment, in time order.
///
/// All slices have shape `[T]`. `next_values[t]` is the value of the state that step `t` reached: of its own final
/// observation where an env-episode was truncated there or where the batch ends; it is ignored where `ends[t]` is
/// `Terminated`. The result has the unit of the rewards.
///
/// Source: Schulman et al., 2016, equation 16; truncation as in Pardo et al., 2018.
pub fn gae(
    rewards: &[f64],
    values: &[f64],
    next_values: &[f64],
    ends: &[End],
    gamma: f64,
    lambda: f64,
) -> Vec<f64> {
    let mut advantages = td_errors(rewards, values, next_values, ends, gamma);
    let mut later = 0.0;
    for (advantage, &end) in advantages.iter_mut().zip(ends).rev() {
        let carried = match end {
            End::Running => gamma * lambda * later,
            End::Terminated | End::Truncated => 0.0,
        };
        *advantage += carried;
        later = *advantage;
    }
    advantages
}

const fn bootstrap(next_value: f64, end: End, gamma: f64) -> f64 {
    match end {
        End::Running | End::Truncated => gamma * next_value,
        End::Terminated => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(actual: &[f64], expected: &[f64]) {
        assert_eq!(actual.len(), expected.len());
        for (a, e) in actual.iter().zip(expected) {
            assert!((a - e).abs() < 1e-12, "{actual:?} is not {expected:?}");
        }
    }

    #[test]
    fn without_an_end_errors_add_up() {
        // Errors 1.5 and 2.0 at gamma 0.5; A_1 = 2, A_0 = 1.5 + 0.5 * 0.5 * 2.
        let ends = [End::Running; 2];
        check(&td_errors(&[1.0, 2.0], &[0.0, 1.0], &[1.0, 2.0], &ends, 0.5), &[1.5, 2.0]);
        check(&gae(&[1.0, 2.0], &[0.0, 1.0], &[1.0, 2.0], &ends, 0.5, 0.5), &[2.0, 2.0]);
    }

    #[test]
    fn a_termination_drops_what_comes_after() {
        let ends = [End::Terminated, End::Running];
        check(&gae(&[1.0, 2.0], &[0.0, 1.0], &[9.0, 2.0], &ends, 0.5, 0.5), &[1.0, 2.0]);
    }

    #[test]
    fn a_truncation_keeps_the_value_of_its_final_observation_only() {
        let ends = [End::Truncated, End::Running];
        check(&gae(&[1.0, 2.0], &[0.0, 1.0], &[9.0, 2.0], &ends, 0.5, 0.5), &[5.5, 2.0]);
    }

    #[test]
    fn lambda_1_gives_discounted_returns() {
        let advantages = gae(
            &[1.0; 3],
            &[0.5; 3],
            &[0.5; 3],
            &[End::Running, End::Running, End::Terminated],
            0.9,
            1.0,
        );
        check(&advantages, &[1.0 + 0.9 + 0.81 - 0.5, 1.9 - 0.5, 0.5]);
    }

    /// Acceptance case AS23.
    #[test]
    fn as23_td_errors() {
        let ends = [End::Running, End::Terminated];
        check(&td_errors(&[1.0, 1.0], &[2.0, 1.0], &[1.0, 5.0], &ends, 0.9), &[-0.1, 0.0]);
    }
}
