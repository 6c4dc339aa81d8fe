//! Histories of updates, their trends, and what is computed from several updates; the tests that the records of policy and
//! gradients name.

use leyline::{Health, PpoUpdateCompleted, SkipReason};

use crate::support::{Feed, skipped, start, update, with};
use crate::update_readings::{holds, run, view};

/// A series of updates with these values, one batch each from 1.
fn series(values: &[f64], set: fn(&mut PpoUpdateCompleted, f64)) -> Feed {
    values.iter().zip(1_u32..).fold(run(), |feed, (value, k)| {
        feed.at(f64::from(k), with(update(u64::from(k)), |update| set(update, *value)))
    })
}

/// The life of a history: one point per applied update that has one, the latest 128, also what is not finite.
macro_rules! history {
    ($history:ident, $field:ident) => {{
        let feed = series(&[1.0, f64::INFINITY], |update, value| update.$field = Some(value));
        assert_eq!(&view(&feed).$history[..], [1.0, f64::INFINITY]);
        let failed = with(skipped(3, SkipReason::KlLimit), |update| update.$field = Some(3.0));
        let feed = feed.at(3.0, failed).at(4.0, update(4));
        assert_eq!(&view(&feed).$history[..], [1.0, f64::INFINITY], "neither added a point");
        assert!(view(&feed.at(5.0, start(9, 0))).$history.is_empty());
        let many: Vec<f64> = (0..130_u32).map(f64::from).collect();
        let kept = view(&series(&many, |update, value| update.$field = Some(value))).$history;
        assert_eq!(&kept[..], &many[2..]);
    }};
}

/// The life of the trend of a history where lower is better: absent, stable, and changed by more than the tolerance.
macro_rules! trend {
    ($trend:ident, $field:ident, $tolerance:expr) => {{
        use karn_sanctum::Trend::{Improving, Stable, Volatile, Worsening};
        let of = |points: &[f64]| {
            view(&series(points, |update, value| update.$field = Some(value))).$trend
        };
        let moved = |by: f64| [vec![1.0; 3], vec![1.0 + by; 3]].concat();
        assert_eq!(of(&[1.0; 5]), None, "two windows of three are needed");
        assert_eq!(of(&moved(0.0)), Some(Stable));
        assert_eq!(of(&moved(0.99 * $tolerance)), Some(Stable));
        assert_eq!(of(&moved(1.01 * $tolerance)), Some(Worsening));
        assert_eq!(of(&moved(-1.01 * $tolerance)), Some(Improving));
        assert_eq!(of(&[1.0, 1.0, 1.0, 0.1, 2.0, 0.1]), Some(Volatile));
        assert_eq!(of(&[1.0, 1.0, 1.0, 1.0, f64::NAN, 1.0]), None);
        let feed = series(&moved(1.0), |update, value| update.$field = Some(value));
        let feed = feed.at(7.0, with(skipped(7, SkipReason::KlLimit), |u| u.$field = Some(0.0)));
        assert_eq!(view(&feed).$trend, Some(Worsening), "a skipped update is no point");
        assert_eq!(view(&feed.at(8.0, start(9, 0))).$trend, None);
    }};
}

#[test]
fn tele_111_kl_divergence_history_takes_applied_updates() {
    history!(kl_divergence_history, kl_divergence);
}

