//! What changed between two moments: hand-made pairs.

use std::sync::Arc;

use karn_sanctum::difference::{Change, Difference, difference};
use karn_sanctum::{EnvStatus, EnvView, Reading, Series, Snapshot};
use leyline::{FinishReason, Health, RunNs};

use crate::support::with;

fn reading(value: f64) -> Reading {
    let verdict = Health::Ungraded;
    Reading { value, batch: Some(20), mono_ns: RunNs(0), fresh: true, verdict }
}

fn moment(events: u64) -> Snapshot {
    with(Snapshot::empty(), |s| s.telemetry.events_received = Some(events))
}

/// Returns the change of a path that exists.
#[track_caller]
fn of<'a>(found: &'a Difference, path: &str) -> &'a Change {
    found.numbers.iter().find(|change| change.metric.path == path).expect(path)
}

#[test]
fn a_moment_and_itself_differ_in_nothing() {
    let same = with(moment(7), |s| s.policy.kl_divergence = Some(reading(f64::NAN)));
    let found = difference(&same, &same);
    assert!(found.numbers.is_empty() && found.words.is_empty() && found.alarms.is_empty());
    assert_eq!(found.same, 8);
}

#[test]
fn a_difference_is_second_minus_first_and_relative_to_the_first() {
    let at = |events, kl| with(moment(events), |s| s.policy.kl_divergence = Some(reading(kl)));
    let found = difference(&at(1, -0.02), &at(2, 0.03));
    let kl = of(&found, "policy.kl_divergence");
    assert_eq!(kl.difference, Some(0.05));
    assert_eq!(kl.relative, Some(2.5), "of the size of the first");
    assert_eq!(kl.spreads, None, "there is no history");
    let back = difference(&at(2, 0.03), &at(1, -0.02));
    assert_eq!(of(&back, "policy.kl_divergence").difference, Some(-0.05));
    let from_zero = difference(&at(1, 0.0), &at(2, 0.5));
    let kl = of(&from_zero, "policy.kl_divergence");
    assert_eq!((kl.difference, kl.relative), (Some(0.5), None));
}

#[test]
fn the_spread_is_that_of_the_history_at_the_later_moment() {
    let history: Arc<[f64]> = [1.0, 3.0, 1.0, 3.0, 1.0, 3.0].into();
    let early = with(moment(1), |s| {
        s.policy.grad_norm = Some(reading(1.0));
        s.policy.grad_norm_history = [1.0, 2.0].into();
    });
    let late = with(moment(9), |s| {
        s.policy.grad_norm = Some(reading(1.0 + 2.0 * 1.2_f64.sqrt()));
        s.policy.grad_norm_history = Arc::clone(&history);
    });
    for found in [difference(&early, &late), difference(&late, &early)] {
        let spreads = of(&found, "policy.grad_norm").spreads.expect("six points");
        assert!((spreads - 2.0).abs() < 1e-12, "{spreads}");
    }
}

#[test]
fn what_appeared_or_vanished_has_no_difference() {
    let none = moment(1);
    let some = with(moment(2), |s| s.policy.entropy = Some(reading(0.0)));
    for (found, appeared) in [(difference(&none, &some), true), (difference(&some, &none), false)] {
        let entropy = of(&found, "policy.entropy");
        assert_eq!((entropy.before.is_none(), entropy.after.is_none()), (appeared, !appeared));
        assert_eq!((entropy.difference, entropy.relative, entropy.spreads), (None, None, None));
    }
}

