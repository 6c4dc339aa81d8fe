//! Applied and skipped updates: what is replaced, what stays, what is fresh.

use leyline::{BatchOutcome, SkipReason};

use karn_sanctum::{Reading, Trend};

use crate::support::{Feed, batch, near, skipped, start, update, with};

fn kl(batch: u64, value: f64) -> leyline::PpoUpdateCompleted {
    with(update(batch), |update| update.kl_divergence = Some(value))
}

#[track_caller]
fn check(reading: Option<Reading>, value: f64, batch: u64, fresh: bool) {
    let reading = reading.unwrap();
    assert_eq!(reading.value.to_bits(), value.to_bits(), "{}", reading.value);
    assert_eq!((reading.batch, reading.fresh), (Some(batch), fresh));
}

#[test]
fn ap16_a_skipped_update_leaves_older_readings_dimmed() {
    let applied = with(kl(1, 0.01), |update| update.entropy = Some(0.6));
    let failed = with(skipped(2, SkipReason::NonfiniteLoss), |update| {
        update.nan_grad_count = Some(64);
        update.kl_divergence = Some(0.9);
    });
    let closed = with(batch(2), |batch| {
        batch.outcome = Some(BatchOutcome::Skipped);
        batch.skip_reason = Some(SkipReason::NonfiniteLoss);
    });
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, applied).at(1.0, batch(1));
    let shown = feed.at(2.0, failed).at(2.0, closed).now(2.0);
    let policy = &shown.policy;
    assert_eq!(shown.current_batch, Some(2));
    assert_eq!((policy.updates_skipped, policy.ppo_data_received), (Some(1), true));
    check(policy.kl_divergence, 0.01, 1, false);
    let nan = policy.nan_grad_count.unwrap();
    assert_eq!((nan.value, nan.batch, nan.fresh), (64, Some(2), true));
    assert_eq!(&policy.kl_divergence_history[..], [0.01]);
    let latest = policy.last_update.as_ref().unwrap();
    assert_eq!((latest.batch, latest.skipped), (2, true));
    assert_eq!(latest.skip_reason, Some(SkipReason::NonfiniteLoss));
}

#[test]
fn ap17_a_run_that_only_skipped_has_no_data() {
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, skipped(1, SkipReason::KlLimit));
    let shown = feed.now(1.0);
    assert!(!shown.policy.ppo_data_received);
    assert_eq!((shown.policy.updates_skipped, shown.policy.kl_divergence), (Some(1), None));
    assert_eq!(shown.current_batch, Some(0));
}

#[test]
fn ap18_an_absent_field_keeps_its_value_and_its_old_batch() {
    let first = with(kl(1, 0.01), |update| update.explained_variance = Some(0.5));
    let shown = Feed::new().at(0.0, start(20, 0)).at(1.0, first).at(2.0, kl(2, 0.02)).now(2.0);
    check(shown.policy.kl_divergence, 0.02, 2, true);
    check(shown.policy.explained_variance, 0.5, 1, false);
    assert_eq!(&shown.policy.kl_divergence_history[..], [0.01, 0.02]);
    assert_eq!(shown.policy.kl_divergence.unwrap().mono_ns.0, 2_000_000_000);
}

#[test]
fn ap19_early_stop_is_replaced_also_by_absence() {
    let stopped = with(update(1), |update| update.early_stop_epoch = Some(3));
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, stopped);
    assert_eq!(feed.now(1.0).policy.early_stop_epoch.map(|pass| pass.value), Some(3));
    let feed = feed.at(2.0, skipped(2, SkipReason::KlLimit));
    let kept = feed.now(2.0).policy.early_stop_epoch.unwrap();
    assert_eq!((kept.value, kept.fresh), (3, false), "a skipped update replaces nothing");
    let shown = feed.at(3.0, update(3)).now(3.0);
    assert!(shown.policy.ppo_data_received);
    assert_eq!(shown.policy.early_stop_epoch, None);
}

#[test]
fn a_skipped_update_replaces_counts_of_bad_gradients_and_its_time() {
    let failed = with(skipped(1, SkipReason::NonfiniteGradient), |update| {
        update.nan_grad_count = Some(1);
        update.inf_grad_count = Some(2);
        update.update_time_ms = Some(3.0);
        update.grad_norm = Some(4.0);
        update.policy_loss = Some(5.0);
    });
    let policy = Feed::new().at(0.0, start(20, 0)).at(1.0, failed).now(1.0).policy;
    assert_eq!(policy.nan_grad_count.map(|count| count.value), Some(1));
    assert_eq!(policy.inf_grad_count.map(|count| count.value), Some(2));
    check(policy.update_time_ms, 3.0, 1, true);
    assert_eq!((policy.grad_norm, policy.policy_loss), (None, None));
    assert!(policy.grad_norm_history.is_empty() && policy.policy_loss_history.is_empty());
}

#[test]
fn ap25_histories_keep_the_latest_128_points() {
    let feed = (1..=130_u32).fold(Feed::new().at(0.0, start(200, 0)), |feed, k| {
        feed.at(f64::from(k), kl(u64::from(k), f64::from(k) / 1000.0))
    });
    let history = feed.now(130.0).policy.kl_divergence_history;
    assert_eq!(history.len(), 128);
    near(history.first().copied(), Some(0.003));
    near(history.last().copied(), Some(0.13));
}

