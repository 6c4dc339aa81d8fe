//! Measures the event log on a real disk: writing at a steady rate, reading to the final snapshot, opening a large run.
//! Prints one JSON object per line.
//!
//! `cargo run --release -q -p sanctum-tui --example bench_log [DIR]`
//!
//! The events are those of a real CartPole run with the settings of `esper ppo`, over and over, emitted through a real hub
//! into a real log. Without DIR the log lies below `target/`, so the disk is the one that the project is on.

use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use karn_sanctum::Aggregator;
use leyline::{Event, GroupId, Incoming, RunId, Timestamp, ViewNs};
use nissa::RunDir;
use nissa::log::sink::{Fsync, LogSink};
use nissa::manifest::Manifest;
use nissa::recording::{Read, Recording, Seek};
use serde_json::json;
use simic_emitter::memory::memory;
use simic_emitter::{Bounds, HubBuilder, StopFlag, SystemClock};
use simic_training::config::Config;
use simic_training::env::Task;
use simic_training::trainer::Trainer;

/// What the log promises to take without loss (events/s).
const RATE: u32 = 1_000_000;
/// For how long it is asked to (s).
const SECONDS: u32 = 10;
/// Time in which a batch of events is emitted; then the trainer waits for the next one (ms).
const STEP_MS: u32 = 1;
/// Batches of the run whose events are repeated.
const BATCHES: u64 = 60;
/// More events than such a run has.
const KEPT: usize = 1 << 20;
/// Size of the large run (bytes).
const LARGE: u64 = 1 << 30;
const LONG: Duration = Duration::from_secs(120);

/// Asks this program to read the run that follows; in a process of its own, so that its memory is that of reading.
const READ: &str = "--read";

fn main() -> io::Result<()> {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == READ) {
        return read_large(&PathBuf::from(args.next().expect("a run")));
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench-log");
    let root = std::env::args_os().nth(1).map_or(here, PathBuf::from);
    fs::create_dir_all(&root)?;
    let disk = disk_of(&root);
    let (edges, mix): (Vec<Event>, Vec<Event>) = mix().into_iter().partition(is_edge);
    let start = edges.first().expect("a run has a start").clone();
    let paced = steady(&root, &start, &mix, &disk)?;
    read_back(&paced)?;
    fs::remove_dir_all(&paced)?;
    large(&root, &start, &mix)
}

/// The events of a real run with the settings of `esper ppo`, in their order: what a trainer sends when nobody asks it for
/// more or less.
fn mix() -> Vec<Event> {
    let (sink, recorded) = memory(KEPT);
    let run = RunId::new("mix").expect("an id");
    let (hub, guard) = HubBuilder::new(run, GroupId::default(), Arc::new(SystemClock::new()))
        .sink("memory", Bounds { lossy: KEPT - 1, lossless: KEPT }, sink)
        .start(LONG)
        .expect("threads");
    let mut config = Config::default_run(Task::CartPole, 1);
    config.requested_batches = BATCHES;
    let mut trainer = Trainer::new(config, |_| Task::CartPole.make(), hub).expect("a trainer");
    trainer.run(&StopFlag::new()).expect("a run");
    drop(guard);
    recorded.try_iter().map(|envelope| envelope.event.clone()).collect()
}

/// Tells the start of a run from what may be repeated.
const fn is_edge(event: &Event) -> bool {
    matches!(event, Event::TrainingStarted(_) | Event::TrainingFinished(_))
}

fn log(root: &Path) -> (RunDir, RunId, LogSink) {
    let wanted = RunId::new("bench").expect("an id");
    let (dir, run) = RunDir::create(root, &wanted).expect("a directory");
    let manifest = Manifest::new(run.clone(), Timestamp::from_micros(0));
    let sink = LogSink::create(&dir, &manifest, Fsync::Interval).expect("a log");
    (dir, run, sink)
}

