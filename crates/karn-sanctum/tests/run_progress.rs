//! The run and its progress: what the start says, how far the run is, how it ends.

use leyline::{BatchOutcome, FinishReason, Health, RunId, SkipReason};

use karn_sanctum::{Connection, Link, verdict};

use crate::support::{
    Feed, batch, counted_batch, epoch, finish, heartbeat, loaded, malformed, outcome, start,
    update, vitals, with,
};

/// The resume of `events.md` section 7.2.
fn resumed() -> Feed {
    let start = with(start(75, 25), |start| {
        start.n_envs = Some(4);
        start.max_epochs = Some(150);
        start.requested_batches = Some(50);
        start.start_episodes = Some(100);
    });
    Feed::new().at(0.0, loaded(25, 100)).at(1.0, start)
}

#[test]
fn ap01_nothing_received() {
    let shown = Feed::new().now(0.0);
    assert_eq!(shown.connection, Connection::Waiting);
    assert!(!shown.connected);
    assert_eq!((shown.task_name.as_ref(), shown.current_batch), (None, None));
    assert_eq!((shown.current_episode, shown.current_epoch, shown.max_epochs), (None, None, None));
    assert_eq!(shown.max_batches, 0);
    assert_eq!(shown.runtime_seconds.to_bits(), 0);
    assert_eq!(shown.staleness_seconds, None);
    assert_eq!(shown.vitals.epochs_per_second, None);
    assert_eq!(shown.telemetry.events_received, Some(0));
    assert_eq!(shown.telemetry.events_lost, None);
}

#[test]
fn ap02_a_loaded_checkpoint_is_no_progress() {
    let shown = Feed::new().at(0.0, loaded(25, 100)).now(0.5);
    assert_eq!(shown.connection, Connection::Waiting);
    assert_eq!((shown.current_batch, shown.current_episode, shown.max_batches), (None, None, 0));
    assert_eq!(shown.runtime_seconds.to_bits(), 0);
}

#[test]
fn tele_001_task_name_is_that_of_the_start_and_empty_is_absent() {
    let named = |task: &str| {
        let start = with(start(10, 0), |start| task.clone_into(&mut start.task));
        Feed::new().at(0.0, start).now(0.0).task_name
    };
    let long = "a".repeat(54);
    assert_eq!(named("CartPole-v1").as_deref(), Some("CartPole-v1"));
    assert_eq!(named(&long).as_deref(), Some(long.as_str()));
    assert_eq!(named(""), None);
}

#[test]
fn tele_002_run_id_is_that_of_the_envelope() {
    assert_eq!(Feed::new().now(0.0).run_id, None);
    assert_eq!(Feed::new().at(0.0, heartbeat()).now(0.0).run_id, RunId::new("r").ok());
}

#[test]
fn tele_003_reward_mode_is_that_of_the_start() {
    let shaped = with(start(10, 0), |start| start.reward_mode = Some("shaped".to_owned()));
    assert_eq!(Feed::new().at(0.0, shaped).now(0.0).reward_mode.as_deref(), Some("shaped"));
    assert_eq!(Feed::new().at(0.0, start(10, 0)).now(0.0).reward_mode, None);
}

#[test]
fn tele_004_host_params_are_those_of_the_start() {
    let start = with(start(10, 0), |start| start.host_params = Some(9155));
    assert_eq!(Feed::new().at(0.0, start).now(0.0).host_params, Some(9155));
    assert_eq!(Feed::new().now(0.0).host_params, None);
}

