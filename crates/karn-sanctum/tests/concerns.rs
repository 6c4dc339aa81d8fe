//! What the banner names first.

use leyline::{PpoUpdateCompleted, SkipReason};

use karn_sanctum::verdict::{self, Concerns, concerns};

use crate::support::{Feed, batch, skipped, start, update, with};

/// The run of the banner cases: 100 of 200 batches, everything healthy.
fn base(change: impl FnOnce(&mut PpoUpdateCompleted)) -> Feed {
    let start = with(start(200, 0), |start| start.max_entropy = Some(1.39));
    let healthy = with(update(100), |update| {
        update.entropy = Some(1.0);
        update.explained_variance = Some(0.8);
        update.advantage_std = Some(1.0);
        update.kl_divergence = Some(0.005);
        update.clip_fraction = Some(0.1);
        update.grad_norm = Some(1.0);
    });
    Feed::new().at(0.0, start).at(1.0, with(healthy, change)).at(1.0, batch(100))
}

#[track_caller]
fn check(change: impl FnOnce(&mut PpoUpdateCompleted), critical: &[&str], warning: &[&str]) {
    let Concerns { critical: found_critical, warning: found_warning } =
        concerns(&base(change).now(1.0));
    assert_eq!((found_critical, found_warning), (critical.to_vec(), warning.to_vec()));
}

#[test]
fn labels_stand_in_the_order_of_the_banner() {
    check(|_| (), &[], &[]);
    check(
        |update| {
            update.entropy = Some(0.05);
            update.clip_fraction = Some(0.35);
            update.kl_divergence = Some(0.04);
        },
        &["Entropy", "KL", "Clip"],
        &[],
    );
    check(
        |update| {
            update.entropy = Some(0.2);
            update.clip_fraction = Some(0.27);
        },
        &[],
        &["Entropy", "Clip"],
    );
    check(|update| update.explained_variance = Some(0.0), &["Value"], &[]);
    check(|update| update.grad_norm = Some(6.0), &[], &["Grad"]);
    check(|update| update.kl_divergence = Some(0.03), &[], &["KL"]);
}

#[test]
fn the_spread_of_advantages_says_which_side() {
    check(|update| update.advantage_std = Some(2.5), &[], &["AdvHigh"]);
    check(|update| update.advantage_std = Some(3.5), &["AdvHigh"], &[]);
    check(|update| update.advantage_std = Some(0.5), &[], &["AdvLow"]);
    check(|update| update.advantage_std = Some(0.1), &["AdvLow"], &[]);
    check(|update| update.advantage_std = Some(f64::NAN), &["AdvHigh"], &[]);
    check(|update| update.advantage_std = Some(f64::NEG_INFINITY), &["AdvHigh"], &[]);
}

#[test]
fn a_skipped_update_is_the_first_warning_and_old_readings_are_silent() {
    let feed =
        base(|update| update.entropy = Some(0.05)).at(2.0, skipped(101, SkipReason::KlLimit));
    let shown = feed.now(2.0);
    assert!(verdict::update_skipped(&shown));
    assert_eq!(concerns(&shown), Concerns { critical: vec![], warning: vec!["Skipped"] });
}

#[test]
fn bad_gradients_speak_only_while_fresh() {
    let shown = base(|update| update.nan_grad_count = Some(1)).now(1.0);
    assert!(verdict::nan_detected(&shown) && !verdict::inf_detected(&shown));
    let shown = base(|update| update.inf_grad_count = Some(1)).at(2.0, update(101)).now(2.0);
    assert!(!verdict::nan_detected(&shown) && !verdict::inf_detected(&shown));
    let none = base(|update| update.inf_grad_count = Some(0)).now(1.0);
    assert!(!verdict::inf_detected(&none));
}

#[test]
fn warm_up_is_ten_batches_since_start() {
    let at = |start_batch, current| {
        let feed = Feed::new().at(0.0, start(400, start_batch));
        let feed = if current == start_batch { feed } else { feed.at(1.0, batch(current)) };
        verdict::warming_up(&feed.now(1.0))
    };
    assert_eq!([at(0, 0), at(0, 3), at(0, 9), at(0, 10)], [Some(0), Some(3), Some(9), None]);
    assert_eq!([at(200, 205), at(200, 210)], [Some(5), None]);
    assert_eq!(verdict::warming_up(&Feed::new().now(0.0)), None);
}
