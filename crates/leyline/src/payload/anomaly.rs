//! Anomalies that the producer saw.

use serde::{Deserialize, Serialize};

use crate::field::{ANY, Bound, Edge, FROM_1, field_table, span};

/// Shared by the nine kinds of anomaly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// What exactly was seen, in lower case with underscores, such as `ratio_explosion`.
    pub kind: String,
    /// Batch it belongs to; absent outside a batch, never a placeholder 0 (batches; range `[1, inf)`).
    pub batch_idx: Option<u64>,
    /// Epoch, if tied to one (epochs; range `[1, inf)`).
    pub inner_epoch: Option<u32>,
    /// Environment, if tied to one (environments; range `[0, n_envs)`).
    pub env_id: Option<u32>,
    /// Snapshot path or device the value belongs to, such as `policy.ratio_max` or `cuda:0`.
    pub subject: Option<String>,
    /// The number that triggered it.
    pub value: Option<f64>,
    /// The limit it crossed.
    pub threshold: Option<f64>,
    /// Explanation for people, at most 4096 bytes.
    pub detail: Option<String>,
}

field_table! { Anomaly
    kind: R, ANY;
    batch_idx: O, FROM_1;
    inner_epoch: O, FROM_1;
    env_id: O, span(Edge::Incl(0.0), Edge::Below(Bound::NEnvs));
    subject: O, ANY;
    value: O, ANY;
    threshold: O, ANY;
    detail: O, ANY;
}
