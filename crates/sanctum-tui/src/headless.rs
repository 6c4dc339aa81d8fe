//! One frame or one snapshot of a recorded run, without a terminal.

mod ansi;
mod cells;
mod nearest;
pub mod path;
pub mod svg;
pub mod when;
