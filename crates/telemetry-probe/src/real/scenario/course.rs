//! The course of a run: who steps when, and with what outcome.

use leyline::{GpuVitals, GroupId, RunId, SystemVitals};
use simic_training::config::Hyperparams;
use simic_training::emission::{BatchTimes, RunFacts};
use simic_training::rollout::{Episode, StepReport};

use super::super::inputs::{Batch, Inputs, Sample, Saved, Step, Update};
use super::update::outcome;

/// How large a run is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    /// Environments that step.
    pub(super) envs: u32,
    /// Environments that the start announces.
    pub(super) announced: u32,
    /// Batches with an update.
    pub(super) batches: u32,
}

const START_BATCH: u64 = 3;
const START_EPISODES: u64 = 17;
const MAX_EPOCHS: u32 = 150;
/// Seconds of one batch.
const BATCH_SECONDS: f64 = 3.125;

/// Returns when a batch begins.
pub(super) fn begin(batch: u32) -> f64 {
    1.5 + BATCH_SECONDS * f64::from(batch)
}

/// Returns a run of a trainer in this process, in progress.
pub(super) fn course(course: &Course) -> Inputs {
    Inputs {
        run_id: RunId::nearest("probe-7f3a"),
        group_id: GroupId::new("arm-b").unwrap_or_default(),
        started_at: Some(1.0),
        run: facts(course),
        batches: (0..course.batches).map(|batch| whole_batch(course, batch)).collect(),
        samples: (0..course.batches).map(sample).collect(),
        reports: Vec::new(),
        end: None,
        trainer_alive: Some(true),
        closed: false,
        rejected: 0,
        unknown: 0,
        gap: 0,
    }
}

fn facts(course: &Course) -> RunFacts {
    RunFacts {
        task: "CartPole-v1".to_owned(),
        n_envs: course.announced,
        max_epochs: MAX_EPOCHS,
        start_batch: START_BATCH,
        requested_batches: 72,
        start_episodes: START_EPISODES,
        parameters: 9_155,
        max_entropy: Some(std::f64::consts::LN_2),
        success_return: Some(190.0),
        seed: 42,
        resumed_from: Some("checkpoints/000003.ckpt".to_owned()),
        hyper: Hyperparams {
            gamma: 0.985,
            gae_lambda: 0.95,
            learning_rate: 0.000_75,
            anneal_learning_rate: true,
            clip_range: 0.21,
            value_clip: Some(0.31),
            entropy_coef: 0.0125,
            value_coef: 0.55,
            max_grad_norm: 0.65,
            target_kl: Some(0.022),
            passes: 4,
            minibatch_size: 256,
            normalize_advantages: true,
            reward_scale: 0.5,
            hidden: vec![64, 48],
            log_std: -0.35,
        },
        epoch_every: 25,
        evaluation: None,
    }
}

fn whole_batch(course: &Course, batch: u32) -> Batch {
    let at = begin(batch);
    let step = |env: u32| Step {
        at: at + 0.5 + 0.125 * f64::from(env),
        report: StepReport {
            env,
            inner_epoch: MAX_EPOCHS,
            env_step: u64::from(MAX_EPOCHS) * u64::from(batch + 1) + 300,
            reward: 1.25 + 0.25 * f64::from(env),
            episode: Episode {
                index: START_EPISODES + u64::from(batch * course.envs + env),
                total: usual_return(env, batch),
                length: 60 + 3 * batch + env,
            },
            terminated: true,
            truncated: env == 1,
        },
    };
    let update_at = at + 2.375;
    Batch {
        steps: (0..course.envs).map(step).collect(),
        epochs: MAX_EPOCHS.into(),
        env_steps: u64::from(MAX_EPOCHS * course.envs),
        update: Some(Update {
            at: update_at,
            milliseconds: 84.0 + 1.5 * f64::from(batch % 4),
            outcome: outcome(batch),
        }),
        ended_at: Some(at + 2.5),
        times: times(batch),
        saved: (batch == 1).then(|| Saved {
            at: at + 2.625,
            path: "checkpoints/000005.ckpt".to_owned(),
            size_bytes: 112_640,
            milliseconds: 12.5,
        }),
    }
}

