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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use leyline::{Event, FinishReason, GroupId, RunId, Timestamp, TrainingFinished};

    use super::*;
    use crate::clock::ManualClock;
    use crate::{Bounds, HubBuilder, memory};

    const LONG: Duration = Duration::from_secs(60);
    const TENTH: Duration = Duration::from_millis(100);

    struct Rig {
        clock: Arc<ManualClock>,
        hub: Hub,
        guard: crate::Guard,
        events: Receiver<Arc<leyline::Envelope>>,
    }

    fn rig() -> Rig {
        let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
        let (sink, events) = memory::memory(100);
        let run = RunId::new("run").unwrap();
        let (hub, guard) = HubBuilder::new(run, GroupId::default(), Arc::clone(&clock) as Arc<_>)
            .sink("memory", Bounds::default(), sink)
            .start(LONG)
            .unwrap();
        Rig { clock, hub, guard, events }
    }

    impl Rig {
        /// Lets the pulse wait `times` times, a tenth of a second late each, and returns the waits it asked for.
        fn run(&self, times: usize) -> Vec<Duration> {
            let mut waits = Vec::new();
            beat_by(&self.hub, SILENCE, |wait| {
                waits.push(wait);
                self.clock.advance(wait + TENTH);
                waits.len() <= times
            });
            waits.truncate(times);
            waits
        }

        fn beats(&self) -> Vec<Heartbeat> {
            assert!(self.hub.flush(LONG));
            let beat = |event: &Event| {
                if let Event::Heartbeat(beat) = event { Some(beat.clone()) } else { None }
            };
            self.events.try_iter().filter_map(|envelope| beat(&envelope.event)).collect()
        }
    }

    fn beat(phase: Phase, batch_idx: Option<u64>, inner_epoch: Option<u32>) -> Heartbeat {
        Heartbeat { phase, batch_idx, inner_epoch }
    }

    #[test]
    fn silence_beats_and_says_what_the_trainer_does() {
        let rig = rig();
        assert_eq!(rig.run(2), [SILENCE, SILENCE]);
        assert_eq!(rig.beats(), vec![beat(Phase::Starting, None, None); 2]);
        rig.hub.progress().set(Activity::Updating, Some(4), Some(128));
        rig.run(1);
        assert_eq!(rig.beats(), [beat(Phase::Updating, Some(4), Some(128))]);
        assert!(rig.guard.close(LONG));
    }

    #[test]
    fn whoever_emits_needs_no_heartbeat() {
        let rig = rig();
        let mut waits = Vec::new();
        beat_by(&rig.hub, SILENCE, |wait| {
            waits.push(wait);
            // Something is emitted in the middle of each wait.
            rig.clock.advance(wait.saturating_sub(TENTH));
            rig.hub.emit(beat(Phase::Collecting, None, None));
            rig.clock.advance(TENTH);
            waits.len() < 4
        });
        let rest = SILENCE.saturating_sub(TENTH);
        assert_eq!(waits, [SILENCE, rest, rest, rest]);
        assert_eq!(rig.beats().len(), 4, "our own, and no other");
        assert!(rig.guard.close(LONG));
    }

    #[test]
    fn after_the_end_of_the_last_group_there_is_no_heartbeat() {
        let rig = rig();
        let start = crate::ending::tests::start();
        rig.hub.emit(start);
        rig.run(1);
        assert_eq!(rig.beats().len(), 1);
        rig.hub.emit(TrainingFinished {
            reason: FinishReason::Completed,
            error: None,
            last_batch: 75,
            batches_since_start: 50,
            episodes_completed: None,
            env_steps_since_start: None,
            updates_skipped: 0,
        });
        rig.run(3);
        assert_eq!(rig.beats(), []);
        assert!(rig.guard.close(LONG));
    }

    #[test]
    fn every_activity_keeps_its_word() {
        let progress = Progress::new();
        for activity in Activity::ALL {
            progress.set(activity, None, None);
            assert_eq!(progress.heartbeat().phase, activity.phase());
        }
    }
}
