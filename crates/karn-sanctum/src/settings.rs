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
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnLimit {
    /// The record.
    pub spec: &'static MetricSpec,
    /// Beyond it: a warning.
    pub warning: Limit,
    /// Beyond it: critical.
    pub critical: Limit,
}

/// Why a limit cannot be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitError {
    /// There is no such record.
    Unknown,
    /// The record has no limit, several bounds per level, or a condition.
    Fixed,
    /// A number is not finite, or the critical limit lies before the warning.
    Order,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no such record",
            Self::Fixed => {
                "only limits of updates with one bound for each level and no condition can be replaced"
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
        warning: f64,
        critical: f64,
    ) -> Result<(), LimitError> {
        let spec = metric::by_number(number).ok_or(LimitError::Unknown)?;
        let band =
            spec.band.filter(|_| spec.path.starts_with("policy.") && !FIXED.contains(&spec.number));
        let Some(Band { critical: [old_critical], warning: [old_warning] }) = band else {
            return Err(LimitError::Fixed);
        };
        let (warning, critical) = (at(*old_warning, warning), at(*old_critical, critical));
        let is_number = |limit: Limit| bound(limit).is_finite();
        let is_beyond = match critical {
            Limit::Above(_) | Limit::AtLeast(_) | Limit::MagnitudeAtLeast(_) => {
                bound(warning) <= bound(critical)
            }
            Limit::Below(_) | Limit::AtMost(_) => bound(critical) <= bound(warning),
        };
        if !is_number(warning) || !is_number(critical) || !is_beyond {
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
        if self.critical.is_crossed_by(value) {
            Health::Critical
        } else if self.warning.is_crossed_by(value) {
            Health::Warning
        } else {
            Health::Healthy
        }
    }
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
    use super::*;

    #[track_caller]
    fn check(number: u16, warning: f64, critical: f64, expected: Result<(), LimitError>) {
        let set = Settings::default().set_limit(number, warning, critical);
        assert_eq!(set, expected, "TELE-{number} {warning} {critical}");
    }

    #[test]
    fn a_limit_keeps_its_direction_and_its_order() {
        check(110, 0.02, 0.05, Ok(()));
        check(110, 0.05, 0.05, Ok(()));
        check(110, 0.05, 0.02, Err(LimitError::Order));
        check(110, f64::NAN, 0.02, Err(LimitError::Order));
        check(200, 0.1, -1.0, Ok(()));
        check(200, -1.0, 0.1, Err(LimitError::Order));
        check(140, 0.1, 0.2, Err(LimitError::Fixed));
        check(211, 0.1, 0.2, Err(LimitError::Fixed));
        check(702, 3.0, 6.0, Err(LimitError::Fixed));
        check(104, 3.0, 6.0, Err(LimitError::Fixed));
        check(999, 3.0, 6.0, Err(LimitError::Unknown));
    }

    #[test]
    fn the_latest_limit_of_a_record_counts_and_nan_stays_critical() {
        let mut settings = Settings::default();
        settings.set_limit(110, 0.1, 0.2).unwrap();
        settings.set_limit(110, 0.02, 0.05).unwrap();
        let grade = |value| settings.grade("policy.kl_divergence", None, value);
        assert_eq!(grade(0.02), Health::Healthy);
        assert_eq!(grade(0.03), Health::Warning);
        assert_eq!(grade(0.06), Health::Critical);
        assert_eq!(grade(f64::NAN), Health::Critical);
        assert_eq!(settings.grade("policy.policy_loss", None, 1.0), Health::Ungraded);
    }
}
