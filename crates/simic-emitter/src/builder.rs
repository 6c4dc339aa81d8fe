//! Builds a hub: which sinks, how much may wait, who is warned.

use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use leyline::{Envelope, GroupId, RunId};
use thiserror::Error;

use crate::clock::{Clock, nanos};
use crate::count::{Counter, Tally};
use crate::ending::Endings;
use crate::guard::{Guard, Running};
use crate::hub::{Closing, Hub, Shared};
use crate::lane::Bounds;
use crate::pulse::{self, Progress};
use crate::sink::Sink;
use crate::stamp::{Door, Stamp, StampLock};
use crate::stop::StopFlag;
use crate::warn::{Often, Warner};
use crate::worker::{Control, State, Worker};

/// Longest name of a sink, in bytes: with `sink-` before it, it must fit into the 15 bytes of a thread name on Linux.
pub const MAX_SINK_NAME: usize = 10;

/// Loss reports come at most this often, unless the builder says otherwise.
pub const LOSS_INTERVAL: Duration = Duration::from_secs(1);

/// Flush requests and rings of the bell that may wait for one sink.
const CONTROL_BOUND: usize = 16;

/// Why a hub could not be started. No thread is left behind.
#[derive(Debug, Error)]
pub enum StartError {
    /// The marks of a queue are not in order.
    #[error("lossy bound must be below lossless bound, but {} is not below {}: sink {sink}", bounds.lossy, bounds.lossless)]
    Bounds {
        /// The sink with that queue.
        sink: &'static str,
        /// Its marks.
        bounds: Bounds,
    },
    /// A name is empty, longer than [`MAX_SINK_NAME`] bytes, or has characters that are no lower-case letters, digits or `-`.
    #[error("sink name must be 1 to {MAX_SINK_NAME} lower-case letters, digits or `-`: {sink:?}")]
    Name {
        /// The refused name.
        sink: &'static str,
    },
    /// Two sinks have one name, so their losses could not be told apart.
    #[error("two sinks have the same name: {sink}")]
    SameName {
        /// Their name.
        sink: &'static str,
    },
    /// The operating system gave no thread.
    #[error("cannot start thread: {thread}")]
    Thread {
        /// Name of the thread.
        thread: String,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
}

/// Collects what a hub consists of.
#[must_use]
pub struct HubBuilder {
    run: RunId,
    group: GroupId,
    clock: Arc<dyn Clock>,
    sinks: Vec<(&'static str, Bounds, Box<dyn Sink>)>,
    warner: Warner,
    loss_interval: Option<Duration>,
    heartbeat: Option<Duration>,
    stop: Option<StopFlag>,
}

impl HubBuilder {
    /// Starts a hub for one run. `group` is the group of events that name none.
    pub fn new(run: RunId, group: GroupId, clock: Arc<dyn Clock>) -> Self {
        let loss_interval = Some(LOSS_INTERVAL);
        Self {
            run,
            group,
            clock,
            sinks: Vec::new(),
            warner: Warner::default(),
            loss_interval,
            heartbeat: None,
            stop: None,
        }
    }

    /// Adds a sink. Its thread is named `sink-<name>`; `EMITTER_LOSS` events carry `name`.
    pub fn sink(mut self, name: &'static str, bounds: Bounds, sink: impl Sink) -> Self {
        self.sinks.push((name, bounds, Box::new(sink)));
        self
    }

    /// Says who is told about failing sinks, refused events and events after the close; without it nobody is.
    ///
    /// Called on the thread where it happened, never with the hub's lock held. The hub itself prints nothing.
    pub fn on_warning(mut self, warn: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.warner = Warner::new(warn);
        self
    }

    /// Sets how often losses are reported at most; `None` switches the reports off, the counters stay.
    pub const fn loss_interval(mut self, interval: Option<Duration>) -> Self {
        self.loss_interval = interval;
        self
    }

    /// Emits a HEARTBEAT whenever nothing was emitted for `silence` ([`pulse::SILENCE`] by the contract); off by default.
    pub const fn heartbeat(mut self, silence: Duration) -> Self {
        self.heartbeat = Some(silence);
        self
    }

