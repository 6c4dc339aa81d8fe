//! Lines of the event log.

use leyline::{
    BatchOutcome, CheckpointSaved, EnvId, Event, FinishReason, Lane, Severity, SkipReason,
    Timestamp,
};

use karn_sanctum::LogLine;

use crate::support::{
    Feed, anomaly, batch, envelope, epoch, finish, heartbeat, loaded, loss, malformed, metric,
    outcome, skipped, start, update, vitals, with,
};

/// The line of an event after a start of 75 batches.
fn line(event: impl Into<Event>) -> LogLine {
    let feed = Feed::new().at(0.0, with(start(75, 0), |start| start.n_envs = Some(8)));
    let lines = feed.now(0.0).event_log.len();
    let log = feed.at(1.0, event).now(1.0).event_log;
    log[lines].as_ref().clone()
}

#[track_caller]
fn check(event: impl Into<Event>, summary: &str) {
    assert_eq!(line(event).summary, summary);
}

#[test]
fn a_summary_holds_the_main_numbers() {
    check(start(75, 25), "CartPole-v1, b25/75");
    check(with(start(75, 0), |start| start.n_envs = Some(8)), "CartPole-v1, 8 envs, b0/75");
    let end = with(finish(FinishReason::Completed), |end| {
        end.last_batch = 75;
        end.episodes_completed = Some(300);
    });
    check(end, "completed b75, 300 episodes");
    check(finish(FinishReason::Failed), "failed b0: out of luck");
    check(loaded(25, 100), "loaded b25");
    let saved = CheckpointSaved {
        path: "checkpoints/000025.ckpt".to_owned(),
        batch_idx: Some(25),
        episodes_completed: None,
        size_bytes: Some(110_592),
        duration_ms: None,
    };
    check(saved.clone(), "saved b25, 108 KiB");
    check(with(saved, |saved| saved.batch_idx = None), "saved checkpoints/000025.ckpt, 108 KiB");
}

#[test]
fn a_summary_of_updates_and_batches() {
    let full = with(update(26), |update| {
        update.kl_divergence = Some(0.0124);
        update.clip_fraction = Some(0.125);
        update.entropy = Some(0.621);
        update.update_time_ms = Some(84.2);
    });
    check(full, "b26 KL 0.0124 clip 12.5% ent 0.621 84ms");
    check(with(update(26), |update| update.kl_divergence = Some(f64::NAN)), "b26 KL NaN");
    check(with(update(26), |update| update.kl_divergence = Some(f64::NEG_INFINITY)), "b26 KL -Inf");
    check(skipped(26, SkipReason::NonfiniteLoss), "b26 skipped: nonfinite_loss");
    let ended = with(batch(26), |batch| {
        batch.batch_episodes = Some(8);
        batch.mean_return = Some(97.4);
    });
    check(ended, "b26/75, 8 episodes, return 97.4");
    let failed = with(batch(27), |batch| {
        batch.outcome = Some(BatchOutcome::Skipped);
        batch.skip_reason = Some(SkipReason::KlLimit);
    });
    check(failed, "b27/75 skipped: kl_limit");
}

#[test]
fn a_summary_of_episodes_losses_and_anomalies() {
    let ended = with(outcome(4, 35.0, 35), |outcome| outcome.terminated = Some(true));
    check(ended, "env 4 return 35.0, 35 steps, terminated");
    let nobody = with(outcome(4, 35.0, 35), |outcome| {
        outcome.env_id = None;
        outcome.truncated = Some(true);
        outcome.success = Some(true);
    });
    check(nobody, "return 35.0, 35 steps, truncated, success");
    check(loss("live", Lane::Lossy, 6), "live lossy 1 dropped, 6 in all, queue_full");
    let seen = with(anomaly("ratio_explosion"), |anomaly| {
        anomaly.batch_idx = Some(26);
        anomaly.subject = Some("policy.ratio_max".to_owned());
        anomaly.value = Some(6.31);
        anomaly.threshold = Some(5.0);
    });
    check(
        Event::RatioExplosionDetected(seen),
        "b26 ratio_explosion policy.ratio_max 6.310 limit 5.000",
    );
}

#[test]
fn tele_810_kinds_that_come_too_often_are_left_out() {
    let feed = Feed::new().at(0.0, heartbeat()).at(0.0, epoch(0, 1)).at(0.0, vitals());
    let lines = feed.at(0.0, metric(1, &[("a", 1.0)])).now(0.0).event_log;
    assert!(lines.iter().all(|line| line.event_type == "OUT_OF_RANGE"));
}

