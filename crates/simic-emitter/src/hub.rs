//! The hub: stamps each event once and offers it to every sink, without ever waiting for one.

use std::fmt;
#[expect(
    clippy::disallowed_types,
    reason = "the hub's stamp: seq and clock, held for one offer"
)]
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Select, Sender, TrySendError, after, bounded};
use leyline::{
    EmitterLoss, EnvId, Envelope, Event, EventKind, GroupId, Lane, RunId, RunNs, Severity, wire,
};

use crate::clock::{Clock, Now};
use crate::count::{Cause, Counter, Reported, SinkCounts, Tally};
use crate::draft::Draft;
use crate::ending::Endings;
use crate::lane::Bounds;
use crate::pulse::Progress;
use crate::warn::{Often, Warner};
use crate::worker::FlushRequest;

/// The trainer's end of the pipe. Cheap to clone; clones share numbering, queues and counters.
#[derive(Clone)]
pub struct Hub {
    pub(crate) shared: Arc<Shared>,
}

impl Hub {
    /// Numbers and times an event and offers it to every sink. Never waits for a sink, never panics.
    ///
    /// A sink without room drops the event and counts that. After a close the event is ignored, with one warning per hub.
    /// An event that breaks a hard limit of the contract is refused, because every reader would have to reject it: it gets no
    /// number, is counted nowhere and is a warning. Texts that are too long are cut instead.
    pub fn emit(&self, draft: impl Into<Draft>) {
        self.shared.emit(draft.into());
    }

    /// Emits an event that is costly to make, and makes it only if some sink has room for one of that kind.
    ///
    /// Without room anywhere (also in a hub without sinks) the event is counted as emitted and dropped without ever existing:
    /// it uses up a number like any other, so the hole shows the loss. Starts and ends of groups are always made, because the
    /// hub itself learns from them. What counts in the end is the kind of the draft.
    pub fn emit_with(&self, kind: EventKind, build: impl FnOnce() -> Draft) {
        let of_a_group = matches!(kind, EventKind::TrainingStarted | EventKind::TrainingFinished);
        if of_a_group || self.shared.has_room_or_drops(kind.lane()) {
            self.shared.emit(build());
        }
    }

    /// Waits until every event emitted before this call is delivered or dropped and every sink has synced.
    ///
    /// Returns `true` only if all of that happened within `deadline` (real time); a sink that panicked or could not sync makes
    /// it `false`. After a close it returns what the close returned.
    pub fn flush(&self, deadline: Duration) -> bool {
        self.shared.flush(deadline)
    }

    /// Returns the counters of every sink, in the order in which they were given to the builder.
    pub fn counts(&self) -> Vec<SinkCounts> {
        let shared = &self.shared;
        shared.tallies.iter().map(|tally| tally.counts(&shared.emitted)).collect()
    }

    /// Returns the number that the next event gets, which is how many were emitted so far.
    pub fn next_seq(&self) -> u64 {
        self.shared.lock().next_seq
    }

    /// Returns where the trainer says what it is doing, for heartbeats.
    pub fn progress(&self) -> &Progress {
        &self.shared.progress
    }

    /// Returns the run that the hub numbers.
    pub fn run_id(&self) -> &RunId {
        &self.shared.run
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("run", &self.shared.run)
            .field("counts", &self.counts())
            .finish()
    }
}

/// What the clones of a hub share.
pub(crate) struct Shared {
    pub(crate) run: RunId,
    pub(crate) group: GroupId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) warner: Arc<Warner>,
    pub(crate) refused: Often,
    pub(crate) progress: Progress,
    pub(crate) tallies: Box<[Arc<Tally>]>,
    pub(crate) emitted: Counter,
    pub(crate) control: Box<[Sender<FlushRequest>]>,
    pub(crate) closing: Closing,
    /// Nanoseconds between two looks at the loss counters; `None`: losses are not reported.
    pub(crate) loss_interval: Option<u64>,
    #[expect(
        clippy::disallowed_types,
        reason = "the hub's stamp: seq and clock, held for one offer"
    )]
    pub(crate) stamp: Mutex<Stamp>,
}

