//! The course of one metric: what its latest batches were judged, and the alarm that came of it.
//!
//! This is the one place with the rule of `check`: a verdict counts when it held in [`HELD`] of the last [`WINDOW`]
//! batches that judged the metric. The rule pack of `docs/telemetry` will replace it.

use std::collections::VecDeque;

use leyline::Health;

/// Batches looked at together.
pub(super) const WINDOW: usize = 3;
/// Batches out of them in which a verdict must have held.
pub(super) const HELD: usize = 2;

/// How bad a verdict that counted was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Beyond the first limit.
    Warning,
    /// Beyond the second limit, or not finite.
    Critical,
}

impl Level {
    /// Returns the level of a verdict; `None` where it is no alarm.
    pub(super) const fn of(verdict: Health) -> Option<Self> {
        match verdict {
            Health::NoData | Health::Ungraded | Health::Healthy => None,
            Health::Warning => Some(Self::Warning),
            Health::Critical => Some(Self::Critical),
        }
    }

    /// Returns its word.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What a metric was in one batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Judged {
    /// Global number of the batch.
    pub(super) batch: u64,
    /// The value; may be NaN or infinite.
    pub(super) value: f64,
    /// `None`: no alarm.
    pub(super) level: Option<Level>,
    /// How far the value lies beyond the limit that it crossed; only compared with others of the same metric.
    pub(super) depth: f64,
}

/// A verdict that counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Alarm {
    /// The worst level that counted.
    pub(super) level: Level,
    /// The first batch of those that made it count.
    pub(super) first_batch: u64,
    /// The last batch in which the verdict held while it counted.
    pub(super) last_batch: u64,
    /// The worst of the values that made it count.
    pub(super) worst: Judged,
}

/// One metric along a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Course {
    latest: VecDeque<Judged>,
    alarm: Option<Alarm>,
}

impl Course {
    /// Takes the verdict of one more batch.
    pub(super) fn push(&mut self, judged: Judged) {
        if self.latest.len() == WINDOW {
            self.latest.pop_front();
        }
        self.latest.push_back(judged);
        if judged.level.is_none() {
            return;
        }
        let held: Vec<Judged> =
            self.latest.iter().filter(|at| at.level.is_some()).copied().collect();
        let Some(first) = held.first().filter(|_| HELD <= held.len()) else { return };
        let critical = held.iter().filter(|at| at.level == Some(Level::Critical)).count();
        let level = if HELD <= critical { Level::Critical } else { Level::Warning };
        let worst = held.iter().copied().fold(*first, worse);
        self.alarm = Some(match self.alarm {
            None => Alarm { level, first_batch: first.batch, last_batch: judged.batch, worst },
            Some(before) => Alarm {
                level: before.level.max(level),
                first_batch: before.first_batch,
                last_batch: judged.batch,
                worst: worse(before.worst, worst),
            },
        });
    }

    /// Forgets the latest batches, because what follows is another start; what counted stays.
    pub(super) fn restart(&mut self) {
        self.latest.clear();
    }

    /// Returns the verdict that counted, if one did.
    pub(super) const fn alarm(&self) -> Option<&Alarm> {
        self.alarm.as_ref()
    }
}

/// Returns the worse of two: by level, then a value that is not finite, then the one farther beyond its limit.
fn worse(a: Judged, b: Judged) -> Judged {
    let rank = |at: &Judged| (at.level, !at.value.is_finite());
    let farther = rank(&a) < rank(&b) || (rank(&a) == rank(&b) && a.depth < b.depth);
    if farther { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds verdicts of batches 11, 12, …: `.` clear, `w`, `c`, and a blank where the metric was not judged.
    fn course(verdicts: &str) -> Course {
        let mut course = Course::default();
        for (batch, verdict) in (11..).zip(verdicts.chars()) {
            let (level, value) = match verdict {
                '.' => (None, 0.0),
                'w' => (Some(Level::Warning), 1.0),
                'c' => (Some(Level::Critical), 2.0),
                _ => continue,
            };
            course.push(Judged { batch, value, level, depth: value });
        }
        course
    }

    #[track_caller]
    fn check(verdicts: &str, expected: Option<(Level, u64, u64, f64)>) {
        let seen = course(verdicts).alarm().copied();
        let seen = seen.map(|at| (at.level, at.first_batch, at.last_batch, at.worst.value));
        assert_eq!(seen, expected, "{verdicts}");
    }

    #[test]
    fn a_verdict_counts_when_it_held_in_two_of_three() {
        check("", None);
        check("w", None);
        check("w..w..w", None);
        check("ww", Some((Level::Warning, 11, 12, 1.0)));
        check("w.w", Some((Level::Warning, 11, 13, 1.0)));
        check(".w.ww..", Some((Level::Warning, 12, 15, 1.0)));
    }

    #[test]
    fn worse_is_worse_and_the_level_needs_its_own_two() {
        check("wc", Some((Level::Warning, 11, 12, 2.0)));
        check("c.c", Some((Level::Critical, 11, 13, 2.0)));
        check("ww.cc.ww", Some((Level::Critical, 11, 18, 2.0)));
    }

    #[test]
    fn a_batch_without_a_verdict_is_no_batch_of_the_window() {
        check("w   w", Some((Level::Warning, 11, 15, 1.0)));
        check("w . . w", None);
    }

    #[test]
    fn a_restart_forgets_the_window_and_keeps_what_counted() {
        let mut seen = course("w");
        seen.restart();
        seen.push(Judged { batch: 12, value: 1.0, level: Some(Level::Warning), depth: 1.0 });
        assert_eq!(seen.alarm(), None);
        let mut seen = course("ww");
        seen.restart();
        assert!(seen.alarm().is_some());
    }

    #[test]
    fn what_is_not_finite_is_worst() {
        let mut seen = Course::default();
        for (batch, value) in [(11, 5.0), (12, f64::NAN), (13, 9.0)] {
            seen.push(Judged { batch, value, level: Some(Level::Critical), depth: value });
        }
        let worst = seen.alarm().map(|at| at.worst);
        assert!(worst.is_some_and(|at| at.value.is_nan() && at.batch == 12), "{worst:?}");
    }
}
