//! The producer's clock: the only file of the trainer's side that reads one.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
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

    /// Returns how long the calling thread has run on a processor (nanoseconds); `None`: nobody knows.
    fn thread_cpu_ns(&self) -> Option<u64> {
        None
    }
}

/// The clocks of the operating system.
///
/// Reading both costs twice as much as reading one, which is a third of an `emit`. So the wall clock is read ten times a second
/// at most, and in between moved on by the monotonic one; a step of the wall clock shows up a tenth of a second late.
#[derive(Debug)]
pub struct SystemClock {
    created: Instant,
    /// Wall clock minus monotonic clock when both were read last (microseconds).
    wall_ahead: AtomicI64,
    /// When to read the wall clock again, on the monotonic clock (nanoseconds).
    read_wall_at: AtomicU64,
}

/// Time between two readings of the wall clock (nanoseconds).
const WALL_INTERVAL_NS: u64 = 100_000_000;

impl SystemClock {
    /// Creates the clock; this moment is its `mono_ns` 0.
    #[expect(
        clippy::new_without_default,
        reason = "creating one starts a run's time, which should be seen to happen"
    )]
    #[expect(clippy::disallowed_methods, reason = "the producer's clock module")]
    pub fn new() -> Self {
        Self {
            created: Instant::now(),
            wall_ahead: AtomicI64::new(0),
            // Before anything else.
            read_wall_at: AtomicU64::new(0),
        }
    }

    #[cold]
    #[expect(clippy::disallowed_methods, reason = "the producer's clock module")]
    fn read_wall(&self, mono: u64) {
        let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => micros(after),
            Err(before) => -micros(before.duration()),
        };
        self.wall_ahead.store(wall.saturating_sub(mono_micros(mono)), Ordering::Relaxed);
        // Whoever sees this also sees the difference.
        self.read_wall_at.store(mono.saturating_add(WALL_INTERVAL_NS), Ordering::Release);
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let mono = nanos(self.created.elapsed());
        if self.read_wall_at.load(Ordering::Acquire) <= mono {
            self.read_wall(mono);
        }
        let wall = mono_micros(mono).saturating_add(self.wall_ahead.load(Ordering::Relaxed));
        Now { ts: Timestamp::from_micros(wall), mono_ns: RunNs(mono) }
    }

    fn thread_cpu_ns(&self) -> Option<u64> {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        let seconds = u64::try_from(time.tv_sec).ok()?;
        let rest = u64::try_from(time.tv_nsec).ok()?;
        Some(seconds.saturating_mul(1_000_000_000).saturating_add(rest))
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
        let ts = Timestamp::from_micros(self.epoch.as_micros().saturating_add(mono_micros(mono)));
        Now { ts, mono_ns: RunNs(mono) }
    }
}

/// Returns a duration in nanoseconds; 584 years at most.
pub(crate) fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos().into())
}

const fn mono_micros(nanos: u64) -> i64 {
    // A thousandth of any u64 fits.
    (nanos / 1000).cast_signed()
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
    #[expect(clippy::disallowed_methods, reason = "compares with the operating system's clock")]
    fn the_wall_time_is_that_of_the_operating_system() {
        let wall = || {
            Timestamp::from_micros(micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap()))
        };
        let clock = SystemClock::new();
        let before = wall();
        let shown = clock.now().ts;
        // One microsecond, because both times are cut to whole ones.
        assert!(before.as_micros() - 1 <= shown.as_micros(), "{before} {shown}");
        let passed = clock.created.elapsed();
        assert!(shown.as_micros() <= wall().as_micros() + micros(passed));
    }

    #[test]
    fn a_manual_clock_moves_both_times() {
        let clock = ManualClock::new(Timestamp::from_micros(1_000_000));
        clock.advance(Duration::from_millis(1500));
        let expected = Now { ts: Timestamp::from_micros(2_500_000), mono_ns: RunNs(1_500_000_000) };
        assert_eq!(clock.now(), expected);
    }
}