    /// Shows the guard the flag that stops the trainer. A group left without an end then ends as `stopped` if the flag was
    /// raised, and as `failed` otherwise.
    pub fn stop_flag(mut self, stop: StopFlag) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Starts the threads. Dropping the guard closes the hub within `grace`.
    ///
    /// # Errors
    ///
    /// Returns an error if names or bounds are not as they must be, or if a thread could not be started.
    pub fn start(self, grace: Duration) -> Result<(Hub, Guard), StartError> {
        check(&self.sinks)?;
        let warner = Arc::new(self.warner);
        let mut doors = Vec::with_capacity(self.sinks.len());
        let mut controls = Vec::with_capacity(self.sinks.len());
        let mut tallies = Vec::with_capacity(self.sinks.len());
        let mut threads = Vec::with_capacity(self.sinks.len());
        for (name, bounds, sink) in self.sinks {
            let tally = Arc::new(Tally::new(name));
            let (queue, events): (Sender<Arc<Envelope>>, Receiver<_>) = bounded(bounds.lossless);
            let (control, requests): (Sender<Control>, Receiver<_>) = bounded(CONTROL_BOUND);
            let worker = Worker {
                sink,
                queue: events,
                control: requests,
                tally: Arc::clone(&tally),
                clock: Arc::clone(&self.clock),
                warner: Arc::clone(&warner),
                state: State::default(),
            };
            threads.push(spawn(format!("sink-{name}"), move || worker.run())?);
            doors.push(Door::new(queue, control.clone(), bounds, Arc::clone(&tally)));
            controls.push(control);
            tallies.push(tally);
        }
        let (close_over, over) = bounded(1);
        let now = self.clock.now().mono_ns;
        let stamp = Stamp {
            open: true,
            next_seq: 0,
            last: now,
            last_report: now,
            doors,
            endings: Endings::default(),
            warned_late: false,
        };
        let shared = Shared {
            run: self.run,
            group: self.group,
            clock: self.clock,
            warner,
            refused: Often::default(),
            progress: Progress::new(),
            tallies: tallies.into_boxed_slice(),
            emitted: Counter::default(),
            control: controls.into_boxed_slice(),
            closing: Closing { result: AtomicU8::new(0), over },
            loss_interval: self.loss_interval.map(nanos),
            stamp: StampLock::new(stamp),
        };
        let hub = Hub { shared: Arc::new(shared) };
        let pulse = match self.heartbeat {
            Some(silence) => {
                let (stop, stopped) = bounded(1);
                let beating = hub.clone();
                let beat = move || {
                    pulse::beat(&beating, silence, &stopped);
                    true
                };
                Some((stop, spawn("simic-pulse".to_owned(), beat)?))
            }
            None => None,
        };
        let guard = Guard::new(hub.clone(), grace, threads, pulse, self.stop, close_over);
        Ok((hub, guard))
    }
}

fn check(sinks: &[(&'static str, Bounds, Box<dyn Sink>)]) -> Result<(), StartError> {
    for (at, &(sink, bounds, _)) in sinks.iter().enumerate() {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=MAX_SINK_NAME).contains(&sink.len()) || !sink.bytes().all(fits) {
            return Err(StartError::Name { sink });
        }
        if sinks.iter().take(at).any(|(name, ..)| *name == sink) {
            return Err(StartError::SameName { sink });
        }
        if bounds.lossless <= bounds.lossy {
            return Err(StartError::Bounds { sink, bounds });
        }
    }
    Ok(())
}

/// Starts a named thread that reports its result before it ends, so that nobody has to wait for it without a limit.
fn spawn(name: String, run: impl FnOnce() -> bool + Send + 'static) -> Result<Running, StartError> {
    let (done, result) = bounded(1);
    let body = move || {
        // The guard may have stopped waiting.
        done.try_send(run()).ok();
    };
    match thread::Builder::new().name(name.clone()).spawn(body) {
        Ok(handle) => Ok(Running { handle, result }),
        Err(source) => Err(StartError::Thread { thread: name, source }),
    }
}
