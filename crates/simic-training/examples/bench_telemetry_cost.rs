//! Measures what telemetry costs a training: pairs of equal runs, one watched and one not, in turn.
//!
//! Prints the seconds of every pair for people, and then one number a line as `cargo xtask bench` reads it. Watched: a hub
//! with the event log as `esper` writes it, a queue to a viewer that is emptied, heartbeats and samples of the machine. Not watched: a
//! hub without sinks. `--pairs 20 --batches 80 --epoch-every K`; without the last, every epoch is measured as well.
#![expect(clippy::print_stdout, reason = "printing is its purpose")]

use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use leyline::{GroupId, RunId};
use nissa::RunDir;
use nissa::channel::channel;
use nissa::log::sink::{Fsync, LogSink};
use nissa::manifest::Manifest;
use simic_emitter::{Bounds, Clock, Hub, HubBuilder, StopFlag, SystemClock};
use simic_training::config::{Config, EPOCH_EVERY};
use simic_training::diagnostics::statistics::quantile;
use simic_training::env::Task;
use simic_training::trainer::Trainer;
use simic_training::vitals::{INTERVAL, SystemSampler, watch};

const GRACE: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str| -> Result<Option<u64>, Box<dyn Error>> {
        let given = arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
        Ok(given.map(|text| text.parse()).transpose()?)
    };
    let (pairs, batches) = (number("--pairs")?.unwrap_or(20), number("--batches")?.unwrap_or(80));
    // The first run of a process pays for pages and caches; it belongs to neither side.
    unwatched(config(0, batches, EPOCH_EVERY))?;
    if let Some(every) = number("--epoch-every")? {
        return measure(pairs, batches, u32::try_from(every)?, None);
    }
    measure(pairs, batches, EPOCH_EVERY, Some(BAR))?;
    measure(pairs, batches, 1, None)
}

/// Promised for the default; what it costs to report every epoch is only told.
const BAR: f64 = 1.02;

fn config(seed: u64, batches: u64, epoch_every: u32) -> Config {
    Config { requested_batches: batches, epoch_every, ..Config::default_run(Task::CartPole, seed) }
}

fn measure(
    pairs: u64,
    batches: u64,
    epoch_every: u32,
    bar: Option<f64>,
) -> Result<(), Box<dyn Error>> {
    let (mut walls, mut cpus, mut texts, mut lost) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for seed in 1..=pairs {
        let config = || config(seed, batches, epoch_every);
        // In turn who comes first, so that a machine that gets slower or faster favours neither.
        let (on, off) = if seed % 2 == 0 {
            let on = watched(config())?;
            (on, unwatched(config())?)
        } else {
            let off = unwatched(config())?;
            (watched(config())?, off)
        };
        walls.push(on.wall / off.wall);
        cpus.extend(on.cpu.zip(off.cpu).map(|(on, off)| on / off));
        texts.push(format!("[{:.4},{:.4}]", on.wall, off.wall));
        lost += on.lost;
    }
    println!("epoch_every {epoch_every}, seconds with and without: [{}]", texts.join(","));
    let about = format!("median of {pairs} pairs of {batches} batches, {lost} events lost");
    print_ratio("", epoch_every, walls, bar, &about);
    // Unlike the clock on the wall, this hardly notices what else the machine does.
    print_ratio(", processor time of the training thread", epoch_every, cpus, None, &about);
    Ok(())
}

fn print_ratio(what: &str, epoch_every: u32, mut ratios: Vec<f64>, bar: Option<f64>, about: &str) {
    ratios.sort_by(f64::total_cmp);
    let (low, high) = (quantile(&ratios, 0.25), quantile(&ratios, 0.75));
    let spread = low.zip(high).map(|(low, high)| format!(", quartiles {low:.3} and {high:.3}"));
    let measured = serde_json::json!({
        "name": format!("training/telemetry on by off, every {epoch_every} epochs{what}"),
        "value": quantile(&ratios, 0.5),
        "unit": "x",
        "bar": bar,
        "better": "lower",
        "detail": format!("{about}{}", spread.unwrap_or_default()),
    });
    println!("{measured}");
}

/// What one run cost.
#[derive(Clone, Copy)]
struct Cost {
    /// Seconds of the training alone; closing the sinks comes after it.
    wall: f64,
    /// Seconds that the training thread was on a processor; `None` where the system does not tell.
    cpu: Option<f64>,
    /// Events that a sink did not get.
    lost: u64,
}

/// Returns the seconds that this thread has been on a processor.
fn thread_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

fn builder(clock: &Arc<SystemClock>) -> Result<HubBuilder, Box<dyn Error>> {
    Ok(HubBuilder::new(RunId::new("cost")?, GroupId::default(), Arc::<SystemClock>::clone(clock)))
}

fn train(config: Config, hub: Hub, clock: &SystemClock) -> Result<Cost, Box<dyn Error>> {
    let mut trainer = Trainer::new(config, |_| Task::CartPole.make(), hub)?;
    let (begun, cpu_before) = (clock.now().mono_ns, thread_seconds());
    trainer.run(&StopFlag::new())?;
    let cpu = thread_seconds().zip(cpu_before).map(|(after, before)| after - before);
    Ok(Cost { wall: clock.now().mono_ns.seconds_since(begun), cpu, lost: 0 })
}

fn unwatched(config: Config) -> Result<Cost, Box<dyn Error>> {
    let clock = Arc::new(SystemClock::new());
    let (hub, guard) = builder(&clock)?.start(GRACE)?;
    let cost = train(config, hub, &clock)?;
    guard.close(GRACE);
    Ok(cost)
}

fn watched(config: Config) -> Result<Cost, Box<dyn Error>> {
    let clock = Arc::new(SystemClock::new());
    let directory = tempfile::tempdir()?;
    let (dir, run) = RunDir::create(directory.path(), &RunId::new("cost")?)?;
    let log = LogSink::create(&dir, &Manifest::new(run, clock.now().ts), Fsync::Interval)?;
    let (live, viewer) = channel(4096);
    let builder = builder(&clock)?.heartbeat(Duration::from_secs(1));
    let (hub, guard) = builder
        .sink("log", LogSink::BOUNDS, log)
        .sink("live", Bounds::default(), live)
        .start(GRACE)?;
    let empty = std::thread::Builder::new()
        .name("viewer".to_owned())
        .spawn(move || viewer.iter().count())?;
    let vitals = watch(hub.clone(), SystemSampler::new(), INTERVAL)?;
    let cost = train(config, hub.clone(), &clock)?;
    drop(vitals);
    let closed = guard.close(GRACE);
    let counts = hub.counts();
    drop(hub);
    let seen = empty.join().map_err(|_| "the viewer panicked")?;
    if !closed || seen == 0 || dir.segments()?.is_empty() {
        return Err(
            format!("the sinks did not work ({seen} events at the viewer): {counts:?}").into()
        );
    }
    // A busy machine may let the lossy lane overflow; that is no error, but it belongs to the result.
    let lost = counts.iter().map(|sink| sink.emitted - sink.delivered).sum();
    Ok(Cost { lost, ..cost })
}
