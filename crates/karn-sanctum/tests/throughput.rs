//! How fast the run is.

use karn_sanctum::Snapshot;
use leyline::{BatchOutcome, FinishReason, SkipReason};

use crate::support::{Feed, batch, counted_batch, finish, heartbeat, near, start, with};

fn ten_batches() -> Feed {
    let feed = Feed::new().at(0.0, start(99, 0));
    (1..=10_u32).fold(feed, |feed, k| feed.at(10.0 * f64::from(k), batch(u64::from(k))))
}

fn per_hour(shown: &Snapshot) -> Option<f64> {
    shown.vitals.batches_per_hour.map(|reading| reading.value)
}

fn epochs(shown: &Snapshot) -> Option<f64> {
    shown.vitals.epochs_per_second.map(|reading| reading.value)
}

fn env_steps(shown: &Snapshot) -> Option<f64> {
    shown.vitals.env_steps_per_second.map(|reading| reading.value)
}

#[test]
fn tele_710_epochs_per_second_count_since_start() {
    let shown = Feed::new().at(1.0, start(75, 25)).at(11.0, counted_batch(26, 150, 600)).now(11.0);
    near(epochs(&shown), Some(15.0));
    near(epochs(&ten_batches().now(100.0)), None);
    let reading = shown.vitals.epochs_per_second.unwrap();
    assert_eq!((reading.batch, reading.mono_ns.0, reading.fresh), (Some(26), 11_000_000_000, true));
}

#[test]
fn tele_711_batches_per_hour_do_not_count_what_was_done_before_a_resume() {
    let resumed = Feed::new().at(1.0, start(75, 25)).at(11.0, counted_batch(26, 150, 600));
    near(per_hour(&resumed.now(11.0)), Some(360.0));
    let feed = Feed::new().at(0.0, start(99, 40)).at(100.0, batch(41)).at(250.0, batch(42));
    near(per_hour(&feed.now(250.0)), Some(24.0));
}

#[test]
fn tele_711_batches_per_hour_are_right_below_the_start_batch() {
    let feed = Feed::new().at(0.0, start(99, 40)).at(100.0, batch(1)).at(200.0, batch(2));
    near(per_hour(&feed.now(200.0)), Some(36.0));
}

#[test]
fn tele_711_batches_per_hour_fall_in_a_stall() {
    let feed = ten_batches();
    near(per_hour(&feed.now(100.0)), Some(360.0));
    near(per_hour(&feed.now(104.0)), Some(360.0));
    near(per_hour(&feed.at(120.0, heartbeat()).now(120.0)), Some(308.571_428_571_4));
    near(per_hour(&ten_batches().at(130.0, heartbeat()).now(130.0)), Some(270.0));
}

#[test]
fn tele_711_the_end_freezes_the_rates() {
    let feed = ten_batches().at(105.0, finish(FinishReason::Completed));
    near(per_hour(&feed.now(999.0)), Some(360.0));
}

#[test]
fn tele_712_env_steps_per_second_need_a_second() {
    let feed = Feed::new().at(0.0, start(99, 0)).at(0.4, counted_batch(1, 128, 1024));
    let shown = feed.now(0.4);
    assert_eq!((epochs(&shown), env_steps(&shown), per_hour(&shown)), (None, None, None), "AP12");
    let shown = feed.at(1.25, counted_batch(2, 256, 2048)).now(1.25);
    near(epochs(&shown), Some(204.8));
    near(env_steps(&shown), Some(1638.4));
    near(per_hour(&shown), Some(5760.0));
}

#[test]
fn an_interrupted_batch_is_no_progress() {
    let interrupted = with(batch(11), |batch| {
        batch.outcome = Some(BatchOutcome::Skipped);
        batch.skip_reason = Some(SkipReason::Interrupted);
    });
    near(per_hour(&ten_batches().at(101.0, interrupted).now(101.0)), Some(360.0));
}

#[test]
fn without_a_start_there_are_no_rates() {
    let feed = Feed::new().at(1.0, counted_batch(1, 1, 1)).at(11.0, counted_batch(2, 2, 2));
    assert_eq!(per_hour(&feed.now(11.0)), None);
}
