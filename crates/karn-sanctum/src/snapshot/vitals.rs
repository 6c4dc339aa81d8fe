//! Throughput and machine.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::reading::Reading;

/// How fast the run is, and how the machine that trains does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VitalsView {
    /// TELE-710.
    pub epochs_per_second: Option<Reading>,
    /// TELE-711.
    pub batches_per_hour: Option<Reading>,
    /// TELE-712.
    pub env_steps_per_second: Option<Reading>,
    /// TELE-720, percent.
    pub cpu_percent: Option<Reading>,
    /// TELE-721, GiB.
    pub ram_used_gb: Option<Reading>,
    /// TELE-722, GiB.
    pub ram_total_gb: Option<Reading>,
    /// TELE-723, GiB.
    pub process_rss_gb: Option<Reading>,
    /// TELE-730 to TELE-734, one entry per device, by number.
    pub gpu_stats: Arc<[GpuView]>,
    /// TELE-740.
    pub has_memory_alarm: Option<Reading<bool>>,
    /// TELE-741, names of the pools in alarm: `RAM`, `cuda:0`. `None`: no pool is known.
    pub memory_alarm_devices: Option<Arc<[String]>>,
}

/// One device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpuView {
    /// TELE-734.
    pub device_id: u32,
    /// TELE-730, GiB.
    pub memory_used_gb: Option<Reading>,
    /// TELE-732, GiB.
    pub memory_total_gb: Option<Reading>,
    /// TELE-731, percent.
    pub utilization_percent: Option<Reading>,
    /// TELE-733, degrees Celsius.
    pub temperature_c: Option<Reading>,
}

impl VitalsView {
    /// Returns the view before the first sample.
    pub fn empty() -> Self {
        Self {
            epochs_per_second: None,
            batches_per_hour: None,
            env_steps_per_second: None,
            cpu_percent: None,
            ram_used_gb: None,
            ram_total_gb: None,
            process_rss_gb: None,
            gpu_stats: Arc::default(),
            has_memory_alarm: None,
            memory_alarm_devices: None,
        }
    }
}
