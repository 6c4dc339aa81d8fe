//! What one round does, worked out from its seed alone.

use std::fmt;
use std::time::Duration;

/// What one round does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Where it comes from, and the seed of the training.
    pub(crate) seed: u64,
    /// Processes that ask for the same run id.
    pub(crate) victims: u8,
    /// Value of `--fsync`.
    pub(crate) fsync: &'static str,
    /// Bytes of a segment, where they are not the usual ones.
    pub(crate) segment_bytes: Option<u64>,
    /// Milliseconds between two acknowledgements.
    pub(crate) pause: u64,
    /// Whether the log gets as much to write as it can take.
    pub(crate) flood: bool,
    /// Where to cut the log off afterwards, as a power cut does with what was not synced; not every round does.
    pub(crate) cut: Option<u64>,
    /// When to kill.
    pub(crate) moment: Moment,
}

/// When to kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So long after the process was started, wherever it may be by then.
    AfterStart(Duration),
    /// So long after it has acknowledged something.
    AfterAcknowledged(Duration),
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, after) = match self {
            Self::AfterStart(after) => ("start", after),
            Self::AfterAcknowledged(after) => ("ack", after),
        };
        write!(f, "{from}+{:.1}ms", after.as_secs_f64() * 1e3)
    }
}

/// Longest time to kill in after the start, where the directory is made, and after the first acknowledgement.
const START_MICROS: u64 = 40_000;
const RUN_MICROS: u64 = 400_000;
/// A few hundred events in each.
const TINY_SEGMENT: u64 = 64 * 1024;
/// Longest time between two acknowledgements (milliseconds); much is at stake then.
const MAX_PAUSE: u64 = 150;

impl Plan {
    /// Works out the round of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let moment = if chance.below(8) == 0 {
            Moment::AfterStart(Duration::from_micros(chance.below(START_MICROS)))
        } else {
            Moment::AfterAcknowledged(Duration::from_micros(chance.below(RUN_MICROS)))
        };
        let fsync = ["interval", "batch", "always", "never"];
        let fsync = fsync.get(chance.below(4) as usize).copied().unwrap_or("interval");
        Self {
            seed,
            victims: if chance.below(4) == 0 { 2 } else { 1 },
            fsync,
            segment_bytes: (chance.below(3) == 0).then_some(TINY_SEGMENT),
            pause: if chance.below(3) == 0 { 0 } else { chance.below(MAX_PAUSE) },
            flood: chance.below(2) == 0,
            cut: (chance.below(2) == 0).then(|| chance.below(u64::MAX)),
            moment,
        }
    }
}

/// Random numbers: `SplitMix64` (Steele, Lea and Flood 2014), of which any state is as good as any other.
struct Chance(u64);

impl Chance {
    /// Returns a number below `end`, which is small enough that its slight preference of low ones does not matter.
    const fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_plan_and_seeds_give_all_kinds_of_them() {
        let plans: Vec<Plan> = (0..200).map(Plan::of).collect();
        assert_eq!(plans, (0..200).map(Plan::of).collect::<Vec<_>>());
        let share = |is: fn(&Plan) -> bool| plans.iter().filter(|plan| is(plan)).count();
        assert!((10..50).contains(&share(|plan| matches!(plan.moment, Moment::AfterStart(_)))));
        assert!((25..80).contains(&share(|plan| plan.victims == 2)));
        assert!((40..100).contains(&share(|plan| plan.segment_bytes.is_some())));
        assert!((40..100).contains(&share(|plan| plan.pause == 0)));
        assert!((60..140).contains(&share(|plan| plan.flood)));
        assert!((60..140).contains(&share(|plan| plan.cut.is_some())));
        for policy in ["interval", "batch", "always", "never"] {
            assert!(plans.iter().any(|plan| plan.fsync == policy), "{policy}");
        }
    }
}
