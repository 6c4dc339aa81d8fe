//! Every limit of a verdict, and how a limit grades a value. No other place in the project holds such a number.
//!
//! The table of `docs/telemetry` says for each record where its limit comes from. First match in the order
//! critical, warning, healthy.

use crate::word::closed_word;

closed_word! {
    /// The verdict on a value.
    Health {
        /// There is no value, so there is nothing to judge: neither healthy nor an alarm.
        NoData = "no data",
        /// There is a value but no limit for it.
        Ungraded = "none",
        /// Within the limits.
        Healthy = "healthy",
        /// Beyond the first limit.
        Warning = "warning",
        /// Beyond the second limit, or not finite.
        Critical = "critical",
    }
}

/// One side of a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// `v > x`.
    Above(f64),
    /// `v >= x`.
    AtLeast(f64),
    /// `v < x`.
    Below(f64),
    /// `v <= x`.
    AtMost(f64),
    /// `abs(v) >= x`.
    MagnitudeAtLeast(f64),
}

impl Limit {
    /// Returns whether a finite value is beyond the limit.
    pub fn is_crossed_by(self, value: f64) -> bool {
        match self {
            Self::Above(limit) => limit < value,
            Self::AtLeast(limit) => limit <= value,
            Self::Below(limit) => value < limit,
            Self::AtMost(limit) => value <= limit,
            Self::MagnitudeAtLeast(limit) => limit <= value.abs(),
        }
    }
}

/// The limits of one metric: a value beyond any critical one is critical, else beyond any warning one a warning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Beyond any of these: critical.
    pub critical: &'static [Limit],
    /// Beyond any of these, and of no critical one: a warning.
    pub warning: &'static [Limit],
}

impl Band {
    /// Judges a value. NaN and infinities are critical, whatever the limits say.
    pub fn grade(&self, value: f64) -> Health {
        grade(self.critical, self.warning, value)
    }
}

/// Judges a value by limits. NaN and infinities are critical, whatever the limits say.
pub fn grade(critical: &[Limit], warning: &[Limit], value: f64) -> Health {
    if !value.is_finite() || is_any_crossed(critical, value) {
        Health::Critical
    } else if is_any_crossed(warning, value) {
        Health::Warning
    } else {
        Health::Healthy
    }
}

/// Returns whether a finite value is beyond any of the limits.
pub fn is_any_crossed(limits: &[Limit], value: f64) -> bool {
    limits.iter().any(|limit| limit.is_crossed_by(value))
}

use Limit::{Above, AtLeast, AtMost, Below, MagnitudeAtLeast};

const fn band(critical: &'static [Limit], warning: &'static [Limit]) -> Band {
    Band { critical, warning }
}

