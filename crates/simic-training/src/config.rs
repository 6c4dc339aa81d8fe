//! What a run is asked to do: settings, the defaults of each task, and what is refused.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::env::Task;

/// Settings of the algorithm; a checkpoint keeps them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hyperparams {
    /// Discount, in (0, 1].
    pub gamma: f64,
    /// Decay of generalised advantage estimation, in [0, 1].
    pub gae_lambda: f64,
    /// Step size of the optimiser in the first batch, above 0.
    pub learning_rate: f64,
    /// Lower the step size in a straight line, so that it would reach 0 one batch after the last.
    pub anneal_learning_rate: bool,
    /// The importance ratio is clipped to `1 ± clip_range`, in (0, 1).
    pub clip_range: f64,
    /// The critic may leave its old value by this much before the worse error counts; `None`: no value clipping.
    pub value_clip: Option<f64>,
    /// Weight of the entropy bonus, at least 0.
    pub entropy_coef: f64,
    /// Weight of the critic's squared error, at least 0.
    pub value_coef: f64,
    /// Global gradient norm above which a gradient is shortened, above 0.
    pub max_grad_norm: f64,
    /// Stop the update when a minibatch diverges by more than 1.5 times this (nats); `None`: never.
    pub target_kl: Option<f64>,
    /// Passes over the batch per update, at least 1.
    pub passes: u32,
    /// Transitions per optimiser step, at least 2; the last minibatch of a pass may be smaller.
    pub minibatch_size: u32,
    /// Subtract the mean and divide by the spread of the advantages of a batch.
    pub normalize_advantages: bool,
    /// Raw rewards are multiplied by this before the critic sees them, above 0.
    pub reward_scale: f64,
    /// Widths of the hidden layers of both networks, 1 to 8 layers of 1 to 4096 units.
    pub hidden: Vec<u32>,
    /// First log-spread of a continuous policy (ln of the share of the action bounds).
    pub log_std: f64,
}

/// What a run does when nobody says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefaults {
    /// Parallel environments.
    pub n_envs: u32,
    /// Epochs of one batch.
    pub max_epochs: u32,
    /// Env steps of a whole run; it has as many batches as fit.
    pub budget_steps: u64,
    /// Settings of the algorithm.
    pub hyper: Hyperparams,
}

impl TaskDefaults {
    /// Returns the defaults of a task; the figures reached with them are in `docs/benchmarks.md`.
    pub fn of(task: Task) -> Self {
        let hyper = Hyperparams {
            gamma: 0.99,
            gae_lambda: 0.95,
            learning_rate: 1e-3,
            anneal_learning_rate: true,
            clip_range: 0.2,
            value_clip: None,
            entropy_coef: 0.01,
            value_coef: 0.5,
            max_grad_norm: 0.5,
            target_kl: None,
            passes: 4,
            minibatch_size: 256,
            normalize_advantages: true,
            reward_scale: 0.1,
            hidden: vec![64, 64],
            log_std: 0.0,
        };
        // Rewards are scaled so that the critic works with numbers of the size of 1 to 50 in every task: larger ones take
        // it long to reach, smaller ones leave its spread below what counts as collapsed.
        match task {
            Task::CartPole => Self {
                n_envs: 8,
                max_epochs: 128,
                budget_steps: 500_000,
                // The critic's error is squared, so its weight goes down as the scale goes up.
                hyper: Hyperparams { reward_scale: 0.5, value_coef: 0.05, ..hyper },
            },
            Task::Acrobot => Self { n_envs: 8, max_epochs: 128, budget_steps: 200_000, hyper },
            Task::Pendulum => Self {
                n_envs: 8,
                max_epochs: 128,
                budget_steps: 300_000,
                hyper: Hyperparams { gamma: 0.9, passes: 10, entropy_coef: 0.0, ..hyper },
            },
        }
    }

    /// Returns how many batches of `steps` env steps fit into the budget, at least 1.
    pub const fn batches(&self, steps_per_batch: u64) -> u64 {
        match self.budget_steps.checked_div(steps_per_batch) {
            Some(0) | None => 1,
            Some(batches) => batches,
        }
    }
}

