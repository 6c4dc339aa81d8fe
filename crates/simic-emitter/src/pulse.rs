//! Proves in silence that the producer is alive.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use leyline::{Heartbeat, Phase};

use crate::clock::nanos;
use crate::draft::Draft;
use crate::hub::Hub;

/// A HEARTBEAT is due when nothing was emitted for this long.
pub const SILENCE: Duration = Duration::from_secs(1);

/// What a trainer is doing, as far as heartbeats tell; the known words of [`Phase`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Getting ready.
    Starting,
    /// Stepping environments.
    Collecting,
    /// Optimising.
    Updating,
    /// Measuring the policy.
    Evaluating,
    /// Writing a checkpoint.
    Checkpointing,
    /// Ending the run.
    Finishing,
}

impl Activity {
    const ALL: [Self; 6] = [
        Self::Starting,
        Self::Collecting,
        Self::Updating,
        Self::Evaluating,
        Self::Checkpointing,
        Self::Finishing,
    ];

    /// Returns the word of the contract.
    pub const fn phase(self) -> Phase {
        match self {
            Self::Starting => Phase::Starting,
            Self::Collecting => Phase::Collecting,
            Self::Updating => Phase::Updating,
            Self::Evaluating => Phase::Evaluating,
            Self::Checkpointing => Phase::Checkpointing,
            Self::Finishing => Phase::Finishing,
        }
    }
}

/// What the trainer is doing right now. Setting it costs three stores, so a trainer may do it every epoch.
///
/// The three are not read as one: a heartbeat that falls between two stores may pair a new activity with the batch before.
#[derive(Debug)]
pub struct Progress {
    activity: AtomicU8,
    // Both count from 1, so 0 means none.
    batch_idx: AtomicU64,
    inner_epoch: AtomicU32,
}

impl Progress {
    pub(crate) const fn new() -> Self {
        Self {
            activity: AtomicU8::new(0),
            batch_idx: AtomicU64::new(0),
            inner_epoch: AtomicU32::new(0),
        }
    }

    /// Says what the trainer does from now on; batch and epoch in progress count from 1, `None` outside of one.
    pub fn set(&self, activity: Activity, batch_idx: Option<u64>, inner_epoch: Option<u32>) {
        self.activity.store(activity as u8, Ordering::Relaxed);
        self.batch_idx.store(batch_idx.unwrap_or(0), Ordering::Relaxed);
        self.inner_epoch.store(inner_epoch.unwrap_or(0), Ordering::Relaxed);
    }

    fn heartbeat(&self) -> Heartbeat {
        let at = usize::from(self.activity.load(Ordering::Relaxed));
        let activity = Activity::ALL.get(at).copied().unwrap_or(Activity::Starting);
        let batch = self.batch_idx.load(Ordering::Relaxed);
        let epoch = self.inner_epoch.load(Ordering::Relaxed);
        Heartbeat {
            phase: activity.phase(),
            batch_idx: (batch != 0).then_some(batch),
            inner_epoch: (epoch != 0).then_some(epoch),
        }
    }
}

/// Emits heartbeats in silence until `stopped` is disconnected.
pub(crate) fn beat(hub: &Hub, silence: Duration, stopped: &Receiver<()>) {
    beat_by(hub, silence, |wait| {
        matches!(stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout))
    });
}

/// As [`beat`]; `wait` lets the given time pass and returns whether to go on.
fn beat_by(hub: &Hub, silence: Duration, mut wait: impl FnMut(Duration) -> bool) {
    let mut rest = silence;
    while wait(rest) {
        rest = look(hub, silence);
    }
}

/// Emits a heartbeat if one is due; returns how long to wait before looking again.
fn look(hub: &Hub, silence: Duration) -> Duration {
    let stamp = hub.shared.lock();
    let (open, last) = (stamp.open, stamp.last);
    let finished = stamp.endings.all_finished();
    let group = stamp.endings.in_progress().cloned();
    drop(stamp);
    if !open || finished {
        return silence;
    }
    let quiet = hub.shared.clock.now().mono_ns.0.saturating_sub(last.0);
    let due = nanos(silence);
    if quiet < due {
        return Duration::from_nanos(due - quiet);
    }
    let draft = Draft::new(hub.progress().heartbeat());
    hub.emit(Draft { group, ..draft });
    silence
}
