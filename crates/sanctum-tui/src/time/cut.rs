//! Decides which rows lie before a moment.

use std::collections::BTreeSet;

use karn_sanctum::{Aggregator, RunKey};
use leyline::{Incoming, RunId};

use crate::time::runs::{Place, Runs, Wanted};
use crate::when::When;

/// What to do with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It lies before the moment: fold it.
    Take,
    /// It lies behind the moment; others may not.
    Skip,
    /// It lies behind the moment, and so does every row that could follow.
    End,
}

/// What a walk along the rows looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// So many rows.
    Place(u64),
    /// A moment that only the rows can tell.
    Moment(When),
}

/// Walks along the rows of a source up to a moment.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    aim: Aim,
    /// Rows that were told to be folded.
    taken: u64,
    wanted: Wanted,
    /// Whether all rows are of one run, so that the first row behind the moment ends the reading.
    single: bool,
    /// Rows of a run do not go back in time, so one behind the moment closes the run.
    past: BTreeSet<RunId>,
}

impl Cut {
    pub(crate) const fn new(aim: Aim, wanted: Wanted, single: bool) -> Self {
        Self { aim, taken: 0, wanted, single, past: BTreeSet::new() }
    }

    /// Says what to do with a row, before it is folded; `runs` are those of the rows before.
    pub(crate) fn before(&mut self, row: &Incoming, runs: &Runs) -> Step {
        let step = self.step(row, runs);
        self.taken += u64::from(step == Step::Take);
        step
    }

    fn step(&mut self, row: &Incoming, runs: &Runs) -> Step {
        match self.aim {
            Aim::Moment(When::Start) => return Step::End,
            Aim::Place(place) => return if self.taken < place { Step::Take } else { Step::End },
            Aim::Moment(_) => {}
        }
        let place = Place::of(row);
        let Some(id) = runs.run_of(&place).filter(|id| !runs.is_one_too_many(id)) else {
            return Step::Take;
        };
        if !self.past.contains(id) {
            if !self.is_past(&place, runs, id) {
                return Step::Take;
            }
            self.past.insert(id.clone());
        }
        if self.single || self.wanted.run.as_ref() == Some(id) { Step::End } else { Step::Skip }
    }

    /// Returns whether a row lies behind a moment of a clock. A start is never behind the moments that it begins to count.
    fn is_past(&self, place: &Place<'_>, runs: &Runs, id: &RunId) -> bool {
        match self.aim {
            Aim::Moment(When::Time(ns)) => {
                let started =
                    runs.trace(id).and_then(|run| run.started(self.wanted.group.as_ref()));
                started
                    .zip(place.mono_ns)
                    .is_some_and(|(start, mono)| start.0.saturating_add(ns) < mono.0)
            }
            Aim::Moment(When::Ts(end)) => place.ts.is_some_and(|ts| end < ts),
            Aim::Place(_)
            | Aim::Moment(When::Start | When::End | When::Batch(_) | When::Seq(_)) => false,
        }
    }

    /// Returns whether the row that was just folded is the one that reaches the moment.
    ///
    /// Batches are counted in the group that is shown, numbers of events in its run.
    pub(crate) fn is_reached(&self, row: &Incoming, folded: &Aggregator, runs: &Runs) -> bool {
        let place = Place::of(row);
        let of_run = |id: &RunId| place.run.is_none_or(|run| run == id);
        match self.aim {
            Aim::Moment(When::Batch(batch)) => {
                let shown = |key: RunKey| of_run(&key.run_id) && place.group == Some(&key.group_id);
                place.batch.is_some_and(|at| batch <= at)
                    && runs.choose(folded, &self.wanted).is_ok_and(|key| key.is_none_or(shown))
            }
            // The numbers are those of the run: also one before the first event of the group that is wanted ends it.
            Aim::Moment(When::Seq(seq)) => {
                let usual = || folded.default_key().map(|key| key.run_id);
                place.seq.is_some_and(|at| seq <= at)
                    && self.wanted.run.clone().or_else(usual).is_none_or(|run| of_run(&run))
            }
            Aim::Place(_) | Aim::Moment(When::Start | When::End | When::Time(_) | When::Ts(_)) => {
                false
            }
        }
    }
}
