//! The keys that go through time: what each asks of the time machine, and what the screen shows until it answers.

use std::sync::Arc;

use karn_sanctum::Connection;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::{App, Comparing, Overlay};
use crate::fold::Picture;
use crate::kept::Mark;
use crate::keymap::Context;
use crate::message::Effect;
use crate::time::{Ask, Extent, Goal, Moment, Motion, Speed};
use crate::when::When;

/// Whether a person holds the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// Nobody does: it shows what comes.
    Free,
    /// It was live when it was held and has not moved since, so letting go leads back to the newest state.
    Live,
    /// It was sent somewhere, or held while it played. Pictures that move are not shown.
    Past,
    /// It was sent on from somewhere. Pictures of the present, which come all the time, are not shown.
    Plays,
}

/// Where in time the screen is, and where it was sent.
#[derive(Debug, Clone)]
pub(super) struct Course {
    hold: Hold,
    /// The speed of a replay that was asked for last; pictures on their way may still have the one before.
    asked: Option<Speed>,
    /// The speed that the pictures tell.
    told: Speed,
    /// The latest picture of the past.
    latest: Option<Arc<Picture>>,
    /// What the time bar shows; its numbers are those of the last key, or of a change that people would see.
    bar: Option<Arc<Moment>>,
    /// Whether a comparison was asked for and has not come.
    awaits_comparison: bool,
}

impl Course {
    pub(super) const fn new() -> Self {
        Self {
            hold: Hold::Free,
            asked: None,
            told: Speed::ONE,
            latest: None,
            bar: None,
            awaits_comparison: false,
        }
    }

    const fn is_held(&self) -> bool {
        match self.hold {
            Hold::Live | Hold::Past => true,
            Hold::Free | Hold::Plays => false,
        }
    }
}

impl App {
    /// Returns whether the screen does not follow its run: held, standing still in the past, or playing.
    pub(crate) fn is_paused(&self) -> bool {
        self.course.is_held() || self.motion() == Some(Motion::Still)
    }

    /// Returns whether the screen shows how the run was: everywhere but at its newest state. A run that is over and read to
    /// its end is shown as it is.
    pub(crate) fn is_past(&self) -> bool {
        let Some(moment) = self.shown.moment.as_deref() else { return self.course.is_held() };
        let over = match self.shown.snapshot.connection {
            Connection::Finished | Connection::Failed | Connection::Disconnected => true,
            Connection::Waiting | Connection::Live | Connection::Slow | Connection::Stale => false,
        };
        let Extent { last, reading, .. } = &moment.extent;
        let at_the_end = *last <= moment.place && reading.is_none();
        match moment.motion {
            Motion::Live => self.course.is_held() && !(over && at_the_end),
            Motion::Still | Motion::Playing(_) => !(over && at_the_end),
        }
    }

    /// Returns the moment that the time bar shows; `None` while the view follows its run, and without a time machine.
    pub(crate) fn bar(&self) -> Option<&Moment> {
        let moment = self.course.bar.as_deref()?;
        (self.course.is_held() || moment.motion != Motion::Live).then_some(moment)
    }

    pub(crate) fn speed(&self) -> Speed {
        self.course.asked.unwrap_or(self.course.told)
    }

    fn motion(&self) -> Option<Motion> {
        self.shown.moment.as_ref().map(|moment| moment.motion)
    }

    /// The place that is shown, where it has a number.
    fn place(&self) -> Option<u64> {
        self.shown.moment.as_ref().map(|moment| moment.place)
    }

    /// Takes a picture of the past out of the row of pictures: those of the present go on coming beside.
    pub(super) fn sort(&mut self, picture: &Arc<Picture>) {
        if is_live(picture) {
            self.newest = Arc::clone(picture);
        } else {
            self.course.latest = Some(Arc::clone(picture));
        }
    }

    /// Returns whether the view takes this picture: what it follows, or the answer to what was asked.
    pub(super) fn awaits(&self, picture: &Picture) -> bool {
        match self.course.hold {
            Hold::Free => true,
            Hold::Live | Hold::Past => motion_of(picture) == Motion::Still,
            Hold::Plays => !is_live(picture),
        }
    }

    /// Returns whether a picture shows the moment that is on the screen, so that at most the bar has to follow it.
    pub(super) fn shows_same_moment(&self, picture: &Picture) -> bool {
        let same = |moment: &Moment| {
            let shown = self.shown.moment.as_ref();
            shown.is_some_and(|shown| {
                (shown.place, shown.motion) == (moment.place, moment.motion)
                    && shown.extent.reading.is_some() == moment.extent.reading.is_some()
            })
        };
        let still = motion_of(picture) == Motion::Still;
        let group = picture.shown == self.shown.shown && picture.groups == self.shown.groups;
        still && group && picture.moment.as_deref().is_some_and(same)
    }

    /// Takes note of how far the run has gone on behind a view that stands still. A bar that would look different only by a
    /// little is left alone, so that a held screen sends next to nothing.
    pub(super) fn follow_bar(&mut self, picture: &Picture) -> Effect {
        let rough = |moment: &Moment| {
            let behind = behind_seconds(moment).map(|seconds| (seconds / 60.0) as u64);
            let read = moment.extent.reading.map(|read| read.done * 100 / read.of.max(1));
            (behind, read, moment.extent.last <= moment.place)
        };
        let before = self.course.bar.as_deref().map(rough);
        if before == picture.moment.as_deref().map(rough) {
            return Effect::None;
        }
        self.course.bar.clone_from(&picture.moment);
        Effect::Draw
    }

