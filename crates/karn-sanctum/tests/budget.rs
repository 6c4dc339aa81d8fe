//! Where the time of the trainer goes, and how long the run still takes.

use karn_sanctum::{BudgetView, Reading, Snapshot};
use leyline::{BatchEpochCompleted, BatchOutcome, FinishReason, SkipReason};

use crate::support::{Feed, batch, finish, near, start, with};

/// A batch of ten seconds with every part, each of another length.
fn timed(batch_idx: u64) -> BatchEpochCompleted {
    with(batch(batch_idx), |batch| {
        batch.batch_seconds = Some(10.0);
        batch.collect_seconds = Some(5.0);
        batch.update_seconds = Some(2.0);
        batch.evaluate_seconds = Some(1.0);
        batch.checkpoint_seconds = Some(0.5);
        batch.wait_seconds = Some(0.75);
        batch.emit_seconds = Some(0.25);
        batch.pauses = Some(3);
        batch.resumes = Some(1);
    })
}

/// A second batch, twice as long, with everything but collecting doubled too.
fn second() -> BatchEpochCompleted {
    with(timed(2), |batch| {
        batch.batch_seconds = Some(20.0);
        batch.collect_seconds = Some(4.0);
        batch.update_seconds = Some(8.0);
        batch.evaluate_seconds = Some(5.0);
        batch.checkpoint_seconds = Some(1.0);
        batch.wait_seconds = Some(1.5);
        batch.emit_seconds = Some(0.1);
        batch.pauses = Some(4);
    })
}

fn fed(batches: impl IntoIterator<Item = BatchEpochCompleted>) -> Feed {
    let feed = Feed::new().at(0.0, start(50, 0));
    let numbered = (1_u32..).zip(batches);
    numbered.fold(feed, |feed, (k, batch)| feed.at(10.0 * f64::from(k), batch))
}

fn value(reading: Option<Reading>) -> Option<f64> {
    reading.map(|reading| reading.value)
}

fn two() -> Snapshot {
    fed([timed(1), second()]).now(20.0)
}

#[test]
fn tele_900_to_905_shares_are_those_of_the_latest_batch() {
    let one = fed([timed(1)]).now(10.0).budget.batch;
    near(value(one.collect), Some(0.5));
    near(value(one.update), Some(0.2));
    near(value(one.evaluate), Some(0.1));
    near(value(one.checkpoint), Some(0.05));
    near(value(one.wait), Some(0.075));
    near(value(one.emit), Some(0.025));
    let reading = one.emit.unwrap();
    assert_eq!((reading.batch, reading.mono_ns.0, reading.fresh), (Some(1), 10_000_000_000, true));
    let two = two().budget.batch;
    near(value(two.collect), Some(0.2));
    near(value(two.update), Some(0.4));
    near(value(two.evaluate), Some(0.25));
    near(value(two.checkpoint), Some(0.05));
    near(value(two.wait), Some(0.075));
    near(value(two.emit), Some(0.005));
}

#[test]
fn tele_906_to_911_shares_of_the_run_weigh_each_batch_by_its_length() {
    let run = two().budget.run;
    near(value(run.collect), Some(9.0 / 30.0));
    near(value(run.update), Some(10.0 / 30.0));
    near(value(run.evaluate), Some(6.0 / 30.0));
    near(value(run.checkpoint), Some(1.5 / 30.0));
    near(value(run.wait), Some(2.25 / 30.0));
    near(value(run.emit), Some(0.35 / 30.0));
}

#[test]
fn tele_900_to_911_a_part_that_was_not_told_is_absent_and_then_old() {
    let without = |batch_idx| with(timed(batch_idx), |batch| batch.checkpoint_seconds = None);
    let shown = fed([without(1)]).now(10.0).budget;
    assert_eq!((shown.batch.checkpoint, shown.run.checkpoint), (None, None));
    let shown = fed([timed(1), without(2)]).now(20.0).budget;
    let (batch, run) = (shown.batch.checkpoint.unwrap(), shown.run.checkpoint.unwrap());
    assert_eq!((batch.batch, batch.fresh, run.fresh), (Some(1), false, false));
    near(Some(run.value), Some(0.05));
    assert!(shown.batch.collect.unwrap().fresh);
}

