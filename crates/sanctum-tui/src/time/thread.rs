//! The thread of a time machine, and the way to it.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, never, select, tick};
use leyline::ViewNs;
use nissa::recording::Recording;

use crate::clock::Clock;
use crate::latest::{Latest, latest};
use crate::time::copies::Bounds;
use crate::time::kept::{Keeper, Kept};
use crate::time::machine::{Machine, Work};
use crate::time::runs::Wanted;
use crate::time::walker::{Inputs, Walker};
use crate::time::{Ask, Outcome, Shown};

/// What waits for the machine; people do not press keys faster.
const COMMANDS: usize = 256;

/// Where the machine reads.
pub(crate) enum Origin {
    /// Twice the same run, opened: one reads ahead, one looks.
    Files(Box<Recording>, Box<Recording>),
    /// The memory of this viewer.
    Memory(Keeper),
}

/// How much of the processor it may take while it reads ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// All that there is: nothing else happens here.
    Alone,
    /// A quarter of one: a trainer may run beside it.
    Beside,
}

/// What the machine is told.
#[derive(Debug)]
enum Command {
    Ask(Ask),
    /// Stand still at the event with this number, once it was found; pictures carry this mark from then on.
    Hold {
        seq: Option<u64>,
        wanted: Wanted,
        visit: u64,
    },
}

/// The way to a time machine. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct TimeMachine {
    commands: Sender<Command>,
    /// The newest picture.
    pub(crate) pictures: Receiver<Shown>,
    _thread: JoinHandle<()>,
}

impl TimeMachine {
    /// Starts a machine.
    ///
    /// # Errors
    ///
    /// Fails if the system gives no thread.
    pub(crate) fn start(
        origin: Origin,
        manner: Manner,
        poll: Duration,
        clock: Clock,
        outcome: Option<Sender<Outcome>>,
    ) -> io::Result<Self> {
        let (commands, told) = bounded(COMMANDS);
        let (slot, pictures) = latest();
        let work = move || {
            let (head, walker) = match origin {
                Origin::Files(head, walker) => (Inputs::Recording(head), Inputs::Recording(walker)),
                Origin::Memory(keeper) => {
                    let (head, walker) = Kept::pair(keeper);
                    (Inputs::Kept(Box::new(head)), Inputs::Kept(Box::new(walker)))
                }
            };
            let (head, walker) = (Walker::new(head), Walker::new(walker));
            let machine = Machine::new(head, walker, Wanted::default(), Bounds::USUAL);
            let worker = Worker { machine, clock, manner, slot, visit: 0, failure: None };
            let ended = worker.run(&told, &tick(poll));
            // Nobody asks how a run was read that is live.
            outcome.map(|outcome| outcome.try_send(ended).ok());
        };
        let thread = Builder::new().name("sanctum-time".to_owned()).spawn(work)?;
        Ok(Self { commands, pictures, _thread: thread })
    }

    /// Asks the machine; what it has no room for is forgotten.
    pub(crate) fn ask(&self, ask: Ask) {
        self.commands.try_send(Command::Ask(ask)).ok();
    }

    /// Holds the machine at an event of a live run, in the group that is shown there.
    pub(crate) fn hold(&self, seq: Option<u64>, wanted: Wanted, visit: u64) {
        self.commands.try_send(Command::Hold { seq, wanted, visit }).ok();
    }
}

struct Worker {
    machine: Machine,
    clock: Clock,
    manner: Manner,
    slot: Latest<Shown>,
    visit: u64,
    failure: Option<nissa::RecordingError>,
}

impl Worker {
    fn run(mut self, told: &Receiver<Command>, ticks: &Receiver<std::time::Instant>) -> Outcome {
        let nothing = never();
        loop {
            let began = self.clock.now();
            let work = match self.machine.work(began) {
                Ok(work) => work,
                Err(error) => {
                    // It can still show what it knows; another ask tries again.
                    self.failure = Some(error);
                    Work::Idle
                }
            };
            if self.machine.is_changed() {
                self.publish();
            }
            let is_over = match work {
                Work::Busy => self.busy(told, ticks, Duration::ZERO),
                Work::Ahead => {
                    let rest = self.rest(began);
                    self.busy(told, ticks, rest)
                }
                Work::Idle => {
                    let ticks = if self.machine.is_at_rest() { &nothing } else { ticks };
                    select! {
                        recv(told) -> command => self.hear(command.ok()),
                        recv(ticks) -> _ => self.tick(),
                    }
                }
            };
            if is_over {
                let damage = self.machine.damage().to_vec();
                return Outcome { damage, failure: self.failure };
            }
        }
    }

    /// Looks between two pieces of work whether there is something else to do; returns whether the viewer has gone.
    fn busy(
        &mut self,
        told: &Receiver<Command>,
        ticks: &Receiver<std::time::Instant>,
        rest: Duration,
    ) -> bool {
        if ticks.try_recv().is_ok() {
            self.tick();
        }
        match told.recv_timeout(rest) {
            Ok(command) => self.hear(Some(command)),
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        }
    }

    /// Beside a trainer it rests three times as long as it read.
    fn rest(&self, began: ViewNs) -> Duration {
        match self.manner {
            Manner::Alone => Duration::ZERO,
            Manner::Beside => Duration::from_nanos(self.clock.now().0.saturating_sub(began.0)) * 3,
        }
    }

    fn hear(&mut self, command: Option<Command>) -> bool {
        match command {
            Some(Command::Ask(ask)) => self.machine.ask(ask),
            Some(Command::Hold { seq, wanted, visit }) => {
                self.visit = visit;
                self.machine.want(wanted);
                self.machine.hold_live(seq);
            }
            None => return true,
        }
        false
    }

    fn tick(&mut self) -> bool {
        if self.machine.has_moved() {
            self.publish();
        }
        self.machine.look_again();
        false
    }

    fn publish(&mut self) {
        let picture = self.machine.picture();
        self.slot.put((self.visit, Arc::new(picture)));
    }
}
