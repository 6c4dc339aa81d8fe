//! Benches of the hub.

#[path = "main/emit.rs"]
mod emit;

criterion::criterion_main!(emit::benches);
