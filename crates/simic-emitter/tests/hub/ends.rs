//! How hubs begin and end: what the builder refuses, what the guard leaves behind.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use leyline::{Envelope, Event, FinishReason, GroupId, TrainingFinished, TrainingStarted};
use simic_emitter::memory::memory;
use simic_emitter::{
    Bounds, Draft, Guard, Hub, HubBuilder, StartError, StopFlag, StopLevel, SystemClock,
};

use crate::{LONG, builder, check, clock, lossless, lossy, seqs};

pub(crate) fn start() -> TrainingStarted {
    TrainingStarted {
        task: "CartPole-v1".to_owned(),
        n_envs: Some(8),
        max_epochs: Some(128),
        max_batches: 10,
        start_batch: 4,
        requested_batches: Some(6),
        start_episodes: Some(40),
        host_params: None,
        reward_mode: None,
        max_entropy: None,
        success_return: None,
        seed: None,
        device: None,
        resumed_from: None,
        hyperparams: None,
    }
}

const fn finish() -> TrainingFinished {
    TrainingFinished {
        reason: FinishReason::Completed,
        error: None,
        last_batch: 10,
        batches_since_start: 6,
        episodes_completed: Some(90),
        env_steps_since_start: Some(6144),
        updates_skipped: 0,
    }
}

#[track_caller]
fn refused(builder: HubBuilder, expected: &str) {
    let Err(error) = builder.start(LONG) else { panic!("must be refused: {expected}") };
    assert_eq!(error.to_string(), expected);
}

#[test]
fn names_and_bounds_are_checked_before_any_thread_starts() {
    let sink = || memory(1).0;
    let bad = Bounds { lossy: 8, lossless: 8 };
    refused(
        builder(&clock()).sink("rows", bad, sink()),
        "lossy bound must be below lossless bound, but 8 is not below 8: sink rows",
    );
    for (name, shown) in [("", "\"\""), ("elevenchars", "\"elevenchars\""), ("a b", "\"a b\"")] {
        let expected =
            format!("sink name must be 1 to 10 lower-case letters, digits or `-`: {shown}");
        refused(builder(&clock()).sink(name, Bounds::default(), sink()), &expected);
    }
    let twice = builder(&clock()).sink("rows", Bounds::default(), sink()).sink(
        "rows",
        Bounds::default(),
        sink(),
    );
    assert!(matches!(twice.start(LONG), Err(StartError::SameName { sink: "rows" })));
    let no_lossy = Bounds { lossy: 0, lossless: 1 };
    let (sink, events) = memory(1);
    let (hub, guard) = builder(&clock()).sink("strict", no_lossy, sink).start(LONG).unwrap();
    hub.emit(lossy());
    hub.emit(lossless());
    assert!(guard.close(LONG));
    assert_eq!(check(&hub, "strict", 2, 1, 1).spilled, 1);
    assert_eq!(seqs(&events), [1]);
}

#[test]
fn a_sink_thread_has_the_name_of_its_sink() {
    struct Named(crossbeam_channel::Sender<Option<String>>);
    impl simic_emitter::Sink for Named {
        fn accept(&mut self, _: &Arc<Envelope>) -> Result<(), simic_emitter::SinkError> {
            self.0
                .send(std::thread::current().name().map(str::to_owned))
                .map_err(simic_emitter::SinkError::new)
        }
    }
    let (tell, name) = bounded(1);
    let (hub, guard) =
        builder(&clock()).sink("dashboard1", Bounds::default(), Named(tell)).start(LONG).unwrap();
    hub.emit(lossy());
    assert_eq!(name.recv().unwrap().as_deref(), Some("sink-dashboard1"));
    assert!(guard.close(LONG));
}

fn hub(stop: Option<&StopFlag>) -> (Hub, Guard, Receiver<Arc<Envelope>>) {
    let (sink, events) = memory(100);
    let builder = builder(&clock()).sink("memory", Bounds::default(), sink);
    let builder = stop.into_iter().fold(builder, |builder, flag| builder.stop_flag(flag.clone()));
    let (hub, guard) = builder.start(LONG).expect("threads");
    (hub, guard, events)
}

/// Returns the ends that arrived: group, reason, error.
fn ends(events: &Receiver<Arc<Envelope>>) -> Vec<(String, FinishReason, Option<String>)> {
    let end = |envelope: Arc<Envelope>| {
        let Event::TrainingFinished(end) = &envelope.event else { return None };
        Some((envelope.group_id.to_string(), end.reason, end.error.clone()))
    };
    events.try_iter().filter_map(end).collect()
}

#[test]
fn dropping_the_guard_delivers_everything_while_clones_of_the_hub_live() {
    let (hub, guard, events) = hub(None);
    let clone = hub.clone();
    (0..20).for_each(|_| clone.emit(lossless()));
    drop(guard);
    assert_eq!(seqs(&events), (0..20).collect::<Vec<_>>());
    assert!(events.recv().is_err(), "the sink is gone, and its thread with it");
    check(&clone, "memory", 20, 20, 0);
    assert!(hub.flush(Duration::ZERO));
}