/// Returns parts of a time that differ from each other and from batch to batch.
fn times(batch: u32) -> BatchTimes {
    let wave = 0.03125 * f64::from(batch % 5);
    BatchTimes {
        batch: BATCH_SECONDS + wave,
        collect: 1.5 + 0.5 * wave,
        update: 0.75 + 0.25 * wave,
        evaluate: Some(0.25 + 0.125 * wave),
        checkpoint: Some(0.1875 + 0.0625 * wave),
        wait: Some(0.125 + 0.03125 * wave),
        emit: 0.0625 + 0.015_625 * wave,
        pauses: Some(3 + u64::from(batch / 4)),
        resumes: Some(1),
    }
}

/// Returns rise, but for one environment that falls back a little at the end.
fn usual_return(env: u32, batch: u32) -> f64 {
    let back = if env == 1 && 10 <= batch { 42.0 } else { 0.0 };
    100.25 + 7.0 * f64::from(batch) + 11.0 * f64::from(env) - back
}

/// Returns a batch that nobody has finished.
pub(super) fn in_progress(envs: u32, batch: u32) -> Batch {
    let step = |env: u32| Step {
        at: begin(batch) + 0.75 + 0.25 * f64::from(env),
        report: StepReport {
            env,
            inner_epoch: 90 + env,
            env_step: u64::from(MAX_EPOCHS) * u64::from(batch) + 390,
            reward: 0.75 + 0.25 * f64::from(env),
            episode: Episode {
                index: START_EPISODES + u64::from(batch * envs + env),
                total: 55.5 + 3.0 * f64::from(env),
                length: 41 + env,
            },
            terminated: false,
            truncated: false,
        },
    };
    Batch {
        steps: (0..envs).map(step).collect(),
        epochs: 90,
        env_steps: u64::from(90 * envs),
        update: None,
        ended_at: None,
        times: times(batch),
        saved: None,
    }
}

fn sample(batch: u32) -> Sample {
    let wave = f64::from(batch % 3);
    let gpu = |device_id: u32| {
        let of = f64::from(device_id);
        GpuVitals {
            device_id,
            name: Some(format!("Fake Accelerator {}", device_id + 3)),
            memory_used_gb: Some(4.25 + 3.5 * of + 0.25 * wave),
            memory_total_gb: Some(16.0 + 8.0 * of),
            utilization_percent: Some(61.0 + 9.0 * of + wave),
            temperature_c: Some(54.0 + 7.0 * of + wave),
        }
    };
    Sample {
        at: begin(batch) + 2.75,
        vitals: SystemVitals {
            cpu_percent: Some(37.5 + wave),
            ram_used_gb: Some(12.25 + 0.5 * wave),
            ram_total_gb: Some(32.0),
            process_rss_gb: Some(0.625 + 0.125 * wave),
            gpus: vec![gpu(0), gpu(1)],
        },
    }
}

/// Gives every env-episode the return that `of` says for its environment and batch.
pub(super) fn set_returns(inputs: &mut Inputs, of: impl Fn(u32, u32) -> f64) {
    for (batch, told) in inputs.batches.iter_mut().enumerate() {
        for step in &mut told.steps {
            step.report.episode.total = of(step.report.env, batch as u32);
        }
    }
}

/// Fills every pool of memory of the last sample to a share, and keeps the machine that busy.
pub(super) fn fill_memory(inputs: &mut Inputs, share: f64) {
    fill_ram(inputs, share);
    let Some(Sample { at: _, vitals }) = inputs.samples.last_mut() else { return };
    vitals.cpu_percent = Some(100.0 * share);
    for gpu in &mut vitals.gpus {
        gpu.memory_used_gb = gpu.memory_total_gb.map(|total| share * total);
    }
}

/// Fills the memory of the machine in the last sample to a share.
pub(super) fn fill_ram(inputs: &mut Inputs, share: f64) {
    let Some(Sample { at: _, vitals }) = inputs.samples.last_mut() else { return };
    vitals.ram_used_gb = vitals.ram_total_gb.map(|total| share * total);
}

/// Fills the memory of the last device in the last sample to a share.
pub(super) fn fill_gpu(inputs: &mut Inputs, share: f64) {
    let Some(Sample { at: _, vitals }) = inputs.samples.last_mut() else { return };
    let Some(gpu) = vitals.gpus.last_mut() else { return };
    gpu.memory_used_gb = gpu.memory_total_gb.map(|total| share * total);
}
