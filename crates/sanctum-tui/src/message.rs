//! What can happen to the screen, and what the screen may ask for.

use std::sync::Arc;

use ratatui::crossterm::event::KeyEvent;

use crate::fold::Picture;
use crate::kept::Kept;
use crate::time::Ask;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// The fold has a newer picture.
    Picture(Arc<Picture>),
    /// What was kept of the view of the run that is shown now.
    Kept(Kept),
}

/// What the program has to do after an update.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Nothing; the screen is as it was.
    None,
    /// Draw what changed.
    Draw,
    /// Draw everything, whatever the terminal shows now.
    Redraw,
    /// Show the group with this place among the groups of the picture.
    ShowGroup(usize),
    /// Ask the time machine, and draw what changed on the screen at once.
    Time(Ask),
    /// Give the terminal back and stop this process until it is continued.
    Suspend,
    /// Ask the trainer in this process to stop after its batch; the screen stays until it has.
    StopAfterBatch,
    /// Leave the screen.
    Leave(Leave),
}

/// How the screen is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Nothing trains here, or no more.
    Quit,
    /// The run goes on and is shown as lines.
    WithoutScreen,
    /// Ctrl-C twice: the run stops, as by an interrupt.
    Interrupt,
}
