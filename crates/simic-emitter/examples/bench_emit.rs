//! Measures `emit` against the raw operation in the same process and prints one JSON object per line.
//!
//! `cargo run --release -q -p simic-emitter --example bench_emit`
//!
//! The raw operation is what anybody would write by hand to hand one update over to another thread: clone the payload, wrap
//! the envelope in an `Arc`, `try_send` it into a bounded crossbeam channel whose consumer receives and drops. `emit` does
//! that and the rest: checks, severity, two clocks, the number, the counters. Both clone the payload inside the measured
//! time, have a queue of the same bound and a consumer thread that drops what it gets. Rounds of both alternate; each
//! round gives its own percentiles, and what is printed is the median over the rounds.

use std::hint;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};
use leyline::{Envelope, Event, GroupId, PpoUpdateCompleted, RunId, Severity, wire};
use simic_emitter::memory::{Gate, gated};
use simic_emitter::{Bounds, Clock, Guard, Hub, HubBuilder, Sink, SinkError, SystemClock};

const ROUNDS: usize = 41;
const PER_ROUND: usize = 20_000;
const LONG: Duration = Duration::from_secs(60);

/// Drops every event, as the consumer of the raw channel does.
struct Dropping;

impl Sink for Dropping {
    fn accept(&mut self, _: &Arc<Envelope>) -> Result<(), SinkError> {
        Ok(())
    }
}

fn hub(clock: Arc<dyn Clock>, sink: impl Sink) -> (Hub, Guard) {
    let run = RunId::new("bench").expect("an id");
    HubBuilder::new(run, GroupId::default(), clock)
        .sink("bench", Bounds::default(), sink)
        .start(LONG)
        .expect("threads")
}

/// Every field present, as the trainer sends it.
const fn update() -> PpoUpdateCompleted {
    let x = Some(0.125);
    PpoUpdateCompleted {
        batch_idx: 7,
        skipped: false,
        skip_reason: None,
        update_time_ms: x,
        transitions: Some(1024),
        optimizer_steps: Some(160),
        passes_run: Some(10),
        early_stop_epoch: Some(10),
        policy_loss: x,
        value_loss: x,
        entropy: x,
        kl_divergence: x,
        clip_fraction: x,
        clip_fraction_positive: x,
        clip_fraction_negative: x,
        ratio_mean: x,
        ratio_min: x,
        ratio_max: x,
        ratio_std: x,
        log_prob_min: x,
        log_prob_max: x,
        advantage_mean: x,
        advantage_std: x,
        advantage_skewness: x,
        advantage_kurtosis: x,
        advantage_positive_ratio: x,
        grad_norm: x,
        gradient_cv: x,
        nan_grad_count: Some(0),
        inf_grad_count: Some(0),
        dead_layers: Some(0),
        exploding_layers: Some(0),
        explained_variance: x,
        value_mean: x,
        value_std: x,
        value_min: x,
        value_max: x,
        v_return_correlation: x,
        td_error_mean: x,
        td_error_std: x,
        bellman_error: x,
        return_mean: x,
        return_std: x,
        return_p10: x,
        return_p50: x,
        return_p90: x,
        return_variance: x,
        return_skewness: x,
        learning_rate: x,
        entropy_coef: x,
    }
}

/// Percentiles of one round, in nanoseconds.
#[derive(Clone, Copy)]
struct Round {
    p50: f64,
    p999: f64,
}

/// Times each call on its own, back to back. The clock that measures costs the same for every operation.
fn round(operation: impl FnMut()) -> Round {
    timed(PER_ROUND, Duration::ZERO, operation)
}

