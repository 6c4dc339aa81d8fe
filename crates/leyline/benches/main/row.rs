//! JSON rows.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use leyline::wire::{RowDecoder, encode_row};

use super::sample;

pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("row");
    for kind in sample::KINDS {
        let (line, envelope) = sample::of(kind);
        group.throughput(Throughput::Bytes(line.len() as u64));
        group.bench_function(format!("encode/{kind}"), |bencher| {
            let mut out = String::new();
            bencher.iter(|| {
                out.clear();
                encode_row(black_box(&envelope), &mut out);
            });
        });
        group.bench_function(format!("decode/{kind}"), |bencher| {
            let mut decoder = RowDecoder::new("bench");
            bencher.iter(|| decoder.decode(black_box(line.as_bytes())));
        });
    }
}