/// Emits at the promised rate for the promised time, and says what arrived.
fn steady(root: &Path, start: &Event, mix: &[Event], disk: &str) -> io::Result<PathBuf> {
    let (dir, run, sink) = log(root);
    let (hub, guard) = HubBuilder::new(run, GroupId::default(), Arc::new(SystemClock::new()))
        .sink("log", LogSink::BOUNDS, sink)
        .start(LONG)
        .expect("threads");
    hub.emit(start.clone());
    let per_step = RATE / 1000 * STEP_MS;
    let steps = SECONDS * 1000 / STEP_MS;
    let mut events = mix.iter().cycle();
    let (mut longest_queue, mut late) = (0, Duration::ZERO);
    let began = now();
    for step in 1..=steps {
        for event in events.by_ref().take(per_step as usize) {
            hub.emit(event.clone());
        }
        longest_queue = longest_queue.max(hub.counts()[0].queued);
        let due = began + Duration::from_millis(u64::from(step * STEP_MS));
        match due.checked_duration_since(now()) {
            Some(early) => thread::park_timeout(early),
            None => late = late.max(due.elapsed()),
        }
    }
    let emitting = began.elapsed().as_secs_f64();
    let flushed = now();
    let synced = hub.flush(LONG);
    let flush_ms = flushed.elapsed().as_secs_f64() * 1e3;
    let counts = hub.counts()[0];
    drop(guard);
    let lost = counts.emitted - counts.delivered;
    let rate = counts.delivered as f64 / emitting;
    let detail = format!(
        "paced for {SECONDS} s at fsync interval on {disk}; longest queue {longest_queue}, trainer at most {:.1} ms late, flush {flush_ms:.0} ms, synced {synced}",
        late.as_secs_f64() * 1e3
    );
    // Rounded: a rate of 999,990 is a million that began a moment late.
    tell(
        "log/sustained",
        (rate / 1e6 * 100.0).round() / 100.0,
        "M events/s",
        Some(1.0),
        "higher",
        &detail,
    )?;
    tell("log/lost while sustained", lost as f64, "events", Some(0.0), "lower", &detail)?;
    let bytes = size(dir.path())?;
    tell(
        "log/size",
        bytes as f64 / counts.delivered as f64,
        "bytes/event",
        None,
        "lower",
        "CartPole mix, frames with head, segments with headers and indexes",
    )?;
    Ok(dir.path().to_owned())
}

/// Reads a log to its final snapshot: all of it decoded, checked and folded.
fn read_back(path: &Path) -> io::Result<()> {
    let began = now();
    let mut recording = Recording::open(path).expect("a run");
    let mut read = 0;
    while let Read::Event(incoming) = recording.read().expect("a readable run") {
        black_box(&incoming);
        read += 1;
    }
    let rate = f64::from(read) / began.elapsed().as_secs_f64() / 1e6;
    tell(
        "log/decoded",
        rate,
        "M events/s",
        None,
        "higher",
        "read, checked and decoded, not folded",
    )?;
    let mut best = f64::MAX;
    let mut events = 0;
    for _ in 0..3 {
        let began = now();
        let mut recording = Recording::open(path).expect("a run");
        let mut aggregator = Aggregator::new();
        events = 0;
        while let Read::Event(incoming) = recording.read().expect("a readable run") {
            events += 1;
            aggregator.apply(&incoming, ViewNs(events));
        }
        let key = aggregator.default_key().expect("a run");
        black_box(aggregator.snapshot(&key, ViewNs(events)));
        assert!(recording.damage().is_empty());
        best = best.min(began.elapsed().as_secs_f64());
    }
    let detail = format!("{events} events, best of 3");
    tell(
        "log/to final snapshot",
        events as f64 / best / 1e6,
        "M events/s",
        Some(2.0),
        "higher",
        &detail,
    )
}

