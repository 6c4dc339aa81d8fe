//! What one picture costs.

use std::sync::Arc;

use criterion::Criterion;
use karn_sanctum::Aggregator;
use leyline::demo::{self, Scenario};
use leyline::{Event, Incoming, ViewNs};

/// Takes pictures of a made-up run that stands still, and of one that goes on by one step before each.
pub(crate) fn benches(criterion: &mut Criterion) {
    let mut fold = Aggregator::new();
    for incoming in demo::incoming(Scenario::Calm, 1) {
        fold.apply(&incoming, ViewNs(0));
    }
    let Some(key) = fold.default_key() else { return };
    let mut group = criterion.benchmark_group("snapshot");
    group.bench_function("still", |bencher| bencher.iter(|| fold.snapshot(&key, ViewNs(1))));
    let mut steps = demo::events(Scenario::Calm, 1).into_iter();
    let Some(mut step) = steps.rfind(|row| matches!(row.event, Event::EpochCompleted(_))) else {
        return;
    };
    step.seq += 1_000_000;
    group.bench_function("after a step", |bencher| {
        bencher.iter(|| {
            step.seq += 1;
            fold.apply(&Incoming::Known(Arc::new(step.clone())), ViewNs(2));
            fold.snapshot(&key, ViewNs(2))
        });
    });
    group.finish();
}
