//! Samples of the machine that trains, and the thread that emits them.

use std::collections::BTreeMap;
use std::io;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use leyline::threshold::anomaly::MEMORY_INTERVAL_SECONDS;
use leyline::{Anomaly, Event, GpuVitals, RunNs, SystemVitals};
use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use simic_emitter::Hub;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::emission::anomaly::memory_anomalies;

/// Time between two samples.
pub const INTERVAL: Duration = Duration::from_secs(1);
/// Devices that one sample can hold.
const MAX_GPUS: u32 = 64;
const GIB: f64 = (1_u64 << 30) as f64;

/// Reads the machine.
pub trait Sampler: Send {
    /// Returns what can be read now; what cannot is `None`.
    fn sample(&mut self) -> SystemVitals;
}

/// The machine this program runs on: memory and load through `sysinfo`, devices through the NVIDIA driver.
#[derive(Debug)]
pub struct SystemSampler {
    system: Option<System>,
    pid: Option<Pid>,
    /// `None` where there is no driver.
    nvml: Option<Nvml>,
    /// A load is one since the sample before, so the first sample has none.
    sampled_before: bool,
}

impl SystemSampler {
    /// Makes a sampler. What this machine does not offer stays absent; that is no error.
    pub fn new() -> Self {
        Self {
            system: System::new().ok(),
            pid: sysinfo::get_current_pid().ok(),
            nvml: Nvml::init().ok(),
            sampled_before: false,
        }
    }

    fn resident_bytes(&mut self) -> Option<u64> {
        let (system, pid) = (self.system.as_mut()?, self.pid?);
        let what = ProcessRefreshKind::nothing().with_memory().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, what);
        system.process(pid).map(sysinfo::Process::memory)
    }

    fn gpus(&self) -> Vec<GpuVitals> {
        let Some(nvml) = &self.nvml else { return Vec::new() };
        let count = nvml.device_count().map_or(0, |count| count.min(MAX_GPUS));
        (0..count).filter_map(|device_id| gpu(nvml, device_id)).collect()
    }
}

impl Default for SystemSampler {
    fn default() -> Self {
        Self::new()
    }
}

impl Sampler for SystemSampler {
    fn sample(&mut self) -> SystemVitals {
        let mut cpu_percent = None;
        let mut ram = None;
        if let Some(system) = &mut self.system {
            system.refresh_cpu_usage();
            system.refresh_memory();
            cpu_percent =
                Some(f64::from(system.global_cpu_usage())).filter(|_| self.sampled_before);
            // A machine without memory does not run this: 0 means that it could not be read.
            ram =
                Some((system.used_memory(), system.total_memory())).filter(|&(_, total)| 0 < total);
        }
        self.sampled_before = true;
        SystemVitals {
            cpu_percent,
            ram_used_gb: ram.map(|(used, _)| gib(used)),
            ram_total_gb: ram.map(|(_, total)| gib(total)),
            process_rss_gb: self.resident_bytes().map(gib),
            gpus: self.gpus(),
        }
    }
}

fn gpu(nvml: &Nvml, device_id: u32) -> Option<GpuVitals> {
    let device = nvml.device_by_index(device_id).ok()?;
    let memory = device.memory_info().ok();
    Some(GpuVitals {
        device_id,
        name: device.name().ok(),
        memory_used_gb: memory.as_ref().map(|m| gib(m.used)),
        memory_total_gb: memory.as_ref().map(|m| gib(m.total)),
        utilization_percent: device.utilization_rates().ok().map(|u| f64::from(u.gpu)),
        temperature_c: device.temperature(TemperatureSensor::Gpu).ok().map(f64::from),
    })
}

fn gib(bytes: u64) -> f64 {
    bytes as f64 / GIB
}

/// Lets each pool warn at most once a minute.
#[derive(Debug, Default)]
pub struct MemoryWatch {
    warned: BTreeMap<String, RunNs>,
}

impl MemoryWatch {
    /// Returns the warnings that are due for a sample taken at `now`, and remembers them.
    pub fn due(&mut self, vitals: &SystemVitals, now: RunNs) -> Vec<Anomaly> {
        let mut due = memory_anomalies(vitals);
        due.retain(|anomaly| {
            let pool = anomaly.subject.clone().unwrap_or_default();
            let quiet = self
                .warned
                .get(&pool)
                .is_none_or(|last| MEMORY_INTERVAL_SECONDS as f64 <= now.seconds_since(*last));
            if quiet {
                self.warned.insert(pool, now);
            }
            quiet
        });
        due
    }
}

/// Ends the thread `simic-vitals` when it is dropped, and waits for it: at most as long as one sample takes.
#[must_use = "dropping the guard ends the samples"]
#[derive(Debug)]
pub struct VitalsGuard {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for VitalsGuard {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A sampler that panicked has ended its thread already; training does not depend on it.
            thread.join().ok();
        }
    }
}

/// Starts the thread `simic-vitals`, which emits a sample at once and then every `interval`.
///
/// # Errors
/// Fails when the operating system gives no thread.
pub fn watch(
    hub: Hub,
    sampler: impl Sampler + 'static,
    interval: Duration,
) -> io::Result<VitalsGuard> {
    let (stop, stopped) = bounded(0);
    let thread = thread::Builder::new()
        .name("simic-vitals".to_owned())
        .spawn(move || emit_samples(&hub, sampler, interval, &stopped))?;
    Ok(VitalsGuard { stop: Some(stop), thread: Some(thread) })
}

fn emit_samples(hub: &Hub, mut sampler: impl Sampler, interval: Duration, stopped: &Receiver<()>) {
    let mut memory = MemoryWatch::default();
    loop {
        let vitals = sampler.sample();
        let warnings = memory.due(&vitals, hub.now().mono_ns);
        hub.emit(vitals);
        for warning in warnings {
            hub.emit(Event::MemoryWarning(warning));
        }
        match stopped.recv_timeout(interval) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
