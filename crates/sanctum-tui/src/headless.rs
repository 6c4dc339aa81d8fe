//! One frame or one snapshot of a recorded run, without a terminal.

mod ansi;
mod cells;
mod cut;
mod failure;
mod nearest;
pub mod path;
mod read;
pub mod render;
pub mod snapshot;
mod source;
pub mod svg;
pub mod when;

pub use failure::Failure;
