//! `sanctum-tui doctor`: what the terminal can do, where runs are looked for, and why one was not found.

use std::io::Write;

use leyline::wire::{self, FINGERPRINT, FRAME_FORMAT, ROW_VERSION};
use leyline::{Timestamp, ViewNs};
use nissa::manifest::{self, Hex64};
use nissa::socket::message::PROTOCOL;
use serde::Serialize;

use crate::cli::{DisplayArgs, DoctorArgs};
use crate::clock::Clock;
use crate::config;
use crate::headless::failure::Failure;
use crate::headless::ls::sockets;
use crate::headless::target;

mod places;
mod terminal;
mod text;
mod why;

use places::{Root, SocketFolder};
use terminal::Abilities;
use why::{Places, Why};

/// Version of the JSON form; raised only by a breaking change.
const SCHEMA: u32 = 1;

/// Everything that was looked at.
#[derive(Debug, Serialize)]
struct Report {
    schema: u32,
    version: Versions,
    terminal: Abilities,
    sockets: SocketFolder,
    runs_root: Root,
    clock: Times,
    config: Config,
    /// Why RUN is found, or is not; absent if none was named.
    run: Option<Why>,
}

/// Versions of the program and of what it reads.
#[derive(Debug, Serialize)]
struct Versions {
    program: &'static str,
    log_format: u16,
    row_version: u16,
    schema_fingerprint: Hex64,
    manifest_schema: u32,
    socket_protocol: u32,
    system: &'static str,
    architecture: &'static str,
}

/// The clocks.
#[derive(Debug, Serialize)]
struct Times {
    utc: Timestamp,
    /// Seconds between two readings of the monotonic clock, one right after the other; below 0 would be a defect.
    monotonic_step_seconds: f64,
}

/// The configuration.
#[derive(Debug, Serialize)]
struct Config {
    /// Where the file is; `None`: there is none.
    file: Option<String>,
    /// Why it cannot be used; every other command refuses to work then.
    problem: Option<String>,
    run_dir_variable: Option<String>,
    token_file_variable: Option<String>,
}

/// Looks at everything and prints it on `out`.
///
/// # Errors
///
/// [`Failure::NotFound`], after the output, if a RUN was named that is not found; [`Failure::Write`].
pub(super) fn doctor(
    args: &DoctorArgs,
    display: &DisplayArgs,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let clock = Clock::new();
    let (first, second) = (clock.now(), clock.now());
    let size =
        if args.env.stdout_is_terminal { ratatui::crossterm::terminal::size().ok() } else { None };
    let place = config::place(display, &args.env);
    let problem = config::read(place.as_ref()).err().map(|error| error.to_string());
    let mut report = look(args, size, clock.wall(), (first, second));
    let file = place.map(|place| place.path).filter(|path| path.exists());
    report.config.file = file.map(|path| path.to_string_lossy().into_owned());
    report.config.problem = problem;
    let text = if args.json {
        wire::to_json(&report) + "\n"
    } else {
        text::text(&report, display.ascii || !args.env.is_utf8())
    };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Write)?;
    match report.run {
        Some(Why { found: false, asked, steps: _ }) => {
            Err(Failure::NotFound(format!("no such run: {asked}")))
        }
        Some(Why { found: true, .. }) | None => Ok(()),
    }
}

fn look(
    args: &DoctorArgs,
    size: Option<(u16, u16)>,
    now: Timestamp,
    (first, second): (ViewNs, ViewNs),
) -> Report {
    let env = &args.env;
    let root = target::root(args.run_dir.as_deref());
    let folder_path = env.socket_folder();
    let folder = sockets::ask_all(&folder_path, sockets::PATIENCE);
    let places = Places { root, folder: &folder, token_file: env.token_file.as_deref(), now };
    Report {
        schema: SCHEMA,
        version: Versions {
            program: env!("CARGO_PKG_VERSION"),
            log_format: FRAME_FORMAT,
            row_version: ROW_VERSION,
            schema_fingerprint: Hex64(FINGERPRINT),
            manifest_schema: manifest::SCHEMA,
            socket_protocol: PROTOCOL,
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
        },
        terminal: Abilities::of(env, size),
        sockets: SocketFolder::of(&folder_path, &folder),
        runs_root: Root::of(root),
        clock: Times { utc: now, monotonic_step_seconds: second.seconds_since(first) },
        config: Config {
            file: None,
            problem: None,
            run_dir_variable: env.run_dir.as_ref().map(|dir| dir.to_string_lossy().into_owned()),
            token_file_variable: env
                .token_file
                .as_ref()
                .map(|file| file.to_string_lossy().into_owned()),
        },
        run: args.run.as_deref().map(|run| why::explain(run, &places)),
    }
}

#[cfg(test)]
mod tests;
