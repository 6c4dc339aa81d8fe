//! What a person changed of the rules: muted ones, and limits of their own. Made once at the start and handed to the fold, so
//! that verdicts and alerts never disagree.

use std::collections::BTreeSet;
use std::fmt;

use leyline::metric::{self, MetricSpec};
use leyline::threshold::{self, Band, Limit};
use leyline::{Health, RuleId};

use crate::verdict;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    muted: BTreeSet<RuleId>,
    limits: Vec<OwnLimit>,
}

/// A limit that replaces the one of a record. Directions and conditions are those of the record.
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
    /// Puts the numbers of a level in the place of those of its limits; `None` if there are more or fewer.
    fn replace(level: Option<Self>, limits: &[Limit]) -> Option<Vec<Limit>> {
        match (level, limits) {
            (None, []) => Some(Vec::new()),
            (Some(Self::One(number)), [limit]) => Some(vec![at(*limit, number)]),
            (Some(Self::Between(low, high)), [lower, upper]) => {
                Some(vec![at(*lower, low), at(*upper, high)])
            }
            (None | Some(Self::One(_) | Self::Between(..)), _) => None,
        }
    }
}

/// Why a limit cannot be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitError {
    /// There is no such record.
    Unknown,
    /// The record has no limit.
    Unlimited,
    /// The record counts what should never be.
    Counts,
    /// The record has other levels, or another number of bounds in one.
    Form,
    /// A number is not finite, or the critical limit lies before the warning.
    Order,
    /// The limit is a share and a number does not lie in (0, 1].
    Share,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no such record",
            Self::Unlimited => "the record has no limit",
            Self::Counts => {
                "the record counts what should not be, and one is one too many; its rule can be muted"
            }
            Self::Form => "the record has other levels, or another number of bounds in one of them",
            Self::Order => "warning and critical must be numbers, and critical not before warning",
            Self::Share => "the limit is a share of the total, above 0 and at most 1",
        })
    }
}

impl std::error::Error for LimitError {}

/// Records that count what should not be: skipped updates, gradients that are not finite, rejected and lost events.
const COUNTS: [u16; 7] = [101, 300, 301, 780, 782, 783, 784];
/// Records in GiB that are judged by the share of their pool.
const SHARES: [u16; 2] = [721, 730];

/// The limits in force for a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InForce<'a> {
    pub(crate) critical: &'a [Limit],
    pub(crate) warning: &'a [Limit],
}

impl Settings {
    /// Mutes a rule: it is not evaluated.
    pub fn mute(&mut self, rule: RuleId) {
        self.muted.insert(rule);
    }

    /// Returns whether a rule is muted.
    pub fn is_muted(&self, rule: RuleId) -> bool {
        self.muted.contains(&rule)
    }

    /// Replaces the limit of a record. `None` for a level: the record has none there either.
    ///
    /// # Errors
    ///
    /// See [`LimitError`].
    pub fn set_limit(
        &mut self,
        number: u16,
        warning: Option<Bounds>,
        critical: Option<Bounds>,
    ) -> Result<(), LimitError> {
        let spec = metric::by_number(number).ok_or(LimitError::Unknown)?;
        let band = spec.band.ok_or(LimitError::Unlimited)?;
        if COUNTS.contains(&number) {
            return Err(LimitError::Counts);
        }
        let warning = Bounds::replace(warning, band.warning);
        let critical = Bounds::replace(critical, band.critical);
        let (warning, critical) = warning.zip(critical).ok_or(LimitError::Form)?;
        if !is_in_order(&warning, &critical) {
            return Err(LimitError::Order);
        }
        let is_share = |limit: &Limit| 0.0 < bound(*limit) && bound(*limit) <= 1.0;
        if SHARES.contains(&number) && !warning.iter().chain(&critical).all(is_share) {
            return Err(LimitError::Share);
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
            Some(own) => threshold::grade(&own.critical, &own.warning, value),
            None => verdict::grade(band, value),
        }
    }

    /// Returns the own limit of a path, else that of its record.
    pub(crate) fn in_force<'a>(&'a self, path: &str, band: &'a Band) -> InForce<'a> {
        match self.own_limit(path) {
            Some(OwnLimit { spec: _, warning, critical }) => InForce { critical, warning },
            None => InForce { critical: band.critical, warning: band.warning },
        }
    }
}

/// Returns whether all are numbers, no critical limit lies before the warning on its side, and lower ones lie below upper ones.
fn is_in_order(warning: &[Limit], critical: &[Limit]) -> bool {
    let is_number = |limit: &Limit| bound(*limit).is_finite();
    let of_side = |limits: &[Limit], lower: bool| {
        limits.iter().find(|limit| is_lower(**limit) == lower).map(|limit| bound(*limit))
    };
    let pair = |lower| of_side(warning, lower).zip(of_side(critical, lower));
    let rises = |limits: &[Limit]| {
        of_side(limits, true).zip(of_side(limits, false)).is_none_or(|(low, high)| low < high)
    };
    warning.iter().chain(critical).all(is_number)
        && pair(true).is_none_or(|(warning, critical)| critical <= warning)
        && pair(false).is_none_or(|(warning, critical)| warning <= critical)
        && rises(warning)
        && rises(critical)
}

