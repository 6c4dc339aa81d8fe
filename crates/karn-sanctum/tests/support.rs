//! Events as plain values, and an aggregator that is fed with them.

use std::sync::Arc;

use karn_sanctum::{Aggregator, Link, LogLine, RunKey, Snapshot};
use leyline::{
    Anomaly, BatchEpochCompleted, CheckpointLoaded, EmitterLoss, Envelope, EpisodeOutcome,
    EpochCompleted, Event, FinishReason, GpuVitals, GroupId, Heartbeat, Incoming, Lane, LossCause,
    Metric, Phase, PpoUpdateCompleted, Reason, Rejection, RunId, RunNs, SkipReason, SystemVitals,
    Timestamp, TrainingFinished, TrainingStarted, UnknownEvent, ViewNs,
};

/// Returns the value after a change.
pub(crate) fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

/// Seconds as nanoseconds, rounded.
pub(crate) fn ns(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}

pub(crate) fn view(seconds: f64) -> ViewNs {
    ViewNs(ns(seconds))
}

/// An aggregator with the run `r` and the group `default`, fed with one event after another.
pub(crate) struct Feed {
    pub(crate) aggregator: Aggregator,
    pub(crate) next_seq: u64,
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self { aggregator: Aggregator::new(), next_seq: 0 }
    }

    /// Feeds an event that happened and was received at `seconds`.
    pub(crate) fn at(self, seconds: f64, event: impl Into<Event>) -> Self {
        self.received(seconds, seconds, event)
    }

    /// Feeds an event that happened at `mono` and was received at `received`.
    pub(crate) fn received(self, mono: f64, received: f64, event: impl Into<Event>) -> Self {
        let envelope = envelope(self.next_seq, mono, event);
        self.envelope(received, envelope)
    }

    pub(crate) fn envelope(mut self, received: f64, envelope: Envelope) -> Self {
        self.next_seq = envelope.seq + 1;
        self.incoming(received, &Incoming::Known(Arc::new(envelope)))
    }

    pub(crate) fn incoming(mut self, received: f64, incoming: &Incoming) -> Self {
        self.aggregator.apply(incoming, view(received));
        self
    }

    /// Feeds an event of an unknown kind.
    pub(crate) fn unknown(mut self, seconds: f64, kind: &str) -> Self {
        let event = unknown(self.next_seq, seconds, kind);
        self.next_seq += 1;
        self.incoming(seconds, &Incoming::Unknown(Arc::new(event)))
    }

    pub(crate) fn link(mut self, link: Link, at: f64) -> Self {
        self.aggregator.link(link, view(at));
        self
    }

    /// Uses `seq` for the next event.
    pub(crate) const fn seq(mut self, seq: u64) -> Self {
        self.next_seq = seq;
        self
    }

    /// Returns the snapshot that is shown when nobody chose, also without a run.
    pub(crate) fn now(&self, seconds: f64) -> Snapshot {
        match self.aggregator.default_key() {
            Some(key) => self.aggregator.snapshot(&key, view(seconds)),
            None => self.aggregator.snapshot_without_run(view(seconds)),
        }
    }

    pub(crate) fn group(&self, group: &str, seconds: f64) -> Snapshot {
        self.aggregator.snapshot(&key("r", group), view(seconds))
    }

    /// Returns the messages of the event log.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.now(0.0).event_log.iter().map(|line| line.message.clone()).collect()
    }

    /// Returns the messages of the warnings about fields.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let of_warnings = |line: &&Arc<LogLine>| line.event_type == "OUT_OF_RANGE";
        let log = self.now(0.0).event_log;
        log.iter().filter(of_warnings).map(|line| line.message.clone()).collect()
    }
}

pub(crate) fn key(run: &str, group: &str) -> RunKey {
    RunKey { run_id: RunId::new(run).unwrap(), group_id: GroupId::new(group).unwrap() }
}

pub(crate) fn envelope(seq: u64, mono: f64, event: impl Into<Event>) -> Envelope {
    let event = event.into();
    Envelope {
        v: 1,
        run_id: RunId::new("r").unwrap(),
        group_id: GroupId::default(),
        seq,
        ts: Timestamp::from_micros(1_000_000 + (mono * 1e6) as i64),
        mono_ns: RunNs(ns(mono)),
        severity: event.least_severity(),
        message: String::new(),
        env_id: event.env_id(),
        event,
    }
}

pub(crate) fn unknown(seq: u64, mono: f64, kind: &str) -> UnknownEvent {
    UnknownEvent {
        v: 1,
        run_id: RunId::new("r").unwrap(),
        group_id: GroupId::default(),
        seq,
        ts: Timestamp::from_micros(1_000_000),
        mono_ns: RunNs(ns(mono)),
        severity: leyline::Severity::Info,
        message: String::new(),
        env_id: None,
        event_type: kind.to_owned(),
        data: "{}".to_owned(),
    }
}

/// A row of the run `r` that is not JSON: nothing but the run could be read.
pub(crate) fn malformed(run: Option<&str>) -> Incoming {
    Incoming::Rejected(Arc::new(Rejection {
        reason: Reason::BadJson,
        run_id: run.map(|run| RunId::new(run).unwrap()),
        group_id: None,
        seq: None,
        ts: None,
        event_type: None,
        v: None,
    }))
}

pub(crate) fn start(max_batches: u64, start_batch: u64) -> TrainingStarted {
    TrainingStarted {
        task: "CartPole-v1".to_owned(),
        n_envs: None,
        max_epochs: None,
        max_batches,
        start_batch,
        requested_batches: None,
        start_episodes: None,
        host_params: None,
        reward_mode: None,
        max_entropy: None,
        success_return: None,
        seed: None,
        device: None,
        resumed_from: None,
        hyperparams: None,
    }
}

