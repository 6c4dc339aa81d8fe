//! The verdict of every metric that has a limit, on both sides of each limit.

use leyline::{Health, PpoUpdateCompleted, Severity};

use karn_sanctum::{Connection, EnvStatus, PolicyView, Reading, Settings, SinkLoss, verdict};

use crate::support::{Feed, near, start, update, with};

use Health::{Critical, Healthy, NoData, Ungraded, Warning};

/// The policy view after one update, in a run whose policy can have 0.693 nats.
fn policy(change: impl FnOnce(&mut PpoUpdateCompleted)) -> PolicyView {
    let start = with(start(20, 0), |start| start.max_entropy = Some(0.693));
    Feed::new().at(0.0, start).at(1.0, with(update(1), change)).now(1.0).policy
}

/// Checks the verdicts on values of one field; NaN and infinities are critical everywhere.
#[track_caller]
fn check(
    set: fn(&mut PpoUpdateCompleted, f64),
    get: fn(&PolicyView) -> Option<Reading>,
    cases: &[(f64, Health)],
) {
    assert_eq!(get(&policy(|_| ())), None);
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|value| (value, Critical));
    for (value, expected) in cases.iter().chain(&odd) {
        let reading = get(&policy(|update| set(update, *value))).unwrap();
        assert_eq!(reading.verdict, *expected, "{value}");
        assert_eq!(reading.value.to_bits(), value.to_bits());
    }
}

macro_rules! check {
    ($field:ident, $($value:expr => $health:expr),+ $(,)?) => {
        check(|update, value| update.$field = Some(value), |view| view.$field, &[$(($value, $health)),+])
    };
}

#[test]
fn at01_tele_110_kl_divergence() {
    check!(kl_divergence, 0.015 => Healthy, 0.0151 => Warning, 0.03 => Warning, 0.0301 => Critical);
}

#[test]
fn at02_tele_120_entropy() {
    check!(entropy, 0.3001 => Healthy, 0.3 => Warning, 0.1001 => Warning, 0.1 => Critical, -1.0 => Critical);
}

#[test]
fn at03_tele_120_entropy_without_a_known_maximum() {
    let shown = |value| {
        let update = with(update(1), |update| update.entropy = Some(value));
        Feed::new().at(0.0, start(9, 0)).at(1.0, update).now(1.0).policy.entropy.unwrap().verdict
    };
    assert_eq!([shown(0.05), shown(f64::NAN)], [Ungraded, Critical]);
}

#[test]
fn tele_124_entropy_collapsed() {
    let of = |value| policy(|update| update.entropy = Some(value)).entropy_collapsed.unwrap();
    assert_eq!((of(0.1001).value, of(0.1001).verdict), (false, Healthy));
    assert_eq!((of(0.1).value, of(0.1).verdict), (true, Critical));
    assert_eq!(policy(|_| ()).entropy_collapsed, None);
}

#[test]
fn at04_tele_130_clip_fraction() {
    check!(clip_fraction, 0.2499 => Healthy, 0.25 => Warning, 0.2999 => Warning, 0.3 => Critical);
    check!(clip_fraction_positive, 0.9 => Ungraded);
    check!(clip_fraction_negative, 0.9 => Ungraded);
}

#[test]
fn at05_tele_140_advantage_std() {
    check!(advantage_std, 0.1 => Critical, 0.1001 => Warning, 0.5 => Warning, 0.5001 => Healthy,
        2.0 => Healthy, 2.0001 => Warning, 3.0 => Warning, 3.0001 => Critical);
}

#[test]
fn tele_141_advantage_mean() {
    check!(advantage_mean, 0.0999 => Healthy, -0.0999 => Healthy, 0.1 => Warning, -0.1 => Warning,
        0.2999 => Warning, 0.3 => Critical, -0.3 => Critical);
}

#[test]
fn at11_tele_142_advantage_skewness() {
    check!(advantage_skewness, -1.0 => Warning, -1.0001 => Critical, -0.5 => Healthy, -0.5001 => Warning,
        1.0 => Healthy, 1.0001 => Warning, 2.0 => Warning, 2.0001 => Critical);
}

#[test]
fn tele_143_advantage_kurtosis() {
    check!(advantage_kurtosis, -1.0001 => Warning, -1.0 => Healthy, 3.0 => Healthy, 3.0001 => Warning,
        6.0 => Warning, 6.0001 => Critical);
}

#[test]
fn tele_144_advantage_positive_ratio() {
    check!(advantage_positive_ratio, 0.02 => Critical, 0.0201 => Warning, 0.1999 => Warning, 0.2 => Healthy,
        0.8 => Healthy, 0.8001 => Warning, 0.9799 => Warning, 0.98 => Critical);
}

#[test]
fn at23_tele_150_to_154_ratios() {
    check!(ratio_max, 2.0 => Healthy, 2.0001 => Warning, 3.0 => Warning, 3.0001 => Critical);
    check!(ratio_min, 0.5 => Healthy, 0.4999 => Warning, 0.33 => Warning, 0.3299 => Critical);
    check!(ratio_std, 0.5 => Healthy, 0.5001 => Warning, 99.0 => Warning);
    check!(ratio_mean, 99.0 => Ungraded);
}

