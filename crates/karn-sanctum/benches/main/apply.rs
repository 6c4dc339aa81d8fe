//! What one event costs.

use criterion::{BatchSize, Criterion, Throughput};
use karn_sanctum::Aggregator;
use leyline::demo::{self, Scenario};
use leyline::{Event, Incoming, ViewNs};

/// Applies ten thousand steps of environments, and a whole made-up run.
pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("apply");
    let steps = epochs(10_000);
    group.throughput(Throughput::Elements(steps.len() as u64));
    group.bench_function("epochs/10000", |bencher| {
        bencher.iter_batched_ref(Aggregator::new, |fold| feed(fold, &steps), BatchSize::LargeInput);
    });
    let run = demo::incoming(Scenario::Calm, 1);
    group.throughput(Throughput::Elements(run.len() as u64));
    group.bench_function(format!("calm/{}", run.len()), |bencher| {
        bencher.iter_batched_ref(Aggregator::new, |fold| feed(fold, &run), BatchSize::LargeInput);
    });
    group.finish();
}

fn feed(fold: &mut Aggregator, inputs: &[Incoming]) {
    for (at, incoming) in inputs.iter().enumerate() {
        fold.apply(incoming, ViewNs(at as u64));
    }
}

fn epochs(count: usize) -> Vec<Incoming> {
    demo::stream(1)
        .filter(|envelope| matches!(envelope.event, Event::EpochCompleted(_)))
        .take(count)
        .map(|envelope| Incoming::Known(std::sync::Arc::new(envelope)))
        .collect()
}
