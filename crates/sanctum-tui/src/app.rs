//! The state of the screen: what a key or a newer picture changes, and what it then asks of the program.

use std::collections::BTreeMap;
use std::sync::Arc;

use karn_sanctum::{Difference, Snapshot, difference};
use leyline::{RunId, ViewNs};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use sanctum_widgets::{Theme, WidgetId};

use crate::fold::Picture;
use crate::inspect::Inspecting;
use crate::kept::{Kept, Mark};
use crate::keymap::{self, Action, Context};
use crate::layout::Arrangement;
use crate::message::{Effect, Leave, Message};
use crate::scene;
use crate::source::Standing;
use crate::time::{Ask, Comparison, Goal, Way};
use crate::when::When;

mod alerts;
mod focus;
mod inspector;
mod line;
mod travel;

pub(crate) use line::Line;
use travel::Course;
pub(crate) use travel::behind_seconds;

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
    /// The question for a letter, of this context.
    Letter(Context),
    /// The command line.
    Line,
    /// The comparison of two moments, from this row on.
    Difference(usize),
    /// Everything about one number, from this row on.
    Inspector(usize),
    /// The list of alerts, with this one chosen, counted from the newest.
    Alerts(usize),
}

/// Two moments and what differs between them.
#[derive(Debug, Clone)]
pub(crate) struct Comparing {
    /// The two moments.
    pub(crate) of: Arc<Comparison>,
    /// What differs.
    pub(crate) difference: Arc<Difference>,
}

