//! What the command line changed of the rules, for every fold of this process: read once, before anything is folded.

use std::sync::{Arc, OnceLock};

use karn_sanctum::Settings;
use leyline::RuleId;
use leyline::word::ClosedWord as _;

use crate::headless::nearest::nearest;

static CURRENT: OnceLock<Arc<Settings>> = OnceLock::new();

/// A limit on the command line: `TELE-110=0.02,0.05`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnLimit {
    number: u16,
    warning: f64,
    critical: f64,
}

/// Makes these the settings of every fold that follows. The first call counts.
pub fn set(limits: &[OwnLimit], muted: &[RuleId]) {
    let mut settings = Settings::default();
    for own in limits {
        // The parser below has refused what this would.
        settings.set_limit(own.number, own.warning, own.critical).ok();
    }
    for rule in muted {
        settings.mute(*rule);
    }
    CURRENT.set(Arc::new(settings)).ok();
}

/// Returns the settings of this process; those that are built in where none were set.
pub(crate) fn current() -> Arc<Settings> {
    CURRENT.get().map_or_else(Arc::default, Arc::clone)
}

/// Reads a limit of the command line.
///
/// # Errors
///
/// Says why it is none.
pub fn limit(text: &str) -> Result<OwnLimit, String> {
    let form = || "not of the form TELE-110=0.02,0.05 (warning, critical)".to_owned();
    let (record, numbers) = text.split_once('=').ok_or_else(form)?;
    let (warning, critical) = numbers.split_once(',').ok_or_else(form)?;
    let number = record.strip_prefix("TELE-").and_then(|digits| digits.parse().ok());
    let number: u16 = number.ok_or_else(form)?;
    let bound = |text: &str| text.trim().parse::<f64>().map_err(|_| form());
    let own = OwnLimit { number, warning: bound(warning)?, critical: bound(critical)? };
    let mut trial = Settings::default();
    let set = trial.set_limit(own.number, own.warning, own.critical);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_or_refused_with_its_reason() {
        let own = OwnLimit { number: 110, warning: 0.02, critical: 0.05 };
        assert_eq!(limit("TELE-110=0.02,0.05"), Ok(own));
        for (text, why) in [
            ("TELE-110", "not of the form"),
            ("110=1,2", "not of the form"),
            ("TELE-110=1", "not of the form"),
            ("TELE-110=a,b", "not of the form"),
            ("TELE-110=0.05,0.02", "critical not before warning"),
            ("TELE-140=1,2", "one bound for each level"),
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
}
