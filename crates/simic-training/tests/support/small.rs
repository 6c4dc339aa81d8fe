//! Settings for runs that take milliseconds.

use simic_training::config::Config;
use simic_training::env::Task;

/// Two environments, eight epochs, a small network, every epoch reported.
pub(crate) fn small(requested_batches: u64) -> Config {
    let mut config = Config::default_run(Task::CartPole, 5);
    (config.n_envs, config.max_epochs, config.requested_batches) = (2, 8, requested_batches);
    (config.hyper.passes, config.hyper.minibatch_size) = (2, 4);
    config.hyper.hidden = vec![6];
    config.epoch_every = 1;
    config
}
