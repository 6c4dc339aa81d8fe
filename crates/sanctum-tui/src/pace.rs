//! How much a screen may send, so that it can be watched over a slow line.
//!
//! The lines at the top are few and drawn at every frame. The panels follow at once while the run is slow enough; where
//! every frame changes most of them, they wait until what they cost has been earned.

use std::time::Duration;

use leyline::ViewNs;

/// Bytes earned per frame: at 4 frames a second a tenth less than the 2 kB a second that a busy screen may send.
const BYTES_PER_FRAME: f64 = 450.0;
/// Frames worth of debt that count at most.
const LONGEST_DEBT: f64 = 8.0;
/// Frames after which panels are drawn whatever they cost: they never lag behind by more than three seconds.
const LONGEST_WAIT: u32 = 12;
/// Frames whose bytes can be saved up in quiet times: enough for the end of a batch, which changes most of the panels.
const MOST_SAVED: f64 = 16.0;

/// What has been earned and spent.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    bytes_per_second: f64,
    /// Bytes; negative after an expensive frame.
    saved: f64,
    at: ViewNs,
    /// Frames since the panels were drawn.
    waited: u32,
}

impl Pace {
    /// Returns the pace for frames that are `poll` apart; who asks for more frames also gets more bytes.
    pub fn new(poll: Duration) -> Self {
        Self {
            bytes_per_second: BYTES_PER_FRAME / poll.as_secs_f64().max(0.001),
            saved: 0.0,
            at: ViewNs(0),
            waited: 0,
        }
    }

    /// Returns whether a frame may change the panels too.
    pub fn affords_panels(&mut self, now: ViewNs) -> bool {
        let earned = self.bytes_per_second * now.seconds_since(self.at).max(0.0);
        self.at = now;
        self.saved = (self.saved + earned).min(MOST_SAVED * BYTES_PER_FRAME);
        self.waited += 1;
        let affordable = 0.0 <= self.saved || LONGEST_WAIT <= self.waited;
        if affordable {
            self.waited = 0;
        }
        affordable
    }

    /// Takes note of the bytes of a frame that the run caused. Those that a key caused are free: they answer a person.
    pub fn spend(&mut self, bytes: usize) {
        self.saved = (self.saved - bytes as f64).max(-LONGEST_DEBT * BYTES_PER_FRAME);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(250);

    /// Returns the frames out of `frames` in which panels that cost `panels` bytes could be drawn.
    fn drawn(panels: usize, frames: u64) -> Vec<u64> {
        let mut pace = Pace::new(FRAME);
        let mut drawn = Vec::new();
        for frame in 0..frames {
            let affordable = pace.affords_panels(ViewNs(frame * 250_000_000));
            if affordable {
                drawn.push(frame);
            }
            pace.spend(if affordable { panels } else { 0 });
        }
        drawn
    }

    #[test]
    fn cheap_panels_are_drawn_at_every_frame() {
        assert_eq!(drawn(400, 20).len(), 20);
        assert_eq!(drawn(450, 20).len(), 20);
    }

    #[test]
    fn expensive_panels_wait_for_what_they_cost_but_not_for_ever() {
        assert_eq!(drawn(1800, 13), [0, 4, 8, 12]);
        assert_eq!(drawn(1_000_000, 25), [0, 8, 16, 24]);
    }

    #[test]
    fn panels_are_drawn_even_if_the_lines_at_the_top_cost_everything() {
        let mut pace = Pace::new(FRAME);
        let mut longest = 0;
        let mut waited = 0;
        for frame in 0..100 {
            waited += 1;
            if pace.affords_panels(ViewNs(frame * 250_000_000)) {
                longest = longest.max(waited);
                waited = 0;
            }
            pace.spend(5000);
        }
        assert_eq!(longest, LONGEST_WAIT);
    }

    #[test]
    fn a_quiet_hour_is_no_reason_to_flood() {
        let mut pace = Pace::new(FRAME);
        assert!(pace.affords_panels(ViewNs(3_600_000_000_000)));
        pace.spend(10_000);
        assert!(!pace.affords_panels(ViewNs(3_600_250_000_000)));
    }
}
