//! The arguments of `sanctum-tui doctor`.

#![expect(clippy::doc_markdown, reason = "clap prints these comments, where backticks are noise")]

use std::path::PathBuf;

use clap::Args;

use super::Environment;

/// What people look for first in the help of `doctor`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui doctor                terminal, sockets, runs root, clock, versions
  sanctum-tui doctor cartpole-7f    why this run is found, or is not, step by step
  sanctum-tui doctor --json > doctor.json    for a report of a defect";

/// Arguments of `sanctum-tui doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Run that is not found: a path, the beginning of an id, unix:PATH or tcp://HOST:PORT
    #[arg(value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// Runs root [env: SANCTUM_RUN_DIR=] [default: ./runs]
    #[arg(long, value_name = "ROOT")]
    pub run_dir: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// What the program was started with; no argument, see [`Cli::settle`](super::Cli::settle).
    #[arg(skip)]
    pub env: Environment,
}
