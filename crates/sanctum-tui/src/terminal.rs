//! Taking the terminal and giving it back; the way back is one function that may be called from anywhere, any number of
//! times.

use std::io::{self, Write};
use std::panic;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::style::{ResetColor, force_color_output};
use ratatui::crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};

/// Whether the terminal is ours at the moment.
///
/// Global, because the terminal is: the panic hook of any thread has to know, and there is one terminal per process.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Messages that could not be printed while the screen was open.
static NOTES: OnceLock<(Sender<String>, Receiver<String>)> = OnceLock::new();

/// More messages than this say nothing new.
const MAX_NOTES: usize = 64;

/// Takes the terminal: no echo, no line editing, another screen, no cursor.
///
/// # Errors
///
/// Fails if there is no terminal to read keys from, or if it cannot be written to; it is then as it was.
pub fn take() -> io::Result<()> {
    // Without colour crossterm would send `ESC[;m` between frames, which means "reset everything" to a terminal.
    force_color_output(true);
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let entered = execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide);
    if entered.is_err() {
        give_back();
    }
    entered
}

/// Gives the terminal back as it was; does nothing if it is not taken.
///
/// Errors are of no use here: whoever calls this has no other way to reach the terminal.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    write_back(&mut io::stdout()).ok();
    disable_raw_mode().ok();
}

/// Undoes what [`take`] wrote, also in the middle of a frame.
fn write_back(out: &mut impl Write) -> io::Result<()> {
    execute!(
        out,
        EndSynchronizedUpdate,
        ResetColor,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    )
}

/// Returns whether the terminal is ours.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Keeps a message until the terminal is given back; the first ones are kept if there are too many.
pub fn note(message: String) {
    notes().0.try_send(message).ok();
}

/// Prints the messages kept so far on standard error.
pub fn print_notes() {
    for message in notes().1.try_iter() {
        writeln!(io::stderr(), "{message}").ok();
    }
}

/// Throws the messages kept so far away.
pub fn forget_notes() {
    notes().1.try_iter().for_each(drop);
}

fn notes() -> &'static (Sender<String>, Receiver<String>) {
    NOTES.get_or_init(|| bounded(MAX_NOTES))
}

/// Makes a panic in any thread give the terminal back before its message is printed.
///
/// A panic of the trainer or of a sink ends only that: the hub tells of it, the screen stays, and the message is kept.
pub fn install_panic_hook() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Ordering::SeqCst) {
        return;
    }
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if is_taken() && is_contained(thread::current().name()) {
            note(info.to_string());
        } else {
            give_back();
            default(info);
        }
    }));
}

/// Returns whether a panic of the thread with this name leaves the viewer alive.
fn is_contained(thread: Option<&str>) -> bool {
    thread.is_some_and(|name| name.starts_with("simic-") || name.starts_with("sink-"))
}

/// The taken terminal; dropping it gives it back.
#[derive(Debug)]
#[must_use = "dropping it gives the terminal back"]
pub struct Taken(());

impl Taken {
    /// Takes the terminal, see [`take`].
    ///
    /// # Errors
    ///
    /// As [`take`].
    pub fn new() -> io::Result<Self> {
        install_panic_hook();
        take().map(|()| Self(()))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_back_undoes_everything_that_was_set() {
        force_color_output(true);
        let mut bytes = Vec::new();
        write_back(&mut bytes).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap().replace('\x1b', "^"),
            "^[?2026l^[0m^[?2004l^[?1049l^[?25h"
        );
    }

    #[test]
    fn a_terminal_that_was_not_taken_is_not_touched() {
        assert!(!is_taken());
        give_back();
        give_back();
        assert!(!is_taken());
    }

    #[test]
    fn only_panics_of_the_viewer_itself_end_it() {
        assert!(is_contained(Some("simic-train")) && is_contained(Some("sink-rows")));
        assert!(
            !is_contained(Some("sanctum-fold"))
                && !is_contained(Some("main"))
                && !is_contained(None)
        );
    }
}