pub(crate) fn finish(reason: FinishReason) -> TrainingFinished {
    TrainingFinished {
        reason,
        error: (reason == FinishReason::Failed).then(|| "out of luck".to_owned()),
        last_batch: 0,
        batches_since_start: 0,
        episodes_completed: None,
        env_steps_since_start: None,
        updates_skipped: 0,
    }
}

pub(crate) fn loaded(batch: u64, episodes: u64) -> CheckpointLoaded {
    CheckpointLoaded {
        path: "checkpoints/000025.ckpt".to_owned(),
        batch_idx: Some(batch),
        episodes_completed: Some(episodes),
        size_bytes: None,
        duration_ms: None,
    }
}

pub(crate) fn heartbeat() -> Heartbeat {
    Heartbeat { phase: Phase::Updating, batch_idx: None, inner_epoch: None }
}

pub(crate) fn epoch(env_id: u32, inner_epoch: u32) -> EpochCompleted {
    EpochCompleted {
        env_id,
        inner_epoch,
        episode_idx: None,
        env_step: None,
        reward: None,
        episode_return: None,
        episode_length: None,
        val_accuracy: None,
        val_loss: None,
        train_loss: None,
    }
}

pub(crate) fn batch(batch_idx: u64) -> BatchEpochCompleted {
    BatchEpochCompleted {
        batch_idx,
        outcome: None,
        skip_reason: None,
        n_envs: None,
        episodes_completed: None,
        batch_episodes: None,
        mean_return: None,
        epochs_since_start: None,
        env_steps_since_start: None,
        avg_accuracy: None,
        batch_seconds: None,
        collect_seconds: None,
        update_seconds: None,
        evaluate_seconds: None,
        checkpoint_seconds: None,
        wait_seconds: None,
        emit_seconds: None,
        pauses: None,
        resumes: None,
    }
}

/// The end of a batch with the counts that rates are made of.
pub(crate) fn counted_batch(batch_idx: u64, epochs: u64, env_steps: u64) -> BatchEpochCompleted {
    with(batch(batch_idx), |batch| {
        batch.epochs_since_start = Some(epochs);
        batch.env_steps_since_start = Some(env_steps);
    })
}

pub(crate) fn skipped(batch_idx: u64, reason: SkipReason) -> PpoUpdateCompleted {
    with(update(batch_idx), |update| {
        update.skipped = true;
        update.skip_reason = Some(reason);
    })
}

pub(crate) fn update(batch_idx: u64) -> PpoUpdateCompleted {
    PpoUpdateCompleted {
        batch_idx,
        skipped: false,
        skip_reason: None,
        update_time_ms: None,
        transitions: None,
        optimizer_steps: None,
        passes_run: None,
        early_stop_epoch: None,
        policy_loss: None,
        value_loss: None,
        entropy: None,
        kl_divergence: None,
        clip_fraction: None,
        clip_fraction_positive: None,
        clip_fraction_negative: None,
        ratio_mean: None,
        ratio_min: None,
        ratio_max: None,
        ratio_std: None,
        log_prob_min: None,
        log_prob_max: None,
        advantage_mean: None,
        advantage_std: None,
        advantage_skewness: None,
        advantage_kurtosis: None,
        advantage_positive_ratio: None,
        grad_norm: None,
        gradient_cv: None,
        nan_grad_count: None,
        inf_grad_count: None,
        dead_layers: None,
        exploding_layers: None,
        explained_variance: None,
        value_mean: None,
        value_std: None,
        value_min: None,
        value_max: None,
        v_return_correlation: None,
        td_error_mean: None,
        td_error_std: None,
        bellman_error: None,
        return_mean: None,
        return_std: None,
        return_p10: None,
        return_p50: None,
        return_p90: None,
        return_variance: None,
        return_skewness: None,
        learning_rate: None,
        entropy_coef: None,
    }
}

pub(crate) fn outcome(env_id: u32, episode_return: f64, episode_length: u32) -> EpisodeOutcome {
    EpisodeOutcome {
        env_id: Some(env_id),
        episode_idx: 0,
        episode_return,
        episode_length,
        terminated: None,
        truncated: None,
        success: None,
    }
}

pub(crate) fn vitals() -> SystemVitals {
    SystemVitals {
        cpu_percent: None,
        ram_used_gb: None,
        ram_total_gb: None,
        process_rss_gb: None,
        gpus: Vec::new(),
    }
}

pub(crate) fn gpu(device_id: u32, used: Option<f64>, total: Option<f64>) -> GpuVitals {
    GpuVitals {
        device_id,
        name: None,
        memory_used_gb: used,
        memory_total_gb: total,
        utilization_percent: None,
        temperature_c: None,
    }
}

pub(crate) fn loss(sink: &str, lane: Lane, dropped_total: u64) -> EmitterLoss {
    EmitterLoss {
        sink: sink.to_owned(),
        lane,
        cause: LossCause::QueueFull,
        dropped: 1,
        dropped_total,
    }
}

pub(crate) fn metric(step: u64, values: &[(&str, f64)]) -> Metric {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Metric { step, values, units: None }
}

pub(crate) fn anomaly(kind: &str) -> Anomaly {
    Anomaly {
        kind: kind.to_owned(),
        batch_idx: None,
        inner_epoch: None,
        env_id: None,
        subject: None,
        value: None,
        threshold: None,
        detail: None,
    }
}

/// Equal within 1e-6, or both absent.
#[track_caller]
pub(crate) fn near(actual: Option<f64>, expected: Option<f64>) {
    match (actual, expected) {
        (Some(actual), Some(expected)) => {
            assert!((actual - expected).abs() < 1e-6, "{actual} is not {expected}");
        }
        (actual, expected) => assert_eq!(actual, expected),
    }
}
