//! What the source says about itself.

use leyline::RunId;

use crate::aggregator::lines::Log;
use crate::connection::Connection;
use crate::snapshot::{Snapshot, TelemetryView};

/// A change of the link to the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The source is open; so it is taken to be until something else is said.
    Open,
    /// The source has sent what a late viewer needs, and its live part begins at this number: the jump to it is no loss.
    ///
    /// It is about the run of the latest row, or about the first run when there was no row.
    Live {
        /// Number of the next event that can arrive.
        from_seq: u64,
    },
    /// The source is closed.
    Closed,
    /// Whether the trainer's thread runs; only a source in the trainer's process can say.
    TrainerAlive(bool),
}

/// The state of the source, which is the same for all runs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Source {
    closed: bool,
    trainer_alive: Option<bool>,
}

impl Source {
    pub(super) const fn is_closed(self) -> bool {
        self.closed
    }

    pub(super) const fn trainer_alive(self) -> Option<bool> {
        self.trainer_alive
    }

    pub(super) const fn set_closed(&mut self, closed: bool) {
        self.closed = closed;
    }

    pub(super) const fn set_trainer_alive(&mut self, alive: bool) {
        self.trainer_alive = Some(alive);
    }

    /// Returns a snapshot that shows the source, counters and lines, because there is nothing else.
    pub(super) fn bare_snapshot(
        self,
        run_id: Option<RunId>,
        telemetry: TelemetryView,
        log: &Log,
    ) -> Snapshot {
        let mut bare = Snapshot::empty();
        bare.run_id = run_id;
        bare.connection = if self.closed { Connection::Disconnected } else { Connection::Waiting };
        bare.training_thread_alive = self.trainer_alive;
        bare.telemetry = telemetry;
        bare.event_log = log.shared();
        bare
    }
}
