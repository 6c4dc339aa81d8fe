//! The metrics that no payload carries: read from the fold right after the event that renews them.

use karn_sanctum::{Aggregator, Reading, RunKey, Snapshot};
use leyline::word::ClosedWord as _;
use leyline::{Envelope, Event, EventKind, Incoming, RunNs, ViewNs, metric};

/// A fold beside the export.
#[derive(Debug, Default)]
pub(super) struct Computed {
    fold: Aggregator,
    now: u64,
}

/// A computed metric and what renews it.
pub(super) struct Source {
    /// Path in the snapshot.
    pub(super) path: &'static str,
    /// Kind of the event after which it is looked at.
    pub(super) after: EventKind,
    read: fn(&Snapshot, &Envelope) -> Option<Newest>,
}

/// A value and what says that it is new.
#[derive(Debug, Clone, Copy)]
struct Newest {
    value: f64,
    batch: Option<u64>,
    mono_ns: RunNs,
}

const fn source(
    path: &'static str,
    after: EventKind,
    read: fn(&Snapshot, &Envelope) -> Option<Newest>,
) -> Source {
    Source { path, after, read }
}

use EventKind::{BatchEpochCompleted, EpisodeOutcome, PpoUpdateCompleted, SystemVitals};

/// Every computed metric that has points.
pub(super) const SOURCES: &[Source] = &[
    source("policy.entropy_velocity", PpoUpdateCompleted, |at, _| of(at.policy.entropy_velocity)),
    source("policy.collapse_risk_score", PpoUpdateCompleted, |at, _| {
        of(at.policy.collapse_risk_score)
    }),
    source("policy.entropy_clip_correlation", PpoUpdateCompleted, |at, _| {
        of(at.policy.entropy_clip_correlation)
    }),
    source("policy.entropy_collapsed", PpoUpdateCompleted, |at, _| {
        flag(at.policy.entropy_collapsed)
    }),
    source("policy.updates_skipped", PpoUpdateCompleted, |at, event| {
        let batch = at.policy.last_update.as_ref().map(|update| update.batch);
        Some(counted(event, batch, at.policy.updates_skipped?))
    }),
    source("episodes.mean_return", EpisodeOutcome, |at, _| of(at.episodes.mean_return)),
    source("episodes.best_return", EpisodeOutcome, |at, _| of(at.episodes.best_return)),
    source("episodes.worst_return", EpisodeOutcome, |at, _| of(at.episodes.worst_return)),
    source("episodes.mean_length", EpisodeOutcome, |at, _| of(at.episodes.mean_length)),
    source("episodes.success_rate", EpisodeOutcome, |at, _| of(at.episodes.success_rate)),
    source("episodes.total", EpisodeOutcome, |at, event| {
        Some(counted(event, at.current_batch, at.episodes.total?))
    }),
    source("envs[i].best_return", EpisodeOutcome, |at, event| {
        of_env(at, event, |env| env.best_return)
    }),
    source("envs[i].epochs_since_improvement", EpisodeOutcome, |at, event| {
        of_env(at, event, |env| env.epochs_since_improvement.map(|epochs| epochs as f64))
    }),
    source("vitals.epochs_per_second", BatchEpochCompleted, |at, _| {
        of(at.vitals.epochs_per_second)
    }),
    source("vitals.batches_per_hour", BatchEpochCompleted, |at, _| of(at.vitals.batches_per_hour)),
    source("vitals.env_steps_per_second", BatchEpochCompleted, |at, _| {
        of(at.vitals.env_steps_per_second)
    }),
    source("budget.batch.collect", BatchEpochCompleted, |at, _| of(at.budget.batch.collect)),
    source("budget.batch.update", BatchEpochCompleted, |at, _| of(at.budget.batch.update)),
    source("budget.batch.evaluate", BatchEpochCompleted, |at, _| of(at.budget.batch.evaluate)),
    source("budget.batch.checkpoint", BatchEpochCompleted, |at, _| of(at.budget.batch.checkpoint)),
    source("budget.batch.wait", BatchEpochCompleted, |at, _| of(at.budget.batch.wait)),
    source("budget.batch.emit", BatchEpochCompleted, |at, _| of(at.budget.batch.emit)),
    source("budget.run.collect", BatchEpochCompleted, |at, _| of(at.budget.run.collect)),
    source("budget.run.update", BatchEpochCompleted, |at, _| of(at.budget.run.update)),
    source("budget.run.evaluate", BatchEpochCompleted, |at, _| of(at.budget.run.evaluate)),
    source("budget.run.checkpoint", BatchEpochCompleted, |at, _| of(at.budget.run.checkpoint)),
    source("budget.run.wait", BatchEpochCompleted, |at, _| of(at.budget.run.wait)),
    source("budget.run.emit", BatchEpochCompleted, |at, _| of(at.budget.run.emit)),
    source("budget.training_seconds", BatchEpochCompleted, |at, _| of(at.budget.training_seconds)),
    source("budget.left_low_seconds", BatchEpochCompleted, |at, _| of(at.budget.left_low_seconds)),
    source("budget.left_high_seconds", BatchEpochCompleted, |at, _| {
        of(at.budget.left_high_seconds)
    }),
    source("budget.pauses", BatchEpochCompleted, |at, event| {
        at.budget.pauses.map(|count| counted(event, at.current_batch, count))
    }),
    source("budget.resumes", BatchEpochCompleted, |at, event| {
        at.budget.resumes.map(|count| counted(event, at.current_batch, count))
    }),
    source("vitals.has_memory_alarm", SystemVitals, |at, _| flag(at.vitals.has_memory_alarm)),
];

