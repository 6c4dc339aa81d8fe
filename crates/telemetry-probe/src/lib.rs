//! Drives the real emitter, hub, aggregator and widgets, moves every input, and records what moves.
//!
//! | module | holds |
//! |---|---|
//! | [`rig`] | the only glue between the verifier and a product |
//! | [`real`] | the rig of the product |
//! | [`tree`] | values as trees: paths, leaves, differences |
//! | [`nudge`] | other values for a leaf |
//! | [`mod@probe`] | the algorithm |
//! | [`command`] | plan in, evidence out |
//! | `cut` | the switches of a copy in which every wire has one |

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a value of ciborium is an open enum of somebody else"
)]

pub mod command;
mod cut;
pub mod nudge;
pub mod probe;
pub mod real;
pub mod rig;
pub mod tree;
