//! Folds 24 hours of events, ten million, and watches the memory of the process.
//!
//! `cargo run --release -p karn-sanctum --example bench_day` prints one JSON object a line. Eight environments step 12 times
//! a second; every row of the contract that a run can hold comes by, rejected and unknown ones too, and a picture is taken
//! every 250 ms, as the screen does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use karn_sanctum::{Aggregator, Snapshot};
use leyline::demo::{self, Scenario};
use leyline::{
    Anomaly, EmitterLoss, Envelope, EpisodeOutcome, EpochCompleted, Event, Incoming, Lane,
    LossCause, Metric, Reason, Rejection, RunNs, UnknownEvent, ViewNs,
};

const EVENTS: u64 = 10_000_000;
const DAY_NS: u64 = 24 * 3600 * 1_000_000_000;
const STEP_NS: u64 = DAY_NS / EVENTS;
const FRAME_NS: u64 = 250_000_000;
const ENVS: u64 = 8;
const MIB: f64 = 1024.0 * 1024.0;
const PAGE: f64 = 4096.0;
/// Growth after the first million that still counts as flat, in MiB.
const GROWTH_BAR: f64 = 1.0;

fn main() {
    let mut day = Day::new();
    let mut fold = Aggregator::new();
    let mut latest = Snapshot::empty();
    let mut next_frame = 0;
    let mut frames = 0_u64;
    let (mut settled, mut peak) = (None, 0.0_f64);
    let begun = now();
    for at in 0..EVENTS {
        let received = ViewNs(at * STEP_NS);
        fold.apply(&day.event(at), received);
        if next_frame <= received.0 {
            next_frame = received.0 + FRAME_NS;
            frames += 1;
            if let Some(key) = fold.default_key() {
                latest = fold.snapshot(&key, received);
            }
        }
        if at % 100_000 == 99_999 {
            peak = peak.max(resident_mib());
        }
        if at + 1 == EVENTS / 10 {
            settled = Some(resident_mib());
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let counters = &latest.telemetry;
    let detail = format!(
        "{EVENTS} events, {} rejected, {} unknown, {} metrics, {frames} pictures",
        counters.events_rejected.unwrap_or(0),
        counters.events_unknown.unwrap_or(0),
        latest.metrics.len()
    );
    let end = resident_mib();
    let settled = settled.unwrap_or(end);
    report("day/resident after 1 million", settled, "MiB", "null", &detail);
    report("day/resident at the end", end, "MiB", "null", &detail);
    report("day/resident peak", peak, "MiB", "null", "looked at every 100000 events");
    let growth = format!("{GROWTH_BAR}");
    report("day/growth after 1 million", end - settled, "MiB", &growth, &detail);
    report("day/time", seconds, "s", "null", "events made, folded and pictures taken");
}

/// The events of a day, one after another.
struct Day {
    head: Envelope,
    start: Event,
    update: Event,
    batch: Event,
    vitals: Event,
    batches: u64,
}

impl Day {
    fn new() -> Self {
        let rows = demo::events(Scenario::Calm, 1);
        let pick = |wanted: fn(&Event) -> bool| {
            let found = rows.iter().find(|row| wanted(&row.event));
            let Some(row) = found else { unreachable!("a calm run has such an event") };
            row.clone()
        };
        let mut head = pick(|event| matches!(event, Event::TrainingStarted(_)));
        if let Event::TrainingStarted(start) = &mut head.event {
            start.n_envs = Some(ENVS as u32);
            start.max_batches = EVENTS;
            start.requested_batches = Some(EVENTS);
        }
        Self {
            start: head.event.clone(),
            update: pick(|event| matches!(event, Event::PpoUpdateCompleted(_))).event,
            batch: pick(|event| matches!(event, Event::BatchEpochCompleted(_))).event,
            vitals: pick(|event| matches!(event, Event::SystemVitals(_))).event,
            head,
            batches: 0,
        }
    }

    fn event(&mut self, at: u64) -> Incoming {
        self.head.seq = at;
        self.head.mono_ns = RunNs(at * STEP_NS);
        if at == 0 {
            return self.known(self.start.clone());
        }
        match at % 1000 {
            0 => self.update(),
            1 => self.batch(at),
            117 | 234 | 351 | 468 | 585 | 702 | 819 | 936 => self.known(self.vitals.clone()),
            250 => self.known(Event::GradientAnomaly(anomaly(self.batches))),
            333 => self.unknown(),
            400 => self.rejected(),
            444 => self.known(metric(at)),
            500 => self.known(loss(at)),
            555 => self.known(Event::MemoryWarning(anomaly(self.batches))),
            slot if slot % 100 == 50 => self.known(outcome(at)),
            _ => self.known(step(at)),
        }
    }

    fn known(&self, event: impl Into<Event>) -> Incoming {
        let event = event.into();
        Incoming::Known(Arc::new(Envelope { env_id: event.env_id(), event, ..self.head.clone() }))
    }

    fn update(&mut self) -> Incoming {
        self.batches += 1;
        let mut event = self.update.clone();
        if let Event::PpoUpdateCompleted(update) = &mut event {
            update.batch_idx = self.batches;
            update.entropy = Some(0.3 + 0.3 / self.batches as f64);
        }
        self.known(event)
    }

    fn batch(&self, at: u64) -> Incoming {
        let mut event = self.batch.clone();
        if let Event::BatchEpochCompleted(batch) = &mut event {
            batch.batch_idx = self.batches.max(1);
            batch.mean_return = Some((at % 977) as f64);
        }
        self.known(event)
    }

    fn unknown(&self) -> Incoming {
        Incoming::Unknown(Arc::new(UnknownEvent {
            v: self.head.v,
            run_id: self.head.run_id.clone(),
            group_id: self.head.group_id.clone(),
            seq: self.head.seq,
            ts: self.head.ts,
            mono_ns: self.head.mono_ns,
            severity: self.head.severity,
            message: String::new(),
            env_id: None,
            event_type: "SEED_PRUNED".to_owned(),
            data: "{\"slot\":3}".to_owned(),
        }))
    }

    fn rejected(&self) -> Incoming {
        Incoming::Rejected(Arc::new(Rejection {
            reason: Reason::BadValue("batch_idx".to_owned()),
            run_id: Some(self.head.run_id.clone()),
            group_id: Some(self.head.group_id.clone()),
            seq: Some(self.head.seq),
            ts: Some(self.head.ts),
            event_type: Some("BATCH_EPOCH_COMPLETED".to_owned()),
            v: Some(1),
        }))
    }
}

const fn step(at: u64) -> EpochCompleted {
    EpochCompleted {
        env_id: (at % ENVS) as u32,
        inner_epoch: 1 + (at % 128) as u32,
        episode_idx: Some(at / 1000),
        env_step: Some(at),
        reward: Some(1.0),
        episode_return: Some((at % 500) as f64),
        episode_length: Some(1 + (at % 500) as u32),
        val_accuracy: None,
        val_loss: None,
        train_loss: None,
    }
}

const fn outcome(at: u64) -> EpisodeOutcome {
    EpisodeOutcome {
        env_id: Some((at / 100 % ENVS) as u32),
        episode_idx: at / 100,
        episode_return: (at % 491) as f64,
        episode_length: 1 + (at % 491) as u32,
        terminated: Some(true),
        truncated: Some(false),
        success: Some(at.is_multiple_of(3)),
    }
}

fn anomaly(batch: u64) -> Anomaly {
    Anomaly {
        kind: "gradient_explosion".to_owned(),
        batch_idx: Some(batch.max(1)),
        inner_epoch: None,
        env_id: None,
        subject: Some("policy.grad_norm".to_owned()),
        value: Some(123.0),
        threshold: Some(100.0),
        detail: None,
    }
}

fn metric(at: u64) -> Metric {
    let values: BTreeMap<_, _> =
        (0..20).map(|k| (format!("eval/metric_{k}"), (at + k) as f64)).collect();
    Metric { step: at, values, units: None }
}

fn loss(at: u64) -> EmitterLoss {
    EmitterLoss {
        sink: format!("sink-{}", at / 1000 % 4),
        lane: Lane::Lossy,
        cause: LossCause::QueueFull,
        dropped: 1,
        dropped_total: 1 + at,
    }
}

/// Resident memory of this process, from the second number of `/proc/self/statm`.
fn resident_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<f64>().ok());
    pages.map_or(f64::NAN, |pages| pages * PAGE / MIB)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "the output of a benchmark")]
fn report(name: &str, value: f64, unit: &str, bar: &str, detail: &str) {
    println!(
        r#"{{"name":"{name}","value":{value:.3},"unit":"{unit}","bar":{bar},"better":"lower","detail":"{detail}"}}"#
    );
}
