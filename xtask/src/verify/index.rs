//! What the sources hold: items, fields, tests, by Rust path; found with `syn`, never by line.

/// The parsed sources.
#[derive(Default)]
pub(crate) struct SourceIndex;
