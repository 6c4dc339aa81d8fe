//! The event log of a run: append-only segments of checked frames, each with a sparse index beside it.
//!
//! `docs/wire.md` describes the files byte by byte.

pub mod frame;
pub mod header;
pub mod index;
pub(crate) mod reader;
pub mod recovery;
mod scan;
mod segment;
pub mod sink;
mod sync;
