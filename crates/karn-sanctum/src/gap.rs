//! Accounting of sequence numbers: what is missing was lost, what comes again is refused.

/// The sequence numbers of one run.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    last: Option<u64>,
    holes: Option<Holes>,
}

/// Holes in the sequence numbers of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holes {
    /// How many holes.
    pub gaps: u64,
    /// How many numbers they swallowed.
    pub lost: u64,
}

impl Sequence {
    /// Notes a row with this number; `false` if the number is not larger than the last one, which then stays.
    ///
    /// `holes_count`: whether the numbers are the producer's. Those of version 0 rows are not, so their holes say nothing.
    #[must_use]
    pub fn note(&mut self, seq: u64, holes_count: bool) -> bool {
        if self.last.is_some_and(|last| seq <= last) {
            return false;
        }
        if holes_count {
            let holes = self.holes.get_or_insert_default();
            let missing = self.last.map_or(0, |last| seq - last - 1);
            holes.gaps = holes.gaps.saturating_add(u64::from(0 < missing));
            holes.lost = holes.lost.saturating_add(missing);
        }
        self.last = Some(seq);
        true
    }

    /// Goes on from `seq` without counting what lies before it as lost: the source said that its live part begins there.
    pub const fn go_live(&mut self, seq: u64) {
        self.last = seq.checked_sub(1);
    }

    /// Returns what was lost; `None` before the first numbered row, and for version 0 rows.
    pub const fn holes(&self) -> Option<Holes> {
        self.holes
    }
}
