//! Redraws per second, as they happen.

use std::collections::VecDeque;

use leyline::ViewNs;

/// Time over which redraws are counted.
const WINDOW_SECONDS: f64 = 5.0;
/// A screen drawn more often than this within the window is not counted more exactly.
const MOST: usize = 512;

/// The latest redraws.
#[derive(Debug, Clone, Default)]
pub struct RedrawRate {
    times: VecDeque<ViewNs>,
}

impl RedrawRate {
    /// Takes note of a redraw.
    pub fn note(&mut self, now: ViewNs) {
        if self.times.len() == MOST {
            self.times.pop_front();
        }
        self.times.push_back(now);
    }

    /// Returns the redraws per second of the last five seconds; `None` until there are two redraws a second apart.
    pub fn hz(&mut self, now: ViewNs) -> Option<f64> {
        while self.times.front().is_some_and(|&first| WINDOW_SECONDS < now.seconds_since(first)) {
            self.times.pop_front();
        }
        let (first, last) = (self.times.front()?, self.times.back()?);
        let span = last.seconds_since(*first);
        (1.0 <= span).then(|| (self.times.len() - 1) as f64 / span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn four_frames_a_second_are_four_hertz() {
        let mut rate = RedrawRate::default();
        assert_eq!(rate.hz(ViewNs(0)), None);
        for frame in 0..40 {
            rate.note(ViewNs(frame * 250 * MS));
        }
        assert_eq!(rate.hz(ViewNs(39 * 250 * MS)), Some(4.0));
    }

    #[test]
    fn what_is_long_past_does_not_count() {
        let mut rate = RedrawRate::default();
        (0..1000).for_each(|frame| rate.note(ViewNs(frame * MS)));
        assert_eq!(rate.hz(ViewNs(60_000 * MS)), None);
    }
}
