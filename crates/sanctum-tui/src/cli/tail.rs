//! The arguments of `sanctum-tui tail`.

use clap::Args;

use super::read::RunArgs;

/// What people look for first in the help of `tail`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui tail runs/ID --jsonl                  every event as a JSON row; follows a live run to its end
  sanctum-tui tail ID --jsonl --from end            only what is new from now on
  sanctum-tui tail ID --jsonl --from batch:26 | jq -c 'select(.event_type == \"PPO_UPDATE_COMPLETED\").data'
  sanctum-tui tail runs/ID --jsonl > copy.jsonl     a file of rows, which every command reads as well";

/// Arguments of `sanctum-tui tail`.
#[derive(Debug, Clone, Args)]
pub struct TailArgs {
    /// Which run is read.
    #[command(flatten)]
    pub run: RunArgs,
    /// Print JSON rows (the only form there is)
    #[arg(long)]
    pub jsonl: bool,
    /// First event: start, end, batch:N, seq:N, time:1h2m5s (since the start) or ts:<RFC 3339>
    #[arg(long, value_name = "WHEN", default_value = "start")]
    pub from: String,
}
