//! Commands that need no terminal: they read a run, live or recorded, and print.

use std::io::Write;

use crate::cli::{Command, DisplayArgs};

mod ansi;
mod cells;
pub(crate) mod check;
mod config;
pub(crate) mod damage;
mod doctor;
mod export;
mod failure;
mod fsck;
mod gc;
pub(crate) mod limit;
mod ls;
mod meter;
pub(crate) mod named;
pub(crate) mod nearest;
pub mod path;
mod read;
pub mod render;
mod row;
pub mod snapshot;
pub(crate) mod source;
pub mod svg;
mod tail;
mod target;

pub use failure::Failure;

/// Does what `command` says: prints on `out`, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// See [`Failure`].
pub fn run(
    command: &Command,
    display: &DisplayArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    match command {
        Command::Snapshot(args) => snapshot::snapshot(args, out, notes),
        Command::Render(args) => render::render(args, display, out, notes),
        Command::Tail(args) => tail::tail(args, out, notes),
        Command::Check(args) if args.follow => check::follow::follow(args, display, out, notes),
        Command::Check(args) => check::check(args, out, notes),
        Command::Export(args) => export::export(args, out, notes),
        Command::Fsck(args) => fsck::fsck(args, out, notes),
        Command::Gc(args) => gc::gc(args, out, notes),
        Command::Ls(args) => ls::ls(args, display, out, notes),
        Command::Doctor(args) => doctor::doctor(args, display, out),
        Command::Config(args) => config::config(args, display, out, notes),
        // The program does these: they take the whole terminal, or print for as long as the run lasts.
        Command::Attach(_) => Err(Failure::Usage("attach is no command of this kind".to_owned())),
        Command::Replay(_) => Err(Failure::Usage("replay is no command of this kind".to_owned())),
    }
}
