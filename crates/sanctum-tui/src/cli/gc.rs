//! The arguments of `sanctum-tui gc`.

#![expect(clippy::doc_markdown, reason = "clap prints these comments, where backticks are noise")]

use std::path::PathBuf;

use clap::Args;

/// What people look for first in the help of `gc`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui gc --keep 20 --dry-run    what would go of ./runs if the 20 newest runs stayed
  sanctum-tui gc --older-than 30        asks, then removes runs without a write for 30 days
  sanctum-tui gc /data/runs --keep 5 --older-than 30 --yes    for cron; a run must be both to go";

/// Arguments of `sanctum-tui gc`.
#[derive(Debug, Clone, Args)]
pub struct GcArgs {
    /// Directory of runs [default: the runs root: --run-dir, SANCTUM_RUN_DIR, else ./runs]
    #[arg(value_name = "DIR", conflicts_with = "run_dir")]
    pub dir: Option<PathBuf>,
    /// Runs root [env: SANCTUM_RUN_DIR=] [default: ./runs]
    #[arg(long, value_name = "ROOT")]
    pub run_dir: Option<PathBuf>,
    /// Keep the N runs that were written last; a live one counts as one of them
    #[arg(long, value_name = "N")]
    pub keep: Option<u64>,
    /// Remove runs only if nothing was written to them for DAYS days
    #[arg(long, value_name = "DAYS")]
    pub older_than: Option<u64>,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}
