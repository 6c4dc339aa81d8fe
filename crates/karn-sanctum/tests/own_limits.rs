//! Limits of somebody's own in the fold: verdict, flag, connection and alert follow them together.

use std::sync::Arc;

use karn_sanctum::aggregator::judge;
use karn_sanctum::settings::Bounds::{self, Between, One};
use karn_sanctum::{Aggregator, Connection, Settings, verdict};
use leyline::Health::{self, Critical, Healthy, Warning};
use leyline::{AlertLevel, PpoUpdateCompleted, RuleId};

use crate::support::{Feed, batch, gpu, heartbeat, key, start, update, view, vitals, with};

/// A feed that is judged by a limit of one's own.
fn own(
    number: u16,
    warning: impl Into<Option<Bounds>>,
    critical: impl Into<Option<Bounds>>,
) -> Feed {
    let mut settings = Settings::default();
    settings.set_limit(number, warning.into(), critical.into()).unwrap();
    Feed { aggregator: Aggregator::with_settings(Arc::new(settings)), next_seq: 0 }
}

fn level(feed: &Feed, rule: RuleId, now: f64) -> Option<AlertLevel> {
    let alerts = feed.aggregator.alerts(&key("r", "default"), view(now));
    alerts.list.iter().find(|alert| alert.rule == rule).map(|alert| alert.level)
}

/// What an update is judged to be, of a run whose policy can have 0.693 nats.
fn judged(
    feed: Feed,
    change: impl FnOnce(&mut PpoUpdateCompleted),
    of: impl FnOnce(&karn_sanctum::PolicyView) -> Option<Health>,
) -> Option<Health> {
    let start = with(start(9, 0), |start| start.max_entropy = Some(0.693));
    let feed = feed.at(0.0, start).at(1.0, with(update(1), change));
    of(&feed.now(1.0).policy)
}

#[test]
fn tele_702_an_own_limit_of_silence_moves_connection_verdict_and_alert() {
    let running = |feed: Feed| feed.at(0.0, start(9, 0)).at(1.0, batch(1));
    let feed = running(own(702, One(30.0), One(60.0)));
    let at = |seconds: f64| {
        let shown = feed.now(1.0 + seconds);
        let judged = verdict::staleness(&shown.settings, shown.staleness_seconds);
        (shown.connection, judged, level(&feed, RuleId::Age, 1.0 + seconds))
    };
    assert_eq!(at(29.0), (Connection::Live, Healthy, None));
    assert_eq!(at(30.0), (Connection::Slow, Warning, Some(AlertLevel::Warning)));
    assert_eq!(at(60.0), (Connection::Stale, Critical, Some(AlertLevel::Critical)));
    let built_in = running(Feed::new());
    assert_eq!(built_in.now(30.0).connection, Connection::Stale);
    // The silence between two events is judged alike.
    let woken = |feed: Feed| level(&running(feed).at(20.0, heartbeat()), RuleId::Age, 20.0);
    assert_eq!(woken(own(702, One(30.0), One(60.0))), None);
    assert_eq!(woken(Feed::new()), Some(AlertLevel::Critical));
}

#[test]
fn tele_634_the_age_of_an_environment_has_a_limit_of_its_own() {
    let of = |feed: &Feed, seconds| {
        verdict::env_age(&feed.now(0.0).settings, Some(seconds), Connection::Live)
    };
    let mine = own(634, One(30.0), One(60.0)).at(0.0, start(9, 0));
    assert_eq!([29.0, 30.0, 60.0].map(|age| of(&mine, age)), [Healthy, Warning, Critical]);
    let silence = own(702, One(30.0), One(60.0)).at(0.0, start(9, 0));
    assert_eq!(of(&silence, 5.0), Critical, "the limit of another record");
}

#[test]
fn tele_721_tele_740_an_own_limit_of_memory_moves_verdict_flag_and_alert() {
    let of = |feed: Feed, used: f64| {
        let sample = with(vitals(), |vitals| {
            vitals.ram_used_gb = Some(used);
            vitals.ram_total_gb = Some(100.0);
        });
        let feed = (1..=3_u32).fold(feed.at(0.0, start(9, 0)), |feed, k| {
            feed.at(f64::from(k), sample.clone()).at(f64::from(k), batch(u64::from(k)))
        });
        let shown = feed.now(3.0).vitals;
        let verdict = shown.ram_used_gb.map(|used| used.verdict);
        let raised = shown.has_memory_alarm.map(|alarm| alarm.value);
        (verdict, raised, level(&feed, RuleId::Memory, 3.0))
    };
    let mine = || own(721, One(0.95), One(0.98));
    assert_eq!(of(mine(), 95.0), (Some(Healthy), Some(false), None));
    assert_eq!(of(mine(), 96.0), (Some(Warning), Some(false), Some(AlertLevel::Warning)));
    assert_eq!(of(mine(), 99.0), (Some(Critical), Some(true), Some(AlertLevel::Critical)));
    assert_eq!(of(Feed::new(), 95.0), (Some(Critical), Some(true), Some(AlertLevel::Critical)));
    let of_devices = own(730, One(0.95), One(0.98));
    assert_eq!(of(of_devices, 95.0).0, Some(Critical), "the limit of another record");
}

