//! A trainer in this process: hub, guard and thread of a run, and the source that a viewer gets of it.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Select, Sender, TryRecvError};
use karn_sanctum::aggregator::Link;
use leyline::id::IdError;
use leyline::{EnvId, Envelope, GroupId, Incoming, RunId, Timestamp};
use nissa::log::recovery::SINK_NAME;
use nissa::log::sink::LogSink;
use nissa::socket::Server;
use signal_hook::consts::SIGXFSZ;
use simic_emitter::{Bounds, Hub, HubBuilder, StopFlag, StopLevel, SystemClock, pulse};
use simic_training::checkpoint::Checkpoint;
use simic_training::config::{Config, ConfigError};
use simic_training::env::Task;
use simic_training::fault::Faults;
use simic_training::trainer::Trainer;
use simic_training::vitals::{self, SystemSampler};

use crate::source::{Arrival, Source};
use crate::terminal;

mod listen;
mod written;

use listen::Listening;
pub use listen::{Listen, VIEWERS};
use written::Directory;
pub use written::{LogPlace, Written};

/// Events on their way to the viewer; more wait in the hub's queue, where losses are counted.
const CHANNEL: usize = 1024;
/// Name of the sink that viewers of other processes hang on.
const SOCKET_SINK: &str = "socket";
/// How long the sinks may take to hand on what they hold once the run has ended.
const CLOSE: Duration = Duration::from_secs(5);
/// How long viewers may take after that to fetch what waits for them.
const FAREWELL: Duration = Duration::from_secs(1);

/// A run that is being trained in this process.
///
/// It owns the trainer's thread, and through it hub and guard; a viewer only receives. The thread goes on while the hub is
/// closed, so that everything has been handed on once it ends.
#[derive(Debug)]
pub struct LocalRun {
    events: Receiver<Arc<Envelope>>,
    stop: StopFlag,
    hub: Hub,
    thread: JoinHandle<()>,
    /// The directory that it writes.
    log: Option<PathBuf>,
}

impl LocalRun {
    /// Starts `train` on the thread `simic-train`, with the hub that `builder` describes and a viewer as one more sink.
    ///
    /// `train` must end soon after `stop` was raised. A run that it leaves without an end is ended by the guard.
    ///
    /// # Errors
    ///
    /// Fails if the hub or a thread cannot be started.
    pub fn start(
        builder: HubBuilder,
        stop: StopFlag,
        train: impl FnOnce(Hub, &StopFlag) + Send + 'static,
    ) -> anyhow::Result<Self> {
        Self::start_with(builder, stop, None, train)
    }

    /// As [`Self::start`], for a run that listens: until its viewers were told that it is over.
    fn start_with(
        builder: HubBuilder,
        stop: StopFlag,
        server: Option<Server>,
        train: impl FnOnce(Hub, &StopFlag) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (sink, events) = nissa::channel(CHANNEL);
        let (hub, guard) = builder
            .sink("live", Bounds::default(), sink)
            .heartbeat(pulse::SILENCE)
            .stop_flag(stop.clone())
            .on_warning(|warning| terminal::note(warning.to_owned()))
            .start(CLOSE)
            .context("cannot start the hub")?;
        let (flag, trained) = (stop.clone(), hub.clone());
        let run = move || {
            // Dropped also if `train` panics, the later one first: the guard then ends the run as failed, and viewers hear it.
            let server = server;
            let guard = guard;
            let sampler = vitals::watch(trained.clone(), SystemSampler::new(), vitals::INTERVAL);
            train(trained, &flag);
            // A machine without room for that thread trains without readings of the machine.
            drop(sampler);
            if !guard.close(CLOSE) {
                terminal::note("not every event has reached every sink".to_owned());
            }
            // A viewer that does not fetch its last events in time reads them from the log.
            server.map(|server| server.close(FAREWELL));
        };
        let thread = Builder::new()
            .name("simic-train".to_owned())
            .spawn(run)
            .context("cannot start the thread simic-train")?;
        Ok(Self { events, stop, hub, thread, log: None })
    }
}

impl Source for LocalRun {
    fn run(self: Box<Self>, out: &Sender<Arrival>, stop: &StopFlag) -> anyhow::Result<()> {
        let Self { events, stop: _, hub: _, thread, log } = *self;
        if let Some(log) = log
            && out.send(Arrival::Log(log)).is_err()
        {
            return Ok(());
        }
        if out.send(Arrival::Link(Link::TrainerAlive(true))).is_err() {
            return Ok(());
        }
        loop {
            match events.try_recv() {
                Ok(event) => {
                    if out.send(Arrival::Event(Incoming::Known(event))).is_err() {
                        return Ok(());
                    }
                }
                Err(TryRecvError::Empty) => {
                    let mut select = Select::new();
                    let news = select.recv(&events);
                    stop.add_to(&mut select, StopLevel::Now);
                    if select.ready() != news {
                        return Ok(());
                    }
                }
                Err(TryRecvError::Disconnected) => break,
            }
        }
        // A panic has been told by the guard: as the error with which the run ended.
        thread.join().ok();
        for link in [Link::TrainerAlive(false), Link::Closed] {
            out.send(Arrival::Link(link)).ok();
        }
        Ok(())
    }

    fn trainer(&self) -> Option<StopFlag> {
        Some(self.stop.clone())
    }
}

/// Why a demonstration cannot begin: the arguments ask for something that does not exist.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// What is trained where nobody says otherwise: the default run of a task.
#[derive(Debug, Clone)]
pub struct Demonstration {
    /// What is learnt.
    pub task: Task,
    /// Seed of everything random.
    pub seed: u64,
    /// Batches to train; `None`: the budget of the task.
    pub batches: Option<u64>,
    /// Where the run is written; `None`: it leaves no files.
    pub place: Option<LogPlace>,
    /// Where it listens for viewers of other processes; `None`: nowhere.
    pub listen: Option<Listen>,
}