#[test]
fn tele_160_log_probabilities() {
    check!(log_prob_min, -49.9 => Healthy, -50.0 => Warning, -99.9 => Warning, -100.0 => Critical);
    check!(log_prob_max, -500.0 => Ungraded);
}

#[test]
fn at06_tele_200_explained_variance() {
    check!(explained_variance, 0.3001 => Healthy, 0.3 => Warning, 0.0001 => Warning, 0.0 => Critical, -0.5 => Critical);
}

#[test]
fn tele_211_value_std_is_critical_only_with_a_small_range() {
    let of = |std, range: Option<(f64, f64)>| {
        let view = policy(|update| {
            update.value_std = Some(std);
            (update.value_min, update.value_max) = range.unzip();
        });
        view.value_std.unwrap().verdict
    };
    assert_eq!(of(0.0099, Some((1.0, 1.09))), Critical);
    assert_eq!(of(0.01, Some((1.0, 1.09))), Healthy);
    assert_eq!(of(0.0099, Some((1.0, 1.125))), Healthy);
    assert_eq!(of(0.0099, None), Healthy);
    assert_eq!(of(f64::NAN, Some((0.0, 9.0))), Critical);
    check!(value_mean, 1e9 => Ungraded);
}

#[test]
fn tele_212_tele_213_value_extremes() {
    check!(value_min, -4999.9 => Healthy, -5000.0 => Warning, 5000.0 => Warning, -9999.9 => Warning, -10_000.0 => Critical);
    check!(value_max, 4999.9 => Healthy, 5000.0 => Warning, -5000.0 => Warning, 9999.9 => Warning, 10_000.0 => Critical);
}

#[test]
fn at24_tele_220_v_return_correlation() {
    check!(v_return_correlation, 0.5 => Healthy, 0.4999 => Warning, 0.3 => Warning, 0.2999 => Critical);
}

#[test]
fn tele_221_to_223_errors() {
    check!(td_error_mean, -4.9 => Healthy, 5.0 => Warning, -5.0 => Warning, 14.9 => Warning, -15.0 => Critical);
    check!(td_error_std, 1e9 => Ungraded);
    check!(bellman_error, 19.9 => Healthy, 20.0 => Warning, 49.9 => Warning, 50.0 => Critical);
}

#[test]
fn tele_224_to_230_value_targets() {
    check!(return_p10, -1e9 => Ungraded);
    check!(return_p50, 1e9 => Ungraded);
    check!(return_p90, 1e9 => Ungraded);
    check!(return_variance, 1e9 => Ungraded);
    check!(return_mean, 1e9 => Ungraded);
    check!(return_std, 1e9 => Ungraded);
    check!(return_skewness, 0.9 => Healthy, 1.0 => Warning, -1.0 => Warning, 1.9 => Warning, -2.0 => Critical);
}

#[test]
fn at15_losses_and_rates_have_no_limit() {
    check!(value_loss, 500.0 => Ungraded);
    check!(policy_loss, -500.0 => Ungraded);
    check!(learning_rate, 9.0 => Ungraded);
    check!(entropy_coef, 9.0 => Ungraded);
    check!(update_time_ms, 1e9 => Ungraded);
}

#[test]
fn at08_tele_310_gradient_norm() {
    check!(grad_norm, 5.0 => Healthy, 5.0001 => Warning, 10.0 => Warning, 10.0001 => Critical);
    check!(gradient_cv, 0.4999 => Healthy, 0.5 => Warning, 1.9999 => Warning, 2.0 => Critical);
}

#[test]
fn at07_tele_300_tele_301_gradient_elements() {
    for (count, health) in [(0, Healthy), (1, Critical), (u64::MAX, Critical)] {
        let view = policy(|update| {
            update.nan_grad_count = Some(count);
            update.inf_grad_count = Some(count);
        });
        assert_eq!(view.nan_grad_count.unwrap().verdict, health);
        assert_eq!(view.inf_grad_count.unwrap().verdict, health);
    }
}

#[test]
fn at25_tele_331_tele_332_layers() {
    for (count, health) in [(0, Healthy), (1, Warning), (2, Warning), (3, Critical)] {
        let view = policy(|update| {
            update.dead_layers = Some(count);
            update.exploding_layers = Some(count);
        });
        assert_eq!(view.dead_layers.unwrap().verdict, health);
        assert_eq!(view.exploding_layers.unwrap().verdict, health);
    }
}

#[test]
fn at10_tele_123_entropy_clip_correlation() {
    let of = |value, entropy, clip| {
        verdict::entropy_clip_correlation(&Settings::default(), value, Some(entropy), Some(clip))
    };
    assert_eq!(
        [-0.45, -0.55, -0.39].map(|value| of(value, 0.2, 0.3)),
        [Warning, Critical, Healthy]
    );
    assert_eq!(of(-0.4, 0.2, 0.3), Healthy);
    assert_eq!(of(-0.5, 0.2, 0.3), Warning);
    assert_eq!(of(-0.9, 0.2, 0.2499), Warning);
    assert_eq!(of(-0.9, 0.2, 0.25), Critical);
    assert_eq!(of(-0.9, 0.3, 0.3), Critical);
    assert_eq!(of(-0.9, 0.3001, 0.3), Healthy);
    assert_eq!(verdict::entropy_clip_correlation(&Settings::default(), -0.9, None, None), Healthy);
}

