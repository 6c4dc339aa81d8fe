//! Binary frames.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use leyline::wire::{FrameDecoder, SCHEMA, Schema, encode_frame};

use super::sample;

pub(crate) fn benches(criterion: &mut Criterion) {
    criterion.bench_function("schema/parse", |bencher| {
        let listing = format!("{SCHEMA}\nstruct Other\n  x: u64\n");
        bencher.iter(|| Schema::parse(black_box(&listing)).is_ok());
    });
    let mut group = criterion.benchmark_group("frame");
    for kind in sample::KINDS {
        let (_, envelope) = sample::of(kind);
        let mut frame = Vec::new();
        encode_frame(&envelope, &mut frame).expect("an example fits into a frame");
        group.throughput(Throughput::Bytes(frame.len() as u64));
        group.bench_function(format!("encode/{kind}"), |bencher| {
            let mut out = Vec::new();
            bencher.iter(|| {
                out.clear();
                encode_frame(black_box(&envelope), &mut out).is_ok()
            });
        });
        group.bench_function(format!("decode/{kind}"), |bencher| {
            let mut decoder = FrameDecoder::new(envelope.run_id.clone(), Schema::own());
            bencher.iter(|| decoder.decode(black_box(&frame)));
        });
        group.bench_function(format!("decode_by_listing/{kind}"), |bencher| {
            // The same bytes, from a writer with one more type: none of ours then.
            let schema = Schema::parse(&format!("{SCHEMA}\nstruct Other\n  x: u64\n"));
            let schema = schema.expect("a listing with one more struct");
            let mut decoder = FrameDecoder::new(envelope.run_id.clone(), schema);
            bencher.iter(|| decoder.decode(black_box(&frame)));
        });
    }
}
