//! Numbers: decimals, percentages, powers of ten, rates and counts.

/// Stands for a value that was not measured.
pub const MISSING: &str = "—";

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFormat {
    /// So many decimals.
    Fixed(usize),
    /// A fraction in hundredths with so many decimals and `%`.
    Percent(usize),
    /// A power of ten with so many decimals: `2.41e-4`.
    Sci(usize),
    /// Whole milliseconds with `ms`.
    Milliseconds,
}

/// Writes a number; what is not finite becomes `NaN`, `Inf` or `-Inf`. Ties round to even.
pub fn format_number(value: f64, format: NumberFormat) -> String {
    if let Some(word) = not_finite(value) {
        return word.to_owned();
    }
    match format {
        NumberFormat::Fixed(decimals) => format!("{value:.decimals$}"),
        NumberFormat::Percent(decimals) => format!("{:.decimals$}%", value * 100.0),
        NumberFormat::Sci(decimals) => format!("{value:.decimals$e}"),
        NumberFormat::Milliseconds => format!("{value:.0}ms"),
    }
}

/// Writes a number in at most `columns`, as a power of ten with two decimals where its own form is too wide, and with
/// fewer where even that is.
pub fn format_within(value: f64, format: NumberFormat, columns: usize) -> String {
    let text = format_number(value, format);
    if text.len() <= columns {
        return text;
    }
    let shorter = [2, 1, 0].into_iter().map(|n| format_number(value, NumberFormat::Sci(n)));
    let fits = shorter.into_iter().find(|text| text.len() <= columns);
    fits.unwrap_or_else(|| "…".chars().take(columns).collect())
}

