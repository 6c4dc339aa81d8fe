//! Benchmarks of the fold and of taking pictures.

use criterion::{criterion_group, criterion_main};

mod main {
    pub(crate) mod apply;
    pub(crate) mod snapshot;
}

use main::{apply, snapshot};

criterion_group!(benches, apply::benches, snapshot::benches);
criterion_main!(benches);
