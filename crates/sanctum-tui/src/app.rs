//! The state of the screen: what a key or a newer picture changes, and what it then asks of the program.

use std::collections::BTreeMap;
use std::sync::Arc;

use karn_sanctum::Snapshot;
use leyline::ViewNs;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use sanctum_widgets::{Theme, WidgetId};

use crate::fold::Picture;
use crate::keymap::{self, Action, Context};
use crate::layout::Arrangement;
use crate::message::{Effect, Leave, Message};
use crate::scene;
use crate::source::Standing;

mod focus;

/// Seconds within which a second Ctrl-C stops the run and leaves.
const TWICE_SECONDS: f64 = 2.0;

/// What lies over the panels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// Nothing.
    None,
    /// The help, from this row on.
    Help(usize),
    /// The question how to leave.
    Leave,
}

/// Whether the run is trained in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trainer {
    /// It is, so leaving needs an answer.
    Here,
    /// It is not, or has ended.
    Elsewhere,
}

/// The state of the screen.
#[derive(Debug, Clone)]
pub struct App {
    theme: Theme,
    trainer: Trainer,
    size: (u16, u16),
    /// What the lines at the top show.
    shown: Arc<Picture>,
    /// What the panels show; behind `shown` while the screen must not send so much, never where it stands still.
    panels: Arc<Picture>,
    /// The newest picture, kept while the view is paused.
    newest: Arc<Picture>,
    arrangement: Arrangement,
    overlay: Overlay,
    paused: bool,
    stopping: bool,
    interrupted: Option<ViewNs>,
    offsets: BTreeMap<WidgetId, usize>,
    ui_rate_hz: Option<f64>,
}

impl App {
    /// Returns the screen before anything was received.
    pub fn new(theme: Theme, trainer: Trainer) -> Self {
        let nothing = Arc::new(Picture::empty());
        Self {
            theme,
            trainer,
            size: (0, 0),
            shown: Arc::clone(&nothing),
            panels: Arc::clone(&nothing),
            newest: nothing,
            arrangement: Arrangement::default(),
            overlay: Overlay::None,
            paused: false,
            stopping: false,
            interrupted: None,
            offsets: BTreeMap::new(),
            ui_rate_hz: None,
        }
    }

    /// Returns a screen that shows one picture and follows nothing, for drawing without a terminal.
    pub fn still(theme: Theme, picture: Picture) -> Self {
        let picture = Arc::new(picture);
        Self {
            shown: Arc::clone(&picture),
            panels: Arc::clone(&picture),
            newest: picture,
            ..Self::new(theme, Trainer::Elsewhere)
        }
    }

    /// Takes note of what happened at `now` and returns what has to be done about it.
    pub fn update(&mut self, message: Message, now: ViewNs) -> Effect {
        match message {
            Message::Key(key) => {
                // Whoever looks closely shall see one moment.
                self.catch_up();
                self.key(key, now)
            }
            Message::Resize(width, height) => {
                self.catch_up();
                self.size = (width, height);
                Effect::Redraw
            }
            Message::Picture(picture) => self.picture(picture),
        }
    }

    /// Draws the screen into `area`. Changes nothing, here or there: the same state gives the same cells.
    pub fn view(&self, area: Rect, buf: &mut Buffer) {
        scene::draw(self, area, buf);
    }

    /// Lets the panels show what the lines at the top show.
    pub fn catch_up(&mut self) {
        if !Arc::ptr_eq(&self.panels, &self.shown) {
            self.hold_log();
            self.panels = Arc::clone(&self.shown);
        }
    }

    /// Sets the redraws per second that the header tells; `None`: not known.
    pub const fn set_ui_rate(&mut self, hz: Option<f64>) {
        self.ui_rate_hz = hz;
    }

