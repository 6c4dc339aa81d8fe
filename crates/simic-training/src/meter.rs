//! Where the time of a batch goes: laps on the clocks of the hub, each charged to one part.

use leyline::RunNs;
use simic_emitter::Hub;

use crate::emission::BatchTimes;

/// A lap in which the thread did not run for at least this long was a pause (nanoseconds). No scheduler keeps a thread
/// that wants to run waiting for so long; a stopped process (`SIGSTOP`, Ctrl-Z) or a machine that slept does.
const PAUSE_NS: u64 = 1_000_000_000;
const NANOS: f64 = 1e9;

/// What a lap was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Taking steps in the environments.
    Collect,
    /// The update.
    Update,
    /// Trying the policy out.
    Evaluate,
    /// Writing a checkpoint.
    Checkpoint,
    /// Telling the hub what happened. All of it counts, also time in which the thread did not run.
    Emit,
}

/// Adds up laps from the end of one batch to the end of the next. Everything since the lap before belongs to a lap, so the
/// parts and the waiting are the whole.
#[derive(Debug)]
pub struct Meter {
    hub: Hub,
    at: RunNs,
    /// How long the thread had run then.
    ran: Option<u64>,
    sums: Sums,
    pauses: u64,
    /// `None`: nobody knows.
    resumes: Option<u64>,
}

/// Nanoseconds since the end of the batch before.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    whole: u64,
    collect: u64,
    update: u64,
    /// `None`: this run does not.
    evaluate: Option<u64>,
    checkpoint: Option<u64>,
    emit: u64,
    /// `None` once a lap did not know.
    wait: Option<u64>,
}

impl Meter {
    /// Returns a meter that begins now.
    pub fn new(hub: &Hub) -> Self {
        let (at, ran) = (hub.now().mono_ns, hub.thread_cpu_ns());
        let sums = nothing(ran.is_some(), None);
        Self { hub: hub.clone(), at, ran, sums, pauses: 0, resumes: Some(0) }
    }

    /// Notes that this run tries its policy out: a batch in which it did not spent 0 seconds on it, instead of not having such a
    /// part.
    pub const fn expect_evaluations(&mut self) {
        self.sums.evaluate = Some(0);
    }

    /// Notes that the training goes on from a checkpoint, as it had done `before` times; `None`: nobody knows.
    pub const fn resumed(&mut self, before: Option<u64>) {
        self.resumes = match before {
            Some(before) => Some(before.saturating_add(1)),
            None => None,
        };
    }

    /// Returns how often the training was taken up again; `None`: nobody knows.
    pub const fn resumes(&self) -> Option<u64> {
        self.resumes
    }

    /// Begins anew, on the thread that trains.
    pub fn begin(&mut self) {
        (self.at, self.ran) = (self.hub.now().mono_ns, self.hub.thread_cpu_ns());
        self.sums = nothing(self.ran.is_some(), self.sums.evaluate);
    }

    /// Charges the time since the lap before to a part, but for the time in which the thread did not run.
    pub fn lap(&mut self, part: Part) {
        let (at, ran) = (self.hub.now().mono_ns, self.hub.thread_cpu_ns());
        let wall = at.0.saturating_sub(self.at.0);
        let idle = match (self.ran, ran) {
            (Some(before), Some(now)) => Some(wall.saturating_sub(now.saturating_sub(before))),
            (None, _) | (_, None) => None,
        };
        (self.at, self.ran) = (at, ran);
        self.pauses += u64::from(idle.is_some_and(|idle| PAUSE_NS <= idle));
        let sums = &mut self.sums;
        sums.whole += wall;
        if part == Part::Emit {
            sums.emit += wall;
            return;
        }
        let busy = wall - idle.unwrap_or(0);
        match part {
            Part::Collect => sums.collect += busy,
            Part::Update => sums.update += busy,
            Part::Evaluate => sums.evaluate = Some(sums.evaluate.unwrap_or(0) + busy),
            Part::Checkpoint => sums.checkpoint = Some(sums.checkpoint.unwrap_or(0) + busy),
            Part::Emit => {}
        }
        sums.wait = sums.wait.zip(idle).map(|(wait, idle)| wait + idle);
    }

    /// Returns where the time went since the close before, and begins anew. What passed since the latest lap belongs to the
    /// next batch.
    pub fn close(&mut self) -> BatchTimes {
        let seconds = |nanos: u64| nanos as f64 / NANOS;
        let knows = self.ran.is_some();
        let next = nothing(knows, self.sums.evaluate);
        let Sums { whole, collect, update, evaluate, checkpoint, emit, wait } =
            std::mem::replace(&mut self.sums, next);
        BatchTimes {
            batch: seconds(whole),
            collect: seconds(collect),
            update: seconds(update),
            evaluate: evaluate.map(seconds),
            checkpoint: checkpoint.map(seconds),
            wait: wait.map(seconds),
            emit: seconds(emit),
            pauses: knows.then_some(self.pauses),
            resumes: self.resumes,
        }
    }
}

/// Returns sums of no time; `evaluate`: an earlier sum, if this run evaluates.
fn nothing(knows_wait: bool, evaluate: Option<u64>) -> Sums {
    let (wait, evaluate) = (knows_wait.then_some(0), evaluate.map(|_| 0));
    Sums { evaluate, wait, ..Sums::default() }
}
