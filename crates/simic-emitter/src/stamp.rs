//! What changes with every event, behind the one lock: the number, the time, and the doors to the queues.

use std::sync::Arc;

use crossbeam_channel::{Sender, TrySendError};
use leyline::{EmitterLoss, Envelope, Lane, RunNs};

use crate::count::{Cause, Counter, Reported, Tally};
use crate::ending::Endings;
use crate::lane::Bounds;
use crate::worker::Control;

/// The one lock of the hub. It is held while an event is stamped and offered, never while anything is waited for.
#[expect(clippy::disallowed_types, reason = "the hub's stamp: seq and clock, held for one offer")]
pub(crate) type StampLock = std::sync::Mutex<Stamp>;

/// What changes with every event; behind the one lock.
pub(crate) struct Stamp {
    pub(crate) open: bool,
    pub(crate) next_seq: u64,
    pub(crate) last: RunNs,
    pub(crate) last_report: RunNs,
    pub(crate) doors: Vec<Door>,
    pub(crate) endings: Endings,
    pub(crate) warned_late: bool,
}

/// The hub's side of one sink's queue.
pub(crate) struct Door {
    queue: Sender<Arc<Envelope>>,
    control: Sender<Control>,
    bounds: Bounds,
    tally: Arc<Tally>,
    reported: Reported,
    /// Events put into the queue so far.
    sent: u64,
    /// Events known to have left it. Looking at the queue's length touches what the sink's thread writes, so that is done
    /// only when this older knowledge does not suffice.
    known_left: u64,
    /// The value of `sent` from which on the bell is rung if the queue is half full.
    ring_from: u64,
    /// Whether the event at hand goes in here.
    admits: bool,
}

impl Door {
    pub(crate) fn new(
        queue: Sender<Arc<Envelope>>,
        control: Sender<Control>,
        bounds: Bounds,
        tally: Arc<Tally>,
    ) -> Self {
        let reported = Reported::default();
        let (sent, known_left, ring_from) = (0, 0, 0);
        let admits = false;
        Self { queue, control, bounds, tally, reported, sent, known_left, ring_from, admits }
    }

    /// Returns the queue's length, or an upper bound of it that is below `enough`.
    fn len_or_below(&mut self, enough: usize) -> usize {
        let at_most = (self.sent - self.known_left) as usize;
        if at_most < enough {
            return at_most;
        }
        let len = self.queue.len();
        self.known_left = self.sent - len as u64;
        len
    }

    /// Returns why an event of this lane would be dropped here. Its room stays, as nobody else fills the queue.
    pub(crate) fn refusal(&mut self, lane: Lane) -> Option<Cause> {
        if self.tally.panicked() {
            return Some(Cause::SinkPanicked);
        }
        let half = self.bounds.lossy / 2;
        let len = self.len_or_below(half);
        if half <= len && self.ring_from <= self.sent {
            ring(&self.control);
            self.ring_from = self.sent + half as u64;
        }
        (self.bounds.of(lane) <= len).then_some(Cause::QueueFull)
    }

    /// Lets go of the queue; the sink's thread drains it and ends.
    pub(crate) fn close(self) {
        let Self { queue, control, .. } = self;
        drop(queue);
        ring(&control);
    }

    /// Returns what was dropped here since the last call, by lane and cause.
    pub(crate) fn grown(&mut self) -> Vec<EmitterLoss> {
        self.reported.grown(&self.tally)
    }

    fn send(&mut self, envelope: Arc<Envelope>, lane: Lane) {
        if self.bounds.lossy <= (self.sent - self.known_left) as usize && lane == Lane::Lossless {
            self.tally.spill();
        }
        match self.queue.try_send(envelope) {
            Ok(()) => self.sent += 1,
            // Neither happens: the door had room, and the other end lives until the hub lets go of this one.
            Err(TrySendError::Full(_)) => self.tally.drop_at_door(lane, Cause::QueueFull),
            Err(TrySendError::Disconnected(_)) => {
                self.tally.drop_at_door(lane, Cause::SinkPanicked);
            }
        }
    }
}

impl Stamp {
    /// Counts an event of this lane as emitted and, where it finds no room, as dropped; returns how many doors admit it.
    pub(crate) fn admit(&mut self, lane: Lane, emitted: &Counter) -> usize {
        emitted.count_one(lane);
        let mut admitting = 0;
        for door in &mut self.doors {
            let refusal = door.refusal(lane);
            door.admits = refusal.is_none();
            match refusal {
                Some(cause) => door.tally.drop_at_door(lane, cause),
                None => admitting += 1,
            }
        }
        admitting
    }

    /// Puts an event into the queues that [`admit`](Self::admit) just found room in, `admitting` of them.
    pub(crate) fn send(&mut self, envelope: Arc<Envelope>, lane: Lane, admitting: usize) {
        let mut left = admitting;
        for door in self.doors.iter_mut().filter(|door| door.admits) {
            left -= 1;
            if left == 0 {
                // The last one gets ours, so that a single sink costs no reference count.
                return door.send(envelope, lane);
            }
            door.send(Arc::clone(&envelope), lane);
        }
    }
}

/// Wakes a sink's thread if it naps.
fn ring(control: &Sender<Control>) {
    // Where there is no room for the bell, something else wakes the thread.
    control.try_send(Control::Bell).ok();
}
