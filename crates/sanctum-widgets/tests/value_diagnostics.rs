//! What panel 3 shows of each metric, as the records say.

use karn_sanctum::{LastUpdate, PolicyView, Reading};
use leyline::SkipReason;
use sanctum_widgets::{Theme, ValueDiagnostics};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, MISSING, PLAIN, STALE, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut PolicyView)) -> Screen {
    let mut snapshot = base::health();
    change(&mut snapshot.policy);
    Screen::of(&ValueDiagnostics::new((&snapshot).into(), &Theme::DARK), 60, 15)
}

/// Draws a reading of each value, and none, and checks the row: label and value, style of the value.
#[track_caller]
fn check(
    path: &str,
    of: impl Fn(&mut PolicyView) -> &mut Option<Reading>,
    label: &str,
    expected: &[(f64, &str, &str)],
) {
    let row = |text: &str| format!("│{label}{text:>0$} ", 21 - label.len());
    for &(value, text, style) in expected {
        drawn(|policy| *of(policy) = Some(base::graded(path, value)))
            .shows(row(text).trim_end())
            .styles(text, style);
        drawn(|policy| *of(policy) = Some(base::stale(base::graded(path, value))))
            .shows(&row(text))
            .styles(text, STALE)
            .shows("b24/b26");
    }
    drawn(|policy| *of(policy) = None).shows(&row("—")).styles("—", MISSING);
}

/// Draws a pair with one half missing, and with all of it.
#[track_caller]
fn check_pair(
    of: impl Fn(&mut PolicyView) -> &mut Option<Reading>,
    row: &str,
    missing: &str,
    stale: &str,
) {
    drawn(|_| {}).shows(&format!("│{row} ")).styles(stale, PLAIN);
    drawn(|policy| *of(policy) = None).shows(missing).styles("—", MISSING);
    drawn(|policy| {
        let reading = of(policy);
        *reading = reading.map(base::stale);
    })
    .shows("b24/b26")
    .styles(stale, STALE);
}

#[test]
fn tele_193_last_update() {
    drawn(|p| p.last_update = None).shows("waiting for the first u").styles("waiting", MISSING);
    drawn(|p| {
        let skip_reason = Some(SkipReason::KlLimit);
        p.last_update = Some(LastUpdate { batch: 27, skipped: true, skip_reason });
    })
    .shows("skipped: kl_limit")
    .styles("skipped", WARNING);
}

#[test]
fn tele_200_explained_variance() {
    let expected = [(0.712, "0.712", PLAIN), (0.3, "0.300", WARNING), (0.0, "0.000", CRITICAL)];
    check("policy.explained_variance", |p| &mut p.explained_variance, "EV", &expected);
}

#[test]
fn tele_210_value_mean() {
    let row = "Value     41.20±18.30";
    check_pair(|p| &mut p.value_mean, row, "│Value         —±18.30 ", "41.20");
    let neither = drawn(|p| (p.value_mean, p.value_std) = (None, None));
    neither.shows("│Value               — ").styles("—", MISSING);
}

#[test]
fn tele_211_value_std() {
    check_pair(|p| &mut p.value_std, "Value     41.20±18.30", "│Value         41.20±— ", "18.30");
}

#[test]
fn tele_212_value_min() {
    check_pair(|p| &mut p.value_min, "V-range   3.10..88.00", "│V-range      —..88.00 ", "3.10");
    drawn(|p| p.value_min = Some(base::reading(-1.5e9))).shows("│V-range  -1.50e9..88.00 ");
}

#[test]
fn tele_213_value_max() {
    check_pair(|p| &mut p.value_max, "V-range   3.10..88.00", "│V-range       3.10..— ", "88.00");
    let infinite = base::graded("policy.value_max", f64::INFINITY);
    drawn(|p| p.value_max = Some(infinite)).shows("3.10..Inf !").styles("Inf", CRITICAL);
}

#[test]
fn tele_220_v_return_correlation() {
    let expected = [(0.5, "0.50", PLAIN), (0.3, "0.30", WARNING), (0.29, "0.29", CRITICAL)];
    check("policy.v_return_correlation", |p| &mut p.v_return_correlation, "V-corr", &expected);
}

#[test]
fn tele_221_td_error_mean() {
    check_pair(
        |p| &mut p.td_error_mean,
        "TD          0.12±2.31",
        "│TD             —±2.31 ",
        "0.12",
    );
}

#[test]
fn tele_222_td_error_std() {
    check_pair(|p| &mut p.td_error_std, "TD          0.12±2.31", "│TD             0.12±— ", "2.31");
}

#[test]
fn tele_223_bellman_error() {
    let expected = [(5.402, "5.402", PLAIN), (20.0, "20.000", WARNING), (50.0, "50.000", CRITICAL)];
    check("policy.bellman_error", |p| &mut p.bellman_error, "Bellman", &expected);
}

#[test]
fn tele_224_return_p10() {
    check("policy.return_p10", |p| &mut p.return_p10, "Ret p10", &[(-7.25, "-7.2", PLAIN)]);
}

#[test]
fn tele_225_return_p50() {
    check("policy.return_p50", |p| &mut p.return_p50, "Ret p50", &[(-7.0, "-7.0", PLAIN)]);
}

#[test]
fn tele_226_return_p90() {
    check("policy.return_p90", |p| &mut p.return_p90, "Ret p90", &[(-7.0, "-7.0", PLAIN)]);
}

#[test]
fn tele_227_return_variance() {
    let expected = [(3806.9, "3806.9", PLAIN), (1e15, "1.00e15", PLAIN)];
    check("policy.return_variance", |p| &mut p.return_variance, "RetVar", &expected);
}

#[test]
fn tele_228_return_skewness() {
    let expected = [(0.21, "0.21", PLAIN), (-2.5, "-2.50", CRITICAL)];
    check("policy.return_skewness", |p| &mut p.return_skewness, "RetSkew", &expected);
}

#[test]
fn tele_229_return_mean() {
    check("policy.return_mean", |p| &mut p.return_mean, "RetMean", &[(97.4, "97.4", PLAIN)]);
}

#[test]
fn tele_230_return_std() {
    check("policy.return_std", |p| &mut p.return_std, "RetStd", &[(61.75, "61.8", PLAIN)]);
}
