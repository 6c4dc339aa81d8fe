//! The time machine: reads a run once, and goes to any moment of it meanwhile and afterwards. No thread and no clock in it:
//! whoever owns it gives it work to do and says what time it is.

use std::collections::VecDeque;
use std::sync::Arc;

use karn_sanctum::RunKey;
use leyline::ViewNs;
use nissa::recording::{Damage, RecordingError};

use crate::fold::Picture;
use crate::time::copies::{Bounds, Copies};
use crate::time::landmarks::Landmarks;
use crate::time::replay::Replay;
use crate::time::runs::{Place, Wanted};
use crate::time::walker::{Stepped, Walker};
use crate::time::{Ask, Comparison, Extent, Goal, Instant, Moment, Motion, Progress, Speed};

mod play;
mod travel;

use play::Play;
use travel::Travel;

/// Inputs folded before the machine looks again at what it was asked: about a millisecond.
const AT_ONCE: u64 = 2048;

/// Asks that wait while one that needs reading is worked on; more than a person types in that time.
const ASKS: usize = 256;

/// Whether there is more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// At once.
    Busy,
    /// At once, but nobody waits for it.
    Ahead,
    /// When time has passed, when the run has grown, or when something is asked.
    Idle,
}

/// How far the run was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// There is more.
    On,
    /// Everything that is there now.
    CaughtUp,
    /// Everything that there will ever be.
    Over,
}

/// What is known of the end of a run that is being read.
enum Preview {
    /// Nobody has waited for the end.
    NotAsked,
    /// Too little: the run is short, or its end does not say enough.
    Nothing,
    Shown(Box<Picture>),
}

impl Preview {
    fn picture(&self) -> Option<&Picture> {
        match self {
            Self::Shown(picture) => Some(picture),
            Self::NotAsked | Self::Nothing => None,
        }
    }
}

/// See the module.
pub(crate) struct Machine {
    /// Reads the run once, from its start to its end.
    head: Walker,
    reading: Reading,
    /// Whether the run was read once to what was its end then.
    has_caught_up: bool,
    /// Events that there were when it began to read, if the end of the run told.
    events: Option<u64>,
    /// Goes to where somebody wants to look.
    walker: Walker,
    /// What is shown; while the newest is shown, what was shown before.
    shown: Replay,
    copies: Copies,
    landmarks: Landmarks,
    wanted: Wanted,
    asks: VecDeque<Ask>,
    travel: Option<Travel>,
    /// Moments of a comparison that are still to be visited, and those that were.
    comparing: Option<(VecDeque<Goal>, Vec<Instant>)>,
    comparison: Option<Arc<Comparison>>,
    motion: Motion,
    speed: Speed,
    play: Play,
    /// Whether a picture would show something else than the last one did.
    is_changed: bool,
    /// Whether what is shown was asked for; until then a live view goes on beside.
    has_arrived: bool,
    /// What is shown of the end before the run was read.
    preview: Preview,
    /// Bytes from which on there is one.
    long: u64,
}

impl Machine {
    /// Reads with `head` and looks with `walker`, which stand both at the start of the same run.
    pub(crate) fn new(head: Walker, mut walker: Walker, wanted: Wanted, bounds: Bounds) -> Self {
        let events = walker.events();
        let copies = Copies::new(&head, bounds);
        Self {
            shown: head.replay.clone(),
            head,
            reading: Reading::On,
            has_caught_up: false,
            events,
            walker,
            copies,
            landmarks: Landmarks::default(),
            wanted,
            asks: VecDeque::new(),
            travel: None,
            comparing: None,
            comparison: None,
            motion: Motion::Still,
            speed: Speed::ONE,
            play: Play::default(),
            is_changed: true,
            has_arrived: true,
            preview: Preview::NotAsked,
            long: bounds.long,
        }
    }

    /// Stands still at an event of a live run, and shows nothing before it was found.
    pub(crate) fn hold_live(&mut self, seq: Option<u64>) {
        self.stand();
        self.asks.clear();
        self.has_arrived = false;
        self.travel = Some(seq.map_or_else(|| self.aim(&Goal::Place(0), 0), Travel::to_live));
    }