#[test]
fn tele_121_entropy_velocity_needs_five_points() {
    let of = |points: &[f64]| {
        view(&series(points, |update, value| update.entropy = Some(value))).entropy_velocity
    };
    assert_eq!(of(&[0.6, 0.5, 0.4, 0.3]), None);
    let velocity = of(&[0.5, 0.5, 0.5, 0.5, 0.5]).expect("five points");
    assert_eq!((velocity.value, velocity.batch, velocity.fresh), (0.0, Some(5), true));
    // Least squares over 0.6, 0.58, 0.56, 0.54, 0.52.
    let falling = of(&[0.6, 0.58, 0.56, 0.54, 0.52]).expect("five points");
    assert!((falling.value + 0.02).abs() < 1e-12 && falling.verdict == Health::Warning);
    assert_eq!(of(&[0.6, 0.6, f64::NAN, 0.6, 0.6]), None, "one of them is no number");
    // Only the latest ten count: what was before them was steep.
    let level = of(&[9.0, 5.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    assert_eq!(level.map(|reading| reading.value), Some(0.0));
    let feed = series(&[0.5; 5], |update, value| update.entropy = Some(value)).at(6.0, update(6));
    let old = view(&feed).entropy_velocity.expect("it stays");
    assert_eq!((old.batch, old.fresh), (Some(5), false), "no entropy, no news of its slope");
}

#[test]
fn tele_122_collapse_risk_score_is_old_after_an_update_without_entropy() {
    let feed = series(&[0.5; 5], |update, value| update.entropy = Some(value));
    assert!(view(&feed).collapse_risk_score.expect("five points").fresh);
    let old = view(&feed.at(6.0, update(6))).collapse_risk_score.expect("it stays");
    assert_eq!((old.batch, old.fresh), (Some(5), false));
}

#[test]
fn tele_122_collapse_risk_score_is_judged_at_its_limits() {
    let at = |entropy: f64, slope: f64| {
        let points: Vec<f64> = (0..5).map(|k| entropy - slope * f64::from(4 - k)).collect();
        let feed = series(&points, |update, value| update.entropy = Some(value));
        view(&feed).collapse_risk_score.expect("five points")
    };
    // At the largest possible entropy, standing still: no risk at all.
    assert!(at(0.693, 0.0).value.abs() < 1e-12 && at(0.693, 0.0).verdict == Health::Healthy);
    // 0.2 nats above the limit in steps of 0.05: four batches are left.
    let soon = at(0.3, -0.05);
    assert!(0.3 < soon.value && soon.value < 0.7 && soon.verdict == Health::Warning, "{soon:?}");
    let gone = at(0.1, 0.0);
    assert_eq!((gone.value, gone.verdict), (1.0, Health::Critical));
    let unknown = Feed::new().at(0.0, start(20, 0));
    let unknown = (1..=6_u32).fold(unknown, |feed, k| {
        let update = with(update(u64::from(k)), |update| update.entropy = Some(0.05));
        feed.at(f64::from(k), update)
    });
    assert_eq!(view(&unknown).collapse_risk_score, None, "the largest entropy is not known");
}

#[test]
fn tele_123_entropy_clip_correlation_needs_five_pairs_that_differ() {
    let fed = |pairs: &[(f64, f64)]| {
        pairs.iter().zip(1_u32..).fold(run(), |feed, ((entropy, clip), k)| {
            let update = with(update(u64::from(k)), |update| {
                (update.entropy, update.clip_fraction) = (Some(*entropy), Some(*clip));
            });
            feed.at(f64::from(k), update)
        })
    };
    let of = |pairs: &[(f64, f64)]| view(&fed(pairs)).entropy_clip_correlation;
    let pairs = [(0.6, 0.1), (0.5, 0.2), (0.4, 0.3), (0.3, 0.4), (0.2, 0.5)];
    assert_eq!(of(&pairs[..4]), None);
    let against = of(&pairs).expect("five pairs");
    assert!((against.value + 1.0).abs() < 1e-12 && against.verdict == Health::Critical);
    assert_eq!(of(&[(0.5, 0.1); 6]), None, "constant series have no correlation");
    let old = view(&fed(&pairs).at(6.0, update(6))).entropy_clip_correlation.expect("it stays");
    assert_eq!((old.batch, old.fresh), (Some(5), false), "no pair, no news of the correlation");
}

#[test]
fn tele_124_entropy_collapsed_is_the_critical_verdict_of_the_entropy() {
    let of = |entropy: f64| {
        let update = with(update(1), |update| update.entropy = Some(entropy));
        view(&run().at(1.0, update)).entropy_collapsed
    };
    holds(of(0.1001), false, 1, true);
    holds(of(0.1), true, 1, true);
    holds(of(f64::NAN), true, 1, true);
    assert_eq!(of(0.1).map(|flag| flag.verdict), Some(Health::Critical));
    let unknown = Feed::new().at(0.0, start(20, 0));
    let unknown = unknown.at(1.0, with(update(1), |update| update.entropy = Some(0.05)));
    assert_eq!(view(&unknown).entropy_collapsed, None, "the largest entropy is not known");
}

#[test]
fn tele_125_entropy_history_takes_applied_updates() {
    history!(entropy_history, entropy);
}

#[test]
fn tele_133_policy_loss_history_takes_applied_updates() {
    history!(policy_loss_history, policy_loss);
}

#[test]
fn tele_134_value_loss_history_takes_applied_updates() {
    history!(value_loss_history, value_loss);
}

#[test]
fn tele_190_kl_divergence_trend_tolerates_30_percent() {
    trend!(kl_divergence_trend, kl_divergence, 0.30);
}

#[test]
fn tele_191_policy_loss_trend_tolerates_20_percent() {
    trend!(policy_loss_trend, policy_loss, 0.20);
}

#[test]
fn tele_192_value_loss_trend_tolerates_20_percent() {
    trend!(value_loss_trend, value_loss, 0.20);
}

#[test]
fn tele_311_gradient_norm_history_takes_applied_updates() {
    history!(grad_norm_history, grad_norm);
}

#[test]
fn tele_390_gradient_norm_trend_tolerates_25_percent() {
    trend!(grad_norm_trend, grad_norm, 0.25);
}