/// What a run is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Random seed; on resume only shown, because the random state comes from the checkpoint.
    pub seed: u64,
    /// Parallel environments, 1 to 65536.
    pub n_envs: u32,
    /// Epochs of one batch, at least 1; together with `n_envs` at most 2^24 transitions.
    pub max_epochs: u32,
    /// Batches this run is asked to do, at least 1.
    pub requested_batches: u64,
    /// Batches that count as done without a checkpoint; on resume the checkpoint's own number counts.
    pub start_batch: u64,
    /// Settings of the algorithm.
    pub hyper: Hyperparams,
    /// Report every this many epochs to the hub (the last of a batch always), at least 1.
    pub epoch_every: u32,
    /// Directory of the run: checkpoints go into its `checkpoints/`; `None`: none are written.
    pub run_dir: Option<PathBuf>,
    /// Also write a checkpoint every this many batches, at least 1; `None`: only at the end.
    pub save_every: Option<u64>,
    /// Checkpoint this run goes on from, as the user gave it; for display.
    pub resumed_from: Option<String>,
    /// How the policy is tried out now and then; `None`: never. No checkpoint has it.
    pub evaluation: Option<Evaluation>,
    /// Batch of which everything is written that its numbers can be computed from again; `None`: of none.
    pub dump: Option<Dump>,
}

/// How often the policy is tried out, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// After each batch whose global number is a multiple of this, at least 1.
    pub every: u64,
    /// Env-episodes each time, at least 1.
    pub episodes: u32,
}

/// Which batch is written where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    /// The file, which is replaced.
    pub path: PathBuf,
    /// Global number of the batch.
    pub batch: u64,
}

impl Config {
    /// Returns the default run of a task.
    pub fn default_run(task: Task, seed: u64) -> Self {
        let defaults = TaskDefaults::of(task);
        let requested_batches =
            defaults.batches(u64::from(defaults.n_envs) * u64::from(defaults.max_epochs));
        Self {
            seed,
            n_envs: defaults.n_envs,
            max_epochs: defaults.max_epochs,
            requested_batches,
            start_batch: 0,
            hyper: defaults.hyper,
            epoch_every: EPOCH_EVERY,
            run_dir: None,
            save_every: None,
            resumed_from: None,
            evaluation: None,
            dump: None,
        }
    }

    /// Refuses settings that cannot work.
    ///
    /// # Errors
    /// Returns the first setting outside its range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        within("n_envs", self.n_envs.into(), 1.0, 65_536.0)?;
        within("max_epochs", self.max_epochs.into(), 1.0, MAX_TRANSITIONS as f64)?;
        let transitions = u64::from(self.n_envs) * u64::from(self.max_epochs);
        within("n_envs * max_epochs", transitions as f64, 1.0, MAX_TRANSITIONS as f64)?;
        within("requested_batches", self.requested_batches as f64, 1.0, MAX_BATCHES as f64)?;
        within("start_batch", self.start_batch as f64, 0.0, MAX_BATCHES as f64)?;
        within("epoch_every", self.epoch_every.into(), 1.0, f64::from(u32::MAX))?;
        within("save_every", self.save_every.unwrap_or(1) as f64, 1.0, MAX_BATCHES as f64)?;
        let Evaluation { every, episodes } =
            self.evaluation.unwrap_or(Evaluation { every: 1, episodes: 1 });
        within("eval_every", every as f64, 1.0, MAX_BATCHES as f64)?;
        within("eval_episodes", episodes.into(), 1.0, MAX_EVALUATED)?;
        self.hyper.validate()
    }
}

impl Hyperparams {
    /// Returns the step size of the global batch `batch_idx` (from 1) out of `max_batches`; above 0 for each of them.
    pub fn learning_rate_at(&self, batch_idx: u64, max_batches: u64) -> f64 {
        if !self.anneal_learning_rate {
            return self.learning_rate;
        }
        let done = batch_idx.saturating_sub(1) as f64 / max_batches.max(1) as f64;
        self.learning_rate * (1.0 - done.min(1.0))
    }
}

/// Epochs per report that keep telemetry below 2 % of the training time (figures: `docs/benchmarks.md`).
pub const EPOCH_EVERY: u32 = 16;
/// More transitions than this do not fit into the memory of the machines we know.
const MAX_TRANSITIONS: u64 = 1 << 24;
/// A mean of more env-episodes would tell nothing more.
const MAX_EVALUATED: f64 = 1e6;
/// Beyond this, counts of env steps could not be added without care.
const MAX_BATCHES: u64 = 1 << 32;
/// Largest weight or scale; what is beyond it would only overflow.
const HUGE: f64 = 1e9;
/// Smallest number that is accepted where 0 is not.
const TINY: f64 = f64::MIN_POSITIVE;

