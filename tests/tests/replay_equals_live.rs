//! One run gives one snapshot, whichever way its events came: by channel, from the log, from rows, or as frames.

use karn_sanctum::{Aggregator, Snapshot};
use leyline::wire::{self, FrameDecoder, Schema};
use leyline::{Incoming, ViewNs};
use sanctum_tui::headless::snapshot::to_json;

use crate::support::{Trained, file, logged, printed, small, train};

/// Folds events in replay time, each received at its own `mono_ns`.
fn fold<'a>(events: impl IntoIterator<Item = &'a Incoming>) -> Snapshot {
    let mut aggregator = Aggregator::new();
    let mut now = ViewNs(0);
    for incoming in events {
        if let Incoming::Known(envelope) = incoming {
            now = ViewNs(envelope.mono_ns.0);
        }
        aggregator.apply(incoming, now);
    }
    let key = aggregator.default_key().unwrap();
    aggregator.snapshot(&key, now)
}

#[test]
fn channel_file_and_frames_give_the_same_snapshot() {
    let root = tempfile::tempdir().unwrap();
    let Trained { dir, events, told: _ } = train(small(12), None, root.path());
    let live = fold(&events);
    assert_eq!(live.telemetry.events_lost, Some(0));
    assert_eq!((live.current_batch, live.max_batches), (Some(12), 12));
    assert!(
        400 < events.len() && live.episodes.total != Some(0) && live.policy.kl_divergence.is_some()
    );

    let log = printed(&["snapshot", dir.to_str().unwrap(), "--json"]);
    assert_eq!(log.trim_end(), to_json(&live), "log and channel differ");
    let read = logged(&dir);
    assert!(read == events, "log and channel differ");
    assert_eq!(to_json(&fold(&read)), to_json(&live), "log and channel differ");

    let rows = printed(&["export", dir.to_str().unwrap(), "--format", "rows"]);
    assert_eq!(printed(&["tail", dir.to_str().unwrap(), "--jsonl"]), rows);
    let (_dir, rows) = file(rows);
    let rows = printed(&["snapshot", rows.to_str().unwrap(), "--json"]);
    assert_eq!(rows, log, "rows and log differ");

    let frames: Vec<Incoming> = events
        .iter()
        .map(|incoming| {
            let Incoming::Known(envelope) = incoming else {
                panic!("a trainer emits what is known")
            };
            let mut frame = Vec::new();
            wire::encode_frame(envelope, &mut frame).unwrap();
            FrameDecoder::new(envelope.run_id.clone(), Schema::own()).decode(&frame)
        })
        .collect();
    assert_eq!(frames, events);
    assert_eq!(to_json(&fold(&frames)), to_json(&live), "frames and channel differ");
}

#[test]
fn every_moment_of_a_replay_equals_that_moment_of_the_live_view() {
    let root = tempfile::tempdir().unwrap();
    let Trained { dir, events, told: _ } = train(small(3), None, root.path());
    for n in (1..=events.len()).step_by(7) {
        let at = format!("seq:{}", n - 1);
        let replayed = printed(&["snapshot", dir.to_str().unwrap(), "--json", "--at", &at]);
        assert_eq!(replayed.trim_end(), to_json(&fold(&events[..n])), "{at}");
    }
}
