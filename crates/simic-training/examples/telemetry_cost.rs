//! Measures what telemetry costs a training: pairs of equal runs, one watched and one not, in turn.
//!
//! Prints one JSON object, `{"epoch_every":K,"batches":N,"pairs":[[on_seconds,off_seconds],…]}`. Watched: a hub with rows
//! written to a file, a queue to a viewer that is emptied, and samples of the machine. Not watched: a hub without sinks.
//! `--pairs 12 --batches 60 --epoch-every K`.
#![expect(clippy::print_stdout, reason = "printing is its purpose")]

use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use leyline::{GroupId, RunId};
use nissa::channel::channel;
use nissa::rows::RowSink;
use simic_emitter::{Bounds, Clock, Hub, HubBuilder, StopFlag, SystemClock};
use simic_training::config::{Config, EPOCH_EVERY};
use simic_training::env::Task;
use simic_training::trainer::Trainer;
use simic_training::vitals::{INTERVAL, SystemSampler, watch};

const GRACE: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, otherwise: u64| -> Result<u64, Box<dyn Error>> {
        let given = arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
        Ok(given.map_or(Ok(otherwise), |text| text.parse())?)
    };
    let (pairs, batches) = (number("--pairs", 12)?, number("--batches", 60)?);
    let epoch_every = u32::try_from(number("--epoch-every", EPOCH_EVERY.into())?)?;
    let config = |seed| Config {
        requested_batches: batches,
        epoch_every,
        ..Config::default_run(Task::CartPole, seed)
    };
    // The first run of a process pays for pages and caches; it belongs to neither side.
    unwatched(config(0))?;
    let mut measured = Vec::new();
    for seed in 1..=pairs {
        // In turn who comes first, so that a machine that gets slower or faster favours neither.
        let (on, off) = if seed % 2 == 0 {
            let on = watched(config(seed))?;
            (on, unwatched(config(seed))?)
        } else {
            let off = unwatched(config(seed))?;
            (watched(config(seed))?, off)
        };
        measured.push(serde_json::json!([on, off]));
    }
    let report =
        serde_json::json!({ "epoch_every": epoch_every, "batches": batches, "pairs": measured });
    println!("{report}");
    Ok(())
}

fn builder(clock: &Arc<SystemClock>) -> Result<HubBuilder, Box<dyn Error>> {
    Ok(HubBuilder::new(RunId::new("cost")?, GroupId::default(), Arc::<SystemClock>::clone(clock)))
}

/// Returns the seconds of the training alone; closing the sinks comes after it.
fn train(config: Config, hub: Hub, clock: &SystemClock) -> Result<f64, Box<dyn Error>> {
    let mut trainer = Trainer::new(config, |_| Task::CartPole.make(), hub)?;
    let begun = clock.now().mono_ns;
    trainer.run(&StopFlag::new())?;
    Ok(clock.now().mono_ns.seconds_since(begun))
}

fn unwatched(config: Config) -> Result<f64, Box<dyn Error>> {
    let clock = Arc::new(SystemClock::new());
    let (hub, guard) = builder(&clock)?.start(GRACE)?;
    let seconds = train(config, hub, &clock)?;
    guard.close(GRACE);
    Ok(seconds)
}

fn watched(config: Config) -> Result<f64, Box<dyn Error>> {
    let clock = Arc::new(SystemClock::new());
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("events.jsonl");
    let (live, viewer) = channel(4096);
    let builder = builder(&clock)?.heartbeat(Duration::from_secs(1));
    let (hub, guard) = builder
        .sink("rows", Bounds::default(), RowSink::create(&path)?)
        .sink("live", Bounds::default(), live)
        .start(GRACE)?;
    let empty = std::thread::Builder::new()
        .name("viewer".to_owned())
        .spawn(move || viewer.iter().count())?;
    let vitals = watch(hub.clone(), SystemSampler::new(), INTERVAL)?;
    let seconds = train(config, hub.clone(), &clock)?;
    drop(vitals);
    let closed = guard.close(GRACE);
    let counts = hub.counts();
    drop(hub);
    let seen = empty.join().map_err(|_| "the viewer panicked")?;
    if !closed
        || counts.iter().any(|sink| sink.emitted != sink.delivered)
        || fs::metadata(&path)?.len() == 0
    {
        return Err(format!("not everything arrived ({seen} at the viewer): {counts:?}").into());
    }
    Ok(seconds)
}
