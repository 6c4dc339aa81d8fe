//! `sanctum-tui config`: the configuration file and what holds.

use std::io::Write;
use std::path::Path;

use crate::cli::{ConfigArgs, ConfigCommand, DisplayArgs};
use crate::config::{self, ConfigError, Place, file, show};
use crate::headless::damage::counted;
use crate::headless::failure::{Failure, harmless};

/// Does what `args` ask for: prints on `out`, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// [`Failure::Usage`] for a file that cannot be used, [`Failure::Write`].
pub(super) fn config(
    args: &ConfigArgs,
    display: &DisplayArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let place = config::place(display, &args.env);
    let text = match &args.command {
        ConfigCommand::Gen => show::default_file(),
        ConfigCommand::Path => path(place.as_ref(), notes)?,
        ConfigCommand::Show => {
            let file = config::read(place.as_ref()).map_err(|error| usage(&error))?;
            let merged = config::merge(display, &args.env, file).map_err(|error| usage(&error))?;
            let there = place.filter(|place| place.path.exists());
            let there = there.map(|place| harmless(&place.path.display().to_string()));
            let there = there.unwrap_or_else(|| "none".to_owned());
            format!("# configuration file: {there}\n{}", show::merged(&merged))
        }
        ConfigCommand::Check { file } => {
            let place = file.as_deref().map(named).or(place);
            return check(place.as_ref(), out);
        }
    };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Write)
}

fn named(path: &Path) -> Place {
    Place { path: path.to_owned(), named_by: "the command line", is_asked_for: true }
}

fn usage(error: &ConfigError) -> Failure {
    Failure::Usage(error.to_string())
}

fn path(place: Option<&Place>, notes: &mut impl Write) -> Result<String, Failure> {
    let Some(Place { path, named_by, .. }) = place else {
        return Err(Failure::Usage(
            "there is nowhere to look: neither --config nor SANCTUM_CONFIG, XDG_CONFIG_HOME or HOME is set"
                .to_owned(),
        ));
    };
    let there = if path.exists() { "it is there" } else { "it is not there" };
    // Whoever closed our standard error does not want to know.
    writeln!(notes, "sanctum-tui: note: named by {named_by}; {there}").ok();
    Ok(format!("{}\n", path.display()))
}

fn check(place: Option<&Place>, out: &mut impl Write) -> Result<(), Failure> {
    let text = place.map(config::text).transpose().map_err(|error| usage(&error))?.flatten();
    let (Some(place), Some(text)) = (place, text) else {
        let nothing = "no configuration file, so everything is built in\n";
        return out
            .write_all(nothing.as_bytes())
            .and_then(|()| out.flush())
            .map_err(Failure::Write);
    };
    let (found, problems) = file::parse(&text);
    let mut told = String::new();
    for problem in &problems {
        told.push_str(&harmless(&config::told(place, problem)));
        told.push('\n');
    }
    if problems.is_empty() {
        let settings = found.values.len() + found.limits.len() + found.muted.len();
        let settings = counted(settings as u64, "setting");
        told = format!("{}: {settings}, no problem\n", harmless(&place.path.display().to_string()));
    }
    out.write_all(told.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Write)?;
    match problems.len() {
        0 => Ok(()),
        count => Err(Failure::Usage(format!("{} in the file", counted(count as u64, "problem")))),
    }
}
