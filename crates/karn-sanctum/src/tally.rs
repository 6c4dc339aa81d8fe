//! How many inputs of each kind there were: what happened between two moments is the difference of two tallies.

use leyline::word::ClosedWord as _;
use leyline::{EventKind, Incoming};

/// Inputs counted since the start, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// By the place of a kind among all kinds.
    known: [u64; EventKind::ALL.len()],
    unknown: u64,
    rejected: u64,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Events of a kind that this version knows.
    Known(EventKind),
    /// Well-formed events of other kinds.
    Unknown,
    /// Inputs that are no events.
    Rejected,
}

impl Tally {
    /// Counts one input.
    pub fn note(&mut self, input: &Incoming) {
        match input {
            Incoming::Known(envelope) => self.known[envelope.event.kind() as usize] += 1,
            Incoming::Unknown(_) => self.unknown += 1,
            Incoming::Rejected(_) => self.rejected += 1,
        }
    }

    /// Returns all inputs together.
    pub fn total(&self) -> u64 {
        self.known.iter().sum::<u64>() + self.unknown + self.rejected
    }

    /// Returns what was counted here and not yet in `earlier`, in the order of the kinds; kinds without any are left out.
    pub fn since(&self, earlier: &Self) -> Vec<(Counted, u64)> {
        let known = EventKind::ALL.iter().map(|&kind| {
            let at = kind as usize;
            (Counted::Known(kind), self.known[at], earlier.known[at])
        });
        known
            .chain([
                (Counted::Unknown, self.unknown, earlier.unknown),
                (Counted::Rejected, self.rejected, earlier.rejected),
            ])
            .map(|(what, now, before)| (what, now.saturating_sub(before)))
            .filter(|&(_, count)| 0 < count)
            .collect()
    }
}

impl Counted {
    /// Returns its name: that of the kind on the wire, or a word for the rest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Known(kind) => kind.as_str(),
            Self::Unknown => "unknown",
            Self::Rejected => "rejected",
        }
    }
}

#[cfg(test)]
mod tests {
    use leyline::demo::{self, Scenario};

    use super::*;

    #[test]
    fn what_lies_between_two_moments_is_what_was_counted_between_them() {
        let inputs = demo::incoming(Scenario::LossyLink, 1);
        let (mut earlier, mut later) = (Tally::default(), Tally::default());
        for (i, input) in inputs.iter().enumerate() {
            if i < 100 {
                earlier.note(input);
            }
            later.note(input);
        }
        assert_eq!((earlier.total(), later.total()), (100, inputs.len() as u64));
        let between = later.since(&earlier);
        assert_eq!(between.iter().map(|(_, n)| n).sum::<u64>(), inputs.len() as u64 - 100);
        let finished = Counted::Known(EventKind::TrainingFinished);
        assert!(between.contains(&(finished, 1)) && finished.name() == "TRAINING_FINISHED");
        assert!(later.since(&later).is_empty() && earlier.since(&later).is_empty());
    }
}
