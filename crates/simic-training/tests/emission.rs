//! What a run tells the world, event by event; the tests that telemetry records name.

#[path = "support/odd.rs"]
mod odd;
#[path = "support/run.rs"]
mod run;
#[path = "support/small.rs"]
mod small;
#[path = "support/told.rs"]
mod told;

use std::sync::Arc;
use std::time::Duration;

use leyline::{Envelope, Event, FinishReason, SkipReason, TrainingStarted};
use simic_emitter::{ManualClock, StopFlag, StopLevel};
use simic_training::env::{Action, CartPole, Env, EnvSpec, EnvState, EnvStateError, Step};
use simic_training::trainer::{TrainError, Trainer};

use odd::odd_run;
use run::with_hub;
use small::small;
use told::{batches, epochs, events_of, finish};

fn start(events: &[Arc<Envelope>]) -> TrainingStarted {
    let starts = events
        .iter()
        .filter_map(|e| if let Event::TrainingStarted(s) = &e.event { Some(s) } else { None });
    let starts: Vec<_> = starts.collect();
    assert_eq!(starts.len(), 1);
    (**starts[0]).clone()
}

#[test]
fn tele_001_task_name_is_that_of_the_environment() {
    assert_eq!(start(&events_of(small(1))).task, "CartPole-v1");
}

#[test]
fn tele_003_reward_mode_says_whether_rewards_are_scaled() {
    let mut config = small(1);
    config.hyper.reward_scale = 1.0;
    assert_eq!(start(&events_of(config.clone())).reward_mode.as_deref(), Some("plain"));
    config.hyper.reward_scale = 0.1;
    assert_eq!(start(&events_of(config)).reward_mode.as_deref(), Some("scaled"));
}

#[test]
fn tele_004_host_params_counts_every_trained_parameter() {
    // 4 inputs, 6 hidden units; 2 outputs of the actor and 1 of the critic, each with biases.
    let expected = (4 * 6 + 6 + 6 * 2 + 2) + (4 * 6 + 6 + 6 + 1);
    assert_eq!(start(&events_of(small(1))).host_params, Some(expected));
}

#[test]
fn tele_005_environments_are_those_that_report() {
    let mut config = small(1);
    config.n_envs = 3;
    let events = events_of(config);
    assert_eq!(start(&events).n_envs, Some(3));
    let mut seen: Vec<u32> = epochs(&events).iter().map(|e| e.env_id).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, [0, 1, 2]);
}

#[test]
fn tele_010_current_episode_counts_outcomes_on_top_of_the_start() {
    let mut config = small(12);
    config.start_batch = 3;
    let events = events_of(config);
    assert_eq!(start(&events).start_episodes, Some(3 * 2));
    let mut finished = 6;
    for event in &events {
        if let Event::EpisodeOutcome(_) = event.event {
            finished += 1;
        } else if let Event::BatchEpochCompleted(batch) = &event.event {
            assert_eq!(batch.episodes_completed, Some(finished));
        }
    }
    assert!(6 < finished, "an episode must have ended");
    assert_eq!(finish(&events).episodes_completed, Some(finished));
}

#[test]
fn tele_011_current_epoch_restarts_with_every_batch() {
    let events = events_of(small(2));
    let of_env_1: Vec<u32> =
        epochs(&events).iter().filter(|e| e.env_id == 1).map(|e| e.inner_epoch).collect();
    assert_eq!(of_env_1, (1..=8).chain(1..=8).collect::<Vec<u32>>());
}

#[test]
fn tele_012_max_epochs_is_the_length_of_a_batch() {
    let mut config = small(1);
    config.max_epochs = 11;
    let events = events_of(config);
    assert_eq!(start(&events).max_epochs, Some(11));
    assert_eq!(epochs(&events).iter().map(|e| e.inner_epoch).max(), Some(11));
}

#[test]
fn tele_013_current_batch_is_global_and_counts_from_1() {
    let mut config = small(3);
    config.start_batch = 25;
    let numbers: Vec<u64> = batches(&events_of(config)).iter().map(|b| b.batch_idx).collect();
    assert_eq!(numbers, [26, 27, 28]);
}

#[test]
fn tele_014_max_batches_adds_start_episode() {
    let mut config = small(5);
    config.start_batch = 25;
    let events = events_of(config);
    assert_eq!(start(&events).max_batches, 30);
    assert_eq!(start(&events).requested_batches, Some(5));
    assert_eq!(batches(&events).last().map(|b| b.batch_idx), Some(30));
}

