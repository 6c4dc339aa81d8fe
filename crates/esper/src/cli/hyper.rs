//! The settings of the algorithm as flags; what is not given keeps the default of the task or of the checkpoint.

use clap::{Args, ValueEnum};
use simic_training::config::Hyperparams;

/// A switch whose default depends on the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Do it.
    On,
    /// Do not.
    Off,
}

/// A limit that can be switched off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit(Option<f64>);

fn limit(text: &str) -> Result<Limit, String> {
    if text == "off" {
        return Ok(Limit(None));
    }
    let number = text.parse::<f64>().map_err(|_| "not a number, and not `off`".to_owned())?;
    Ok(Limit(Some(number)))
}

/// Settings of the algorithm.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Algorithm (defaults depend on the task: see below, and --help)")]
pub(crate) struct HyperArgs {
    /// Step size of the optimiser in the first batch
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Lower the step size in a straight line towards 0 at the end of the run
    #[arg(long, value_enum, value_name = "SWITCH")]
    anneal_learning_rate: Option<Switch>,
    /// Discount of rewards, above 0 up to 1
    #[arg(long)]
    gamma: Option<f64>,
    /// Decay of generalised advantage estimation, 0 to 1
    #[arg(long, value_name = "LAMBDA")]
    gae_lambda: Option<f64>,
    /// Importance ratios are clipped to 1 +- RANGE
    #[arg(long, value_name = "RANGE")]
    clip_range: Option<f64>,
    /// The critic may leave its old value by this much before the worse error counts; or `off`
    #[arg(long, value_name = "RANGE", value_parser = limit)]
    value_clip: Option<Limit>,
    /// Weight of the entropy bonus
    #[arg(long, value_name = "WEIGHT")]
    entropy_coef: Option<f64>,
    /// Weight of the critic's squared error
    #[arg(long, value_name = "WEIGHT")]
    value_coef: Option<f64>,
    /// Gradients with a larger global norm are shortened to this one
    #[arg(long, value_name = "NORM")]
    max_grad_norm: Option<f64>,
    /// Stop an update whose KL divergence exceeds 1.5 times this many nats; or `off`
    #[arg(long, value_name = "NATS", value_parser = limit)]
    target_kl: Option<Limit>,
    /// Passes over the batch per update
    #[arg(long, value_name = "N")]
    passes: Option<u32>,
    /// Transitions per step of the optimiser
    #[arg(long, value_name = "N")]
    minibatch_size: Option<u32>,
    /// Normalise the advantages of a batch
    #[arg(long, value_enum, value_name = "SWITCH")]
    normalize_advantages: Option<Switch>,
    /// Rewards are multiplied by this before the critic sees them
    #[arg(long, value_name = "FACTOR")]
    reward_scale: Option<f64>,
    /// Widths of the hidden layers of both networks
    #[arg(long, value_name = "WIDTH,WIDTH", value_delimiter = ',')]
    hidden: Option<Vec<u32>>,
    /// First log-spread of a continuous policy
    #[arg(long, value_name = "LN", allow_negative_numbers = true)]
    log_std: Option<f64>,
}

impl HyperArgs {
    /// Replaces the settings that were given.
    pub(crate) fn apply(&self, hyper: &mut Hyperparams) {
        let Self {
            learning_rate,
            anneal_learning_rate,
            gamma,
            gae_lambda,
            clip_range,
            value_clip,
            entropy_coef,
            value_coef,
            max_grad_norm,
            target_kl,
            passes,
            minibatch_size,
            normalize_advantages,
            reward_scale,
            hidden,
            log_std,
        } = self;
        let on = |switch: Switch| switch == Switch::On;
        replace(&mut hyper.learning_rate, *learning_rate);
        replace(&mut hyper.anneal_learning_rate, anneal_learning_rate.map(on));
        replace(&mut hyper.gamma, *gamma);
        replace(&mut hyper.gae_lambda, *gae_lambda);
        replace(&mut hyper.clip_range, *clip_range);
        replace(&mut hyper.value_clip, value_clip.map(|limit| limit.0));
        replace(&mut hyper.entropy_coef, *entropy_coef);
        replace(&mut hyper.value_coef, *value_coef);
        replace(&mut hyper.max_grad_norm, *max_grad_norm);
        replace(&mut hyper.target_kl, target_kl.map(|limit| limit.0));
        replace(&mut hyper.passes, *passes);
        replace(&mut hyper.minibatch_size, *minibatch_size);
        replace(&mut hyper.normalize_advantages, normalize_advantages.map(on));
        replace(&mut hyper.reward_scale, *reward_scale);
        replace(&mut hyper.hidden, hidden.clone());
        replace(&mut hyper.log_std, *log_std);
    }
}

fn replace<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}
