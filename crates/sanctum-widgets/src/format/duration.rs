//! Durations, ages and times of day.

use leyline::Timestamp;

/// Writes seconds for people, cut off and never rounded up: `45s`, `5m 30s`, `1h 2m`, from 100 hours on `4d 4h`, from
/// 100 days on `100d`. `include_seconds` gives the full form `1h 2m 5s`. Not above 0 or not finite: `--`.
pub fn format_runtime(seconds: f64, include_seconds: bool) -> String {
    if !seconds.is_finite() || seconds <= 0.0 {
        return "--".to_owned();
    }
    let whole = seconds as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3600, whole / 60);
    if whole < 60 {
        format!("{whole}s")
    } else if whole < 3600 {
        format!("{minutes}m {}s", whole % 60)
    } else if whole < 360_000 && include_seconds {
        format!("{hours}h {}m {}s", minutes % 60, whole % 60)
    } else if whole < 360_000 {
        format!("{hours}h {}m", minutes % 60)
    } else if days < 100 {
        format!("{days}d {}h", hours % 24)
    } else {
        format!("{days}d")
    }
}

/// Writes how old something is in at most four columns, as far as a hundred days: `0s`, `59s`, `3m`, `2h`, `4d`.
pub fn format_age(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "--".to_owned();
    }
    let whole = seconds as u64;
    if whole < 100 {
        format!("{whole}s")
    } else if whole < 6000 {
        format!("{}m", whole / 60)
    } else if whole < 360_000 {
        format!("{}h", whole / 3600)
    } else {
        format!("{}d", whole / 86_400)
    }
}

/// Writes how far a view is behind its run, cut off to minutes, so that a line that stands still stays right for long.
pub fn format_behind(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "-- behind".to_owned();
    }
    match (seconds / 60.0).floor() {
        minutes if minutes < 1.0 => "<1m behind".to_owned(),
        minutes if minutes < 100.0 => format!("{minutes:.0}m behind"),
        minutes => format!("{} behind", format_age(minutes * 60.0)),
    }
}

/// Writes a time of day as `HH:MM:SS`, UTC.
pub fn format_time_of_day(ts: Timestamp) -> String {
    let (hours, minutes, seconds) = ts.utc_hms();
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(include_seconds: bool, cases: &[(f64, &str)]) {
        for &(seconds, expected) in cases {
            assert_eq!(format_runtime(seconds, include_seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn af01_nothing_to_show() {
        check(false, &[(0.0, "--"), (-5.0, "--"), (f64::NAN, "--"), (f64::INFINITY, "--")]);
    }

    #[test]
    fn af02_seconds() {
        check(false, &[(0.4, "0s"), (1.9, "1s"), (59.99, "59s")]);
    }

    #[test]
    fn af03_minutes() {
        check(false, &[(60.0, "1m 0s"), (61.0, "1m 1s"), (3599.0, "59m 59s")]);
    }

    #[test]
    fn af04_hours() {
        check(false, &[(3600.0, "1h 0m"), (3665.0, "1h 1m"), (7325.0, "2h 2m")]);
    }

    #[test]
    fn af05_days() {
        check(false, &[(359_999.0, "99h 59m"), (360_000.0, "4d 4h")]);
        check(false, &[(8_639_999.0, "99d 23h"), (8_640_000.0, "100d")]);
    }

    #[test]
    fn af06_the_full_form() {
        check(true, &[(45.0, "45s"), (125.0, "2m 5s"), (3600.0, "1h 0m 0s")]);
        check(true, &[(7325.0, "2h 2m 5s"), (360_000.0, "4d 4h")]);
    }

    #[test]
    fn ages_begin_at_zero() {
        let ages = [0.0, 0.99, 99.9, 100.0, 7200.0, 400_000.0, f64::NAN, -1.0].map(format_age);
        assert_eq!(ages, ["0s", "0s", "99s", "1m", "2h", "4d", "--", "--"]);
    }

    #[test]
    fn how_far_behind_is_told_in_minutes() {
        let cases = [0.0, 59.9, 60.0, 1890.0, 5999.0, 6000.0, 90_000.0, -1.0, f64::NAN];
        assert_eq!(
            cases.map(format_behind),
            [
                "<1m behind",
                "<1m behind",
                "1m behind",
                "31m behind",
                "99m behind",
                "1h behind",
                "25h behind",
                "-- behind",
                "-- behind"
            ]
        );
    }

    proptest! {
        #[test]
        fn seven_columns_hold_a_runtime_of_a_thousand_years(seconds in 0.0..3.2e10) {
            prop_assert!(format_runtime(seconds, false).len() <= 7);
        }

        #[test]
        fn four_columns_hold_an_age_of_two_years(seconds in 0.0..8e7) {
            prop_assert!(format_age(seconds).len() <= 4);
        }
    }
}
