//! The trainer learns: small runs with a fixed seed reach a stated return.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/run.rs"]
mod run;

use simic_emitter::StopFlag;
use simic_training::config::Config;
use simic_training::env::Task;
use simic_training::trainer::Trainer;

use run::with_hub;

const SEED: u64 = 1;

/// Trains with the default settings for `batches` batches and returns the mean return of the last 100 env-episodes.
fn mean_return(task: Task, seed: u64, batches: u64) -> f64 {
    train(
        task,
        Config { requested_batches: batches, epoch_every: 128, ..Config::default_run(task, seed) },
    )
}

fn train(task: Task, config: Config) -> f64 {
    let (summary, _) = with_hub(|hub, _| {
        Trainer::new(config, |_| task.make(), hub).unwrap().run(&StopFlag::new()).unwrap()
    });
    summary.mean_return.unwrap()
}

/// An untrained policy holds the pole for some 20 steps.
#[test]
fn cartpole_reaches_150_in_30_batches() {
    let reached = mean_return(Task::CartPole, SEED, 30);
    assert!(150.0 <= reached, "{reached}");
}

/// An untrained policy rarely reaches the line within 500 steps.
#[test]
fn acrobot_reaches_minus_250_in_30_batches() {
    let reached = mean_return(Task::Acrobot, SEED, 30);
    assert!(-250.0 <= reached, "{reached}");
}

/// An untrained policy gets about -1200.
#[test]
fn pendulum_reaches_minus_900_in_30_batches() {
    let reached = mean_return(Task::Pendulum, SEED, 30);
    assert!(-900.0 <= reached, "{reached}");
}

/// The bar of CartPole means something: the same run without learning stays far below it.
#[test]
fn cartpole_without_learning_stays_below_60() {
    let mut config = Config {
        requested_batches: 10,
        epoch_every: 128,
        ..Config::default_run(Task::CartPole, 1)
    };
    config.hyper.learning_rate = 1e-12;
    let reached = train(Task::CartPole, config);
    assert!(reached < 60.0, "{reached}");
}
