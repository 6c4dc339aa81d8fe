//! The arguments of `sanctum-tui ls`.

#![expect(clippy::doc_markdown, reason = "clap prints these comments, where backticks are noise")]

use std::path::PathBuf;

use clap::Args;

use super::Environment;

/// What people look for first in the help of `ls`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui ls                  live runs of this user, and the runs below ./runs
  sanctum-tui ls /data/runs       and those below another directory
  sanctum-tui ls --json | jq -r '.runs[] | select(.state == \"live\") | .id'";

/// Arguments of `sanctum-tui ls`.
#[derive(Debug, Clone, Args)]
pub struct LsArgs {
    /// Directory of runs [default: the runs root: --run-dir, SANCTUM_RUN_DIR, else ./runs]
    #[arg(value_name = "DIR", conflicts_with = "run_dir")]
    pub dir: Option<PathBuf>,
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
