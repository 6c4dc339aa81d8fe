//! The way to a viewer in the same process.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use leyline::Envelope;
use simic_emitter::{Sink, SinkError};
use thiserror::Error;

/// Hands each event itself, not a copy, to a receiver in the same process.
#[derive(Debug)]
pub struct ChannelSink {
    events: Sender<Arc<Envelope>>,
}

/// Why a channel takes no events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChannelError {
    /// The receiver is gone: nobody watches any more.
    #[error("the viewer has gone")]
    NoReceiver,
}

/// Returns a sink and the receiver of its events, with room for `bound` events between them (0: each is handed over).
///
/// Accepting waits for room, so that a viewer that falls behind is counted once, as loss of the hub's own queue for this
/// sink. It fails once the receiver is gone. Should a receiver neither read nor go away, closing the hub leaves the sink's
/// thread behind at the deadline; the thread ends when the receiver goes. What is in the channel when the hub closes can
/// still be received: for the hub it is delivered.
pub fn channel(bound: usize) -> (ChannelSink, Receiver<Arc<Envelope>>) {
    let (events, receiver) = bounded(bound);
    (ChannelSink { events }, receiver)
}

impl Sink for ChannelSink {
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError> {
        let sent = self.events.send(Arc::clone(envelope));
        sent.map_err(|_| SinkError::new(ChannelError::NoReceiver))
    }
}
