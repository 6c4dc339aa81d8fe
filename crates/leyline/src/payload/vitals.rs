//! The machine that trains.

use serde::{Deserialize, Serialize};

use crate::field::{ABOVE_0, ANY, Edge, FROM_0, PERCENT, field_table, span};

/// A sample of the machine that trains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemVitals {
    /// Load of the whole machine since the previous sample; absent in the first sample (percent; range `[0, 100]`).
    pub cpu_percent: Option<f64>,
    /// Machine memory in use (GiB; range `[0, inf)`).
    pub ram_used_gb: Option<f64>,
    /// Machine memory (GiB; range `(0, inf)`).
    pub ram_total_gb: Option<f64>,
    /// Resident memory of the trainer (GiB; range `[0, inf)`).
    pub process_rss_gb: Option<f64>,
    /// One entry per device, at most 64, by rising `device_id`; empty: no device.
    pub gpus: Vec<GpuVitals>,
}

field_table! { SystemVitals
    cpu_percent: O, PERCENT;
    ram_used_gb: O, FROM_0;
    ram_total_gb: O, ABOVE_0;
    process_rss_gb: O, FROM_0;
    gpus: R, ANY;
}

/// One device in a sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpuVitals {
    /// Number of the device, shown as `cuda:0` and so on (range `[0, 64)`).
    pub device_id: u32,
    /// Name of the device.
    pub name: Option<String>,
    /// Memory in use on the device by everyone, not an allocator figure (GiB; range `[0, inf)`).
    pub memory_used_gb: Option<f64>,
    /// Device memory (GiB; range `(0, inf)`).
    pub memory_total_gb: Option<f64>,
    /// Compute utilisation (percent; range `[0, 100]`).
    pub utilization_percent: Option<f64>,
    /// Temperature (celsius).
    pub temperature_c: Option<f64>,
}

field_table! { GpuVitals
    device_id: R, span(Edge::Incl(0.0), Edge::Excl(64.0));
    name: O, ANY;
    memory_used_gb: O, FROM_0;
    memory_total_gb: O, ABOVE_0;
    utilization_percent: O, PERCENT;
    temperature_c: O, ANY;
}