/// TELE-101, updates skipped: one skip is worth a look.
pub const UPDATES_SKIPPED: Band = band(&[], &[AtLeast(1.0)]);
/// TELE-110, KL divergence in nats.
pub const KL_DIVERGENCE: Band = band(&[Above(0.03)], &[Above(0.015)]);
/// TELE-120, entropy in nats; judged only where the largest entropy of the policy is known.
pub const ENTROPY: Band = band(&[AtMost(ENTROPY_CRITICAL)], &[AtMost(ENTROPY_WARNING)]);
/// Entropy in nats from which down a policy counts as collapsed.
pub const ENTROPY_CRITICAL: f64 = 0.1;
/// Entropy in nats from which down a policy is narrow.
pub const ENTROPY_WARNING: f64 = 0.3;
/// TELE-121, entropy velocity in nats per batch.
pub const ENTROPY_VELOCITY: Band = band(&[AtMost(-0.03)], &[AtMost(-0.01)]);
/// TELE-122, collapse risk score.
pub const COLLAPSE_RISK_SCORE: Band = band(&[AtLeast(0.7)], &[AtLeast(0.3)]);
/// TELE-123, entropy clip correlation, while the entropy is at most [`ENTROPY_WARNING`]; critical only while the clip fraction
/// is at least [`CLIP_WARNING`] too.
pub const ENTROPY_CLIP_CORRELATION: Band = band(&[Below(-0.5)], &[Below(-0.4)]);
/// TELE-130, clip fraction.
pub const CLIP_FRACTION: Band = band(&[AtLeast(0.30)], &[AtLeast(CLIP_WARNING)]);
/// Clip fraction from which on many samples no longer teach the policy.
pub const CLIP_WARNING: f64 = 0.25;
/// TELE-140, spread of the advantages that enter the loss.
pub const ADVANTAGE_STD: Band = band(&[AtMost(0.1), Above(3.0)], &[ADVANTAGE_STD_LOW, Above(2.0)]);
/// The lower side of [`ADVANTAGE_STD`]: what crosses it is too low, any other alarm too high.
pub const ADVANTAGE_STD_LOW: Limit = AtMost(0.5);
/// TELE-141, mean of the advantages that enter the loss.
pub const ADVANTAGE_MEAN: Band = band(&[MagnitudeAtLeast(0.3)], &[MagnitudeAtLeast(0.1)]);
/// TELE-142, skewness of the advantages.
pub const ADVANTAGE_SKEWNESS: Band = band(&[Below(-1.0), Above(2.0)], &[Below(-0.5), Above(1.0)]);
/// TELE-143, excess kurtosis of the advantages.
pub const ADVANTAGE_KURTOSIS: Band = band(&[Above(6.0)], &[Below(-1.0), Above(3.0)]);
/// TELE-144, share of positive advantages; from healthy runs, which are far from symmetric (`docs/adr/0020`, `docs/adr/0021`).
pub const ADVANTAGE_POSITIVE_RATIO: Band =
    band(&[AtMost(0.02), AtLeast(0.98)], &[Below(0.2), Above(0.8)]);
/// TELE-150, largest importance ratio.
pub const RATIO_MAX: Band = band(&[Above(3.0)], &[Above(2.0)]);
/// TELE-153, smallest importance ratio.
pub const RATIO_MIN: Band = band(&[Below(0.33)], &[Below(0.5)]);
/// TELE-154, spread of the importance ratios.
pub const RATIO_STD: Band = band(&[], &[Above(0.5)]);
/// TELE-160, smallest log-probability of a taken action, in nats.
pub const LOG_PROB_MIN: Band = band(&[AtMost(-100.0)], &[AtMost(-50.0)]);
/// Spread of the value targets, as a share of their mean, below which they no longer vary: then TELE-200, 211 and 220 compare
/// noise with noise and are not judged (`docs/adr/0017`).
pub const RETURNS_VARY: f64 = 0.01;
/// Spread of the value targets, as a share of their mean, from which on a critic that is no better than a constant is critical:
/// below, a constant foresees 96 % of them, in squares (`docs/adr/0021`).
pub const RETURNS_VARY_MUCH: f64 = 0.2;
/// TELE-200, explained variance, while the value targets vary ([`RETURNS_VARY`]).
pub const EXPLAINED_VARIANCE: Band = band(&[AtMost(0.0)], &[AtMost(0.3)]);
/// TELE-211, spread of the critic's output; critical only while its range is below [`VALUE_COLLAPSE_RANGE`] too and the value
/// targets vary ([`RETURNS_VARY`]).
pub const VALUE_STD: Band = band(&[Below(0.01)], &[]);
/// Range of the critic's output below which a small spread means that it says the same everywhere, in reward.
pub const VALUE_COLLAPSE_RANGE: f64 = 0.1;
/// TELE-212 and TELE-213, extremes of the critic's output, in reward.
pub const VALUE_EXTREME: Band = band(&[MagnitudeAtLeast(10_000.0)], &[MagnitudeAtLeast(5000.0)]);
/// TELE-220, correlation of critic and value target, while the value targets vary ([`RETURNS_VARY`]).
pub const V_RETURN_CORRELATION: Band = band(&[Below(0.3)], &[Below(0.5)]);
/// TELE-221, mean one-step error, in reward.
pub const TD_ERROR_MEAN: Band = band(&[MagnitudeAtLeast(15.0)], &[MagnitudeAtLeast(5.0)]);
/// TELE-223, mean absolute one-step error, in reward.
pub const BELLMAN_ERROR: Band = band(&[AtLeast(50.0)], &[AtLeast(20.0)]);
/// TELE-228, skewness of the value targets.
pub const RETURN_SKEWNESS: Band = band(&[MagnitudeAtLeast(2.0)], &[MagnitudeAtLeast(1.0)]);
/// TELE-300 and TELE-301, gradient elements that are not finite: any is critical.
pub const NONFINITE_GRADIENTS: Band = band(&[Above(0.0)], &[]);
/// TELE-310, gradient norm before clipping.
pub const GRAD_NORM: Band = band(&[Above(10.0)], &[Above(5.0)]);
/// TELE-330, coefficient of variation of the gradient norm.
pub const GRADIENT_CV: Band = band(&[AtLeast(2.0)], &[AtLeast(0.5)]);
/// TELE-331 and TELE-332, layers with a vanishing or exploding gradient.
pub const BROKEN_LAYERS: Band = band(&[AtLeast(3.0)], &[AtLeast(1.0)]);
/// TELE-634 and TELE-702, seconds without news.
pub const STALENESS: Band = band(&[AtLeast(STALE_SECONDS)], &[AtLeast(SLOW_SECONDS)]);
/// Seconds without news from which on a connection is slow.
pub const SLOW_SECONDS: f64 = 2.0;
/// Seconds without news from which on a connection is stale.
pub const STALE_SECONDS: f64 = 5.0;
/// TELE-720, load of the machine in percent.
pub const CPU_PERCENT: Band = band(&[Above(90.0)], &[Above(75.0)]);
/// TELE-721 and TELE-730, share of a memory pool in use.
pub const MEMORY_SHARE: Band = band(&[Above(MEMORY_ALARM_SHARE)], &[Above(0.75)]);
/// Share of a memory pool beyond which it is an alarm (TELE-740, `MEMORY_WARNING`).
pub const MEMORY_ALARM_SHARE: f64 = 0.90;
/// TELE-780, rejected events.
pub const EVENTS_REJECTED: Band = band(&[], &[Above(0.0)]);
/// TELE-782, TELE-783 and TELE-784, lost events and gaps: any is critical.
pub const EVENTS_LOST: Band = band(&[Above(0.0)], &[]);

