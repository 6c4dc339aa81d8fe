//! One pure function per event: plain inputs to payload. The trainer decides when, these decide what.

use std::collections::BTreeMap;

use leyline::{
    BatchEpochCompleted, BatchOutcome, CheckpointLoaded, CheckpointSaved, EpisodeOutcome,
    EpochCompleted, FinishReason, Metric, PpoUpdateCompleted, Scalar, SkipReason, TrainingFinished,
    TrainingStarted,
};
use serde::{Deserialize, Serialize};

use crate::config::{Evaluation, Hyperparams};
use crate::diagnostics::statistics::{mean, standard_deviation};
use crate::evaluation::Score;
use crate::rollout::StepReport;
use crate::update::{Skip, UpdateOutcome};

pub mod anomaly;

/// What is known when a run starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Name of the task.
    pub task: String,
    /// Parallel environments.
    pub n_envs: u32,
    /// Epochs of one batch.
    pub max_epochs: u32,
    /// Batches finished before this run.
    pub start_batch: u64,
    /// Batches this run is asked to do.
    pub requested_batches: u64,
    /// Env-episodes finished before this run.
    pub start_episodes: u64,
    /// Trainable parameters.
    pub parameters: u64,
    /// Largest entropy of the policy (nats); `None`: continuous actions.
    pub max_entropy: Option<f64>,
    /// Episode return from which the task counts as solved.
    pub success_return: Option<f64>,
    /// Random seed.
    pub seed: u64,
    /// Checkpoint as the user gave it.
    pub resumed_from: Option<String>,
    /// Settings of the algorithm.
    pub hyper: Hyperparams,
    /// Epochs per report.
    pub epoch_every: u32,
    /// How the policy is tried out; `None`: it is not.
    pub evaluation: Option<Evaluation>,
}

impl RunFacts {
    /// Returns the global number of batches at which training ends.
    pub const fn max_batches(&self) -> u64 {
        self.start_batch.saturating_add(self.requested_batches)
    }
}

/// Describes the start of a run.
pub fn training_started(run: &RunFacts) -> TrainingStarted {
    let plain = (run.hyper.reward_scale - 1.0).abs() < f64::EPSILON;
    TrainingStarted {
        task: run.task.clone(),
        n_envs: Some(run.n_envs),
        max_epochs: Some(run.max_epochs),
        max_batches: run.max_batches(),
        start_batch: run.start_batch,
        requested_batches: Some(run.requested_batches),
        start_episodes: Some(run.start_episodes),
        host_params: Some(run.parameters),
        reward_mode: Some(if plain { "plain" } else { "scaled" }.to_owned()),
        max_entropy: run.max_entropy,
        success_return: run.success_return,
        seed: Some(run.seed),
        device: Some("cpu".to_owned()),
        resumed_from: run.resumed_from.clone(),
        hyperparams: Some(hyperparams(run)),
    }
}

fn hyperparams(run: &RunFacts) -> BTreeMap<String, Scalar> {
    let Hyperparams {
        gamma,
        gae_lambda,
        learning_rate,
        anneal_learning_rate,
        clip_range,
        value_clip,
        entropy_coef,
        value_coef,
        max_grad_norm,
        target_kl,
        passes,
        minibatch_size,
        normalize_advantages,
        reward_scale,
        hidden,
        log_std,
    } = &run.hyper;
    let widths: Vec<String> = hidden.iter().map(u32::to_string).collect();
    let numbers = [
        ("gamma", Some(*gamma)),
        ("gae_lambda", Some(*gae_lambda)),
        ("learning_rate", Some(*learning_rate)),
        ("clip_range", Some(*clip_range)),
        ("value_clip", *value_clip),
        ("entropy_coef", Some(*entropy_coef)),
        ("value_coef", Some(*value_coef)),
        ("max_grad_norm", Some(*max_grad_norm)),
        ("target_kl", *target_kl),
        ("passes", Some(f64::from(*passes))),
        ("minibatch_size", Some(f64::from(*minibatch_size))),
        ("reward_scale", Some(*reward_scale)),
        ("log_std", Some(*log_std)),
        ("epoch_every", Some(f64::from(run.epoch_every))),
        ("eval_every", run.evaluation.map(|evaluation| evaluation.every as f64)),
        ("eval_episodes", run.evaluation.map(|evaluation| evaluation.episodes.into())),
    ];
    let flags = [
        ("anneal_learning_rate", *anneal_learning_rate),
        ("normalize_advantages", *normalize_advantages),
    ];
    let numbers = numbers.into_iter().filter_map(|(name, x)| Some((name, Scalar::Number(x?))));
    let flags = flags.into_iter().map(|(name, flag)| (name, Scalar::Flag(flag)));
    let texts = [("hidden", Scalar::Text(widths.join("x")))];
    numbers.chain(flags).chain(texts).map(|(name, scalar)| (name.to_owned(), scalar)).collect()
}

