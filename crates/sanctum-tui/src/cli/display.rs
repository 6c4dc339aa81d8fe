//! The flags of everything that shows a run, and the environment variables that stand behind them.
//!
//! `esper` flattens the same flags into its own command line, so both programs look and behave alike.

#![expect(clippy::doc_markdown, reason = "clap prints these comments, where backticks are noise")]

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use leyline::RuleId;
use sanctum_widgets::{Glyphs, Marker, Theme};

use super::alerts::{AlertArgs, CommandWords};
use crate::config;
use crate::config::key::{Id, KEYS, Value};
use crate::options::{Options, View};
use crate::settings::OwnLimit;

/// Milliseconds between two frames, where nobody says otherwise.
const POLL_MS: u64 = 250;

/// Which palette is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ThemeChoice {
    /// Light if COLORFGBG says so, else dark
    Auto,
    /// For dark backgrounds
    Dark,
    /// For light backgrounds
    Light,
    /// No colours, attributes only
    Mono,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// Unless NO_COLOR is set or standard output is not a terminal
    Auto,
    /// Also with NO_COLOR
    Always,
    /// Never
    Never,
}

/// With which characters charts are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MarkerChoice {
    /// Two by four dots in a cell
    Braille,
    /// Solid cells
    Block,
    /// One dot in a cell
    Dot,
    /// Nothing but ASCII
    Ascii,
}

/// Flags of everything that shows a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Display")]
pub struct DisplayArgs {
    /// Configuration file [env: SANCTUM_CONFIG=] [default: sanctum/config.toml in XDG_CONFIG_HOME or ~/.config]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Palette [default: auto]
    #[arg(long, global = true, value_enum)]
    pub theme: Option<ThemeChoice>,
    /// When to use colour; the flag wins over NO_COLOR and CLICOLOR_FORCE [default: auto]
    #[arg(long, global = true, value_enum)]
    pub color: Option<ColorChoice>,
    /// Draw with ASCII characters only; the default where the locale is not UTF-8
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Characters of the charts; --ascii implies ascii [default: braille]
    #[arg(long, global = true, value_enum)]
    pub marker: Option<MarkerChoice>,
    /// Milliseconds between two frames [default: 250]
    ///
    /// At 250 a screen sends less than 2 kB a second: where every frame changes most of the panels, these follow a little
    /// later than the lines at the top. Fewer milliseconds allow as much more.
    #[arg(long, global = true, value_name = "MS", value_parser = clap::value_parser!(u64).range(33..=1000))]
    pub poll: Option<u64>,
    /// Print lines instead of a screen; the default where standard output is not a terminal or TERM is dumb
    #[arg(long, global = true)]
    pub plain: bool,
    /// Least time between two progress lines; alerts and changes of the run's state are printed at once [default: 1 in
    /// sanctum-tui, 0 in esper, which prints every batch]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub plain_interval: Option<f64>,
    /// Print nothing but errors on standard error
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Judge a record by these limits, warning and critical, instead of those that are built in, as in TELE-110=0.02,0.05
    #[arg(long, global = true, value_name = "TELE-NNN=W,C", value_parser = crate::settings::limit)]
    pub limit: Vec<OwnLimit>,
    /// Do not evaluate this rule, such as kl-high
    #[arg(long, global = true, value_name = "RULE", value_parser = crate::settings::rule)]
    pub mute: Vec<RuleId>,
    /// What tells of alerts beside the screen.
    #[command(flatten)]
    pub alerts: AlertArgs,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=86_400.0).contains(&value) => Ok(value),
        Ok(_) | Err(_) => Err("not a number of seconds from 0 to 86400".to_owned()),
    }
}

