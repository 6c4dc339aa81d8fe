//! A made-up run, batch by batch, with totals that add up.

use std::collections::BTreeMap;

use super::anomaly;
use super::chance::{Chance, round};
use super::update::{Batch, Mood, update};
use crate::envelope::Envelope;
use crate::event::Event;
use crate::id::{GroupId, RunId};
use crate::kind::Lane;
use crate::payload::{
    BatchEpochCompleted, BatchOutcome, CheckpointSaved, EmitterLoss, EpisodeOutcome,
    EpochCompleted, FinishReason, GpuVitals, LossCause, Metric, Scalar, SkipReason, SystemVitals,
    TrainingFinished, TrainingStarted,
};
use crate::time::{RunNs, Timestamp};
use crate::wire::ROW_VERSION;

/// Environments of every made-up run.
pub const N_ENVS: u32 = 4;
/// Epochs of one batch.
pub const EPOCHS: u32 = 128;
/// Batches that most scenarios plan.
pub const BATCHES: u64 = 40;

const EPOCH_EVERY: u32 = 32;
const TIME_LIMIT: u32 = 500;
const EPOCH_NS: u64 = 700_000;
/// 2026-11-21T12:00:00Z.
const CREATED_MICROS: i64 = 1_795_262_400_000_000;
const SECOND_NS: u64 = 1_000_000_000;

struct Env {
    steps: u64,
    episode: u64,
    length: u32,
    ends_at: u32,
}

/// A run in the making.
pub(super) struct Run {
    id: RunId,
    planned: u64,
    chance: Chance,
    envs: Vec<Env>,
    events: Vec<Envelope>,
    seq: u64,
    now: u64,
    next_vitals: u64,
    batch: u64,
    episodes_begun: u64,
    episodes_done: u64,
    skipped: u64,
    dropped: u64,
    link_up: bool,
    means: Vec<f64>,
}

impl Run {
    /// A run that plans so many batches.
    pub(super) fn new(id: &str, planned: u64, seed: u64) -> Self {
        let mut run = Self {
            id: RunId::nearest(id),
            planned,
            chance: Chance::new(seed),
            envs: Vec::new(),
            events: Vec::new(),
            seq: 0,
            now: 1_200_000,
            next_vitals: SECOND_NS,
            batch: 0,
            episodes_begun: 0,
            episodes_done: 0,
            skipped: 0,
            dropped: 0,
            link_up: true,
            means: Vec::new(),
        };
        for _ in 0..N_ENVS {
            let env = run.begin_episode(0);
            run.envs.push(env);
        }
        run
    }

    /// Takes the events made so far.
    pub(super) fn take(&mut self) -> Vec<Envelope> {
        std::mem::take(&mut self.events)
    }

    fn emit(&mut self, event: impl Into<Event>) {
        let event = event.into();
        let seq = self.seq;
        self.seq += 1;
        if !self.link_up && event.kind().lane() == Lane::Lossy {
            self.dropped += 1;
            return;
        }
        self.events.push(Envelope {
            v: ROW_VERSION,
            run_id: self.id.clone(),
            group_id: GroupId::default(),
            seq,
            ts: Timestamp::from_micros(CREATED_MICROS.saturating_add_unsigned(self.now / 1000)),
            mono_ns: RunNs(self.now),
            severity: event.least_severity(),
            message: String::new(),
            env_id: event.env_id(),
            event,
        });
    }

    pub(super) fn start(&mut self) {
        let hyperparams = BTreeMap::from([
            ("clip_range".to_owned(), Scalar::Number(0.2)),
            ("gamma".to_owned(), Scalar::Number(0.99)),
            ("learning_rate".to_owned(), Scalar::Number(0.0003)),
            ("normalize_advantages".to_owned(), Scalar::Flag(true)),
            ("optimizer".to_owned(), Scalar::Text("adam".to_owned())),
        ]);
        self.emit(TrainingStarted {
            task: "CartPole-v1".to_owned(),
            n_envs: Some(N_ENVS),
            max_epochs: Some(EPOCHS),
            max_batches: self.planned,
            start_batch: 0,
            requested_batches: Some(self.planned),
            start_episodes: Some(0),
            host_params: Some(9155),
            reward_mode: Some("plain".to_owned()),
            max_entropy: Some(std::f64::consts::LN_2),
            success_return: Some(475.0),
            seed: Some(42),
            device: Some("cpu".to_owned()),
            resumed_from: None,
            hyperparams: Some(hyperparams),
        });
    }

