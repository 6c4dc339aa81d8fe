//! The thread that samples the machine: what it emits, how often it warns, how it ends.

#[path = "support/run.rs"]
mod run;
#[path = "support/small.rs"]
mod small;

use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use leyline::{Event, GpuVitals, RunNs, SystemVitals};
use simic_emitter::StopFlag;
use simic_training::env::Task;
use simic_training::trainer::Trainer;
use simic_training::vitals::{MemoryWatch, Sampler, SystemSampler, watch};

use run::with_hub;
use small::small;

const NEVER: Duration = Duration::from_secs(86_400);

const fn vitals(used: f64) -> SystemVitals {
    SystemVitals {
        cpu_percent: None,
        ram_used_gb: Some(used),
        ram_total_gb: Some(10.0),
        process_rss_gb: None,
        gpus: Vec::new(),
    }
}

/// Always nearly full; says when it was asked.
struct Full(Sender<()>);

impl Sampler for Full {
    fn sample(&mut self) -> SystemVitals {
        self.0.send(()).ok();
        vitals(9.5)
    }
}

#[test]
fn a_sample_and_its_warning_are_emitted_and_the_guard_ends_the_thread_at_once() {
    let ((), events) = with_hub(|hub, _| {
        let (asked, sampled) = bounded(9);
        // The thread would wait for a day; dropping the guard must not.
        let guard = watch(hub, Full(asked), NEVER).unwrap();
        sampled.recv().unwrap();
        drop(guard);
        assert!(sampled.recv().is_err(), "the sampler must be gone with its thread");
    });
    let kinds: Vec<String> = events.iter().map(|e| e.event.kind().to_string()).collect();
    assert_eq!(kinds, ["SYSTEM_VITALS", "MEMORY_WARNING"]);
}

/// Has one device.
struct OneDevice;

impl Sampler for OneDevice {
    fn sample(&mut self) -> SystemVitals {
        let device = GpuVitals {
            device_id: 1,
            name: None,
            memory_used_gb: Some(9.5),
            memory_total_gb: Some(10.0),
            utilization_percent: None,
            temperature_c: Some(71.6),
        };
        SystemVitals { gpus: vec![device], ..vitals(1.0) }
    }
}

#[test]
fn tele_720_to_734_what_the_sampler_reads_is_emitted_as_it_is() {
    let ((), events) = with_hub(|hub, _| drop(watch(hub, OneDevice, NEVER).unwrap()));
    let sample = OneDevice.sample();
    assert_eq!(events.first().map(|e| &e.event), Some(&Event::SystemVitals(sample)));
    let warned = events.iter().find_map(|e| e.event.anomaly()).unwrap();
    assert_eq!(warned.subject.as_deref(), Some("cuda:1"));
    assert_eq!((warned.value, warned.threshold), (Some(0.95), Some(0.9)));
}

#[test]
fn samples_are_taken_again_and_again() {
    let ((), events) = with_hub(|hub, _| {
        let (asked, sampled) = bounded(0);
        let guard = watch(hub, Full(asked), Duration::from_millis(1)).unwrap();
        for _ in 0..5 {
            sampled.recv().unwrap();
        }
        drop(sampled);
        drop(guard);
    });
    let of = |name: &str| events.iter().filter(|e| e.event.kind().to_string() == name).count();
    assert!(5 <= of("SYSTEM_VITALS"));
    // The clock of the test stands, so the second warning is never due.
    assert_eq!(of("MEMORY_WARNING"), 1);
}

#[test]
fn a_pool_warns_at_most_once_a_minute() {
    let mut memory = MemoryWatch::default();
    let mut due =
        |used, seconds: u64| memory.due(&vitals(used), RunNs(seconds * 1_000_000_000)).len();
    assert_eq!(
        [due(8.0, 0), due(9.5, 1), due(9.6, 60), due(9.6, 61), due(9.6, 62)],
        [0, 1, 0, 1, 0]
    );
}

#[test]
fn this_machine_has_memory_and_its_first_sample_has_no_load() {
    let mut sampler = SystemSampler::new();
    let first = sampler.sample();
    assert_eq!(first.cpu_percent, None);
    let (used, total) = (first.ram_used_gb.unwrap(), first.ram_total_gb.unwrap());
    assert!(0.0 < used && used < total, "{used} of {total} GiB");
    let rss = first.process_rss_gb.unwrap();
    assert!(0.0 < rss && rss < total, "{rss} GiB");
    let load = sampler.sample().cpu_percent.unwrap();
    assert!((0.0..=100.0).contains(&load), "{load}");
    assert!(first.gpus.windows(2).all(|pair| pair[0].device_id < pair[1].device_id));
}

#[test]
fn training_goes_on_beside_the_samples() {
    let (summary, events) = with_hub(|hub, _| {
        let guard = watch(hub.clone(), SystemSampler::new(), Duration::from_millis(1)).unwrap();
        let summary = Trainer::new(small(20), |_| Task::CartPole.make(), hub)
            .unwrap()
            .run(&StopFlag::new())
            .unwrap();
        drop(guard);
        summary
    });
    assert_eq!(summary.batches_since_start, 20);
    assert!(events.iter().any(|e| matches!(e.event, Event::SystemVitals(_))));
}
