//! The threads behind a view: the source, the fold, and the ways to stop a trainer in this process.

use std::cell::{Cell, OnceCell};
use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender, after, bounded, never, select};
use nissa::Recording;
use simic_emitter::{StopFlag, StopLevel};

use crate::clock::Clock;
use crate::fold::{Fold, Picture};
use crate::source::{Arrival, Source};
use crate::terminal;
use crate::time::runs::Wanted;
use crate::time::thread::{Manner, Origin, TimeMachine};
use crate::time::{Ask, Outcome, Shown};

/// Arrivals that wait for the fold: some milliseconds of a fast run.
const ARRIVALS: usize = 4096;
/// How long a trainer that must stop now may take to finish its batch.
const BATCH_GRACE: Duration = Duration::from_millis(1500);
/// How long it may take after that to stop within the batch; with the above the 2 s that a SIGTERM gives it.
const STEP_GRACE: Duration = Duration::from_millis(500);

/// Everything that runs while a run is shown.
#[derive(Debug)]
pub struct Session {
    /// The viewer's clock.
    pub clock: Clock,
    /// The fold.
    pub fold: Fold,
    /// Stops the trainer, if it runs in this process.
    pub trainer: Option<StopFlag>,
    stop: StopFlag,
    source: Option<JoinHandle<anyhow::Result<()>>>,
    poll: Duration,
    past: Past,
}

/// How this view stands with the time machine.
#[derive(Debug, Default)]
struct Past {
    /// Started at the first ask.
    machine: OnceCell<TimeMachine>,
    /// Whether there is nothing but the past: the run was recorded.
    is_all: bool,
    /// Whether the view is in the past of a live run.
    is_shown: Cell<bool>,
    /// How often it went there.
    visits: Cell<u64>,
    /// Whether somebody chose a group.
    is_chosen: Cell<bool>,
}

impl Session {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// Fails if the system gives no thread.
    pub fn start(source: Box<dyn Source>, poll: Duration) -> io::Result<Self> {
        let clock = Clock::new();
        let (out, arrivals) = bounded(ARRIVALS);
        Self::begin(source, poll, clock, Fold::start(arrivals, poll, clock)?, out)
    }

    /// Starts the threads for a view of lines, with the pictures that it prints, from the first arrival on.
    ///
    /// # Errors
    ///
    /// Fails if the system gives no thread.
    pub fn start_with_lines(
        source: Box<dyn Source>,
        poll: Duration,
    ) -> io::Result<(Self, Receiver<Arc<Picture>>)> {
        let clock = Clock::new();
        let (out, arrivals) = bounded(ARRIVALS);
        let (fold, pictures) = Fold::start_with_lines(arrivals, poll, clock)?;
        Ok((Self::begin(source, poll, clock, fold, out)?, pictures))
    }

    fn begin(
        source: Box<dyn Source>,
        poll: Duration,
        clock: Clock,
        fold: Fold,
        out: Sender<Arrival>,
    ) -> io::Result<Self> {
        let (stop, trainer) = (StopFlag::new(), source.trainer());
        let flag = stop.clone();
        let source = Builder::new()
            .name("sanctum-source".to_owned())
            .spawn(move || source.run(&out, &flag))?;
        let (source, past) = (Some(source), Past::default());
        Ok(Self { clock, fold, trainer, stop, source, poll, past })
    }

    /// Starts to show what was recorded; `outcome` hears at the end how the reading went.
    ///
    /// # Errors
    ///
    /// Fails if the system gives no thread.
    pub fn replay(
        [head, walker]: [Recording; 2],
        poll: Duration,
        outcome: Sender<Outcome>,
    ) -> io::Result<Self> {
        let (clock, fold) = (Clock::new(), Fold::of_nothing());
        let origin = Origin::Files(Box::new(head), Box::new(walker));
        let machine = TimeMachine::start(origin, Manner::Alone, poll, clock, Some(outcome))?;
        let past = Past { machine: OnceCell::from(machine), is_all: true, ..Past::default() };
        Ok(Self { clock, fold, trainer: None, stop: StopFlag::new(), source: None, poll, past })
    }

    /// Asks the trainer in this process, if there is one, to stop.
    pub fn stop_trainer(&self, level: StopLevel) {
        if let Some(trainer) = &self.trainer {
            trainer.request(level);
        }
    }

    /// Asks the time machine; `shown` is what the view shows, from where a live one sets out.
    pub fn ask(&self, ask: Ask, shown: &Picture) {
        let Past { is_all, is_shown, visits, is_chosen, machine: _ } = &self.past;
        if !is_all && !is_shown.get() {
            if ask == Ask::Live {
                return;
            }
            if let Ask::Group(key) = ask {
                return self.show(key);
            }
        }
        let Some(machine) = self.machine() else { return };
        if *is_all {
            return machine.ask(ask);
        }
        if ask == Ask::Live {
            is_shown.set(false);
            // It rests until it is asked again, and what it still shows comes too late.
            return machine.ask(Ask::Hold(None));
        }
        if let Ask::Group(key) = &ask {
            self.show(key.clone());
        }
        if is_shown.replace(true) {
            return machine.ask(ask);
        }
        visits.set(visits.get() + 1);
        let key = shown.groups.get(shown.shown).filter(|_| is_chosen.get());
        let seq = shown.moment.as_ref().and_then(|moment| moment.seq);
        machine.hold(seq, key.cloned().map_or_else(Wanted::default, Wanted::from), visits.get());
        if !matches!(ask, Ask::Hold(_)) {
            machine.ask(ask);
        }
    }

    /// Shows a group of the run from now on, by its place among the groups of `shown`.
    pub fn show_group(&self, place: usize, shown: &Picture) {
        if let Some(key) = shown.groups.get(place) {
            self.show(key.clone());
        }
    }

