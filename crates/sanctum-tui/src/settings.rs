//! What somebody changed of the rules, for every fold of this process: read once, before anything is folded.

use std::fmt;
use std::sync::{Arc, OnceLock};

use karn_sanctum::Settings;
use karn_sanctum::settings::{Bounds, LimitError};
use leyline::metric;
use leyline::threshold::Limit;
use leyline::word::ClosedWord as _;
use leyline::{AlertLevel, RuleId};
use serde::{Serialize, Serializer};

use crate::headless::limit as words;
use crate::headless::nearest::nearest;

static CURRENT: OnceLock<Current> = OnceLock::new();

const LEVELS: [AlertLevel; 2] = [AlertLevel::Warning, AlertLevel::Critical];

/// The settings and, of the limits, who set them.
#[derive(Debug, Default)]
struct Current {
    settings: Arc<Settings>,
    own: Vec<Own>,
}

/// A limit in the place of that of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnLimit {
    number: u16,
    warning: Option<Bounds>,
    critical: Option<Bounds>,
}

/// Who set something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// This line of the configuration file.
    File(usize),
}

/// A limit in the place of that of a record, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Own {
    pub(crate) record: String,
    pub(crate) metric: &'static str,
    pub(crate) warning: String,
    pub(crate) critical: String,
    pub(crate) built_in_warning: String,
    pub(crate) built_in_critical: String,
    pub(crate) from: Origin,
    /// Level, condition and meaning of each, as the inspector shows those of a record.
    #[serde(skip)]
    rows: Vec<[String; 3]>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("command line"),
            Self::File(line) => write!(f, "configuration file, line {line}"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl OwnLimit {
    /// Returns the id of the record.
    pub fn record(&self) -> String {
        format!("TELE-{:03}", self.number)
    }

    /// Returns warning and critical; `None` for a level that the record does not have.
    pub const fn bounds(&self) -> [Option<Bounds>; 2] {
        [self.warning, self.critical]
    }

    /// Returns the limits of the record, warning and critical, in words.
    pub fn built_in(&self) -> [String; 2] {
        let spec = metric::by_number(self.number);
        LEVELS.map(|level| spec.map_or_else(String::new, |spec| words::format_limit(spec, level)))
    }
}

impl Own {
    fn new(settings: &Settings, limit: OwnLimit, from: Origin) -> Option<Self> {
        let spec = metric::by_number(limit.number)?;
        let own = settings.own_limit(spec.path)?;
        let [warning, critical] = LEVELS.map(|level| words::format_own(own, level));
        let [built_in_warning, built_in_critical] = limit.built_in();
        let row = |level: &str, condition: &str, built_in: &str| {
            [
                level.to_owned(),
                format!("value {condition}"),
                format!("own limit ({from}), built in {built_in}"),
            ]
        };
        let warned = (!own.warning.is_empty()).then(|| row("Warning", &warning, &built_in_warning));
        let alarmed = row("Critical", &critical, &built_in_critical);
        let rows =
            warned.into_iter().chain((!own.critical.is_empty()).then_some(alarmed)).collect();
        let (record, metric) = (limit.record(), spec.path);
        Some(Self {
            record,
            metric,
            warning,
            critical,
            built_in_warning,
            built_in_critical,
            from,
            rows,
        })
    }

    /// Returns level, condition and meaning of each limit.
    pub(crate) fn rows(&self) -> impl Iterator<Item = [&str; 3]> {
        self.rows.iter().map(|[level, condition, meaning]| [&**level, &**condition, &**meaning])
    }
}

impl Current {
    /// Of two limits of a record the later one counts.
    fn new(limits: &[(OwnLimit, Origin)], muted: &[(RuleId, Origin)]) -> Self {
        let mut settings = Settings::default();
        for (own, _) in limits {
            // Whoever made it has tried it.
            settings.set_limit(own.number, own.warning, own.critical).ok();
        }
        for (rule, _) in muted {
            settings.mute(*rule);
        }
        let mut own: Vec<Own> = Vec::new();
        for (limit, from) in limits {
            own.retain(|before| before.record != limit.record());
            own.extend(Own::new(&settings, *limit, *from));
        }
        Self { settings: Arc::new(settings), own }
    }
}

/// Makes these the settings of every fold that follows. The first call counts.
pub(crate) fn set(limits: &[(OwnLimit, Origin)], muted: &[(RuleId, Origin)]) {
    CURRENT.set(Current::new(limits, muted)).ok();
}

/// Returns the settings of this process; those that are built in where none were set.
pub(crate) fn current() -> Arc<Settings> {
    CURRENT.get().map_or_else(Arc::default, |current| Arc::clone(&current.settings))
}

/// Returns the limits in the place of those of records.
pub(crate) fn own() -> &'static [Own] {
    CURRENT.get().map_or(&[], |current| &current.own)
}

/// Reads a limit of the command line.
///
/// # Errors
///
/// Says why it is none.
pub fn limit(text: &str) -> Result<OwnLimit, String> {
    let form = || {
        "not of the form TELE-110=0.02,0.05 (warning, critical; `-` for a level without a limit), \
         TELE-144=0.4..0.6,0.2..0.8"
            .to_owned()
    };
    let (record, numbers) = text.split_once('=').ok_or_else(form)?;
    let (warning, critical) = numbers.split_once(',').ok_or_else(form)?;
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| form());
    let bounds = |text: &str| match text.split_once("..") {
        Some((low, high)) => Ok(Some(Bounds::Between(number(low)?, number(high)?))),
        None if text.trim() == "-" => Ok(None),
        None => number(text).map(|number| Some(Bounds::One(number))),
    };
    let (warning, critical) = (bounds(warning)?, bounds(critical)?);
    record.strip_prefix("TELE-").ok_or_else(form)?;
    own_limit(record, warning, critical)
}

