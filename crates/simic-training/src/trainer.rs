//! The loop of a run: batch after batch, and every event in the order of the contract.

use std::any::Any;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use leyline::{EnvId, FinishReason, SkipReason};
use simic_emitter::{Activity, Draft, Hub, StopFlag, StopLevel};
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError, Place};
use crate::config::{Config, ConfigError, Dump};
use crate::dump;
use crate::emission::anomaly::{TREND_BLOCK, trend_anomaly, update_anomalies};
use crate::emission::{self, BatchFacts, RunCounts, RunFacts};
use crate::env::Env;
use crate::evaluation::Evaluator;
use crate::fault::Faults;
use crate::learner::Learner;
use crate::meter::{Meter, Part};
use crate::rollout::{Rollout, StepReport};
use crate::update::{Skip, UpdateOutcome};

/// Updates in a row that may fail for a number that is not finite; the run then fails as well.
pub const MAX_NONFINITE: u32 = 3;
/// Env-episodes that the mean return of a [`Summary`] is taken over.
pub const RECENT_EPISODES: usize = 100;

/// Trains one policy and tells the hub everything about it.
#[derive(Debug)]
pub struct Trainer<E> {
    config: Config,
    learner: Learner<E>,
    hub: Hub,
    facts: RunFacts,
    counts: RunCounts,
    recent: Recent,
    /// The batch in progress: what it has seen so far.
    batch: Option<BatchFacts>,
    nonfinite_in_a_row: u32,
    meter: Meter,
    evaluator: Option<Evaluator<E>>,
    /// What goes wrong on purpose.
    faults: Faults,
    /// Batch whose checkpoint is on the disk.
    saved: Option<u64>,
    /// Goes on from a checkpoint.
    resumed: bool,
    /// Has run, or is running.
    started: bool,
}

/// What the last env-episodes and batches gave.
#[derive(Debug, Default)]
struct Recent {
    episode_returns: VecDeque<f64>,
    /// Mean returns of the last two trend blocks.
    batch_means: VecDeque<f64>,
    /// Batches since start that have a mean return.
    batches: u64,
}

/// What a run achieved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// `Completed` or `Stopped`; a failed run is an error instead.
    pub reason: FinishReason,
    /// Global number of batches that count as done.
    pub last_batch: u64,
    /// Batches done since start.
    pub batches_since_start: u64,
    /// Env-episodes finished, global.
    pub episodes_completed: u64,
    /// Env steps taken since start.
    pub env_steps_since_start: u64,
    /// Skipped updates since start.
    pub updates_skipped: u64,
    /// Mean raw return of the last [`RECENT_EPISODES`] env-episodes since start; `None` if there were none.
    pub mean_return: Option<f64>,
}

/// Why a run failed. `TRAINING_FINISHED` has been emitted with this text.
#[derive(Debug, Error)]
pub enum TrainError {
    /// The numbers went wrong again and again.
    #[error("{0} updates in a row were not finite")]
    Nonfinite(u32),
    /// A checkpoint could not be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A batch that was to be written could not be.
    #[error("cannot write {}: {why}", path.display())]
    Dump {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: io::Error,
    },
    /// Something in the trainer or an environment panicked.
    #[error("panic: {0}")]
    Panicked(String),
    /// The trainer had already run; nothing was emitted.
    #[error("this trainer has already run")]
    AlreadyRun,
}

impl<E: Env> Trainer<E> {
    /// Makes a trainer that begins with an untrained policy.
    ///
    /// # Errors
    /// Fails when a setting is out of range or the environments differ from each other.
    pub fn new(
        config: Config,
        make_env: impl Fn(EnvId) -> E,
        hub: Hub,
    ) -> Result<Self, ConfigError> {
        hub.progress().set(Activity::Starting, None, None);
        let learner = Learner::new(&config, &make_env)?;
        let evaluator = Evaluator::of(&config, &make_env, &learner.collector.spec)?;
        let start_episodes = config.start_batch * u64::from(config.n_envs);
        Ok(Self::with(config, (learner, evaluator), hub, start_episodes))
    }