/// What is known when a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// Batches finished before this run.
    pub start_batch: u64,
    /// Global number of batches that count as done.
    pub last_batch: u64,
    /// Env-episodes finished, global.
    pub episodes_completed: u64,
    /// Epochs done since start.
    pub epochs_since_start: u64,
    /// Env steps taken since start.
    pub env_steps_since_start: u64,
    /// Skipped updates since start.
    pub updates_skipped: u64,
}

/// Describes the end of a run; `error` belongs to `Failed`.
pub const fn training_finished(
    counts: &RunCounts,
    reason: FinishReason,
    error: Option<String>,
) -> TrainingFinished {
    TrainingFinished {
        reason,
        error,
        last_batch: counts.last_batch,
        batches_since_start: counts.last_batch.saturating_sub(counts.start_batch),
        episodes_completed: Some(counts.episodes_completed),
        env_steps_since_start: Some(counts.env_steps_since_start),
        updates_skipped: counts.updates_skipped,
    }
}

/// Describes one step of one environment.
pub const fn epoch_completed(step: &StepReport) -> EpochCompleted {
    EpochCompleted {
        env_id: step.env,
        inner_epoch: step.inner_epoch,
        episode_idx: Some(step.episode.index),
        env_step: Some(step.env_step),
        reward: Some(step.reward),
        episode_return: Some(step.episode.total),
        episode_length: Some(step.episode.length),
        // For tasks that train a model inside the environment; ours do not.
        val_accuracy: None,
        val_loss: None,
        train_loss: None,
    }
}

/// Describes the env-episode that `step` ended.
pub fn episode_outcome(step: &StepReport, success_return: Option<f64>) -> EpisodeOutcome {
    EpisodeOutcome {
        env_id: Some(step.env),
        episode_idx: step.episode.index,
        episode_return: step.episode.total,
        episode_length: step.episode.length,
        terminated: Some(step.terminated),
        truncated: Some(step.truncated),
        success: success_return.map(|bar| bar <= step.episode.total),
    }
}

/// Returns the word for why an update made no step.
pub const fn skip_reason(skip: &Skip) -> SkipReason {
    match skip {
        Skip::NonfiniteLoss { .. } => SkipReason::NonfiniteLoss,
        Skip::NonfiniteGradient { .. } => SkipReason::NonfiniteGradient,
        Skip::KlLimit => SkipReason::KlLimit,
        Skip::EmptyRollout => SkipReason::EmptyRollout,
    }
}

