//! Pictures of made-up runs, in the order in which a screen would see them.

use std::sync::Arc;

use karn_sanctum::Aggregator;
use karn_sanctum::aggregator::Link;
use leyline::demo::{self, Scenario};
use leyline::{Envelope, Incoming, ViewNs};
use sanctum_tui::fold::Picture;

/// Folds events at their own times and takes a picture every `frame` milliseconds.
pub(crate) fn frames(
    events: impl Iterator<Item = Envelope>,
    frame: u64,
    count: usize,
) -> Vec<Picture> {
    let mut aggregator = Aggregator::new();
    aggregator.link(Link::TrainerAlive(true), ViewNs(0));
    let mut pictures = Vec::new();
    for event in events {
        while (pictures.len() as u64 + 1) * frame * 1_000_000 <= event.mono_ns.0 {
            let now = ViewNs((pictures.len() as u64 + 1) * frame * 1_000_000);
            pictures.push(picture(&aggregator, now));
            if pictures.len() == count {
                return pictures;
            }
        }
        let now = ViewNs(event.mono_ns.0);
        aggregator.apply(&Incoming::Known(Arc::new(event)), now);
    }
    pictures
}

/// The picture after a whole scenario.
pub(crate) fn last(scenario: Scenario) -> Picture {
    after(demo::events(scenario, 1), 0)
}

/// The picture so many nanoseconds after the last of these events.
pub(crate) fn after(events: Vec<Envelope>, later: u64) -> Picture {
    let mut aggregator = Aggregator::new();
    aggregator.link(Link::TrainerAlive(true), ViewNs(0));
    let mut now = ViewNs(0);
    for event in events {
        now = ViewNs(event.mono_ns.0);
        aggregator.apply(&Incoming::Known(Arc::new(event)), now);
    }
    picture(&aggregator, ViewNs(now.0 + later))
}

fn picture(aggregator: &Aggregator, now: ViewNs) -> Picture {
    let key = aggregator.default_key();
    let snapshot = key
        .map_or_else(|| aggregator.snapshot_without_run(now), |key| aggregator.snapshot(&key, now));
    let alerts = aggregator.default_key().map(|key| aggregator.alerts(&key, now));
    let alerts = std::sync::Arc::new(alerts.unwrap_or_else(karn_sanctum::AlertsView::empty));
    Picture { alerts, groups: aggregator.keys(), ..Picture::still(snapshot) }
}
