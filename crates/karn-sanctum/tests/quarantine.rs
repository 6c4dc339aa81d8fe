//! What is odd is said once; what is wrong is counted and shown; nothing is fatal.

use leyline::{EnvId, Event, SkipReason};

use crate::support::{
    Feed, batch, envelope, epoch, gpu, heartbeat, metric, outcome, skipped, start, update, vitals,
    with,
};

/// A start that misses nothing that is expected.
fn full_start() -> leyline::TrainingStarted {
    with(start(75, 25), |start| {
        start.n_envs = Some(4);
        start.max_epochs = Some(150);
        start.requested_batches = Some(50);
        start.start_episodes = Some(100);
    })
}

fn full_batch(batch_idx: u64) -> leyline::BatchEpochCompleted {
    with(batch(batch_idx), |batch| {
        batch.outcome = Some(leyline::BatchOutcome::Completed);
        batch.n_envs = Some(4);
        batch.episodes_completed = Some(104);
        batch.batch_episodes = Some(4);
        batch.epochs_since_start = Some(150);
        batch.env_steps_since_start = Some(600);
    })
}

fn full_update(batch_idx: u64) -> leyline::PpoUpdateCompleted {
    with(update(batch_idx), |update| {
        update.update_time_ms = Some(84.0);
        update.transitions = Some(600);
        update.optimizer_steps = Some(16);
        update.policy_loss = Some(-0.01);
        update.value_loss = Some(18.0);
        update.entropy = Some(0.6);
        update.kl_divergence = Some(0.01);
        update.clip_fraction = Some(0.1);
        update.grad_norm = Some(1.0);
    })
}

/// The warnings that an event adds after a full start.
#[track_caller]
fn check(event: impl Into<Event>, expected: &[&str]) {
    let feed = Feed::new().at(0.0, full_start());
    assert_eq!(feed.warnings(), [""; 0]);
    assert_eq!(feed.at(1.0, event).warnings(), expected);
}

#[test]
fn nothing_is_said_about_full_events() {
    check(full_batch(26), &[]);
    check(full_update(26), &[]);
    check(
        skipped(26, SkipReason::KlLimit),
        &["missing: update_time_ms", "missing: transitions", "missing: optimizer_steps"],
    );
}

#[test]
fn an_absent_expected_field_is_missing() {
    check(with(full_update(26), |update| update.grad_norm = None), &["missing: grad_norm"]);
    check(with(full_batch(26), |batch| batch.batch_episodes = None), &["missing: batch_episodes"]);
    check(with(full_batch(26), |batch| batch.mean_return = None), &[]);
}

#[test]
fn a_value_outside_its_range_is_shown_and_said() {
    check(
        with(full_update(26), |update| update.clip_fraction = Some(1.5)),
        &["out_of_range: clip_fraction = 1.5"],
    );
    check(with(full_update(26), |update| update.clip_fraction = Some(f64::NAN)), &[]);
    check(full_update(76), &["out_of_range: batch_idx = 76"]);
    let late = with(epoch(4, 151), |epoch| {
        epoch.episode_idx = Some(0);
        epoch.env_step = Some(1);
        epoch.reward = Some(1.0);
        epoch.episode_return = Some(1.0);
        epoch.episode_length = Some(1);
    });
    check(late, &["out_of_range: env_id = 4", "out_of_range: inner_epoch = 151"]);
    let feed = Feed::new().at(0.0, full_start());
    let update = with(full_update(26), |update| update.clip_fraction = Some(1.5));
    let clip = feed.at(1.0, update).now(1.0).policy.clip_fraction.unwrap();
    assert_eq!(clip.value.to_bits(), 1.5_f64.to_bits());
}

#[test]
fn the_range_of_entropy_ends_where_the_policy_ends() {
    let of = |max_entropy| {
        let start = with(full_start(), |start| start.max_entropy = max_entropy);
        Feed::new().at(0.0, start).at(1.0, full_update(26)).warnings()
    };
    assert_eq!(of(Some(0.5)), ["out_of_range: entropy = 0.6"]);
    assert_eq!(of(Some(0.7)), [""; 0]);
    assert_eq!(of(None), [""; 0]);
}

#[test]
fn devices_have_ranges_too() {
    let sample = with(vitals(), |vitals| {
        vitals.gpus = vec![gpu(0, Some(-1.0), Some(0.0)), gpu(1, Some(-2.0), Some(1.0))];
    });
    check(sample, &["out_of_range: memory_used_gb = -1", "out_of_range: memory_total_gb = 0"]);
}

#[test]
fn each_warning_is_given_once_per_field_and_run() {
    let odd = |batch| with(full_update(batch), |update| update.clip_fraction = Some(1.5));
    let feed = Feed::new().at(0.0, full_start()).at(1.0, odd(26)).at(2.0, odd(27));
    assert_eq!(feed.warnings().len(), 1);
    let feed = feed.at(3.0, full_start()).at(4.0, odd(26));
    assert_eq!(feed.warnings().len(), 1, "also after another start of the run");
}

#[test]
fn a_skipped_update_needs_no_numbers_and_what_it_carries_is_ignored() {
    let failed = with(full_update(26), |update| {
        update.skipped = true;
        update.skip_reason = Some(SkipReason::NonfiniteLoss);
        update.kl_divergence = None;
        update.clip_fraction = Some(9.0);
        update.update_time_ms = Some(-1.0);
    });
    check(failed, &["out_of_range: update_time_ms = -1"]);
}