/// Writes a run of a gigabyte and has it read.
fn large(root: &Path, start: &Event, mix: &[Event]) -> io::Result<()> {
    let (dir, run, sink) = log(root);
    let (hub, guard) = HubBuilder::new(run, GroupId::default(), Arc::new(SystemClock::new()))
        .sink("log", LogSink::BOUNDS, sink)
        .start(LONG)
        .expect("threads");
    hub.emit(start.clone());
    let mut events = mix.iter().cycle();
    while size(dir.path())? < LARGE {
        for event in events.by_ref().take(200_000) {
            while LogSink::BOUNDS.lossy / 2 < hub.counts()[0].queued as usize {
                thread::park_timeout(Duration::from_micros(100));
            }
            hub.emit(event.clone());
        }
    }
    drop(guard);
    let program = std::env::current_exe()?;
    let read = Command::new(program).arg(READ).arg(dir.path()).status()?;
    assert!(read.success(), "the reading process failed");
    fs::remove_dir_all(dir.path())
}

/// Opens, seeks in, reads and folds a large run.
fn read_large(path: &Path) -> io::Result<()> {
    let began = now();
    let mut recording = Recording::open(path).expect("a run");
    assert!(matches!(recording.read().expect("a readable run"), Read::Event(_)));
    let opened = began.elapsed().as_secs_f64() * 1e3;

    let began = now();
    let mut aggregator = Aggregator::new();
    let mut events = 1;
    let mut last = 0;
    while let Read::Event(incoming) = recording.read().expect("a readable run") {
        events += 1;
        aggregator.apply(&incoming, ViewNs(events));
        if let Incoming::Known(envelope) = incoming {
            last = envelope.seq;
        }
    }
    assert_eq!(events, last + 1);
    let seconds = began.elapsed().as_secs_f64();

    let began = now();
    recording.seek(Seek::Seq(last)).expect("a readable run");
    let Read::Event(Incoming::Known(found)) = recording.read().expect("a readable run") else {
        panic!("no event at the end")
    };
    assert_eq!(found.seq, last);
    let sought = began.elapsed().as_secs_f64() * 1e3;

    let gigabytes = size(path)? as f64 / 1e9;
    let about = format!("{gigabytes:.2} GB, {events} events, in the cache of the system");
    tell("log/open 1 GB to the first event", opened, "ms", None, "lower", &about)?;
    tell("log/seek to the end of 1 GB", sought, "ms", None, "lower", &about)?;
    tell("log/read and fold 1 GB", seconds, "s", None, "lower", &about)?;
    let whole = format!("peak of a process that opens, reads and folds {about}");
    tell("log/memory while reading 1 GB", peak_mib(), "MiB", None, "lower", &whole)
}

fn size(dir: &Path) -> io::Result<u64> {
    fs::read_dir(dir)?
        .map(|entry| entry?.metadata())
        .try_fold(0, |sum, about| Ok(sum + about?.len()))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

/// Returns the peak of the resident memory of this process, in MiB.
fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

/// Returns device and file system that a directory is on, as the system names them.
fn disk_of(dir: &Path) -> String {
    let Ok(dir) = dir.canonicalize() else { return "an unknown disk".to_owned() };
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let holds = |line: &&str| line.split(' ').nth(1).is_some_and(|mount| dir.starts_with(mount));
    let best = mounts.lines().filter(holds).max_by_key(|line| line.split(' ').nth(1).map(str::len));
    let fields: Vec<&str> = best.unwrap_or_default().split(' ').collect();
    match fields[..] {
        [device, _, kind, ..] => format!("{device} ({kind})"),
        _ => "an unknown disk".to_owned(),
    }
}

fn tell(
    name: &str,
    value: f64,
    unit: &str,
    bar: Option<f64>,
    better: &str,
    detail: &str,
) -> io::Result<()> {
    let line = json!({"name": name, "value": value, "unit": unit, "bar": bar, "better": better, "detail": detail});
    writeln!(io::stdout(), "{line}")
}
