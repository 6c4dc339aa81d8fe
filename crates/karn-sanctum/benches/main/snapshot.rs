//! What one picture costs.

use criterion::Criterion;
use karn_sanctum::Aggregator;
use leyline::demo::{self, Scenario};
use leyline::{Incoming, ViewNs};

/// Takes pictures of a made-up run after each of its events, and of one that stands still.
pub(crate) fn benches(criterion: &mut Criterion) {
    let run = demo::incoming(Scenario::Calm, 1);
    let mut fold = Aggregator::new();
    for (at, incoming) in run.iter().enumerate() {
        fold.apply(incoming, ViewNs(at as u64));
    }
    let Some(key) = fold.default_key() else { return };
    let mut group = criterion.benchmark_group("snapshot");
    group.bench_function("still", |bencher| bencher.iter(|| fold.snapshot(&key, ViewNs(1))));
    let step = run.iter().find(|incoming| matches!(incoming, Incoming::Known(_)));
    if let Some(step) = step {
        group.bench_function("after an event", |bencher| {
            bencher.iter(|| {
                fold.apply(step, ViewNs(2));
                fold.snapshot(&key, ViewNs(2))
            });
        });
    }
    group.finish();
}
