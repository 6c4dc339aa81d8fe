//! Folds a run and counts its batches; the alerts are those of the fold.

use std::collections::BTreeMap;

use karn_sanctum::{Aggregator, RunKey};
use leyline::threshold::WARMUP_BATCHES;
use leyline::{Envelope, Event, Incoming, ViewNs};

use crate::headless::check::report::GroupReport;
use crate::settings;

/// Folds the events of a run in replay time.
#[derive(Debug)]
pub(super) struct Judge {
    fold: Aggregator,
    /// Time of the latest event, which is also when it counts as received.
    now: u64,
    groups: BTreeMap<RunKey, Batches>,
}

/// The batches of one group.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Batches {
    /// Batches done before the start; without one, before the first batch that was seen.
    start_batch: Option<u64>,
    pub(super) seen: u64,
    pub(super) warm_up: u64,
    pub(super) first: Option<u64>,
    pub(super) last: Option<u64>,
    /// Number of the latest event that was looked at.
    latest_seq: Option<u64>,
}

impl Judge {
    /// Returns a judge that has read nothing and goes by the settings of this process.
    pub(super) fn new() -> Self {
        let fold = Aggregator::with_settings(settings::current());
        Self { fold, now: 0, groups: BTreeMap::new() }
    }

    /// Folds one input.
    pub(super) fn apply(&mut self, incoming: &Incoming) {
        if let Incoming::Known(envelope) = incoming {
            self.now = envelope.mono_ns.0;
        }
        self.fold.apply(incoming, ViewNs(self.now));
        if let Incoming::Known(envelope) = incoming
            && let Some(batches) = self.batches(envelope)
        {
            if let Event::TrainingStarted(start) = &envelope.event {
                batches.start_batch = Some(start.start_batch);
            } else if let Event::BatchEpochCompleted(batch) = &envelope.event {
                batches.ended(batch.batch_idx);
            }
        }
    }

    /// Returns the batches of the group of an event; `None` for an event that the fold has not taken: one group too many, or one
    /// that was there before.
    fn batches(&mut self, envelope: &Envelope) -> Option<&mut Batches> {
        let key = self.fold.latest().and_then(|latest| self.fold.key_of(latest.group))?;
        if key.run_id != envelope.run_id || key.group_id != envelope.group_id {
            return None;
        }
        let batches = self.groups.entry(key).or_default();
        if batches.latest_seq.is_some_and(|latest| envelope.seq <= latest) {
            return None;
        }
        batches.latest_seq = Some(envelope.seq);
        Some(batches)
    }

    /// Returns the fold behind it.
    pub(super) const fn fold(&self) -> &Aggregator {
        &self.fold
    }

    /// Returns the time of the latest event.
    pub(super) const fn now(&self) -> ViewNs {
        ViewNs(self.now)
    }

    /// Returns what was found, by group.
    pub(super) fn report(&self) -> Vec<GroupReport> {
        let now = self.now();
        let report = |(key, batches): (&RunKey, &Batches)| {
            GroupReport::new(key, *batches, &self.fold.alerts(key, now))
        };
        self.groups.iter().map(report).collect()
    }
}

impl Batches {
    fn ended(&mut self, at: u64) {
        let start = *self.start_batch.get_or_insert(at.saturating_sub(1));
        let is_warm_up = at.saturating_sub(start) <= WARMUP_BATCHES;
        self.seen = self.seen.saturating_add(1);
        self.warm_up = self.warm_up.saturating_add(u64::from(is_warm_up));
        self.first.get_or_insert(at);
        self.last = Some(at);
    }
}

#[cfg(test)]
mod tests;