#[test]
fn what_is_not_finite_comes_first_then_spreads_then_shares_then_what_appeared() {
    let history: Arc<[f64]> = [1.0, 3.0, 1.0, 3.0, 1.0, 3.0].into();
    let before = with(moment(1), |s| {
        s.policy.value_loss = Some(reading(1.0));
        s.policy.grad_norm = Some(reading(1.0));
        s.policy.entropy = Some(reading(1.0));
        s.policy.ratio_max = Some(reading(1.0));
        s.policy.ratio_min = Some(reading(0.0));
    });
    let after = with(moment(1), |s| {
        s.policy.value_loss = Some(reading(f64::NAN));
        s.policy.grad_norm = Some(reading(1.5));
        s.policy.grad_norm_history = Arc::clone(&history);
        s.policy.entropy = Some(reading(7.0));
        s.policy.entropy_history = Arc::clone(&history);
        s.policy.ratio_max = Some(reading(900.0));
        s.policy.ratio_min = Some(reading(0.1));
        s.policy.ratio_mean = Some(reading(1.0));
    });
    let found = difference(&before, &after);
    let order: Vec<_> = found.numbers.iter().map(|change| change.metric.path).collect();
    assert_eq!(
        order,
        [
            "policy.value_loss",
            "policy.entropy",
            "policy.grad_norm",
            "policy.ratio_min",
            "policy.ratio_max",
            "policy.ratio_mean",
        ]
    );
    let loss = of(&found, "policy.value_loss");
    assert_eq!((loss.difference, loss.relative), (None, None));
}

#[test]
fn verdicts_began_or_ended_only_on_fresh_values() {
    let at = |events, kl, grad, fresh| {
        with(moment(events), |s| {
            s.policy.kl_divergence = Some(Reading { verdict: kl, ..reading(1.0) });
            s.policy.grad_norm = Some(Reading { verdict: grad, fresh, ..reading(1.0) });
        })
    };
    let calm = at(1, Health::Healthy, Health::Warning, true);
    let bad = at(2, Health::Critical, Health::Warning, false);
    let found = difference(&calm, &bad);
    let told: Vec<_> = found
        .alarms
        .iter()
        .map(|alarm| (alarm.metric.path, alarm.before, alarm.after, alarm.began()))
        .collect();
    assert_eq!(
        told,
        [
            ("policy.kl_divergence", Health::Healthy, Health::Critical, true),
            ("policy.grad_norm", Health::Warning, Health::NoData, false),
        ]
    );
}

#[test]
fn environments_are_compared_by_their_number_and_metrics_by_their_name() {
    let env =
        |id, value, status| EnvView { episode_return: Some(value), status, ..EnvView::empty(id) };
    let series = |value| Series { unit: None, points: [(1, 0.0), (2, value)].into() };
    let before = with(moment(1), |s| {
        s.envs = [env(3, 1.0, EnvStatus::Healthy)].into();
        s.metrics = Arc::new([("a".to_owned(), series(1.0))].into());
    });
    let after = with(moment(2), |s| {
        s.envs = [env(0, 5.0, EnvStatus::Healthy), env(3, 4.0, EnvStatus::Stalled)].into();
        s.metrics = Arc::new([("a".to_owned(), series(3.0)), ("b".to_owned(), series(0.0))].into());
    });
    let found = difference(&before, &after);
    let told: Vec<_> = found
        .numbers
        .iter()
        .filter(|change| change.of.is_some())
        .map(|change| (change.metric.number, change.of.as_deref(), change.difference))
        .collect();
    assert_eq!(
        told,
        [
            (640, Some("3"), Some(3.0)),
            (820, Some("a"), Some(2.0)),
            (640, Some("0"), None),
            (820, Some("b"), None),
        ]
    );
    let words: Vec<_> = found
        .words
        .iter()
        .map(|word| (word.of.as_deref(), word.before.as_deref(), word.after.as_deref()))
        .collect();
    assert_eq!(
        words,
        [(Some("0"), None, Some("healthy")), (Some("3"), Some("healthy"), Some("stalled"))]
    );
}

#[test]
fn parameters_and_the_end_of_the_run_are_words() {
    let before = with(moment(1), |s| s.n_envs = Some(8));
    let after = with(moment(2), |s| {
        s.n_envs = Some(16);
        s.max_batches = 75;
        s.finish_reason = Some(FinishReason::Completed);
    });
    let found = difference(&before, &after);
    let told: Vec<_> = found
        .words
        .iter()
        .map(|word| (word.metric.path, word.before.as_deref(), word.after.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("n_envs", Some("8"), Some("16")),
            ("max_batches", None, Some("75")),
            ("finish_reason", None, Some("completed")),
        ]
    );
}
