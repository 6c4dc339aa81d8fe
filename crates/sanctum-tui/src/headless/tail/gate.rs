//! Which event is the first that `tail` prints.

use leyline::{Incoming, RunNs, Timestamp};
use nissa::recording::Seek;

use crate::time::cut::Aim;
use crate::time::runs::Place;
use crate::when::When;

/// Closed up to the first event that reaches a moment, and open from that event on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// Everything is printed.
    Open,
    /// Only what comes once everything that was there has been read.
    CaughtUp,
    /// So many events are left out.
    After(u64),
    Seq(u64),
    Batch(u64),
    /// So many nanoseconds after a start that was not seen yet.
    AfterStart(u64),
    MonoNs(RunNs),
    Ts(Timestamp),
}

impl Gate {
    pub(super) const fn new(from: Aim) -> Self {
        match from {
            Aim::Place(0 | 1) | Aim::Moment(When::Start) => Self::Open,
            Aim::Place(place) => Self::After(place - 1),
            Aim::Moment(When::End) => Self::CaughtUp,
            Aim::Moment(When::Batch(batch)) => Self::Batch(batch),
            Aim::Moment(When::Seq(seq)) => Self::Seq(seq),
            Aim::Moment(When::Time(ns)) => Self::AfterStart(ns),
            Aim::Moment(When::Ts(ts)) => Self::Ts(ts),
        }
    }

    /// Returns whether an event is printed.
    pub(super) fn lets_through(&mut self, incoming: &Incoming) -> bool {
        if *self == Self::Open {
            return true;
        }
        if let Self::After(left) = *self {
            *self = left.checked_sub(1).map_or(Self::Open, Self::After);
            return left == 0;
        }
        let place = Place::of(incoming);
        if let (Self::AfterStart(ns), true, Some(start)) = (*self, place.start, place.mono_ns) {
            *self = Self::MonoNs(RunNs(start.0.saturating_add(ns)));
        }
        let reached = match *self {
            Self::Open | Self::After(_) => true,
            Self::CaughtUp | Self::AfterStart(_) => false,
            Self::Seq(seq) => place.seq.is_some_and(|at| seq <= at),
            Self::Batch(batch) => place.batch.is_some_and(|at| batch <= at),
            Self::MonoNs(ns) => place.mono_ns.is_some_and(|at| ns <= at),
            Self::Ts(ts) => place.ts.is_some_and(|at| ts <= at),
        };
        if reached {
            *self = Self::Open;
        }
        reached
    }

    /// Notes that everything that was there has been read.
    pub(super) fn catch_up(&mut self) {
        if *self == Self::CaughtUp {
            *self = Self::Open;
        }
    }

    /// Returns where reading can go on without missing the moment; `None` where only reading on can tell. Never by the wall
    /// clock, which can be set back.
    pub(super) const fn seek(self) -> Option<Seek> {
        match self {
            Self::Seq(seq) => Some(Seek::Seq(seq)),
            Self::MonoNs(ns) => Some(Seek::MonoNs(ns)),
            Self::Open
            | Self::CaughtUp
            | Self::After(_)
            | Self::Batch(_)
            | Self::AfterStart(_)
            | Self::Ts(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use leyline::demo::{self, Scenario};

    use super::*;

    /// Returns how many events of a calm run are held back, and what the gate can be sought by after each of them.
    fn held(from: &str) -> usize {
        held_by(Gate::new(Aim::Moment(from.parse().unwrap())))
    }

    fn held_by(mut gate: Gate) -> usize {
        let events = demo::events(Scenario::Calm, 1).into_iter().map(Arc::new);
        events.take_while(|event| !gate.lets_through(&Incoming::Known(Arc::clone(event)))).count()
    }

    #[track_caller]
    fn check(from: &str, first: impl Fn(&leyline::Envelope) -> bool) {
        let events = demo::events(Scenario::Calm, 1);
        assert_eq!(Some(held(from)), events.iter().position(first), "{from}");
    }

    #[test]
    fn the_first_event_that_reaches_the_moment_is_the_first_one_printed() {
        let events = demo::events(Scenario::Calm, 1);
        let start =
            events.iter().find(|event| event.event.kind() == leyline::EventKind::TrainingStarted);
        let start = start.unwrap().mono_ns.0;
        check("start", |_| true);
        check("seq:0", |_| true);
        check("seq:7", |event| event.seq == 7);
        check("batch:3", |event| {
            event.event.kind() == leyline::EventKind::BatchEpochCompleted
                && Place::of(&Incoming::Known(Arc::new(event.clone()))).batch == Some(3)
        });
        check("time:0s", |event| start <= event.mono_ns.0);
        check("time:2s", |event| start + 2_000_000_000 <= event.mono_ns.0);
        let ts = events[9].ts;
        check(&format!("ts:{ts}"), |event| ts <= event.ts);
        assert_eq!(held("end"), events.len());
        assert_eq!(held("seq:999999"), events.len());
        // The state at a place is that after so many events, so the last of them is the one that reaches it.
        assert_eq!([0, 1, 2, 7].map(|place| held_by(Gate::new(Aim::Place(place)))), [0, 0, 1, 6]);
    }

    #[test]
    fn only_places_that_never_go_back_are_sought() {
        let seek = |from: &str| Gate::new(Aim::Moment(from.parse().unwrap())).seek();
        assert_eq!(seek("seq:7"), Some(Seek::Seq(7)));
        for from in ["start", "end", "batch:2", "time:3s", "ts:2026-11-21T12:00:00Z"] {
            assert_eq!(seek(from), None, "{from}");
        }
    }
}
