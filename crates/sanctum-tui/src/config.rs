//! Settings of a person: the command line, then variables, then the configuration file, then what is built in.
//!
//! The environment is read by [`Environment`], in the command line, and nowhere else; what is decided here depends on
//! arguments alone, but for the file that they name.

use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::{DisplayArgs, Environment};
use crate::settings::{self, Origin};

pub(crate) mod file;
pub(crate) mod key;
pub(crate) mod show;

use file::{FileSettings, Placed, Problem};
use key::{Id, KEYS, Value};

/// Why a configuration cannot be used: exit code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// Where the file is, and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    /// What named it, such as `--config`.
    pub(crate) named_by: &'static str,
    /// Whether somebody asked for this very file, which must then be there.
    pub(crate) is_asked_for: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Flag(&'static str),
    Variable(&'static str),
    /// The line of the file.
    File(usize),
    BuiltIn,
}

/// Everything that was set, by whom.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// One for each line of the table.
    pub(crate) values: Vec<(Id, Value, From)>,
    pub(crate) limits: Vec<(settings::OwnLimit, Origin)>,
    pub(crate) muted: Vec<(leyline::RuleId, Origin)>,
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "${name}"),
            Self::File(line) => Origin::File(*line).fmt(f),
            Self::BuiltIn => f.write_str("built in"),
        }
    }
}

/// Finds where the file is looked for; `None`: nowhere, because there is no home.
pub(crate) fn place(display: &DisplayArgs, env: &Environment) -> Option<Place> {
    let asked =
        |path: &PathBuf, named_by| Place { path: path.clone(), named_by, is_asked_for: true };
    let flag = display.config.as_ref().map(|path| asked(path, "--config"));
    let variable = || env.config_file.as_ref().map(|path| asked(path, "SANCTUM_CONFIG"));
    let usual = || {
        let (dir, named_by) = env.config_dir.as_ref()?;
        Some(Place { path: dir.join("config.toml"), named_by, is_asked_for: false })
    };
    flag.or_else(variable).or_else(usual)
}

/// Reads what a file holds; `None`: it is not there.
pub(crate) fn text(place: &Place) -> Result<Option<String>, ConfigError> {
    match fs::read_to_string(&place.path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if !place.is_asked_for && is_nothing(&error) => Ok(None),
        Err(error) => Err(ConfigError(format!(
            "cannot read the configuration file ({error}), named by {}: {}",
            place.named_by,
            place.path.display()
        ))),
    }
}

/// Returns whether there is no such file, for want of it or of a folder on the way.
fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Reads the file of `place`.
pub(crate) fn read(place: Option<&Place>) -> Result<FileSettings, ConfigError> {
    let Some(place) = place else { return Ok(FileSettings::default()) };
    let Some(text) = text(place)? else { return Ok(FileSettings::default()) };
    let (found, problems) = file::parse(&text);
    let Some(first) = problems.first() else { return Ok(found) };
    let more = match problems.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more: `sanctum-tui config check`)"),
    };
    Err(ConfigError(format!("{}{more}", told(place, first))))
}

/// Returns a problem with the file and the line, as compilers do.
pub(crate) fn told(place: &Place, problem: &Problem) -> String {
    format!("{}:{}: {}", place.path.display(), problem.line, problem.value)
}

/// Joins command line, variables and file.
pub(crate) fn merge(
    display: &DisplayArgs,
    env: &Environment,
    file: FileSettings,
) -> Result<Merged, ConfigError> {
    let mut merged = Merged::default();
    for key in &KEYS {
        let of_variable = || key.variable.and_then(|name| Some((name, env.settings.get(name)?)));
        let (value, from) = if let Some(value) = display.given(key.id) {
            (value, From::Flag(key.flag))
        } else if let Some((name, text)) = of_variable() {
            let read = key.form.parse(text);
            let read = read.map_err(|why| ConfigError(format!("{name} is {why}: {text}")))?;
            (read, From::Variable(name))
        } else if let Some((_, placed)) = file.values.iter().find(|(id, _)| *id == key.id) {
            (placed.value.clone(), From::File(placed.line))
        } else {
            (key.default(), From::BuiltIn)
        };
        merged.values.push((key.id, value, from));
    }
    let is_left =
        |own: &settings::OwnLimit| !display.limit.iter().any(|flag| flag.record() == own.record());
    merged.limits = file.limits.into_iter().map(placed).filter(|(own, _)| is_left(own)).collect();
    merged.limits.extend(display.limit.iter().map(|own| (*own, Origin::Flag)));
    merged.muted = file.muted.into_iter().map(placed).collect();
    merged.muted.extend(display.mute.iter().map(|rule| (*rule, Origin::Flag)));
    Ok(merged)
}

fn placed<T>(placed: Placed<T>) -> (T, Origin) {
    (placed.value, Origin::File(placed.line))
}

/// Fills in what the command line leaves open, and makes limits and muted rules those of every fold of this process.
///
/// # Errors
///
/// See [`ConfigError`]; nothing has changed then.
pub fn settle(display: &mut DisplayArgs, env: &Environment) -> Result<(), ConfigError> {
    let merged = merge(display, env, read(place(display, env).as_ref())?)?;
    for (id, value, _) in &merged.values {
        display.fill(*id, value);
    }
    settings::set(&merged.limits, &merged.muted);
    Ok(())
}

/// Returns the choice that a word of the table stands for.
pub(crate) fn choice<T: ValueEnum>(value: &Value) -> Option<T> {
    match value {
        Value::Word(word) => T::from_str(word, false).ok(),
        Value::Flag(_) | Value::Number(_) | Value::Words(_) => None,
    }
}

/// Returns a choice as a word of the table.
pub(crate) fn word<T: ValueEnum>(choice: &T) -> Value {
    let value = choice.to_possible_value();
    Value::Word(value.map_or_else(String::new, |value| value.get_name().to_owned()))
}

#[cfg(test)]
mod tests;
