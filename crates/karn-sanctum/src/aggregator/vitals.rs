//! Folds samples of the machine.

use std::sync::Arc;

use leyline::{GpuVitals, Health, RunNs, SystemVitals, threshold};

use crate::aggregator::policy::{rejudge, rejudge_by};
use crate::formula::memory::{Pool, alarm_devices};
use crate::formula::throughput::Rates;
use crate::number::Place;
use crate::reading::{Reading, Stamp};
use crate::settings::Settings;
use crate::snapshot::{GpuView, VitalsView};
use crate::verdict;

/// What is known of the machine; freshness is decided when a snapshot is taken.
#[derive(Debug, Clone)]
pub(super) struct Vitals {
    view: VitalsView,
}

impl Vitals {
    pub(super) fn new() -> Self {
        Self { view: VitalsView::empty() }
    }

    /// Folds a sample.
    pub(super) fn apply(&mut self, sample: &SystemVitals, stamp: Stamp, settings: &Settings) {
        let SystemVitals { cpu_percent, ram_used_gb, ram_total_gb, process_rss_gb, gpus } = sample;
        let view = &mut self.view;
        let put = |slot: &mut Option<Reading>, value: Option<f64>| {
            *slot = value.map(|value| stamp.read(value, None)).or(*slot);
        };
        put(&mut view.cpu_percent, *cpu_percent);
        put(&mut view.ram_total_gb, *ram_total_gb);
        put(&mut view.ram_used_gb, *ram_used_gb);
        put(&mut view.process_rss_gb, *process_rss_gb);
        view.gpu_stats = devices(&view.gpu_stats, gpus, stamp);
        judge(view, settings);
        let alarms = alarm_devices(pools(view, settings));
        view.has_memory_alarm = alarms.as_ref().map(|names| {
            let raised = !names.is_empty();
            stamp.judged(raised, verdict::alarm(raised))
        });
        view.memory_alarm_devices = alarms.map(Arc::from);
    }

    /// Returns the memory in use of each pool that was sampled lately, with its verdict.
    pub(super) fn memory_readings(&self, now: RunNs) -> Vec<(f64, Health, Place)> {
        let ram = self.view.ram_used_gb.map(|reading| (verdict::RAM_USED, None, reading));
        let gpus =
            self.view.gpu_stats.iter().enumerate().filter_map(|(i, gpu)| {
                Some((verdict::GPU_MEMORY_USED, Some(i), gpu.memory_used_gb?))
            });
        let is_fresh = |reading: &Reading| {
            now.seconds_since(reading.mono_ns) < threshold::STALE_SECONDS
                && !matches!(reading.verdict, Health::NoData | Health::Ungraded)
        };
        let pools = ram.into_iter().chain(gpus);
        pools
            .filter(|(_, _, reading)| is_fresh(reading))
            .map(|(path, index, reading)| (reading.value, reading.verdict, Place { path, index }))
            .collect()
    }

    /// Takes a picture. `now`: the producer's present; `rates` with batch and time of their latest mark.
    pub(super) fn view(&self, now: RunNs, rates: Option<(Rates, Stamp)>) -> VitalsView {
        let mut view = self.view.clone();
        let age = |slot: &mut Option<Reading>| {
            if let Some(reading) = slot {
                reading.fresh = now.seconds_since(reading.mono_ns) < threshold::STALE_SECONDS;
            }
        };
        age(&mut view.cpu_percent);
        age(&mut view.ram_used_gb);
        age(&mut view.ram_total_gb);
        age(&mut view.process_rss_gb);
        let aged = |gpu: &GpuView| {
            let mut gpu = gpu.clone();
            age(&mut gpu.memory_used_gb);
            age(&mut gpu.memory_total_gb);
            age(&mut gpu.utilization_percent);
            age(&mut gpu.temperature_c);
            gpu
        };
        view.gpu_stats = view.gpu_stats.iter().map(aged).collect();
        if let Some((rates, stamp)) = rates {
            let Rates { epochs_per_second, batches_per_hour, env_steps_per_second } = rates;
            let read = |value: Option<f64>| value.map(|value| stamp.read(value, None));
            view.epochs_per_second = read(epochs_per_second);
            view.batches_per_hour = read(batches_per_hour);
            view.env_steps_per_second = read(env_steps_per_second);
        }
        view
    }
}

