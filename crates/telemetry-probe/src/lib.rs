//! Drives the real emitter, hub, aggregator and widgets, moves every input, and records what moves.

pub mod rig;
