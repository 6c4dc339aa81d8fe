//! What a person changed of the rules: muted ones, and limits of their own. Made once at the start and handed to the fold, so
//! that verdicts and alerts never disagree.

use std::collections::BTreeSet;
use std::fmt;

use leyline::metric::{self, MetricSpec};
use leyline::threshold::{Band, Limit};
use leyline::{Health, RuleId};

use crate::verdict;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    muted: BTreeSet<RuleId>,
    limits: Vec<OwnLimit>,
}

/// A limit that replaces the one of a record. The direction is that of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnLimit {
    /// The record.
    pub spec: &'static MetricSpec,
    /// Beyond any of them: a warning.
    pub warning: Vec<Limit>,
    /// Beyond any of them: critical.
    pub critical: Vec<Limit>,
}

/// The numbers of a level: as many as the record has bounds there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bounds {
    /// On one side, or of the magnitude.
    One(f64),
    /// A lower and an upper one.
    Between(f64, f64),
}

impl Bounds {
    /// Puts the numbers in the place of those of limits; `None` if there are more or fewer.
    fn replace(self, limits: &[Limit]) -> Option<Vec<Limit>> {
        match (self, limits) {
            (Self::One(number), [limit]) => Some(vec![at(*limit, number)]),
            (Self::Between(low, high), [lower, upper]) => {
                Some(vec![at(*lower, low), at(*upper, high)])
            }
            (Self::One(_) | Self::Between(..), _) => None,
        }
    }
}

/// Why a limit cannot be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitError {
    /// There is no such record.
    Unknown,
    /// The record has no limit, one in only one level, or one under a condition.
    Fixed,
    /// The record has another number of bounds.
    Count,
    /// A number is not finite, or the critical limit lies before the warning.
    Order,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no such record",
            Self::Fixed => {
                "only limits of updates with the same bounds for both levels and no condition can be replaced"
            }
            Self::Count => {
                "a limit on one side takes one number for each level, a limit on both sides LOW..HIGH"
            }
            Self::Order => "warning and critical must be numbers, and critical not before warning",
        })
    }
}

impl std::error::Error for LimitError {}

/// Records of updates whose limit holds under a condition, or counts.
const FIXED: [u16; 6] = [101, 123, 124, 211, 300, 301];

impl Settings {
    /// Mutes a rule: it is not evaluated.
    pub fn mute(&mut self, rule: RuleId) {
        self.muted.insert(rule);
    }

    /// Returns whether a rule is muted.
    pub fn is_muted(&self, rule: RuleId) -> bool {
        self.muted.contains(&rule)
    }

    /// Replaces the limit of a record.
    ///
    /// # Errors
    ///
    /// See [`LimitError`].
    pub fn set_limit(
        &mut self,
        number: u16,
        warning: Bounds,
        critical: Bounds,
    ) -> Result<(), LimitError> {
        let spec = metric::by_number(number).ok_or(LimitError::Unknown)?;
        let band =
            spec.band.filter(|_| spec.path.starts_with("policy.") && !FIXED.contains(&spec.number));
        let same =
            |band: &&Band| !band.critical.is_empty() && band.critical.len() == band.warning.len();
        let band = band.filter(same).ok_or(LimitError::Fixed)?;
        let pair = warning.replace(band.warning).zip(critical.replace(band.critical));
        let (warning, critical) = pair.ok_or(LimitError::Count)?;
        if !is_in_order(&warning, &critical) {
            return Err(LimitError::Order);
        }
        self.limits.retain(|own| own.spec.number != number);
        self.limits.push(OwnLimit { spec, warning, critical });
        Ok(())
    }

    /// Returns the limit that replaces that of a path.
    pub fn own_limit(&self, path: &str) -> Option<&OwnLimit> {
        self.limits.iter().find(|own| own.spec.path == path)
    }

    /// Judges a value by the own limit of its path, else by that of its record.
    pub(crate) fn grade(&self, path: &str, band: Option<&Band>, value: f64) -> Health {
        match self.own_limit(path) {
            Some(own) if value.is_finite() => own.grade(value),
            Some(_) | None => verdict::grade(band, value),
        }
    }
}

impl OwnLimit {
    fn grade(&self, value: f64) -> Health {
        let crossed = |limits: &[Limit]| limits.iter().any(|limit| limit.is_crossed_by(value));
        if crossed(&self.critical) {
            Health::Critical
        } else if crossed(&self.warning) {
            Health::Warning
        } else {
            Health::Healthy
        }
    }
}

