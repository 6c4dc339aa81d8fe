//! The hub of the toy: a bounded queue and a thread.

use std::sync::mpsc::sync_channel;
use std::thread;

use telemetry_evidence::evidence::HubSeen;

use crate::defect::Defect;
use crate::model::{Event, Scored};

/// An event with its number and the seconds at which it was emitted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    pub(crate) seq: u64,
    pub(crate) at: f64,
    pub(crate) event: Event,
}

/// Sends events through a thread and returns what came out.
pub(crate) fn deliver(
    events: Vec<(f64, Event)>,
    defect: Defect,
) -> Result<(Vec<Sent>, HubSeen), String> {
    let sent = events.len() as u64;
    let (to, from) = sync_channel::<Sent>(16);
    let thread = thread::Builder::new().name("toy-hub".to_owned());
    let thread = thread.spawn(move || from.iter().collect::<Vec<_>>());
    let thread = thread.map_err(|error| error.to_string())?;
    for (seq, (at, event)) in events.into_iter().enumerate() {
        if defect == Defect::UncountedLoss && is_unlucky(at, &event) {
            continue;
        }
        to.send(Sent { seq: seq as u64, at, event }).map_err(|error| error.to_string())?;
    }
    drop(to);
    let received = thread.join().map_err(|_| "the hub panicked".to_owned())?;
    let mut faults = Vec::new();
    if received.iter().zip(0..).any(|(event, seq)| event.seq != seq) {
        faults.push("the numbers of the events have holes".to_owned());
    }
    let count = received.len() as u64;
    // The hub believes that everything it was given has arrived.
    let seen =
        HubSeen { sent, emitted: sent, delivered: sent, dropped: 0, received: count, faults };
    Ok((received, seen))
}

/// An event that a later one makes up for, so that nothing else than the loss itself can be seen.
fn is_unlucky(at: f64, event: &Event) -> bool {
    matches!(event, Event::Scored(Scored { env_id: 0, .. })) && at < 3.0
}