/// Batches since start during which limits are not judged aloud, also after a resume.
pub const WARMUP_BATCHES: u64 = 10;

/// Limits of the producer's anomaly events; they fire later than the verdicts.
pub mod anomaly {
    use super::Limit;

    /// `GRADIENT_ANOMALY`: gradient norm before clipping.
    pub const GRADIENT_EXPLOSION: f64 = 100.0;
    /// `RATIO_EXPLOSION_DETECTED`: largest importance ratio.
    pub const RATIO_EXPLOSION: f64 = 5.0;
    /// `RATIO_COLLAPSE_DETECTED`: smallest importance ratio.
    pub const RATIO_COLLAPSE: f64 = 0.1;
    /// `VALUE_COLLAPSE_DETECTED`: spread of the critic's output, in reward.
    pub const VALUE_COLLAPSE_STD: f64 = 0.01;
    /// `VALUE_COLLAPSE_DETECTED`: value targets must spread at least this much, in reward.
    pub const VALUE_COLLAPSE_MIN_RETURN_STD: f64 = 0.1;
    /// `IMPROVEMENT_DETECTED`: relative change of the mean return.
    pub const IMPROVEMENT: f64 = 0.05;
    /// `DEGRADATION_DETECTED`: relative change of the mean return.
    pub const DEGRADATION: f64 = -0.05;
    /// `PLATEAU_DETECTED`: largest relative change of the mean return, either way.
    pub const PLATEAU: f64 = 0.01;
    /// Gradient norm of a parameter tensor below which it counts as dead.
    pub const DEAD_LAYER: f64 = 1e-8;
    /// Gradient norm of a parameter tensor above which it counts as exploding.
    pub const EXPLODING_LAYER: f64 = 100.0;
    /// `MEMORY_WARNING`: share of a pool in use.
    pub const MEMORY: Limit = Limit::Above(super::MEMORY_ALARM_SHARE);
    /// `MEMORY_WARNING`: at most once in this many seconds per pool.
    pub const MEMORY_INTERVAL_SECONDS: u64 = 60;
}