/// Returns whether all are numbers, no critical limit lies before its warning, and a lower one lies below the upper one.
fn is_in_order(warning: &[Limit], critical: &[Limit]) -> bool {
    let is_number = |limit: &Limit| bound(*limit).is_finite();
    let is_beyond = |(warning, critical): (&Limit, &Limit)| match critical {
        Limit::Above(_) | Limit::AtLeast(_) | Limit::MagnitudeAtLeast(_) => {
            bound(*warning) <= bound(*critical)
        }
        Limit::Below(_) | Limit::AtMost(_) => bound(*critical) <= bound(*warning),
    };
    let rises = match warning {
        [low, high] => bound(*low) < bound(*high),
        _ => true,
    };
    warning.iter().chain(critical).all(is_number)
        && warning.iter().zip(critical).all(is_beyond)
        && rises
}

/// Returns a limit of the same direction at another number.
const fn at(limit: Limit, number: f64) -> Limit {
    match limit {
        Limit::Above(_) => Limit::Above(number),
        Limit::AtLeast(_) => Limit::AtLeast(number),
        Limit::Below(_) => Limit::Below(number),
        Limit::AtMost(_) => Limit::AtMost(number),
        Limit::MagnitudeAtLeast(_) => Limit::MagnitudeAtLeast(number),
    }
}

const fn bound(limit: Limit) -> f64 {
    match limit {
        Limit::Above(at)
        | Limit::AtLeast(at)
        | Limit::Below(at)
        | Limit::AtMost(at)
        | Limit::MagnitudeAtLeast(at) => at,
    }
}

#[cfg(test)]
mod tests {
    use super::Bounds::{Between, One};
    use super::*;

    #[track_caller]
    fn check(number: u16, warning: f64, critical: f64, expected: Result<(), LimitError>) {
        let (warning, critical) = (One(warning), One(critical));
        let set = Settings::default().set_limit(number, warning, critical);
        assert_eq!(set, expected, "TELE-{number} {warning:?} {critical:?}");
    }

    #[track_caller]
    fn check_both(warning: (f64, f64), critical: (f64, f64), expected: Result<(), LimitError>) {
        let of = |(low, high)| Between(low, high);
        let set = Settings::default().set_limit(144, of(warning), of(critical));
        assert_eq!(set, expected, "{warning:?} {critical:?}");
    }

    #[test]
    fn a_limit_on_both_sides_takes_two_numbers_for_each_level() {
        check_both((0.3, 0.7), (0.1, 0.95), Ok(()));
        check_both((0.3, 0.7), (0.35, 0.95), Err(LimitError::Order));
        check_both((0.3, 0.7), (0.1, 0.6), Err(LimitError::Order));
        check_both((0.7, 0.3), (0.1, 0.9), Err(LimitError::Order));
        check_both((f64::NAN, 0.7), (0.1, 0.9), Err(LimitError::Order));
        let one = Settings::default().set_limit(110, Between(0.1, 0.2), Between(0.0, 0.3));
        assert_eq!(one, Err(LimitError::Count));
        let mut settings = Settings::default();
        settings.set_limit(144, Between(0.3, 0.7), Between(0.1, 0.95)).unwrap();
        let grade = |value| settings.grade("policy.advantage_positive_ratio", None, value);
        assert_eq!(
            [0.1, 0.2, 0.5, 0.8, 0.95].map(grade),
            [Health::Critical, Health::Warning, Health::Healthy, Health::Warning, Health::Critical,]
        );
    }

    #[test]
    fn a_limit_keeps_its_direction_and_its_order() {
        check(110, 0.02, 0.05, Ok(()));
        check(110, 0.05, 0.05, Ok(()));
        check(110, 0.05, 0.02, Err(LimitError::Order));
        check(110, f64::NAN, 0.02, Err(LimitError::Order));
        check(200, 0.1, -1.0, Ok(()));
        check(200, -1.0, 0.1, Err(LimitError::Order));
        check(140, 0.1, 0.2, Err(LimitError::Count));
        check(143, 0.1, 0.2, Err(LimitError::Fixed));
        check(211, 0.1, 0.2, Err(LimitError::Fixed));
        check(702, 3.0, 6.0, Err(LimitError::Fixed));
        check(104, 3.0, 6.0, Err(LimitError::Fixed));
        check(999, 3.0, 6.0, Err(LimitError::Unknown));
    }

    #[test]
    fn the_latest_limit_of_a_record_counts_and_nan_stays_critical() {
        let mut settings = Settings::default();
        settings.set_limit(110, One(0.1), One(0.2)).unwrap();
        settings.set_limit(110, One(0.02), One(0.05)).unwrap();
        let grade = |value| settings.grade("policy.kl_divergence", None, value);
        assert_eq!(grade(0.02), Health::Healthy);
        assert_eq!(grade(0.03), Health::Warning);
        assert_eq!(grade(0.06), Health::Critical);
        assert_eq!(grade(f64::NAN), Health::Critical);
        assert_eq!(settings.grade("policy.policy_loss", None, 1.0), Health::Ungraded);
    }
}
