//! What reading and writing an event costs, for the smallest common event and for the largest.

use criterion::{criterion_group, criterion_main};

mod main {
    pub(crate) mod frame;
    pub(crate) mod row;
    pub(crate) mod sample;
}

criterion_group!(benches, main::row::benches, main::frame::benches);
criterion_main!(benches);