#[test]
fn every_history_takes_its_own_field() {
    let full = with(update(1), |update| {
        update.kl_divergence = Some(1.0);
        update.entropy = Some(2.0);
        update.policy_loss = Some(3.0);
        update.value_loss = Some(4.0);
        update.grad_norm = Some(5.0);
    });
    let policy = Feed::new().at(0.0, start(20, 0)).at(1.0, full).at(2.0, update(2)).now(2.0).policy;
    assert_eq!(&policy.kl_divergence_history[..], [1.0]);
    assert_eq!(&policy.entropy_history[..], [2.0]);
    assert_eq!(&policy.policy_loss_history[..], [3.0]);
    assert_eq!(&policy.value_loss_history[..], [4.0]);
    assert_eq!(&policy.grad_norm_history[..], [5.0]);
}

#[test]
fn trends_follow_their_histories() {
    let losses = [1.0, 0.9, 0.8, 0.5, 0.4, 0.3];
    let feed =
        losses.iter().zip(1_u32..).fold(Feed::new().at(0.0, start(20, 0)), |feed, (loss, k)| {
            let update = with(update(u64::from(k)), |update| {
                update.policy_loss = Some(*loss);
                update.value_loss = Some(-*loss);
                update.kl_divergence = Some(*loss);
                update.grad_norm = Some(1.0);
            });
            feed.at(f64::from(k), update)
        });
    let policy = feed.now(9.0).policy;
    assert_eq!(policy.policy_loss_trend, Some(Trend::Improving));
    assert_eq!(policy.value_loss_trend, Some(Trend::Worsening));
    assert_eq!(policy.kl_divergence_trend, Some(Trend::Improving));
    assert_eq!(policy.grad_norm_trend, Some(Trend::Stable));
}

/// Entropies one update each, with `max_entropy` of the run.
fn entropies(values: &[f64], max_entropy: Option<f64>) -> Feed {
    let start = with(start(200, 0), |start| start.max_entropy = max_entropy);
    values.iter().zip(1_u32..).fold(Feed::new().at(0.0, start), |feed, (entropy, k)| {
        let update = with(update(u64::from(k)), |update| {
            update.entropy = Some(*entropy);
            update.clip_fraction = Some(entropy / 10.0);
        });
        feed.at(f64::from(k), update)
    })
}

#[test]
fn computed_readings_take_batch_and_time_of_the_newest_point() {
    let feed = entropies(&[0.90, 0.84, 0.78, 0.72, 0.66], Some(1.39));
    let policy = feed.now(5.0).policy;
    let velocity = policy.entropy_velocity.unwrap();
    near(Some(velocity.value), Some(-0.06));
    assert_eq!(
        (velocity.batch, velocity.mono_ns.0, velocity.fresh),
        (Some(5), 5_000_000_000, true)
    );
    near(policy.collapse_risk_score.map(|risk| risk.value), Some(0.680_930_2));
    near(policy.entropy_clip_correlation.map(|r| r.value), Some(1.0));

    let dimmed = feed.at(6.0, update(6)).now(6.0).policy;
    for (name, reading) in [
        ("velocity", dimmed.entropy_velocity),
        ("risk", dimmed.collapse_risk_score),
        ("correlation", dimmed.entropy_clip_correlation),
    ] {
        let reading = reading.unwrap();
        assert_eq!((reading.batch, reading.fresh), (Some(5), false), "{name}");
    }
    let collapsed = dimmed.entropy_collapsed.unwrap();
    assert_eq!((collapsed.value, collapsed.batch, collapsed.fresh), (false, Some(5), false));
}

/// The examples of `metrics.md` section 4.4 with a look at every point.
#[test]
fn as06_the_risk_rises_at_once_and_falls_by_halves() {
    let points = [1.2, 1.2, 1.2, 1.2, 1.2, 1.0, 1.2, 1.2, 1.2, 1.2];
    let expected = [0.044_186, 0.377_209_3, 0.282_732_6, 0.182_994_2, 0.133_125, 0.108_190_4];
    for (at, expected) in (5..=10).zip(expected) {
        let shown = entropies(&points[..at], Some(1.39)).now(99.0);
        near(shown.policy.collapse_risk_score.map(|risk| risk.value), Some(expected));
    }
    assert_eq!(entropies(&points[..4], Some(1.39)).now(99.0).policy.collapse_risk_score, None);
}

#[test]
fn without_a_known_maximum_entropy_is_not_judged() {
    let policy = entropies(&[0.05; 6], None).now(9.0).policy;
    assert_eq!(policy.entropy.unwrap().verdict, leyline::Health::Ungraded);
    assert_eq!((policy.collapse_risk_score, policy.entropy_collapsed), (None, None));
    assert!(policy.entropy_velocity.is_some());
}

#[test]
fn a_non_finite_entropy_makes_what_is_computed_from_it_absent_until_it_left_the_window() {
    let mut points = vec![1.0; 6];
    points.push(f64::NAN);
    let policy = entropies(&points, Some(1.39)).now(99.0).policy;
    assert_eq!((policy.entropy_velocity, policy.collapse_risk_score), (None, None));
    assert_eq!(policy.entropy_collapsed.map(|flag| flag.value), Some(true));
    points.extend([1.0; 9]);
    assert_eq!(entropies(&points, Some(1.39)).now(99.0).policy.entropy_velocity, None);
    points.push(1.0);
    assert!(entropies(&points, Some(1.39)).now(99.0).policy.entropy_velocity.is_some());
}

#[test]
fn the_score_before_an_absence_is_forgotten() {
    let mut points = vec![1.2, 1.2, 1.2, 1.2, 1.2, 1.0];
    points.push(f64::NAN);
    points.extend([1.2; 10]);
    let policy = entropies(&points, Some(1.39)).now(99.0).policy;
    near(policy.collapse_risk_score.map(|risk| risk.value), Some(0.044_186));
}
