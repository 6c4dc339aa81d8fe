//! The order of a run's events, and what happens to it when numbers go wrong or somebody interrupts.

#[path = "support/odd.rs"]
mod odd;
#[path = "support/run.rs"]
mod run;
#[path = "support/small.rs"]
mod small;
#[path = "support/told.rs"]
mod told;

use std::sync::Arc;

use leyline::{Envelope, Event, FinishReason, SkipReason};
use simic_emitter::{StopFlag, StopLevel};
use simic_training::config::Config;
use simic_training::env::{Action, CartPole, Env, EnvSpec, EnvState, EnvStateError, Step, Task};
use simic_training::trainer::{TrainError, Trainer};

use odd::odd_run;
use run::with_hub;
use small::small;
use told::{batches, epochs, events_of, finish};

#[test]
fn a_stop_right_now_interrupts_the_batch() {
    let stop = StopFlag::new();
    let (result, events) =
        odd_run(small(9), &[11], &stop, || |_: &mut Step| stop.request(StopLevel::Now));
    assert_eq!(result.unwrap().last_batch, 1);
    let (last, end) = (batches(&events).pop().unwrap(), finish(&events));
    assert_eq!((last.batch_idx, last.skip_reason), (2, Some(SkipReason::Interrupted)));
    assert_eq!((end.reason, end.last_batch), (FinishReason::Stopped, 1));
    // Batch 2 was left in its third epoch, which all environments still took.
    assert_eq!(end.env_steps_since_start, Some(2 * (8 + 3)));
}

#[test]
fn the_order_inside_a_batch_is_that_of_the_contract() {
    let events = events_of(small(6));
    let word = |event: &Event| {
        if let Event::EpochCompleted(e) = event {
            format!("epoch {} env {}", e.inner_epoch, e.env_id)
        } else {
            event.kind().to_string()
        }
    };
    let words: Vec<String> = events.iter().map(|e| word(&e.event)).collect();
    assert_eq!(words[0], "TRAINING_STARTED");
    let mut epochs_seen = Vec::new();
    for (at, text) in words.iter().enumerate() {
        match text.as_str() {
            "EPISODE_OUTCOME" => {
                let (Event::EpisodeOutcome(end), Event::EpochCompleted(epoch)) =
                    (&events[at].event, &events[at - 1].event)
                else {
                    panic!("an outcome must follow its epoch");
                };
                assert_eq!(
                    (end.env_id, Some(end.episode_idx)),
                    (Some(epoch.env_id), epoch.episode_idx)
                );
                assert_eq!(
                    (Some(end.episode_return), Some(end.episode_length)),
                    (epoch.episode_return, epoch.episode_length)
                );
            }
            "PPO_UPDATE_COMPLETED" => {
                let expected: Vec<String> = (1..=8)
                    .flat_map(|epoch| (0..2).map(move |env| format!("epoch {epoch} env {env}")))
                    .collect();
                assert_eq!(epochs_seen, expected);
                epochs_seen.clear();
                assert_eq!(words[at + 1], "BATCH_EPOCH_COMPLETED");
            }
            text if text.starts_with("epoch") => epochs_seen.push(text.to_owned()),
            _ => {}
        }
    }
    assert_eq!(words.iter().filter(|w| *w == "PPO_UPDATE_COMPLETED").count(), 6);
}

#[test]
fn thinned_epochs_keep_the_last_one_of_a_batch() {
    let mut config = small(2);
    config.epoch_every = 3;
    let of_env_0: Vec<u32> = epochs(&events_of(config))
        .iter()
        .filter(|e| e.env_id == 0)
        .map(|e| e.inner_epoch)
        .collect();
    assert_eq!(of_env_0, [3, 6, 8, 3, 6, 8]);
}

#[test]
fn episode_numbers_are_unique_and_each_has_one_outcome() {
    let events = events_of(small(30));
    let outcome = |e: &Arc<Envelope>| {
        if let Event::EpisodeOutcome(o) = &e.event { Some(o.episode_idx) } else { None }
    };
    let mut ended: Vec<u64> = events.iter().filter_map(outcome).collect();
    let count = ended.len();
    ended.sort_unstable();
    ended.dedup();
    assert!(5 < count && ended.len() == count, "{ended:?}");
}

#[test]
fn one_reward_that_is_no_number_skips_one_update_and_the_run_goes_on() {
    let (result, events) =
        odd_run(small(3), &[11], &StopFlag::new(), || |step: &mut Step| step.reward = f64::NAN);
    assert_eq!(result.unwrap().updates_skipped, 1);
    let at = events
        .iter()
        .position(|e| matches!(e.event, Event::NumericalInstabilityDetected(_)))
        .unwrap();
    let (
        Event::NumericalInstabilityDetected(anomaly),
        Event::PpoUpdateCompleted(update),
        Event::BatchEpochCompleted(batch),
    ) = (&events[at].event, &events[at + 1].event, &events[at + 2].event)
    else {
        panic!("anomaly, update and batch must follow each other");
    };
    assert_eq!((anomaly.kind.as_str(), anomaly.batch_idx), ("nonfinite_loss", Some(2)));
    assert_eq!(anomaly.subject.as_deref(), Some("policy.policy_loss"));
    assert!(anomaly.value.unwrap().is_nan());
    assert!(update.skipped && update.policy_loss.is_none() && update.optimizer_steps == Some(0));
    assert!(update.nan_grad_count.is_some_and(|count| 0 < count), "{update:?}");
    assert_eq!((batch.batch_idx, batch.skip_reason.clone()), (2, Some(SkipReason::NonfiniteLoss)));
    assert_eq!(finish(&events).reason, FinishReason::Completed);
}

