//! Sinks in memory: one that keeps events to be looked at, and a gate that holds any sink at a chosen event.
//!
//! Both serve tests of everything that stands on the hub; the first also programs that want a run's events as values.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use leyline::{Envelope, RunNs};
use thiserror::Error;

use crate::lane::LaneCount;
use crate::sink::{Sink, SinkError};

/// Keeps up to a fixed number of events in memory.
#[derive(Debug)]
pub struct MemorySink {
    kept: Sender<Arc<Envelope>>,
}

/// Why an event could not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MemoryError {
    /// As many events are kept as were to be kept at most.
    #[error("memory sink is full: {0} events")]
    Full(usize),
    /// Nobody can look at them any more.
    #[error("memory sink has no reader")]
    NoReader,
}

/// Returns a sink that keeps events and the receiver to take them out again, which makes room. An event beyond `capacity`
/// fails, so it is counted, not waited for.
pub fn memory(capacity: usize) -> (MemorySink, Receiver<Arc<Envelope>>) {
    let (kept, events) = bounded(capacity);
    (MemorySink { kept }, events)
}

impl Sink for MemorySink {
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError> {
        self.kept.try_send(Arc::clone(envelope)).map_err(|refused| {
            SinkError::new(match refused {
                TrySendError::Full(_) => MemoryError::Full(self.kept.len()),
                TrySendError::Disconnected(_) => MemoryError::NoReader,
            })
        })
    }
}

/// Lets events through to a sink one by one, as its [`Gate`] says.
#[derive(Debug)]
pub struct Gated<S> {
    inner: S,
    entered: Sender<u64>,
    release: Receiver<()>,
}

/// The keeper's side of a [`Gated`] sink: says which event stands in front of the gate, and lets it pass.
///
/// Dropping it opens the gate for good.
#[derive(Debug)]
pub struct Gate {
    entered: Receiver<u64>,
    release: Sender<()>,
}

/// Returns a sink that takes each event into its hands and holds it there until the gate releases it.
pub fn gated<S: Sink>(inner: S) -> (Gated<S>, Gate) {
    let (entering, entered) = bounded(1);
    let (release, released) = bounded(0);
    (Gated { inner, entered: entering, release: released }, Gate { entered, release })
}

impl Gate {
    /// Waits until an event stands in front of the gate and returns its `seq`; `None` if the sink is gone.
    pub fn wait(&self) -> Option<u64> {
        self.entered.recv().ok()
    }

    /// Lets the event in front of the gate pass, waiting for one if there is none.
    pub fn release(&self) {
        // A sink that is gone needs no release.
        self.release.send(()).ok();
    }

    /// Lets everything pass from now on.
    pub fn open(self) {
        drop(self);
    }
}

impl<S: Sink> Sink for Gated<S> {
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError> {
        // Both fail once the gate is open; then there is nobody to tell and nothing to wait for.
        if self.entered.send(envelope.seq).is_ok() {
            self.release.recv().ok();
        }
        self.inner.accept(envelope)
    }

    fn idle(&mut self, now: RunNs) -> Result<(), SinkError> {
        self.inner.idle(now)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.inner.flush()
    }

    fn held(&self) -> LaneCount {
        self.inner.held()
    }
}
