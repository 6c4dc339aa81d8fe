//! Folds start, batches and end of a group: what it was asked to do and how far it is.

use leyline::field::Bound;
use leyline::{
    BatchEpochCompleted, BatchOutcome, FinishReason, RunNs, SkipReason, TrainingFinished,
    TrainingStarted,
};

use crate::formula::throughput::{Mark, Marks, Rates};
use crate::reading::Stamp;

/// What the start said, and how far the group is.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    pub(super) task_name: Option<String>,
    pub(super) reward_mode: Option<String>,
    pub(super) host_params: Option<u64>,
    pub(super) n_envs: Option<u32>,
    pub(super) max_epochs: Option<u32>,
    pub(super) max_batches: u64,
    pub(super) start_batch: Option<u64>,
    pub(super) max_entropy: Option<f64>,
    pub(super) success_return: Option<f64>,
    pub(super) current_batch: Option<u64>,
    pub(super) current_episode: Option<u64>,
    pub(super) current_epoch: Option<u32>,
    pub(super) finish_reason: Option<FinishReason>,
    pub(super) finish_error: Option<String>,
    /// Batch of the latest row that closed one, also of an interrupted one.
    pub(super) closed_batch: Option<u64>,
    marks: Marks,
    marked: Option<Stamp>,
}

impl Progress {
    /// Folds the start into a fresh state.
    pub(super) fn start(&mut self, start: &TrainingStarted, at: RunNs) {
        let TrainingStarted {
            task,
            n_envs,
            max_epochs,
            max_batches,
            start_batch,
            requested_batches: _,
            start_episodes,
            host_params,
            reward_mode,
            max_entropy,
            success_return,
            seed: _,
            device: _,
            resumed_from: _,
            hyperparams: _,
        } = start;
        self.task_name = Some(task.clone()).filter(|task| !task.is_empty());
        self.reward_mode.clone_from(reward_mode);
        self.host_params = *host_params;
        self.n_envs = *n_envs;
        self.max_epochs = *max_epochs;
        self.max_batches = *max_batches;
        self.start_batch = Some(*start_batch);
        self.max_entropy = *max_entropy;
        self.success_return = *success_return;
        self.current_batch = Some(*start_batch);
        self.current_episode = *start_episodes;
        self.current_epoch = Some(0);
        let mark = Mark { at, batches: *start_batch, epochs: Some(0), env_steps: Some(0) };
        self.mark(mark);
    }

    /// Folds the end of a batch.
    pub(super) fn batch_ended(&mut self, batch: &BatchEpochCompleted, at: RunNs) {
        let BatchEpochCompleted {
            batch_idx,
            outcome,
            skip_reason,
            n_envs: _,
            episodes_completed,
            batch_episodes: _,
            mean_return: _,
            epochs_since_start,
            env_steps_since_start,
            avg_accuracy: _,
            batch_seconds: _,
            collect_seconds: _,
            update_seconds: _,
            evaluate_seconds: _,
            checkpoint_seconds: _,
            wait_seconds: _,
            emit_seconds: _,
            pauses: _,
            resumes: _,
        } = batch;
        self.current_episode = episodes_completed.or(self.current_episode);
        self.closed_batch = Some(*batch_idx);
        // An interrupted batch does not count as done: a resume repeats its number.
        let skipped = *outcome == Some(BatchOutcome::Skipped);
        if skipped && *skip_reason == Some(SkipReason::Interrupted) {
            return;
        }
        self.current_batch = Some(*batch_idx);
        if self.start_batch.is_some() {
            self.mark(Mark {
                at,
                batches: *batch_idx,
                epochs: *epochs_since_start,
                env_steps: *env_steps_since_start,
            });
        }
    }

    /// Folds the end of the group.
    pub(super) fn finish(&mut self, end: &TrainingFinished) {
        let TrainingFinished {
            reason,
            error,
            last_batch: _,
            batches_since_start: _,
            episodes_completed: _,
            env_steps_since_start: _,
            updates_skipped: _,
        } = end;
        self.finish_reason = Some(*reason);
        self.finish_error.clone_from(error);
    }

    /// Returns the rates at the producer's present, with batch and time of the latest mark.
    pub(super) fn rates(&self, present: RunNs) -> Option<(Rates, Stamp)> {
        Some((self.marks.rates(present)?, self.marked?))
    }

    /// Returns roughly how much memory the marks take (bytes).
    pub(super) fn heap_bytes(&self) -> usize {
        self.marks.heap_bytes()
    }

    /// Returns batch and time for a reading of episodes or vitals.
    pub(super) const fn stamp(&self, mono_ns: RunNs) -> Stamp {
        Stamp { batch: self.current_batch, mono_ns }
    }

    /// Returns a bound of soft ranges that only the run knows.
    pub(super) fn bound(&self, bound: Bound) -> Option<f64> {
        match bound {
            Bound::MaxBatches => (self.max_batches != 0).then_some(self.max_batches as f64),
            Bound::NEnvs => self.n_envs.map(f64::from),
            Bound::MaxEpochs => self.max_epochs.filter(|&max| max != 0).map(f64::from),
            Bound::MaxEntropy => self.max_entropy.filter(|max| max.is_finite()),
        }
    }

    fn mark(&mut self, mark: Mark) {
        self.marks.push(mark);
        self.marked = Some(self.stamp(mark.at));
    }
}
