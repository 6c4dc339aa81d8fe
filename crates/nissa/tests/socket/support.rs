//! A run with a socket, and viewers that note what they get.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, after, bounded};
use leyline::{Event, GroupId, Heartbeat, Incoming, Phase, RunId, Timestamp, TrainingStarted};
use nissa::log::sink::{Fsync, LogSink};
use nissa::manifest::Manifest;
use nissa::socket::message::Protocols;
use nissa::socket::{
    About, Attachment, Backoff, Client, ClientError, Endpoint, Greeting, Heard, Limits, Link,
    Server, Step, Token, serve,
};
use nissa::{Read, Recording, RunDir};
use simic_emitter::{
    Bounds, Clock, Draft, Guard, Hub, HubBuilder, ManualClock, Sink, StopFlag, StopLevel,
};
use tempfile::TempDir;

/// Longer than anything here takes, unless it never ends.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A run of this process that listens at `run.sock`.
pub(crate) struct Run {
    pub(crate) hub: Hub,
    pub(crate) guard: Guard,
    pub(crate) server: Server,
    pub(crate) at: Endpoint,
    pub(crate) clock: Arc<ManualClock>,
    /// Run directory, if there is a log.
    pub(crate) log: Option<PathBuf>,
}

/// What a run is made of.
pub(crate) struct Setup {
    pub(crate) limits: Limits,
    pub(crate) has_log: bool,
    /// Of the socket's queue in the hub.
    pub(crate) bounds: Bounds,
    pub(crate) name: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        Self { limits: Limits::default(), has_log: true, bounds: Bounds::default(), name: "run" }
    }
}

impl Setup {
    pub(crate) fn without_log() -> Self {
        Self { has_log: false, ..Self::default() }
    }

    pub(crate) fn start(self, root: &TempDir) -> Run {
        self.start_with(root, |sink| sink)
    }

    /// Starts the run with something around the sink for viewers.
    pub(crate) fn start_with<S: Sink>(
        self,
        root: &TempDir,
        around: impl FnOnce(nissa::socket::SocketSink) -> S,
    ) -> Run {
        let Self { limits, has_log, bounds, name } = self;
        let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
        let (dir, run) = RunDir::create(root.path(), &RunId::new(name).expect("what a test needs"))
            .expect("what a test needs");
        let manifest = Manifest::new(run.clone(), clock.now().ts);
        let log = has_log.then(|| dir.path().to_owned());
        let about = About {
            run_id: run.clone(),
            nonce: manifest.nonce,
            started: manifest.started,
            host: Some("here".to_owned()),
            log: log.clone(),
        };
        let (sink, mut server) = serve(about, limits, Arc::clone(&clock) as _);
        let at = server.listen_unix(&root.path().join("run.sock")).expect("what a test needs");
        let mut builder =
            HubBuilder::new(run, GroupId::default(), Arc::clone(&clock) as _).loss_interval(None);
        if has_log {
            let sink = LogSink::create(&dir, &manifest, Fsync::Never).expect("what a test needs");
            builder = builder.sink("log", LogSink::BOUNDS, sink);
        }
        let (hub, guard) =
            builder.sink("socket", bounds, around(sink)).start(LONG).expect("what a test needs");
        Run { hub, guard, server, at, clock, log }
    }
}

impl Run {
    /// Emits one start and then heartbeats, `count` events in all.
    pub(crate) fn emit(&self, count: u64) {
        for n in 0..count {
            self.hub.emit(Draft::new(heartbeat()).with_message(format!("event {n}")));
        }
    }

    /// Waits until every sink has handed on what was emitted.
    pub(crate) fn settle(&self) {
        assert!(self.hub.flush(LONG));
    }

    /// Ends the run as it ends by itself: hub first.
    pub(crate) fn end(self) -> bool {
        let Self { hub, guard, server, at: _, clock: _, log: _ } = self;
        let closed = guard.close(LONG);
        drop(hub);
        server.close(LONG) && closed
    }

    /// Returns everything that the log has.
    pub(crate) fn recorded(&self) -> Vec<Incoming> {
        recorded(self.log.as_ref().expect("what a test needs"))
    }
}

pub(crate) fn recorded(log: &std::path::Path) -> Vec<Incoming> {
    let mut recording = Recording::open(log).expect("a log");
    let mut events = Vec::new();
    while let Read::Event(event) = recording.read().expect("a log") {
        events.push(event);
    }
    events
}

