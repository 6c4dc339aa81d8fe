//! `sanctum-tui ls`: the live runs of this user and the recorded ones below a root.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use leyline::Timestamp;
use nissa::RunDir;
use sanctum_widgets::format::format_foreign;

use crate::cli::{DisplayArgs, LsArgs};
use crate::clock::Clock;
use crate::headless::failure::Failure;
use crate::headless::target;

pub(super) mod found;
pub(super) mod glance;
mod report;
mod rows;
mod seen;
pub(super) mod sockets;
mod table;
mod tail;

use sockets::{Answer, Folder};

/// Longest text from outside in a note, in columns.
const LONGEST: usize = 300;

/// Lists runs on `out`, and says on `notes` what a person should know beside them.
///
/// # Errors
///
/// See [`Failure`]; runs that cannot be read are listed as such.
pub(super) fn ls(
    args: &LsArgs,
    display: &DisplayArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let columns = if args.env.stdout_is_terminal { terminal_columns() } else { None };
    let is_ascii = display.ascii || !args.env.is_utf8();
    list(args, Clock::new().wall(), columns, is_ascii, out, notes)
}

/// Returns how wide the terminal of standard output is.
fn terminal_columns() -> Option<usize> {
    let (columns, _) = ratatui::crossterm::terminal::size().ok()?;
    (columns != 0).then_some(usize::from(columns))
}

/// Does the work at the time `now`.
fn list(
    args: &LsArgs,
    now: Timestamp,
    columns: Option<usize>,
    is_ascii: bool,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let root = args.dir.as_deref().unwrap_or_else(|| target::root(args.run_dir.as_deref()));
    let has_root = look_at(root, args.dir.is_some())?;
    let folder_path = args.env.socket_folder();
    let folder = sockets::ask_all(&folder_path, sockets::PATIENCE);
    let runs = found::all(root, folder.sockets());
    let text = if args.json {
        report::json(root, (&folder_path, &folder), &runs, now) + "\n"
    } else if runs.is_empty() {
        String::new()
    } else {
        table::table(&runs, now, columns, is_ascii)
    };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Write)?;
    for note in told(root, has_root, &folder, &runs) {
        let note = format_foreign(&note, LONGEST, is_ascii);
        // Whoever closed our standard error does not want to know.
        writeln!(notes, "sanctum-tui: note: {note}").ok();
    }
    Ok(())
}

/// Returns whether the root is there; without one that was asked for there may still be live runs.
fn look_at(root: &Path, is_asked_for: bool) -> Result<bool, Failure> {
    if RunDir::open(root).is_ok_and(|dir| found::is_run(&dir)) {
        return Err(Failure::NotFound(format!(
            "this is a run, name the directory around it: {}",
            root.display()
        )));
    }
    match fs::read_dir(root) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_asked_for => Ok(false),
        Err(error) => {
            Err(Failure::NotFound(format!("cannot read runs root: {error}: {}", root.display())))
        }
    }
}

/// Returns what is worth knowing beside the list.
fn told(root: &Path, has_root: bool, folder: &Folder, runs: &[found::Found]) -> Vec<String> {
    let mut notes = Vec::new();
    match folder {
        Folder::None => {}
        Folder::Refused(why) => notes.push(format!("sockets are left alone: {why}")),
        Folder::Sockets(sockets) => {
            for socket in sockets {
                let path = socket.path.display();
                match &socket.answer {
                    Answer::Welcome(_) => {}
                    Answer::Stale => {
                        notes.push(format!("stale socket, its process is gone: {path}"));
                    }
                    Answer::Unnamed(why) => {
                        notes.push(format!(
                            "a process listens, and its run is not known: {why}: {path}"
                        ));
                    }
                    Answer::Unreachable(why) => {
                        notes.push(format!("socket cannot be reached: {why}: {path}"));
                    }
                }
            }
        }
    }
    for run in runs {
        if let Some(problem) = &run.problem {
            notes.push(format!("{}: {problem}", run.id));
        }
    }
    if runs.is_empty() {
        let root = root.display();
        notes.push(if has_root {
            format!("no run is live, and there is none below {root}")
        } else {
            format!("no run is live, and there is no runs root: {root}")
        });
    }
    notes
}

#[cfg(test)]
pub(super) mod tests;