#[test]
fn tele_005_n_envs_makes_one_row_each() {
    let start = with(start(10, 0), |start| start.n_envs = Some(3));
    let shown = Feed::new().at(0.0, start).now(0.0);
    assert_eq!(shown.n_envs, Some(3));
    assert_eq!(shown.envs.iter().map(|env| env.env_id).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn tele_010_current_episode_comes_from_start_then_batches() {
    let feed = resumed();
    assert_eq!(feed.now(1.0).current_episode, Some(100));
    let more = with(batch(26), |batch| batch.episodes_completed = Some(104));
    let feed = feed.at(2.0, more);
    assert_eq!(feed.now(2.0).current_episode, Some(104));
    assert_eq!(
        feed.at(3.0, batch(27)).now(3.0).current_episode,
        Some(104),
        "absent changes nothing"
    );
}

#[test]
fn tele_011_current_epoch_is_the_latest_and_0_at_the_start() {
    let unbounded = with(start(10, 0), |start| start.max_epochs = Some(0));
    let feed = Feed::new().at(0.0, unbounded);
    assert_eq!(feed.now(0.0).current_epoch, Some(0));
    let shown = feed.at(1.0, epoch(0, 1)).at(2.0, epoch(1, 99)).now(2.0);
    assert_eq!((shown.current_epoch, shown.max_epochs), (Some(99), Some(0)), "AP05");
    assert_eq!(verdict::current_epoch(Some(99), Some(0)), Health::Healthy);
    assert_eq!(verdict::current_epoch(Some(99), Some(98)), Health::Warning);
    assert_eq!(verdict::current_epoch(Some(98), Some(98)), Health::Healthy);
    assert_eq!(verdict::current_epoch(None, Some(98)), Health::NoData);
}

#[test]
fn tele_012_max_epochs_0_is_a_value() {
    let of = |max_epochs| {
        let start = with(start(10, 0), |start| start.max_epochs = max_epochs);
        Feed::new().at(0.0, start).now(0.0).max_epochs
    };
    assert_eq!([of(None), of(Some(0)), of(Some(150))], [None, Some(0), Some(150)]);
}

#[test]
fn tele_013_current_batch_starts_where_the_run_resumes() {
    let feed = resumed();
    let shown = feed.now(1.0);
    assert_eq!(
        (shown.current_batch, shown.max_batches, shown.current_epoch),
        (Some(25), 75, Some(0))
    );
    assert_eq!(shown.start_batch, Some(25));
    assert_eq!(shown.vitals.epochs_per_second, None, "AP03");
    let end = with(counted_batch(26, 150, 600), |batch| batch.episodes_completed = Some(104));
    let shown = feed.at(11.0, end).now(11.0);
    assert_eq!((shown.current_batch, shown.current_episode), (Some(26), Some(104)), "AP04");
    assert_eq!(verdict::current_batch(Some(76), 75), Health::Warning);
    assert_eq!(verdict::current_batch(Some(75), 75), Health::Healthy);
    assert_eq!(verdict::current_batch(Some(7), 0), Health::Healthy);
    assert_eq!(verdict::current_batch(None, 75), Health::NoData);
}

#[test]
fn tele_014_started_sets_max_batches() {
    assert_eq!(Feed::new().now(0.0).max_batches, 0);
    assert_eq!(resumed().now(1.0).max_batches, 75);
    assert_eq!(verdict::max_batches(0), Health::NoData);
    assert_eq!(verdict::max_batches(1), Health::Ungraded, "AT14");
}

#[test]
fn tele_014_max_batches_stays_for_the_whole_run() {
    let feed = resumed().at(2.0, batch(26)).at(3.0, finish(FinishReason::Stopped));
    assert_eq!(feed.now(9.0).max_batches, 75);
}

#[test]
fn tele_014_a_start_with_0_is_accepted_with_a_warning() {
    let feed = Feed::new().at(0.0, start(0, 0)).at(1.0, batch(7));
    let shown = feed.now(1.0);
    assert_eq!((shown.max_batches, shown.current_batch), (0, Some(7)));
    assert!(feed.warnings().contains(&"out_of_range: max_batches = 0".to_owned()));
}

#[test]
fn tele_015_start_batch_is_that_of_the_start() {
    assert_eq!(Feed::new().at(0.0, batch(7)).now(0.0).start_batch, None);
    assert_eq!(resumed().now(1.0).start_batch, Some(25));
}

#[track_caller]
fn check_runtime(feed: &Feed, now: f64, expected: f64) {
    let runtime = feed.now(now).runtime_seconds;
    assert!((runtime - expected).abs() < 1e-9, "{runtime} is not {expected}");
}

/// The examples of `metrics.md` section 4.1.
#[test]
fn tele_020_runtime_runs_on_in_silence_for_at_most_5_seconds() {
    let feed = Feed::new().received(2.0, 100.0, start(10, 0)).received(12.0, 110.0, heartbeat());
    check_runtime(&feed, 111.5, 11.5);
    check_runtime(&feed, 112.0, 12.0);
    check_runtime(&feed, 113.0, 13.0);
    check_runtime(&feed, 120.0, 15.0);
    check_runtime(&feed, 109.0, 10.0);
    let closed = feed.link(Link::Closed, 121.0);
    check_runtime(&closed, 121.0, 0.0);
}

#[test]
fn tele_020_runtime_freezes_at_the_end() {
    let feed = Feed::new()
        .received(2.0, 100.0, start(10, 0))
        .received(12.0, 110.0, heartbeat())
        .received(14.0, 112.0, finish(FinishReason::Completed));
    check_runtime(&feed, 112.0, 12.0);
    check_runtime(&feed, 500.0, 12.0);
    let shown = feed.now(500.0);
    assert_eq!((shown.connection, shown.connected), (Connection::Finished, true), "AP10");
    assert_eq!(shown.staleness_seconds, None);
}

#[test]
fn tele_020_runtime_of_a_late_attach_is_that_of_the_producer() {
    let feed = Feed::new().received(1.0, 5.0, start(10, 0)).received(3726.0, 5.0, batch(9));
    check_runtime(&feed, 5.0, 3725.0);
    assert_eq!(feed.now(5.0).current_batch, Some(9), "AP11");
}

#[test]
fn tele_020_runtime_is_0_until_a_start_is_seen() {
    check_runtime(&Feed::new(), 5.0, 0.0);
    let feed = Feed::new().at(70.0, with(batch(7), |batch| batch.episodes_completed = Some(28)));
    check_runtime(&feed, 70.0, 0.0);
    let shown = feed.now(70.0);
    assert_eq!((shown.connection, shown.connected), (Connection::Waiting, false), "AP28");
    assert_eq!((shown.current_batch, shown.current_episode), (Some(7), Some(28)));
    assert_eq!(shown.max_batches, 0);
}

#[test]
fn tele_022_finish_reason_decides_the_connection() {
    assert_eq!(Feed::new().at(0.0, start(10, 0)).now(0.0).finish_reason, None);
    for (reason, connection, health) in [
        (FinishReason::Completed, Connection::Finished, Health::Healthy),
        (FinishReason::Stopped, Connection::Finished, Health::Healthy),
        (FinishReason::Failed, Connection::Failed, Health::Critical),
    ] {
        let shown = Feed::new().at(0.0, start(10, 0)).at(1.0, finish(reason)).now(2.0);
        assert_eq!((shown.finish_reason, shown.connection), (Some(reason), connection));
        assert_eq!(verdict::finish_reason(shown.finish_reason), health);
        assert_eq!(shown.finish_error.is_some(), reason == FinishReason::Failed);
    }
    assert_eq!(verdict::finish_reason(None), Health::NoData);
}

#[test]
fn ap21_an_interrupted_batch_does_not_count_as_done() {
    let ended = with(batch(1), |batch| batch.episodes_completed = Some(8));
    let interrupted = with(batch(2), |batch| {
        batch.outcome = Some(BatchOutcome::Skipped);
        batch.skip_reason = Some(SkipReason::Interrupted);
        batch.episodes_completed = Some(9);
    });
    let shown = Feed::new().at(0.0, start(20, 0)).at(1.0, ended).at(2.0, interrupted).now(2.0);
    assert_eq!((shown.current_batch, shown.current_episode), (Some(1), Some(9)));
}

#[test]
fn a_batch_skipped_for_another_reason_counts_as_done() {
    let skipped = with(batch(2), |batch| {
        batch.outcome = Some(BatchOutcome::Skipped);
        batch.skip_reason = Some(SkipReason::NonfiniteLoss);
    });
    let shown = Feed::new().at(0.0, start(20, 0)).at(1.0, batch(1)).at(2.0, skipped).now(2.0);
    assert_eq!(shown.current_batch, Some(2));
}

#[test]
fn a_second_start_resets_everything_but_counters_and_log() {
    let kl = with(update(1), |update| update.kl_divergence = Some(0.01));
    let feed = Feed::new()
        .at(0.0, with(start(20, 0), |start| start.n_envs = Some(2)))
        .at(1.0, outcome(0, 10.0, 10))
        .at(1.0, kl)
        .at(2.0, batch(1))
        .at(3.0, with(vitals(), |vitals| vitals.cpu_percent = Some(50.0)))
        .incoming(3.0, &malformed(Some("r")))
        .at(4.0, finish(FinishReason::Completed));
    let before = feed.now(4.0);
    let after = feed.at(10.0, start(30, 1)).now(11.0);
    assert_eq!((after.max_batches, after.current_batch, after.start_batch), (30, Some(1), Some(1)));
    assert_eq!((after.n_envs, after.envs.len()), (None, 0));
    assert_eq!(after.finish_reason, None);
    assert_eq!(after.connection, Connection::Live);
    assert!((after.runtime_seconds - 1.0).abs() < 1e-9);
    assert_eq!(after.policy, karn_sanctum::PolicyView::empty());
    assert_eq!(after.episodes, karn_sanctum::EpisodesView::empty());
    assert_eq!(after.vitals, karn_sanctum::VitalsView::empty());
    assert_eq!(after.telemetry.events_rejected, Some(1));
    assert_eq!(after.telemetry.events_received, before.telemetry.events_received.map(|n| n + 1));
    assert!(before.event_log.len() < after.event_log.len());
}

#[test]
fn after_the_end_only_counters_and_log_change() {
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, finish(FinishReason::Stopped));
    let before = feed.now(9.0);
    let feed = feed.at(2.0, batch(5)).at(3.0, outcome(0, 1.0, 1)).at(4.0, update(5));
    let mut after = feed.at(4.0, leyline::Event::Metric(crate::support::metric(1, &[("a", 1.0)])));
    after = after.unknown(5.0, "SEED_PRUNED");
    let mut after = after.now(9.0);
    assert_eq!(after.telemetry.events_received, before.telemetry.events_received.map(|n| n + 5));
    assert_eq!(after.telemetry.events_unknown, Some(1));
    assert!(before.event_log.len() < after.event_log.len());
    after.telemetry = before.telemetry.clone();
    after.event_log = before.event_log.clone();
    assert_eq!(after, before);
}

#[test]
fn ap26_a_snapshot_never_changes() {
    let kl = |batch, kl| with(update(batch), |update| update.kl_divergence = Some(kl));
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, kl(1, 0.1)).at(1.0, outcome(0, 1.0, 1));
    let old = feed.now(1.0);
    let copy = leyline::wire::to_json(&old);
    let feed = feed.at(2.0, kl(2, 0.5)).at(2.0, outcome(0, 2.0, 2)).at(2.0, batch(2));
    assert_ne!(leyline::wire::to_json(&feed.now(1.0)), copy);
    assert_eq!(leyline::wire::to_json(&old), copy);
}

