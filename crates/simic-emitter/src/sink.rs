//! Where events go: the contract between the hub and everything that takes events from it.

use std::error::Error;
use std::sync::Arc;

use leyline::{Envelope, RunNs};
use thiserror::Error;

use crate::lane::LaneCount;

/// Takes the events of a run, on a thread of its own.
///
/// The hub calls one method at a time, always from the sink's own thread, and offers events in rising `seq`. A method
/// may take as long as it likes: only this sink's queue fills meanwhile. One that never returns is left behind when the
/// hub is closed. After a panic in any method, none is called again. An event may wait some milliseconds before it is offered,
/// because a thread that has nothing to do naps instead of being woken by the trainer.
///
/// # What counts as delivered
///
/// An event is *offered* by [`accept`](Self::accept), *accepted* if that returned `Ok`, and then either *held* (the sink
/// has it in a buffer of its own) or *delivered* (handed on: written to the file, sent to the peer). A sink that buffers
/// says through [`held`](Self::held) how many accepted events it still holds; the hub asks after every call and counts
/// those that are neither held nor lost as delivered. Until then they count as queued. So a delivered event is never taken
/// back, and what an error, a panic or the end of the grace takes from a buffer counts as dropped, by lane.
///
/// | outcome | the offered event | events held before |
/// |---|---|---|
/// | `accept` returns `Ok` | delivered, or among those of `held` | delivered, unless still held |
/// | `accept` returns an error | dropped, `sink_failed` | `lost` of them dropped, `sink_failed`; the rest delivered, unless still held |
/// | `idle`, `flush` return an error | | the same |
/// | a method panics | dropped, `sink_panicked` | dropped, `sink_panicked` |
/// | the hub is closed and its deadline passes | dropped, `close_timeout`, whatever the call returns later | dropped, `close_timeout` |
///
/// A sink must bound what it holds.
pub trait Sink: Send + 'static {
    /// Takes one event.
    ///
    /// # Errors
    ///
    /// The event could not be taken; it is dropped, and so are as many held ones as the error says.
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError>;

    /// Hands on what is held, because the queue ran empty, because time passed (about once a second in silence, and under a
    /// load that never lets the queue run empty), or because a flush follows. `now` is the producer's clock, for sinks that do
    /// things by time.
    ///
    /// # Errors
    ///
    /// What was held could not be handed on, or not all of it.
    fn idle(&mut self, now: RunNs) -> Result<(), SinkError> {
        let _ = now;
        Ok(())
    }

    /// Hands on what is held and returns once it is on the medium: on the disk, not in a cache.
    ///
    /// # Errors
    ///
    /// Not everything is known to have arrived. Such an error may have lost nothing: when a file cannot be synced, its
    /// rows were written, but nobody can promise that they survive a power cut.
    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    /// Returns how many accepted events are held in a buffer of the sink, by lane.
    fn held(&self) -> LaneCount {
        LaneCount::ZERO
    }
}

/// Why a sink could not do what it was asked, and what that cost.
#[derive(Debug, Error)]
#[error("{source}")]
pub struct SinkError {
    /// Events accepted earlier and held until now that are lost by this failure, by lane. The event that was being offered
    /// is not among them: it is always dropped when `accept` fails.
    pub lost: LaneCount,
    /// What happened.
    pub source: Box<dyn Error + Send + Sync>,
}

impl SinkError {
    /// Returns an error that lost nothing accepted earlier.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { lost: LaneCount::ZERO, source: source.into() }
    }

    /// Says how many events accepted earlier are lost.
    #[must_use]
    pub const fn with_lost(mut self, lost: LaneCount) -> Self {
        self.lost = lost;
        self
    }
}
