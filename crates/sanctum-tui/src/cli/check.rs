//! The arguments of `sanctum-tui check`.

#![expect(clippy::doc_markdown, reason = "clap prints these comments, where backticks are noise")]

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Environment;
use super::read::{GroupArgs, RunArgs};

/// What people look for first in the help of `check`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui check runs/ID                      exits 0, 10 (worst was a warning) or 11 (critical)
  sanctum-tui check runs/ID --fail-on critical   warnings are printed and exit 0
  sanctum-tui check runs/ID --json --at batch:26
  sanctum-tui check ID --follow                  stays with a live run, a line for each alert as it begins and ends
  sanctum-tui check ID --follow --alert-command 'curl -fsS --json @- https://example.org/hook'
  ssh HOST sanctum-tui tail ID --jsonl | sanctum-tui check - --follow";

/// Arguments of `sanctum-tui check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Which run is read.
    #[command(flatten)]
    pub run: RunArgs,
    /// Level from which on the exit code says so: 10 for a warning, 11 for a critical verdict
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Warning)]
    pub fail_on: FailOn,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Stay with a live run: print a line when an alert begins, becomes worse or ends, and the result when the run is over
    ///
    /// RUN may be unix:PATH or tcp://HOST:PORT too. It needs no screen, and feeds --bell, --desktop and --alert-command. Alerts that last when it comes count as beginning then.
    /// With --json each line is an object with `change`, and the last one is the result.
    #[arg(long, conflicts_with = "at")]
    pub follow: bool,
    /// With --follow and tcp://: file with the token [env: SANCTUM_TOKEN_FILE=]
    #[arg(long, value_name = "FILE", requires = "follow")]
    pub token_file: Option<PathBuf>,
    /// What the program was started with; no argument, see [`Cli::settle`](super::Cli::settle).
    #[arg(skip)]
    pub env: Environment,
    /// Look no further than this moment: end, batch:N, seq:N, time:1h2m5s (since the start), ts:<RFC 3339>, alert:N or mark:a
    #[arg(long, value_name = "WHEN", default_value = "end")]
    pub at: String,
    /// Which group is checked.
    #[command(flatten)]
    pub group: GroupArgs,
}

/// A level of a verdict that can make `check` fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum FailOn {
    /// Warnings and critical verdicts
    Warning,
    /// Critical verdicts only
    Critical,
}
