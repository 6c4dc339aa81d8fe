//! Judges a run batch by batch: the verdicts are those that `karn-sanctum` gave, the rule is that of `course`.

use std::collections::{BTreeMap, BTreeSet};

use karn_sanctum::{Aggregator, RunKey, Snapshot};
use leyline::threshold::WARMUP_BATCHES;
use leyline::{BatchEpochCompleted, Envelope, Event, Health, Incoming, ViewNs, metric};

use crate::headless::check::course::{Course, Judged, Level};
use crate::headless::check::limit;
use crate::headless::check::readings::{self, Found, Kind, Place};
use crate::headless::check::report::{Alert, GroupReport, Metric};

/// Folds the events of a run and keeps what was judged at the end of each batch.
#[derive(Debug, Default)]
pub(super) struct Judge {
    fold: Aggregator,
    /// Time of the latest event, which is also when it counts as received.
    now: u64,
    groups: BTreeMap<RunKey, Group>,
}

/// One group of a run.
#[derive(Debug, Default)]
struct Group {
    courses: BTreeMap<Place, Course>,
    /// Metrics that a limit has judged, after warm-up.
    judged: BTreeSet<&'static str>,
    /// Batches done before the start; without one, before the first batch that was seen.
    start_batch: Option<u64>,
    batches: u64,
    warm_up: u64,
    first_batch: Option<u64>,
    last_batch: Option<u64>,
    /// Number of the latest event that was looked at.
    latest_seq: Option<u64>,
}

impl Judge {
    /// Folds one input; at the end of a batch looks at what the fold says of it.
    pub(super) fn apply(&mut self, incoming: &Incoming) {
        if let Incoming::Known(envelope) = incoming {
            self.now = envelope.mono_ns.0;
        }
        self.fold.apply(incoming, ViewNs(self.now));
        let Incoming::Known(envelope) = incoming else { return };
        match &envelope.event {
            Event::TrainingStarted(start) => {
                if let Some((group, _)) = self.group(envelope) {
                    group.start_batch = Some(start.start_batch);
                    group.courses.values_mut().for_each(Course::restart);
                }
            }
            Event::BatchEpochCompleted(batch) => {
                if let Some((group, snapshot)) = self.group(envelope) {
                    group.batch_ended(batch, &snapshot);
                }
            }
            Event::TrainingFinished(_)
            | Event::CheckpointSaved(_)
            | Event::CheckpointLoaded(_)
            | Event::Heartbeat(_)
            | Event::EpochCompleted(_)
            | Event::PpoUpdateCompleted(_)
            | Event::EpisodeOutcome(_)
            | Event::SystemVitals(_)
            | Event::EmitterLoss(_)
            | Event::Metric(_)
            | Event::GradientAnomaly(_)
            | Event::RatioExplosionDetected(_)
            | Event::RatioCollapseDetected(_)
            | Event::ValueCollapseDetected(_)
            | Event::NumericalInstabilityDetected(_)
            | Event::PlateauDetected(_)
            | Event::DegradationDetected(_)
            | Event::ImprovementDetected(_)
            | Event::MemoryWarning(_) => {}
        }
    }

    /// Returns the group of an event and what the fold says of it; `None` for an event that the fold has not taken: one
    /// group too many, or one that was there before.
    fn group(&mut self, envelope: &Envelope) -> Option<(&mut Group, Snapshot)> {
        let key = RunKey { run_id: envelope.run_id.clone(), group_id: envelope.group_id.clone() };
        let snapshot = self.fold.snapshot(&key, ViewNs(self.now));
        snapshot.group_id.as_ref()?;
        let group = self.groups.entry(key).or_default();
        if group.latest_seq.is_some_and(|latest| envelope.seq <= latest) {
            return None;
        }
        group.latest_seq = Some(envelope.seq);
        Some((group, snapshot))
    }

    /// Returns the fold behind it.
    pub(super) const fn fold(&self) -> &Aggregator {
        &self.fold
    }

    /// Returns what was found, by group.
    pub(super) fn report(&self) -> Vec<GroupReport> {
        self.groups.iter().map(|(key, group)| group.report(key)).collect()
    }
}