#[test]
fn a_log_without_times_has_no_budget() {
    let shown = fed((1..9).map(batch)).now(90.0);
    assert_eq!(shown.budget, BudgetView::empty());
    let no_length = with(timed(1), |batch| batch.batch_seconds = None);
    let shown = fed([no_length]).now(10.0).budget;
    assert_eq!((shown.batch.collect, shown.run.emit), (None, None));
    let no_time = with(timed(1), |batch| batch.batch_seconds = Some(0.0));
    assert_eq!(fed([no_time]).now(10.0).budget.batch.collect, None);
}

#[test]
fn tele_912_training_time_is_collecting_and_updating() {
    near(value(two().budget.training_seconds), Some(5.0 + 2.0 + 4.0 + 8.0));
    let only = with(timed(1), |batch| batch.update_seconds = None);
    near(value(fed([only, batch(2)]).now(20.0).budget.training_seconds), Some(5.0));
    let old = fed([timed(1), batch(2)]).now(20.0).budget.training_seconds.unwrap();
    assert!(!old.fresh);
}

#[test]
fn tele_913_pauses_and_tele_914_resumes_are_what_the_trainer_counts() {
    let shown = two().budget;
    assert_eq!((shown.pauses, shown.resumes), (Some(4), Some(1)));
    let shown = fed([timed(1), batch(2)]).now(20.0).budget;
    assert_eq!((shown.pauses, shown.resumes), (Some(3), Some(1)));
    assert_eq!(fed([batch(1)]).now(10.0).budget.pauses, None);
}

#[test]
fn tele_915_tele_916_time_left_needs_five_batches_and_a_plan() {
    let took = |batch_idx: u64, seconds| {
        with(batch(batch_idx), |batch| batch.batch_seconds = Some(seconds))
    };
    let times = [1.0, 2.0, 2.0, 2.0, 3.0];
    let batches = (1_u64..).zip(times).map(|(i, seconds)| took(i, seconds));
    let shown = fed(batches.clone()).now(50.0).budget;
    // 45 batches of 2 s; variance 0.4 of 5: 90 ± 2·√(45·0.4 + 45²·0.4/5).
    let half = 2.0 * (18.0_f64 + 162.0).sqrt();
    near(value(shown.left_low_seconds), Some(90.0 - half));
    near(value(shown.left_high_seconds), Some(90.0 + half));
    assert_eq!(shown.left_low_seconds.unwrap().batch, Some(5));
    let four = fed(batches.clone().take(4)).now(40.0).budget;
    assert_eq!((four.left_low_seconds, four.left_high_seconds), (None, None));
    let ended = fed(batches.clone()).at(51.0, finish(FinishReason::Stopped)).now(51.0).budget;
    assert_eq!((ended.left_low_seconds, ended.left_high_seconds), (None, None));
    let (feed, no_plan) = (Feed::new(), batches);
    let feed =
        (1_u32..).zip(no_plan).fold(feed, |feed, (k, batch)| feed.at(10.0 * f64::from(k), batch));
    assert_eq!(feed.now(50.0).budget.left_low_seconds, None);
}

#[test]
fn the_time_of_an_interrupted_batch_counts_and_a_new_start_begins_anew() {
    let interrupted = with(timed(2), |batch| {
        batch.outcome = Some(BatchOutcome::Skipped);
        batch.skip_reason = Some(SkipReason::Interrupted);
        batch.collect_seconds = Some(9.0);
    });
    let shown = fed([timed(1), interrupted]).now(20.0).budget;
    near(value(shown.batch.collect), Some(0.9));
    near(value(shown.run.collect), Some(14.0 / 20.0));
    let again = fed([timed(1)]).at(30.0, start(50, 0)).now(30.0);
    assert_eq!(again.budget, BudgetView::empty());
}
