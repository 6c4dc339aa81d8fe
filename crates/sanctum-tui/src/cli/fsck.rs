//! The arguments of `sanctum-tui fsck`.

use clap::Args;

use super::read::RunArgs;

/// What people look for first in the help of `fsck`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui fsck runs/ID            what is whole, what is damaged, what is lost
  sanctum-tui fsck runs/ID --json     the same, as one JSON object
  sanctum-tui fsck runs/ID --repair   writes what is whole into runs/ID.repaired";

/// Arguments of `sanctum-tui fsck`.
#[derive(Debug, Clone, Args)]
pub struct FsckArgs {
    /// Which run is examined: a run directory with an event log.
    #[command(flatten)]
    pub run: RunArgs,
    /// Write what is whole into DIR.repaired
    ///
    /// The original is never changed, and a live run is refused. Checkpoints are not copied. The exit code is that of the
    /// original: 4 if it is damaged.
    #[arg(long)]
    pub repair: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
}