#[test]
fn three_updates_in_a_row_that_are_not_finite_fail_the_run() {
    struct Broken(CartPole);
    impl Env for Broken {
        fn spec(&self) -> EnvSpec {
            self.0.spec()
        }
        fn reset(&mut self, seed: u64) -> Vec<f32> {
            self.0.reset(seed)
        }
        fn step(&mut self, action: &Action) -> Step {
            Step { reward: f64::INFINITY, ..self.0.step(action) }
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
    let (weights, events) = with_hub(|hub, _| {
        let mut trainer = Trainer::new(small(9), |_| Broken(CartPole::new()), hub).unwrap();
        let before = trainer.learner().net.clone();
        assert!(matches!(trainer.run(&StopFlag::new()), Err(TrainError::Nonfinite(3))));
        (before, trainer.learner().net.clone())
    });
    assert_eq!(weights.0, weights.1, "a skipped update must not touch the parameters");
    let end = finish(&events);
    assert_eq!(end.error.as_deref(), Some("3 updates in a row were not finite"));
    assert_eq!((end.reason, end.last_batch, end.updates_skipped), (FinishReason::Failed, 3, 3));
    let skipped: Vec<bool> = batches(&events).iter().map(|b| b.skip_reason.is_some()).collect();
    assert_eq!(skipped, [true, true, true]);
}

#[test]
fn a_finite_update_between_them_starts_the_count_of_failures_afresh() {
    // Batches 1, 2, 4 and 5 meet a reward that is no number.
    let (result, events) = odd_run(small(6), &[3, 11, 27, 35], &StopFlag::new(), || {
        |step: &mut Step| step.reward = f64::NAN
    });
    assert_eq!(result.unwrap().updates_skipped, 4);
    let skipped: Vec<bool> = batches(&events).iter().map(|b| b.skip_reason.is_some()).collect();
    assert_eq!(skipped, [true, true, false, true, true, false]);
}

#[test]
fn the_learning_rate_falls_in_a_straight_line_over_all_global_batches() {
    let mut config = small(3);
    (config.start_batch, config.hyper.learning_rate) = (1, 0.008);
    let rates = |config: Config| -> Vec<f64> {
        let rate = |e: &Arc<Envelope>| {
            if let Event::PpoUpdateCompleted(update) = &e.event {
                update.learning_rate
            } else {
                None
            }
        };
        events_of(config).iter().filter_map(rate).collect()
    };
    let falling = rates(config.clone());
    for (rate, expected) in falling.iter().zip([0.006, 0.004, 0.002]) {
        assert!((rate - expected).abs() < 1e-15, "{falling:?}");
    }
    config.hyper.anneal_learning_rate = false;
    assert_eq!(rates(config), [0.008; 3]);
}

#[test]
fn every_number_of_an_update_is_there() {
    let events = events_of(small(2));
    let mut updates = 0;
    for event in &events {
        let Event::PpoUpdateCompleted(update) = &event.event else { continue };
        updates += 1;
        let mut absent = Vec::new();
        event.event.visit_fields(&mut |_, spec, seen| {
            if seen == leyline::field::Seen::Absent {
                absent.push(spec.name);
            }
        });
        assert_eq!(absent, ["skip_reason", "early_stop_epoch"], "batch {}", update.batch_idx);
        assert_eq!(
            (update.transitions, update.optimizer_steps, update.passes_run),
            (Some(16), Some(8), Some(2))
        );
    }
    assert_eq!(updates, 2);
}

#[test]
fn a_trainer_runs_once() {
    let ((first, second), events) = with_hub(|hub, _| {
        let mut trainer = Trainer::new(small(1), |_| Task::CartPole.make(), hub).unwrap();
        (trainer.run(&StopFlag::new()), trainer.run(&StopFlag::new()))
    });
    assert!(first.is_ok() && matches!(second, Err(TrainError::AlreadyRun)));
    finish(&events);
}

#[test]
fn a_trend_stands_between_update_and_batch_and_compares_the_last_twenty_means() {
    let events = events_of(small(120));
    let (mut means, mut trends) = (Vec::new(), 0);
    for (at, event) in events.iter().enumerate() {
        if let Event::BatchEpochCompleted(batch) = &event.event {
            means.extend(batch.mean_return);
        }
        let Some(anomaly) = event.event.anomaly() else { continue };
        trends += 1;
        let (Event::PpoUpdateCompleted(update), Event::BatchEpochCompleted(batch)) =
            (&events[at - 1].event, &events[at + 1].event)
        else {
            panic!("{event:?} is in the wrong place");
        };
        assert_eq!(
            (anomaly.batch_idx, batch.batch_idx),
            (Some(update.batch_idx), update.batch_idx)
        );
        let with_this: Vec<f64> = means.iter().copied().chain(batch.mean_return).collect();
        assert_eq!(with_this.len() % 10, 0);
        let block = |from_end: usize| {
            with_this[with_this.len() - from_end..][..10].iter().sum::<f64>() / 10.0
        };
        let expected = (block(10) - block(20)) / block(20).abs().max(1.0);
        assert!((anomaly.value.unwrap() - expected).abs() < 1e-9, "{anomaly:?} is not {expected}");
    }
    assert!(0 < trends, "the run must have had a trend");
}
