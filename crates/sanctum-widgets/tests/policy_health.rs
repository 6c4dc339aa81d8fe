//! What panel 1 shows of each metric, as the records say.

use karn_sanctum::{LastUpdate, PolicyView, Reading, Trend};
use leyline::SkipReason;
use sanctum_widgets::{PolicyHealth, Theme};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, DIM, MISSING, OK, PLAIN, STALE, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut PolicyView)) -> Screen {
    let mut snapshot = base::health();
    change(&mut snapshot.policy);
    Screen::of(&PolicyHealth::new((&snapshot).into(), &Theme::DARK), 60, 23)
}

/// Draws a reading of each value, and none, and checks the row: label, value and flag, style of the value.
#[track_caller]
fn check(
    path: &str,
    of: impl Fn(&mut PolicyView) -> &mut Option<Reading>,
    label: &str,
    expected: &[(f64, &str, &str)],
) {
    let row = |text: &str| format!("│{label}{text:>0$}", 21 - label.len());
    for &(value, text, style) in expected {
        let flag = [(WARNING, " *"), (CRITICAL, " !")].into_iter().find(|(of, _)| *of == style);
        let shown = format!("{}{}", row(text), flag.map_or("  ", |(_, flag)| flag));
        drawn(|policy| *of(policy) = Some(base::graded(path, value))).shows(&shown);
        drawn(|policy| {
            let empty = karn_sanctum::Snapshot::empty().policy;
            *policy = PolicyView { last_update: policy.last_update.clone(), ..empty };
            *of(policy) = Some(base::graded(path, value));
        })
        .styles(text, style);
        drawn(|policy| {
            *of(policy) = Some(base::stale(base::graded(path, value)));
        })
        .shows(&row(text))
        .shows("b24/b26");
    }
    drawn(|policy| *of(policy) = None).shows(&row("—")).styles("—", MISSING);
}

#[test]
fn tele_101_updates_skipped() {
    let of = |count| drawn(move |p| p.updates_skipped = count);
    of(Some(0)).shows("│Skipped             0  ").styles("Skipped", DIM);
    of(Some(1)).shows("│Skipped             1 *").styles("1 *", WARNING);
    of(Some(3)).shows("│Skipped             3 *");
    of(None).shows("│Skipped             —").styles("—", MISSING);
}

#[test]
fn tele_110_kl_divergence() {
    let expected =
        [(0.0124, "0.0124", PLAIN), (0.02, "0.0200", WARNING), (0.04, "0.0400", CRITICAL)];
    check("policy.kl_divergence", |p| &mut p.kl_divergence, "KL", &expected);
}

#[test]
fn tele_111_kl_divergence_history() {
    drawn(|p| p.kl_divergence_history = [1.0, 2.0, 3.0].into())
        .shows("0.0124   ────")
        .shows("▁▄█ →│");
    drawn(|p| p.kl_divergence_history = [].into()).shows("0.0124   ────").shows("──── →│");
}

#[test]
fn tele_120_entropy() {
    let expected = [(0.621, "0.621", PLAIN), (0.3, "0.300", WARNING), (0.1, "0.100", CRITICAL)];
    check("policy.entropy", |p| &mut p.entropy, "Entropy", &expected);
}

#[test]
fn tele_121_entropy_velocity() {
    let expected =
        [(-0.004, "-0.004", PLAIN), (-0.01, "-0.010", WARNING), (-0.03, "-0.030", CRITICAL)];
    check("policy.entropy_velocity", |p| &mut p.entropy_velocity, "EntVel", &expected);
}

#[test]
fn tele_122_collapse_risk_score() {
    let expected = [(0.12, "0.12", PLAIN), (0.3, "0.30", WARNING), (0.7, "0.70", CRITICAL)];
    check("policy.collapse_risk_score", |p| &mut p.collapse_risk_score, "Risk", &expected);
}

#[test]
fn tele_123_entropy_clip_correlation() {
    let path = "policy.entropy_clip_correlation";
    check(path, |p| &mut p.entropy_clip_correlation, "EntClip", &[(-0.21, "-0.21", PLAIN)]);
}

#[test]
fn tele_125_entropy_history() {
    drawn(|p| p.entropy_history = [3.0, f64::NAN, 1.0].into())
        .shows("0.621   ────")
        .shows("█!▁  │");
}

#[test]
fn tele_130_clip_fraction() {
    let expected = [(0.125, "12.5%", PLAIN), (0.25, "25.0%", WARNING), (0.3, "30.0%", CRITICAL)];
    check("policy.clip_fraction", |p| &mut p.clip_fraction, "Clip", &expected);
}

#[test]
fn tele_135_clip_fraction_positive() {
    drawn(|p| p.clip_fraction_positive = Some(base::reading(0.085)))
        .shows("12.5%   +8.5% -4.0% ")
        .styles("+8.5%", PLAIN);
    drawn(|p| p.clip_fraction_positive = None).shows(" +— -4.0% ").styles("+—", MISSING);
}

#[test]
fn tele_136_clip_fraction_negative() {
    drawn(|p| p.clip_fraction_negative = Some(base::stale(base::reading(0.04))))
        .shows("12.5%   +8.5% -4.0% ")
        .styles("-4.0%", STALE);
    drawn(|p| p.clip_fraction_negative = None).shows(" +8.5% -— ").styles("-—", MISSING);
}

#[test]
fn tele_140_advantage_std() {
    let expected = [(1.0, "1.00", PLAIN), (2.5, "2.50", WARNING), (3.5, "3.50", CRITICAL)];
    check("policy.advantage_std", |p| &mut p.advantage_std, "AdvStd", &expected);
}

