//! What a run tells when something is wrong with it on purpose.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/run.rs"]
mod run;
#[path = "support/small.rs"]
mod small;

use std::sync::Arc;

use leyline::{EnvId, Envelope, EpochCompleted, Event, PpoUpdateCompleted, Scalar, SkipReason};
use simic_emitter::StopFlag;
use simic_training::checkpoint::Checkpoint;
use simic_training::config::Config;
use simic_training::env::Task;
use simic_training::fault::{Fault, Faults, HYPERPARAMETER};
use simic_training::trainer::Trainer;

use run::with_hub;
use small::small;

/// Runs with a fault; returns its events and the checkpoint of its end.
fn faulty(config: &Config, fault: Fault) -> (Checkpoint, Vec<Arc<Envelope>>) {
    run_with(config, &Faults::new(vec![fault], config).unwrap())
}

fn run_with(config: &Config, faults: &Faults) -> (Checkpoint, Vec<Arc<Envelope>>) {
    with_hub(|hub, _| {
        let make = |env: EnvId| faults.wrap(env, Task::CartPole.make());
        let mut trainer = Trainer::new(config.clone(), make, hub).unwrap();
        trainer.inject(faults.clone());
        trainer.run(&StopFlag::new()).unwrap();
        trainer.checkpoint()
    })
}

fn updates(events: &[Arc<Envelope>]) -> Vec<PpoUpdateCompleted> {
    let update = |e: &Arc<Envelope>| {
        if let Event::PpoUpdateCompleted(u) = &e.event { Some((**u).clone()) } else { None }
    };
    events.iter().filter_map(update).collect()
}

fn epochs(events: &[Arc<Envelope>]) -> Vec<EpochCompleted> {
    let epoch = |e: &Arc<Envelope>| {
        if let Event::EpochCompleted(epoch) = &e.event { Some(epoch.clone()) } else { None }
    };
    events.iter().filter_map(epoch).collect()
}

fn hyperparameter(events: &[Arc<Envelope>], name: &str) -> Option<Scalar> {
    let Event::TrainingStarted(started) = &events[0].event else { panic!("{:?}", events[0]) };
    started.hyperparams.as_ref().unwrap().get(name).cloned()
}

#[test]
fn a_nan_in_one_gradient_costs_one_update_and_is_counted() {
    let (_, events) = faulty(&small(4), Fault::NanGradient { batch: 2 });
    let told: Vec<_> =
        updates(&events).into_iter().map(|u| (u.skip_reason, u.nan_grad_count)).collect();
    let (fine, skipped) = ((None, Some(0)), (Some(SkipReason::NonfiniteGradient), Some(1)));
    assert_eq!(told, [fine.clone(), skipped, fine.clone(), fine]);
}

#[test]
fn a_negative_entropy_bonus_makes_the_policy_certain_and_is_no_reading() {
    let mut config = small(20);
    (config.hyper.learning_rate, config.hyper.target_kl) = (0.05, None);
    let entropy = |events: &[Arc<Envelope>]| updates(events).last().unwrap().entropy.unwrap();
    let (_, paid) = faulty(&config, Fault::EntropyBonus(10.0));
    let (checkpoint, events) = faulty(&config, Fault::EntropyBonus(-10.0));
    let (high, low) = (entropy(&paid), entropy(&events));
    assert!(low < 0.2 && 0.6 < high, "{low} and {high}");
    let faulty = updates(&events);
    // The contract has no reading below 0; the start event says what the weight is.
    assert!(faulty.iter().all(|update| update.entropy_coef.is_none()));
    assert_eq!(hyperparameter(&events, "entropy_coef"), Some(Scalar::Number(-10.0)));
    let told = Some(Scalar::Text("entropy-bonus=-10".to_owned()));
    assert_eq!(hyperparameter(&events, HYPERPARAMETER), told);
    // A fault is no setting, so a run that goes on from here is an honest one.
    assert_eq!(checkpoint.config(1).hyper, config.hyper);
    checkpoint.config(1).validate().unwrap();
}

#[test]
fn a_weight_that_can_be_read_is_told() {
    let (_, events) = faulty(&small(1), Fault::EntropyBonus(0.5));
    assert_eq!(updates(&events)[0].entropy_coef, Some(0.5));
}

#[test]
fn a_frozen_environment_earns_nothing_and_ends_nothing_from_its_batch_on() {
    let frozen = 1;
    let (_, events) = faulty(&small(20), Fault::FrozenEnv { env: EnvId(frozen), batch: 3 });
    let (still, moving): (Vec<_>, Vec<_>) = epochs(&events)
        .into_iter()
        .filter(|e| e.env_id == frozen)
        .partition(|e| e.reward == Some(0.0));
    // Batches of eight epochs, each of which is told.
    assert_eq!((moving.len(), still.len()), (2 * 8, 18 * 8));
    assert!(still.iter().all(|e| Some(16) < e.env_step));
    let ended = |env: u32| {
        let of_env = |e: &&Arc<Envelope>| matches!(&e.event, Event::EpisodeOutcome(o) if o.env_id == Some(env));
        events.iter().filter(of_env).count()
    };
    assert!(0 < ended(0), "the other one goes on");
    assert!(ended(frozen) <= 2, "sixteen steps are two episodes at most");
}

#[test]
fn without_faults_the_run_is_the_same_to_the_bit() {
    let config = small(3);
    let (_, told) = run_with(&config, &Faults::default());
    let ((), honest) = with_hub(|hub, _| {
        let mut trainer = Trainer::new(config, |_| Task::CartPole.make(), hub).unwrap();
        trainer.run(&StopFlag::new()).unwrap();
    });
    let of = |events: &[Arc<Envelope>]| -> Vec<Event> {
        events.iter().map(|e| e.event.clone()).collect()
    };
    assert_eq!(of(&told), of(&honest));
    assert_eq!(hyperparameter(&told, HYPERPARAMETER), None);
}