impl Source {
    /// Returns the unit.
    pub(super) fn unit(&self) -> Option<&'static str> {
        metric::by_path(self.path).map(|spec| spec.unit.as_str())
    }
}

impl Computed {
    /// Folds an input, as every reader of a recorded run does: received at its own time.
    pub(super) fn apply(&mut self, incoming: &Incoming) {
        if let Incoming::Known(envelope) = incoming {
            self.now = envelope.mono_ns.0;
        }
        self.fold.apply(incoming, ViewNs(self.now));
    }

    /// Takes a picture of the group of an event.
    pub(super) fn snapshot(&self, envelope: &Envelope) -> Snapshot {
        let key = RunKey { run_id: envelope.run_id.clone(), group_id: envelope.group_id.clone() };
        self.fold.snapshot(&key, ViewNs(self.now))
    }
}

impl Source {
    /// Returns batch and value, if the event has renewed it.
    pub(super) fn renewed(
        &self,
        snapshot: &Snapshot,
        envelope: &Envelope,
    ) -> Option<(Option<u64>, f64)> {
        let Newest { value, batch, mono_ns } = (self.read)(snapshot, envelope)?;
        (mono_ns == envelope.mono_ns).then_some((batch, value))
    }
}

fn of(reading: Option<Reading>) -> Option<Newest> {
    reading.map(|Reading { value, batch, mono_ns, fresh: _, verdict: _ }| Newest {
        value,
        batch,
        mono_ns,
    })
}

fn flag(reading: Option<Reading<bool>>) -> Option<Newest> {
    reading.map(|Reading { value, batch, mono_ns, fresh: _, verdict: _ }| Newest {
        value: f64::from(u8::from(value)),
        batch,
        mono_ns,
    })
}

/// A counter is renewed by every event that it counts among.
const fn counted(event: &Envelope, batch: Option<u64>, count: u64) -> Newest {
    Newest { value: count as f64, batch, mono_ns: event.mono_ns }
}

fn of_env(
    snapshot: &Snapshot,
    event: &Envelope,
    read: impl Fn(&karn_sanctum::EnvView) -> Option<f64>,
) -> Option<Newest> {
    let Event::EpisodeOutcome(outcome) = &event.event else { return None };
    let env_id = outcome.env_id.or(event.env_id.map(|env| env.0))?;
    let env = snapshot.envs.iter().find(|env| env.env_id == env_id)?;
    Some(Newest { value: read(env)?, batch: snapshot.current_batch, mono_ns: event.mono_ns })
}