    fn show(&self, key: karn_sanctum::RunKey) {
        self.past.is_chosen.set(true);
        self.fold.show(key);
    }

    /// Returns whether there is nothing but the past: the run was recorded.
    pub const fn is_replay(&self) -> bool {
        self.past.is_all
    }

    /// Returns where pictures of the past come from; nothing comes before something was asked.
    pub fn past(&self) -> Receiver<Shown> {
        self.past.machine.get().map_or_else(never, |machine| machine.pictures.clone())
    }

    /// Returns whether a picture of the past is to be shown: not after a return to the present.
    pub const fn is_shown(&self, visit: u64) -> bool {
        self.past.is_all || self.past.is_shown.get() && visit == self.past.visits.get()
    }

    /// Starts the time machine, unless it runs; `None` if there is nothing that it could read.
    fn machine(&self) -> Option<&TimeMachine> {
        if self.past.machine.get().is_none() {
            let origin = match self.fold.log() {
                None => Origin::Memory(self.fold.keeper()),
                Some(path) => {
                    let open = || Recording::open(path).map(Box::new);
                    match open().and_then(|head| Ok((head, open()?))) {
                        Ok((head, walker)) => Origin::Files(head, walker),
                        Err(error) => {
                            terminal::note(format!("cannot look back: {error}"));
                            return None;
                        }
                    }
                }
            };
            let beside = Manner::Beside;
            match TimeMachine::start(origin, beside, self.poll, self.clock, None) {
                Ok(machine) => self.past.machine.set(machine).ok()?,
                Err(error) => {
                    terminal::note(format!("cannot look back: {error}"));
                    return None;
                }
            }
        }
        self.past.machine.get()
    }

    /// Stops the trainer and waits for its end to arrive, as long as a signal allows: the batch in progress, then the step
    /// in progress. Returns the last picture, or `None` if it did not arrive in time.
    pub fn stop_in_time(&self, pictures: &Receiver<Arc<Picture>>) -> Option<Arc<Picture>> {
        self.trainer.as_ref()?;
        self.stop_trainer(StopLevel::AfterBatch);
        last_picture(pictures, BATCH_GRACE).or_else(|| {
            self.stop_trainer(StopLevel::Now);
            last_picture(pictures, STEP_GRACE)
        })
    }

    /// Ends a session whose last picture has arrived.
    ///
    /// # Errors
    ///
    /// Returns what broke the source.
    pub fn finish(self) -> anyhow::Result<()> {
        self.stop.request(StopLevel::Now);
        anyhow::ensure!(self.fold.join(), "the thread sanctum-fold panicked");
        let Some(source) = self.source else { return Ok(()) };
        match source.join() {
            Ok(read) => read.context("cannot read the run"),
            Err(_) => anyhow::bail!("the thread sanctum-source panicked"),
        }
    }

    /// Leaves a session whose source goes on or does not answer; its threads end with the process.
    pub fn abandon(self) {
        self.stop.request(StopLevel::Now);
    }
}

/// Waits for the picture after which nothing follows.
fn last_picture(pictures: &Receiver<Arc<Picture>>, patience: Duration) -> Option<Arc<Picture>> {
    let over = after(patience);
    loop {
        select! {
            recv(pictures) -> picture => {
                let picture = picture.ok()?;
                if picture.ended {
                    return Some(picture);
                }
            },
            recv(over) -> _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::{Select, Sender};
    use leyline::demo::{self, Scenario};

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    /// What a source does after it has sent a scenario.
    enum Then {
        End,
        Fail,
        Panic,
        /// Goes on until its trainer is asked to stop.
        Train(StopFlag, StopLevel),
    }

    struct Script(Then);

    impl Source for Script {
        fn run(self: Box<Self>, out: &Sender<Arrival>, _: &StopFlag) -> anyhow::Result<()> {
            for incoming in demo::incoming(Scenario::Calm, 1) {
                out.send(Arrival::Event(incoming))?;
            }
            match self.0 {
                Then::End => Ok(()),
                Then::Fail => anyhow::bail!("the disk is gone"),
                Then::Panic => panic!("this is part of the test"),
                Then::Train(stop, level) => {
                    let mut asked = Select::new();
                    stop.add_to(&mut asked, level);
                    asked.ready();
                    Ok(())
                }
            }
        }

        fn trainer(&self) -> Option<StopFlag> {
            if let Then::Train(stop, _) = &self.0 { Some(stop.clone()) } else { None }
        }
    }

    fn session(then: Then) -> Session {
        Session::start(Box::new(Script(then)), LONG).unwrap()
    }

    #[track_caller]
    fn check_end(then: Then, expected: Option<&str>) {
        let session = session(then);
        assert!(session.fold.latest.recv_timeout(LONG).unwrap().ended);
        let told = session.finish().err().map(|error| format!("{error:#}"));
        assert_eq!(told.as_deref(), expected);
    }

    #[test]
    fn a_source_that_ends_fails_or_panics_ends_the_pictures() {
        check_end(Then::End, None);
        check_end(Then::Fail, Some("cannot read the run: the disk is gone"));
        check_end(Then::Panic, Some("the thread sanctum-source panicked"));
    }

    #[test]
    fn a_trainer_gets_time_for_its_batch_and_then_for_its_step() {
        for level in [StopLevel::AfterBatch, StopLevel::Now] {
            let session = session(Then::Train(StopFlag::new(), level));
            let last = session.stop_in_time(&session.fold.latest).expect("it stops in time");
            assert!(last.ended);
            assert!(session.finish().is_ok());
        }
    }

    #[test]
    fn nothing_is_waited_for_where_nothing_trains() {
        let session = session(Then::End);
        assert!(session.stop_in_time(&session.fold.latest).is_none());
    }
}
