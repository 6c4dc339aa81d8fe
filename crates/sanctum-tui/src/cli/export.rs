//! The arguments of `sanctum-tui export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::read::{GroupArgs, RunArgs};

/// What people look for first in the help of `export`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui export runs/ID --format csv -o run.csv             every point of every metric
  sanctum-tui export runs/ID --format jsonl --metrics 'policy.*' --metrics episodes.mean_return
  sanctum-tui export runs/ID --format rows > run.jsonl           the events themselves, as JSON rows
  sanctum-tui export runs/ID --format parquet -o run.parquet     in builds with the feature parquet";

/// Arguments of `sanctum-tui export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// Which run is read.
    #[command(flatten)]
    pub run: RunArgs,
    /// Form of the output
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// Only metrics whose name fits; may be given several times, * stands for anything
    #[arg(long, value_name = "GLOB")]
    pub metrics: Vec<String>,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Which group is exported.
    #[command(flatten)]
    pub group: GroupArgs,
}

/// Form of exported data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// The points of the metrics, one line each
    Csv,
    /// The points of the metrics, one JSON object each
    Jsonl,
    /// The events, as JSON rows
    Rows,
    /// The points of the metrics, as a Parquet file
    Parquet,
}