#[test]
fn tele_730_devices_are_judged_by_their_own_limit() {
    let of = |feed: Feed, used| {
        let sample = with(vitals(), |vitals| vitals.gpus = vec![gpu(0, Some(used), Some(100.0))]);
        let shown = feed.at(0.0, sample).now(0.0).vitals;
        let verdict = shown.gpu_stats[0].memory_used_gb.map(|used| used.verdict);
        (verdict, shown.memory_alarm_devices.map(|names| names.len()))
    };
    let mine = || own(730, One(0.5), One(0.6));
    assert_eq!(of(mine(), 50.0), (Some(Healthy), Some(0)));
    assert_eq!(of(mine(), 55.0), (Some(Warning), Some(0)));
    assert_eq!(of(mine(), 61.0), (Some(Critical), Some(1)));
}

#[test]
fn tele_720_load_has_an_own_limit() {
    let of = |percent| {
        let sample = with(vitals(), |vitals| vitals.cpu_percent = Some(percent));
        let shown = own(720, One(95.0), One(99.0)).at(0.0, sample).now(0.0).vitals;
        shown.cpu_percent.map(|cpu| cpu.verdict)
    };
    assert_eq!([95.0, 96.0, 99.5].map(of), [Some(Healthy), Some(Warning), Some(Critical)]);
}

#[test]
fn tele_143_levels_with_different_bounds_are_replaced_together() {
    let of = |value| {
        let feed = own(143, Between(-2.0, 4.0), One(8.0));
        judged(
            feed,
            |update| update.advantage_kurtosis = Some(value),
            |policy| policy.advantage_kurtosis.map(|reading| reading.verdict),
        )
    };
    assert_eq!(
        [-2.1, -2.0, 4.0, 4.1, 8.0, 8.1].map(of),
        [Warning, Healthy, Healthy, Warning, Warning, Critical].map(Some)
    );
}

#[test]
fn tele_211_tele_123_the_condition_of_a_record_holds_for_an_own_limit_too() {
    let of = |range: f64| {
        let change = move |update: &mut PpoUpdateCompleted| {
            update.value_std = Some(0.05);
            (update.value_min, update.value_max) = (Some(0.0), Some(range));
        };
        let std = |policy: &karn_sanctum::PolicyView| policy.value_std.map(|std| std.verdict);
        let mine = judged(own(211, None, One(0.06)), change, std);
        (mine, judged(Feed::new(), change, std))
    };
    assert_eq!(of(0.09), (Some(Critical), Some(Healthy)));
    assert_eq!(of(0.11), (Some(Healthy), Some(Healthy)));

    let mut settings = Settings::default();
    settings.set_limit(123, Some(One(-0.1)), Some(One(-0.2))).unwrap();
    let of = |value, entropy, clip| {
        verdict::entropy_clip_correlation(&settings, value, Some(entropy), Some(clip))
    };
    assert_eq!(
        [of(-0.15, 0.3, 0.3), of(-0.25, 0.3, 0.3), of(-0.25, 0.3, 0.2), of(-0.25, 0.31, 0.3)],
        [Warning, Critical, Warning, Healthy]
    );
}

#[test]
fn tele_124_the_flag_of_a_collapse_follows_the_own_limit_of_the_entropy() {
    let of = |feed| {
        judged(
            feed,
            |update| update.entropy = Some(0.08),
            |policy| policy.entropy_collapsed.map(|flag| flag.verdict),
        )
    };
    assert_eq!(of(own(120, One(0.1), One(0.05))), Some(Healthy));
    assert_eq!(of(Feed::new()), Some(Critical));
}

/// Judging it again changes nothing in a folded snapshot, by whatever limits it was folded.
#[test]
fn tele_121_tele_122_a_snapshot_is_judged_again_by_the_limits_of_its_fold() {
    for (number, warning, critical) in [(121, -0.5, -0.6), (122, 0.9, 1.0), (720, 0.1, 0.2)] {
        let start = with(start(9, 0), |start| start.max_entropy = Some(0.693));
        let sample = with(vitals(), |vitals| vitals.cpu_percent = Some(50.0));
        let feed = own(number, One(warning), One(critical)).at(0.0, start).at(0.0, sample);
        let feed = (1..=6_u32).fold(feed, |feed, k| {
            let entropy = 0.6 - 0.08 * f64::from(k);
            let update = with(update(u64::from(k)), |update| update.entropy = Some(entropy));
            feed.at(f64::from(k), update)
        });
        let folded = feed.now(6.0);
        assert!(folded.policy.collapse_risk_score.is_some_and(|risk| 0.3 <= risk.value));
        let mut again = folded.clone();
        judge(&mut again);
        assert_eq!(again, folded, "TELE-{number}");
    }
}

/// Of two findings the one that lies farther beyond the limit in force is the worse one.
#[test]
fn the_worst_value_of_an_alert_is_measured_from_the_own_limit() {
    let worst = |feed: Feed| {
        let values = [0.5, 3.4, 3.4, 0.5];
        let feed = (11_u64..).zip(values).fold(feed.at(0.0, start(99, 0)), |feed, (k, std)| {
            let update = with(update(k), |update| update.advantage_std = Some(std));
            feed.at(k as f64, update).at(k as f64, batch(k))
        });
        let alerts = feed.aggregator.alerts(&key("r", "default"), view(14.0));
        alerts.list.iter().find(|alert| alert.rule == RuleId::AdvStd).map(|alert| alert.worst.value)
    };
    assert_eq!(worst(own(140, Between(3.0, 3.2), Between(2.5, 3.3))), Some(0.5));
    assert_eq!(worst(Feed::new()), Some(3.4));
}
