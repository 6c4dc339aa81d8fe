//! What somebody changed of the rules, for every fold of this process: read once, before anything is folded.

use std::fmt;
use std::sync::{Arc, OnceLock};

use karn_sanctum::Settings;
use karn_sanctum::settings::Bounds;
use leyline::RuleId;
use leyline::metric;
use leyline::word::ClosedWord as _;
use serde::{Serialize, Serializer};

use crate::headless::limit as words;
use crate::headless::nearest::nearest;

static CURRENT: OnceLock<Current> = OnceLock::new();

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
    warning: Bounds,
    critical: Bounds,
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
    /// Level, condition and meaning of both, as the inspector shows those of a record.
    #[serde(skip)]
    rows: [[String; 3]; 2],
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

    /// Returns warning and critical.
    pub const fn bounds(&self) -> [Bounds; 2] {
        [self.warning, self.critical]
    }

    /// Returns the limits of the record, warning and critical, in words.
    pub fn built_in(&self) -> [String; 2] {
        let levels = [leyline::AlertLevel::Warning, leyline::AlertLevel::Critical];
        let spec = metric::by_number(self.number);
        levels.map(|level| spec.map_or_else(String::new, |spec| words::format_limit(spec, level)))
    }
}

impl Own {
    fn new(settings: &Settings, limit: OwnLimit, from: Origin) -> Option<Self> {
        let spec = metric::by_number(limit.number)?;
        let own = settings.own_limit(spec.path)?;
        let (warning, critical) = (words::sides(&own.warning), words::sides(&own.critical));
        let [built_in_warning, built_in_critical] = limit.built_in();
        let row = |level: &str, condition: &str, built_in: &str| {
            [
                level.to_owned(),
                format!("value {condition}"),
                format!("own limit ({from}), built in {built_in}"),
            ]
        };
        let rows = [
            row("Warning", &warning, &built_in_warning),
            row("Critical", &critical, &built_in_critical),
        ];
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

    /// Returns level, condition and meaning of both limits.
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
        "not of the form TELE-110=0.02,0.05 (warning, critical) or TELE-144=0.4..0.6,0.2..0.8"
            .to_owned()
    };
    let (record, numbers) = text.split_once('=').ok_or_else(form)?;
    let (warning, critical) = numbers.split_once(',').ok_or_else(form)?;
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| form());
    let bounds = |text: &str| match text.split_once("..") {
        Some((low, high)) => Ok(Bounds::Between(number(low)?, number(high)?)),
        None => number(text).map(Bounds::One),
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
    warning: Bounds,
    critical: Bounds,
) -> Result<OwnLimit, String> {
    let number = record.strip_prefix("TELE-").and_then(|digits| digits.parse().ok());
    let number: u16 = number.ok_or_else(|| format!("{record} is no record"))?;
    let own = OwnLimit { number, warning, critical };
    let mut trial = Settings::default();
    let set = trial.set_limit(number, warning, critical);
    set.map(|()| own).map_err(|error| error.to_string())
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
        let own = OwnLimit { number: 110, warning: Bounds::One(0.02), critical: Bounds::One(0.05) };
        assert_eq!(limit("TELE-110=0.02,0.05"), Ok(own));
        for (text, why) in [
            ("TELE-110", "not of the form"),
            ("110=1,2", "not of the form"),
            ("TELE-110=1", "not of the form"),
            ("TELE-110=a,b", "not of the form"),
            ("TELE-x=1,2", "is no record"),
            ("TELE-110=0.05,0.02", "critical not before warning"),
            ("TELE-140=1,2", "LOW..HIGH"),
            ("TELE-110=1..2,0..3", "LOW..HIGH"),
            ("TELE-144=0.4..x,0.2..0.8", "not of the form"),
            ("TELE-143=1,2", "same bounds for both levels"),
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
            (limit("TELE-200=0.2,-1").unwrap(), Origin::File(9)),
            (limit("TELE-110=0.02,0.05").unwrap(), Origin::Flag),
        ];
        let current = Current::new(&limits, &[(RuleId::Slow, Origin::Flag)]);
        assert!(current.settings.is_muted(RuleId::Slow));
        let told: Vec<String> =
            current.own.iter().flat_map(Own::rows).map(|row| row.join(" | ")).collect();
        assert_eq!(
            told,
            [
                "Warning | value <= 0.2 | own limit (configuration file, line 9), built in <= 0.3 while \
                 return_std is >= 0.01 of the magnitude of return_mean",
                "Critical | value <= -1.0 | own limit (configuration file, line 9), built in <= 0.0 while \
                 return_std is >= 0.01 of the magnitude of return_mean",
                "Warning | value > 0.02 | own limit (command line), built in > 0.015",
                "Critical | value > 0.05 | own limit (command line), built in > 0.03",
            ]
        );
    }
}