impl Group {
    fn batch_ended(&mut self, batch: &BatchEpochCompleted, snapshot: &Snapshot) {
        let at = batch.batch_idx;
        let start = *self.start_batch.get_or_insert(at.saturating_sub(1));
        let warm_up = at.saturating_sub(start) <= WARMUP_BATCHES;
        self.batches = self.batches.saturating_add(1);
        self.warm_up = self.warm_up.saturating_add(u64::from(warm_up));
        self.first_batch.get_or_insert(at);
        self.last_batch = Some(at);
        readings::visit(snapshot, &mut |found| {
            // A batch without an update has nothing of its own, even where the fold still calls the update before fresh.
            let current = found.kind != Kind::Update || found.batch == Some(at);
            if found.fresh && current {
                // Hidden by warm-up it is still a batch of the window: two NaN far apart are not two of three.
                let hidden = warm_up && is_limit_verdict(&found);
                let verdict = if hidden { Health::Ungraded } else { found.verdict };
                self.judge(at, &Found { verdict, ..found });
            }
        });
    }

    fn judge(&mut self, batch: u64, found: &Found) {
        match found.verdict {
            Health::NoData => return,
            // Finite and without a limit: no alarm, and nothing that was judged either.
            Health::Ungraded => {}
            Health::Healthy | Health::Warning | Health::Critical => {
                self.judged.insert(found.place.path);
            }
        }
        let level = Level::of(found.verdict);
        // Only what crossed a limit lies beyond it; the others are not asked, because most of them cross none.
        let depth = if level.is_some() {
            let band = metric::by_path(found.place.path).and_then(|spec| spec.band);
            limit::depth(band, found.value)
        } else {
            f64::NEG_INFINITY
        };
        let judged = Judged { batch, value: found.value, level, depth };
        self.courses.entry(found.place).or_default().push(judged);
    }

    fn report(&self, key: &RunKey) -> GroupReport {
        let alarms = self.courses.iter().filter_map(|(place, course)| {
            let alarm = course.alarm()?;
            let spec = metric::by_path(place.path)?;
            Some(Alert {
                level: alarm.level,
                metric: place.full_path(),
                record: format_record(spec.number),
                first_batch: alarm.first_batch,
                last_batch: alarm.last_batch,
                worst_value: alarm.worst.value,
                worst_batch: alarm.worst.batch,
                unit: spec.unit,
                limit: limit::format_limit(spec, alarm.level),
            })
        });
        let mut alerts: Vec<Alert> = alarms.collect();
        // Critical ones first, else in the order of the records.
        alerts.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.record.cmp(&b.record)));
        let unjudged =
            metric::all().filter(|spec| spec.band.is_some() && !self.judged.contains(spec.path));
        GroupReport {
            run_id: key.run_id.clone(),
            group_id: key.group_id.clone(),
            batches: self.batches,
            warm_up: self.warm_up,
            first_batch: self.first_batch,
            last_batch: self.last_batch,
            judged: self.judged.iter().filter(|path| !is_counter(path)).count() as u64,
            alerts,
            not_applicable: unjudged
                .map(|spec| Metric {
                    metric: spec.path.to_owned(),
                    record: format_record(spec.number),
                })
                .collect(),
        }
    }
}

/// Returns whether warm-up hides a verdict: it never hides what is not finite, nor what the telemetry lost.
fn is_limit_verdict(found: &Found) -> bool {
    let nonfinite = !found.value.is_finite() || NONFINITE_COUNTS.contains(&found.place.path);
    !nonfinite && found.kind != Kind::Counter
}

/// Counts of numbers that are not finite.
const NONFINITE_COUNTS: [&str; 2] = ["policy.nan_grad_count", "policy.inf_grad_count"];

/// Counters are there from the first event on, so they do not make a run one that could be judged.
fn is_counter(path: &str) -> bool {
    path.starts_with("telemetry.") || path == "policy.updates_skipped"
}

fn format_record(number: u16) -> String {
    format!("TELE-{number:03}")
}

#[cfg(test)]
mod tests;
