//! The arguments of the commands that read a recorded run and need no terminal.

#![expect(clippy::doc_markdown, reason = "clap prints these comments, where backticks are noise")]

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What people look for first in the help of `snapshot`.
pub(super) const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  sanctum-tui snapshot runs/ID --json                               everything, as one JSON object
  sanctum-tui snapshot runs/ID --json --get policy.kl_divergence    one value, bare
  sanctum-tui snapshot runs/ID --get policy.kl_divergence.verdict   a part of a reading
  sanctum-tui snapshot runs/ID --get envs[0].status --at batch:26
  sanctum-tui snapshot runs/ID --get metrics[eval/return].points
  zcat run.jsonl.gz | sanctum-tui snapshot - --json --at time:1h2m5s";

/// What people look for first in the help of `render`.
pub(super) const RENDER_EXAMPLES: &str = "\
Examples:
  sanctum-tui render runs/ID                              the main screen at 120x40, as text
  sanctum-tui render runs/ID --size 80x24 --at batch:26   smaller, at the end of a batch
  sanctum-tui render runs/ID --widget RunHeader           one widget alone
  sanctum-tui render runs/ID --scene past --at batch:26   with the time bar
  sanctum-tui render runs/ID --scene difference --against batch:20 --at batch:26
  sanctum-tui render runs/ID --scene inspector --metric policy.kl_divergence
  sanctum-tui render runs/ID --scene alerts
  sanctum-tui render runs/ID --format ansi | less -R
  sanctum-tui render runs/ID --format svg --theme light > frame.svg";

/// Which run is read.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Run directory, finished or live; file of JSON rows (`-`: standard input); or the beginning of the id of a run below
    /// the runs root
    #[arg(value_name = "RUN")]
    pub source: PathBuf,
    /// Runs root, in which ids are looked up [env: SANCTUM_RUN_DIR=] [default: ./runs]
    #[arg(long, value_name = "ROOT")]
    pub run_dir: Option<PathBuf>,
    /// Whether a long read says on standard error how far it is; no argument, see [`Cli::settle`](super::Cli::settle).
    #[arg(skip)]
    pub progress: Progress,
    /// Where the marks of a run are kept; no argument, see [`Cli::settle`](super::Cli::settle).
    #[arg(skip)]
    pub state: Option<PathBuf>,
}

impl RunArgs {
    /// Returns whether the run comes through standard input.
    pub fn is_a_pipe(&self) -> bool {
        self.source.as_os_str() == "-"
    }

    /// Returns whether the run is named by where it listens.
    pub fn is_a_socket(&self) -> bool {
        let name = self.source.to_str().unwrap_or_default();
        name.starts_with("unix:") || name.starts_with("tcp:")
    }
}

/// Whether a long read says how far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Progress {
    /// Standard error is no terminal, or is to be quiet.
    #[default]
    Silent,
    /// On standard error, in one line that is written over.
    Shown,
}

/// Which group of which run counts.
#[derive(Debug, Clone, Default, Args)]
pub struct GroupArgs {
    /// Group of the run [default: the one that started first]
    #[arg(long, value_name = "ID")]
    pub group: Option<String>,
    /// Run, where the rows hold several [default: the one that started last]
    #[arg(long = "run", value_name = "ID")]
    pub run_id: Option<String>,
}

/// Which run is read, and up to where.
#[derive(Debug, Clone, Args)]
pub struct ReadArgs {
    /// Which run is read.
    #[command(flatten)]
    pub run: RunArgs,
    /// Moment shown: start, end, batch:N, seq:N, time:1h2m5s (since the start), ts:<RFC 3339>, alert:N or mark:a
    #[arg(long, value_name = "WHEN", default_value = "end")]
    pub at: String,
    /// Time passed since the last event applied, as +SECONDS
    #[arg(long, value_name = "+SECONDS", allow_negative_numbers = true)]
    pub now: Option<String>,
    /// Treat the source as closed after the last event applied
    #[arg(long)]
    pub closed: bool,
    /// Which group is shown.
    #[command(flatten)]
    pub group: GroupArgs,
}

/// Arguments of `sanctum-tui snapshot`.
#[derive(Debug, Clone, Args)]
pub struct SnapshotArgs {
    /// Which run is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Print the snapshot as one JSON object (the only form there is)
    #[arg(long)]
    pub json: bool,
    /// Print the bare value at PATH, such as policy.kl_divergence or policy.kl_divergence.verdict
    #[arg(long, value_name = "PATH")]
    pub get: Option<String>,
}

/// Arguments of `sanctum-tui render`.
#[derive(Debug, Clone, Args)]
pub struct RenderArgs {
    /// Which run is read.
    #[command(flatten)]
    pub read: ReadArgs,
    /// Columns and rows of the frame [default: 120x40, and 120x1 for a widget that is one line]
    #[arg(long, value_name = "WxH")]
    pub size: Option<String>,
    /// Draw this widget only
    #[arg(long, value_name = "NAME", conflicts_with = "scene")]
    pub widget: Option<String>,
    /// Draw this scene: overview, help, past, difference, inspector, alerts [default: overview]
    #[arg(long, value_name = "NAME")]
    pub scene: Option<String>,
    /// With --scene difference: the moment that the one of --at is compared with
    #[arg(long, value_name = "WHEN")]
    pub against: Option<String>,
    /// With --scene inspector: the number, as TELE-110 or policy.kl_divergence
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Form of a rendered frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Characters only, without trailing spaces
    Text,
    /// Characters with the escape codes of their styles
    Ansi,
    /// A picture
    Svg,
}