/// Writes a number of unknown size for people: up to four decimals without trailing zeros, far values as powers of ten.
pub fn format_plain(value: f64) -> String {
    let size = value.abs();
    if value != 0.0 && value.is_finite() && !(PLAIN_FROM..PLAIN_BELOW).contains(&size) {
        return format_number(value, NumberFormat::Sci(2));
    }
    let text = format_number(value, NumberFormat::Fixed(4));
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

const PLAIN_FROM: f64 = 1e-3;
const PLAIN_BELOW: f64 = 1e7;

/// Writes a rate: `8.4`, `123`, `1.2k`, `123k`, `1.2M`.
pub fn format_rate(value: f64) -> String {
    if let Some(word) = not_finite(value) {
        word.to_owned()
    } else if value < 9.95 {
        format!("{value:.1}")
    } else if value < 999.5 {
        format!("{value:.0}")
    } else if value < 9_950.0 {
        format!("{:.1}k", value / 1e3)
    } else if value < 999_500.0 {
        format!("{:.0}k", value / 1e3)
    } else if value < 9_950_000.0 {
        format!("{:.1}M", value / 1e6)
    } else {
        format!("{:.0}M", value / 1e6)
    }
}

/// Writes a number of parameters: digits below 1000, else in `K`, `M` or `B` with so many decimals.
pub fn format_params(count: u64, decimals: usize) -> String {
    if count < 1000 {
        return count.to_string();
    }
    for (unit, suffix) in [(1e3, 'K'), (1e6, 'M')] {
        let text = format!("{:.decimals$}", count as f64 / unit);
        if text.parse::<f64>().is_ok_and(|rounded| rounded < 1000.0) {
            return format!("{text}{suffix}");
        }
    }
    format!("{:.decimals$}B", count as f64 / 1e9)
}

/// Writes a count with a comma between groups of three digits.
pub fn format_count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if 0 < i && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a count in at most four columns: digits, then thousands, millions and so on, cut off.
pub fn format_compact(count: u64) -> String {
    let mut rest = count;
    for suffix in ["", "k", "M", "G", "T", "P", "E"] {
        let text = format!("{rest}{suffix}");
        if text.len() <= 4 {
            return text;
        }
        rest /= 1000;
    }
    "…".to_owned()
}

/// Writes a share in whole percent, cut off; `part` and `whole` have the same unit.
pub fn format_percent_cut(part: f64, whole: f64) -> String {
    // Multiplied first: 9.5 * 100 / 10 is exactly 95, (9.5 / 10) * 100 need not be.
    let percent = (part * 100.0 / whole).floor();
    format!("{}%", format_number(percent, NumberFormat::Fixed(0)))
}

fn not_finite(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("Inf")
    } else if value == f64::NEG_INFINITY {
        Some("-Inf")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::NumberFormat::{Fixed, Milliseconds, Percent, Sci};
    use super::*;

    #[track_caller]
    fn params(cases: &[(u64, &str)], decimals: usize) {
        for &(count, expected) in cases {
            assert_eq!(format_params(count, decimals), expected);
        }
    }

    #[test]
    fn af08_params_below_a_thousand_are_digits() {
        params(&[(0, "0"), (999, "999"), (1000, "1.0K"), (1500, "1.5K")], 1);
    }

    #[test]
    fn af09_params_take_the_first_unit_that_stays_below_a_thousand() {
        params(&[(999_949, "999.9K"), (999_950, "1.0M"), (1_250_000, "1.2M")], 1);
        params(&[(1_000_000_000, "1.0B")], 1);
    }

    #[test]
    fn af10_params_without_decimals() {
        params(&[(1500, "2K"), (1_234_567, "1M")], 0);
    }

    #[test]
    fn af11_params_with_three_decimals() {
        params(&[(1_234_567, "1.235M")], 3);
    }

    #[track_caller]
    fn rates(cases: &[(f64, &str)]) {
        for &(rate, expected) in cases {
            assert_eq!(format_rate(rate), expected);
        }
    }

    #[test]
    fn af12_small_rates() {
        rates(&[(0.0, "0.0"), (2.5, "2.5"), (9.94, "9.9"), (9.95, "10")]);
    }

    #[test]
    fn af13_large_rates() {
        rates(&[(999.4, "999"), (999.5, "1.0k"), (20_500.0, "20k"), (72_000.0, "72k")]);
        rates(&[(999_499.0, "999k"), (999_500.0, "1.0M"), (123e6, "123M"), (f64::NAN, "NaN")]);
    }

    #[track_caller]
    fn check(value: f64, format: NumberFormat, columns: usize, expected: &str) {
        assert_eq!(format_within(value, format, columns), expected);
    }

    #[test]
    fn numbers_take_their_form_and_fall_back_to_powers_of_ten() {
        check(0.0124, Fixed(4), 13, "0.0124");
        check(0.125, Percent(1), 13, "12.5%");
        check(2.41e-4, Sci(2), 13, "2.41e-4");
        check(0.01, Sci(2), 13, "1.00e-2");
        check(84.4, Milliseconds, 13, "84ms");
        check(123_456_789.0, Fixed(1), 7, "1.23e8");
        check(-123_456_789.0, Fixed(1), 7, "-1.23e8");
        check(-123_456_789.0, Fixed(1), 6, "-1.2e8");
        check(-1e300, Fixed(1), 2, "…");
        check(f64::NAN, Fixed(4), 13, "NaN");
        check(f64::INFINITY, Percent(1), 13, "Inf");
        check(f64::NEG_INFINITY, Sci(2), 13, "-Inf");
    }

    #[test]
    fn plain_numbers_counts_and_shares() {
        let plain = [96.5, 0.0, -3.0, 0.000_12, 12_345_678.9, 0.123_456].map(format_plain);
        assert_eq!(plain, ["96.5", "0", "-3", "1.20e-4", "1.23e7", "0.1235"]);
        assert_eq!(
            [0, 999, 18_204, 1_000_000].map(format_count),
            ["0", "999", "18,204", "1,000,000"]
        );
        assert_eq!(
            [0, 9999, 10_000, 17_500, u64::MAX].map(format_compact),
            ["0", "9999", "10k", "17k", "18E"]
        );
        assert_eq!(format_percent_cut(14.5, 16.0), "90%");
        assert_eq!(format_percent_cut(9.5, 10.0), "95%");
        assert_eq!(format_percent_cut(1.0, 0.0), "Inf%");
    }

    fn any_format() -> impl Strategy<Value = NumberFormat> {
        prop_oneof![
            (0_usize..6).prop_map(Fixed),
            (0_usize..6).prop_map(Percent),
            (0_usize..6).prop_map(Sci),
            Just(Milliseconds)
        ]
    }

    proptest! {
        #[test]
        fn a_number_keeps_to_its_columns(value: f64, format in any_format(), columns in 0_usize..20) {
            prop_assert!(format_within(value, format, columns).chars().count() <= columns);
        }

        #[test]
        fn seven_columns_are_enough_for_two_decimals_of_a_power_of_ten(value in -1e9..1e9) {
            prop_assert!(!format_within(value, Fixed(1), 9).contains('…'));
        }

        #[test]
        fn a_compact_count_has_four_columns(count: u64) {
            prop_assert!(format_compact(count).len() <= 4);
        }

        #[test]
        fn a_rate_below_a_thousand_million_has_four_columns(rate in 0.0..999e6) {
            prop_assert!(format_rate(rate).len() <= 4);
        }
    }
}
