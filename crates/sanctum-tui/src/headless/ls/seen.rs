//! What the events that were read say about their run.

use std::collections::{BTreeMap, BTreeSet};

use leyline::{Envelope, Event, FinishReason, GroupId, Incoming, Lane, RunId, Timestamp};

/// A small fold: no more than `ls` prints. Every part is absent until an event says it.
#[derive(Debug, Default)]
pub(in crate::headless) struct Seen {
    pub(super) run: Option<RunId>,
    pub(super) task: Option<String>,
    pub(super) started: Option<Timestamp>,
    pub(super) max_batches: Option<u64>,
    /// The last batch that ended.
    pub(super) batch: Option<u64>,
    /// The last event.
    pub(in crate::headless) last: Option<Timestamp>,
    pub(super) last_seq: Option<u64>,
    /// Numbers that are missing between two that were read one after another.
    pub(super) missing: u64,
    /// Groups that began.
    began: BTreeSet<GroupId>,
    /// How groups ended.
    ended: BTreeMap<GroupId, FinishReason>,
    /// Highest totals told, by sink and lane.
    dropped: BTreeMap<(String, Lane), u64>,
}

impl Seen {
    /// Takes an event, or what came in place of one.
    pub(super) fn take(&mut self, incoming: &Incoming) {
        let (seq, ts) = match incoming {
            Incoming::Known(event) => {
                self.event(event);
                (Some(event.seq), Some(event.ts))
            }
            Incoming::Unknown(event) => (Some(event.seq), Some(event.ts)),
            Incoming::Rejected(rejection) => (rejection.seq, rejection.ts),
        };
        if let (Some(seq), Some(last)) = (seq, self.last_seq) {
            let hole = seq.saturating_sub(last).saturating_sub(1);
            self.missing = self.missing.saturating_add(hole);
        }
        self.last_seq = self.last_seq.max(seq);
        self.last = ts.or(self.last);
    }

    /// Says that the next event does not follow the last one: what belongs to a place in the run is forgotten.
    pub(super) const fn jump(&mut self) {
        (self.batch, self.last, self.last_seq) = (None, None, None);
    }

    fn event(&mut self, event: &Envelope) {
        self.run.get_or_insert_with(|| event.run_id.clone());
        match &event.event {
            Event::TrainingStarted(start) => {
                self.began.insert(event.group_id.clone());
                self.started.get_or_insert(event.ts);
                self.max_batches.get_or_insert(start.max_batches);
                if !start.task.is_empty() {
                    self.task.get_or_insert_with(|| start.task.clone());
                }
            }
            Event::TrainingFinished(end) => {
                self.ended.insert(event.group_id.clone(), end.reason);
                // What counts as done, which after a failure is not always what ended.
                self.batch = self.batch.max(Some(end.last_batch));
            }
            Event::BatchEpochCompleted(batch) => {
                self.batch = self.batch.max(Some(batch.batch_idx));
            }
            Event::EmitterLoss(loss) => {
                let total = self.dropped.entry((loss.sink.clone(), loss.lane)).or_default();
                *total = loss.dropped_total.max(*total);
            }
            Event::CheckpointLoaded(_)
            | Event::CheckpointSaved(_)
            | Event::EpochCompleted(_)
            | Event::PpoUpdateCompleted(_)
            | Event::EpisodeOutcome(_)
            | Event::SystemVitals(_)
            | Event::Metric(_)
            | Event::GradientAnomaly(_)
            | Event::RatioExplosionDetected(_)
            | Event::RatioCollapseDetected(_)
            | Event::ValueCollapseDetected(_)
            | Event::NumericalInstabilityDetected(_)
            | Event::PlateauDetected(_)
            | Event::DegradationDetected(_)
            | Event::ImprovementDetected(_)
            | Event::MemoryWarning(_)
            | Event::Heartbeat(_) => {}
        }
    }

    /// Returns how the run ended: the worst end of its groups, once all that are known have one.
    pub(super) fn reason(&self) -> Option<FinishReason> {
        let all = self.began.iter().all(|group| self.ended.contains_key(group));
        self.ended.values().copied().max().filter(|_| all)
    }

    /// Returns how many events sinks told to have lost; `None` if none told anything.
    pub(super) fn told(&self) -> Option<u64> {
        let sum = self.dropped.values().fold(0, |sum: u64, &total| sum.saturating_add(total));
        (!self.dropped.is_empty()).then_some(sum)
    }
}