    /// Shows a group from now on.
    pub(crate) fn want(&mut self, wanted: Wanted) {
        self.wanted = wanted;
        self.is_changed = true;
    }

    /// Takes note of what it is asked. Of several places to go to only the last one counts.
    pub(crate) fn ask(&mut self, ask: Ask) {
        if replaces(&ask) {
            self.asks.retain(|ask| matches!(ask, Ask::Group(_) | Ask::Speed(_)));
        }
        if let (Ask::Go(goal), Some(Ask::Go(before))) = (&ask, self.asks.back_mut())
            && before.absorb(goal)
        {
            return;
        }
        if self.asks.len() < ASKS {
            self.asks.push_back(ask);
        }
    }

    /// Does a bounded piece of work.
    ///
    /// # Errors
    ///
    /// The run cannot be read on; another call tries again.
    pub(crate) fn work(&mut self, now: ViewNs) -> Result<Work, RecordingError> {
        while let Some(ask) = self.next_ask() {
            self.take(ask, now);
        }
        self.look_at_the_end()?;
        if self.is_travelling()? {
            return Ok(Work::Busy);
        }
        if let (Motion::Playing(speed), None) = (self.motion, &self.travel)
            && self.play(speed, now)? == Work::Busy
        {
            return Ok(Work::Busy);
        }
        self.read_ahead()
    }

    /// Looks whether a run that was read to its end has grown.
    pub(crate) fn look_again(&mut self) {
        if self.reading == Reading::CaughtUp {
            self.reading = Reading::On;
            if let Some(travel) = &mut self.travel {
                travel.wait();
            }
        }
    }

