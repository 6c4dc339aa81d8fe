//! Exact losses: the counters of a sink, and the events that report them.
//!
//! Two threads write a sink's counters: whoever emits (under the hub's lock) and the sink's own thread. Every counter only
//! grows, and an event is counted as emitted before it can be counted as anything else. Reading what became of events first
//! and what was emitted last therefore never shows more events than there were, and the difference is what still waits.

use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread;

use leyline::word::ClosedWord;
use leyline::{EmitterLoss, Lane, LossCause};

use crate::lane::LaneCount;

/// Why the hub dropped an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The queue was at the bound of the lane.
    QueueFull,
    /// The sink returned an error.
    SinkFailed,
    /// The sink panicked, with this event or before it.
    SinkPanicked,
    /// The hub was closed before the sink had handed it on.
    CloseTimeout,
}

impl Cause {
    /// Every cause, in the order of the contract.
    pub const ALL: [Self; 4] =
        [Self::QueueFull, Self::SinkFailed, Self::SinkPanicked, Self::CloseTimeout];

    /// Returns the word of the contract.
    pub const fn word(self) -> LossCause {
        match self {
            Self::QueueFull => LossCause::QueueFull,
            Self::SinkFailed => LossCause::SinkFailed,
            Self::SinkPanicked => LossCause::SinkPanicked,
            Self::CloseTimeout => LossCause::CloseTimeout,
        }
    }
}

/// Dropped events by lane and cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Drops([LaneCount; 4]);

impl Drops {
    const fn by(self, cause: Cause) -> LaneCount {
        self.0[cause as usize]
    }

    fn all(self) -> LaneCount {
        self.0.into_iter().fold(LaneCount::ZERO, LaneCount::plus)
    }
}

/// What became of a run's events at one sink.
///
/// At every moment `emitted == delivered + dropped + queued`; after a close nothing is queued any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkCounts {
    /// Name of the sink.
    pub sink: &'static str,
    /// Events that the hub stamped, loss reports and heartbeats included; equal for all sinks.
    pub emitted: u64,
    /// Events that the sink handed on.
    pub delivered: u64,
    /// Events that wait: in the queue, in the hands of the sink or in its buffer.
    pub queued: u64,
    /// Lossless events that were accepted although the queue was longer than the lossy bound.
    pub spilled: u64,
    drops: Drops,
}

impl SinkCounts {
    /// Returns all dropped events.
    pub fn dropped(&self) -> u64 {
        self.drops.all().total()
    }

    /// Returns the dropped events of a lane.
    pub fn dropped_in(&self, lane: Lane) -> u64 {
        self.drops.all().of(lane)
    }

    /// Returns the events dropped for a cause, by lane.
    pub const fn dropped_by(&self, cause: Cause) -> LaneCount {
        self.drops.by(cause)
    }
}

/// A [`LaneCount`] that several threads may read.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    lossless: AtomicU64,
    lossy: AtomicU64,
}

impl Counter {
    pub(crate) fn read(&self) -> LaneCount {
        LaneCount {
            lossless: self.lossless.load(Ordering::Acquire),
            lossy: self.lossy.load(Ordering::Acquire),
        }
    }

    const fn of(&self, lane: Lane) -> &AtomicU64 {
        match lane {
            Lane::Lossless => &self.lossless,
            Lane::Lossy => &self.lossy,
        }
    }

    fn add(&self, count: LaneCount) {
        for &lane in Lane::ALL {
            if count.of(lane) != 0 {
                self.of(lane).fetch_add(count.of(lane), Ordering::Release);
            }
        }
    }

    /// Counts one event. For a counter with a single writer at a time (the hub's lock is held).
    pub(crate) fn count_one(&self, lane: Lane) {
        let counter = self.of(lane);
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Release);
    }
}

/// The counters of one sink.
#[derive(Debug)]
pub(crate) struct Tally {
    name: &'static str,
    by_emitter: EmitterSide,
    by_sink: SinkSide,
}