/// Describes an update. Of a skipped one only what is true of it is told: no number that its undone steps had.
pub fn ppo_update_completed(
    batch_idx: u64,
    update_time_ms: f64,
    outcome: &UpdateOutcome,
) -> PpoUpdateCompleted {
    let stats = &outcome.stats;
    let done = outcome.skip.is_none().then_some(stats);
    let rollout = done.map(|s| &s.rollout);
    let advantages = done.map(|s| &s.advantages);
    let policy = done.map(|s| &s.policy);
    let gradients = done.map(|s| &s.gradients);
    PpoUpdateCompleted {
        batch_idx,
        skipped: outcome.skip.is_some(),
        skip_reason: outcome.skip.as_ref().map(skip_reason),
        update_time_ms: Some(update_time_ms),
        transitions: Some(stats.transitions),
        optimizer_steps: Some(stats.optimizer_steps),
        passes_run: Some(stats.passes_run),
        early_stop_epoch: stats.early_stop_epoch,
        policy_loss: policy.and_then(|p| p.policy_loss),
        value_loss: policy.and_then(|p| p.value_loss),
        entropy: policy.and_then(|p| p.entropy),
        kl_divergence: policy.and_then(|p| p.kl_divergence),
        clip_fraction: policy.and_then(|p| p.clip_fraction),
        clip_fraction_positive: policy.and_then(|p| p.clip_fraction_positive),
        clip_fraction_negative: policy.and_then(|p| p.clip_fraction_negative),
        ratio_mean: policy.and_then(|p| p.ratio_mean),
        ratio_min: policy.and_then(|p| p.ratio_min),
        ratio_max: policy.and_then(|p| p.ratio_max),
        ratio_std: policy.and_then(|p| p.ratio_std),
        log_prob_min: policy.and_then(|p| p.log_prob_min),
        log_prob_max: policy.and_then(|p| p.log_prob_max),
        advantage_mean: advantages.and_then(|a| a.mean),
        advantage_std: advantages.and_then(|a| a.std),
        advantage_skewness: advantages.and_then(|a| a.skewness),
        advantage_kurtosis: advantages.and_then(|a| a.kurtosis),
        advantage_positive_ratio: advantages.and_then(|a| a.positive_ratio),
        grad_norm: gradients.and_then(|g| g.grad_norm),
        gradient_cv: gradients.and_then(|g| g.gradient_cv),
        nan_grad_count: Some(stats.nan_grad_count),
        inf_grad_count: Some(stats.inf_grad_count),
        dead_layers: gradients.and_then(|g| g.dead_layers),
        exploding_layers: gradients.and_then(|g| g.exploding_layers),
        explained_variance: rollout.and_then(|r| r.explained_variance),
        value_mean: rollout.and_then(|r| r.value_mean),
        value_std: rollout.and_then(|r| r.value_std),
        value_min: rollout.and_then(|r| r.value_min),
        value_max: rollout.and_then(|r| r.value_max),
        v_return_correlation: rollout.and_then(|r| r.v_return_correlation),
        td_error_mean: rollout.and_then(|r| r.td_error_mean),
        td_error_std: rollout.and_then(|r| r.td_error_std),
        bellman_error: rollout.and_then(|r| r.bellman_error),
        return_mean: rollout.and_then(|r| r.return_mean),
        return_std: rollout.and_then(|r| r.return_std),
        return_p10: rollout.and_then(|r| r.return_p10),
        return_p50: rollout.and_then(|r| r.return_p50),
        return_p90: rollout.and_then(|r| r.return_p90),
        return_variance: rollout.and_then(|r| r.return_variance),
        return_skewness: rollout.and_then(|r| r.return_skewness),
        learning_rate: done.map(|s| s.learning_rate),
        // Below 0 it can only be a fault, and the contract has no such reading: then it is absent.
        entropy_coef: done.map(|s| s.entropy_coef).filter(|&weight| 0.0 <= weight),
    }
}

/// What is known when a batch ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BatchFacts {
    /// Global number of the batch, from 1.
    pub batch_idx: u64,
    /// Parallel environments.
    pub n_envs: u32,
    /// Env-episodes that ended in it.
    pub episodes: u32,
    /// Sum of their raw returns.
    pub total_return: f64,
}

impl BatchFacts {
    /// Returns the mean raw return; `None` when no env-episode ended.
    pub fn mean_return(&self) -> Option<f64> {
        (0 < self.episodes).then(|| self.total_return / f64::from(self.episodes))
    }
}

