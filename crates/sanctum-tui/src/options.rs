//! How a run is shown, once flags and environment have been read.

use std::path::PathBuf;
use std::time::Duration;

use sanctum_widgets::Theme;

use crate::sinks::Sinks;

/// Screen or lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The whole terminal.
    Screen,
    /// One line per change on standard output, without escape codes.
    Plain,
}

/// How a run is shown.
#[derive(Debug, Clone)]
pub struct Options {
    /// Screen or lines.
    pub view: View,
    /// Palette, glyphs and the marker of charts.
    pub theme: Theme,
    /// Time between two frames.
    pub poll: Duration,
    /// Least time between two progress lines of the plain view; zero prints every batch.
    pub plain_interval: Duration,
    /// Whether nothing but errors goes to standard error.
    pub quiet: bool,
    /// Whether what is shown happened before: then lines carry the times of the run.
    pub is_recorded: bool,
    /// The state directory of the user, where the view of each run is kept; `None`: it is not.
    pub state: Option<PathBuf>,
    /// What tells of alerts beside the screen.
    pub sinks: Sinks,
}
