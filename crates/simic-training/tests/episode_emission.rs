//! What a run tells of its episodes, its environments and its end; the tests that telemetry records name.

#[path = "support/odd.rs"]
mod odd;
#[path = "support/run.rs"]
mod run;
#[path = "support/small.rs"]
mod small;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/told.rs"]
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use leyline::{Envelope, EpisodeOutcome, EpochCompleted, Event};
use simic_emitter::StopFlag;
use simic_training::env::Step;

use odd::odd_run;
use run::with_hub;
use small::small;
use told::{epochs, events_of, finish};

/// The finished episodes of a run, each with the steps that it was told to be made of.
fn episodes(events: &[Arc<Envelope>]) -> Vec<(EpisodeOutcome, Vec<EpochCompleted>)> {
    let mut steps: BTreeMap<u32, Vec<EpochCompleted>> = BTreeMap::new();
    let mut episodes = Vec::new();
    for envelope in events {
        if let Event::EpochCompleted(epoch) = &envelope.event {
            steps.entry(epoch.env_id).or_default().push(epoch.clone());
        } else if let Event::EpisodeOutcome(outcome) = &envelope.event {
            let env = outcome.env_id.expect("an episode of this trainer names its environment");
            episodes.push((outcome.clone(), steps.remove(&env).expect("an episode has steps")));
        }
    }
    assert!(3 < episodes.len(), "a run without finished episodes shows nothing");
    episodes
}

#[test]
fn tele_023_finish_error_is_what_the_panic_said() {
    let (result, events) =
        odd_run(small(3), &[5], &StopFlag::new(), || |_: &mut Step| panic!("the pole is gone"));
    result.unwrap_err();
    assert_eq!(finish(&events).error.as_deref(), Some("panic: the pole is gone"));
    assert_eq!(finish(&events_of(small(1))).error, None);
}

#[test]
fn tele_611_last_return_is_the_sum_of_the_rewards_of_the_episode() {
    for (outcome, steps) in episodes(&events_of(small(12))) {
        let rewards: f64 = steps.iter().map(|step| step.reward.unwrap()).sum();
        assert!((outcome.episode_return - rewards).abs() < 1e-9, "{outcome:?} of {rewards}");
    }
}

#[test]
fn tele_612_every_finished_episode_is_told_once_with_its_return() {
    let events = events_of(small(12));
    let mut told = Vec::new();
    for (outcome, steps) in episodes(&events) {
        assert!(steps.iter().all(|step| step.episode_idx == Some(outcome.episode_idx)));
        assert!(!told.contains(&outcome.episode_idx), "{outcome:?} came twice");
        assert!(outcome.episode_return.is_finite());
        told.push(outcome.episode_idx);
    }
    assert_eq!(finish(&events).episodes_completed, Some(told.len() as u64));
}

#[test]
fn tele_615_length_counts_the_steps_of_the_episode() {
    for (outcome, steps) in episodes(&events_of(small(12))) {
        assert_eq!(outcome.episode_length as usize, steps.len());
    }
}

#[test]
fn tele_616_success_is_a_return_at_or_above_that_of_the_task() {
    let events = events_of(small(12));
    let start = events
        .iter()
        .find_map(|e| if let Event::TrainingStarted(s) = &e.event { Some(s) } else { None });
    let bar = start.unwrap().success_return.unwrap();
    for (outcome, _) in episodes(&events) {
        assert_eq!(outcome.success, Some(bar <= outcome.episode_return));
    }
}

#[test]
fn tele_640_running_return_ends_as_that_of_the_outcome() {
    for (outcome, steps) in episodes(&events_of(small(12))) {
        let mut sum = 0.0;
        for step in &steps {
            sum += step.reward.unwrap();
            assert!((step.episode_return.unwrap() - sum).abs() < 1e-9, "{step:?}");
        }
        let last = steps.last().unwrap();
        assert_eq!(last.episode_return, Some(outcome.episode_return));
    }
}

#[test]
fn tele_667_running_length_grows_by_one_and_ends_as_that_of_the_outcome() {
    for (outcome, steps) in episodes(&events_of(small(12))) {
        let lengths: Vec<u32> = steps.iter().map(|step| step.episode_length.unwrap()).collect();
        assert_eq!(lengths, (1..=outcome.episode_length).collect::<Vec<_>>());
    }
}

#[test]
fn tele_668_ids_count_from_0_and_stay_below_the_number_announced() {
    let mut config = small(2);
    config.n_envs = 3;
    let events = events_of(config);
    let mut ids: Vec<u32> = epochs(&events).iter().map(|epoch| epoch.env_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids, [0, 1, 2]);
    for envelope in &events {
        let of_payload = envelope.event.env_id();
        assert_eq!(envelope.env_id, of_payload, "{envelope:?}");
    }
}

#[test]
fn tele_704_a_run_says_once_that_it_starts_and_once_that_it_ends() {
    let ((), events) = with_hub(|hub, _| {
        let make = |_| simic_training::env::Task::CartPole.make();
        simic_training::trainer::Trainer::new(small(2), make, hub)
            .unwrap()
            .run(&StopFlag::new())
            .unwrap();
    });
    let kinds: Vec<String> = events.iter().map(|e| e.event.kind().to_string()).collect();
    let count = |kind: &str| kinds.iter().filter(|k| *k == kind).count();
    assert_eq!((count("TRAINING_STARTED"), count("TRAINING_FINISHED")), (1, 1));
    assert_eq!(kinds.first().map(String::as_str), Some("TRAINING_STARTED"));
    assert_eq!(kinds.last().map(String::as_str), Some("TRAINING_FINISHED"));
}
