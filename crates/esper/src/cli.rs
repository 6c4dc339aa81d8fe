//! The command line of `esper`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use sanctum_tui::cli::{DisplayArgs, ListenArgs, LogArgs};
use simic_training::fault::Fault;

mod defaults;
mod hyper;

pub(crate) use hyper::HyperArgs;

/// Seconds between two lines of progress, unless `--plain-interval` says otherwise: `esper` prints every batch.
pub(crate) const PLAIN_INTERVAL: f64 = 0.0;

/// Trains policies and opens Sanctum.
#[derive(Debug, Parser)]
#[command(name = "esper", version, arg_required_else_help = true, subcommand_required = true)]
#[command(after_long_help = "Examples: esper ppo --help")]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train with proximal policy optimisation
    ///
    /// With a terminal on standard output the screen of Sanctum opens; otherwise, or with --no-tui, one line is printed per
    /// batch. Every run gets a new id and writes a directory of that name below --run-dir, with its manifest, its event log
    /// and its checkpoints. What happens to the log later never stops the training: what it lost is counted and told. A
    /// checkpoint that cannot be written ends the run as failed.
    #[command(allow_negative_numbers = true, before_long_help = defaults::EXAMPLES, after_long_help = defaults::text())]
    #[command(after_help = "Examples, defaults of the tasks and exit codes: --help")]
    Ppo(Box<PpoArgs>),
}

/// Arguments of `esper ppo`.
#[derive(Debug, Args)]
pub(crate) struct PpoArgs {
    /// Task to learn: cartpole, acrobot or pendulum [default: cartpole; with --resume that of the checkpoint]
    #[arg(long, value_name = "TASK")]
    pub(crate) task: Option<String>,
    /// Batches to train in this run [default: the budget of the task; with --resume what was left to do, if anything]
    #[arg(long, value_name = "N")]
    pub(crate) episodes: Option<u64>,
    /// Batches that count as done before this run; the run ends at batch K + N
    #[arg(long, value_name = "K")]
    pub(crate) start_episode: Option<u64>,
    /// Parallel environments
    #[arg(long, value_name = "E")]
    pub(crate) envs: Option<u32>,
    /// Epochs of one batch: steps that each environment takes between two updates
    #[arg(long, value_name = "STEPS")]
    pub(crate) episode_length: Option<u32>,
    /// Seed of everything random [default: 1]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Go on from a checkpoint file, or from the newest checkpoint of a run directory
    #[arg(long, value_name = "PATH")]
    pub(crate) resume: Option<PathBuf>,
    /// Also write a checkpoint every K batches; one is always written at the end
    #[arg(long, value_name = "K")]
    pub(crate) save: Option<u64>,
    /// Try the policy out after every N-th batch, with the action that it thinks best, apart from the training
    ///
    /// The env-episodes run in an environment of their own, which changes nothing in the training; each is cut off at the time
    /// limit of the task, or after 10000 steps where it has none. They begin alike in every evaluation, and are told as the
    /// metrics `eval/mean_return`, `eval/std_return` and `eval/mean_length`, over env steps. A checkpoint does not keep this.
    #[arg(long, value_name = "N")]
    pub(crate) eval_every: Option<u64>,
    /// With --eval-every: env-episodes of one evaluation [default: 10]
    #[arg(long, value_name = "K", requires = "eval_every")]
    pub(crate) eval_episodes: Option<u32>,
    /// Print lines instead of opening the screen
    #[arg(long)]
    pub(crate) no_tui: bool,
    /// Report every K-th epoch of an environment; 1 reports all, the last of a batch is always reported
    #[arg(long, value_name = "K")]
    pub(crate) epoch_every: Option<u32>,
    /// Write a batch to this file as JSON: log-probabilities, rewards, values, ends, advantages and returns, from which its
    /// numbers can be computed again
    #[arg(long, value_name = "FILE")]
    pub(crate) dump_rollout: Option<PathBuf>,
    /// With --dump-rollout: the batch [default: the first one of this run]
    #[arg(long, value_name = "N", requires = "dump_rollout")]
    pub(crate) dump_batch: Option<u64>,
    /// Where the run is written.
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// Where it listens for viewers.
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Settings of the algorithm.
    #[command(flatten)]
    pub(crate) hyper: HyperArgs,
    /// How the run is shown.
    #[command(flatten)]
    pub(crate) display: DisplayArgs,
    /// Make something go wrong, to see what diagnosis says of it; may be given several times
    ///
    /// `entropy-bonus=-0.1`: the weight of the entropy bonus, which may be negative here. `nan-gradient@12`: one element of
    /// the first gradient of batch 12 is NaN. `frozen-env=3@5`: environment 3 stands still from batch 5 on. The start event of
    /// the run names it, and no checkpoint has it.
    #[arg(long, value_name = "FAULT", help_heading = "Faults", hide_short_help = true)]
    pub(crate) inject: Vec<Fault>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound_and_the_help_is_this() {
        Cli::command().debug_assert();
        let mut cli = Cli::command().term_width(100);
        cli.build();
        let ppo = cli.find_subcommand("ppo").cloned().unwrap();
        // The defaults below it are the trainer's, and change with it.
        let mut ppo = ppo.after_long_help("").term_width(100);
        insta::assert_snapshot!("ppo_help", ppo.render_long_help().to_string());
        insta::assert_snapshot!("help", cli.render_long_help().to_string());
    }
}