/// What the process was started with, as far as the display depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `NO_COLOR`.
    pub no_color: Option<String>,
    /// `CLICOLOR_FORCE`.
    pub clicolor_force: Option<String>,
    /// `COLORFGBG`, such as `15;0`.
    pub colorfgbg: Option<String>,
    /// `TERM`.
    pub term: Option<String>,
    /// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set and not empty.
    pub locale: Option<String>,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// `SANCTUM_RUN_DIR`, the runs root.
    pub run_dir: Option<PathBuf>,
    /// `COLORTERM`, which says whether there are more than 256 colours.
    pub colorterm: Option<String>,
    /// `XDG_RUNTIME_DIR`, where sockets are.
    pub runtime_dir: Option<PathBuf>,
    /// The directory for temporary files, where sockets are without that one.
    pub temporary_dir: PathBuf,
    /// `XDG_STATE_HOME` or what stands for it, with `sanctum`: where the view of each run is kept.
    pub state_dir: Option<PathBuf>,
    /// `SANCTUM_TOKEN_FILE`, with the token of a run that is reached over TCP.
    pub token_file: Option<PathBuf>,
    /// `SANCTUM_CONFIG`, the configuration file.
    pub config_file: Option<PathBuf>,
    /// `XDG_CONFIG_HOME` or what stands for it, with `sanctum`: where that file is without that variable, and which of them said so.
    pub config_dir: Option<(PathBuf, &'static str)>,
    /// Variables that set something, by name; see [`crate::config`].
    pub settings: BTreeMap<&'static str, String>,
}

impl Environment {
    /// Reads the environment of this process.
    pub fn read() -> Self {
        Self {
            no_color: variable("NO_COLOR"),
            clicolor_force: variable("CLICOLOR_FORCE"),
            colorfgbg: variable("COLORFGBG"),
            term: variable("TERM"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            run_dir: variable("SANCTUM_RUN_DIR").map(PathBuf::from),
            colorterm: variable("COLORTERM"),
            runtime_dir: variable("XDG_RUNTIME_DIR").map(PathBuf::from),
            temporary_dir: std::env::temp_dir(),
            state_dir: state_dir(variable("XDG_STATE_HOME"), variable("HOME")),
            token_file: variable("SANCTUM_TOKEN_FILE").map(PathBuf::from),
            config_file: variable("SANCTUM_CONFIG").map(PathBuf::from),
            config_dir: config_dir(variable("XDG_CONFIG_HOME"), variable("HOME")),
            settings: KEYS
                .iter()
                .filter_map(|key| Some((key.variable?, variable(key.variable?)?)))
                .collect(),
        }
    }

    /// Returns the folder with the sockets of this user's runs. It need not exist.
    pub fn socket_folder(&self) -> PathBuf {
        let uid = nissa::socket::endpoint::own_uid();
        nissa::socket::endpoint::folder(self.runtime_dir.as_deref(), &self.temporary_dir, uid)
    }

    fn is_light(&self) -> bool {
        let background = self.colorfgbg.as_deref().and_then(|v| v.rsplit(';').next());
        matches!(background, Some("7" | "15"))
    }

    /// Returns whether the locale is UTF-8. One that says nothing about its encoding (`C`, `POSIX`) is not; none at all says
    /// nothing.
    pub fn is_utf8(&self) -> bool {
        self.locale.as_deref().is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
    }
}

/// A relative path is not allowed there, by the specification of these directories.
fn absolute(path: PathBuf) -> Option<PathBuf> {
    path.is_absolute().then_some(path)
}

fn state_dir(state_home: Option<String>, home: Option<String>) -> Option<PathBuf> {
    let given = state_home.map(PathBuf::from).and_then(absolute);
    let usual = || home.map(|home| PathBuf::from(home).join(".local/state")).and_then(absolute);
    given.or_else(usual).map(|path| path.join("sanctum"))
}

fn config_dir(
    config_home: Option<String>,
    home: Option<String>,
) -> Option<(PathBuf, &'static str)> {
    let named = |path: PathBuf, name| Some((absolute(path)?.join("sanctum"), name));
    let given = config_home.and_then(|path| named(path.into(), "XDG_CONFIG_HOME"));
    given.or_else(|| named(PathBuf::from(home?).join(".config"), "HOME"))
}

/// An empty variable counts as not set: so `NO_COLOR` wants it, and so the others are used.
#[expect(clippy::disallowed_methods, reason = "the environment is read in cli.rs, and only there")]
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name)
        .map(|value| value.to_string_lossy().into_owned())
        .filter(|value| !value.is_empty())
}

