//! User metrics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::field::{ANY, FROM_0, field_table};

/// Numbers that user code reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The user's own x axis (steps; range `[0, inf)`).
    pub step: u64,
    /// Readings by name, all of this step, so that logging twelve numbers is one event: 1 to 1024 entries. A name
    /// has 1 to 128 letters, digits, `.`, `_`, `-`, `/`, see [`crate::validate::is_metric_name`].
    pub values: BTreeMap<String, f64>,
    /// One word per name, for names in `values` only.
    pub units: Option<BTreeMap<String, String>>,
}

field_table! { Metric
    step: R, FROM_0;
    values: R, ANY;
    units: O, ANY;
}
