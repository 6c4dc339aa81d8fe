//! The scripted runs. The first is calm: running, everything measured, nothing wrong, not warming up.
//!
//! The others show what one run cannot: ends, skipped updates, alarms, losses, silence, and payloads of trainers other than
//! ours.

use leyline::FinishReason;
use simic_training::update::Skip;

use super::inputs::{Batch, End, Inputs};
use crate::rig::{Scenario, Tree};
use crate::tree::to_tree;

mod course;
mod report;
mod update;

use course::{Course, course};

/// Returns every scripted run, the baseline first.
pub fn all() -> Vec<Scenario> {
    let mut all = vec![scenario("calm", &calm())];
    all.extend(ends());
    all.extend(troubles());
    all.extend(silences());
    all.push(scenario("stalled", &stalled()));
    all.push(scenario("rising", &returns(|batch| 10.0 + 2.0 * f64::from(batch))));
    all.push(scenario("falling", &returns(|batch| 90.0 - 2.0 * f64::from(batch))));
    all.push(scenario("level", &returns(|batch| 50.0 + f64::from(batch % 2) / 16.0)));
    all.push(scenario("volatile", &volatile()));
    all.push(scenario("lossy", &lossy()));
    all.push(scenario("foreign", &Inputs { reports: report::foreign(), ..course(&SHORT) }));
    all
}

const IDLE: f64 = 0.4;

fn scenario(name: &'static str, inputs: &Inputs) -> Scenario {
    // Plain data is always a tree; a scenario without one fails at the first look at it.
    Scenario { name, inputs: to_tree(inputs).unwrap_or(Tree::Null), idle: IDLE }
}

/// A short run of two environments.
const SHORT: Course = Course { envs: 2, announced: 2, batches: 2 };
/// Past the warm-up, with one environment.
const NARROW: Course = Course { envs: 1, announced: 1, batches: 11 };

fn calm() -> Inputs {
    let mut inputs = course(&Course { envs: 4, announced: 5, batches: 12 });
    inputs.reports = report::own();
    inputs.batches.push(course::in_progress(4, 12));
    inputs
}

/// Changes the last batch with an update.
fn last_update(inputs: &mut Inputs, change: impl FnOnce(&mut super::inputs::Update)) {
    if let Some(update) = inputs.batches.iter_mut().rev().find_map(|batch| batch.update.as_mut()) {
        change(update);
    }
}

fn ends() -> Vec<Scenario> {
    let at = course::begin(2) + 2.0;
    let ended = |reason, error: Option<&str>| {
        let end = Some(End { at, reason, error: error.map(str::to_owned) });
        Inputs { end, trainer_alive: Some(false), ..course(&SHORT) }
    };
    let finished = ended(FinishReason::Completed, None);
    let mut failed = ended(FinishReason::Failed, Some("the loss is not finite"));
    last_update(&mut failed, |update| {
        update.outcome.skip = Some(Skip::NonfiniteGradient { value: f64::INFINITY });
        (update.outcome.stats.nan_grad_count, update.outcome.stats.inf_grad_count) = (3, 2);
    });
    let mut stopped = ended(FinishReason::Stopped, None);
    let interrupted = Batch { ended_at: Some(at - 0.5), ..course::in_progress(2, 2) };
    stopped.batches.push(interrupted);
    vec![
        scenario("finished", &finished),
        scenario("failed", &failed),
        scenario("stopped", &stopped),
    ]
}