impl Comparing {
    fn new(of: Arc<Comparison>) -> Self {
        let difference = Arc::new(difference(&of.before.snapshot, &of.after.snapshot));
        Self { of, difference }
    }
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
    /// The newest picture of the present, kept while the view is held or in the past.
    newest: Arc<Picture>,
    arrangement: Arrangement,
    overlay: Overlay,
    course: Course,
    marks: BTreeMap<char, Mark>,
    line: Line,
    comparing: Option<Comparing>,
    acknowledged: alerts::Acknowledged,
    inspecting: Inspecting,
    /// What is to be said until the next key.
    notice: Option<String>,
    stopping: bool,
    interrupted: Option<ViewNs>,
    offsets: BTreeMap<WidgetId, usize>,
    /// The row of each panel that was chosen.
    chosen: BTreeMap<WidgetId, usize>,
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
            course: Course::new(),
            marks: BTreeMap::new(),
            line: Line::default(),
            comparing: None,
            acknowledged: alerts::Acknowledged::new(),
            inspecting: Inspecting::default(),
            notice: None,
            stopping: false,
            interrupted: None,
            offsets: BTreeMap::new(),
            chosen: BTreeMap::new(),
            ui_rate_hz: None,
        }
    }

    /// Returns a screen that shows one picture and follows nothing, for drawing without a terminal.
    pub fn still(theme: Theme, picture: Picture) -> Self {
        let picture = Arc::new(picture);
        let mut app = Self {
            shown: Arc::clone(&picture),
            panels: Arc::clone(&picture),
            comparing: picture.comparison.clone().map(Comparing::new),
            newest: picture,
            ..Self::new(theme, Trainer::Elsewhere)
        };
        app.refresh_bar();
        app
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
            Message::Kept(kept) => {
                self.marks = kept.marks;
                self.set_known(kept.known);
                self.arrangement = kept.arrangement;
                self.focus_something_shown();
                Effect::Draw
            }
        }
    }

    /// Returns what is to be kept of this view for the next viewer of its run.
    pub fn kept(&self) -> Kept {
        Kept { marks: self.marks.clone(), known: self.known(), arrangement: self.arrangement }
    }

    /// Returns the run that is shown.
    pub fn run_id(&self) -> Option<&RunId> {
        self.shown.snapshot.run_id.as_ref()
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
    pub fn open(&mut self, scene: scene::Scene) {
        match scene {
            scene::Scene::Overview | scene::Scene::Past => self.overlay = Overlay::None,
            scene::Scene::Help => self.overlay = Overlay::Help(0),
            scene::Scene::Difference => self.overlay = Overlay::Difference(0),
            scene::Scene::Inspector => self.inspect_chosen(),
            scene::Scene::Alerts => self.overlay = Overlay::Alerts(0),
        }
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

    /// What the lines at the top show, and after a key the panels too.
    pub(crate) fn shown(&self) -> Arc<Picture> {
        Arc::clone(&self.shown)
    }

    pub(crate) const fn size(&self) -> (u16, u16) {
        self.size
    }

    pub(crate) fn panel_snapshot(&self) -> &Snapshot {
        &self.panels.snapshot
    }

    pub(crate) fn panels(&self) -> &Picture {
        &self.panels
    }

    pub(crate) const fn inspecting(&self) -> &Inspecting {
        &self.inspecting
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

    pub(crate) const fn comparing(&self) -> Option<&Comparing> {
        self.comparing.as_ref()
    }

    pub(crate) const fn marks(&self) -> &BTreeMap<char, Mark> {
        &self.marks
    }

    /// What is to be said until the next key.
    pub(crate) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    pub(crate) const fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// A screen that does not follow is not redrawn, so it has no rate.
    pub(crate) fn ui_rate(&self) -> Option<f64> {
        self.ui_rate_hz.filter(|_| !self.is_paused() && !self.shown.ended)
    }

    /// Returns whether an action can do anything here; the help leaves out keys that cannot.
    pub(crate) fn has_use_for(&self, action: Action) -> bool {
        action != Action::NextGroup || 1 < self.shown.groups.len()
    }

    fn picture(&mut self, picture: Arc<Picture>) -> Effect {
        self.sort(&picture);
        if !self.trains_here() && self.overlay == Overlay::Leave {
            self.overlay = Overlay::None;
        }
        if self.newest.ended && self.stopping {
            return Effect::Leave(Leave::Quit);
        }
        let compared = self.take_comparison(&picture);
        if !self.awaits(&picture) {
            return if compared { Effect::Draw } else { Effect::None };
        }
        if self.shows_same_moment(&picture) {
            let followed = self.follow_bar(&picture);
            return if compared { Effect::Draw } else { followed };
        }
        let changed = self.shown.snapshot.connection != picture.snapshot.connection
            || self.shown.shown != picture.shown;
        self.shown = picture;
        self.refresh_bar();
        if changed || self.shown.ended || self.is_paused() {
            self.catch_up();
        }
        Effect::Draw
    }

    fn key(&mut self, key: KeyEvent, now: ViewNs) -> Effect {
        let Some(action) = keymap::action(self.context(), key) else {
            return if self.overlay == Overlay::Line { self.type_on(key) } else { Effect::None };
        };
        self.notice = None;
        self.refresh_bar();
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
            Action::SetMark => self.overlay = Overlay::Letter(Context::SetMark),
            Action::GoToMark => self.overlay = Overlay::Letter(Context::GoToMark),
            Action::Compare => self.overlay = Overlay::Letter(Context::CompareWith),
            Action::Inspect => self.inspect_chosen(),
            Action::NextMetric => self.inspecting.step(1),
            Action::PreviousMetric => self.inspecting.step(-1),
            Action::Command => (self.overlay, self.line) = (Overlay::Line, Line::default()),
            Action::Clear => self.line = Line::default(),
            Action::Pause => return self.pause(),
            Action::BatchBack => return self.go(Goal::Batches(-1)),
            Action::BatchOn => return self.go(Goal::Batches(1)),
            Action::TenBatchesBack => return self.go(Goal::Batches(-10)),
            Action::TenBatchesOn => return self.go(Goal::Batches(10)),
            Action::EventBack => return self.go(Goal::Events(-1)),
            Action::EventOn => return self.go(Goal::Events(1)),
            Action::ToStart => return self.go(Goal::When(When::Start)),
            Action::ToLive => return self.go_live(),
            Action::PreviousAlert => return self.go(Goal::Alert(Way::Back)),
            Action::Alerts if !self.shown.snapshot.is_whole() => {
                self.notice = Some("alerts are known once the run was read".to_owned());
            }
            Action::Alerts => self.overlay = Overlay::Alerts(0),
            Action::GoToAlert => return self.go_to_alert(),
            Action::Acknowledge => self.acknowledge(),
            Action::NextAlert => return self.go(Goal::Alert(Way::On)),
            Action::Letter => return self.letter(key),
            Action::FromStart => {
                self.overlay = Overlay::None;
                return self.compare(Goal::When(When::Start), None);
            }
            Action::Slower => return self.set_speed(self.speed().halved()),
            Action::Faster => return self.set_speed(self.speed().doubled()),
            Action::Run => return self.run_line(),
            Action::Complete => return self.complete(),
            Action::Rub => return self.rub(),
        }
        Effect::Draw
    }

    pub(crate) const fn context(&self) -> Context {
        match self.overlay {
            Overlay::None => Context::Panels,
            Overlay::Help(_) => Context::Help,
            Overlay::Leave => Context::Leave,
            Overlay::Letter(context) => context,
            Overlay::Line => Context::Line,
            Overlay::Difference(_) => Context::Difference,
            Overlay::Inspector(_) => Context::Inspector,
            Overlay::Alerts(_) => Context::Alerts,
        }
    }

    /// Whether leaving would end a run. A run that has said its end is over, even while its thread is still closing files.
    fn trains_here(&self) -> bool {
        let is_over = self.newest.ended || self.newest.snapshot.finish_reason.is_some();
        self.trainer == Trainer::Here && !is_over
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
                self.chosen.clear();
                self.focus_something_shown();
            }
            Overlay::Help(_)
            | Overlay::Leave
            | Overlay::Letter(_)
            | Overlay::Line
            | Overlay::Difference(_)
            | Overlay::Inspector(_)
            | Overlay::Alerts(_) => self.overlay = Overlay::None,
        }
    }

    /// Without a time machine the picture of another group replaces the one that is shown, so a held view stays with its own.
    fn next_group(&mut self) -> Effect {
        if !self.has_use_for(Action::NextGroup) {
            return Effect::None;
        }
        let next = (self.shown.shown + 1) % self.shown.groups.len();
        match (self.shown.moment.is_some(), self.shown.groups.get(next)) {
            (true, Some(key)) => Effect::Time(Ask::Group(key.clone())),
            (true, None) => Effect::None,
            (false, _) if self.is_paused() => Effect::None,
            (false, _) => Effect::ShowGroup(next),
        }
    }
}

#[cfg(test)]
mod tests;
