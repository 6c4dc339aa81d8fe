//! The arguments of a training in this process; `esper` takes those about the log over.

#![expect(clippy::doc_markdown, reason = "clap prints these comments, where backticks are noise")]

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use leyline::RunId;
use nissa::log::sink::Fsync;

use super::display::Environment;
use super::listen::ListenArgs;
use crate::source::trainer::LogPlace;

/// Where runs are written unless somebody says otherwise.
const ROOT: &str = "runs";

/// Which run to train.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Training")]
pub struct TrainArgs {
    /// Task to learn: cartpole, acrobot or pendulum
    #[arg(long, default_value = "cartpole")]
    pub task: String,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Batches to train [default: the budget of the task]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub episodes: Option<u64>,
    /// Where it is written.
    #[command(flatten)]
    pub log: LogArgs,
    /// Where it listens.
    #[command(flatten)]
    pub listen: ListenArgs,
}

/// Where a run is written, and how safely.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Run directory")]
pub struct LogArgs {
    /// Directory that the new directory of the run is made in [env: SANCTUM_RUN_DIR=] [default: ./runs]
    #[arg(long, value_name = "ROOT")]
    pub run_dir: Option<PathBuf>,
    /// Id of the run and name of its directory; -2 is appended where that name is taken [default: task, time and four
    /// random characters]
    #[arg(long, value_name = "ID", value_parser = run_id)]
    pub run_id: Option<RunId>,
    /// When the event log is made safe against a power cut; what was written survives the end of this process in any case
    #[arg(long, value_enum, value_name = "POLICY", default_value_t)]
    pub fsync: FsyncChoice,
}

/// When the event log is synced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FsyncChoice {
    /// Once a second, and at once when the run starts, ends or has saved a checkpoint
    #[default]
    Interval,
    /// At the end of every batch
    Batch,
    /// After every write, which holds many events
    Always,
    /// Only at the end of the run; until then the operating system writes when it likes
    Never,
}

fn run_id(text: &str) -> Result<RunId, String> {
    RunId::new(text).map_err(|error| error.to_string())
}

impl LogArgs {
    /// Returns where the run is written.
    pub fn place(&self, env: &Environment) -> LogPlace {
        let root = self.run_dir.clone().or_else(|| env.run_dir.clone());
        let fsync = match self.fsync {
            FsyncChoice::Interval => Fsync::Interval,
            FsyncChoice::Batch => Fsync::Batch,
            FsyncChoice::Always => Fsync::Always,
            FsyncChoice::Never => Fsync::Never,
        };
        LogPlace {
            root: root.unwrap_or_else(|| PathBuf::from(ROOT)),
            run_id: self.run_id.clone(),
            fsync,
        }
    }
}
