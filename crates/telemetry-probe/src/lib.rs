//! Drives the real emitter, hub, aggregator and widgets, moves every input, and records what moves.
//!
//! | module | holds |
//! |---|---|
//! | [`rig`] | the only glue between the verifier and a product |
//! | [`tree`] | values as trees: paths, leaves, differences |
//! | [`nudge`] | other values for a leaf |

pub mod nudge;
pub mod rig;
pub mod tree;