#[test]
fn tele_810_the_latest_200_lines_are_kept_newest_last() {
    let feed =
        (1..=300_u32).fold(Feed::new(), |feed, k| feed.unknown(f64::from(k), &format!("KIND_{k}")));
    let log = feed.now(0.0).event_log;
    assert_eq!(log.len(), 200);
    assert_eq!(
        (log[0].event_type.as_str(), log[199].event_type.as_str()),
        ("KIND_101", "KIND_300")
    );
}

#[test]
fn tele_811_tele_812_tele_813_tele_818_a_line_says_where_it_comes_from() {
    let shown = line(outcome(4, 35.0, 35));
    assert_eq!(shown.event_type, "EPISODE_OUTCOME");
    assert_eq!((shown.seq, shown.env_id), (Some(1), Some(EnvId(4))));
    assert_eq!(shown.ts, Some(Timestamp::from_micros(2_000_000)));
    assert_eq!(shown.mono_ns.map(|mono| mono.0), Some(1_000_000_000));
    let unknown = Feed::new().at(0.0, start(1, 0)).unknown(1.0, "SEED_PRUNED").now(1.0).event_log;
    assert_eq!(unknown.last().unwrap().ts, Some(Timestamp::from_micros(1_000_000)));
}

#[test]
fn tele_811_a_rejected_row_without_a_time_has_that_of_the_row_before() {
    let first = Feed::new().incoming(0.0, &malformed(Some("r")));
    assert_eq!(first.now(0.0).event_log[0].ts, None);
    let feed = first.at(1.0, start(75, 0)).incoming(1.0, &malformed(Some("r")));
    let line = feed.now(1.0).event_log.last().unwrap().as_ref().clone();
    assert_eq!((line.ts, line.seq), (Some(Timestamp::from_micros(2_000_000)), None));
    assert_eq!((line.message.as_str(), line.severity), ("bad_json", Severity::Warning));
}

#[track_caller]
fn check_message(message: &str, event: impl Into<Event>, expected: &str) {
    let row = with(envelope(0, 0.0, event), |row| message.clone_into(&mut row.message));
    assert_eq!(Feed::new().envelope(0.0, row).now(0.0).event_log[0].message, expected);
}

#[test]
fn tele_814_message_is_the_first_text_there_is() {
    let seen = with(anomaly("plateau"), |anomaly| anomaly.detail = Some("flat".to_owned()));
    check_message("said", Event::PlateauDetected(seen.clone()), "said");
    check_message("", Event::PlateauDetected(seen), "flat");
    let silent = with(anomaly("plateau"), |anomaly| anomaly.detail = Some(String::new()));
    check_message("", Event::PlateauDetected(silent), "plateau");
    check_message("", Event::PlateauDetected(anomaly("")), "PLATEAU_DETECTED");
    let silent = with(finish(FinishReason::Failed), |end| end.error = Some(String::new()));
    check_message("", silent, "TRAINING_FINISHED");
    check_message("", Event::PlateauDetected(anomaly("plateau")), "plateau");
    check_message("", finish(FinishReason::Failed), "out of luck");
    check_message("", finish(FinishReason::Completed), "TRAINING_FINISHED");
    check_message("", start(1, 0), "TRAINING_STARTED");
}

#[test]
fn tele_817_severity_is_at_least_that_of_the_kind() {
    let of = |severity, event: Event| {
        let row = with(envelope(0, 0.0, event), |row| row.severity = severity);
        Feed::new().envelope(0.0, row).now(0.0).event_log[0].severity
    };
    assert_eq!(of(Severity::Debug, start(1, 0).into()), Severity::Info);
    assert_eq!(of(Severity::Debug, finish(FinishReason::Failed).into()), Severity::Error);
    assert_eq!(of(Severity::Critical, start(1, 0).into()), Severity::Critical);
    let rejected = Feed::new().incoming(0.0, &malformed(Some("r")));
    assert_eq!(rejected.now(0.0).event_log[0].severity, Severity::Warning);
}

#[test]
fn an_unknown_kind_keeps_its_name() {
    let feed = Feed::new().at(0.0, start(1, 0)).unknown(1.0, "SEED_PRUNED");
    let line = feed.now(1.0).event_log.last().unwrap().as_ref().clone();
    assert_eq!((line.event_type.as_str(), line.message.as_str()), ("SEED_PRUNED", "SEED_PRUNED"));
    assert_eq!(line.seq, Some(1));
}

#[test]
fn texts_are_cut_at_a_character_boundary() {
    let long = "ä".repeat(5000);
    let event = with(crate::support::unknown(0, 0.0, "KIND"), |event| event.message = long);
    let unknown = leyline::Incoming::Unknown(std::sync::Arc::new(event));
    let line = Feed::new().incoming(0.0, &unknown).now(0.0).event_log[0].as_ref().clone();
    assert_eq!(line.message.len(), 4096);
}
