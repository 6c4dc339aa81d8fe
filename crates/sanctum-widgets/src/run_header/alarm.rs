//! What the header warns of: losses, rejected rows, a busy machine and full memory.

use karn_sanctum::{Snapshot, VitalsView};
use leyline::Health;

use crate::format::format_percent_cut;

/// Returns the items of the alarm in their order; none if nothing is wrong.
pub(super) fn of(snapshot: &Snapshot) -> Vec<String> {
    let telemetry = &snapshot.telemetry;
    let sinks =
        telemetry.sink_losses.values().fold(0, |sum: u64, loss| sum.saturating_add(loss.total()));
    let counts = [
        ("LOST", telemetry.events_lost),
        ("SINK", Some(sinks)),
        ("REJ", Some(telemetry.events_rejected)),
    ];
    let above_zero =
        counts.into_iter().filter_map(|(name, count)| Some((name, count?))).filter(|(_, n)| 0 < *n);
    let mut alarms: Vec<_> = above_zero.map(|(name, count)| format!("{name} {count}")).collect();
    // Also an old reading, as with memory: an alarm must not end because its source has fallen silent.
    let cpu = snapshot.vitals.cpu_percent.filter(|cpu| cpu.verdict == Health::Critical);
    alarms.extend(cpu.map(|cpu| format!("CPU {}", format_percent_cut(cpu.value, 100.0))));
    let pools = snapshot.vitals.memory_alarm_devices.iter().flat_map(|devices| devices.iter());
    alarms.extend(pools.map(|pool| memory_alarm(&snapshot.vitals, pool)));
    alarms
}

/// Names a memory pool and how much of it is in use, where both sizes are known.
fn memory_alarm(vitals: &VitalsView, pool: &str) -> String {
    let gpu = vitals.gpu_stats.iter().find(|gpu| format!("cuda:{}", gpu.device_id) == pool);
    let (used, total) = gpu.map_or((vitals.ram_used_gb, vitals.ram_total_gb), |gpu| {
        (gpu.memory_used_gb, gpu.memory_total_gb)
    });
    match (used, total) {
        (Some(used), Some(total)) if gpu.is_some() || pool == "RAM" => {
            format!("{pool} {}", format_percent_cut(used.value, total.value))
        }
        _ => pool.to_owned(),
    }
}
