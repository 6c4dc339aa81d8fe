//! A hub with a sink in memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::time::Duration;

use leyline::{Envelope, GroupId, RunId, Timestamp};
use simic_emitter::memory::memory;
use simic_emitter::{Bounds, Hub, HubBuilder, ManualClock};

/// Calls `body` with a hub and a clock that stands, and returns its result and every event that was emitted.
pub(crate) fn with_hub<T>(
    body: impl FnOnce(Hub, Arc<ManualClock>) -> T,
) -> (T, Vec<Arc<Envelope>>) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(1_700_000_000_000_000)));
    let (sink, events) = memory(100_000);
    let (hub, guard) = HubBuilder::new(
        RunId::new("test").unwrap(),
        GroupId::default(),
        Arc::<ManualClock>::clone(&clock),
    )
    .sink("memory", Bounds { lossy: 100_000, lossless: 100_001 }, sink)
    .start(Duration::from_secs(60))
    .unwrap();
    let result = body(hub, clock);
    assert!(guard.close(Duration::from_secs(60)), "every event must have arrived");
    (result, events.try_iter().collect())
}
