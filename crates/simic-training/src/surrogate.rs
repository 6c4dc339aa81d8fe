//! The losses of PPO, per sample and over samples.
//!
//! Source: Schulman et al., 2017, equation 7; the value clipping is that of the repository `openai/baselines`.

/// One number and its derivative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// The loss, to be minimised.
    pub loss: f64,
    /// Its derivative by the first argument of the function that returned it.
    pub slope: f64,
}

/// Returns the clipped surrogate loss of one sample; `slope` is by `ratio`.
pub const fn surrogate_term(ratio: f64, advantage: f64, clip: f64) -> Term {
    let free = ratio * advantage;
    let clipped = ratio.clamp(1.0 - clip, 1.0 + clip) * advantage;
    // Written so that a NaN takes the first arm and shows.
    if clipped < free {
        Term { loss: -clipped, slope: 0.0 }
    } else {
        Term { loss: -free, slope: -advantage }
    }
}

/// Returns the squared error of one value; `slope` is by `value`.
///
/// With `clip` the value may leave its `old` one by at most that much before the worse of both errors counts.
pub fn value_term(value: f64, old: f64, target: f64, clip: Option<f64>) -> Term {
    let error = value - target;
    let free = Term { loss: error * error, slope: 2.0 * error };
    let Some(clip) = clip else { return free };
    let near = old + (value - old).clamp(-clip, clip);
    let clipped = (near - target) * (near - target);
    if free.loss < clipped { Term { loss: clipped, slope: 0.0 } } else { free }
}

/// Returns the k3 estimate of KL(old, new) from one log-ratio `l`: `exp(l) - 1 - l`, never negative.
///
/// Source: Schulman, 2020, "Approximating KL divergence".
pub fn k3(log_ratio: f64) -> f64 {
    let estimate = log_ratio.exp_m1() - log_ratio;
    // An infinite ratio minus an infinite log-ratio is still an infinite divergence.
    if log_ratio == f64::INFINITY { log_ratio } else { estimate }
}

/// Returns the clipped surrogate loss, the mean over samples; `None` without samples.
///
/// `ratios`, `advantages`: `[n]`.
pub fn clipped_surrogate(ratios: &[f64], advantages: &[f64], clip: f64) -> Option<f64> {
    let n = ratios.len().min(advantages.len());
    let total: f64 =
        ratios.iter().zip(advantages).map(|(&r, &a)| surrogate_term(r, a, clip).loss).sum();
    (0 < n).then(|| total / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ratio: f64, advantage: f64, loss: f64, slope: f64) {
        let term = surrogate_term(ratio, advantage, 0.2);
        assert!((term.loss - loss).abs() < 1e-12 && (term.slope - slope).abs() < 1e-12, "{term:?}");
    }

    #[test]
    fn clipping_takes_the_worse_of_both() {
        check(1.1, 2.0, -2.2, -2.0); // inside
        check(1.5, 2.0, -2.4, 0.0); // a gain beyond the range is not rewarded
        check(0.5, 2.0, -1.0, -2.0); // a loss beyond the range is paid in full
        check(0.5, -2.0, 1.6, 0.0);
        check(1.5, -2.0, 3.0, 2.0);
    }

    #[test]
    fn a_ratio_that_is_no_number_shows() {
        assert!(surrogate_term(f64::NAN, 1.0, 0.2).loss.is_nan());
        assert!(surrogate_term(f64::INFINITY, -1.0, 0.2).loss.is_infinite());
    }

    #[test]
    fn value_clipping_stops_the_slope_outside() {
        assert_eq!(value_term(3.0, 0.0, 1.0, None), Term { loss: 4.0, slope: 4.0 });
        // Moved from 0 to 2 towards a target of 3, allowed 0.5: the clipped error 2.5 is worse.
        assert_eq!(value_term(2.0, 0.0, 3.0, Some(0.5)), Term { loss: 6.25, slope: 0.0 });
        assert_eq!(value_term(0.25, 0.0, 3.0, Some(0.5)), Term { loss: 7.5625, slope: -5.5 });
    }

    #[test]
    fn k3_is_never_negative_and_overflows_to_infinity() {
        for l in [-800.0, -1.0, -1e-9, 0.0, 1e-9, 1e-3, 1.0] {
            assert!(0.0 <= k3(l), "{l}");
        }
        assert!(k3(800.0).is_infinite());
        assert!(k3(f64::INFINITY).is_infinite());
        assert!(k3(f64::NAN).is_nan());
    }

    #[test]
    fn surrogate_of_nothing_is_absent() {
        assert_eq!(clipped_surrogate(&[], &[], 0.2), None);
        assert_eq!(clipped_surrogate(&[1.5, 1.1], &[2.0, 2.0], 0.2), Some(-2.3));
    }
}