    /// Shows on the bar what is known by now.
    pub(super) fn refresh_bar(&mut self) {
        let latest = self.course.latest.as_deref().filter(|latest| self.shows_same_moment(latest));
        let moment = latest.map_or(&self.shown.moment, |latest| &latest.moment);
        if moment.is_some() {
            self.course.bar = moment.clone();
        }
        if let Some(Motion::Playing(speed)) = self.motion() {
            self.course.told = speed;
        }
    }

    /// Holds the view, or lets it go on as it did.
    pub(super) fn pause(&mut self) -> Effect {
        let still = self.is_paused();
        if !still {
            let live = !matches!(self.motion(), Some(Motion::Playing(_)));
            self.course.hold = if live { Hold::Live } else { Hold::Past };
            return Effect::Time(Ask::Hold(self.place()));
        }
        if self.course.hold == Hold::Live || self.motion().is_none() {
            return self.go_live();
        }
        self.course.hold = Hold::Plays;
        Effect::Time(Ask::Play)
    }

    pub(super) fn go_live(&mut self) -> Effect {
        self.course.hold = Hold::Free;
        // A run that was recorded has no present beside its past.
        if self.newest.moment.is_some() || self.shown.moment.is_none() {
            self.shown = Arc::clone(&self.newest);
            self.catch_up();
        }
        Effect::Time(Ask::Live)
    }

    pub(super) const fn go(&mut self, goal: Goal) -> Effect {
        self.course.hold = Hold::Past;
        Effect::Time(Ask::Go(goal))
    }

    pub(super) const fn set_speed(&mut self, speed: Speed) -> Effect {
        self.course.asked = Some(speed);
        Effect::Time(Ask::Speed(speed))
    }

    /// Answers a question for a letter.
    pub(super) fn letter(&mut self, key: KeyEvent) -> Effect {
        let KeyCode::Char(letter) = key.code else { return Effect::None };
        let asked = std::mem::replace(&mut self.overlay, Overlay::None);
        match asked {
            Overlay::Letter(Context::SetMark) => self.mark(letter),
            Overlay::Letter(Context::GoToMark) => match self.goal_of(letter) {
                Some(goal) => self.go(goal),
                None => self.no_mark(letter),
            },
            Overlay::Letter(Context::CompareWith) => match self.goal_of(letter) {
                Some(goal) => self.compare(goal, None),
                None => self.no_mark(letter),
            },
            Overlay::None
            | Overlay::Help(_)
            | Overlay::Leave
            | Overlay::Letter(_)
            | Overlay::Line
            | Overlay::Difference(_)
            | Overlay::Inspector(_)
            | Overlay::Alerts(_) => Effect::None,
        }
    }

    /// Marks the moment that is shown.
    pub(super) fn mark(&mut self, letter: char) -> Effect {
        let Some(moment) = self.shown.moment.as_deref() else {
            self.notice = Some("this view has no past, so nothing can be marked".to_owned());
            return Effect::Draw;
        };
        if !self.shown.snapshot.is_whole() {
            self.notice =
                Some("the run is still being read, so this moment has no place yet".to_owned());
            return Effect::Draw;
        }
        let batch = self.shown.snapshot.current_batch;
        let mark = Mark { place: moment.place, seq: moment.seq, batch };
        self.marks.insert(letter, mark);
        let at = batch.map(|batch| format!(" at b{batch}")).unwrap_or_default();
        self.notice = Some(format!("mark {letter} is set{at}"));
        Effect::Draw
    }

    pub(super) fn no_mark(&mut self, letter: char) -> Effect {
        let all: Vec<String> = self.marks.keys().map(char::to_string).collect();
        let all = if all.is_empty() { "none".to_owned() } else { all.join(" ") };
        self.notice = Some(format!("there is no mark {letter}; marks: {all}"));
        Effect::Draw
    }

    fn goal_of(&self, letter: char) -> Option<Goal> {
        self.marks.get(&letter).map(Mark::goal)
    }

    /// The moment that is shown. A live view counts what arrived here, which need not be all that its log has; the number of
    /// an event means the same in both.
    fn shown_goal(&self) -> Goal {
        let Some(moment) = self.shown.moment.as_deref() else { return Goal::When(When::End) };
        let seq = moment.seq.filter(|_| moment.motion == Motion::Live);
        seq.map_or(Goal::Place(moment.place), |seq| Goal::When(When::Seq(seq)))
    }

    /// Compares a moment with another, or with the one that is shown.
    pub(super) fn compare(&mut self, before: Goal, after: Option<Goal>) -> Effect {
        let after = after.unwrap_or_else(|| self.shown_goal());
        self.course.hold = Hold::Past;
        self.course.awaits_comparison = true;
        self.notice = Some("comparing…".to_owned());
        Effect::Time(Ask::Compare(before, after))
    }

    /// Opens the comparison that a picture brings, if it was asked for.
    pub(super) fn take_comparison(&mut self, picture: &Picture) -> bool {
        let Some(comparison) = &picture.comparison else { return false };
        let known = |comparing: &Comparing| Arc::ptr_eq(&comparing.of, comparison);
        if !self.course.awaits_comparison || self.comparing.as_ref().is_some_and(known) {
            return false;
        }
        self.course.awaits_comparison = false;
        self.notice = None;
        self.comparing = Some(Comparing::new(Arc::clone(comparison)));
        self.overlay = Overlay::Difference(0);
        true
    }
}

/// Returns the seconds of the run that lie behind a moment.
pub(crate) fn behind_seconds(moment: &Moment) -> Option<f64> {
    let (_, last) = moment.extent.times?;
    moment.at.map(|at| last.seconds_since(at).max(0.0))
}

/// A picture of a source without a time machine is live.
fn motion_of(picture: &Picture) -> Motion {
    picture.moment.as_ref().map_or(Motion::Live, |moment| moment.motion)
}

fn is_live(picture: &Picture) -> bool {
    motion_of(picture) == Motion::Live
}
