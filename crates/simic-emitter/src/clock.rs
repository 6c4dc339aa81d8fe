//! The producer's clock: the only file of the trainer's side that reads one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use leyline::{RunNs, Timestamp};

/// One reading of both clocks of the producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Wall clock, UTC; may jump.
    pub ts: Timestamp,
    /// Monotonic clock since the run was created.
    pub mono_ns: RunNs,
}

/// Tells the time of a run. Created once per run, because `mono_ns` counts from its creation.
///
/// Called under the hub's lock, so an implementation must neither block nor panic nor call the hub.
pub trait Clock: Send + Sync {
    /// Returns the time; `mono_ns` never decreases.
    fn now(&self) -> Now;
}

/// The clocks of the operating system.
#[derive(Debug)]
pub struct SystemClock {
    created: Instant,
}

impl SystemClock {
    /// Creates the clock; this moment is its `mono_ns` 0.
    #[expect(
        clippy::new_without_default,
        reason = "creating one starts a run's time, which should be seen to happen"
    )]
    #[expect(clippy::disallowed_methods, reason = "the producer's clock module")]
    pub fn new() -> Self {
        Self { created: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the producer's clock module")]
    fn now(&self) -> Now {
        let mono = nanos(self.created.elapsed());
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => micros(after),
            Err(before) => -micros(before.duration()),
        };
        Now { ts: Timestamp::from_micros(micros), mono_ns: RunNs(mono) }
    }
}

/// A clock that stands until it is moved, for tests and for the probe.
#[derive(Debug)]
pub struct ManualClock {
    epoch: Timestamp,
    mono: AtomicU64,
}

impl ManualClock {
    /// Creates a clock that shows `epoch` and `mono_ns` 0.
    pub const fn new(epoch: Timestamp) -> Self {
        Self { epoch, mono: AtomicU64::new(0) }
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        self.mono.fetch_add(nanos(by), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Now {
        let mono = self.mono.load(Ordering::SeqCst);
        let passed = i64::try_from(mono / 1000).unwrap_or(i64::MAX);
        let ts = Timestamp::from_micros(self.epoch.as_micros().saturating_add(passed));
        Now { ts, mono_ns: RunNs(mono) }
    }
}

/// Returns a duration in nanoseconds; 584 years at most.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_starts_at_zero_and_never_goes_back() {
        let clock = SystemClock::new();
        let first = clock.now();
        assert!(first.mono_ns < RunNs(60_000_000_000), "a new clock shows {first:?}");
        assert!(Timestamp::parse_v0("2020-01-01T00:00:00").unwrap() < first.ts);
        let mut last = first.mono_ns;
        for _ in 0..10_000 {
            let now = clock.now().mono_ns;
            assert!(last <= now);
            last = now;
        }
    }

    #[test]
    fn a_manual_clock_moves_both_times() {
        let clock = ManualClock::new(Timestamp::from_micros(1_000_000));
        clock.advance(Duration::from_millis(1500));
        let expected = Now { ts: Timestamp::from_micros(2_500_000), mono_ns: RunNs(1_500_000_000) };
        assert_eq!(clock.now(), expected);
    }
}
