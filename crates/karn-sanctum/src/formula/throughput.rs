//! How fast the run is: counts of finished batches over the time they took.

use std::collections::VecDeque;

use leyline::RunNs;

/// Points kept at most.
const MOST_POINTS: usize = 4096;
/// Length of the window in nanoseconds.
pub const WINDOW_NS: u64 = 60_000_000_000;
/// Shortest span that makes a rate, in seconds.
const LEAST_SPAN: f64 = 1.0;
const SECONDS_PER_HOUR: f64 = 3600.0;

/// Where the run stood at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Producer's time.
    pub at: RunNs,
    /// Batches done, global: only differences count, which are also right below the start batch.
    pub batches: u64,
    /// Epochs done since start; `None`: the row did not say.
    pub epochs: Option<u64>,
    /// Env steps done since start; `None`: the row did not say.
    pub env_steps: Option<u64>,
}

/// The three rates; each is `None` while its counts do not suffice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// TELE-710.
    pub epochs_per_second: Option<f64>,
    /// TELE-711.
    pub batches_per_hour: Option<f64>,
    /// TELE-712.
    pub env_steps_per_second: Option<f64>,
}

/// The marks of the last minute before the latest one, and always the latest two.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    marks: VecDeque<Mark>,
}

impl Marks {
    /// Adds the latest mark and forgets what no later window can hold.
    pub fn push(&mut self, mark: Mark) {
        self.marks.push_back(mark);
        let oldest = mark.at.0.saturating_sub(WINDOW_NS);
        let outside =
            |first: &Mark, kept: usize| MOST_POINTS < kept || (2 < kept && first.at.0 < oldest);
        while self.marks.front().is_some_and(|first| outside(first, self.marks.len())) {
            self.marks.pop_front();
        }
    }

    /// Returns how much memory the marks take (bytes).
    pub fn heap_bytes(&self) -> usize {
        self.marks.len() * size_of::<Mark>()
    }

    /// Returns the rates at `now`, the producer's present. They fall once the present gap is longer than any in the
    /// window, so that a stall is seen.
    ///
    /// `None` with fewer than two marks, or if they span less than a second.
    pub fn rates(&self, now: RunNs) -> Option<Rates> {
        let (first, last) = (self.marks.front()?, self.marks.back()?);
        let span = last.at.seconds_since(first.at);
        if self.marks.len() < 2 || span < LEAST_SPAN {
            return None;
        }
        let neighbours = self.marks.iter().zip(self.marks.iter().skip(1));
        let longest = neighbours.map(|(a, b)| b.at.seconds_since(a.at)).fold(0.0, f64::max);
        let gap = now.seconds_since(last.at);
        let elapsed = span + (gap - longest).max(0.0);
        let per_second = |count: fn(&Mark) -> Option<u64>| {
            let known = self.marks.iter().all(|mark| count(mark).is_some());
            let grown = count(last)?.checked_sub(count(first)?)?;
            known.then(|| grown as f64 / elapsed)
        };
        Some(Rates {
            epochs_per_second: per_second(|mark| mark.epochs),
            batches_per_hour: per_second(|mark| Some(mark.batches))
                .map(|rate| rate * SECONDS_PER_HOUR),
            env_steps_per_second: per_second(|mark| mark.env_steps),
        })
    }
}
