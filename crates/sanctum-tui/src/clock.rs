//! The viewer's clock; besides the emitter's, the only file of the product that reads one.

use std::time::Instant;

use leyline::{Timestamp, ViewNs};

/// The viewer's monotonic clock. Its zero is the moment it was made.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    zero: Instant,
}

impl Clock {
    /// Returns a clock that stands at zero now.
    #[expect(clippy::disallowed_methods, reason = "this is the viewer's clock module")]
    pub fn new() -> Self {
        Self { zero: Instant::now() }
    }

    /// Returns the nanoseconds since the clock was made.
    pub fn now(&self) -> ViewNs {
        ViewNs(u64::try_from(self.zero.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Returns the wall clock in UTC, for lines that only the viewer can date.
    #[expect(clippy::disallowed_methods, reason = "this is the viewer's clock module")]
    pub fn wall(&self) -> Timestamp {
        let micros = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |us| -us),
        };
        Timestamp::from_micros(micros)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_run_back() {
        let clock = Clock::new();
        let first = clock.now();
        assert!(first <= clock.now());
        assert!(Timestamp::parse("2026-01-01T00:00:00.000Z", 3..=9) < Some(clock.wall()));
    }
}
