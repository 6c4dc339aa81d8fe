//! One sample of the machine.

use std::hint::black_box;

use criterion::Criterion;
use simic_training::vitals::{Sampler, SystemSampler};

pub(crate) fn benches(c: &mut Criterion) {
    let mut sampler = SystemSampler::new();
    c.bench_function("sample the machine", |b| b.iter(|| black_box(sampler.sample())));
}