    /// Opens a scene, as its key does.
    pub const fn open(&mut self, scene: scene::Scene) {
        self.overlay = match scene {
            scene::Scene::Overview => Overlay::None,
            scene::Scene::Help => Overlay::Help(0),
        };
    }

    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.shown.snapshot
    }

    /// Returns how this viewer stands with a run of another process; the newest there is, paused or not.
    pub(crate) fn standing(&self) -> Option<&Standing> {
        self.newest.standing.as_ref()
    }

    pub(crate) fn newest(&self) -> Arc<Picture> {
        Arc::clone(&self.newest)
    }

    pub(crate) const fn size(&self) -> (u16, u16) {
        self.size
    }

    pub(crate) fn panel_snapshot(&self) -> &Snapshot {
        &self.panels.snapshot
    }

    pub(crate) const fn theme(&self) -> &Theme {
        &self.theme
    }

    pub(crate) const fn arrangement(&self) -> Arrangement {
        self.arrangement
    }

    pub(crate) const fn overlay(&self) -> Overlay {
        self.overlay
    }

    pub(crate) const fn is_paused(&self) -> bool {
        self.paused
    }

    pub(crate) const fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// A screen that does not follow is not redrawn, so it has no rate.
    pub(crate) fn ui_rate(&self) -> Option<f64> {
        self.ui_rate_hz.filter(|_| !self.paused && !self.shown.ended)
    }

    /// Returns whether an action can do anything here; the help leaves out keys that cannot.
    pub(crate) fn has_use_for(&self, action: Action) -> bool {
        action != Action::NextGroup || 1 < self.shown.groups.len()
    }

    fn picture(&mut self, picture: Arc<Picture>) -> Effect {
        self.newest = picture;
        if self.newest.ended && self.overlay == Overlay::Leave {
            self.overlay = Overlay::None;
        }
        if self.newest.ended && self.stopping {
            return Effect::Leave(Leave::Quit);
        }
        if self.paused {
            return Effect::None;
        }
        let changed = self.shown.snapshot.connection != self.newest.snapshot.connection
            || self.shown.shown != self.newest.shown;
        self.shown = Arc::clone(&self.newest);
        if changed || self.shown.ended {
            self.catch_up();
        }
        Effect::Draw
    }

    fn key(&mut self, key: KeyEvent, now: ViewNs) -> Effect {
        let Some(action) = keymap::action(self.context(), key) else { return Effect::None };
        match action {
            Action::Quit => return self.quit(),
            Action::Interrupt => return self.interrupt(now),
            Action::StopAfterBatch => {
                (self.overlay, self.stopping) = (Overlay::None, true);
                return Effect::StopAfterBatch;
            }
            Action::WithoutScreen => return Effect::Leave(Leave::WithoutScreen),
            Action::Redraw => return Effect::Redraw,
            Action::Suspend => return Effect::Suspend,
            Action::NextGroup => return self.next_group(),
            Action::Help => self.overlay = Overlay::Help(0),
            Action::Back => self.back(),
            Action::NextPanel => self.step_focus(1),
            Action::PreviousPanel => self.step_focus(-1),
            Action::Panel => self.panel(key),
            Action::Enlarge => self.arrangement.enlarged = !self.arrangement.enlarged,
            Action::Up => self.scroll(-1),
            Action::Down => self.scroll(1),
            Action::PageUp => self.scroll(-self.half_page()),
            Action::PageDown => self.scroll(self.half_page()),
            Action::First => self.scroll(isize::MIN),
            Action::Last => self.scroll(isize::MAX),
            Action::Pause => self.pause(),
        }
        Effect::Draw
    }

    pub(crate) const fn context(&self) -> Context {
        match self.overlay {
            Overlay::None => Context::Panels,
            Overlay::Help(_) => Context::Help,
            Overlay::Leave => Context::Leave,
        }
    }

    /// Whether leaving would end a run.
    fn trains_here(&self) -> bool {
        self.trainer == Trainer::Here && !self.newest.ended
    }

    fn quit(&mut self) -> Effect {
        if !self.trains_here() {
            return Effect::Leave(Leave::Quit);
        }
        self.overlay = Overlay::Leave;
        Effect::Draw
    }

    fn interrupt(&mut self, now: ViewNs) -> Effect {
        let again = self.interrupted.is_some_and(|first| now.seconds_since(first) < TWICE_SECONDS);
        self.interrupted = Some(now);
        if again && self.trains_here() { Effect::Leave(Leave::Interrupt) } else { self.quit() }
    }

    fn back(&mut self) {
        match self.overlay {
            Overlay::None => {
                self.arrangement =
                    Arrangement { focus: self.arrangement.focus, ..Arrangement::default() };
                self.focus_something_shown();
            }
            Overlay::Help(_) | Overlay::Leave => self.overlay = Overlay::None,
        }
    }

    fn pause(&mut self) {
        self.paused = !self.paused;
        if !self.paused {
            self.shown = Arc::clone(&self.newest);
            self.catch_up();
        }
    }

    /// The picture of another group replaces the one that is shown, so a paused view stays with its own.
    fn next_group(&mut self) -> Effect {
        if self.paused || !self.has_use_for(Action::NextGroup) {
            return Effect::None;
        }
        Effect::ShowGroup((self.shown.shown + 1) % self.shown.groups.len())
    }
}

#[cfg(test)]
mod tests;