const fn is_lower(limit: Limit) -> bool {
    match limit {
        Limit::Below(_) | Limit::AtMost(_) => true,
        Limit::Above(_) | Limit::AtLeast(_) | Limit::MagnitudeAtLeast(_) => false,
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
    use super::Bounds::{Between, One};
    use super::*;

    #[track_caller]
    fn check(number: u16, warning: f64, critical: f64, expected: Result<(), LimitError>) {
        check_levels(number, Some(One(warning)), Some(One(critical)), expected);
    }

    #[track_caller]
    fn check_levels(
        number: u16,
        warning: Option<Bounds>,
        critical: Option<Bounds>,
        expected: Result<(), LimitError>,
    ) {
        let set = Settings::default().set_limit(number, warning, critical);
        assert_eq!(set, expected, "TELE-{number} {warning:?} {critical:?}");
    }

    #[track_caller]
    fn check_both(warning: (f64, f64), critical: (f64, f64), expected: Result<(), LimitError>) {
        let of = |(low, high)| Some(Between(low, high));
        check_levels(144, of(warning), of(critical), expected);
    }

    #[test]
    fn a_limit_on_both_sides_takes_two_numbers_for_each_level() {
        check_both((0.3, 0.7), (0.1, 0.95), Ok(()));
        check_both((0.3, 0.7), (0.35, 0.95), Err(LimitError::Order));
        check_both((0.3, 0.7), (0.1, 0.6), Err(LimitError::Order));
        check_both((0.7, 0.3), (0.1, 0.9), Err(LimitError::Order));
        check_both((f64::NAN, 0.7), (0.1, 0.9), Err(LimitError::Order));
        let (warning, critical) = (Some(Between(0.1, 0.2)), Some(Between(0.0, 0.3)));
        check_levels(110, warning, critical, Err(LimitError::Form));
        let mut settings = Settings::default();
        let (warning, critical) = (Some(Between(0.3, 0.7)), Some(Between(0.1, 0.95)));
        settings.set_limit(144, warning, critical).unwrap();
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
        check(702, 30.0, 60.0, Ok(()));
        check(140, 0.1, 0.2, Err(LimitError::Form));
        check(143, 0.1, 0.2, Err(LimitError::Form));
        check(211, 0.1, 0.2, Err(LimitError::Form));
        check(104, 3.0, 6.0, Err(LimitError::Unlimited));
        check(124, 3.0, 6.0, Err(LimitError::Unlimited));
        check(999, 3.0, 6.0, Err(LimitError::Unknown));
    }

    #[test]
    fn levels_may_differ_in_their_bounds_and_one_may_be_without() {
        let wide = Some(Between(-2.0, 4.0));
        check_levels(143, wide, Some(One(8.0)), Ok(()));
        check_levels(143, wide, Some(One(3.0)), Err(LimitError::Order));
        check_levels(143, wide, None, Err(LimitError::Form));
        check_levels(211, None, Some(One(0.001)), Ok(()));
        check_levels(154, Some(One(0.7)), None, Ok(()));
        check_levels(154, Some(One(0.7)), Some(One(0.9)), Err(LimitError::Form));
        check_levels(154, None, None, Err(LimitError::Form));
    }

    #[test]
    fn a_count_of_what_should_not_be_has_no_other_limit() {
        for number in COUNTS {
            check(number, 3.0, 6.0, Err(LimitError::Counts));
        }
    }

    #[test]
    fn memory_takes_shares_and_no_percent() {
        check(721, 0.8, 1.0, Ok(()));
        check(730, 0.85, 0.95, Ok(()));
        check(721, 80.0, 95.0, Err(LimitError::Share));
        check(730, 0.0, 0.9, Err(LimitError::Share));
        check(720, 80.0, 95.0, Ok(()));
    }

    #[test]
    fn the_latest_limit_of_a_record_counts_and_nan_stays_critical() {
        let mut settings = Settings::default();
        settings.set_limit(110, Some(One(0.1)), Some(One(0.2))).unwrap();
        settings.set_limit(110, Some(One(0.02)), Some(One(0.05))).unwrap();
        let grade = |value| settings.grade("policy.kl_divergence", None, value);
        assert_eq!(grade(0.02), Health::Healthy);
        assert_eq!(grade(0.03), Health::Warning);
        assert_eq!(grade(0.06), Health::Critical);
        assert_eq!(grade(f64::NAN), Health::Critical);
        assert_eq!(settings.grade("policy.policy_loss", None, 1.0), Health::Ungraded);
    }
}
