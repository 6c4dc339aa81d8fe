//! When a group started, when it last spoke and when it ended, on both clocks.

use leyline::{Health, RunNs, ViewNs};

use crate::connection::Connection;
use crate::settings::Settings;
use crate::verdict;

/// Silence that still counts as running time, in nanoseconds: longer silence says nothing about the producer.
const MOST_SILENCE_NS: u64 = 5_000_000_000;

/// The times of a group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    started: Option<RunNs>,
    latest: Option<Latest>,
    finished: Option<RunNs>,
}

#[derive(Debug, Clone, Copy)]
struct Latest {
    /// The largest time of the producer so far.
    mono_ns: RunNs,
    /// When the latest accepted event was received.
    received: ViewNs,
}

impl Clock {
    /// Notes an accepted event.
    pub(super) fn note(&mut self, mono_ns: RunNs, received: ViewNs) {
        let mono_ns = self.latest.map_or(mono_ns, |latest| latest.mono_ns.max(mono_ns));
        self.latest = Some(Latest { mono_ns, received });
    }

    /// Returns the producer's time of the latest accepted event.
    pub(super) fn latest(&self) -> Option<RunNs> {
        self.latest.map(|latest| latest.mono_ns)
    }

    pub(super) const fn start(&mut self, at: RunNs) {
        self.started = Some(at);
    }

    pub(super) const fn finish(&mut self, at: RunNs) {
        self.finished = Some(at);
    }

    pub(super) const fn is_over(&self) -> bool {
        self.finished.is_some()
    }

    pub(super) const fn has_started(&self) -> bool {
        self.started.is_some()
    }

    /// Returns the seconds since the latest accepted event; `None` before the first one and after the end.
    pub(super) fn staleness(&self, now: ViewNs) -> Option<f64> {
        let latest = self.latest.filter(|_| !self.is_over())?;
        Some(now.seconds_since(latest.received).max(0.0))
    }

    /// Returns the producer's present as far as the viewer can tell; the end once the run is over.
    pub(super) fn present(&self, now: ViewNs) -> Option<RunNs> {
        if self.finished.is_some() {
            return self.finished;
        }
        let latest = self.latest?;
        let silence = now.0.saturating_sub(latest.received.0).min(MOST_SILENCE_NS);
        Some(RunNs(latest.mono_ns.0.saturating_add(silence)))
    }

    /// Returns the seconds of this run so far; `None` before its start.
    pub(super) fn runtime(&self, now: ViewNs) -> Option<f64> {
        Some(self.present(now)?.seconds_since(self.started?).max(0.0))
    }

    /// Returns live, slow or stale for a run that is going on.
    pub(super) fn freshness(&self, settings: &Settings, now: ViewNs) -> Connection {
        match verdict::staleness(settings, self.staleness(now)) {
            Health::Healthy | Health::NoData | Health::Ungraded => Connection::Live,
            Health::Warning => Connection::Slow,
            Health::Critical => Connection::Stale,
        }
    }
}