#[test]
fn tele_141_advantage_mean() {
    let expected = [(0.01, "0.01", PLAIN)];
    check("policy.advantage_mean", |p| &mut p.advantage_mean, "AdvMean", &expected);
}

#[test]
fn tele_142_advantage_skewness() {
    let expected = [(0.34, "0.34", PLAIN)];
    check("policy.advantage_skewness", |p| &mut p.advantage_skewness, "Skew", &expected);
}

#[test]
fn tele_143_advantage_kurtosis() {
    let expected = [(-0.85, "-0.85", PLAIN)];
    check("policy.advantage_kurtosis", |p| &mut p.advantage_kurtosis, "Kurt", &expected);
}

#[test]
fn tele_144_advantage_positive_ratio() {
    let path = "policy.advantage_positive_ratio";
    check(path, |p| &mut p.advantage_positive_ratio, "AdvPos", &[(0.512, "51.2%", PLAIN)]);
}

#[test]
fn tele_150_ratio_max() {
    let expected = [(1.62, "1.62", PLAIN), (3.5, "3.50", CRITICAL)];
    check("policy.ratio_max", |p| &mut p.ratio_max, "RatioMax", &expected);
}

#[test]
fn tele_152_ratio_mean() {
    check("policy.ratio_mean", |p| &mut p.ratio_mean, "RatioAvg", &[(1.0, "1.00", PLAIN)]);
}

#[test]
fn tele_153_ratio_min() {
    let expected = [(0.58, "0.58", PLAIN), (0.2, "0.20", CRITICAL)];
    check("policy.ratio_min", |p| &mut p.ratio_min, "RatioMin", &expected);
}

#[test]
fn tele_154_ratio_std() {
    check("policy.ratio_std", |p| &mut p.ratio_std, "RatioStd", &[(0.11, "0.11", PLAIN)]);
}

#[test]
fn tele_160_log_probability_min() {
    let expected =
        [(-3.2, "-3.20", PLAIN), (-50.0, "-50.00", WARNING), (-100.0, "-100.00", CRITICAL)];
    check("policy.log_prob_min", |p| &mut p.log_prob_min, "LogPmin", &expected);
}

#[test]
fn tele_161_log_probability_max() {
    check("policy.log_prob_max", |p| &mut p.log_prob_max, "LogPmax", &[(-0.02, "-0.02", PLAIN)]);
}

#[test]
fn tele_190_kl_divergence_trend() {
    let arrow = |trend| {
        drawn(move |p| {
            p.kl_divergence_trend = trend;
            p.grad_norm_trend = None;
        })
    };
    arrow(Some(Trend::Improving)).shows("↑│").styles("↑", OK);
    arrow(Some(Trend::Stable)).styles("→", DIM);
    arrow(Some(Trend::Volatile)).styles("~", WARNING);
    arrow(Some(Trend::Worsening)).styles("↓", WARNING);
    arrow(None).hides("↑").hides("→").hides("~").hides("↓");
}

#[test]
fn tele_193_last_update() {
    drawn(|p| p.last_update = None).shows("waiting for the first u").styles("waiting", MISSING);
    let of = |batch, skip_reason: Option<SkipReason>| {
        let skipped = skip_reason.is_some();
        drawn(move |p| p.last_update = Some(LastUpdate { batch, skipped, skip_reason }))
    };
    of(26, None).shows(" b26 ─").hides("skipped:");
    of(27, Some(SkipReason::KlLimit)).shows("skipped: kl_limit").styles("skipped", WARNING);
}

#[test]
fn tele_310_gradient_norm() {
    let expected = [(1.5, "1.500", PLAIN), (5.1, "5.100", WARNING), (f64::NAN, "NaN", CRITICAL)];
    check("policy.grad_norm", |p| &mut p.grad_norm, "Grad", &expected);
}

#[test]
fn tele_311_gradient_norm_history() {
    drawn(|p| p.grad_norm_history = [1.0, 2.0, 3.0].into()).shows("6.310 * ────").shows("▁▄█ ↓│");
}

#[test]
fn tele_330_gradient_cv() {
    check("policy.gradient_cv", |p| &mut p.gradient_cv, "GradCV", &[(0.42, "0.42", PLAIN)]);
}

#[test]
fn tele_331_dead_layers() {
    drawn(|p| p.dead_layers = Some(base::reading(2)))
        .shows("│Layers          2 / 0   dead / expl. ");
    drawn(|p| p.dead_layers = None).shows("│Layers          — / 0 ").styles("— / 0", MISSING);
    drawn(|p| (p.dead_layers, p.exploding_layers) = (None, None)).shows("│Layers              — ");
}

#[test]
fn tele_332_exploding_layers() {
    drawn(|p| p.exploding_layers = Some(base::reading(3))).shows("│Layers          0 / 3 ");
    drawn(|p| p.exploding_layers = None).shows("│Layers          0 / — ").styles("— ", MISSING);
}

#[test]
fn tele_390_gradient_norm_trend() {
    let arrow = |trend| {
        drawn(move |p| {
            p.grad_norm_trend = trend;
            p.kl_divergence_trend = None;
        })
    };
    arrow(Some(Trend::Improving)).styles("↑", OK);
    arrow(Some(Trend::Stable)).styles("→", DIM);
    arrow(Some(Trend::Volatile)).styles("~", WARNING);
    arrow(Some(Trend::Worsening)).shows("↓│").styles("↓", WARNING);
    arrow(None).hides("↑").hides("→").hides("~").hides("↓");
}
