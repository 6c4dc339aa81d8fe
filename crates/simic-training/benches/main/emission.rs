//! What the trainer pays to describe what happened, before any hub sees it.

use std::hint::black_box;

use criterion::Criterion;
use simic_training::config::Config;
use simic_training::emission::{epoch_completed, ppo_update_completed};
use simic_training::env::Task;
use simic_training::learner::Learner;
use simic_training::rollout::{Episode, StepReport};

pub(crate) fn benches(c: &mut Criterion) {
    let episode = Episode { index: 7, total: 20.0, length: 20 };
    let step = StepReport {
        env: 3,
        inner_epoch: 5,
        env_step: 900,
        reward: 1.0,
        episode,
        terminated: false,
        truncated: false,
    };
    c.bench_function("describe an epoch", |b| b.iter(|| epoch_completed(black_box(&step))));

    let config = Config::default_run(Task::CartPole, 1);
    let Ok(mut learner) = Learner::new(&config, |_| Task::CartPole.make()) else { return };
    let Some(rollout) = learner.collect(&config, &|| false, &mut |_| {}) else { return };
    let outcome = learner.update(&config, &rollout, 1e-3);
    c.bench_function("describe an update", |b| {
        b.iter(|| black_box(ppo_update_completed(9, 1.0, black_box(&outcome))));
    });
}