/// Read on every emit and written rarely; on cache lines of its own, because the sink's thread writes the other side on
/// every event.
#[derive(Debug, Default)]
#[repr(align(128))]
struct EmitterSide {
    panicked: AtomicBool,
    spilled: AtomicU64,
    dropped: [Counter; 4],
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct SinkSide {
    gate: AtomicU8,
    delivered: Counter,
}

// States of `SinkSide::gate`. The sink's thread holds it while it counts, so that closing the hub finds counters that belong
// together, and afterwards nothing that a late sink does can change them.
const OPEN: u8 = 0;
const COUNTING: u8 = 1;
const SHUT: u8 = 2;

impl Tally {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, by_emitter: EmitterSide::default(), by_sink: SinkSide::default() }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn panicked(&self) -> bool {
        self.by_emitter.panicked.load(Ordering::Acquire)
    }

    pub(crate) fn set_panicked(&self) {
        self.by_emitter.panicked.store(true, Ordering::Release);
    }

    /// Counts a loss at the door of the queue. Only while the hub's lock is held and the hub is open.
    pub(crate) fn drop_at_door(&self, lane: Lane, cause: Cause) {
        self.by_emitter.dropped[cause as usize].add(LaneCount::one(lane));
    }

    /// Counts a spill. Only while the hub's lock is held.
    pub(crate) fn spill(&self) {
        self.by_emitter.spilled.fetch_add(1, Ordering::Release);
    }

    /// Counts what the sink's thread did; `false` if the hub has been closed meanwhile and counted the rest itself.
    pub(crate) fn settle(&self, delivered: LaneCount, dropped: LaneCount, cause: Cause) -> bool {
        let gate = &self.by_sink.gate;
        if gate.compare_exchange(OPEN, COUNTING, Ordering::Acquire, Ordering::Acquire).is_err() {
            return false;
        }
        self.by_sink.delivered.add(delivered);
        self.by_emitter.dropped[cause as usize].add(dropped);
        gate.store(OPEN, Ordering::Release);
        true
    }

    pub(crate) fn is_shut(&self) -> bool {
        self.by_sink.gate.load(Ordering::Acquire) == SHUT
    }

    /// Ends counting: what was neither delivered nor dropped by now is dropped as `close_timeout`. Returns how many.
    ///
    /// Only after the hub was closed to emits, so `emitted` is final.
    pub(crate) fn shut(&self, emitted: LaneCount) -> u64 {
        let gate = &self.by_sink.gate;
        let mut tries = 0_u32;
        while let Err(state) =
            gate.compare_exchange(OPEN, SHUT, Ordering::AcqRel, Ordering::Acquire)
        {
            if state == SHUT {
                return 0;
            }
            // The other side holds the gate for a few additions, unless it was preempted there.
            tries += 1;
            if tries < 64 {
                hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
        let rest = emitted.minus(self.by_sink.delivered.read()).minus(self.drops().all());
        self.by_emitter.dropped[Cause::CloseTimeout as usize].add(rest);
        rest.total()
    }

    pub(crate) fn drops(&self) -> Drops {
        Drops(Cause::ALL.map(|cause| self.by_emitter.dropped[cause as usize].read()))
    }

    pub(crate) fn counts(&self, emitted: &Counter) -> SinkCounts {
        // The order matters: see the top of this file.
        let delivered = self.by_sink.delivered.read().total();
        let spilled = self.by_emitter.spilled.load(Ordering::Acquire);
        let drops = self.drops();
        let emitted = emitted.read().total();
        let queued = emitted.saturating_sub(delivered + drops.all().total());
        SinkCounts { sink: self.name, emitted, delivered, queued, spilled, drops }
    }
}

/// What was reported of a sink's losses so far.
#[derive(Debug, Default)]
pub(crate) struct Reported(Drops);

impl Reported {
    /// Returns a report per lane and cause that grew since the last call.
    pub(crate) fn grown(&mut self, tally: &Tally) -> Vec<EmitterLoss> {
        let now = tally.drops();
        if now == self.0 {
            return Vec::new();
        }
        let before = std::mem::replace(&mut self.0, now);
        // Lossy first: what overflows first is reported first.
        let lanes = [Lane::Lossy, Lane::Lossless].into_iter();
        let pairs = lanes.flat_map(|lane| Cause::ALL.map(|cause| (lane, cause)));
        pairs
            .filter_map(|(lane, cause)| {
                let dropped = now.by(cause).of(lane).saturating_sub(before.by(cause).of(lane));
                (dropped != 0).then(|| EmitterLoss {
                    sink: tally.name.to_owned(),
                    lane,
                    cause: cause.word(),
                    dropped,
                    dropped_total: now.all().of(lane),
                })
            })
            .collect()
    }
}