impl Hyperparams {
    fn validate(&self) -> Result<(), ConfigError> {
        within("gamma", self.gamma, TINY, 1.0)?;
        within("gae_lambda", self.gae_lambda, 0.0, 1.0)?;
        within("learning_rate", self.learning_rate, TINY, 1.0)?;
        within("clip_range", self.clip_range, TINY, 1.0 - f64::EPSILON)?;
        within("value_clip", self.value_clip.unwrap_or(1.0), TINY, HUGE)?;
        within("entropy_coef", self.entropy_coef, 0.0, HUGE)?;
        within("value_coef", self.value_coef, 0.0, HUGE)?;
        within("max_grad_norm", self.max_grad_norm, TINY, HUGE)?;
        within("target_kl", self.target_kl.unwrap_or(1.0), TINY, HUGE)?;
        within("passes", self.passes.into(), 1.0, 1000.0)?;
        within("minibatch_size", self.minibatch_size.into(), 2.0, MAX_TRANSITIONS as f64)?;
        within("reward_scale", self.reward_scale, TINY, HUGE)?;
        within("log_std", self.log_std, -10.0, 10.0)?;
        within("number of hidden layers", self.hidden.len() as f64, 1.0, 8.0)?;
        self.hidden
            .iter()
            .try_for_each(|&width| within("width of a hidden layer", width.into(), 1.0, 4096.0))
    }
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ConfigError {
    /// A number outside its range, both ends included; NaN is outside every range.
    #[error("{field} is {value}, allowed is {low} to {high}")]
    OutOfRange {
        /// Name of the setting.
        field: &'static str,
        /// Its value.
        value: f64,
        /// Smallest value allowed.
        low: f64,
        /// Largest value allowed.
        high: f64,
    },
    /// The checkpoint was written by a training with another setting.
    #[error("{field} is {asked}, but the checkpoint has {stored}")]
    Differs {
        /// Name of the setting.
        field: &'static str,
        /// What this run asks for.
        asked: String,
        /// What the checkpoint has.
        stored: String,
    },
    /// The checkpoint holds parts of other shapes than the network, the optimiser or an environment.
    #[error("checkpoint does not fit: {0}")]
    Misfit(String),
}

fn within(field: &'static str, value: f64, low: f64, high: f64) -> Result<(), ConfigError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::OutOfRange { field, value, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Config), expected: &str) {
        let mut config = Config::default_run(Task::CartPole, 1);
        change(&mut config);
        let told = config.validate().map_or_else(|e| e.to_string(), |()| "fine".to_owned());
        assert_eq!(told, expected);
    }

    #[test]
    fn a_bad_setting_is_named_with_its_range() {
        check(|_| {}, "fine");
        check(|c| c.n_envs = 0, "n_envs is 0, allowed is 1 to 65536");
        check(|c| c.max_epochs = 0, "max_epochs is 0, allowed is 1 to 16777216");
        check(
            |c| (c.n_envs, c.max_epochs) = (65_536, 1024),
            "n_envs * max_epochs is 67108864, allowed is 1 to 16777216",
        );
        check(|c| c.requested_batches = 0, "requested_batches is 0, allowed is 1 to 4294967296");
        check(|c| c.hyper.gae_lambda = 1.5, "gae_lambda is 1.5, allowed is 0 to 1");
        check(
            |c| c.hyper.entropy_coef = f64::NAN,
            "entropy_coef is NaN, allowed is 0 to 1000000000",
        );
        check(|c| c.hyper.hidden.clear(), "number of hidden layers is 0, allowed is 1 to 8");
        check(|c| c.save_every = Some(0), "save_every is 0, allowed is 1 to 4294967296");
        let evaluate = |every, episodes| {
            move |c: &mut Config| {
                c.evaluation = Some(Evaluation { every, episodes });
            }
        };
        check(evaluate(1, 1), "fine");
        check(evaluate(0, 1), "eval_every is 0, allowed is 1 to 4294967296");
        check(evaluate(1, 0), "eval_episodes is 0, allowed is 1 to 1000000");
    }

    #[test]
    fn default_runs_fit_their_budgets() {
        for &task in Task::ALL {
            let (config, defaults) = (Config::default_run(task, 1), TaskDefaults::of(task));
            assert_eq!(config.validate(), Ok(()), "{task:?}");
            let steps = u64::from(config.n_envs) * u64::from(config.max_epochs);
            assert!(config.requested_batches * steps <= defaults.budget_steps);
            assert!(defaults.budget_steps < (config.requested_batches + 1) * steps);
        }
    }

    #[test]
    fn a_batch_larger_than_the_budget_is_still_one_batch() {
        assert_eq!(TaskDefaults::of(Task::CartPole).batches(1_000_000), 1);
        assert_eq!(TaskDefaults::of(Task::CartPole).batches(1024), 488);
    }
}
