//! On the way to a moment: where to begin, how to search, and when it was found.

use leyline::RunNs;
use nissa::recording::RecordingError;

use crate::time::copies::Span;
use crate::time::cut::{Aim, Cut, Step};
use crate::time::runs::Wanted;
use crate::time::walker::Stepped;
use crate::time::{Goal, Motion, Way};
use crate::when::When;

use super::{AT_ONCE, Machine, Reading};

/// How often a viewer that stands still at an event of a live run looks whether the log has it. A log is written at once where
/// nothing else comes, so more than a few looks mean that it never will.
const PATIENCE: u32 = 40;

/// A way to a moment.
#[derive(Debug, Clone)]
pub(crate) struct Travel {
    aim: Aim,
    leg: Leg,
    /// Everything before this place was searched.
    searched: u64,
    /// How often it may still be looked whether the run has grown up to it.
    patience: u32,
}

/// What the walk does now.
#[derive(Debug, Clone)]
enum Leg {
    /// Nothing yet.
    Planned,
    /// It waits until the run was read that far.
    Waiting,
    /// It goes to a place.
    To(u64),
    /// It looks at each input, up to a place.
    Searching { cut: Box<Cut>, end: u64 },
}

impl Travel {
    const fn to(aim: Aim) -> Self {
        Self { aim, leg: Leg::Planned, searched: 0, patience: 0 }
    }

    /// Goes to an event of a live run that its log may not have yet.
    pub(super) fn to_live(seq: u64) -> Self {
        Self { patience: PATIENCE, ..Self::to(Aim::Moment(When::Seq(seq))) }
    }

    /// Notes that it was looked once more.
    pub(super) const fn wait(&mut self) {
        self.patience = self.patience.saturating_sub(1);
    }

    /// Returns the place it goes to, if that is known.
    pub(crate) const fn place(&self) -> Option<u64> {
        match self.aim {
            Aim::Place(place) => Some(place),
            Aim::Moment(_) => None,
        }
    }

    /// Returns whether it goes to the end of the run, whose place is known where the end was looked at.
    pub(super) fn is_to_the_end(&self, end: Option<u64>) -> bool {
        match self.aim {
            Aim::Moment(when) => when == When::End,
            Aim::Place(place) => end.is_some_and(|end| end <= place),
        }
    }

    /// Returns whether the place it goes to will be known soon.
    pub(crate) const fn is_searching(&self) -> bool {
        let waits = matches!(self.leg, Leg::Waiting) && self.patience == 0;
        matches!(self.aim, Aim::Moment(_)) && !waits
    }
}

impl Machine {
    /// Says where a goal lies, as seen from a place.
    pub(super) fn aim(&self, goal: &Goal, from: u64) -> Travel {
        let shown = self.shown.shown(&self.wanted);
        let last = if self.reading == Reading::Over { self.head.replay.place } else { u64::MAX };
        let place = match goal {
            Goal::When(when) => return Travel::to(Aim::Moment(*when)),
            Goal::Place(place) => *place,
            Goal::Events(by) => from.saturating_add_signed(*by),
            Goal::Batches(by) => {
                let fold = &self.head.replay.folded;
                let end = self.landmarks.batch_step(from, *by, shown.as_ref(), fold);
                end.unwrap_or(if *by < 0 { 0 } else { self.head.replay.place })
            }
            Goal::Alert(way) => self.landmarks.alert(from, *way).unwrap_or(match way {
                Way::Back | Way::On => from,
            }),
        };
        Travel::to(Aim::Place(place.clamp(self.first(), last.max(self.first()))))
    }

    /// Goes on with what was asked for; returns whether there is more to do at once.
    pub(super) fn is_travelling(&mut self) -> Result<bool, RecordingError> {
        let Some(mut travel) = self.travel.take() else { return Ok(false) };
        if let Leg::Planned | Leg::Waiting = travel.leg {
            travel.leg = self.plan(&travel)?;
        }
        let has_arrived = match &mut travel.leg {
            Leg::Planned | Leg::Waiting => {
                self.travel = Some(travel);
                return Ok(false);
            }
            Leg::To(place) => self.walk_to(*place)?,
            Leg::Searching { cut, end } => {
                let (found, end) = (self.search(cut, *end)?, *end);
                if !found && end <= self.walker.replay.place {
                    (travel.leg, travel.searched) = (Leg::Planned, end);
                }
                found
            }
        };
        if has_arrived {
            self.arrive();
        } else {
            self.travel = Some(travel);
        }
        Ok(true)
    }

    fn plan(&mut self, travel: &Travel) -> Result<Leg, RecordingError> {
        let (last, is_on) = (self.head.replay.place, self.reading == Reading::On);
        let waits = self.reading == Reading::CaughtUp && 0 < travel.patience;
        let end = if is_on || waits { Leg::Waiting } else { Leg::To(last) };
        let leg = match &travel.aim {
            Aim::Place(place) if *place <= last => Leg::To(*place),
            Aim::Place(_) | Aim::Moment(When::End) => end,
            Aim::Moment(When::Start) => Leg::To(self.first()),
            Aim::Moment(When::Batch(batch)) if self.landmarks.knows_all_batches() => {
                let place =
                    self.landmarks.batch_end(*batch, &self.wanted, &self.head.replay.folded);
                place.map_or(end, Leg::To)
            }
            Aim::Moment(when) => return self.search_leg(*when, travel.searched, end),
        };
        if let Leg::To(place) = leg {
            self.set_out(place)?;
        }
        Ok(leg)
    }

