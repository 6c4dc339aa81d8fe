//! The flags about what tells of alerts beside the screen.

use std::time::Duration;

use clap::{Args, ValueEnum};
use leyline::AlertLevel;

use crate::config::key::words;
use crate::sinks::{CommandSink, DesktopSink, Form, Sinks};

/// Seconds after which a command is killed, where nobody says otherwise.
const SECONDS: u64 = 10;

/// Flags about what tells of alerts beside the screen.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Alerts")]
pub struct AlertArgs {
    /// Ring the bell of the terminal when an alert of a live run reaches this level [default: critical]
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    pub bell: Option<LevelChoice>,
    /// Ask the terminal for a notice on the desktop when an alert reaches this level [default: off]
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    pub desktop: Option<LevelChoice>,
    /// The escape sequence that the terminal knows [default: osc9]
    #[arg(long, global = true, value_enum, value_name = "FORM")]
    pub desktop_form: Option<DesktopForm>,
    /// Start this program when an alert reaches --alert-level, with the alert as JSON on its standard input
    ///
    /// It is divided into words as by a shell, and no shell is used; `sh -c '...'` is one. The variables `SANCTUM_ALERT_RULE`,
    /// `_LEVEL`, `_TEXT`, `_RUN`, `_GROUP` and `_BATCH` say the same in short.
    #[arg(long, global = true, value_name = "COMMAND", value_parser = command)]
    pub alert_command: Option<CommandWords>,
    /// Least level of an alert that starts the command [default: critical]
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    pub alert_level: Option<LevelChoice>,
    /// Seconds after which the command is killed [default: 10]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub alert_seconds: Option<u64>,
}

/// A program and its arguments; nothing: none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandWords(pub Vec<String>);

/// The least level of an alert that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LevelChoice {
    /// No alert
    Off,
    /// Every alert
    Info,
    /// Warnings and critical alerts
    Warning,
    /// Critical alerts
    Critical,
}

/// How a terminal is asked for a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DesktopForm {
    /// ESC ] 9 ; text, as iTerm2 has it
    Osc9,
    /// ESC ] 777 ; notify ; title ; text, as urxvt has it
    Osc777,
}

fn command(text: &str) -> Result<CommandWords, String> {
    words(text).map(CommandWords)
}

impl AlertArgs {
    /// Returns what is to be told where.
    pub fn sinks(&self) -> Sinks {
        let bell = self.bell.unwrap_or(LevelChoice::Critical).least();
        let desktop = self.desktop.unwrap_or(LevelChoice::Off).least();
        let form = match self.desktop_form.unwrap_or(DesktopForm::Osc9) {
            DesktopForm::Osc9 => Form::Osc9,
            DesktopForm::Osc777 => Form::Osc777,
        };
        let least = self.alert_level.unwrap_or(LevelChoice::Critical).least();
        let words = self.alert_command.as_ref().map(|command| &command.0);
        let words = words.filter(|words| !words.is_empty());
        Sinks {
            bell,
            desktop: desktop.map(|least| DesktopSink { least, form }),
            command: words.zip(least).map(|(words, least)| CommandSink {
                words: words.clone(),
                least,
                patience: Duration::from_secs(self.alert_seconds.unwrap_or(SECONDS)),
            }),
        }
    }
}

impl LevelChoice {
    const fn least(self) -> Option<AlertLevel> {
        match self {
            Self::Off => None,
            Self::Info => Some(AlertLevel::Info),
            Self::Warning => Some(AlertLevel::Warning),
            Self::Critical => Some(AlertLevel::Critical),
        }
    }
}