impl Demonstration {
    /// Starts to train.
    ///
    /// # Errors
    ///
    /// Fails with [`Usage`] if a setting is out of range; else if the run directory, the log or a thread cannot be made.
    pub fn start(&self, now: Timestamp) -> anyhow::Result<(LocalRun, Option<Written>)> {
        let mut config = Config::default_run(self.task, self.seed);
        config.requested_batches = self.batches.unwrap_or(config.requested_batches);
        config.validate().map_err(|error: ConfigError| Usage(error.to_string()))?;
        if let Some(listen) = &self.listen {
            listen.check()?;
        }
        begin(self.task, config, None, self.place.as_ref(), self.listen.as_ref(), now)
    }
}

/// Begins a run with settings that were checked, from nothing or from a checkpoint that fits them.
///
/// With a place the run gets a new directory there, for its log and checkpoints; `config.run_dir` is set accordingly. What
/// happens to the log later is told and does not stop the run; a checkpoint that cannot be written does.
///
/// # Errors
///
/// Fails if the run directory, the log or a thread cannot be made, or if the run cannot listen where it was told to.
pub fn begin(
    task: Task,
    config: Config,
    from: Option<Checkpoint>,
    place: Option<&LogPlace>,
    listen: Option<&Listen>,
    now: Timestamp,
) -> anyhow::Result<(LocalRun, Option<Written>)> {
    begin_faulty((task, Faults::default()), config, from, place, listen, now)
}

/// As [`begin`], with things that go wrong on purpose.
///
/// # Errors
///
/// As [`begin`].
pub fn begin_faulty(
    (task, faults): (Task, Faults),
    mut config: Config,
    from: Option<Checkpoint>,
    place: Option<&LogPlace>,
    listen: Option<&Listen>,
    now: Timestamp,
) -> anyhow::Result<(LocalRun, Option<Written>)> {
    let wanted = match place.and_then(|place| place.run_id.clone()) {
        Some(wanted) => wanted,
        None => fresh_run_id(task.name(), now)?,
    };
    let clock = Arc::new(SystemClock::new());
    let mut left = None;
    let (mut builder, about) = if let Some(place) = place {
        outlive_full_files();
        let (directory, sink) = Directory::create(place, &wanted, task, &mut config, now)?;
        let run_id = directory.run_id.clone();
        let builder = HubBuilder::new(run_id, GroupId::default(), clock.clone());
        let about = directory.about(now);
        left = Some(directory);
        (builder.sink(SINK_NAME, LogSink::BOUNDS, sink), about)
    } else {
        let about = written::about_nothing(wanted.clone(), now);
        (HubBuilder::new(wanted, GroupId::default(), clock.clone()), about)
    };
    let listening = match listen.map(|listen| listen.open(about, clock)).transpose() {
        Ok(listening) => listening.flatten(),
        Err(error) => {
            // The run never was, so what was made for it a moment ago would only be taken for one.
            drop(builder);
            if let Some(left) = left {
                left.remove();
            }
            return Err(error);
        }
    };
    let (mut server, mut told) = (None, Vec::new());
    if let Some((sink, Listening { server: open, told: lines, .. })) = listening {
        builder = builder.sink(SOCKET_SINK, Bounds::default(), sink);
        (server, told) = (Some(open), lines);
    }
    let mut run = LocalRun::start_with(builder, StopFlag::new(), server, move |hub, stop| {
        let make = |env: EnvId| faults.wrap(env, task.make());
        let trainer = match &from {
            Some(from) => Trainer::resume(from, config, make, hub),
            None => Trainer::new(config, make, hub),
        };
        // The settings were checked; whatever still goes wrong is told by the run itself.
        if let Ok(mut trainer) = trainer {
            trainer.inject(faults);
            trainer.run(stop).ok();
        }
    })?;
    let hub = &run.hub;
    run.log = left.as_ref().map(|directory| directory.path().to_owned());
    let written = left.map(|directory| Written { directory, hub: hub.clone(), told });
    Ok((run, written))
}

/// Makes a write beyond the size limit of this process (`ulimit -f`) fail as one to a full disk does; the signal that comes
/// with it would end the process.
fn outlive_full_files() {
    // Without the handler only such a limit is worse than a full disk.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).ok();
}

/// Returns the task with this name, short (`cartpole`) or as Gymnasium spells it (`CartPole-v1`).
///
/// # Errors
///
/// Fails with the list of tasks.
pub fn task_named(text: &str) -> Result<Task, Usage> {
    let wanted = text.to_ascii_lowercase();
    let short = |task: Task| task.name().split('-').next().unwrap_or_default().to_ascii_lowercase();
    let found = Task::ALL
        .iter()
        .copied()
        .find(|&task| short(task) == wanted || task.name().to_ascii_lowercase() == wanted);
    found.ok_or_else(|| {
        let known: Vec<String> = Task::ALL.iter().map(|&task| short(task)).collect();
        Usage(format!("unknown task `{text}`; tasks: {}", known.join(", ")))
    })
}

/// Returns an id that no other run has: the task, the day and the second in UTC, and four random characters.
///
/// # Errors
///
/// Fails never, as far as we know: the parts hold legal characters only.
pub fn fresh_run_id(task: &str, now: Timestamp) -> Result<RunId, IdError> {
    let short = task.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let name: String = short.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let digits: String = now.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    // The keys of a hash map are the randomness that the standard library offers.
    let random = RandomState::new().hash_one(now.as_micros()) & 0xffff;
    RunId::new(&format!("{name}-{digits}-{random:04x}"))
}

#[cfg(test)]
mod tests;
