//! A trainer that is made to be killed: it says on standard output what it has emitted and what was acknowledged.
//!
//! `cargo xtask crash` starts it, kills it, and holds it to what it said.
#![expect(clippy::print_stdout, reason = "what it says is what it is for")]

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, Builder};
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use leyline::{GroupId, Heartbeat, Phase, RunId, Timestamp};
use nissa::RunDir;
use nissa::log::sink::{Disk, Fsync, LogConfig, LogSink};
use nissa::manifest::Manifest;
use simic_emitter::{Clock as _, Draft, Hub, HubBuilder, StopFlag, SystemClock};
use simic_training::config::Config;
use simic_training::env::Task;
use simic_training::trainer::Trainer;

/// Longest wait for an acknowledgement; a slow disk may take seconds.
const DEADLINE: Duration = Duration::from_secs(30);

/// Events that may wait for the log in a flood.
const AHEAD: u64 = 2000;

/// Trains until it is killed.
#[derive(Parser)]
struct Args {
    /// Runs root.
    root: PathBuf,
    /// Id that is asked for.
    #[arg(long)]
    run_id: String,
    /// Seed of everything random.
    #[arg(long)]
    seed: u64,
    /// When the log is synced without being asked to.
    #[arg(long, default_value_t)]
    fsync: Fsync,
    /// Bytes after which a segment is full.
    #[arg(long)]
    segment_bytes: Option<u64>,
    /// Milliseconds between two acknowledgements; without them the log is flushed so often that it hardly writes by itself.
    #[arg(long, default_value_t = 0)]
    pause: u64,
    /// Beside the training, emit long messages as fast as the log takes them: then a kill often hits a write.
    #[arg(long)]
    flood: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let clock = SystemClock::new();
    let now = clock.now().ts;
    let (dir, run_id) = RunDir::create(&args.root, &RunId::new(&args.run_id)?)?;
    println!("dir {}", dir.path().display());
    let sink = sink(&args, &dir, run_id.clone(), now)?;
    let (hub, _guard) = HubBuilder::new(run_id, GroupId::default(), Arc::new(clock))
        .sink("log", LogSink::BOUNDS, sink)
        .start(DEADLINE)?;
    let watched = hub.clone();
    let acknowledge = Builder::new().name("acknowledge".to_owned());
    let pause = Duration::from_millis(args.pause);
    acknowledge
        .spawn(move || -> () { acknowledge_for_ever(&watched, pause) })
        .context("no thread")?;
    if args.flood {
        let flooded = hub.clone();
        let flood = Builder::new().name("flood".to_owned());
        flood.spawn(move || flood_for_ever(&flooded)).context("no thread")?;
    }
    // Every epoch of every environment is told, so that the log has much to do, and no batch is the last one.
    let config = Config {
        epoch_every: 1,
        requested_batches: 1 << 30,
        ..Config::default_run(Task::CartPole, args.seed)
    };
    Trainer::new(config, |_| Task::CartPole.make(), hub)?.run(&StopFlag::new())?;
    Ok(())
}

fn sink(args: &Args, dir: &RunDir, run: RunId, now: Timestamp) -> anyhow::Result<LogSink> {
    let mut config = LogConfig::new(args.fsync);
    config.segment_bytes = args.segment_bytes.unwrap_or(config.segment_bytes);
    Ok(LogSink::create_on(Disk, dir, &Manifest::new(run, now), config)?)
}

/// Emits long messages, and waits for the log as no trainer does: nothing may be dropped here.
fn flood_for_ever(hub: &Hub) -> ! {
    let text = "flood ".repeat(600);
    loop {
        while hub.counts().iter().all(|counts| counts.queued < AHEAD) {
            let beat = Heartbeat { phase: Phase::Updating, batch_idx: None, inner_epoch: None };
            hub.emit(Draft::new(beat).with_message(text.clone()));
        }
        thread::yield_now();
    }
}

/// Asks for acknowledgements, one after the other, and says what each covers.
fn acknowledge_for_ever(hub: &Hub, pause: Duration) -> ! {
    let nobody = StopFlag::new();
    loop {
        nobody.wait(pause);
        let emitted = hub.next_seq();
        let Some(last) = emitted.checked_sub(1) else { continue };
        println!("emitted {last}");
        if hub.flush(DEADLINE) {
            println!("acknowledged {last}");
        }
    }
}
