//! What becomes of an event on its way in: cut, raised, copied or refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, bounded};
use leyline::validate::{self, MAX_MESSAGE_BYTES, MAX_TEXT_BYTES};
use leyline::{
    Anomaly, CheckpointSaved, EnvId, Envelope, Event, EventKind, FinishReason, GpuVitals, GroupId,
    Heartbeat, Metric, Phase, RunId, RunNs, Scalar, Severity, SystemVitals, Timestamp,
    TrainingFinished,
};
use simic_emitter::memory::{gated, memory};
use simic_emitter::{Bounds, Cause, Clock, Draft, HubBuilder, Now};

use crate::{LONG, builder, check, clock, lossless, lossy};

/// Sends drafts through a hub; returns what arrived and what was warned about.
fn send(drafts: impl IntoIterator<Item = Draft>) -> (Vec<Arc<Envelope>>, Receiver<String>) {
    let (sink, events) = memory(100);
    let (warned, warnings) = bounded(100);
    let (hub, guard) = builder(&clock())
        .sink("memory", Bounds::default(), sink)
        .on_warning(move |text| warned.send(text.to_owned()).expect("room"))
        .start(LONG)
        .expect("threads");
    for draft in drafts {
        hub.emit(draft);
    }
    assert!(guard.close(LONG));
    (events.try_iter().collect(), warnings)
}

fn one(draft: Draft) -> Arc<Envelope> {
    let (mut events, warnings) = send([draft]);
    assert!(warnings.is_empty(), "{:?}", warnings.recv());
    let event = events.pop().expect("one event");
    assert_eq!(validate::check(&event), Ok(()));
    event
}

fn long() -> String {
    // Two bytes a character and one in front, so that both limits fall inside a character.
    format!("x{}", "ä".repeat(5000))
}

#[track_caller]
fn check_cut(text: &str, max: usize) {
    assert_eq!(text, format!("x{}", "ä".repeat((max - 1) / 2)));
}

fn anomaly() -> Anomaly {
    let Event::PlateauDetected(anomaly) = lossless() else { panic!("an anomaly") };
    anomaly
}

#[test]
fn every_text_is_cut_at_a_character_boundary() {
    let event = one(Draft::new(lossy()).with_message(long()));
    check_cut(&event.message, MAX_MESSAGE_BYTES);

    let anomaly =
        Anomaly { kind: long(), subject: Some(long()), detail: Some(long()), ..anomaly() };
    let event = one(Draft::new(Event::MemoryWarning(anomaly)));
    let anomaly = event.event.anomaly().unwrap();
    check_cut(&anomaly.kind, MAX_TEXT_BYTES);
    check_cut(anomaly.subject.as_deref().unwrap(), MAX_TEXT_BYTES);
    check_cut(anomaly.detail.as_deref().unwrap(), MAX_MESSAGE_BYTES);

    let hyperparams = [(long(), Scalar::Text(long())), ("lr".to_owned(), Scalar::Number(0.1))];
    let start = leyline::TrainingStarted {
        task: long(),
        reward_mode: Some(long()),
        device: Some(long()),
        resumed_from: Some(long()),
        hyperparams: Some(hyperparams.into()),
        ..crate::ends::start()
    };
    let (events, warnings) = send([Draft::new(start)]);
    assert!(warnings.is_empty());
    let Event::TrainingStarted(start) = &events[0].event else { panic!("a start") };
    assert_eq!(validate::check(&events[0]), Ok(()));
    check_cut(&start.task, MAX_TEXT_BYTES);
    let hyperparams = start.hyperparams.as_ref().unwrap();
    assert_eq!((hyperparams.len(), &hyperparams["lr"]), (2, &Scalar::Number(0.1)));

    let saved = CheckpointSaved {
        path: long(),
        batch_idx: None,
        episodes_completed: None,
        size_bytes: None,
        duration_ms: None,
    };
    one(Draft::new(saved));
    one(Draft::new(Heartbeat { phase: Phase::Other(long()), batch_idx: None, inner_epoch: None }));
    let gpu = GpuVitals {
        device_id: 0,
        name: Some(long()),
        memory_used_gb: None,
        memory_total_gb: None,
        utilization_percent: None,
        temperature_c: None,
    };
    one(Draft::new(SystemVitals {
        cpu_percent: None,
        ram_used_gb: None,
        ram_total_gb: None,
        process_rss_gb: None,
        gpus: vec![gpu],
    }));
    one(Draft::new(Metric {
        step: 1,
        values: [("loss".to_owned(), 0.5)].into(),
        units: Some([("loss".to_owned(), long())].into()),
    }));
}

const fn finished(reason: FinishReason, error: Option<String>) -> TrainingFinished {
    TrainingFinished {
        reason,
        error,
        last_batch: 0,
        batches_since_start: 0,
        episodes_completed: None,
        env_steps_since_start: None,
        updates_skipped: 0,
    }
}

#[test]
fn the_severity_is_raised_to_the_least_one() {
    let severity = |draft: Draft| one(draft).severity;
    let beat = || Draft::new(lossy());
    assert_eq!(severity(beat()), Severity::Debug);
    assert_eq!(severity(beat().with_severity(Severity::Critical)), Severity::Critical);
    let plateau = || Draft::new(lossless());
    assert_eq!(severity(plateau().with_severity(Severity::Debug)), Severity::Info);
    let failed = finished(FinishReason::Failed, Some(long()));
    assert_eq!(severity(Draft::new(failed).with_severity(Severity::Info)), Severity::Error);
}

