//! Where the time of a batch goes, on clocks that are moved by hand.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/small.rs"]
mod small;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use leyline::{BatchEpochCompleted, Event, GroupId, RunId, RunNs, Timestamp};
use simic_emitter::memory::memory;
use simic_emitter::{Bounds, Clock, Hub, HubBuilder, Now, StopFlag, SystemClock};
use simic_training::config::{Config, Evaluation};
use simic_training::emission::{BatchFacts, BatchTimes, RunCounts, batch_epoch_completed};
use simic_training::env::Task;
use simic_training::meter::{Meter, Part};
use simic_training::trainer::Trainer;

/// Two clocks: the time, and the time in which the thread ran.
#[derive(Debug, Default)]
struct Clocks {
    mono: AtomicU64,
    /// One more than the nanoseconds; 0: nobody knows.
    ran: AtomicU64,
}

impl Clocks {
    fn pass(&self, busy_ms: u64, idle_ms: u64) {
        self.mono.fetch_add((busy_ms + idle_ms) * 1_000_000, Ordering::SeqCst);
        self.ran.fetch_add(busy_ms * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for Clocks {
    fn now(&self) -> Now {
        let mono = self.mono.load(Ordering::SeqCst);
        Now { ts: Timestamp::from_micros(0), mono_ns: RunNs(mono) }
    }

    fn thread_cpu_ns(&self) -> Option<u64> {
        self.ran.load(Ordering::SeqCst).checked_sub(1)
    }
}

fn hub(clock: Arc<dyn Clock>) -> Hub {
    let run = RunId::new("meter").unwrap();
    let builder = HubBuilder::new(run, GroupId::default(), clock);
    let (hub, guard) = builder.start(Duration::from_secs(60)).unwrap();
    assert!(guard.close(Duration::from_secs(60)));
    hub
}

#[test]
fn tele_900_to_913_each_lap_is_charged_to_its_part_and_the_rest_is_waiting() {
    let clocks = Arc::new(Clocks::default());
    clocks.ran.store(1, Ordering::SeqCst);
    let mut meter = Meter::new(&hub(Arc::clone(&clocks) as Arc<dyn Clock>));
    meter.begin();
    clocks.pass(700, 20);
    meter.lap(Part::Collect);
    clocks.pass(3, 1);
    meter.lap(Part::Emit);
    clocks.pass(200, 0);
    meter.lap(Part::Update);
    let times = meter.close();
    assert_eq!((times.batch, times.collect, times.update, times.emit), (0.924, 0.7, 0.2, 0.004));
    assert_eq!((times.wait, times.checkpoint, times.evaluate), (Some(0.02), None, None));
    assert_eq!((times.pauses, times.resumes), (Some(0), Some(0)));
    // The next batch begins at the close; a second without running is a pause.
    clocks.pass(10, 0);
    meter.lap(Part::Checkpoint);
    clocks.pass(1, 1000);
    meter.lap(Part::Collect);
    clocks.pass(1, 999);
    meter.lap(Part::Collect);
    meter.resumed(Some(4));
    let times = meter.close();
    assert_eq!((times.batch, times.checkpoint, times.wait), (2.011, Some(0.01), Some(1.999)));
    assert_eq!((times.pauses, times.resumes), (Some(1), Some(5)));
    meter.resumed(None);
    assert_eq!((meter.resumes(), meter.close().resumes), (None, None));
}

/// A run that evaluates spent no time on it in a batch without one; in any other run there is no such part.
#[test]
fn tele_902_without_an_evaluation_a_batch_of_a_run_that_evaluates_has_0_of_it() {
    let clocks = Arc::new(Clocks::default());
    clocks.ran.store(1, Ordering::SeqCst);
    let mut meter = Meter::new(&hub(Arc::clone(&clocks) as Arc<dyn Clock>));
    assert_eq!(meter.close().evaluate, None);
    meter.expect_evaluations();
    meter.begin();
    clocks.pass(700, 20);
    meter.lap(Part::Evaluate);
    clocks.pass(100, 0);
    meter.lap(Part::Collect);
    clocks.pass(300, 0);
    meter.lap(Part::Evaluate);
    let times = meter.close();
    assert_eq!((times.batch, times.collect), (1.12, 0.1));
    assert_eq!((times.evaluate, times.wait), (Some(1.0), Some(0.02)));
    clocks.pass(50, 0);
    meter.lap(Part::Update);
    let times = meter.close();
    assert_eq!((times.batch, times.update, times.evaluate), (0.05, 0.05, Some(0.0)));
}

#[test]
fn without_the_time_of_the_thread_there_is_no_waiting_and_no_pause() {
    let clocks = Arc::new(Clocks::default());
    let mut meter = Meter::new(&hub(Arc::clone(&clocks) as Arc<dyn Clock>));
    clocks.mono.store(5_000_000_000, Ordering::SeqCst);
    meter.lap(Part::Collect);
    let times = meter.close();
    assert_eq!((times.batch, times.collect), (5.0, 5.0));
    assert_eq!((times.wait, times.pauses), (None, None));
}

fn batches(change: impl FnOnce(&mut Config)) -> Vec<BatchEpochCompleted> {
    let clock = Arc::new(SystemClock::new());
    let root = tempfile::tempdir().unwrap();
    let (sink, events) = memory(100_000);
    let run = RunId::new("meter").unwrap();
    let (hub, guard) = HubBuilder::new(run, GroupId::default(), clock)
        .sink("memory", Bounds { lossy: 100_000, lossless: 100_001 }, sink)
        .start(Duration::from_secs(60))
        .unwrap();
    let mut config = small::small(4);
    config.run_dir = Some(root.path().to_owned());
    change(&mut config);
    let mut trainer = Trainer::new(config, |_| Task::CartPole.make(), hub).unwrap();
    trainer.run(&StopFlag::new()).unwrap();
    assert!(guard.close(Duration::from_secs(60)));
    let batches = events.try_iter().filter_map(|envelope| {
        if let Event::BatchEpochCompleted(b) = &envelope.event { Some((**b).clone()) } else { None }
    });
    batches.collect()
}

/// What a real run tells: every part is there, and together they are the batch.
#[test]
fn tele_900_to_912_the_parts_of_a_real_run_are_the_whole() {
    let batches = batches(|config| config.save_every = Some(2));
    assert_eq!(batches.len(), 4);
    for (i, batch) in batches.iter().enumerate() {
        let parts = [
            batch.collect_seconds,
            batch.update_seconds,
            batch.checkpoint_seconds,
            batch.wait_seconds,
            batch.emit_seconds,
        ];
        let sum: f64 = parts.into_iter().flatten().sum();
        let whole = batch.batch_seconds.unwrap();
        assert!((sum - whole).abs() < 1e-9, "{sum} of {whole}");
        assert!(parts.into_iter().flatten().all(|part| 0.0 <= part), "{parts:?}");
        assert!(0.0 < batch.collect_seconds.unwrap() && 0.0 < batch.emit_seconds.unwrap());
        // The checkpoint after the second batch is written in the time of the third.
        assert_eq!(batch.checkpoint_seconds.is_some(), i == 2, "{i}");
        assert_eq!((batch.evaluate_seconds, batch.resumes), (None, Some(0)));
        assert_eq!(batch.pauses.is_some(), batch.wait_seconds.is_some());
    }
}

/// The time of an evaluation is that of its own batch, and apart from everything else.
#[test]
fn tele_902_a_real_evaluation_takes_time_in_its_batch_alone() {
    let evaluation = Some(Evaluation { every: 3, episodes: 2 });
    let batches = batches(|config| config.evaluation = evaluation);
    assert_eq!(batches.len(), 4);
    for batch in &batches {
        let parts = [
            batch.collect_seconds,
            batch.update_seconds,
            batch.evaluate_seconds,
            batch.checkpoint_seconds,
            batch.wait_seconds,
            batch.emit_seconds,
        ];
        let (sum, whole): (f64, f64) =
            (parts.into_iter().flatten().sum(), batch.batch_seconds.unwrap());
        assert!((sum - whole).abs() < 1e-9, "{sum} of {whole}");
        let evaluated = batch.evaluate_seconds.unwrap();
        if batch.batch_idx == 3 {
            assert!(0.0 < evaluated, "{evaluated}");
        } else {
            assert_eq!(evaluated.to_bits(), 0.0_f64.to_bits(), "measured: none");
        }
    }
}

#[test]
fn tele_900_to_914_times_go_into_the_row_as_they_are() {
    let facts = BatchFacts { batch_idx: 1, n_envs: 2, episodes: 0, total_return: 0.0 };
    let counts = RunCounts {
        start_batch: 0,
        last_batch: 1,
        episodes_completed: 0,
        epochs_since_start: 8,
        env_steps_since_start: 16,
        updates_skipped: 0,
    };
    let times = BatchTimes {
        batch: 9.0,
        collect: 1.0,
        update: 2.0,
        evaluate: Some(3.0),
        checkpoint: Some(0.5),
        wait: Some(0.25),
        emit: 0.125,
        pauses: Some(7),
        resumes: Some(1),
    };
    let row = batch_epoch_completed(&facts, &counts, None, &times);
    assert_eq!((row.batch_seconds, row.collect_seconds), (Some(9.0), Some(1.0)));
    assert_eq!((row.update_seconds, row.evaluate_seconds), (Some(2.0), Some(3.0)));
    assert_eq!((row.checkpoint_seconds, row.wait_seconds), (Some(0.5), Some(0.25)));
    assert_eq!((row.emit_seconds, row.pauses, row.resumes), (Some(0.125), Some(7), Some(1)));
    let nothing = BatchTimes {
        evaluate: None,
        checkpoint: None,
        wait: None,
        pauses: None,
        resumes: None,
        ..times
    };
    let row = batch_epoch_completed(&facts, &counts, None, &nothing);
    assert_eq!((row.evaluate_seconds, row.checkpoint_seconds), (None, None));
    assert_eq!((row.wait_seconds, row.pauses, row.resumes), (None, None, None));
}