/// How the hub was closed.
pub(crate) struct Closing {
    pub(crate) result: AtomicU8,
    /// Disconnected when the close is over.
    pub(crate) over: Receiver<()>,
}

/// Value of [`Closing::result`] once everything arrived; anything else is not (yet) a success.
pub(crate) const CLOSED_WELL: u8 = 1;

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
    bounds: Bounds,
    tally: Arc<Tally>,
    reported: Reported,
    /// Events put into the queue so far.
    sent: u64,
    /// Events known to have left it. Looking at the queue's length touches what the sink's thread writes, so that is done
    /// only when this older knowledge does not suffice.
    known_left: u64,
    /// Whether the event at hand goes in here.
    admits: bool,
}

impl Door {
    pub(crate) fn new(queue: Sender<Arc<Envelope>>, bounds: Bounds, tally: Arc<Tally>) -> Self {
        let reported = Reported::default();
        Self { queue, bounds, tally, reported, sent: 0, known_left: 0, admits: false }
    }

    /// Returns the queue's length, or something between it and `enough` if it is known to be below `enough`.
    fn len_unless_below(&mut self, enough: usize) -> usize {
        let at_most = (self.sent - self.known_left) as usize;
        if at_most < enough {
            return at_most;
        }
        let len = self.queue.len();
        self.known_left = self.sent - len as u64;
        len
    }

    /// Returns why an event of this lane would be dropped here. Its room stays, as nobody else fills the queue.
    fn refusal(&mut self, lane: Lane) -> Option<Cause> {
        if self.tally.panicked() {
            return Some(Cause::SinkPanicked);
        }
        let len = self.len_unless_below(self.bounds.lossy);
        (self.bounds.of(lane) <= len).then_some(Cause::QueueFull)
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
    fn admit(&mut self, lane: Lane, emitted: &Counter) -> usize {
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
}

impl Shared {
    #[expect(
        clippy::disallowed_types,
        reason = "the hub's stamp: seq and clock, held for one offer"
    )]
    pub(crate) fn lock(&self) -> MutexGuard<'_, Stamp> {
        // A thread that panicked with the lock held left at worst one event half offered; the counters still add up.
        self.stamp.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn emit(&self, mut draft: Draft) {
        if let Err(reason) = draft.finish() {
            let text = || format!("{} refused: {reason}", draft.event.kind());
            return self.warner.often(&self.refused, text);
        }
        let mut stamp = self.lock();
        if !stamp.open {
            return self.warn_late(stamp);
        }
        let now = self.tick(&mut stamp);
        let severity = draft.final_severity();
        let Draft { event, group, severity: _, message, env_id } = draft;
        let group = group.unwrap_or_else(|| self.group.clone());
        self.report_losses(&mut stamp, now, &group, event.kind());
        stamp.endings.note(&group, &event);
        self.offer(&mut stamp, now, Body { group, severity, message, env_id, event });
    }

    /// Returns whether some sink has room; if none has, counts an event of this lane as emitted and dropped.
    fn has_room_or_drops(&self, lane: Lane) -> bool {
        let mut stamp = self.lock();
        if !stamp.open {
            self.warn_late(stamp);
            return false;
        }
        if stamp.doors.iter_mut().any(|door| door.refusal(lane).is_none()) {
            return true;
        }
        let now = self.tick(&mut stamp);
        let group = self.group.clone();
        self.report_losses(&mut stamp, now, &group, EventKind::Heartbeat);
        stamp.admit(lane, &self.emitted);
        stamp.next_seq += 1;
        false
    }

    fn tick(&self, stamp: &mut Stamp) -> Now {
        let mut now = self.clock.now();
        // A clock that went back must not break the promise to the reader.
        now.mono_ns = now.mono_ns.max(stamp.last);
        stamp.last = now.mono_ns;
        now
    }

