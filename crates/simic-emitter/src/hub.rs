//! The hub: stamps each event once and offers it to every sink, without ever waiting for one.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after, bounded};
use leyline::{EmitterLoss, Envelope, EventKind, GroupId, Lane, RunId, Severity, wire};

use crate::clock::{Clock, Now};
use crate::count::{Counter, SinkCounts, Tally};
use crate::draft::Draft;
use crate::pulse::Progress;
use crate::stamp::{Door, Stamp, StampLock};
use crate::wait::{receive_before, send_before};
use crate::warn::{Often, Warner};
use crate::worker::Control;

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

    /// Returns the producer's time, for durations that a trainer measures: nobody else may read a clock.
    pub fn now(&self) -> Now {
        self.shared.clock.now()
    }

    /// Returns how long the calling thread has run on a processor (nanoseconds); `None`: nobody knows.
    pub fn thread_cpu_ns(&self) -> Option<u64> {
        self.shared.clock.thread_cpu_ns()
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
    pub(crate) control: Box<[Sender<Control>]>,
    pub(crate) closing: Closing,
    /// Nanoseconds between two looks at the loss counters; `None`: losses are not reported.
    pub(crate) loss_interval: Option<u64>,
    pub(crate) stamp: StampLock,
}

/// How the hub was closed.
pub(crate) struct Closing {
    pub(crate) result: AtomicU8,
    /// Disconnected when the close is over.
    pub(crate) over: Receiver<()>,
}

/// Value of [`Closing::result`] once everything arrived; anything else is not (yet) a success.
pub(crate) const CLOSED_WELL: u8 = 1;

impl Shared {
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
        let group = draft.group.as_ref().unwrap_or(&self.group);
        if self.reports_are_due(&stamp, now, draft.event.kind()) {
            self.report_losses(&mut stamp, now, group);
        }
        stamp.endings.note(group, &draft.event);
        self.offer(&mut stamp, now, draft);
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
        if self.reports_are_due(&stamp, now, EventKind::Heartbeat) {
            self.report_losses(&mut stamp, now, &self.group);
        }
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

    /// Numbers a finished draft and puts it where there is room.
    fn offer(&self, stamp: &mut Stamp, now: Now, draft: Draft) {
        let lane = draft.event.kind().lane();
        let seq = stamp.next_seq;
        stamp.next_seq += 1;
        let admitting = stamp.admit(lane, &self.emitted);
        if admitting == 0 {
            return;
        }
        let envelope = Arc::new(Envelope {
            v: wire::ROW_VERSION,
            run_id: self.run.clone(),
            group_id: draft.group.unwrap_or_else(|| self.group.clone()),
            seq,
            ts: now.ts,
            mono_ns: now.mono_ns,
            severity: draft.severity.unwrap_or(Severity::Info),
            message: draft.message,
            env_id: draft.env_id,
            event: draft.event,
        });
        stamp.send(envelope, lane, admitting);
    }

    fn reports_are_due(&self, stamp: &Stamp, now: Now, kind: EventKind) -> bool {
        let passed = now.mono_ns.0 - stamp.last_report.0;
        let is_end = matches!(kind, EventKind::TrainingFinished);
        self.loss_interval.is_some_and(|interval| interval <= passed || is_end)
    }

    /// Emits what was lost since the last report. The reports are events like others: they have numbers of their own and can
    /// be dropped, which the next report says.
    #[cold]
    fn report_losses(&self, stamp: &mut Stamp, now: Now, group: &GroupId) {
        stamp.last_report = now.mono_ns;
        let grown: Vec<EmitterLoss> = stamp.doors.iter_mut().flat_map(Door::grown).collect();
        for loss in grown {
            let mut draft = Draft::new(loss).with_group(group.clone());
            // A report keeps every limit: the names of sinks are checked when the hub starts.
            if draft.finish().is_ok() {
                self.offer(stamp, now, draft);
            }
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
            all_synced &= send_before(control, Control::Flush(reply), &timer, &mut late);
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
