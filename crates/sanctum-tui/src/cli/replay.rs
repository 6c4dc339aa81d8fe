//! The arguments of `sanctum-tui replay`.

use clap::Args;

use super::read::RunArgs;
use crate::time::Speed;
use crate::when::At;

/// What people look for first in the help of `replay`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui replay runs/ID                        from its start, as fast as it was
  sanctum-tui replay runs/ID --speed 64             64 times as fast
  sanctum-tui replay runs/ID --at batch:26 --paused stand still at the end of a batch
  sanctum-tui replay runs/ID --at end --paused      the whole run, to look back from its end
  sanctum-tui replay runs/ID --plain                lines instead of a screen, at once";

/// Arguments of `sanctum-tui replay`.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// Which run is shown.
    #[command(flatten)]
    pub run: RunArgs,
    /// Moment to begin at: start, end, batch:N, seq:N, time:1h2m5s (since the start), ts:<RFC 3339>, alert:N or mark:a
    #[arg(long, value_name = "WHEN", default_value = "start")]
    pub at: At,
    /// Seconds of the run in a second: a power of two from 1/8 to 1024
    #[arg(long, value_name = "N", default_value_t = Speed::ONE)]
    pub speed: Speed,
    /// Stand still at first
    #[arg(long)]
    pub paused: bool,
}
