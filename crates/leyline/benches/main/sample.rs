//! The events that are measured: the first example of a kind in the contract.

use leyline::wire::RowDecoder;
use leyline::{Envelope, EventKind, Incoming};

const EXAMPLES: &str = include_str!("../../testdata/wire/v1/examples.jsonl");

/// A step of one environment, and a PPO update with all its numbers.
pub(crate) const KINDS: [EventKind; 2] = [EventKind::EpochCompleted, EventKind::PpoUpdateCompleted];

/// Returns the row of a kind and what it reads as.
pub(crate) fn of(kind: EventKind) -> (&'static str, Envelope) {
    for line in EXAMPLES.lines() {
        if let Incoming::Known(envelope) = RowDecoder::new("bench").decode(line.as_bytes())
            && envelope.event.kind() == kind
        {
            return (line, (*envelope).clone());
        }
    }
    panic!("no example of {kind}");
}
