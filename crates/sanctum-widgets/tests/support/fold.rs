//! Events into snapshots in replay time.

use karn_sanctum::Snapshot;
use karn_sanctum::aggregator::Aggregator;
use leyline::{Incoming, ViewNs};

/// Folds everything, each event received at its own time, and takes a picture half a second after the last.
pub(crate) fn fold(incoming: &[Incoming]) -> Snapshot {
    const HALF_A_SECOND: u64 = 500_000_000;
    let mut aggregator = Aggregator::new();
    let mut now = ViewNs(0);
    for event in incoming {
        if let Incoming::Known(envelope) = event {
            now = ViewNs(envelope.mono_ns.0);
        }
        aggregator.apply(event, now);
    }
    let later = ViewNs(now.0 + HALF_A_SECOND);
    match aggregator.default_key() {
        Some(key) => aggregator.snapshot(&key, later),
        None => aggregator.snapshot_without_run(later),
    }
}
