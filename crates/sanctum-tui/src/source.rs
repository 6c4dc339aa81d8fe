//! Where events come from. A source turns whatever it reads into arrivals, on a thread of its own.

use std::path::PathBuf;

use crossbeam_channel::Sender;
use karn_sanctum::aggregator::Link;
use leyline::Incoming;
use simic_emitter::StopFlag;

pub mod attach;
pub mod feed;
pub mod trainer;

pub use attach::AttachedRun;
pub use feed::{Feed, Standing};
pub use trainer::LocalRun;

/// What a source hands to the fold.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrival {
    /// One input, decoded.
    Event(Incoming),
    /// A change of the link.
    Link(Link),
    /// A change of this viewer's connection; only from a run of another process.
    Feed(Feed),
    /// The directory in which this viewer can read everything that arrives, and what it may have missed. It comes before the
    /// first event; a run without it is kept in memory, as far as there is room.
    Log(PathBuf),
}

/// Something that events can be read from.
pub trait Source: Send + 'static {
    /// Sends what it reads to `out` until there is nothing more, `out` is closed, or `stop` is raised. It waits while `out`
    /// is full.
    ///
    /// # Errors
    ///
    /// What it reads from broke; what was read before has been sent.
    fn run(self: Box<Self>, out: &Sender<Arrival>, stop: &StopFlag) -> anyhow::Result<()>;

    /// Returns what stops the trainer, if it runs in this process: then leaving the screen needs an answer.
    fn trainer(&self) -> Option<StopFlag> {
        None
    }
}