pub(crate) const fn heartbeat() -> Event {
    Event::Heartbeat(Heartbeat { phase: Phase::Collecting, batch_idx: None, inner_epoch: None })
}

pub(crate) fn started() -> Event {
    Event::TrainingStarted(Box::new(TrainingStarted {
        task: "t".to_owned(),
        n_envs: None,
        max_epochs: None,
        max_batches: 1,
        start_batch: 0,
        requested_batches: None,
        start_episodes: None,
        host_params: None,
        reward_mode: None,
        max_entropy: None,
        success_return: None,
        seed: None,
        device: None,
        resumed_from: None,
        hyperparams: None,
    }))
}

pub(crate) fn greeting(token: Option<Token>) -> Greeting {
    Greeting { token, program: "test".to_owned(), protocols: Protocols::OWN }
}

pub(crate) fn connect(at: &Endpoint) -> Result<Client, ClientError> {
    Client::connect(at, &greeting(None), LONG, &StopFlag::new())
}

/// Reads until the live part begins; returns its first number and the numbers before.
pub(crate) fn until_live(client: &mut Client) -> (u64, Vec<u64>) {
    let mut before = Vec::new();
    loop {
        match client.read(Some(LONG)).expect("what a test needs") {
            Heard::Live { from } => return (from, before),
            Heard::Event(event) => before.extend(seq(&event)),
            other @ (Heard::Fetched { .. } | Heard::Closing(_) | Heard::TimedOut) => {
                panic!("{other:?}")
            }
        }
    }
}

pub(crate) fn seq(incoming: &Incoming) -> Option<u64> {
    match incoming {
        Incoming::Known(event) => Some(event.seq),
        Incoming::Unknown(event) => Some(event.seq),
        Incoming::Rejected(rejection) => rejection.seq,
    }
}

/// Whether a viewer reads the log itself or asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Local,
    Asking,
}

/// A viewer on a thread of its own.
pub(crate) struct Viewer {
    pub(crate) steps: Receiver<Step>,
    pub(crate) stop: StopFlag,
    thread: JoinHandle<Option<u64>>,
}

impl Viewer {
    pub(crate) fn start(at: &Endpoint, way: Way) -> Self {
        let quick = Backoff::new(Duration::from_millis(1), Duration::from_millis(10));
        let mut attachment = Attachment::new(at.clone(), greeting(None)).with_backoff(quick);
        if way == Way::Asking {
            attachment = attachment.with_log(Box::new(|_| None));
        }
        let (sender, steps) = bounded(50_000);
        let stop = StopFlag::new();
        let flag = stop.clone();
        let body = move || {
            attachment
                .run(&flag, &mut |step| sender.try_send(step).is_ok())
                .expect("what a test needs");
            attachment.have()
        };
        let thread =
            Builder::new().name("viewer".to_owned()).spawn(body).expect("what a test needs");
        Self { steps, stop, thread }
    }

    /// Waits until a step is of some kind, and returns the events before it.
    #[track_caller]
    pub(crate) fn until(&self, mut wanted: impl FnMut(&Step) -> bool) -> Vec<Incoming> {
        let mut events = Vec::new();
        loop {
            let step = self.steps.recv_timeout(LONG).expect("a step");
            let is_wanted = wanted(&step);
            if let Step::Event(event) = step {
                events.push(event);
            }
            if is_wanted {
                return events;
            }
        }
    }

    /// Waits for an event with this number, and returns all up to it.
    #[track_caller]
    pub(crate) fn until_seq(&self, last: u64) -> Vec<Incoming> {
        self.until(|step| matches!(step, Step::Event(event) if seq(event) == Some(last)))
    }

    #[track_caller]
    pub(crate) fn until_live(&self) -> Vec<Incoming> {
        self.until(|step| matches!(step, Step::Link(Link::Live { .. })))
    }

    #[track_caller]
    pub(crate) fn until_over(&self) -> Vec<Incoming> {
        self.until(|step| matches!(step, Step::Link(Link::Over)))
    }

    /// Leaves, and returns the last number handed over.
    pub(crate) fn leave(self) -> Option<u64> {
        self.stop.request(StopLevel::Now);
        self.thread.join().expect("what a test needs")
    }
}

/// Asks until the answer is yes, for as long as anything here may take.
#[track_caller]
pub(crate) fn eventually(mut is_so: impl FnMut() -> bool) {
    let (deadline, nap) = (after(LONG), Duration::from_millis(1));
    while !is_so() {
        assert!(deadline.recv_timeout(nap).is_err(), "it never became so");
    }
}
