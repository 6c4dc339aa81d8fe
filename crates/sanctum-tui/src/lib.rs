//! Sanctum in the terminal: live training telemetry.
//!
//! | module | holds |
//! |---|---|
//! | [`cli`], [`options`] | flags and environment, and what they mean |
//! | [`config`], [`settings`] | the configuration file, what holds of all that is said; limits and muted rules of this process |
//! | [`sinks`] | what tells of alerts beside the screen: bell, desktop, command |
//! | [`source`] | where events come from; a trainer in this process |
//! | [`session`], [`fold`], [`latest`] | the threads behind a view, the pictures they make and the slot for the newest |
//! | [`app`], [`keymap`], [`message`] | the state of the screen, the key table, what happens and what follows |
//! | [`kept`] | marks and arrangement, kept from one viewer of a run to the next |
//! | [`record`] | the telemetry records, for whoever asks about a number |
//! | [`layout`](mod@layout), [`scene`] | where each panel goes, and what is drawn there |
//! | [`live`], [`screen`], [`terminal`], [`keys`], [`signals`], [`suspend`] | the loop of the screen and the terminal under it |
//! | [`plain`] | lines instead of a screen |
//! | [`headless`] | commands that read runs, live or recorded, and need no terminal |
//! | [`time`], [`when`], [`replay`] | the time machine, moments as they are typed, a recorded run on the screen |
//! | [`clock`], [`rate`], [`pace`], [`exit`](mod@exit) | the viewer's time, redraws and bytes per second, how it all ended |
//!
//! ```
//! use karn_sanctum::Snapshot;
//! use sanctum_tui::{app::App, fold::Picture, render};
//! use sanctum_widgets::{Theme, dump};
//!
//! let app = App::still(Theme::DARK, Picture::still(Snapshot::empty()));
//! let rows = dump::rows(&render(&app, 80, 24));
//! assert_eq!(rows[0], "○ WAIT ? │ Waiting for training data...");
//! ```

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod exit;
pub mod fold;
pub mod headless;
mod inspect;
pub mod kept;
pub mod keymap;
pub mod keys;
pub mod latest;
pub mod layout;
pub mod live;
pub mod message;
pub mod options;
pub mod pace;
pub mod plain;
pub mod rate;
pub mod record;
pub mod replay;
pub mod scene;
pub mod screen;
pub mod session;
pub mod settings;
mod sgr;
pub mod signals;
pub mod sinks;
pub mod source;
pub mod suspend;
pub mod terminal;
pub mod time;
pub mod when;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use app::App;
pub use exit::Exit;
pub use options::{Options, View};
use session::Session;
pub use source::{LocalRun, Source};

/// Draws the screen into a buffer of its own, without a terminal; the same code as on the screen.
pub fn render(app: &App, width: u16, height: u16) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    app.view(*buf.area(), &mut buf);
    buf
}

/// Shows a run, on the screen or as lines, until it is left or has ended.
///
/// # Errors
///
/// Fails if a thread cannot be started, if the source breaks, or if standard output cannot be written to. How the run
/// itself ended is no error but part of [`Exit`].
pub fn run(source: Box<dyn Source>, options: &Options) -> anyhow::Result<Exit> {
    terminal::install_panic_hook();
    let ended = match options.view {
        View::Screen => live::run(Session::start(source, options.poll)?, options),
        View::Plain => {
            let (session, pictures) = Session::start_with_lines(source, options.poll)?;
            plain::run(session, &pictures, options)
        }
    };
    if options.quiet {
        terminal::forget_notes();
    } else {
        terminal::print_notes();
    }
    ended
}
