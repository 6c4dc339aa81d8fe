//! What the header warns of: losses, rejected rows, a busy machine and full memory.

use karn_sanctum::{SinkLoss, Snapshot, VitalsView, verdict};
use leyline::Health;

use crate::format::format_percent_cut;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What the header says of it: `LOST 12`, `RAM 90%`, and `RAM 90%?` where no newer reading came.
    pub text: String,
    /// How bad it is: the alarm as a whole looks as its worst item.
    pub verdict: Health,
}

/// Returns the items of the alarm in their order; none if nothing is wrong.
pub(super) fn of(snapshot: &Snapshot) -> Vec<Alarm> {
    let telemetry = &snapshot.telemetry;
    let (lost, rejected) = (telemetry.events_lost, telemetry.events_rejected);
    let losses = &telemetry.sink_losses;
    let totals = losses.iter().flat_map(|losses| losses.values()).map(SinkLoss::total);
    let sinks = totals.fold(0, u64::saturating_add);
    let counts = [
        ("LOST", lost.unwrap_or(0), verdict::events_lost(lost)),
        ("SINK", sinks, verdict::sink_losses(losses.as_deref())),
        ("REJ", rejected.unwrap_or(0), verdict::events_rejected(rejected)),
    ];
    let above_zero = counts.into_iter().filter(|(_, count, _)| 0 < *count);
    let mut alarms: Vec<_> = above_zero
        .map(|(name, count, verdict)| Alarm { text: format!("{name} {count}"), verdict })
        .collect();
    // Also an old reading, as with memory: an alarm must not end because its source has fallen silent.
    let cpu = snapshot.vitals.cpu_percent.filter(|cpu| cpu.verdict == Health::Critical);
    alarms.extend(cpu.map(|cpu| Alarm {
        text: format!("CPU {}{}", format_percent_cut(cpu.value, 100.0), age_mark(cpu.fresh)),
        verdict: cpu.verdict,
    }));
    let pools = snapshot.vitals.memory_alarm_devices.iter().flat_map(|devices| devices.iter());
    alarms.extend(pools.map(|pool| Alarm {
        text: memory_alarm(&snapshot.vitals, pool),
        verdict: verdict::alarm(true),
    }));
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
            let mark = age_mark(used.fresh && total.fresh);
            format!("{pool} {}{mark}", format_percent_cut(used.value, total.value))
        }
        _ => pool.to_owned(),
    }
}

/// Marks an alarm whose reading the latest vitals did not refresh: it holds, but nobody has seen it again.
const fn age_mark(fresh: bool) -> &'static str {
    if fresh { "" } else { "?" }
}