    /// Finds the next stretch in which a moment may lie, and begins to search it.
    fn search_leg(&mut self, when: When, from: u64, end: Leg) -> Result<Leg, RecordingError> {
        let is_on = self.reading == Reading::On;
        let mut wanted = self.wanted.clone();
        let is_of_clock = matches!(when, When::Time(_) | When::Ts(_));
        let single = self.head.is_single_run();
        if is_of_clock && !single && wanted.run.is_none() {
            // Which run is shown is known at the end only: the one that started last.
            if is_on {
                return Ok(Leg::Waiting);
            }
            wanted.run = self.head.replay.shown(&wanted).map(|key| key.run_id);
        }
        let limit = self.limit(when, &wanted);
        let may_hold = |span: &Span| match when {
            When::Seq(seq) => span.seq.is_some_and(|largest| seq <= largest),
            When::Batch(batch) => span.batch.is_some_and(|largest| batch <= largest),
            When::Ts(ts) => span.ts.is_some_and(|largest| ts < largest),
            When::Time(_) => limit.zip(span.mono).is_some_and(|(limit, mono)| limit < mono),
            When::Start | When::End => false,
        };
        let Some((copy, until)) = self.copies.first_where(from, may_hold) else {
            if let Leg::To(place) = end {
                self.set_out(place)?;
            }
            return Ok(end);
        };
        let until = until.unwrap_or(self.head.replay.place);
        if until <= from {
            // The last stretch was searched as far as it was read.
            if let Leg::To(place) = end {
                self.set_out(place)?;
            }
            return Ok(end);
        }
        let (mark, replay) = (copy.mark.clone(), copy.replay.clone());
        self.walker.go(&mark, replay)?;
        Ok(Leg::Searching {
            cut: Box::new(Cut::new(Aim::Moment(when), wanted, single)),
            end: until,
        })
    }

    /// Returns the time on the producer's clock that a span since the start names, if the start was seen.
    fn limit(&self, when: When, wanted: &Wanted) -> Option<RunNs> {
        let When::Time(ns) = when else { return None };
        let replay = &self.head.replay;
        let key = replay.shown(wanted);
        let started = replay.trace(key.as_ref())?.started(wanted.group.as_ref())?;
        Some(RunNs(started.0.saturating_add(ns)))
    }

    /// Brings the walker to where the way to a place is shortest.
    fn set_out(&mut self, place: u64) -> Result<(), RecordingError> {
        let here = self.walker.replay.place;
        let copy = self.copies.nearest(place);
        let nearest = copy.replay.place;
        if here <= place && nearest <= here {
            return Ok(());
        }
        if self.head.replay.place == place {
            let (mark, replay) = (self.head.mark(), self.head.replay.clone());
            return self.walker.go(&mark, replay);
        }
        let (mark, replay) = (copy.mark.clone(), copy.replay.clone());
        self.walker.go(&mark, replay)
    }

    /// Goes on to a place; returns whether it is there, or as near as can be.
    fn walk_to(&mut self, place: u64) -> Result<bool, RecordingError> {
        for _ in 0..AT_ONCE {
            if place <= self.walker.replay.place {
                return Ok(true);
            }
            match self.walker.step()? {
                Stepped::Folded(_) | Stepped::Moved => {}
                Stepped::Pending | Stepped::End => return Ok(true),
            }
        }
        Ok(place <= self.walker.replay.place)
    }

    /// Goes on to a moment or to a place; returns whether the moment was found.
    fn search(&mut self, cut: &mut Cut, end: u64) -> Result<bool, RecordingError> {
        for _ in 0..AT_ONCE {
            if end <= self.walker.replay.place {
                return Ok(false);
            }
            match self.walker.peek()?.map(|(row, runs)| cut.before(row, runs)) {
                // What follows a row of another run that lies behind the moment is no prefix of the rows, so it counts, too.
                Some(Step::Take | Step::Skip) => {}
                Some(Step::End) | None => return Ok(true),
            }
            match self.walker.step()? {
                Stepped::Folded(row) => {
                    let replay = &self.walker.replay;
                    if cut.is_reached(&row, &replay.folded, &replay.runs) {
                        return Ok(true);
                    }
                }
                Stepped::Moved => {}
                Stepped::Pending | Stepped::End => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Brings the walker back to what is shown, so that it can go on from there; returns whether it is there.
    pub(super) fn is_back(&mut self) -> Result<bool, RecordingError> {
        let place = self.shown.place;
        if self.play.is_under_way {
            return Ok(true);
        }
        if self.walker.replay.place != place {
            self.set_out(place)?;
        }
        let is_back = self.walk_to(place)?;
        if is_back {
            self.play.is_under_way = true;
            debug_assert!(matches!(self.motion, Motion::Playing(_)));
        }
        Ok(is_back)
    }
}
