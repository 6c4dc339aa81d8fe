//! Benches of the trainer.

#[path = "main/batch.rs"]
mod batch;
#[path = "main/emission.rs"]
mod emission;
#[path = "main/vitals.rs"]
mod vitals;

use criterion::{criterion_group, criterion_main};

criterion_group!(benches, batch::benches, emission::benches, vitals::benches);
criterion_main!(benches);
