//! One batch of CartPole: collecting it, and the update made from it.

use std::hint::black_box;

use criterion::Criterion;
use simic_training::config::Config;
use simic_training::env::Task;
use simic_training::learner::Learner;

pub(crate) fn benches(c: &mut Criterion) {
    let config = Config::default_run(Task::CartPole, 1);
    let Ok(mut learner) = Learner::new(&config, |_| Task::CartPole.make()) else { return };
    c.bench_function("collect 1024 transitions", |b| {
        b.iter(|| black_box(learner.collect(&config, &|| false, &mut |step| _ = black_box(step))));
    });
    let Some(rollout) = learner.collect(&config, &|| false, &mut |_| {}) else { return };
    // A step of no length, so that every iteration does the same work.
    c.bench_function("update from 1024 transitions", |b| {
        b.iter(|| black_box(learner.update(&config, &rollout, f64::MIN_POSITIVE)));
    });
}
