//! What the limit of a rule or of a metric says in words.

use karn_sanctum::settings::OwnLimit;
use karn_sanctum::{Alert, Settings};
use leyline::metric::{self, MetricSpec};
use leyline::threshold::{self, Limit};
use leyline::unit::Unit;
use leyline::wire;

use leyline::AlertLevel as Level;

use crate::settings;

/// Returns the number of the record that an alert is about: of the value that was found worst, else of what its rule reads.
pub(crate) fn record(alert: &Alert) -> Option<u16> {
    let found = alert.worst.place.and_then(|place| metric::by_path(place.path));
    let read = || leyline::rule::by_id(alert.rule).reads.first().copied();
    found.map(|spec| spec.number).or_else(read)
}

/// Returns the limit that an alert crossed.
pub(crate) fn of_alert(alert: &Alert, settings: &Settings) -> String {
    let rule = leyline::rule::by_id(alert.rule);
    let spec = alert.worst.place.and_then(|place| metric::by_path(place.path));
    match (rule.own_limit(), spec) {
        (Some(own), _) => own,
        (None, Some(spec)) if alert.worst.value.is_finite() => {
            let built_in = format_limit(spec, alert.level);
            let Some(own) = settings.own_limit(spec.path) else { return built_in };
            let own = format_own(own, alert.level);
            let from = settings::own().iter().find(|own| own.metric == spec.path);
            let from = from.map_or_else(String::new, |own| format!(" ({})", own.from));
            format!("{own}, built in {built_in}{from}")
        }
        (None, Some(_) | None) => "not finite".to_owned(),
    }
}

/// Returns the limit that a verdict of this level stands for, such as `> 0.03` or `<= 0.1 or > 3.0`.
pub(crate) fn format_limit(spec: &MetricSpec, level: Level) -> String {
    let limits = spec.band.map_or(&[][..], |band| match level {
        Level::Info | Level::Warning => band.warning,
        Level::Critical => band.critical,
    });
    words(spec, level, limits)
}

/// Returns what an own limit says of a level, in the words of [`format_limit`].
pub(crate) fn format_own(own: &OwnLimit, level: Level) -> String {
    let limits = match level {
        Level::Info | Level::Warning => &own.warning,
        Level::Critical => &own.critical,
    };
    words(own.spec, level, limits)
}

/// Tells limits with the condition under which those of the record hold. The conditions themselves are in
/// `karn_sanctum::verdict`.
fn words(spec: &MetricSpec, level: Level, limits: &[Limit]) -> String {
    if limits.is_empty() {
        return match level {
            _ if spec.unit == Unit::Flag => "true",
            Level::Info | Level::Warning => "none",
            Level::Critical => "not finite",
        }
        .to_owned();
    }
    let sides = limits.iter().map(|&limit| side(limit)).collect::<Vec<_>>().join(" or ");
    let narrow = || side(Limit::AtMost(threshold::ENTROPY_WARNING));
    match (spec.number, level) {
        (123, Level::Critical) => {
            let clipped = side(Limit::AtLeast(threshold::CLIP_WARNING));
            format!("{sides} while entropy is {} and clip fraction is {clipped}", narrow())
        }
        (123, Level::Info | Level::Warning) => format!("{sides} while entropy is {}", narrow()),
        (211, _) => format!(
            "{sides} while value_max - value_min is {} and {}",
            side(Limit::Below(threshold::VALUE_COLLAPSE_RANGE)),
            varying()
        ),
        (200 | 220, _) => format!("{sides} while {}", varying()),
        (721 | 730, _) => format!("{sides} of the total"),
        _ => sides,
    }
}

fn varying() -> String {
    format!("return_std is >= {} of the magnitude of return_mean", number(threshold::RETURNS_VARY))
}

/// Returns a limit as an inequality.
fn side(limit: Limit) -> String {
    match limit {
        Limit::Above(at) => format!("> {}", number(at)),
        Limit::AtLeast(at) => format!(">= {}", number(at)),
        Limit::Below(at) => format!("< {}", number(at)),
        Limit::AtMost(at) => format!("<= {}", number(at)),
        Limit::MagnitudeAtLeast(at) => format!("magnitude >= {}", number(at)),
    }
}

fn number(value: f64) -> String {
    wire::to_json(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, warning: &str, critical: &str) {
        let spec = metric::by_path(path).unwrap();
        assert_eq!(format_limit(spec, Level::Warning), warning, "{path}");
        assert_eq!(format_limit(spec, Level::Critical), critical, "{path}");
    }

    #[test]
    fn a_limit_is_told_in_words() {
        check("policy.kl_divergence", "> 0.015", "> 0.03");
        check("policy.advantage_std", "<= 0.5 or > 2.0", "<= 0.1 or > 3.0");
        check("policy.advantage_mean", "magnitude >= 0.1", "magnitude >= 0.3");
        check("policy.ratio_std", "> 0.5", "not finite");
        check("policy.policy_loss", "none", "not finite");
        check("policy.entropy_collapsed", "true", "true");
        check("vitals.ram_used_gb", "> 0.75 of the total", "> 0.9 of the total");
        check(
            "policy.entropy_clip_correlation",
            "< -0.4 while entropy is <= 0.3",
            "< -0.5 while entropy is <= 0.3 and clip fraction is >= 0.25",
        );
        let spec = metric::by_path("policy.value_std").unwrap();
        assert_eq!(
            format_limit(spec, Level::Critical),
            "< 0.01 while value_max - value_min is < 0.1 and return_std is >= 0.01 of the magnitude of \
             return_mean"
        );
    }
}