/// Rows of an older Python trainer, as a file has them.
#[test]
fn ap27_version_0_rows_fill_what_they_can() {
    let start = br#"{"event_id":"e0","event_type":"TRAINING_STARTED","timestamp":"2026-01-03T10:00:00+00:00","seed_id":null,"slot_id":null,"epoch":null,"group_id":"default","message":"","data":{"task":"cifar_baseline","n_envs":4,"max_epochs":150,"max_batches":75,"start_episode":100},"severity":"info"}"#;
    let ended = br#"{"event_id":"e1","event_type":"BATCH_EPOCH_COMPLETED","timestamp":"2026-01-03T10:00:10+00:00","seed_id":null,"slot_id":null,"epoch":104,"group_id":"default","message":"","data":{"episodes_completed":104,"batch_idx":26,"avg_accuracy":71.5,"avg_reward":12.25,"total_episodes":300,"n_envs":4,"start_episode":0,"requested_episodes":0,"rolling_accuracy":null},"severity":"info"}"#;
    let mut decoder = leyline::wire::RowDecoder::new("old");
    let feed =
        Feed::new().incoming(0.0, &decoder.decode(start)).incoming(10.0, &decoder.decode(ended));
    let shown = feed.now(10.0);
    assert_eq!((shown.start_batch, shown.current_batch), (Some(25), Some(26)));
    assert_eq!(shown.current_episode, Some(104));
    assert_eq!(&shown.episodes.return_history[..], [12.25]);
    assert!((shown.runtime_seconds - 10.0).abs() < 1e-9);
    let rate = shown.vitals.batches_per_hour.map(|rate| rate.value);
    crate::support::near(rate, Some(360.0));
    assert_eq!(shown.vitals.epochs_per_second, None);
    assert_eq!((shown.telemetry.events_lost, shown.telemetry.sequence_gaps), (None, None));
    assert_eq!(shown.telemetry.events_rejected, Some(0));
}
