//! How long to wait between two tries.

use std::time::Duration;

/// Doubles from try to try, up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Default for Backoff {
    /// A quarter of a second, doubling to five seconds.
    fn default() -> Self {
        Self::new(Duration::from_millis(250), Duration::from_secs(5))
    }
}

impl Backoff {
    /// Starts at `first` and ends at `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// Returns how long to wait now.
    pub fn wait(&mut self) -> Duration {
        let now = self.next.min(self.longest);
        self.next = now.saturating_mul(2).min(self.longest);
        now
    }

    /// Starts again, after a success.
    pub const fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_begin_again() {
        let mut backoff = Backoff::default();
        let mut millis = || backoff.wait().as_millis();
        let waits: Vec<_> = (0..7).map(|_| millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.wait(), Duration::from_millis(250));
    }
}
