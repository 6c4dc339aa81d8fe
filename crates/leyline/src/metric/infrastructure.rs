//! Connection, throughput, machine and telemetry health.

use crate::metric::{Category, MetricSpec, Priority, spec};
use crate::threshold;
use crate::unit::Unit;

pub(super) const SPECS: &[MetricSpec] = &[
    spec(701, "Connected", Category::Infrastructure, Priority::P1, Unit::Flag, "connected"),
    spec(
        702,
        "Snapshot Staleness",
        Category::Infrastructure,
        Priority::P1,
        Unit::Seconds,
        "staleness_seconds",
    )
    .with(&threshold::STALENESS),
    spec(
        703,
        "Training Thread Alive",
        Category::Infrastructure,
        Priority::P0,
        Unit::Flag,
        "training_thread_alive",
    ),
    spec(704, "Connection", Category::Infrastructure, Priority::P0, Unit::Text, "connection"),
    spec(
        710,
        "Epochs per Second",
        Category::Infrastructure,
        Priority::P1,
        Unit::Rate,
        "vitals.epochs_per_second",
    ),
    spec(
        711,
        "Batches per Hour",
        Category::Infrastructure,
        Priority::P1,
        Unit::Rate,
        "vitals.batches_per_hour",
    ),
    spec(
        712,
        "Env Steps per Second",
        Category::Infrastructure,
        Priority::P1,
        Unit::Rate,
        "vitals.env_steps_per_second",
    ),
    spec(
        720,
        "CPU Percent",
        Category::Infrastructure,
        Priority::P1,
        Unit::Percent,
        "vitals.cpu_percent",
    )
    .with(&threshold::CPU_PERCENT),
    spec(721, "RAM Used", Category::Infrastructure, Priority::P1, Unit::GiB, "vitals.ram_used_gb")
        .with(&threshold::MEMORY_SHARE),
    spec(
        722,
        "RAM Total",
        Category::Infrastructure,
        Priority::P2,
        Unit::GiB,
        "vitals.ram_total_gb",
    ),
    spec(
        723,
        "Process Memory",
        Category::Infrastructure,
        Priority::P2,
        Unit::GiB,
        "vitals.process_rss_gb",
    ),
    spec(
        730,
        "GPU Memory Used",
        Category::Infrastructure,
        Priority::P0,
        Unit::GiB,
        "vitals.gpu_stats[i].memory_used_gb",
    )
    .with(&threshold::MEMORY_SHARE),
    spec(
        731,
        "GPU Utilization",
        Category::Infrastructure,
        Priority::P2,
        Unit::Percent,
        "vitals.gpu_stats[i].utilization_percent",
    ),
    spec(
        732,
        "GPU Memory Total",
        Category::Infrastructure,
        Priority::P2,
        Unit::GiB,
        "vitals.gpu_stats[i].memory_total_gb",
    ),
    spec(
        733,
        "GPU Temperature",
        Category::Infrastructure,
        Priority::P2,
        Unit::Celsius,
        "vitals.gpu_stats[i].temperature_c",
    ),
    spec(
        734,
        "GPU Device",
        Category::Infrastructure,
        Priority::P2,
        Unit::Count,
        "vitals.gpu_stats[i].device_id",
    ),
    spec(
        740,
        "Memory Alarm",
        Category::Infrastructure,
        Priority::P1,
        Unit::Flag,
        "vitals.has_memory_alarm",
    ),
    spec(
        741,
        "Memory Alarm Devices",
        Category::Infrastructure,
        Priority::P1,
        Unit::Text,
        "vitals.memory_alarm_devices",
    ),
    spec(750, "Group Id", Category::Infrastructure, Priority::P1, Unit::Text, "group_id"),
    spec(
        780,
        "Events Rejected",
        Category::Infrastructure,
        Priority::P0,
        Unit::Events,
        "telemetry.events_rejected",
    )
    .with(&threshold::EVENTS_REJECTED),
    spec(
        781,
        "Events Unknown",
        Category::Infrastructure,
        Priority::P2,
        Unit::Events,
        "telemetry.events_unknown",
    ),
    spec(
        782,
        "Events Lost",
        Category::Infrastructure,
        Priority::P0,
        Unit::Events,
        "telemetry.events_lost",
    )
    .with(&threshold::EVENTS_LOST),
    spec(
        783,
        "Sequence Gaps",
        Category::Infrastructure,
        Priority::P1,
        Unit::Count,
        "telemetry.sequence_gaps",
    )
    .with(&threshold::EVENTS_LOST),
    spec(
        784,
        "Sink Losses",
        Category::Infrastructure,
        Priority::P0,
        Unit::Events,
        "telemetry.sink_losses",
    )
    .with(&threshold::EVENTS_LOST),
    spec(
        816,
        "Events Received",
        Category::Infrastructure,
        Priority::P1,
        Unit::Events,
        "telemetry.events_received",
    ),
];