fn troubles() -> Vec<Scenario> {
    let with = |change: fn(&mut Inputs)| {
        let mut inputs = course(&NARROW);
        change(&mut inputs);
        inputs
    };
    let skipped = with(|inputs| {
        last_update(inputs, |update| update.outcome.skip = Some(Skip::KlLimit));
    });
    let nonfinite = with(|inputs| {
        last_update(inputs, |update| {
            let subject = "policy.value_loss".into();
            update.outcome.skip = Some(Skip::NonfiniteLoss { subject, value: f64::NAN });
        });
    });
    let warnings = with(|inputs| {
        last_update(inputs, |update| update::warn(&mut update.outcome.stats));
        course::fill_memory(inputs, 0.8);
    });
    let alarms = with(|inputs| {
        last_update(inputs, |update| update::alarm(&mut update.outcome.stats));
        course::fill_memory(inputs, 0.95);
    });
    // One full pool alone, so that its size decides about the alarm.
    let ram_full = with(|inputs| course::fill_ram(inputs, 0.95));
    let gpu_full = with(|inputs| {
        course::fill_gpu(inputs, 0.95);
        inputs.run.hyper.reward_scale = 1.0;
    });
    let gradients = with(|inputs| {
        last_update(inputs, |update| {
            update::alarm(&mut update.outcome.stats);
            let stats = &mut update.outcome.stats;
            (stats.nan_grad_count, stats.inf_grad_count) = (5, 4);
        });
    });
    let infinite = with(|inputs| {
        last_update(inputs, |update| update.outcome.stats.inf_grad_count = 6);
    });
    let collapsed = with(|inputs| {
        last_update(inputs, |update| update::collapse(&mut update.outcome.stats));
    });
    let continuous = with(|inputs| {
        (inputs.run.max_entropy, inputs.run.success_return) = (None, None);
        (inputs.run.max_epochs, inputs.run.resumed_from) = (0, None);
    });
    vec![
        scenario("skipped", &skipped),
        scenario("nonfinite", &nonfinite),
        scenario("warnings", &warnings),
        scenario("alarms", &alarms),
        scenario("ram full", &ram_full),
        scenario("gpu full", &gpu_full),
        scenario("gradients", &gradients),
        scenario("infinite", &infinite),
        scenario("collapsed", &collapsed),
        scenario("continuous", &continuous),
    ]
}

fn silences() -> Vec<Scenario> {
    let short = course(&SHORT);
    let begun = Inputs { batches: Vec::new(), samples: Vec::new(), ..course(&SHORT) };
    let waiting = Inputs { started_at: None, reports: report::own(), ..begun.clone() };
    let elsewhere = Inputs { trainer_alive: None, ..short.clone() };
    let closed = Inputs { trainer_alive: None, closed: true, ..short.clone() };
    let down = Inputs { trainer_alive: Some(false), ..short.clone() };
    vec![
        scenario("begun", &begun),
        scenario("waiting", &waiting),
        scenario("elsewhere", &elsewhere),
        scenario("closed", &closed),
        scenario("down", &down),
        Scenario { idle: 3.25, ..scenario("slow", &short) },
        Scenario { idle: 7.5, ..scenario("stale", &short) },
    ]
}

/// One environment stands still, the other has fallen far below its best.
fn stalled() -> Inputs {
    let mut inputs = course(&Course { envs: 2, announced: 3, batches: 26 });
    inputs.run.success_return = Some(500.0);
    course::set_returns(&mut inputs, |env, batch| match (env, batch) {
        (0, 0..5) | (1, 0..20) => 60.0 + f64::from(env) + f64::from(batch) / 8.0,
        (0, _) => 59.0,
        _ => 12.0 + f64::from(batch) / 8.0,
    });
    inputs
}

/// A run long enough for its returns to be judged.
fn returns(of: fn(u32) -> f64) -> Inputs {
    let mut inputs = course(&Course { envs: 1, announced: 1, batches: 20 });
    inputs.run.success_return = Some(500.0);
    course::set_returns(&mut inputs, |_, batch| of(batch));
    inputs
}

/// Losses and norms that rise or spread, so that trends are neither stable nor better.
fn volatile() -> Inputs {
    let mut inputs = course(&NARROW);
    for (batch, update) in inputs.batches.iter_mut().filter_map(|b| b.update.as_mut()).enumerate() {
        let (batch, stats) = (batch as f64, &mut update.outcome.stats);
        let late = (batch - 5.0).max(0.0);
        stats.policy.value_loss = Some(1.0 + batch);
        stats.policy.policy_loss =
            Some(-0.02 + 0.01 * late * if late % 2.0 < 1.0 { 1.0 } else { -1.0 });
        stats.policy.kl_divergence = Some(0.014 - 0.001 * batch);
        stats.gradients.grad_norm = Some(1.0 + 0.3 * batch);
    }
    inputs
}

fn lossy() -> Inputs {
    let mut inputs = course(&SHORT);
    inputs.reports = report::losses();
    (inputs.rejected, inputs.unknown, inputs.gap) = (3, 2, 6);
    inputs
}