#[test]
fn tele_015_start_batch_is_what_was_done_before() {
    assert_eq!(start(&events_of(small(1))).start_batch, 0);
    let mut config = small(1);
    config.start_batch = 7;
    let events = events_of(config);
    assert_eq!(start(&events).start_batch, 7);
    assert_eq!(finish(&events).batches_since_start, 1);
    assert_eq!(finish(&events).last_batch, 8);
}

#[test]
fn tele_020_training_runtime_comes_from_a_clock_that_never_goes_back() {
    // Each step takes 3 ms by the producer's clock, so the run must take 2 * 8 * 4 steps of that.
    struct Slow(CartPole, Arc<ManualClock>);
    impl Env for Slow {
        fn spec(&self) -> EnvSpec {
            self.0.spec()
        }
        fn reset(&mut self, seed: u64) -> Vec<f32> {
            self.0.reset(seed)
        }
        fn step(&mut self, action: &Action) -> Step {
            self.1.advance(Duration::from_millis(3));
            self.0.step(action)
        }
        fn observation(&self) -> Vec<f32> {
            self.0.observation()
        }
        fn state(&self) -> EnvState {
            self.0.state()
        }
        fn set_state(&mut self, state: &EnvState) -> Result<(), EnvStateError> {
            self.0.set_state(state)
        }
    }
    let (result, events) = with_hub(|hub, clock| {
        clock.advance(Duration::from_secs(5));
        let make = |_| Slow(CartPole::new(), Arc::clone(&clock));
        Trainer::new(small(4), make, hub).unwrap().run(&StopFlag::new())
    });
    result.unwrap();
    assert!(
        events
            .windows(2)
            .all(|pair| pair[0].mono_ns <= pair[1].mono_ns && pair[0].seq < pair[1].seq)
    );
    let (first, last) = (events.first().unwrap(), events.last().unwrap());
    assert_eq!(first.mono_ns.0, 5_000_000_000);
    assert_eq!(last.mono_ns.0 - first.mono_ns.0, 2 * 8 * 4 * 3_000_000);
}

#[test]
fn tele_021_mean_return_is_that_of_the_episodes_that_ended_in_the_batch() {
    let mut ended: Vec<f64> = Vec::new();
    let mut with_episodes = 0;
    for envelope in events_of(small(6)) {
        if let Event::EpisodeOutcome(outcome) = &envelope.event {
            ended.push(outcome.episode_return);
        } else if let Event::BatchEpochCompleted(batch) = &envelope.event {
            let mean = ended.iter().sum::<f64>() / ended.len() as f64;
            assert_eq!(batch.mean_return, (!ended.is_empty()).then_some(mean));
            assert_eq!(batch.batch_episodes, Some(ended.len() as u32));
            with_episodes += usize::from(!ended.is_empty());
            ended.clear();
        }
    }
    assert!(0 < with_episodes, "a run without a finished episode shows nothing");
}

#[test]
fn tele_022_finish_reason_completed() {
    let end = finish(&events_of(small(2)));
    assert_eq!((end.reason, end.error), (FinishReason::Completed, None));
    assert_eq!((end.last_batch, end.batches_since_start), (2, 2));
    assert_eq!((end.env_steps_since_start, end.updates_skipped), (Some(32), 0));
}

#[test]
fn tele_022_finish_reason_stopped_after_the_batch() {
    let stop = StopFlag::new();
    let (result, events) =
        odd_run(small(9), &[11], &stop, || |_: &mut Step| stop.request(StopLevel::AfterBatch));
    let summary = result.unwrap();
    assert_eq!((summary.reason, summary.last_batch), (FinishReason::Stopped, 2));
    assert_eq!(finish(&events).reason, FinishReason::Stopped);
    assert_eq!(batches(&events).len(), 2);
}

#[test]
fn tele_022_finish_reason_failed_after_a_panic() {
    let (result, events) = odd_run(small(9), &[11], &StopFlag::new(), || {
        |_: &mut Step| panic!("the cart fell off the table")
    });
    assert!(matches!(result, Err(TrainError::Panicked(_))));
    let end = finish(&events);
    assert_eq!((end.reason, end.last_batch), (FinishReason::Failed, 1));
    assert_eq!(end.error.as_deref(), Some("panic: the cart fell off the table"));
    let last = batches(&events).pop().unwrap();
    assert_eq!((last.batch_idx, last.skip_reason), (2, Some(SkipReason::Interrupted)));
}
