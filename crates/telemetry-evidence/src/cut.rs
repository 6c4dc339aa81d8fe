//! What the probe saw while a wire was cut: one line per cut on its standard output.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Evidence;

/// What the probe saw while a wire was cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CutSeen {
    /// The switch that was thrown.
    pub switch: String,
    /// Snapshot leaves that differ at the end of a scripted run. Empty if all was looked at.
    pub leaves: BTreeSet<String>,
    /// Widgets whose picture of such an end differs. Empty if all was looked at.
    pub places: BTreeSet<String>,
    /// The evidence: as without the cut, but for what was looked at again. Or why there is none.
    pub evidence: Result<Evidence, String>,
}
