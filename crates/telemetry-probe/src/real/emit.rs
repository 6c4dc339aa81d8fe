//! Tells a run as the trainer does: its own emission functions, in its own order.
//!
//! What stands here is what `simic_training::trainer` decides: when something is told, and the counts that go with it. What
//! is told is decided by `simic_training::emission` alone.

use std::collections::VecDeque;
use std::sync::Arc;

use leyline::{EnvId, Event, GroupId, RunId, RunNs, Severity, SkipReason, SystemVitals};
use serde::{Deserialize, Serialize};
use simic_training::emission::anomaly::{TREND_BLOCK, trend_anomaly, update_anomalies};
use simic_training::emission::{self, BatchFacts, RunCounts};
use simic_training::vitals::{MemoryWatch, Sampler};

use super::inputs::{Batch, End, Inputs, Report, Sample, Saved, Update};
use crate::rig::{Emitted, Step, Tree};
use crate::tree::{Refused, to_tree};

/// What a draft says beside its event, and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The run.
    pub run_id: RunId,
    /// The group.
    pub group_id: GroupId,
    /// `None`: the least severity of the event.
    pub severity: Option<Severity>,
    /// Text for people.
    pub message: String,
    /// `None`: the environment that the payload names, if it does.
    pub env_id: Option<EnvId>,
}

/// Returns what reaches the hub and the viewer, by time.
pub fn emit(inputs: &Inputs) -> Result<Vec<Step>, String> {
    let mut teller = Teller::new(inputs);
    teller.run()?;
    let mut told = teller.told;
    told.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut steps: Vec<Step> =
        told.into_iter().map(|(_, event)| Step::Event(Arc::new(event))).collect();
    steps.insert(0, Step::TrainerAlive(inputs.trainer_alive));
    steps.insert(1, Step::Link(true));
    // Before the last event, because only the number after a hole shows that there is one.
    let at = steps.len() - 1;
    let rejected = std::iter::repeat_n(Step::Rejected, inputs.rejected as usize);
    let unknown = std::iter::repeat_n(Step::Unknown, inputs.unknown as usize);
    let gap = (0 < inputs.gap).then_some(Step::Gap(inputs.gap));
    steps.splice(at..at, rejected.chain(unknown).chain(gap));
    if inputs.closed {
        steps.push(Step::Link(false));
    }
    Ok(steps)
}

/// Returns nanoseconds of the producer's clock.
pub fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

/// Takes the tree of an event apart: its kind, and its payload.
fn split(event: Tree) -> Result<(String, Tree), String> {
    if let Tree::Map(mut entries) = event
        && let Some((Tree::Text(kind), body)) = entries.pop()
    {
        return Ok((kind, body));
    }
    Err("an event is its kind with its payload".to_owned())
}

struct Teller<'a> {
    inputs: &'a Inputs,
    counts: RunCounts,
    /// Batches with a mean return, and the latest of those means.
    batches: u64,
    means: VecDeque<f64>,
    told: Vec<(f64, Emitted)>,
}

/// Gives one sample after the other.
struct FakeSampler(VecDeque<SystemVitals>);

impl Sampler for FakeSampler {
    fn sample(&mut self) -> SystemVitals {
        let nothing = SystemVitals {
            cpu_percent: None,
            ram_used_gb: None,
            ram_total_gb: None,
            process_rss_gb: None,
            gpus: Vec::new(),
        };
        self.0.pop_front().unwrap_or(nothing)
    }
}

impl<'a> Teller<'a> {
    const fn new(inputs: &'a Inputs) -> Self {
        let run = &inputs.run;
        let counts = RunCounts {
            start_batch: run.start_batch,
            last_batch: run.start_batch,
            episodes_completed: run.start_episodes,
            epochs_since_start: 0,
            env_steps_since_start: 0,
            updates_skipped: 0,
        };
        Self { inputs, counts, batches: 0, means: VecDeque::new(), told: Vec::new() }
    }