/// As [`round`], but with work between the calls, so that the consumer falls asleep and must be woken, as in a trainer.
fn paced(operation: impl FnMut()) -> Round {
    timed(PER_ROUND / 20, Duration::from_micros(50), operation)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn timed(calls: usize, work: Duration, mut operation: impl FnMut()) -> Round {
    let mut nanos: Vec<u64> = (0..calls)
        .map(|_| {
            let begin = Instant::now();
            operation();
            let taken = begin.elapsed().as_nanos() as u64;
            while begin.elapsed() < work {
                hint::spin_loop();
            }
            taken
        })
        .collect();
    nanos.sort_unstable();
    let at = |share: f64| nanos[(share * (calls - 1) as f64).round() as usize] as f64;
    Round { p50: at(0.5), p999: at(0.999) }
}

fn median(rounds: &[Round], of: impl Fn(Round) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(|&round| of(round)).collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

struct Raw {
    queue: Sender<Arc<Envelope>>,
    like: Envelope,
}

impl Raw {
    fn start() -> Self {
        let (queue, events) = bounded::<Arc<Envelope>>(Bounds::default().lossless);
        let drain = move || events.iter().for_each(drop);
        thread::Builder::new().name("raw".to_owned()).spawn(drain).expect("a thread");
        let now = SystemClock::new().now();
        let like = Envelope {
            v: wire::ROW_VERSION,
            run_id: RunId::new("bench").expect("an id"),
            group_id: GroupId::default(),
            seq: 0,
            ts: now.ts,
            mono_ns: now.mono_ns,
            severity: Severity::Info,
            message: String::new(),
            env_id: None,
            event: Event::from(update()),
        };
        Self { queue, like }
    }

    fn send(&self) {
        let envelope = Arc::new(self.like.clone());
        assert!(self.queue.try_send(envelope).is_ok(), "the raw queue overflowed");
    }

    fn drained(&self) {
        while !self.queue.is_empty() {
            thread::yield_now();
        }
    }
}

/// A hub whose sink holds its first event for good, with that many more in its queue.
fn stuck(queued: usize) -> (Hub, Guard, Gate) {
    let (sink, gate) = gated(Dropping);
    let (hub, guard) = hub(Arc::new(SystemClock::new()), sink);
    hub.emit(update());
    assert_eq!(gate.wait(), Some(0));
    for _ in 0..queued {
        hub.emit(update());
    }
    (hub, guard, gate)
}

/// One round into a queue that nobody empties and that is not full yet.
fn filling(payload: &PpoUpdateCompleted) -> Round {
    let (hub, guard, gate) = stuck(0);
    let result = round(|| hub.emit(payload.clone()));
    gate.open();
    assert!(guard.close(LONG));
    result
}

fn main() -> io::Result<()> {
    let payload = update();
    let raw = Raw::start();
    let (healthy, healthy_guard) = hub(Arc::new(SystemClock::new()), Dropping);
    let (stuck, stuck_guard, gate) = stuck(Bounds::default().lossless);
    let (mut raws, mut healthies) = (Vec::new(), Vec::new());
    let (mut stucks, mut fillings) = (Vec::new(), Vec::new());
    let (mut paced_raws, mut paced_healthies) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        raws.push(round(|| raw.send()));
        raw.drained();
        healthies.push(round(|| healthy.emit(payload.clone())));
        assert!(healthy.flush(LONG));
        stucks.push(round(|| stuck.emit(payload.clone())));
        fillings.push(filling(&payload));
        paced_raws.push(paced(|| raw.send()));
        paced_healthies.push(paced(|| healthy.emit(payload.clone())));
    }
    let lost: u64 = healthy.counts().iter().map(simic_emitter::SinkCounts::dropped).sum();
    assert_eq!(lost, 0, "the healthy sink must get every event, or less than an emit was measured");
    gate.open();
    assert!(stuck_guard.close(LONG) && healthy_guard.close(LONG));

    let mut out = io::stdout().lock();
    let n = ROUNDS * PER_ROUND;
    // Only what was promised has a bar; the rest says what it is like elsewhere.
    let mut line = |name: &str, a: (&str, f64), b: (&str, f64), bar: Option<f64>| {
        let (value, x, y) = (a.1 / b.1, a.1 / 1000.0, b.1 / 1000.0);
        let detail = format!("{} {x:.3} µs, {} {y:.3} µs, n={n}", a.0, b.0);
        let bar = bar.map_or_else(|| "null".to_owned(), |bar| format!("{bar:.1}"));
        writeln!(
            out,
            r#"{{"name":"{name}","value":{value:.3},"unit":"x","bar":{bar},"better":"lower","detail":"{detail}"}}"#
        )
    };
    let p50 = |rounds: &[Round]| median(rounds, |round| round.p50);
    let p999 = |rounds: &[Round]| median(rounds, |round| round.p999);
    let (raws, paced_raws) = (raws.as_slice(), paced_raws.as_slice());
    line("emit/p50 ratio", ("emit", p50(&healthies)), ("raw", p50(raws)), Some(2.0))?;
    line("emit/p99.9 ratio", ("emit", p999(&healthies)), ("raw", p999(raws)), Some(3.0))?;
    let healthy = ("healthy", p50(&healthies));
    line("emit/stuck sink ratio", ("stuck", p50(&stucks)), healthy, Some(1.2))?;
    line("emit/stuck sink, queue filling", ("stuck", p50(&fillings)), healthy, Some(1.2))?;
    let healthy = ("healthy", p999(&healthies));
    line("emit/stuck sink, p99.9", ("stuck", p999(&stucks)), healthy, None)?;
    line("emit/stuck sink, queue filling, p99.9", ("stuck", p999(&fillings)), healthy, None)?;
    line("emit/every 50 µs, p50", ("emit", p50(&paced_healthies)), ("raw", p50(paced_raws)), None)?;
    line(
        "emit/every 50 µs, p99.9",
        ("emit", p999(&paced_healthies)),
        ("raw", p999(paced_raws)),
        None,
    )
}