    /// Makes a trainer that goes on from a checkpoint; [`Checkpoint::config`] returns settings that fit it.
    ///
    /// # Errors
    /// As [`Trainer::new`]; also when `config` names another start batch than the checkpoint has, or when task, number
    /// of environments or network have another shape.
    pub fn resume(
        from: &Checkpoint,
        config: Config,
        make_env: impl Fn(EnvId) -> E,
        hub: Hub,
    ) -> Result<Self, ConfigError> {
        hub.progress().set(Activity::Starting, None, None);
        if config.start_batch != from.batch {
            return Err(ConfigError::Differs {
                field: "start_batch",
                asked: config.start_batch.to_string(),
                stored: from.batch.to_string(),
            });
        }
        let mut learner = Learner::new(&config, &make_env)?;
        from.thaw(&mut learner)?;
        let evaluator = Evaluator::of(&config, &make_env, &learner.collector.spec)?;
        let mut trainer = Self::with(config, (learner, evaluator), hub, from.episodes_completed);
        trainer.resumed = true;
        trainer.meter.resumed(from.resumes);
        Ok(trainer)
    }

    fn with(
        config: Config,
        (learner, evaluator): (Learner<E>, Option<Evaluator<E>>),
        hub: Hub,
        start_episodes: u64,
    ) -> Self {
        let spec = &learner.collector.spec;
        let facts = RunFacts {
            task: spec.name.to_owned(),
            n_envs: config.n_envs,
            max_epochs: config.max_epochs,
            start_batch: config.start_batch,
            requested_batches: config.requested_batches,
            start_episodes,
            parameters: learner.net.parameters() as u64,
            max_entropy: spec.actions.max_entropy(),
            success_return: spec.success_return,
            seed: config.seed,
            resumed_from: config.resumed_from.clone(),
            hyper: config.hyper.clone(),
            epoch_every: config.epoch_every,
            evaluation: config.evaluation,
        };
        let counts = RunCounts {
            start_batch: config.start_batch,
            last_batch: config.start_batch,
            episodes_completed: start_episodes,
            epochs_since_start: 0,
            env_steps_since_start: 0,
            updates_skipped: 0,
        };
        let mut meter = Meter::new(&hub);
        if evaluator.is_some() {
            meter.expect_evaluations();
        }
        Self {
            meter,
            evaluator,
            config,
            learner,
            hub,
            facts,
            counts,
            recent: Recent::default(),
            batch: None,
            nonfinite_in_a_row: 0,
            faults: Faults::default(),
            saved: None,
            resumed: false,
            started: false,
        }
    }

    /// Trains until all requested batches are done or somebody asks to stop; a second call does nothing.
    ///
    /// Always emits `TRAINING_FINISHED`, also after an error or a panic, which is caught here. A stop after the batch
    /// finishes it and writes a checkpoint; a stop right now leaves the batch as interrupted and writes none, because
    /// a checkpoint stands between two batches.
    ///
    /// # Errors
    /// Fails when three updates in a row were not finite, when a checkpoint could not be written, or after a panic.
    pub fn run(&mut self, stop: &StopFlag) -> Result<Summary, TrainError> {
        if std::mem::replace(&mut self.started, true) {
            return Err(TrainError::AlreadyRun);
        }
        // What a panic leaves half done is not used again: only counters are read after it.
        let ended = catch_unwind(AssertUnwindSafe(|| self.train(stop)));
        let ended =
            ended.unwrap_or_else(|panic| Err(TrainError::Panicked(panic_text(panic.as_ref()))));
        self.hub.progress().set(Activity::Finishing, None, None);
        if self.batch.is_some() {
            self.end_batch(Some(SkipReason::Interrupted));
        }
        let (reason, error) = match &ended {
            Ok(reason) => (*reason, None),
            Err(error) => (FinishReason::Failed, Some(error.to_string())),
        };
        self.hub.emit(emission::training_finished(&self.counts, reason, error));
        ended.map(|reason| self.summary(reason))
    }