    fn run(&mut self) -> Result<(), String> {
        let inputs = self.inputs;
        if let Some(at) = inputs.started_at {
            if let Some(name) = &inputs.run.resumed_from {
                let (batch, episodes) = (self.counts.last_batch, self.counts.episodes_completed);
                self.tell(at, emission::checkpoint_loaded(name.clone(), batch, episodes))?;
            }
            self.tell(at, emission::training_started(&inputs.run))?;
        }
        for batch in &inputs.batches {
            self.batch(batch)?;
        }
        self.sample(&inputs.samples)?;
        for report in &inputs.reports {
            let Report { at, severity, message, env_id, event } = report;
            let (severity, message, env_id) = (*severity, message.clone(), env_id.map(EnvId));
            let said = Said { severity, message, env_id, ..self.said() };
            self.tell_as(*at, &said, event)?;
        }
        if let Some(End { at, reason, error }) = &inputs.end {
            let end = emission::training_finished(&self.counts, *reason, error.clone());
            self.tell(*at, end)?;
        }
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<(), String> {
        let mut facts = BatchFacts {
            batch_idx: self.counts.last_batch + 1,
            n_envs: self.inputs.run.n_envs,
            episodes: 0,
            total_return: 0.0,
        };
        for step in &batch.steps {
            let report = &step.report;
            self.tell(step.at, emission::epoch_completed(report))?;
            if report.terminated || report.truncated {
                let outcome = emission::episode_outcome(report, self.inputs.run.success_return);
                self.tell(step.at, outcome)?;
                self.counts.episodes_completed += 1;
                facts.episodes += 1;
                facts.total_return += report.episode.total;
            }
        }
        self.counts.epochs_since_start += batch.epochs;
        self.counts.env_steps_since_start += batch.env_steps;
        let mut skip = Some(SkipReason::Interrupted);
        if let Some(update) = &batch.update {
            self.update(&facts, update)?;
            skip = update.outcome.skip.as_ref().map(emission::skip_reason);
        }
        if let Some(at) = batch.ended_at {
            if skip != Some(SkipReason::Interrupted) {
                self.counts.last_batch = facts.batch_idx;
            }
            let end = emission::batch_epoch_completed(&facts, &self.counts, skip, &batch.times);
            self.tell(at, end)?;
        }
        if let Some(Saved { at, path, size_bytes, milliseconds }) = &batch.saved {
            let saved =
                emission::checkpoint_saved(path.clone(), &self.counts, *size_bytes, *milliseconds);
            self.tell(*at, saved)?;
        }
        Ok(())
    }

    fn update(&mut self, facts: &BatchFacts, update: &Update) -> Result<(), String> {
        let Update { at, milliseconds, outcome } = update;
        for anomaly in update_anomalies(facts.batch_idx, outcome) {
            self.tell(*at, anomaly)?;
        }
        self.tell(*at, emission::ppo_update_completed(facts.batch_idx, *milliseconds, outcome))?;
        if let Some(mean) = facts.mean_return() {
            self.batches += 1;
            self.means.push_back(mean);
            if 2 * TREND_BLOCK < self.means.len() {
                self.means.pop_front();
            }
            let means = self.means.make_contiguous();
            if let Some(trend) = trend_anomaly(facts.batch_idx, self.batches, means) {
                self.tell(*at, trend)?;
            }
        }
        self.counts.updates_skipped += u64::from(outcome.skip.is_some());
        Ok(())
    }

    fn sample(&mut self, samples: &[Sample]) -> Result<(), String> {
        let mut machine = FakeSampler(samples.iter().map(|sample| sample.vitals.clone()).collect());
        let mut memory = MemoryWatch::default();
        for Sample { at, vitals: _ } in samples {
            let vitals = machine.sample();
            let warnings = memory.due(&vitals, RunNs(nanos(*at)));
            self.tell(*at, vitals)?;
            for warning in warnings {
                self.tell(*at, Event::MemoryWarning(warning))?;
            }
        }
        Ok(())
    }

    fn said(&self) -> Said {
        Said {
            run_id: self.inputs.run_id.clone(),
            group_id: self.inputs.group_id.clone(),
            severity: None,
            message: String::new(),
            env_id: None,
        }
    }

    fn tell(&mut self, at: f64, event: impl Into<Event>) -> Result<(), String> {
        let said = self.said();
        self.tell_as(at, &said, &event.into())
    }

    fn tell_as(&mut self, at: f64, said: &Said, event: &Event) -> Result<(), String> {
        let failed = |error: Refused| error.to_string();
        let (kind, body) = split(to_tree(event).map_err(failed)?)?;
        let envelope = to_tree(said).map_err(failed)?;
        self.told.push((at, Emitted { kind, at, envelope, body }));
        Ok(())
    }
}
