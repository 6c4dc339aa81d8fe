//! The aggregator of the toy.

use crate::defect::Defect;
use crate::hub::Sent;
use crate::model::{
    Env, Event, Extended, Reading, Scored, Snapshot, Started, Timed, Updated, Verdict,
};

/// Losses kept.
const HISTORY: usize = 8;

impl Snapshot {
    /// Returns what is known before anything happened.
    pub(crate) const fn empty(defect: Defect) -> Self {
        Self {
            task: None,
            max_batches: if matches!(defect, Defect::WrongDefault) { 1 } else { 0 },
            current_batch: 0,
            runtime_seconds: 0.0,
            kl: None,
            loss: None,
            loss_history: Vec::new(),
            update_ms: 0.0,
            wait_ms: 0.0,
            envs: Vec::new(),
        }
    }

    fn apply(&mut self, sent: &Sent, defect: Defect) {
        match &sent.event {
            Event::Started(payload) => self.started(payload, defect),
            Event::Extended(payload) => self.extended(payload),
            Event::Updated(payload) => self.updated(payload, sent.at, defect),
            Event::Timed(payload) => self.timed(payload, defect),
            Event::Scored(payload) => self.scored(payload),
        }
    }

    fn started(&mut self, payload: &Started, defect: Defect) {
        let Started { task, max_batches, start_batch } = payload;
        let before = self.wait_ms;
        *self = Self::empty(defect);
        self.task = Some(task.clone());
        self.current_batch = *start_batch;
        if defect != Defect::IgnoredField {
            self.max_batches = *max_batches;
        }
        if defect == Defect::NoReset {
            self.wait_ms = before;
        }
    }

    const fn extended(&mut self, payload: &Extended) {
        let Extended { max_batches } = payload;
        self.max_batches = *max_batches;
    }

    fn updated(&mut self, payload: &Updated, at: f64, defect: Defect) {
        let Updated { kl, loss } = payload;
        self.current_batch += 1;
        match kl {
            Some(value) => {
                self.kl = Some(Reading {
                    value: *value,
                    batch: Some(self.current_batch),
                    mono_ns: (at * 1e9) as u64,
                    fresh: true,
                    verdict: grade(*value, defect),
                });
            }
            None => {
                if let Some(kl) = &mut self.kl {
                    kl.fresh = false;
                }
            }
        }
        self.loss = Some(*loss);
        self.loss_history.push(*loss);
        if HISTORY < self.loss_history.len() {
            self.loss_history.remove(0);
        }
        if defect == Defect::OverwrittenLeak {
            self.wait_ms = *loss;
        }
    }

    const fn timed(&mut self, payload: &Timed, defect: Defect) {
        let Timed { update_ms, wait_ms } = payload;
        if matches!(defect, Defect::NeighbouringField) {
            self.update_ms = *wait_ms;
        } else if !matches!(defect, Defect::NeverWritten) {
            self.update_ms = *update_ms;
        }
        self.wait_ms = *wait_ms;
    }

    fn scored(&mut self, payload: &Scored) {
        let Scored { env_id, score } = payload;
        let env = Env { env_id: *env_id, score: *score };
        match self.envs.binary_search_by_key(env_id, |env| env.env_id) {
            Ok(at) => self.envs[at] = env,
            Err(at) => self.envs.insert(at, env),
        }
    }
}

/// Returns the verdict on a KL divergence.
pub(crate) fn grade(value: f64, defect: Defect) -> Verdict {
    if !value.is_finite() || 0.03 < value {
        Verdict::Critical
    } else if 0.015 < value || (defect == Defect::WrongLimit && 0.015 <= value) {
        Verdict::Warning
    } else {
        Verdict::Healthy
    }
}

/// Returns what is known after these events and some seconds of silence; `set_back` is what the wall clock was set back
/// by since the run began.
pub(crate) fn fold(events: &[Sent], idle: f64, set_back: f64, defect: Defect) -> Snapshot {
    let mut snapshot = Snapshot::empty(defect);
    let mut started = None;
    for sent in events {
        snapshot.apply(sent, defect);
        if matches!(sent.event, Event::Started(_)) {
            started = Some(sent.at);
        }
    }
    if let (Some(started), Some(last)) = (started, events.last()) {
        snapshot.runtime_seconds = last.at - started + idle;
        if defect == Defect::WallClock {
            snapshot.runtime_seconds -= set_back;
        }
    }
    snapshot
}