#[cfg(test)]
mod tests {
    use super::*;
    use Health::{Critical, Healthy, Warning};

    #[track_caller]
    fn check(band: &Band, cases: &[(f64, Health)]) {
        for &(value, expected) in cases {
            assert_eq!(band.grade(value), expected, "{value}");
        }
    }

    #[test]
    fn at01_kl_divergence() {
        let nan = (f64::NAN, Critical);
        check(
            &KL_DIVERGENCE,
            &[(0.015, Healthy), (0.0151, Warning), (0.03, Warning), (0.0301, Critical), nan],
        );
    }

    #[test]
    fn at02_entropy() {
        check(&ENTROPY, &[(0.3001, Healthy), (0.3, Warning), (0.1001, Warning), (0.1, Critical)]);
    }

    #[test]
    fn at04_clip_fraction() {
        check(
            &CLIP_FRACTION,
            &[(0.2499, Healthy), (0.25, Warning), (0.2999, Warning), (0.3, Critical)],
        );
    }

    #[test]
    fn at05_advantage_std() {
        check(
            &ADVANTAGE_STD,
            &[(0.1, Critical), (0.1001, Warning), (0.5, Warning), (0.5001, Healthy)],
        );
        check(
            &ADVANTAGE_STD,
            &[(2.0, Healthy), (2.0001, Warning), (3.0, Warning), (3.0001, Critical)],
        );
    }

    #[test]
    fn at06_explained_variance() {
        check(&EXPLAINED_VARIANCE, &[(0.3001, Healthy), (0.3, Warning), (0.0001, Warning)]);
        check(&EXPLAINED_VARIANCE, &[(0.0, Critical), (-0.5, Critical)]);
    }

    #[test]
    fn at07_at08_at09_gradients_and_risk() {
        check(&NONFINITE_GRADIENTS, &[(0.0, Healthy), (1.0, Critical)]);
        check(
            &GRAD_NORM,
            &[(5.0, Healthy), (5.0001, Warning), (10.0, Warning), (10.0001, Critical)],
        );
        check(
            &COLLAPSE_RISK_SCORE,
            &[(0.2999, Healthy), (0.3, Warning), (0.6999, Warning), (0.7, Critical)],
        );
    }

    #[test]
    fn at11_advantage_skewness() {
        check(
            &ADVANTAGE_SKEWNESS,
            &[(-1.0, Warning), (-1.0001, Critical), (-0.5, Healthy), (-0.5001, Warning)],
        );
        check(
            &ADVANTAGE_SKEWNESS,
            &[(1.0, Healthy), (1.0001, Warning), (2.0, Warning), (2.0001, Critical)],
        );
    }

    #[test]
    fn at12_at23_at24_at25_at26_other_bands() {
        check(&STALENESS, &[(1.999, Healthy), (2.0, Warning), (4.999, Warning), (5.0, Critical)]);
        check(&RATIO_MAX, &[(2.0, Healthy), (2.0001, Warning), (3.0, Warning), (3.0001, Critical)]);
        check(
            &V_RETURN_CORRELATION,
            &[(0.5, Healthy), (0.4999, Warning), (0.3, Warning), (0.2999, Critical)],
        );
        check(&BROKEN_LAYERS, &[(0.0, Healthy), (1.0, Warning), (2.0, Warning), (3.0, Critical)]);
        check(&CPU_PERCENT, &[(75.0, Healthy), (75.1, Warning), (90.0, Warning), (90.1, Critical)]);
    }

    #[test]
    fn at13_memory_share() {
        let of_32 = |used: f64| MEMORY_SHARE.grade(used / 32.0);
        assert_eq!([24.0, 24.1, 28.8, 28.81].map(of_32), [Healthy, Warning, Warning, Critical]);
    }
}