#[test]
fn fields_that_contradict_each_other_are_inconsistent() {
    check(
        with(full_start(), |start| start.requested_batches = Some(49)),
        &["inconsistent: max_batches"],
    );
    check(
        with(full_start(), |start| {
            start.start_batch = 75;
            start.requested_batches = Some(0);
        }),
        &["out_of_range: requested_batches = 0", "inconsistent: start_batch"],
    );
    check(
        with(full_update(26), |update| {
            update.clip_fraction_positive = Some(0.06);
            update.clip_fraction_negative = Some(0.05);
        }),
        &["inconsistent: clip_fraction"],
    );
    check(
        with(full_update(26), |update| {
            update.clip_fraction_positive = Some(0.06);
            update.clip_fraction_negative = Some(0.04);
        }),
        &[],
    );
}

#[test]
fn numbers_that_should_rise_but_do_not_are_inconsistent() {
    let feed = Feed::new().at(0.0, full_start());
    let batches = feed.at(1.0, full_batch(26)).at(2.0, full_batch(26)).at(3.0, full_batch(25));
    assert_eq!(batches.warnings(), ["inconsistent: batch_idx"]);
    let updates = batches.at(4.0, full_update(30)).at(5.0, full_update(30));
    assert_eq!(updates.warnings().len(), 2);
    let back = updates.at(4.5, heartbeat()).at(4.0, heartbeat());
    assert_eq!(back.warnings()[2..], ["inconsistent: mono_ns"]);
    let shown = back.now(5.0);
    assert_eq!((shown.current_batch, shown.telemetry.events_rejected), (Some(25), Some(0)));
}

#[test]
fn a_version_0_start_batch_that_is_no_whole_number_is_inconsistent() {
    let of = |v, episodes| {
        let start = with(full_start(), |start| start.start_episodes = Some(episodes));
        Feed::new().envelope(0.0, with(envelope(0, 0.0, start), |row| row.v = v)).warnings()
    };
    assert_eq!(of(0, 101), ["inconsistent: start_batch"]);
    assert_eq!(of(0, 100), [""; 0]);
    assert_eq!(of(1, 101), [""; 0]);
}

#[test]
fn a_maximum_of_0_is_said_once_and_compared_with_nothing() {
    let unknown = with(full_start(), |start| start.max_batches = 0);
    let feed = Feed::new().at(0.0, unknown).at(1.0, full_batch(26));
    assert_eq!(feed.warnings(), ["out_of_range: max_batches = 0"]);
}

/// The reason for which an event that did not come through a decoder is rejected.
#[track_caller]
fn check_rejected(event: impl Into<Event>, reason: &str) {
    let feed = Feed::new().at(0.0, full_start()).at(1.0, event);
    let shown = feed.now(1.0);
    assert_eq!(
        (shown.telemetry.events_received, shown.telemetry.events_rejected),
        (Some(2), Some(1))
    );
    let line = shown.event_log.last().unwrap();
    assert_eq!((line.message.as_str(), line.event_type.as_str()), (reason, "REJECTED"));
    assert_eq!(line.seq, Some(1));
    assert_eq!(line.env_id, None);
}

#[test]
fn hard_limits_hold_for_events_that_were_never_decoded() {
    check_rejected(batch(0), "bad_value:batch_idx");
    check_rejected(epoch(65_536, 1), "bad_value:env_id");
    check_rejected(epoch(0, 0), "bad_value:inner_epoch");
    check_rejected(with(update(1), |update| update.skipped = true), "missing_field:skip_reason");
    check_rejected(with(start(1, 0), |start| start.n_envs = Some(0)), "bad_value:n_envs");
    check_rejected(metric(1, &[("a b", 1.0)]), "bad_text:values");
    check_rejected(
        with(vitals(), |vitals| vitals.gpus = vec![gpu(64, None, None)]),
        "bad_value:device_id",
    );
}

#[test]
fn a_rejected_start_changes_nothing() {
    let feed = Feed::new().at(0.0, full_start()).at(1.0, full_batch(26));
    let shown = feed.at(2.0, with(start(9, 0), |start| start.n_envs = Some(0))).now(2.0);
    assert_eq!((shown.max_batches, shown.current_batch), (75, Some(26)));
}

#[test]
fn an_environment_named_twice_differently_is_rejected() {
    let row = with(envelope(1, 1.0, outcome(1, 1.0, 1)), |row| row.env_id = Some(EnvId(2)));
    let feed = Feed::new().at(0.0, full_start()).envelope(1.0, row);
    assert_eq!(feed.messages().last().map(String::as_str), Some("env_mismatch"));
}

#[test]
fn metric_names_are_limited_per_run() {
    let names: Vec<String> = (0..65_536_u32).map(|k| format!("m{k}")).collect();
    let report = |chunk: &[String]| {
        let values: Vec<_> = chunk.iter().map(|name| (name.as_str(), 1.0)).collect();
        metric(1, &values)
    };
    let feed = names.chunks(1024).fold(Feed::new(), |feed, chunk| feed.at(0.0, report(chunk)));
    assert_eq!(feed.now(0.0).metrics.len(), 65_536);
    let feed = feed.at(1.0, metric(2, &[("m0", 2.0), ("one-more", 1.0)]));
    let shown = feed.now(1.0);
    assert_eq!((shown.metrics.len(), shown.telemetry.events_rejected), (65_536, Some(1)));
    assert_eq!(shown.metrics["m0"].points.len(), 1, "a rejected row changes no state");
    assert_eq!(shown.event_log.last().unwrap().message, "bad_value:name");
    let feed = feed.at(2.0, metric(3, &[("m0", 2.0)]));
    assert_eq!(feed.now(2.0).metrics["m0"].points.len(), 2);
}
