//! The arguments of `sanctum-tui tail`.

use clap::Args;

use super::read::RunArgs;

/// What people look for first in the help of `tail`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui tail runs/ID --jsonl                 every event; of a live run also those that come
  sanctum-tui tail ID --jsonl --from end           only what is new from now on
  sanctum-tui tail ID --jsonl --from time:1h | jq -c '[.seq, .event_type]'
  sanctum-tui tail runs/ID --jsonl > copy.jsonl    a file of rows, which every command reads too";

/// Arguments of `sanctum-tui tail`.
#[derive(Debug, Clone, Args)]
pub struct TailArgs {
    /// Which run is read.
    #[command(flatten)]
    pub run: RunArgs,
    /// Print JSON rows (the only form there is)
    #[arg(long)]
    pub jsonl: bool,
    /// First event: start, end, batch:N, seq:N, time:1h2m5s (since the start), ts:<RFC 3339>, alert:N or mark:a
    ///
    /// The first event printed is the one that reaches the moment; for batch:N that is the end of batch N. With end nothing is
    /// printed that is there already.
    #[arg(long, value_name = "WHEN", default_value = "start")]
    pub from: String,
}