    /// Makes things go wrong in the run to come; its environments must have been wrapped by the same faults.
    pub fn inject(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Returns what learns; its parameters are the result of the run.
    pub const fn learner(&self) -> &Learner<E> {
        &self.learner
    }

    /// Freezes the training as it stands; between two batches only.
    pub fn checkpoint(&self) -> Checkpoint {
        let place = Place {
            batch: self.counts.last_batch,
            max_batches: self.facts.max_batches(),
            episodes_completed: self.counts.episodes_completed,
            resumes: self.meter.resumes(),
        };
        Checkpoint::of(&self.learner, &self.config, &place)
    }

    fn train(&mut self, stop: &StopFlag) -> Result<FinishReason, TrainError> {
        self.meter.begin();
        if self.resumed {
            let batch = self.counts.last_batch;
            let name = self
                .config
                .resumed_from
                .clone()
                .unwrap_or_else(|| crate::checkpoint::file_name(batch));
            self.tell(emission::checkpoint_loaded(name, batch, self.counts.episodes_completed));
        }
        let mut started = emission::training_started(&self.facts);
        self.faults.tell(&mut started);
        self.tell(started);
        while self.counts.last_batch < self.facts.max_batches() {
            if stop.level() != StopLevel::Running {
                break;
            }
            if !self.one_batch(stop)? {
                return Ok(FinishReason::Stopped);
            }
            if self.nonfinite_in_a_row == MAX_NONFINITE {
                return Err(TrainError::Nonfinite(MAX_NONFINITE));
            }
            if self
                .config
                .save_every
                .is_some_and(|every| self.counts.last_batch.is_multiple_of(every))
            {
                self.save()?;
            }
        }
        self.save()?;
        let complete = self.counts.last_batch == self.facts.max_batches();
        Ok(if complete { FinishReason::Completed } else { FinishReason::Stopped })
    }

    /// Returns whether the batch came to its end.
    fn one_batch(&mut self, stop: &StopFlag) -> Result<bool, TrainError> {
        let batch_idx = self.counts.last_batch + 1;
        self.batch = Some(BatchFacts {
            batch_idx,
            n_envs: self.config.n_envs,
            episodes: 0,
            total_return: 0.0,
        });
        let Some(rollout) = self.collect(batch_idx, stop) else {
            return Ok(false);
        };
        self.hub.progress().set(Activity::Updating, Some(batch_idx), None);
        let begun = self.hub.now().mono_ns;
        let rate = self.config.hyper.learning_rate_at(batch_idx, self.facts.max_batches());
        let hyper = self.faults.settings(&self.config.hyper).into_owned();
        let mut tamper = self.faults.tamper(batch_idx);
        let (outcome, seen) = self.learner.update_tampered(&hyper, &rollout, rate, &mut tamper);
        let milliseconds = 1e3 * self.hub.now().mono_ns.seconds_since(begun);
        self.meter.lap(Part::Update);
        self.report_update(batch_idx, milliseconds, &outcome);
        self.evaluate(batch_idx, stop);
        self.end_batch(outcome.skip.as_ref().map(emission::skip_reason));
        let wanted = self.config.dump.as_ref().filter(|dump| dump.batch == batch_idx);
        if let Some(Dump { path, batch }) = wanted {
            let text = dump::text(*batch, &hyper, &rollout, &seen);
            std::fs::write(path, text)
                .map_err(|why| TrainError::Dump { path: path.clone(), why })?;
        }
        Ok(true)
    }

    /// Collects a batch; `None` if somebody asked to stop right now.
    fn collect(&mut self, batch_idx: u64, stop: &StopFlag) -> Option<Rollout> {
        let Self { config, learner, hub, facts, counts, recent, batch, meter, .. } = self;
        let mut observe = |step: &StepReport| {
            if step.env == 0 {
                hub.progress().set(Activity::Collecting, Some(batch_idx), Some(step.inner_epoch));
            }
            let last = step.inner_epoch == config.max_epochs;
            if last || step.inner_epoch.is_multiple_of(config.epoch_every) {
                meter.lap(Part::Collect);
                hub.emit(emission::epoch_completed(step));
                meter.lap(Part::Emit);
            }
            counts.env_steps_since_start += 1;
            counts.epochs_since_start += u64::from(step.env + 1 == config.n_envs);
            if step.terminated || step.truncated {
                meter.lap(Part::Collect);
                hub.emit(emission::episode_outcome(step, facts.success_return));
                meter.lap(Part::Emit);
                counts.episodes_completed += 1;
                recent.push_episode(step.episode.total);
                if let Some(batch) = batch {
                    batch.episodes += 1;
                    batch.total_return += step.episode.total;
                }
            }
        };
        let rollout = learner.collect(config, &|| stop.level() == StopLevel::Now, &mut observe);
        self.meter.lap(Part::Collect);
        rollout
    }

    /// Tries the policy out, if that is due. Whoever asks to stop need not wait for it: the batch is trained, so nothing is lost
    /// but this evaluation.
    fn evaluate(&mut self, batch_idx: u64, stop: &StopFlag) {
        let Some(evaluator) = self.evaluator.as_mut().filter(|it| it.is_due(batch_idx)) else {
            return;
        };
        self.hub.progress().set(Activity::Evaluating, Some(batch_idx), None);
        let asked = || stop.level() != StopLevel::Running;
        let score = evaluator.evaluate(&self.learner.net, &asked);
        self.meter.lap(Part::Evaluate);
        if let Some(score) = score {
            let env_steps = self.learner.collector.env_steps * u64::from(self.config.n_envs);
            self.tell(emission::evaluated(env_steps, &score));
        }
    }

    /// Emits what an update did.
    fn report_update(&mut self, batch_idx: u64, milliseconds: f64, outcome: &UpdateOutcome) {
        for anomaly in update_anomalies(batch_idx, outcome) {
            self.tell(anomaly);
        }
        self.tell(emission::ppo_update_completed(batch_idx, milliseconds, outcome));
        if let Some(mean) = self.batch.and_then(|batch| batch.mean_return()) {
            self.recent.push_batch(mean);
            let means = self.recent.batch_means.make_contiguous();
            if let Some(trend) = trend_anomaly(batch_idx, self.recent.batches, means) {
                self.tell(trend);
            }
        }
        let nonfinite = matches!(
            outcome.skip,
            Some(Skip::NonfiniteLoss { .. } | Skip::NonfiniteGradient { .. })
        );
        self.nonfinite_in_a_row = if nonfinite { self.nonfinite_in_a_row + 1 } else { 0 };
        self.counts.updates_skipped += u64::from(outcome.skip.is_some());
    }

    /// Emits the end of the batch in progress; an interrupted one does not count as done.
    fn end_batch(&mut self, skip: Option<SkipReason>) {
        let Some(batch) = self.batch.take() else { return };
        if skip != Some(SkipReason::Interrupted) {
            self.counts.last_batch = batch.batch_idx;
        }
        let times = self.meter.close();
        self.tell(emission::batch_epoch_completed(&batch, &self.counts, skip, &times));
    }

    /// Emits, and counts the time that takes as the cost of telling.
    fn tell(&mut self, draft: impl Into<Draft>) {
        self.hub.emit(draft);
        self.meter.lap(Part::Emit);
    }

    fn save(&mut self) -> Result<(), CheckpointError> {
        let batch = self.counts.last_batch;
        let Some(run_dir) = self.config.run_dir.as_deref().filter(|_| self.saved != Some(batch))
        else {
            return Ok(());
        };
        self.hub.progress().set(Activity::Checkpointing, None, None);
        let begun = self.hub.now().mono_ns;
        let (path, size) = self.checkpoint().save(run_dir)?;
        let milliseconds = 1e3 * self.hub.now().mono_ns.seconds_since(begun);
        self.meter.lap(Part::Checkpoint);
        self.tell(emission::checkpoint_saved(path, &self.counts, size, milliseconds));
        self.saved = Some(batch);
        Ok(())
    }

    fn summary(&self, reason: FinishReason) -> Summary {
        let RunCounts {
            start_batch,
            last_batch,
            episodes_completed,
            epochs_since_start: _,
            env_steps_since_start,
            updates_skipped,
        } = self.counts;
        let returns: Vec<f64> = self.recent.episode_returns.iter().copied().collect();
        Summary {
            reason,
            last_batch,
            batches_since_start: last_batch - start_batch,
            episodes_completed,
            env_steps_since_start,
            updates_skipped,
            mean_return: crate::diagnostics::statistics::mean(&returns),
        }
    }
}

impl Recent {
    fn push_episode(&mut self, total: f64) {
        if self.episode_returns.len() == RECENT_EPISODES {
            self.episode_returns.pop_front();
        }
        self.episode_returns.push_back(total);
    }

    fn push_batch(&mut self, mean: f64) {
        if self.batch_means.len() == 2 * TREND_BLOCK {
            self.batch_means.pop_front();
        }
        self.batch_means.push_back(mean);
        self.batches += 1;
    }
}

/// Returns what a panic said.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a text".to_owned())
}

#[cfg(test)]
mod tests;