    /// How long episodes last by now, in steps.
    fn typical_length(&self) -> f64 {
        let progress = self.batch as f64 / 14.0;
        20.0 + 470.0 * (1.0 - (-progress * progress).exp())
    }

    fn begin_episode(&mut self, steps: u64) -> Env {
        let episode = self.episodes_begun;
        self.episodes_begun += 1;
        let ends_at = (self.typical_length() * self.chance.between(0.6, 1.5)) as u32;
        Env { steps, episode, length: 0, ends_at: ends_at.clamp(9, TIME_LIMIT) }
    }

    /// Makes up one batch: rollout, update, end.
    pub(super) fn batch(&mut self, mood: &Mood) {
        self.batch += 1;
        let returns = self.rollout();
        let mean = (!returns.is_empty())
            .then(|| round(returns.iter().sum::<f64>() / returns.len() as f64));
        self.now += 48_000_000;
        let learning_rate = 0.0003 * (1.0 - (self.batch - 1) as f64 / self.planned as f64);
        let numbers = Batch {
            idx: self.batch,
            transitions: N_ENVS * EPOCHS,
            mean_length: self.typical_length(),
            learning_rate,
        };
        let update = update(numbers, *mood, &mut self.chance);
        for anomaly in anomaly::of_update(&update) {
            self.emit(anomaly);
        }
        let skipped = update.skipped;
        self.skipped += u64::from(skipped);
        self.emit(update);
        if let Some(mean) = mean {
            self.means.push(mean);
            if let Some(trend) = anomaly::of_trend(self.batch, &self.means) {
                self.emit(trend);
            }
        }
        self.now += 200_000;
        self.emit(BatchEpochCompleted {
            batch_idx: self.batch,
            outcome: Some(if skipped { BatchOutcome::Skipped } else { BatchOutcome::Completed }),
            skip_reason: skipped.then_some(SkipReason::NonfiniteLoss),
            n_envs: Some(N_ENVS),
            episodes_completed: Some(self.episodes_done),
            batch_episodes: Some(returns.len() as u32),
            mean_return: mean,
            epochs_since_start: Some(self.batch * u64::from(EPOCHS)),
            env_steps_since_start: Some(self.env_steps()),
            avg_accuracy: None,
            // A made-up run takes no time.
            batch_seconds: None,
            collect_seconds: None,
            update_seconds: None,
            evaluate_seconds: None,
            checkpoint_seconds: None,
            wait_seconds: None,
            emit_seconds: None,
            pauses: None,
            resumes: None,
        });
        self.after_batch(mean);
    }

    fn env_steps(&self) -> u64 {
        self.batch * u64::from(EPOCHS * N_ENVS)
    }

    /// Steps all environments through the epochs of a batch; returns the returns of the episodes that ended.
    fn rollout(&mut self) -> Vec<f64> {
        let mut returns = Vec::new();
        for epoch in 1..=EPOCHS {
            self.now += EPOCH_NS;
            for (id, mut env) in (0..).zip(std::mem::take(&mut self.envs)) {
                env.steps += 1;
                env.length += 1;
                if epoch.is_multiple_of(EPOCH_EVERY) {
                    self.emit(EpochCompleted {
                        env_id: id,
                        inner_epoch: epoch,
                        episode_idx: Some(env.episode),
                        env_step: Some(env.steps),
                        reward: Some(1.0),
                        episode_return: Some(f64::from(env.length)),
                        episode_length: Some(env.length),
                        val_accuracy: None,
                        val_loss: None,
                        train_loss: None,
                    });
                }
                if env.ends_at <= env.length {
                    let truncated = env.length == TIME_LIMIT;
                    self.episodes_done += 1;
                    returns.push(f64::from(env.length));
                    self.emit(EpisodeOutcome {
                        env_id: Some(id),
                        episode_idx: env.episode,
                        episode_return: f64::from(env.length),
                        episode_length: env.length,
                        terminated: Some(!truncated),
                        truncated: Some(truncated),
                        success: Some(475 <= env.length),
                    });
                    env = self.begin_episode(env.steps);
                }
                self.envs.push(env);
            }
        }
        returns
    }

