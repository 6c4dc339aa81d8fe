//! How this viewer stands with a run of another process. It is no part of the state of the run: another viewer stands
//! differently with the same run.

use std::mem::discriminant;
use std::time::Duration;

use leyline::{Incoming, RunId, ViewNs};

/// Seconds behind the run from which on a viewer says so.
pub const BEHIND_SECONDS: u64 = 2;

/// Seconds for which a viewer that was behind goes on saying so.
const TOLD_SECONDS: f64 = 5.0;

/// What a source says about its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feed {
    /// It tries to reach the run at this place.
    Connecting {
        /// The place, as it is spelled.
        at: String,
    },
    /// It reads what happened before.
    CatchingUp {
        /// Number after the last event read.
        done: u64,
        /// Number that the run had reached when it was asked.
        of: u64,
        /// Whether this viewer was live before, so that it lacks what it would have seen.
        fell_behind: bool,
    },
    /// What comes is what happens.
    Live,
    /// No connection, and another try after a while.
    Retrying {
        /// Time to the next try.
        after: Duration,
        /// What happened.
        why: String,
    },
    /// The run is over, and everything that it left was read.
    Over,
}

/// How this viewer stands with the run at the moment of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Trying to reach the run at this place.
    Connecting {
        /// The place, as it is spelled.
        at: String,
    },
    /// Reading what happened before.
    CatchingUp {
        /// Number after the last event read.
        done: u64,
        /// Number that the run had reached when it was asked.
        of: u64,
        /// Whether this viewer was live before.
        fell_behind: bool,
    },
    /// Live.
    Live {
        /// Seconds by which what arrives is older than it need be; 0 for a viewer that keeps up.
        behind_seconds: u64,
        /// Seconds by which this viewer was behind until a moment ago; 0 if it was not.
        was_behind_seconds: u64,
    },
    /// No connection.
    Retrying {
        /// Seconds to the next try, rounded up.
        in_seconds: u64,
        /// What happened.
        why: String,
    },
    /// Nothing will follow.
    Over,
}

/// Keeps what a source says about its connection, and how late its events come.
#[derive(Debug, Clone)]
pub struct Follow {
    feed: Feed,
    /// When it was said.
    since: ViewNs,
    lag: Lag,
}

impl Follow {
    /// Begins with what was said first.
    pub const fn new(feed: Feed, now: ViewNs) -> Self {
        Self { feed, since: now, lag: Lag::NONE }
    }

    /// Takes note of a change; returns whether it is one of kind, not just of how far the reading is.
    pub fn note(&mut self, feed: Feed, now: ViewNs) -> bool {
        let differs = discriminant(&self.feed) != discriminant(&feed);
        (self.feed, self.since) = (feed, now);
        differs
    }

    /// Takes note of an event.
    pub fn heard(&mut self, incoming: &Incoming, now: ViewNs) {
        // What is read from the log is late by nature.
        if let (Feed::Live, Incoming::Known(event)) = (&self.feed, incoming) {
            self.lag.note(&event.run_id, event.mono_ns.0, now);
        }
    }

    /// Returns whether what arrives happened before this viewer came.
    pub const fn is_catching_up(&self) -> bool {
        matches!(self.feed, Feed::CatchingUp { .. })
    }

    /// Returns how this viewer stands at a moment.
    pub fn standing(&self, now: ViewNs) -> Standing {
        match &self.feed {
            Feed::Connecting { at } => Standing::Connecting { at: at.clone() },
            Feed::CatchingUp { done, of, fell_behind } => {
                Standing::CatchingUp { done: *done, of: *of, fell_behind: *fell_behind }
            }
            Feed::Live => Standing::Live {
                behind_seconds: self.lag.seconds(),
                was_behind_seconds: self.lag.repaired_seconds(now),
            },
            Feed::Retrying { after, why } => {
                let passed = Duration::from_nanos(now.0.saturating_sub(self.since.0));
                let left = after.saturating_sub(passed);
                let in_seconds = left.as_secs() + u64::from(0 < left.subsec_nanos());
                Standing::Retrying { in_seconds, why: why.clone() }
            }
            Feed::Over => Standing::Over,
        }
    }
}