#[test]
fn tele_123_the_aggregator_judges_with_the_present_entropy_and_clipping() {
    let feed = (1..=5_u32).fold(Feed::new().at(0.0, start(9, 0)), |feed, k| {
        let update = with(update(u64::from(k)), |update| {
            update.entropy = Some(0.3 - f64::from(k) * 0.01);
            update.clip_fraction = Some(0.25 + f64::from(k) * 0.01);
        });
        feed.at(f64::from(k), update)
    });
    let reading = feed.now(9.0).policy.entropy_clip_correlation.unwrap();
    near(Some(reading.value), Some(-1.0));
    assert_eq!(reading.verdict, Critical);
}

#[test]
fn tele_121_entropy_velocity() {
    let of = |step: f64| {
        let feed = (1..=5_u32).fold(Feed::new().at(0.0, start(9, 0)), |feed, k| {
            let entropy = 1.0 + f64::from(k) * step;
            feed.at(
                f64::from(k),
                with(update(u64::from(k)), |update| update.entropy = Some(entropy)),
            )
        });
        feed.now(9.0).policy.entropy_velocity.unwrap().verdict
    };
    assert_eq!(
        [of(-0.0099), of(-0.0101), of(-0.0299), of(-0.0301)],
        [Healthy, Warning, Warning, Critical]
    );
}

#[test]
fn tele_101_updates_skipped() {
    let counts = [None, Some(0), Some(1), Some(2)];
    assert_eq!(counts.map(verdict::updates_skipped), [NoData, Healthy, Warning, Warning]);
}

#[test]
fn tele_630_environment_status() {
    let all = [
        (EnvStatus::Initializing, NoData),
        (EnvStatus::Healthy, Healthy),
        (EnvStatus::Excellent, Healthy),
        (EnvStatus::Stalled, Warning),
        (EnvStatus::Degraded, Critical),
    ];
    for (status, health) in all {
        assert_eq!(verdict::env_status(status), health);
    }
}

#[test]
fn tele_634_environment_age_is_judged_only_while_news_can_come() {
    for connection in [Connection::Live, Connection::Slow, Connection::Stale] {
        let of = |seconds| verdict::env_age(&Settings::default(), Some(seconds), connection);
        assert_eq!([of(1.999), of(2.0), of(4.999), of(5.0)], [Healthy, Warning, Warning, Critical]);
        assert_eq!(verdict::env_age(&Settings::default(), None, connection), NoData);
    }
    let silent =
        [Connection::Waiting, Connection::Disconnected, Connection::Finished, Connection::Failed];
    for connection in silent {
        assert_eq!(verdict::env_age(&Settings::default(), Some(99.0), connection), Ungraded);
    }
}

#[test]
fn tele_780_to_784_counters() {
    assert_eq!([None, Some(0), Some(1)].map(verdict::events_rejected), [NoData, Healthy, Warning]);
    assert_eq!([None, Some(0), Some(1)].map(verdict::events_lost), [NoData, Healthy, Critical]);
    let loss = SinkLoss { lossless: None, lossy: Some(1) };
    assert_eq!(verdict::sink_losses(Some(&[("live".to_owned(), loss)].into())), Critical);
    assert_eq!(verdict::sink_losses(Some(&[].into())), Healthy);
    assert_eq!(verdict::sink_losses(None), NoData);
    assert_eq!(loss.total(), 1);
}

#[test]
fn tele_817_severity() {
    let of =
        [Severity::Debug, Severity::Info, Severity::Warning, Severity::Error, Severity::Critical];
    assert_eq!(of.map(verdict::severity), [Healthy, Healthy, Warning, Critical, Critical]);
}

#[test]
fn memory_has_no_verdict_without_a_total_to_be_a_share_of() {
    let of =
        |total| verdict::memory_used(&Settings::default(), verdict::RAM_USED, 9.0, Some(total));
    assert_eq!(
        [of(10.0), of(9.0), of(0.0), of(-1.0), of(f64::NAN)],
        [Warning, Critical, Ungraded, Ungraded, Ungraded]
    );
    assert_eq!(
        verdict::memory_used(&Settings::default(), verdict::RAM_USED, f64::NAN, Some(10.0)),
        Critical
    );
    assert_eq!(verdict::memory_used(&Settings::default(), verdict::RAM_USED, 9.0, None), Ungraded);
}

#[test]
fn plain_numbers_are_critical_when_not_finite() {
    let of = [None, Some(1e300), Some(f64::NAN), Some(f64::INFINITY)];
    assert_eq!(of.map(verdict::number), [NoData, Ungraded, Critical, Critical]);
}