    /// Returns whether the run will never grow again and was read, so that only asks bring something new.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.reading == Reading::Over && !matches!(self.motion, Motion::Playing(_))
    }

    /// Returns whether there is something new to show, without a change of time.
    pub(crate) const fn is_changed(&self) -> bool {
        self.is_changed && self.has_arrived
    }

    /// Returns whether there is something new to show because time has passed or the run was read on.
    pub(crate) fn has_moved(&self) -> bool {
        let place = if self.follows() { self.head.replay.place } else { self.walker.replay.place };
        let moves = self.follows() || self.is_playing();
        self.has_arrived && (self.is_first_reading() || moves && place != self.shown.place)
    }

    /// Returns what is damaged in the part that was read.
    pub(crate) fn damage(&self) -> &[Damage] {
        self.head.recording().map_or(&[], |recording| recording.damage())
    }

    /// Takes a picture of what is shown now.
    pub(crate) fn picture(&mut self) -> Picture {
        self.is_changed = false;
        if let Some(preview) = self.previewed() {
            return preview;
        }
        if self.follows() {
            self.shown = self.head.replay.clone();
        } else if self.is_playing() && self.walker.replay.place != self.shown.place {
            self.shown = self.walker.replay.clone();
        }
        let key = self.shown.shown(&self.wanted);
        let moment = Moment {
            place: 0,
            seq: None,
            at: None,
            ts: None,
            motion: self.motion,
            extent: self.extent(key.as_ref()),
        };
        let picture = self.shown.picture_at(&self.wanted, moment);
        Picture { comparison: self.comparison.clone(), ..picture }
    }

    /// Reads the end of a long run where somebody waits for it.
    fn look_at_the_end(&mut self) -> Result<(), RecordingError> {
        if matches!(self.preview, Preview::NotAsked) && self.waits_for_the_end() {
            // Once only, also where it fails: then the run is read from its start, and the failure is told.
            self.preview = Preview::Nothing;
            if let Some(picture) = self.walker.preview(&self.wanted, self.long)? {
                self.preview = Preview::Shown(Box::new(picture));
            }
            self.is_changed = true;
        }
        Ok(())
    }

    fn waits_for_the_end(&self) -> bool {
        let end = self.preview.picture().and_then(|preview| preview.moment.as_deref());
        let end = end.map(|moment| moment.place);
        self.is_first_reading()
            && self.comparing.is_none()
            && match &self.travel {
                Some(travel) => travel.is_to_the_end(end),
                None => self.motion == Motion::Live,
            }
    }

    /// Returns what is shown of the end before the run was read.
    fn previewed(&mut self) -> Option<Picture> {
        let shows = self.waits_for_the_end() && self.has_arrived;
        let preview = self.preview.picture().filter(|_| shows)?.clone();
        let key = preview.groups.get(preview.shown).cloned();
        let extent = self.extent(key.as_ref());
        let moment = preview.moment.as_deref().map(|moment| {
            let extent = Extent { last: moment.place, ..extent.clone() };
            Arc::new(Moment { extent, motion: self.motion, ..moment.clone() })
        });
        Some(Picture { moment, ..preview })
    }

    /// Returns whether it shows the newest state, as far as it is known.
    fn follows(&self) -> bool {
        self.motion == Motion::Live && self.reading != Reading::On
    }

    /// Returns whether the walker is what is shown, and goes on.
    const fn is_playing(&self) -> bool {
        matches!(self.motion, Motion::Playing(_)) && self.travel.is_none() && self.play.is_under_way
    }

    fn extent(&mut self, key: Option<&RunKey>) -> Extent {
        let trace = self.head.replay.trace(key);
        let times = trace.and_then(|trace| trace.first.zip(trace.last));
        let recording = self.head.recording().filter(|_| self.is_first_reading());
        let reading = recording.and_then(|recording| {
            let of = recording.total_bytes()?;
            Some(Progress { done: recording.bytes_read().min(of), of, events: self.events })
        });
        Extent {
            first: self.first(),
            last: self.head.replay.place.max(self.shown.place),
            times,
            landmarks: self.landmarks.shared(),
            reading,
        }
    }

    /// The first place that can be shown.
    fn first(&self) -> u64 {
        self.head.first().max(self.walker.first())
    }

    fn is_first_reading(&self) -> bool {
        self.reading == Reading::On && !self.has_caught_up
    }

    /// Returns the next ask that can be looked at: one that leads on from a moment waits until that was found.
    fn next_ask(&mut self) -> Option<Ask> {
        let is_searching = self.travel.as_ref().is_some_and(Travel::is_searching);
        let waits = match self.asks.front()? {
            Ask::Go(Goal::Events(_) | Goal::Batches(_) | Goal::Alert(_)) => {
                is_searching || self.preview.picture().is_some() && self.waits_for_the_end()
            }
            // The view stays where it is meanwhile, so it has to be there first.
            Ask::Compare(..) => !self.has_arrived && self.travel.is_some(),
            Ask::Go(Goal::When(_) | Goal::Place(_))
            | Ask::Hold(_)
            | Ask::Play
            | Ask::Speed(_)
            | Ask::Live
            | Ask::Group(_) => false,
        };
        if waits { None } else { self.asks.pop_front() }
    }

    fn take(&mut self, ask: Ask, now: ViewNs) {
        self.is_changed = true;
        match ask {
            Ask::Hold(None) => self.stand(),
            Ask::Hold(Some(place)) => self.go(&Goal::Place(place)),
            Ask::Go(goal) => self.go(&goal),
            Ask::Play => {
                self.comparison = None;
                let at_the_end =
                    self.reading == Reading::Over && self.head.replay.place <= self.shown.place;
                if self.motion != Motion::Live && !at_the_end {
                    self.motion = Motion::Playing(self.speed);
                    self.play.begin();
                }
            }
            Ask::Speed(speed) => {
                self.speed = speed;
                if let Motion::Playing(before) = self.motion {
                    self.play.change(before, now);
                    self.motion = Motion::Playing(speed);
                }
            }
            Ask::Live => {
                self.forget_travel();
                self.motion = Motion::Live;
            }
            Ask::Group(key) => {
                self.wanted = key.into();
                self.preview = Preview::NotAsked;
            }
            Ask::Compare(before, after) => {
                self.stand();
                self.comparing = Some((VecDeque::from([before, after]), Vec::new()));
                self.next_of_comparison();
            }
        }
    }

    /// Stands still where it is.
    fn stand(&mut self) {
        if self.follows() {
            self.shown = self.head.replay.clone();
        } else if self.is_playing() {
            self.shown = self.walker.replay.clone();
        }
        self.forget_travel();
        self.motion = Motion::Still;
    }

    fn forget_travel(&mut self) {
        (self.travel, self.comparing, self.comparison) = (None, None, None);
        self.play.is_under_way = false;
    }

    fn go(&mut self, goal: &Goal) {
        let on_the_way = self.travel.as_ref().filter(|_| self.comparing.is_none());
        let from = on_the_way.and_then(Travel::place);
        self.stand();
        let from = from.unwrap_or(self.shown.place);
        self.travel = Some(self.aim(goal, from));
    }

    /// Goes to the next moment of a comparison, or tells it when all of them were visited.
    fn next_of_comparison(&mut self) {
        let Some((goals, seen)) = &mut self.comparing else { return };
        if let Some(goal) = goals.pop_front() {
            self.travel = Some(self.aim(&goal, self.shown.place));
            return;
        }
        if let [before, after] = seen.as_slice() {
            let (before, after) = (before.clone(), after.clone());
            self.comparison = Some(Arc::new(Comparison { before, after }));
        }
        self.comparing = None;
        self.is_changed = true;
    }

    /// Shows what the walk has come to.
    fn arrive(&mut self) {
        self.travel = None;
        if let Some((_, seen)) = &mut self.comparing {
            seen.push(self.walker.replay.instant(&self.wanted));
            self.next_of_comparison();
        } else {
            self.shown = self.walker.replay.clone();
            (self.is_changed, self.has_arrived) = (true, true);
        }
    }

    /// Reads on where it reads the run for the first time.
    fn read_ahead(&mut self) -> Result<Work, RecordingError> {
        if self.reading != Reading::On {
            return Ok(Work::Idle);
        }
        for _ in 0..AT_ONCE {
            match self.head.step()? {
                Stepped::Folded(row) => {
                    let damage = self.damage().len();
                    self.landmarks.note(&row, &self.head.replay, damage);
                    self.copies.note(&Place::of(&row), &self.head);
                }
                Stepped::Moved => self.copies.restart(&self.head),
                Stepped::Pending => return Ok(self.rest(Reading::CaughtUp)),
                Stepped::End => return Ok(self.rest(Reading::Over)),
            }
        }
        Ok(Work::Ahead)
    }

    fn rest(&mut self, reading: Reading) -> Work {
        let damage = self.damage().len();
        self.landmarks.note_end(self.head.replay.place, damage);
        self.reading = reading;
        self.is_changed |= !self.has_caught_up;
        self.has_caught_up = true;
        // Whoever waits for a moment that did not come gets the end.
        if self.travel.is_some() { Work::Busy } else { Work::Idle }
    }
}

/// Returns whether an ask makes those before it void.
const fn replaces(ask: &Ask) -> bool {
    match ask {
        Ask::Go(Goal::When(_) | Goal::Place(_))
        | Ask::Hold(Some(_))
        | Ask::Live
        | Ask::Compare(..) => true,
        Ask::Go(Goal::Events(_) | Goal::Batches(_) | Goal::Alert(_))
        | Ask::Hold(None)
        | Ask::Play
        | Ask::Speed(_)
        | Ask::Group(_) => false,
    }
}

impl Goal {
    /// Adds a goal that leads on from this one, where one can stand for both.
    const fn absorb(&mut self, next: &Self) -> bool {
        match (self, next) {
            (Self::Events(events), Self::Events(more))
            | (Self::Batches(events), Self::Batches(more))
                if events.signum() == more.signum() =>
            {
                *events = events.saturating_add(*more);
                true
            }
            (
                Self::When(_)
                | Self::Place(_)
                | Self::Events(_)
                | Self::Batches(_)
                | Self::Alert(_),
                _,
            ) => false,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