/// Where the time of a batch went; the parts do not overlap (seconds).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BatchTimes {
    /// Since the end of the batch before, or since the start.
    pub batch: f64,
    /// Taking steps in the environments.
    pub collect: f64,
    /// The update.
    pub update: f64,
    /// Trying the policy out, apart from training; `None`: this run does not.
    pub evaluate: Option<f64>,
    /// Writing a checkpoint; `None`: none was written.
    pub checkpoint: Option<f64>,
    /// Not running; `None`: nobody knows how long the thread ran.
    pub wait: Option<f64>,
    /// Telling the hub what happened.
    pub emit: f64,
    /// Times since start that it did not run for a second or more; `None` as for `wait`.
    pub pauses: Option<u64>,
    /// Times that training was taken up again from a checkpoint, by this run and those before it; `None`: nobody knows.
    pub resumes: Option<u64>,
}

/// Describes the end of a batch; `skip` when its update made no step or it was interrupted.
pub fn batch_epoch_completed(
    batch: &BatchFacts,
    counts: &RunCounts,
    skip: Option<SkipReason>,
    times: &BatchTimes,
) -> BatchEpochCompleted {
    BatchEpochCompleted {
        batch_idx: batch.batch_idx,
        outcome: Some(if skip.is_some() { BatchOutcome::Skipped } else { BatchOutcome::Completed }),
        skip_reason: skip,
        n_envs: Some(batch.n_envs),
        episodes_completed: Some(counts.episodes_completed),
        batch_episodes: Some(batch.episodes),
        mean_return: batch.mean_return(),
        epochs_since_start: Some(counts.epochs_since_start),
        env_steps_since_start: Some(counts.env_steps_since_start),
        // For tasks that train a model inside the environment; ours do not.
        avg_accuracy: None,
        batch_seconds: Some(times.batch),
        collect_seconds: Some(times.collect),
        update_seconds: Some(times.update),
        evaluate_seconds: times.evaluate,
        checkpoint_seconds: times.checkpoint,
        wait_seconds: times.wait,
        emit_seconds: Some(times.emit),
        pauses: times.pauses,
        resumes: times.resumes,
    }
}

/// Describes an evaluation after `env_steps` steps of the training, global. Its env-episodes are none of the training, so
/// nothing else tells of them.
pub fn evaluated(env_steps: u64, score: &Score) -> Metric {
    let lengths: Vec<f64> = score.lengths.iter().copied().map(f64::from).collect();
    // One value has no spread.
    let spread = standard_deviation(&score.returns).filter(|_| 1 < score.returns.len());
    let told = [
        ("eval/mean_return", mean(&score.returns), "reward"),
        ("eval/std_return", spread, "reward"),
        ("eval/mean_length", mean(&lengths), "steps"),
    ];
    let (mut values, mut units) = (BTreeMap::new(), BTreeMap::new());
    for (name, value, unit) in told {
        let Some(value) = value else { continue };
        values.insert(name.to_owned(), value);
        units.insert(name.to_owned(), unit.to_owned());
    }
    Metric { step: env_steps, values, units: Some(units) }
}

/// Describes a checkpoint that has reached the disk.
pub const fn checkpoint_saved(
    path: String,
    counts: &RunCounts,
    size_bytes: u64,
    duration_ms: f64,
) -> CheckpointSaved {
    CheckpointSaved {
        path,
        batch_idx: Some(counts.last_batch),
        episodes_completed: Some(counts.episodes_completed),
        size_bytes: Some(size_bytes),
        duration_ms: Some(duration_ms),
    }
}

/// Describes the checkpoint that a run goes on from.
pub const fn checkpoint_loaded(
    path: String,
    batch_idx: u64,
    episodes_completed: u64,
) -> CheckpointLoaded {
    CheckpointLoaded {
        path,
        batch_idx: Some(batch_idx),
        episodes_completed: Some(episodes_completed),
        // It was read before the run and its clock began.
        size_bytes: None,
        duration_ms: None,
    }
}