impl DisplayArgs {
    /// Returns what the flags and `env` together mean; `plain_interval` is the seconds that hold without the flag.
    pub fn resolve(&self, env: &Environment, plain_interval: f64) -> Options {
        let glyphs = if self.ascii || !env.is_utf8() { Glyphs::Ascii } else { Glyphs::Unicode };
        let screen = env.stdout_is_terminal && env.term.as_deref() != Some("dumb") && !self.plain;
        Options {
            view: if screen { View::Screen } else { View::Plain },
            theme: self.theme(env).with_glyphs(glyphs).with_marker(self.marker()),
            poll: Duration::from_millis(self.poll.unwrap_or(POLL_MS)),
            plain_interval: Duration::from_secs_f64(self.plain_interval.unwrap_or(plain_interval)),
            quiet: self.quiet,
            is_recorded: false,
            state: env.state_dir.clone(),
            sinks: self.alerts.sinks(),
        }
    }

    /// Returns what a flag says of a setting; `None`: it was not given.
    pub(crate) fn given(&self, id: Id) -> Option<Value> {
        let Self { theme, color, marker, alerts, .. } = self;
        match id {
            Id::Theme => theme.as_ref().map(config::word),
            Id::Color => color.as_ref().map(config::word),
            Id::Ascii => self.ascii.then_some(Value::Flag(true)),
            Id::Marker => marker.as_ref().map(config::word),
            Id::Poll => self.poll.map(Value::Number),
            Id::Bell => alerts.bell.as_ref().map(config::word),
            Id::Desktop => alerts.desktop.as_ref().map(config::word),
            Id::DesktopForm => alerts.desktop_form.as_ref().map(config::word),
            Id::Command => alerts.alert_command.clone().map(|command| Value::Words(command.0)),
            Id::CommandLevel => alerts.alert_level.as_ref().map(config::word),
            Id::CommandSeconds => alerts.alert_seconds.map(Value::Number),
        }
    }

    /// Takes the value of a setting that was decided from all that there is.
    pub(crate) fn fill(&mut self, id: Id, value: &Value) {
        let alerts = &mut self.alerts;
        match (id, value) {
            (Id::Theme, value) => self.theme = config::choice(value),
            (Id::Color, value) => self.color = config::choice(value),
            (Id::Ascii, value) => self.ascii = *value == Value::Flag(true),
            (Id::Marker, value) => self.marker = config::choice(value),
            (Id::Bell, value) => alerts.bell = config::choice(value),
            (Id::Desktop, value) => alerts.desktop = config::choice(value),
            (Id::DesktopForm, value) => alerts.desktop_form = config::choice(value),
            (Id::CommandLevel, value) => alerts.alert_level = config::choice(value),
            (Id::Command, Value::Words(words)) => {
                alerts.alert_command = Some(CommandWords(words.clone()));
            }
            (Id::Poll, Value::Number(number)) => self.poll = Some(*number),
            (Id::CommandSeconds, Value::Number(number)) => alerts.alert_seconds = Some(*number),
            // The table lets no other value through.
            (
                Id::Command | Id::Poll | Id::CommandSeconds,
                Value::Word(_) | Value::Flag(_) | Value::Number(_) | Value::Words(_),
            ) => {}
        }
    }

    fn theme(&self, env: &Environment) -> Theme {
        let colored = match self.color.unwrap_or(ColorChoice::Auto) {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let forced = env.clicolor_force.as_deref().is_some_and(|v| v != "0");
                env.no_color.is_none() && (forced || env.stdout_is_terminal)
            }
        };
        match self.theme.unwrap_or(ThemeChoice::Auto) {
            ThemeChoice::Mono => Theme::PLAIN,
            ThemeChoice::Dark | ThemeChoice::Light | ThemeChoice::Auto if !colored => Theme::PLAIN,
            ThemeChoice::Light => Theme::LIGHT,
            ThemeChoice::Auto if env.is_light() => Theme::LIGHT,
            ThemeChoice::Dark | ThemeChoice::Auto => Theme::DARK,
        }
    }

    const fn marker(&self) -> Marker {
        match self.marker {
            None | Some(MarkerChoice::Braille) => Marker::Braille,
            Some(MarkerChoice::Block) => Marker::Block,
            Some(MarkerChoice::Dot) => Marker::Dot,
            Some(MarkerChoice::Ascii) => Marker::Ascii,
        }
    }
}

#[cfg(test)]
mod tests;