/// How late events come. The clocks of run and viewer share no zero, so the quickest event so far says what in time is.
#[derive(Debug, Clone)]
struct Lag {
    run: Option<RunId>,
    /// Least difference between the viewer's time and the run's, in nanoseconds.
    least: i128,
    latest: i128,
    /// Most seconds since this viewer was in time.
    worst: u64,
    /// The last time that it was late, in seconds, and when it was in time again.
    repaired: Option<(u64, ViewNs)>,
}

impl Lag {
    const NONE: Self = Self { run: None, least: 0, latest: 0, worst: 0, repaired: None };

    fn note(&mut self, run: &RunId, mono_ns: u64, now: ViewNs) {
        self.latest = i128::from(now.0) - i128::from(mono_ns);
        if self.run.as_ref() == Some(run) {
            self.least = self.least.min(self.latest);
        } else {
            (self.run, self.least) = (Some(run.clone()), self.latest);
        }
        let seconds = self.seconds();
        if 0 < seconds {
            self.worst = self.worst.max(seconds);
        } else if 0 < self.worst {
            self.repaired = Some((self.worst, now));
            self.worst = 0;
        }
    }

    fn repaired_seconds(&self, now: ViewNs) -> u64 {
        let fresh = |at: ViewNs| now.seconds_since(at) <= TOLD_SECONDS;
        self.repaired.filter(|&(_, at)| fresh(at)).map_or(0, |(seconds, _)| seconds)
    }

    /// Whole seconds; 0 below [`BEHIND_SECONDS`].
    fn seconds(&self) -> u64 {
        let seconds = (self.latest - self.least) / 1_000_000_000;
        u64::try_from(seconds).ok().filter(|&seconds| BEHIND_SECONDS <= seconds).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use leyline::RunNs;
    use leyline::demo::{self, Scenario};

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn event(at_seconds: u64) -> Incoming {
        let mut event = demo::events(Scenario::Calm, 1).swap_remove(0);
        event.mono_ns = RunNs(at_seconds * SECOND);
        Incoming::Known(Arc::new(event))
    }

    fn at(seconds: u64) -> ViewNs {
        ViewNs(seconds * SECOND)
    }

    #[test]
    fn a_viewer_is_as_late_as_its_events_are_against_the_quickest_one() {
        let mut follow = Follow::new(Feed::Live, at(0));
        let mut behind = |event_at, now| {
            follow.heard(&event(event_at), at(now));
            follow.standing(at(now))
        };
        let live = |behind_seconds| Standing::Live { behind_seconds, was_behind_seconds: 0 };
        assert_eq!(behind(100, 7), live(0));
        assert_eq!(behind(101, 9), live(0), "one second is a hiccup");
        assert_eq!(behind(102, 69), live(60));
        let was_behind = Standing::Live { behind_seconds: 0, was_behind_seconds: 60 };
        assert_eq!(behind(161, 69), was_behind);
        assert_eq!(behind(165, 73), was_behind);
        assert_eq!(behind(167, 75), live(0));
    }

    #[test]
    fn what_comes_from_the_log_is_not_late() {
        let mut follow =
            Follow::new(Feed::CatchingUp { done: 0, of: 9, fell_behind: false }, at(0));
        assert!(follow.is_catching_up());
        follow.heard(&event(1), at(500));
        follow.note(Feed::Live, at(500));
        follow.heard(&event(400), at(500));
        follow.heard(&event(401), at(501));
        assert_eq!(
            follow.standing(at(501)),
            Standing::Live { behind_seconds: 0, was_behind_seconds: 0 }
        );
    }

    #[test]
    fn the_time_to_the_next_try_runs_down() {
        let why = "the connection was cut".to_owned();
        let after = Duration::from_millis(4500);
        let follow = Follow::new(Feed::Retrying { after, why: why.clone() }, at(10));
        let left = |now| match follow.standing(now) {
            Standing::Retrying { in_seconds, why: told } if told == why => in_seconds,
            Standing::Retrying { .. }
            | Standing::Connecting { .. }
            | Standing::CatchingUp { .. }
            | Standing::Live { .. }
            | Standing::Over => panic!("something else is said"),
        };
        assert_eq!([left(at(10)), left(at(11)), left(at(14)), left(at(99))], [5, 4, 1, 0]);
    }
}
