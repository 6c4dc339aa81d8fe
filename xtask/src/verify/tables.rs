//! The small files beside the records: units, labels, what is not shown, exemptions, yesterday's coverage.

pub(crate) mod coverage;

/// All of them.
#[derive(Default)]
pub(crate) struct Tables;