#[test]
fn the_environment_stands_in_envelope_and_payload() {
    let env = |draft: Draft| {
        let event = one(draft);
        (event.env_id.map(|env| env.0), event.event.env_id().map(|env| env.0))
    };
    let of = |env_id| Draft::new(Event::PlateauDetected(Anomaly { env_id, ..anomaly() }));
    assert_eq!(env(of(None)), (None, None));
    assert_eq!(env(of(Some(3))), (Some(3), Some(3)));
    assert_eq!(env(of(None).with_env(EnvId(3))), (Some(3), Some(3)));
    assert_eq!(env(of(Some(3)).with_env(EnvId(3))), (Some(3), Some(3)));
    assert_eq!(env(Draft::new(lossy()).with_env(EnvId(3))), (Some(3), None));
}

#[test]
fn the_group_is_that_of_the_hub_unless_the_draft_names_another() {
    assert_eq!(one(Draft::new(lossy())).group_id, GroupId::default());
    let group = GroupId::new("b").unwrap();
    assert_eq!(one(Draft::new(lossy()).with_group(group.clone())).group_id, group);
}

#[test]
fn what_every_reader_would_reject_is_refused_with_a_warning_and_uses_no_number() {
    let bad_epoch = Anomaly { inner_epoch: Some(0), ..anomaly() };
    let bad_env = Draft::new(lossy()).with_env(EnvId(validate::MAX_ENVS));
    let mismatch = Draft::new(Event::PlateauDetected(Anomaly { env_id: Some(1), ..anomaly() }))
        .with_env(EnvId(2));
    let no_values = Metric { step: 1, values: [].into(), units: None };
    let no_error = finished(FinishReason::Failed, None);
    let (events, warnings) = send([
        Draft::new(Event::PlateauDetected(bad_epoch)),
        bad_env,
        Draft::new(lossy()),
        mismatch,
        Draft::new(no_values),
        Draft::new(no_error),
        Draft::new(lossless()),
    ]);
    let kinds: Vec<_> = events.iter().map(|event| (event.seq, event.event.kind())).collect();
    assert_eq!(kinds, [(0, EventKind::Heartbeat), (1, EventKind::PlateauDetected)]);
    let warnings: Vec<_> = warnings.try_iter().collect();
    assert_eq!(
        warnings,
        [
            "PLATEAU_DETECTED refused: bad_value:inner_epoch",
            "HEARTBEAT refused: bad_value:env_id (2 times so far)",
            "METRIC refused: bad_value:values (4 times so far)",
        ]
    );
}

/// Tells the time that it was given last, back and forth.
struct Jumping(Arc<AtomicU64>);

impl Clock for Jumping {
    fn now(&self) -> Now {
        Now { ts: Timestamp::from_micros(0), mono_ns: RunNs(self.0.load(Ordering::SeqCst)) }
    }
}

#[test]
fn a_clock_that_goes_back_does_not_take_the_run_with_it() {
    let time = Arc::new(AtomicU64::new(0));
    let (sink, events) = memory(10);
    let run = RunId::new("run").unwrap();
    let (hub, guard) =
        HubBuilder::new(run, GroupId::default(), Arc::new(Jumping(Arc::clone(&time))))
            .sink("memory", Bounds::default(), sink)
            .start(LONG)
            .unwrap();
    for (shown, expected) in [(5, 5), (3, 5), (9, 9), (0, 9)] {
        time.store(shown, Ordering::SeqCst);
        hub.emit(lossy());
        assert_eq!(events.recv().map(|event| event.mono_ns), Ok(RunNs(expected)));
    }
    assert!(guard.close(LONG));
}

#[test]
fn a_costly_event_is_made_only_if_some_sink_has_room() {
    let (full, kept) = memory(10);
    let (full, gate) = gated(full);
    let (healthy, events) = memory(10);
    let bounds = Bounds { lossy: 1, lossless: 2 };
    let (hub, guard) = builder(&clock()).sink("full", bounds, full).start(LONG).unwrap();
    let beat = || Draft::new(lossy());
    let never = || panic!("nobody has room");
    hub.emit_with(EventKind::Heartbeat, beat);
    assert_eq!(gate.wait(), Some(0));
    hub.emit_with(EventKind::Heartbeat, beat);
    hub.emit_with(EventKind::Heartbeat, never);
    hub.emit_with(EventKind::PlateauDetected, || Draft::new(lossless()));
    hub.emit_with(EventKind::PlateauDetected, never);
    assert_eq!(hub.next_seq(), 5);
    gate.open();
    assert!(guard.close(LONG));
    assert_eq!(kept.len(), 3);
    let counts = check(&hub, "full", 5, 3, 2);
    assert_eq!(counts.dropped_by(Cause::QueueFull).total(), 2);
    assert_eq!((counts.dropped_by(Cause::QueueFull).lossy, counts.spilled), (1, 1));

    let (hub, guard) = builder(&clock())
        .sink("panicking", Bounds::default(), crate::Panicking(1))
        .sink("healthy", Bounds::default(), healthy)
        .start(LONG)
        .unwrap();
    (0..3).for_each(|_| hub.emit_with(EventKind::Heartbeat, beat));
    assert!(!guard.close(LONG));
    assert_eq!(events.len(), 3, "one has room");

    let (hub, guard) = builder(&clock()).start(LONG).unwrap();
    hub.emit_with(EventKind::Heartbeat, never);
    assert_eq!(hub.next_seq(), 1, "without sinks an event uses up a number and is never made");
    assert!(guard.close(LONG));
}