/// Returns the devices of the sample by number. A number that the sample lacks keeps its older reading; a device that it
/// lacks is gone; of two entries for one device the later counts.
fn devices(known: &[GpuView], sample: &[GpuVitals], stamp: Stamp) -> Arc<[GpuView]> {
    let mut devices = Vec::<GpuView>::with_capacity(sample.len());
    for gpu in sample {
        let GpuVitals {
            device_id,
            name: _,
            memory_used_gb,
            memory_total_gb,
            utilization_percent,
            temperature_c,
        } = gpu;
        let older = known.iter().find(|older| older.device_id == *device_id);
        let read = |value: Option<f64>, slot: fn(&GpuView) -> Option<Reading>| {
            value.map(|value| stamp.read(value, None)).or_else(|| older.and_then(slot))
        };
        let device = GpuView {
            device_id: *device_id,
            memory_used_gb: read(*memory_used_gb, |gpu| gpu.memory_used_gb),
            memory_total_gb: read(*memory_total_gb, |gpu| gpu.memory_total_gb),
            utilization_percent: read(*utilization_percent, |gpu| gpu.utilization_percent),
            temperature_c: read(*temperature_c, |gpu| gpu.temperature_c),
        };
        match devices.binary_search_by_key(device_id, |device| device.device_id) {
            Ok(at) => devices[at] = device,
            Err(at) => devices.insert(at, device),
        }
    }
    devices.into()
}

/// Gives the readings of a view their verdicts.
pub(super) fn judge(view: &mut VitalsView, settings: &Settings) {
    let rates =
        [&mut view.epochs_per_second, &mut view.batches_per_hour, &mut view.env_steps_per_second];
    for rate in rates {
        rejudge(rate, None);
    }
    let cpu = &mut view.cpu_percent;
    rejudge_by(settings, cpu, "vitals.cpu_percent", &threshold::CPU_PERCENT);
    rejudge(&mut view.ram_total_gb, None);
    rejudge(&mut view.process_rss_gb, None);
    let judge_memory = |path, used: &mut Option<Reading>, total: Option<Reading>| {
        if let Some(used) = used {
            let total = total.map(|total| total.value);
            used.verdict = verdict::memory_used(settings, path, used.value, total);
        }
    };
    judge_memory(verdict::RAM_USED, &mut view.ram_used_gb, view.ram_total_gb);
    let judged = |gpu: &GpuView| {
        let mut gpu = gpu.clone();
        rejudge(&mut gpu.memory_total_gb, None);
        rejudge(&mut gpu.utilization_percent, None);
        rejudge(&mut gpu.temperature_c, None);
        let total = gpu.memory_total_gb;
        judge_memory(verdict::GPU_MEMORY_USED, &mut gpu.memory_used_gb, total);
        gpu
    };
    view.gpu_stats = view.gpu_stats.iter().map(judged).collect();
    if let Some(alarm) = &mut view.has_memory_alarm {
        alarm.verdict = verdict::alarm(alarm.value);
    }
}

fn pools<'a>(view: &'a VitalsView, settings: &'a Settings) -> impl Iterator<Item = Pool<'a>> + 'a {
    let value = |reading: Option<Reading>| reading.map(|reading| reading.value);
    let full = |path| settings.in_force(path, &threshold::MEMORY_SHARE).critical;
    let ram = Pool {
        name: "RAM".to_owned(),
        used: value(view.ram_used_gb),
        total: value(view.ram_total_gb),
        full: full(verdict::RAM_USED),
    };
    let gpus = view.gpu_stats.iter().map(move |gpu| Pool {
        name: format!("cuda:{}", gpu.device_id),
        used: value(gpu.memory_used_gb),
        total: value(gpu.memory_total_gb),
        full: full(verdict::GPU_MEMORY_USED),
    });
    std::iter::once(ram).chain(gpus)
}
