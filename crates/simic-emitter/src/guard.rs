//! Ends what a hub started, within a stated time, even while clones of the hub live.

use std::mem;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after};

use crate::draft::Draft;
use crate::hub::{CLOSED_WELL, Hub};
use crate::stop::{StopFlag, StopLevel};
use crate::wait::receive_before;

/// A thread that says how it went before it ends.
pub(crate) struct Running {
    pub(crate) handle: JoinHandle<()>,
    pub(crate) result: Receiver<bool>,
}

/// Closes the hub when it is dropped, within the grace given to the builder.
#[must_use = "dropping the guard closes the hub"]
pub struct Guard {
    hub: Hub,
    grace: Duration,
    open: Option<Open>,
}

struct Open {
    sinks: Vec<Running>,
    pulse: Option<(Sender<()>, Running)>,
    stop: Option<StopFlag>,
    /// Dropped when the close is over; whoever waits for that sees the disconnection.
    close_over: Sender<()>,
}

impl Guard {
    pub(crate) const fn new(
        hub: Hub,
        grace: Duration,
        sinks: Vec<Running>,
        pulse: Option<(Sender<()>, Running)>,
        stop: Option<StopFlag>,
        close_over: Sender<()>,
    ) -> Self {
        Self { hub, grace, open: Some(Open { sinks, pulse, stop, close_over }) }
    }

    /// Ends groups that were left without an end, refuses new events, flushes every sink and ends the threads.
    ///
    /// Waits at most `deadline` (real time). What is still queued, in a sink's hands or in its buffer then is dropped with cause
    /// `close_timeout`, and its thread is left behind; whatever it does later changes no counter. Returns `true` only if nothing
    /// was dropped like that, no sink had panicked and every sink has synced.
    pub fn close(mut self, deadline: Duration) -> bool {
        self.end(deadline)
    }

    fn end(&mut self, deadline: Duration) -> bool {
        let Some(Open { sinks, pulse, stop, close_over }) = self.open.take() else { return false };
        let timer = after(deadline);
        let mut late = false;
        if let Some((stop, running)) = pulse {
            drop(stop);
            finish(running, &timer, &mut late);
        }
        self.end_groups(stop.as_ref());
        let shared = &self.hub.shared;
        let mut stamp = shared.lock();
        stamp.open = false;
        // Without senders each sink's thread drains its queue and ends.
        let doors = mem::take(&mut stamp.doors);
        drop(stamp);
        for door in doors {
            door.close();
        }
        let mut well = true;
        for running in sinks {
            well &= finish(running, &timer, &mut late);
        }
        let emitted = shared.emitted.read();
        for tally in &shared.tallies {
            well &= tally.shut(emitted) == 0;
        }
        shared.closing.result.store(if well { CLOSED_WELL } else { 0 }, Ordering::Release);
        drop(close_over);
        well
    }

    fn end_groups(&self, stop: Option<&StopFlag>) {
        let stopped = stop.is_some_and(|flag| StopLevel::AfterBatch <= flag.level());
        let error = if thread::panicking() {
            Some("the program panicked before the training had ended")
        } else if stopped {
            None
        } else {
            Some("the trainer went away without ending the training")
        };
        let missing = self.hub.shared.lock().endings.missing(error);
        for (group, end) in missing {
            self.hub.emit(Draft::new(end).with_group(group));
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.open.is_some() {
            self.end(self.grace);
        }
    }
}

/// Waits for a thread's result and joins it; a thread that is too late is left behind, and counts as failed.
fn finish(running: Running, timer: &Receiver<std::time::Instant>, late: &mut bool) -> bool {
    let Running { handle, result } = running;
    let Some(well) = receive_before(&result, timer, late) else { return false };
    // The result was its last word, so this does not wait; the thread itself cannot panic after it.
    handle.join().is_ok() && well
}
