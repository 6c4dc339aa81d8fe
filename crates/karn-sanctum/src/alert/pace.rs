//! How long batches take: the median of the latest, a batch that took longer, and one that does not end.

use leyline::rule::{self, LEAST_TIMED_BATCHES, TIMED_BATCHES, Test};
use leyline::{AlertLevel, RuleId, RunNs};

use crate::alert::Finding;
use crate::history::History;

const NANOSECONDS: f64 = 1e9;

/// Times of the latest batches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    /// When the latest batch ended, or the run started.
    latest: Option<RunNs>,
    /// Nanoseconds of each.
    times: History<u64, TIMED_BATCHES>,
}

/// What the time of a batch says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Timed {
    pub(crate) slow: Option<Finding>,
    pub(crate) stalled: Option<Finding>,
}

impl Pace {
    /// Returns the pace of a run that starts.
    pub(crate) const fn started(at: RunNs) -> Self {
        Self { latest: Some(at), times: History::new() }
    }

    /// Takes note of the end of a batch; `None` while there are too few to compare it with. `evaluating`: seconds of it in which
    /// the policy was tried out, which are no time of the batch itself.
    pub(crate) fn batch_ended(&mut self, at: RunNs, evaluating: Option<f64>) -> Option<Timed> {
        let before = self.latest.replace(at)?;
        let whole = at.0.saturating_sub(before.0);
        let without = |seconds: f64| whole.saturating_sub((seconds * NANOSECONDS) as u64);
        let took = evaluating.map_or(whole, without);
        let median = self.median();
        self.times.push(took);
        let (seconds, median) = (took as f64 / NANOSECONDS, median?);
        let Test::SlowBatch { medians } = rule::by_id(RuleId::Slow).test else { return None };
        let is_slow = medians * median < seconds;
        let slow = is_slow.then(|| Finding::new(AlertLevel::Warning, seconds, None));
        Some(Timed { slow, stalled: stalled(seconds, median) })
    }

    /// Judges the seconds since the end of the latest batch.
    pub(crate) fn stall(&self, seconds: f64) -> Option<Finding> {
        stalled(seconds, self.median()?)
    }

    /// Returns how much memory the times take (bytes).
    pub(crate) fn heap_bytes(&self) -> usize {
        self.times.heap_bytes()
    }

    /// Returns the median in seconds.
    fn median(&self) -> Option<f64> {
        let mut times = [0_u64; TIMED_BATCHES];
        let count = self.times.iter().len();
        if count < LEAST_TIMED_BATCHES {
            return None;
        }
        times.iter_mut().zip(self.times.iter()).for_each(|(to, from)| *to = *from);
        let times = &mut times[..count];
        times.sort_unstable();
        Some(times[count / 2] as f64 / NANOSECONDS)
    }
}

fn stalled(seconds: f64, median: f64) -> Option<Finding> {
    let Test::NoBatch { medians, least_seconds } = rule::by_id(RuleId::Stall).test else {
        return None;
    };
    let is_stalled = least_seconds < seconds && medians * median < seconds;
    is_stalled.then(|| Finding::new(AlertLevel::Critical, seconds, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_batches_make_a_median_and_twice_that_is_slow() {
        let mut pace = Pace::started(RunNs(0));
        let mut now = 0;
        let mut batch = |seconds: f64| {
            now += (seconds * NANOSECONDS) as u64;
            pace.batch_ended(RunNs(now), None)
        };
        for _ in 0..5 {
            assert_eq!(batch(1.0), None);
        }
        let calm = batch(2.0).unwrap();
        assert_eq!((calm.slow, calm.stalled), (None, None), "twice is not more than twice");
        let slow = batch(2.5).unwrap();
        assert_eq!((slow.slow.map(|found| found.value), slow.stalled), (Some(2.5), None));
        let stalled = batch(6.0).unwrap().stalled;
        assert_eq!(stalled.map(|found| found.level), Some(AlertLevel::Critical));
        assert_eq!(pace.stall(4.0), None);
        assert!(pace.stall(6.0).is_some());
    }

    #[test]
    fn time_of_an_evaluation_is_not_that_of_the_batch() {
        let mut pace = Pace::started(RunNs(0));
        for batch in 1..=6 {
            pace.batch_ended(RunNs(batch * 1_000_000_000), None);
        }
        let long = pace.clone().batch_ended(RunNs(16_000_000_000), None).unwrap();
        assert!(long.slow.is_some() && long.stalled.is_some());
        let evaluated = pace.batch_ended(RunNs(16_000_000_000), Some(9.0)).unwrap();
        assert_eq!((evaluated.slow, evaluated.stalled), (None, None));
        assert_eq!(pace.median(), Some(1.0));
    }

    #[test]
    fn a_moment_is_no_stall_however_short_the_batches_are() {
        let mut pace = Pace::started(RunNs(0));
        for batch in 1..=6 {
            pace.batch_ended(RunNs(batch * 1_000_000), None);
        }
        assert_eq!(pace.stall(1.0), None);
        assert!(pace.stall(2.5).is_some());
        assert_eq!(Pace::default().stall(1e9), None, "nothing to compare with");
    }
}