/// Returns a limit for a record, such as `TELE-110`.
///
/// # Errors
///
/// Says why there can be none.
pub(crate) fn own_limit(
    record: &str,
    warning: Option<Bounds>,
    critical: Option<Bounds>,
) -> Result<OwnLimit, String> {
    let number = record.strip_prefix("TELE-").and_then(|digits| digits.parse().ok());
    let number: u16 = number.ok_or_else(|| format!("{record} is no record"))?;
    let own = OwnLimit { number, warning, critical };
    let mut trial = Settings::default();
    let set = trial.set_limit(number, warning, critical);
    set.map(|()| own).map_err(|error| match error {
        LimitError::Form => form_of(number),
        LimitError::Unknown
        | LimitError::Unlimited
        | LimitError::Counts
        | LimitError::Order
        | LimitError::Share => error.to_string(),
    })
}

/// Says which numbers the limit of a record takes.
fn form_of(number: u16) -> String {
    let band = metric::by_number(number).and_then(|spec| spec.band);
    let [warning, critical] = band.map_or([&[][..]; 2], |band| [band.warning, band.critical]);
    let of = |limits: &[Limit]| match limits {
        [] => "none",
        [_] => "one number",
        [..] => "a lower and an upper number",
    };
    format!("TELE-{number:03} takes {} as warning and {} as critical", of(warning), of(critical))
}

/// Reads the name of a rule.
///
/// # Errors
///
/// Names the nearest rule.
pub fn rule(text: &str) -> Result<RuleId, String> {
    RuleId::from_word(text).ok_or_else(|| {
        let known = RuleId::TEXTS.iter().copied();
        let near =
            nearest(text, known).map_or_else(String::new, |near| format!("; nearest: {near}"));
        format!("there is no such rule{near}")
    })
}

/// Returns the limits of somebody in words.
#[cfg(test)]
pub(crate) fn owned(limits: &[(OwnLimit, Origin)]) -> Vec<Own> {
    Current::new(limits, &[]).own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_or_refused_with_its_reason() {
        let one = |number| Some(Bounds::One(number));
        let own = OwnLimit { number: 110, warning: one(0.02), critical: one(0.05) };
        assert_eq!(limit("TELE-110=0.02,0.05"), Ok(own));
        let own = OwnLimit { number: 211, warning: None, critical: one(0.05) };
        assert_eq!(limit("TELE-211=-,0.05"), Ok(own));
        let own =
            OwnLimit { number: 143, warning: Some(Bounds::Between(-2.0, 4.0)), critical: one(8.0) };
        assert_eq!(limit("TELE-143=-2..4,8"), Ok(own));
        for (text, why) in [
            ("TELE-110", "not of the form"),
            ("110=1,2", "not of the form"),
            ("TELE-110=1", "not of the form"),
            ("TELE-110=a,b", "not of the form"),
            ("TELE-x=1,2", "is no record"),
            ("TELE-110=0.05,0.02", "critical not before warning"),
            (
                "TELE-140=1,2",
                "takes a lower and an upper number as warning and a lower and an upper",
            ),
            ("TELE-110=1..2,0..3", "takes one number as warning and one number as critical"),
            ("TELE-110=-,0.1", "takes one number as warning and one number as critical"),
            ("TELE-211=1,2", "takes none as warning and one number as critical"),
            (
                "TELE-143=1,2",
                "takes a lower and an upper number as warning and one number as critical",
            ),
            ("TELE-721=80,90", "a share of the total"),
            ("TELE-300=1,2", "can be muted"),
            ("TELE-104=1,2", "has no limit"),
            ("TELE-144=0.4..x,0.2..0.8", "not of the form"),
            ("TELE-999=1,2", "no such record"),
        ] {
            assert!(limit(text).is_err_and(|error| error.contains(why)), "{text}");
        }
    }

    #[test]
    fn an_unknown_rule_names_the_nearest() {
        assert_eq!(rule("kl-high"), Ok(RuleId::KlHigh));
        assert_eq!(rule("kl-hgh"), Err("there is no such rule; nearest: kl-high".to_owned()));
    }

    #[test]
    fn an_own_limit_is_told_beside_the_one_that_is_built_in() {
        let limits = [
            (limit("TELE-110=0.1,0.2").unwrap(), Origin::File(7)),
            (limit("TELE-211=-,0.05").unwrap(), Origin::File(9)),
            (limit("TELE-721=0.8,0.95").unwrap(), Origin::Flag),
            (limit("TELE-110=0.02,0.05").unwrap(), Origin::Flag),
        ];
        let current = Current::new(&limits, &[(RuleId::Slow, Origin::Flag)]);
        assert!(current.settings.is_muted(RuleId::Slow));
        let told: Vec<String> =
            current.own.iter().flat_map(Own::rows).map(|row| row.join(" | ")).collect();
        assert_eq!(
            told,
            [
                "Critical | value < 0.05 while value_max - value_min is < 0.1 and return_std is >= 0.01 of \
                 the magnitude of return_mean | own limit (configuration file, line 9), built in < 0.01 \
                 while value_max - value_min is < 0.1 and return_std is >= 0.01 of the magnitude of \
                 return_mean",
                "Warning | value > 0.8 of the total | own limit (command line), built in > 0.75 of the total",
                "Critical | value > 0.95 of the total | own limit (command line), built in > 0.9 of the total",
                "Warning | value > 0.02 | own limit (command line), built in > 0.015",
                "Critical | value > 0.05 | own limit (command line), built in > 0.03",
            ]
        );
    }
}