    fn after_batch(&mut self, mean: Option<f64>) {
        if let Some(mean) = mean.filter(|_| self.batch.is_multiple_of(5)) {
            let name = "eval/mean_return".to_owned();
            self.emit(Metric {
                step: self.env_steps(),
                values: BTreeMap::from([(name.clone(), mean)]),
                units: Some(BTreeMap::from([(name, "reward".to_owned())])),
            });
        }
        if self.batch.is_multiple_of(10) {
            self.now += 1_800_000;
            self.emit(CheckpointSaved {
                path: format!("checkpoints/{:06}.ckpt", self.batch),
                batch_idx: Some(self.batch),
                episodes_completed: Some(self.episodes_done),
                size_bytes: Some(110_592),
                duration_ms: Some(1.8),
            });
        }
        while self.next_vitals <= self.now {
            self.vitals();
        }
    }

    fn vitals(&mut self) {
        let first = self.next_vitals == SECOND_NS;
        self.next_vitals += SECOND_NS;
        let cpu = self.chance.between(35.0, 60.0);
        let gpu = GpuVitals {
            device_id: 0,
            name: Some("example".to_owned()),
            memory_used_gb: Some(4.0),
            memory_total_gb: Some(16.0),
            utilization_percent: Some(self.chance.between(50.0, 70.0)),
            temperature_c: Some(61.0),
        };
        let ram_used_gb = Some(self.chance.between(11.5, 12.5));
        self.emit(SystemVitals {
            cpu_percent: (!first).then_some(cpu),
            ram_used_gb,
            ram_total_gb: Some(32.0),
            process_rss_gb: Some(0.4),
            gpus: vec![gpu],
        });
    }

    /// Says how many events the viewer has lost since the link broke.
    fn report_losses(&mut self) {
        let dropped = std::mem::take(&mut self.dropped);
        self.link_up = true;
        self.emit(EmitterLoss {
            sink: "dashboard".to_owned(),
            lane: Lane::Lossy,
            cause: LossCause::QueueFull,
            dropped,
            dropped_total: dropped,
        });
    }

    fn finish(&mut self, reason: FinishReason, error: Option<&str>) {
        self.emit(TrainingFinished {
            reason,
            error: error.map(str::to_owned),
            last_batch: self.batch,
            batches_since_start: self.batch,
            episodes_completed: Some(self.episodes_done),
            env_steps_since_start: Some(self.env_steps()),
            updates_skipped: self.skipped,
        });
    }
}

pub(super) fn calm(seed: u64) -> Vec<Envelope> {
    let mut run = Run::new("demo-calm", BATCHES, seed);
    run.start();
    (0..30).for_each(|_| run.batch(&Mood::Healthy));
    run.take()
}

pub(super) fn kl_spike(seed: u64) -> Vec<Envelope> {
    let mut run = Run::new("demo-kl_spike", BATCHES, seed);
    run.start();
    (0..18).for_each(|_| run.batch(&Mood::Healthy));
    run.batch(&Mood::Spiking(1));
    run.batch(&Mood::Spiking(2));
    run.take()
}

pub(super) fn entropy_collapse(seed: u64) -> Vec<Envelope> {
    let mut run = Run::new("demo-entropy_collapse", BATCHES, seed);
    run.start();
    (0..11).for_each(|_| run.batch(&Mood::Healthy));
    for step in 0..13 {
        run.batch(&Mood::Sinking(round(0.55 - 0.04 * f64::from(step))));
    }
    (0..3).for_each(|_| run.batch(&Mood::Broken));
    run.finish(FinishReason::Failed, Some("3 updates in a row were not finite"));
    run.take()
}

pub(super) fn lossy_link(seed: u64) -> Vec<Envelope> {
    let mut run = Run::new("demo-lossy_link", 20, seed);
    run.start();
    (0..7).for_each(|_| run.batch(&Mood::Healthy));
    run.link_up = false;
    (0..3).for_each(|_| run.batch(&Mood::Healthy));
    run.report_losses();
    (0..10).for_each(|_| run.batch(&Mood::Healthy));
    run.finish(FinishReason::Completed, None);
    run.take()
}
