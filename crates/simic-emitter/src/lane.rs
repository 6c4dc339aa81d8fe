//! What a lane means at a queue: two admission marks, and counts that keep the lanes apart.

use leyline::Lane;

/// Both marks of a sink's one queue.
///
/// A lossy event is refused when the queue holds `lossy` events, a lossless one only at `lossless`. One queue with two
/// marks, not two queues, keeps the order across lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Queue length from which lossy events are refused (events; below `lossless`; 0 refuses them all).
    pub lossy: usize,
    /// Queue length from which every event is refused (events).
    pub lossless: usize,
}

impl Default for Bounds {
    /// Returns 4096 and 65 536, the defaults of the contract.
    fn default() -> Self {
        Self { lossy: 4096, lossless: 65_536 }
    }
}

impl Bounds {
    /// Returns the mark of a lane.
    pub const fn of(self, lane: Lane) -> usize {
        match lane {
            Lane::Lossless => self.lossless,
            Lane::Lossy => self.lossy,
        }
    }
}

/// Numbers of events, kept apart by lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneCount {
    /// Events of the lossless lane.
    pub lossless: u64,
    /// Events of the lossy lane.
    pub lossy: u64,
}

impl LaneCount {
    /// No events.
    pub const ZERO: Self = Self { lossless: 0, lossy: 0 };

    /// Returns one event of a lane.
    pub const fn one(lane: Lane) -> Self {
        match lane {
            Lane::Lossless => Self { lossless: 1, lossy: 0 },
            Lane::Lossy => Self { lossless: 0, lossy: 1 },
        }
    }

    /// Returns the number of a lane.
    pub const fn of(self, lane: Lane) -> u64 {
        match lane {
            Lane::Lossless => self.lossless,
            Lane::Lossy => self.lossy,
        }
    }

    /// Returns the number of both lanes together.
    pub const fn total(self) -> u64 {
        self.lossless + self.lossy
    }

    /// Returns the sum, lane by lane.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { lossless: self.lossless + other.lossless, lossy: self.lossy + other.lossy }
    }

    /// Returns the difference, lane by lane, and 0 where `other` is larger.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            lossless: self.lossless.saturating_sub(other.lossless),
            lossy: self.lossy.saturating_sub(other.lossy),
        }
    }

    /// Returns the smaller number of each lane.
    #[must_use]
    pub fn at_most(self, limit: Self) -> Self {
        Self { lossless: self.lossless.min(limit.lossless), lossy: self.lossy.min(limit.lossy) }
    }
}
