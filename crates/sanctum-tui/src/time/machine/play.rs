//! Replay: the inputs come at the pace at which they came, or at a multiple of it.

use leyline::{RunNs, ViewNs};
use nissa::recording::RecordingError;

use crate::time::runs::Place;
use crate::time::walker::Stepped;
use crate::time::{Motion, Speed};

use super::{AT_ONCE, Machine, Reading, Work};

/// The clock of a replay.
#[derive(Debug, Default)]
pub(super) struct Play {
    /// A moment of the viewer's clock, and the time of the run then; `None` until it goes.
    since: Option<(ViewNs, RunNs)>,
    /// Whether the walker is where the replay is.
    pub(super) is_under_way: bool,
}

impl Play {
    pub(super) const fn begin(&mut self) {
        (self.since, self.is_under_way) = (None, false);
    }

    /// Goes on at another speed from now on.
    pub(super) fn change(&mut self, before: Speed, now: ViewNs) {
        self.since = self.time(before, now).map(|time| (now, time));
    }

    /// Returns the time of the run that is reached now.
    fn time(&self, speed: Speed, now: ViewNs) -> Option<RunNs> {
        let (began, from) = self.since?;
        let passed = now.0.saturating_sub(began.0) as f64 * speed.factor();
        // Out of range becomes the end of time.
        Some(RunNs(from.0.saturating_add(passed as u64)))
    }
}

impl Machine {
    /// Folds what has come due.
    pub(super) fn play(&mut self, speed: Speed, now: ViewNs) -> Result<Work, RecordingError> {
        if !self.is_back()? {
            return Ok(Work::Busy);
        }
        let key = self.walker.replay.shown(&self.wanted);
        let run = key.map(|key| key.run_id);
        if self.play.since.is_none() {
            let last = run.as_ref().and_then(|run| self.walker.replay.runs.trace(run)?.last);
            let from = match last {
                Some(last) => Some(last),
                None => self.walker.peek()?.and_then(|(row, _)| Place::of(row).mono_ns),
            };
            self.play.since = from.map(|from| (now, from));
        }
        let Some(limit) = self.play.time(speed, now) else {
            // An input without a time comes at once.
            return self.play_on(None);
        };
        if let Some(run) = &run {
            let copy = self.copies.before_time(run, limit);
            if self.walker.replay.place < copy.replay.place {
                let (mark, replay) = (copy.mark.clone(), copy.replay.clone());
                self.walker.go(&mark, replay)?;
            }
        }
        self.play_on(Some(limit))
    }

    fn play_on(&mut self, limit: Option<RunNs>) -> Result<Work, RecordingError> {
        let run = self.walker.replay.shown(&self.wanted).map(|key| key.run_id);
        for _ in 0..AT_ONCE {
            let Some((row, _)) = self.walker.peek()? else {
                let at_the_end = self.head.replay.place <= self.walker.replay.place;
                if self.reading == Reading::Over && at_the_end {
                    self.stand();
                    self.is_changed = true;
                }
                return Ok(Work::Idle);
            };
            let place = Place::of(row);
            // Another run has another clock, and comes in between.
            let is_of_run = run.is_none() || place.run.is_none() || place.run == run.as_ref();
            let is_due = match (place.mono_ns.filter(|_| is_of_run), limit) {
                (Some(mono), Some(limit)) => mono <= limit,
                (Some(_), None) => false,
                (None, _) => true,
            };
            if !is_due {
                return Ok(Work::Idle);
            }
            match self.walker.step()? {
                Stepped::Folded(_) | Stepped::Moved => {}
                Stepped::Pending | Stepped::End => return Ok(Work::Idle),
            }
            if limit.is_none() {
                return Ok(Work::Busy);
            }
        }
        debug_assert!(matches!(self.motion, Motion::Playing(_)));
        Ok(Work::Busy)
    }
}