#[test]
fn the_guard_ends_groups_that_were_left_without_an_end() {
    let (hub, guard, events) = hub(None);
    let (a, b) = (GroupId::new("a").unwrap(), GroupId::new("b").unwrap());
    hub.emit(Draft::new(start()).with_group(a.clone()));
    hub.emit(Draft::new(start()).with_group(b));
    hub.emit(Draft::new(finish()).with_group(a));
    assert!(guard.close(LONG));
    let gone = Some("the trainer went away without ending the training".to_owned());
    assert_eq!(
        ends(&events),
        [
            ("a".to_owned(), FinishReason::Completed, None),
            ("b".to_owned(), FinishReason::Failed, gone),
        ]
    );
}

#[test]
fn a_run_that_was_asked_to_stop_ends_as_stopped() {
    let stop = StopFlag::new();
    let (hub, guard, events) = hub(Some(&stop));
    hub.emit(start());
    stop.request(StopLevel::AfterBatch);
    assert!(guard.close(LONG));
    assert_eq!(ends(&events), [("default".to_owned(), FinishReason::Stopped, None)]);
}

#[test]
fn a_panic_that_takes_the_guard_along_ends_the_run_as_failed() {
    let (hub, guard, events) = hub(Some(&StopFlag::new()));
    hub.emit(start());
    let panicking = std::thread::Builder::new().name("owner".to_owned()).spawn(move || {
        let _guard = guard;
        panic!("panicking as asked");
    });
    assert!(panicking.unwrap().join().is_err());
    let text = Some("the program panicked before the training had ended".to_owned());
    assert_eq!(ends(&events), [("default".to_owned(), FinishReason::Failed, text)]);
}

#[test]
fn a_run_without_a_start_gets_no_end() {
    let (hub, guard, events) = hub(None);
    hub.emit(lossy());
    drop(guard);
    assert_eq!(seqs(&events), [0]);
    assert_eq!(hub.next_seq(), 1);
}

#[test]
fn losses_are_reported_before_the_end_of_the_training_whatever_the_interval() {
    let (sink, events) = memory(100);
    let (hub, guard) = builder(&clock())
        .loss_interval(Some(LONG))
        .sink("failing", Bounds::default(), crate::Failing)
        .sink("memory", Bounds::default(), sink)
        .start(LONG)
        .unwrap();
    hub.emit(start());
    hub.emit(lossy());
    assert!(hub.flush(LONG));
    hub.emit(finish());
    assert!(guard.close(LONG));
    let events: Vec<_> = events.try_iter().collect();
    let losses: Vec<_> = events
        .iter()
        .filter_map(
            |event| if let Event::EmitterLoss(loss) = &event.event { Some(loss) } else { None },
        )
        .map(|loss| {
            (loss.sink.as_str(), loss.lane, loss.cause.as_str(), loss.dropped, loss.dropped_total)
        })
        .collect();
    assert_eq!(
        losses,
        [
            ("failing", leyline::Lane::Lossy, "sink_failed", 1, 1),
            ("failing", leyline::Lane::Lossless, "sink_failed", 1, 1),
        ]
    );
    assert!(matches!(events.last().map(|event| &event.event), Some(Event::TrainingFinished(_))));
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn losses_are_reported_once_and_the_loss_of_a_report_by_the_next() {
    let clock = clock();
    let (hub, guard) = builder(&clock)
        .loss_interval(Some(Duration::from_secs(1)))
        .sink("failing", Bounds::default(), crate::Failing)
        .start(LONG)
        .unwrap();
    hub.emit(lossy());
    assert!(hub.flush(LONG));
    hub.emit(lossy());
    assert_eq!(hub.next_seq(), 2, "the interval has not passed");
    assert!(hub.flush(LONG));
    clock.advance(Duration::from_secs(1));
    hub.emit(lossy());
    assert_eq!(hub.next_seq(), 4, "one report");
    assert!(hub.flush(LONG));
    clock.advance(Duration::from_secs(1));
    hub.emit(lossy());
    assert_eq!(hub.next_seq(), 7, "the report was lost, too: both lanes grew");
    assert!(guard.close(LONG));
    check(&hub, "failing", 7, 0, 7);
}

#[test]
fn the_pulse_ends_with_the_guard() {
    let (sink, events) = memory(100);
    let clock = Arc::new(SystemClock::new());
    let run = leyline::RunId::new("run").unwrap();
    let (hub, guard) = HubBuilder::new(run, GroupId::default(), clock)
        .heartbeat(Duration::from_millis(1))
        .sink("memory", Bounds::default(), sink)
        .start(LONG)
        .unwrap();
    let first = events.recv().unwrap();
    assert_eq!(first.event.kind(), leyline::EventKind::Heartbeat);
    assert!(guard.close(LONG));
    let emitted = hub.next_seq();
    assert_eq!(events.iter().count() as u64 + 1, emitted, "no beat after the close");
}
