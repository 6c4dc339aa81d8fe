//! Benchmarks of drawing, one module a subject.

#[path = "main/frame.rs"]
mod frame;

#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../tests/support/base.rs"]
mod base;

criterion::criterion_main!(frame::benches);
