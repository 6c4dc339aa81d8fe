//! Measures how many steps of environments the fold takes a second, and what a picture of 64 environments costs.
//!
//! `cargo run --release -p karn-sanctum --example bench_fold` prints one JSON object a line.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use karn_sanctum::{Aggregator, RunKey};
use leyline::demo::{self, Scenario};
use leyline::{Envelope, EpisodeOutcome, EpochCompleted, Event, Incoming, Metric, RunNs, ViewNs};

const ENVS: u32 = 64;
const STEPS: u64 = 200_000;
const ROUNDS: usize = 21;
const PICTURES: usize = 2001;
const EPOCH_BAR: f64 = 2_000_000.0;
const SNAPSHOT_BAR: f64 = 50.0;

fn main() {
    let mut run = Rows::new();
    let fold = full(&mut run);
    epoch_events(&fold, &mut run);
    pictures(fold, &mut run);
}

/// Rows of one run, numbered.
struct Rows {
    head: Envelope,
}

impl Rows {
    fn new() -> Self {
        let first = demo::events(Scenario::Calm, 1).into_iter().next();
        let Some(mut head) = first else { unreachable!("a calm run has events") };
        if let Event::TrainingStarted(start) = &mut head.event {
            start.n_envs = Some(ENVS);
        }
        Self { head }
    }

    fn next(&mut self, event: impl Into<Event>) -> Incoming {
        let mut row = self.head.clone();
        row.event = event.into();
        row.env_id = row.event.env_id();
        self.head.seq += 1;
        self.head.mono_ns = RunNs(self.head.mono_ns.0 + 1_000_000);
        Incoming::Known(Arc::new(row))
    }
}

const fn step(env_id: u32, at: u64) -> EpochCompleted {
    EpochCompleted {
        env_id,
        inner_epoch: 1 + (at % 128) as u32,
        episode_idx: Some(at / 128),
        env_step: Some(1 + at),
        reward: Some(1.0),
        episode_return: Some((at % 128) as f64),
        episode_length: Some(1 + (at % 128) as u32),
        val_accuracy: None,
        val_loss: None,
        train_loss: None,
    }
}

const fn outcome(env_id: u32, at: u64) -> EpisodeOutcome {
    EpisodeOutcome {
        env_id: Some(env_id),
        episode_idx: at,
        episode_return: 20.0 + (at % 180) as f64,
        episode_length: 20 + (at % 180) as u32,
        terminated: Some(true),
        truncated: Some(false),
        success: None,
    }
}

/// A run of which every history is full: 150 batches, 150 episodes of each environment, ten user metrics.
fn full(run: &mut Rows) -> Aggregator {
    let mut fold = Aggregator::new();
    let mut apply = |incoming: Incoming| fold.apply(&incoming, ViewNs(0));
    apply(run.next(run.head.event.clone()));
    let templates = demo::events(Scenario::Calm, 1);
    let of_kind =
        |wanted: fn(&Event) -> bool| templates.iter().filter(move |row| wanted(&row.event));
    for row in of_kind(|event| matches!(event, Event::SystemVitals(_))).take(3) {
        apply(run.next(row.event.clone()));
    }
    for at in 1..=150 {
        for row in of_kind(|event| matches!(event, Event::PpoUpdateCompleted(_))).take(1) {
            if let Event::PpoUpdateCompleted(mut update) = row.event.clone() {
                update.batch_idx = at;
                apply(run.next(*update));
            }
        }
        for row in of_kind(|event| matches!(event, Event::BatchEpochCompleted(_))).take(1) {
            if let Event::BatchEpochCompleted(mut batch) = row.event.clone() {
                batch.batch_idx = at;
                apply(run.next(*batch));
            }
        }
        for env in 0..ENVS {
            apply(run.next(step(env, at)));
            apply(run.next(outcome(env, at)));
        }
        let values = (0..10).map(|k| (format!("eval/metric_{k}"), at as f64)).collect();
        apply(run.next(Metric { step: at, values, units: None }));
    }
    fold
}

fn epoch_events(fold: &Aggregator, run: &mut Rows) {
    let steps: Vec<_> =
        (0..STEPS).map(|at| run.next(step((at % u64::from(ENVS)) as u32, at))).collect();
    let mut times = Vec::with_capacity(ROUNDS);
    let mut rejected = 0;
    for _ in 0..ROUNDS {
        let mut fold = fold.clone();
        let begun = now();
        for (at, incoming) in steps.iter().enumerate() {
            fold.apply(black_box(incoming), ViewNs(at as u64));
        }
        times.push(begun.elapsed());
        let shown = fold.default_key().map(|key| fold.snapshot(&key, ViewNs(0)));
        rejected += shown.and_then(|shown| shown.telemetry.events_rejected).unwrap_or(STEPS);
    }
    let per_second = STEPS as f64 / median(times).as_secs_f64();
    let detail = format!(
        "median of {ROUNDS} rounds of {STEPS} EPOCH_COMPLETED, {ENVS} environments, one core, {rejected} rejected"
    );
    report("fold/epoch events", per_second, "events/s", EPOCH_BAR, "higher", &detail);
}

fn pictures(mut fold: Aggregator, run: &mut Rows) {
    let Some(key) = fold.default_key() else { return };
    let mut take = |name: &str, detail: &str, events: &mut dyn FnMut(u64) -> Vec<Incoming>| {
        let mut times = Vec::with_capacity(PICTURES);
        let mut latest = fold.snapshot(&key, ViewNs(0));
        for at in 0..PICTURES as u64 {
            for incoming in events(at) {
                fold.apply(&incoming, ViewNs(at));
            }
            let (taken, time) = picture(&fold, &key, at);
            times.push(time);
            // The picture before stays alive until the next one is there, as on the screen.
            latest = taken;
        }
        black_box(&latest);
        let micros = median(times).as_secs_f64() * 1e6;
        let detail = format!("median of {PICTURES}, {ENVS} environments, full histories, {detail}");
        report(name, micros, "µs", SNAPSHOT_BAR, "lower", &detail);
    };
    take("snapshot/nothing changed", "no event in between", &mut |_| Vec::new());
    take("snapshot/one step each", "one EPOCH_COMPLETED per environment in between", &mut |at| {
        (0..ENVS).map(|env| run.next(step(env, at))).collect()
    });
    take(
        "snapshot/everything changed",
        "one EPISODE_OUTCOME per environment and a METRIC in between",
        &mut |at| {
            let mut events: Vec<_> = (0..ENVS).map(|env| run.next(outcome(env, at))).collect();
            let values = (0..10).map(|k| (format!("eval/metric_{k}"), at as f64)).collect();
            events.push(run.next(Metric { step: at, values, units: None }));
            events
        },
    );
}

fn picture(fold: &Aggregator, key: &RunKey, at: u64) -> (karn_sanctum::Snapshot, Duration) {
    let begun = now();
    let taken = black_box(fold.snapshot(key, ViewNs(at)));
    (taken, begun.elapsed())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "the output of a benchmark")]
fn report(name: &str, value: f64, unit: &str, bar: f64, better: &str, detail: &str) {
    println!(
        r#"{{"name":"{name}","value":{value:.3},"unit":"{unit}","bar":{bar},"better":"{better}","detail":"{detail}"}}"#
    );
}
