//! What no environment can bring about.

use std::sync::Arc;
use std::time::Duration;

use leyline::{Event, GroupId, RunId};
use simic_emitter::memory::memory;
use simic_emitter::{Bounds, HubBuilder, SystemClock};

use super::*;
use crate::env::Task;

/// A skip that no environment can bring about: its events, and that it counts as done without counting as a failure.
#[test]
fn a_kl_limit_before_the_first_step_skips_the_batch() {
    let (sink, events) = memory(10);
    let run = RunId::new("skip").unwrap();
    let (hub, guard) = HubBuilder::new(run, GroupId::default(), Arc::new(SystemClock::new()))
        .sink("memory", Bounds::default(), sink)
        .start(Duration::from_secs(60))
        .unwrap();
    let config = Config { n_envs: 2, max_epochs: 4, ..Config::default_run(Task::CartPole, 1) };
    let mut trainer = Trainer::new(config, |_| Task::CartPole.make(), hub).unwrap();
    let rollout = trainer.collect(1, &StopFlag::new()).unwrap();
    let mut outcome = trainer.learner.update(&trainer.config, &rollout, 1e-3);
    outcome.skip = Some(Skip::KlLimit);
    trainer.batch = Some(BatchFacts { batch_idx: 1, n_envs: 2, episodes: 0, total_return: 0.0 });
    trainer.report_update(1, 2.0, &outcome);
    trainer.end_batch(outcome.skip.as_ref().map(emission::skip_reason));
    assert_eq!(
        (trainer.counts.last_batch, trainer.counts.updates_skipped, trainer.nonfinite_in_a_row),
        (1, 1, 0)
    );
    assert!(guard.close(Duration::from_secs(60)));
    let events: Vec<Event> = events.try_iter().map(|e| e.event.clone()).collect();
    let [.., Event::PpoUpdateCompleted(update), Event::BatchEpochCompleted(batch)] =
        events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((update.skipped, update.skip_reason.clone()), (true, Some(SkipReason::KlLimit)));
    assert_eq!((batch.batch_idx, batch.skip_reason.clone()), (1, Some(SkipReason::KlLimit)));
}