    fn offer(&self, stamp: &mut Stamp, now: Now, body: Body) {
        let lane = body.event.kind().lane();
        let seq = stamp.next_seq;
        stamp.next_seq += 1;
        let mut left = stamp.admit(lane, &self.emitted);
        if left == 0 {
            return;
        }
        let Body { group: group_id, severity, message, env_id, event } = body;
        let envelope = Arc::new(Envelope {
            v: wire::ROW_VERSION,
            run_id: self.run.clone(),
            group_id,
            seq,
            ts: now.ts,
            mono_ns: now.mono_ns,
            severity,
            message,
            env_id,
            event,
        });
        for door in stamp.doors.iter_mut().filter(|door| door.admits) {
            left -= 1;
            if left == 0 {
                // The last one gets ours, so that a single sink costs no reference count.
                return door.send(envelope, lane);
            }
            door.send(Arc::clone(&envelope), lane);
        }
    }

    /// Emits what was lost since the last report, if it is time. The reports are events like others: they have numbers of
    /// their own and can be dropped, which the next report says.
    fn report_losses(&self, stamp: &mut Stamp, now: Now, group: &GroupId, kind: EventKind) {
        let Some(interval) = self.loss_interval else { return };
        let passed = now.mono_ns.0 - stamp.last_report.0;
        if passed < interval && kind != EventKind::TrainingFinished {
            return;
        }
        stamp.last_report = now.mono_ns;
        let grown: Vec<EmitterLoss> =
            stamp.doors.iter_mut().flat_map(|door| door.reported.grown(&door.tally)).collect();
        for loss in grown {
            let event = Event::EmitterLoss(loss);
            let severity = event.least_severity();
            let group = group.clone();
            self.offer(
                stamp,
                now,
                Body { group, severity, message: String::new(), env_id: None, event },
            );
        }
    }

    fn warn_late(&self, mut stamp: MutexGuard<'_, Stamp>) {
        let first = !std::mem::replace(&mut stamp.warned_late, true);
        drop(stamp);
        if first {
            self.warner.warn("an event was emitted after the hub was closed, and ignored");
        }
    }

    fn flush(&self, deadline: Duration) -> bool {
        let timer = after(deadline);
        if !self.lock().open {
            return self.wait_for_close(&timer);
        }
        let mut late = false;
        let mut all_synced = true;
        let mut replies = Vec::with_capacity(self.control.len());
        for control in &self.control {
            let (reply, answer) = bounded(1);
            all_synced &= send_before(control, FlushRequest(reply), &timer, &mut late);
            replies.push(answer);
        }
        for answer in &replies {
            all_synced &= receive_before(answer, &timer, &mut late).unwrap_or(false);
        }
        all_synced
    }

    fn wait_for_close(&self, timer: &Receiver<std::time::Instant>) -> bool {
        receive_before(&self.closing.over, timer, &mut false);
        self.closing.result.load(Ordering::Acquire) == CLOSED_WELL
    }
}

/// What a draft contributes to an envelope.
struct Body {
    group: GroupId,
    severity: Severity,
    message: String,
    env_id: Option<EnvId>,
    event: Event,
}

/// Sends unless the timer fires first; once `late`, only if there is room.
fn send_before<T>(
    to: &Sender<T>,
    message: T,
    timer: &Receiver<std::time::Instant>,
    late: &mut bool,
) -> bool {
    let Err(refused) = to.try_send(message) else { return true };
    if *late || refused.is_disconnected() {
        return false;
    }
    let mut select = Select::new();
    let room = select.send(to);
    select.recv(timer);
    let operation = select.select();
    if operation.index() == room {
        return operation.send(to, refused.into_inner()).is_ok();
    }
    operation.recv(timer).ok();
    *late = true;
    false
}

/// Receives unless the timer fires first; once `late`, only what is there. `None`: nothing came.
pub(crate) fn receive_before<T>(
    from: &Receiver<T>,
    timer: &Receiver<std::time::Instant>,
    late: &mut bool,
) -> Option<T> {
    if *late {
        return from.try_recv().ok();
    }
    crossbeam_channel::select_biased! {
        recv(from) -> message => message.ok(),
        recv(timer) -> _ => {
            *late = true;
            None
        }
    }
}
