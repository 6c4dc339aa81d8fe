//! What panel 2 shows of each metric, as the records say.

use karn_sanctum::{LastUpdate, PolicyView, Trend};
use leyline::SkipReason;
use sanctum_widgets::{PolicyLosses, Theme};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, DIM, MISSING, OK, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut PolicyView)) -> Screen {
    let mut snapshot = base::losses();
    change(&mut snapshot.policy);
    Screen::of(&PolicyLosses::new((&snapshot).into(), &Theme::DARK), 40, 8)
}

#[test]
fn tele_102_early_stop() {
    drawn(|p| p.early_stop_epoch = Some(base::reading(3))).shows("│EarlyStop           3 ");
    drawn(|p| p.early_stop_epoch = None).shows("│EarlyStop           — ").styles("—", MISSING);
}

#[test]
fn tele_103_update_time() {
    drawn(|p| p.update_time_ms = Some(base::reading(84.4))).shows("│Update           84ms ");
    drawn(|p| p.update_time_ms = Some(base::reading(0.4))).shows("│Update            0ms ");
}

#[test]
fn tele_104_learning_rate() {
    drawn(|p| p.learning_rate = Some(base::reading(2.5e-4))).shows("│LR            2.50e-4 ");
    drawn(|p| p.learning_rate = None).shows("│LR                  — ");
}

#[test]
fn tele_105_entropy_coefficient() {
    drawn(|p| p.entropy_coef = Some(base::reading(0.01))).shows("│EntCoef       1.00e-2 ");
}

#[test]
fn tele_131_policy_loss() {
    drawn(|p| p.policy_loss = Some(base::reading(-0.012_34))).shows("│Policy        -0.0123 ");
    let nan = drawn(|p| p.policy_loss = Some(base::graded("policy.policy_loss", f64::NAN)));
    nan.shows("│Policy            NaN ! ").styles("NaN", CRITICAL);
}

#[test]
fn tele_132_value_loss() {
    drawn(|p| p.value_loss = Some(base::reading(1e12))).shows("│Value         1.00e12 ");
    drawn(|p| p.value_loss = None).shows("│Value               — ").styles("—", MISSING);
}

#[test]
fn tele_133_policy_loss_history() {
    drawn(|p| p.policy_loss_history = [1.0, 2.0, 3.0].into()).shows("-0.0123   ─────────▁▄█ →│");
    drawn(|p| p.policy_loss_trend = None).shows("▂▁▁  │");
}

#[test]
fn tele_134_value_loss_history() {
    drawn(|p| p.value_loss_history = [3.0, f64::NAN, 1.0].into())
        .shows("18.4021   ─────────█!▁ ↑│")
        .styles("↑", OK);
    drawn(|p| p.value_loss_trend = Some(Trend::Worsening)).shows(" ↓│").styles("↓", WARNING);
}

#[test]
fn tele_191_policy_loss_trend() {
    let arrow = |trend| drawn(move |p| p.policy_loss_trend = trend);
    arrow(Some(Trend::Improving)).shows("▂▁▁ ↑│").styles("↑", OK);
    arrow(Some(Trend::Worsening)).shows("▂▁▁ ↓│").styles("↓", WARNING);
    arrow(Some(Trend::Volatile)).shows("▂▁▁ ~│").styles("~", WARNING);
    arrow(Some(Trend::Stable)).shows("▂▁▁ →│").styles("→", DIM);
    arrow(None).shows("▂▁▁  │");
}

#[test]
fn tele_192_value_loss_trend() {
    let arrow = |trend| drawn(move |p| p.value_loss_trend = trend);
    arrow(Some(Trend::Worsening)).shows("18.4021").styles("↓", WARNING);
    arrow(Some(Trend::Volatile)).styles("~", WARNING);
    arrow(Some(Trend::Improving)).styles("↑", OK);
    arrow(None).hides("↑").hides("↓").hides("~");
}

#[test]
fn tele_193_last_update() {
    drawn(|p| p.last_update = None).shows("waiting for the first u").styles("waiting", MISSING);
    let of = |batch, skip_reason: Option<SkipReason>| {
        let skipped = skip_reason.is_some();
        drawn(move |p| p.last_update = Some(LastUpdate { batch, skipped, skip_reason }))
    };
    of(26, None).shows("b26").hides("skipped");
    of(27, Some(SkipReason::KlLimit)).shows("skipped: kl_limit").styles("skipped", WARNING);
}
