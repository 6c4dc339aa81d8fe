//! Measures what it takes to fold a run of 100,000 batches, every rule evaluated after each of them.
//!
//! `cargo run --release -p karn-sanctum --example bench_rules` prints one JSON object a line.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use karn_sanctum::Aggregator;
use leyline::demo::{self, Scenario};
use leyline::{Envelope, Event, Incoming, RunNs, ViewNs};

const BATCHES: u64 = 100_000;
const BAR_SECONDS: f64 = 1.0;
const ROUNDS: usize = 5;
/// Nanoseconds of a batch of the run that is made up.
const BATCH_NS: u64 = 1_000_000_000;

#[expect(clippy::print_stdout, reason = "the output of a benchmark")]
fn main() {
    let rows = rows();
    let mut seconds: Vec<f64> = (0..ROUNDS).map(|_| fold(&rows)).collect();
    seconds.sort_by(f64::total_cmp);
    println!(
        "{{\"name\":\"rules/100k batches\",\"value\":{},\"unit\":\"s\",\"bar\":{BAR_SECONDS},\
         \"better\":\"lower\",\"detail\":\"median of {ROUNDS}; updates and ends of batches folded, rules included; \
         {} alerts\"}}",
        seconds[ROUNDS / 2],
        alerts(&rows)
    );
}

fn fold(rows: &[Incoming]) -> f64 {
    let begun = now();
    black_box(folded(rows));
    begun.elapsed().as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

fn folded(rows: &[Incoming]) -> Aggregator {
    let mut fold = Aggregator::new();
    for row in rows {
        fold.apply(row, ViewNs(0));
    }
    fold
}

/// A run in which the rules have something to find, too.
fn alerts(rows: &[Incoming]) -> u64 {
    let fold = folded(rows);
    let view = fold.default_key().map(|key| fold.alerts(&key, ViewNs(0)));
    view.map_or(0, |view| view.rules.iter().map(|tally| tally.begun).sum())
}

/// Updates and ends of batches of the scenarios, one after the other, numbered as one run.
fn rows() -> Vec<Incoming> {
    let events: Vec<Envelope> = [Scenario::Calm, Scenario::KlSpike, Scenario::EntropyCollapse]
        .into_iter()
        .flat_map(|scenario| demo::events(scenario, 1))
        .collect();
    let is_update = |event: &&Envelope| matches!(event.event, Event::PpoUpdateCompleted(_));
    let updates: Vec<&Envelope> = events.iter().filter(is_update).collect();
    let end = events.iter().find(|event| matches!(event.event, Event::BatchEpochCompleted(_)));
    let (Some(start), Some(end)) = (events.first(), end) else { return Vec::new() };
    let mut rows = vec![row(start, 0, 0)];
    for (batch, update) in (1..=BATCHES).zip(updates.into_iter().cycle()) {
        for (place, event) in (0..).zip([update, end]) {
            let mut event = event.clone();
            if let Event::PpoUpdateCompleted(update) = &mut event.event {
                update.batch_idx = batch;
            } else if let Event::BatchEpochCompleted(end) = &mut event.event {
                end.batch_idx = batch;
            }
            rows.push(row(&event, 2 * batch + place, batch * BATCH_NS));
        }
    }
    rows
}

fn row(event: &Envelope, seq: u64, mono_ns: u64) -> Incoming {
    let mut event = event.clone();
    (event.seq, event.mono_ns) = (seq, RunNs(mono_ns));
    if let Event::TrainingStarted(start) = &mut event.event {
        start.max_batches = BATCHES;
    }
    Incoming::Known(Arc::new(event))
}
