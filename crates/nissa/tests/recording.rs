//! Runs are read back: whole, damaged, while they are written, from anywhere in them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "recording/damage.rs"]
mod damage;
#[path = "recording/follow.rs"]
mod follow;
#[path = "recording/golden.rs"]
mod golden;
#[path = "recording/position.rs"]
mod position;
#[path = "recording/power_cut.rs"]
mod power_cut;
#[path = "recording/recovery.rs"]
mod recovery;
#[path = "recording/rows.rs"]
mod rows;
#[path = "recording/seek.rs"]
mod seek;
#[path = "recording/written.rs"]
mod written;
