//! Stopping this process until the shell continues it.

use rustix::process::{Signal, getpgrp, kill_current_process_group};
use rustix::termios::tcgetpgrp;
use signal_hook::consts::SIGTSTP;
use signal_hook::low_level::emulate_default_handler;

use crate::terminal;

/// Gives the terminal back and stops this process, as somebody asked by signal; returns once it is continued.
pub fn this_process() {
    terminal::give_back();
    // Fails for signals without a default only.
    emulate_default_handler(SIGTSTP).ok();
}

/// Gives the terminal back and stops the whole job, as the terminal does at Ctrl-Z: with `cargo run` the shell waits for
/// cargo, not for us. Returns once it is continued.
///
/// Only a job in the foreground of our own terminal is stopped as a whole: others have not asked for it.
pub fn this_job() {
    terminal::give_back();
    let ours = tcgetpgrp(std::io::stdin()).is_ok_and(|foreground| foreground == getpgrp());
    if !ours || kill_current_process_group(Signal::STOP).is_err() {
        this_process();
    }
}
