//! The thread that folds arrivals into pictures, at the pace of the frames or of the batches.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, never, select, tick};
use karn_sanctum::{Aggregator, AlertsView, Link, RunKey, Snapshot};
use leyline::{Event, Incoming};

use crate::clock::Clock;
use crate::latest::{Latest, latest};
use crate::settings;
use crate::sinks::NEWS;
use crate::sinks::watch::News;
use crate::source::feed::{Feed, Follow};
use crate::source::{Arrival, Standing};
use crate::time::kept::{self, Keeper, Memory};
use crate::time::preview;
use crate::time::runs::{Place, Runs};
use crate::time::{Comparison, Extent, Moment, Motion};

mod herald;

use herald::Herald;

/// Arrivals folded before the thread looks at the time again; few enough to take less than a millisecond.
const AT_ONCE: usize = 512;
/// Pictures that wait for the plain view; when it is that far behind, the fold waits, then the source, then the hub counts.
const PICTURES: usize = 64;
/// Requests that wait for the fold; people do not press keys faster.
const REQUESTS: usize = 16;

/// One state of one group, and what else there is.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The state of the group shown.
    pub snapshot: Snapshot,
    /// Its alerts at the same moment.
    pub alerts: Arc<AlertsView>,
    /// Every group of every run, in the order in which they began.
    pub groups: Vec<RunKey>,
    /// Place of the group shown among `groups`; 0 if there is none.
    pub shown: usize,
    /// How this viewer stands with a run of another process; `None` for one of this process, and for a recorded one.
    pub standing: Option<Standing>,
    /// Where in time it is; `None`: a picture that stands for itself, or one of a source without a time machine.
    pub moment: Option<Arc<Moment>>,
    /// What was asked to be compared.
    pub comparison: Option<Arc<Comparison>>,
    /// Whether nothing will follow: the source has ended.
    pub ended: bool,
}

impl Picture {
    /// Returns the picture before anything was received.
    pub fn empty() -> Self {
        Self::still(Snapshot::empty())
    }

    /// Returns a picture of one snapshot that stands for itself.
    pub fn still(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            alerts: Arc::new(AlertsView::empty()),
            groups: Vec::new(),
            shown: 0,
            standing: None,
            moment: None,
            comparison: None,
            ended: false,
        }
    }
}

/// What the fold may be asked.
#[derive(Debug)]
enum Request {
    ShowGroup(usize),
    Show(RunKey),
    Kept(kept::Request),
    EachBatch(Sender<Arc<Picture>>),
}

/// The thread and the ways to it.
#[derive(Debug)]
pub struct Fold {
    /// The newest picture, made at each frame; disconnected once the fold has ended.
    pub latest: Receiver<Arc<Picture>>,
    requests: Sender<Request>,
    /// What happened to alerts of a run that goes on, once it has; what was before this viewer came is none.
    pub(crate) news: Receiver<News>,
    /// Where the run is written, once that was said.
    log: Arc<OnceLock<PathBuf>>,
    /// What is kept of a run without a log, once the fold has ended.
    left: Receiver<Box<Memory>>,
    thread: Option<JoinHandle<()>>,
}

impl Fold {
    /// Starts to fold what `arrivals` brings, until it is disconnected; the last picture is marked as such.
    ///
    /// # Errors
    ///
    /// Fails if the thread cannot be started.
    pub fn start(arrivals: Receiver<Arrival>, poll: Duration, clock: Clock) -> io::Result<Self> {
        Self::spawn(arrivals, poll, clock, None)
    }

    /// Starts as [`Self::start`] does, with the queue of [`Self::each_batch`] from the first arrival on: a run can be over
    /// before somebody could ask for it.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn start_with_lines(
        arrivals: Receiver<Arrival>,
        poll: Duration,
        clock: Clock,
    ) -> io::Result<(Self, Receiver<Arc<Picture>>)> {
        let (out, pictures) = bounded(PICTURES);
        Ok((Self::spawn(arrivals, poll, clock, Some(out))?, pictures))
    }

    fn spawn(
        arrivals: Receiver<Arrival>,
        poll: Duration,
        clock: Clock,
        lines: Option<Sender<Arc<Picture>>>,
    ) -> io::Result<Self> {
        let (slot, read) = latest();
        let (requests, asked) = bounded(REQUESTS);
        let (leave, left) = bounded(1);
        let (tell, news) = bounded(NEWS);
        let log = Arc::new(OnceLock::new());
        let mut worker = Worker {
            aggregator: Aggregator::with_settings(settings::current()),
            clock,
            wanted: None,
            follow: None,
            is_begun: false,
            runs: Runs::default(),
            place: 0,
            memory: Some(Box::new(Memory::new(kept::BUDGET_BYTES))),
            log: Arc::clone(&log),
            preview: None,
            leave,
            slot: Some(slot),
            lines: None,
            herald: Herald::new(tell),
        };
        let thread = Builder::new().name("sanctum-fold".to_owned()).spawn(move || {
            if let Some(lines) = lines {
                worker.answer(Request::EachBatch(lines));
            }
            worker.run(&arrivals, &asked, &tick(poll));
        })?;
        Ok(Self { latest: read, requests, news, log, left, thread: Some(thread) })
    }

    /// Returns a fold to which nothing arrives, for a view of what was recorded.
    pub fn of_nothing() -> Self {
        let log = Arc::new(OnceLock::new());
        let (requests, left) = (bounded(1).0, bounded(1).1);
        Self { latest: never(), requests, news: never(), log, left, thread: None }
    }

    /// Returns the directory in which everything that arrived can be read.
    pub fn log(&self) -> Option<&PathBuf> {
        self.log.get()
    }

    /// Returns a way to what is kept of a run without a log.
    pub(crate) fn keeper(&self) -> Keeper {
        let requests = self.requests.clone();
        let ask = move |request| requests.send(Request::Kept(request)).is_ok();
        Keeper::new(Box::new(ask), self.left.clone())
    }

    /// Shows this group from the next picture on.
    pub fn show(&self, key: RunKey) {
        self.requests.try_send(Request::Show(key)).ok();
    }

    /// Shows another group from the next picture on.
    pub fn show_group(&self, place: usize) {
        // A fold that has ended shows nothing new.
        self.requests.try_send(Request::ShowGroup(place)).ok();
    }

    /// Returns a queue with a picture of every batch and of every change of the run's state, and of each tick while there
    /// is room. The slot gets no further pictures.
    pub fn each_batch(&self) -> Receiver<Arc<Picture>> {
        let (out, pictures) = bounded(PICTURES);
        self.requests.send(Request::EachBatch(out)).ok();
        pictures
    }

    /// Returns whether the thread ended properly; waits for that.
    pub fn join(self) -> bool {
        self.thread.is_none_or(|thread| thread.join().is_ok())
    }
}

struct Worker {
    aggregator: Aggregator,
    clock: Clock,
    wanted: Option<RunKey>,
    follow: Option<Follow>,
    /// Whether a picture with something of a run in it was made since there is a connection to follow.
    is_begun: bool,
    /// What arrived of which run, for the time bar.
    runs: Runs,
    place: u64,
    /// The run, if it is nowhere else to be read again.
    memory: Option<Box<Memory>>,
    log: Arc<OnceLock<PathBuf>>,
    /// The end of a long run, shown until a late viewer has read the run.
    preview: Option<Box<Picture>>,
    leave: Sender<Box<Memory>>,
    slot: Option<Latest<Arc<Picture>>>,
    lines: Option<Sender<Arc<Picture>>>,
    herald: Herald,
}

impl Worker {
    fn run(
        mut self,
        arrivals: &Receiver<Arrival>,
        asked: &Receiver<Request>,
        ticks: &Receiver<std::time::Instant>,
    ) {
        loop {
            select! {
                recv(arrivals) -> arrival => match arrival {
                    Ok(first) => {
                        self.fold(first);
                        arrivals.try_iter().take(AT_ONCE).for_each(|next| self.fold(next));
                        self.begin();
                    }
                    Err(_) => break,
                },
                recv(asked) -> request => match request {
                    Ok(request) => self.answer(request),
                    // The viewer has gone; what arrives now is for nobody.
                    Err(_) => return,
                },
                recv(ticks) -> _ => self.tick(),
            }
        }
        // Whatever was asked before the end still holds.
        asked.try_iter().for_each(|request| self.answer(request));
        self.publish(true);
        if let Some(memory) = self.memory.take() {
            // There is room for it, and nobody may ever want it.
            self.leave.try_send(memory).ok();
        }
    }

    fn fold(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Link(link) => {
                self.aggregator.link(link, self.clock.now());
                if let (Link::Live { from_seq }, Some(memory)) = (link, &mut self.memory) {
                    memory.live_from(from_seq);
                }
            }
            Arrival::Log(path) => {
                // What came before it is in it, too.
                self.memory = None;
                self.preview = preview::of_log(&path).map(Box::new);
                self.log.set(path).ok();
            }
            Arrival::Event(incoming) => {
                let now = self.clock.now();
                self.aggregator.apply(&incoming, now);
                self.runs.fold(&Place::of(&incoming));
                self.place += 1;
                if let Some(memory) = &mut self.memory {
                    memory.push(incoming.clone());
                }
                if let Some(follow) = &mut self.follow {
                    follow.heard(&incoming, now);
                }
                // What happened before is told when it is complete, not batch by batch.
                let is_news = self.follow.as_ref().is_none_or(|follow| !follow.is_catching_up());
                if self.lines.is_some() && is_news && deserves_a_line(&incoming) {
                    self.publish(false);
                }
            }
            Arrival::Feed(feed) => {
                let now = self.clock.now();
                if feed == Feed::Live {
                    self.preview = None;
                }
                let is_news = if let Some(follow) = &mut self.follow {
                    follow.note(feed, now)
                } else {
                    self.follow = Some(Follow::new(feed, now));
                    true
                };
                if is_news && self.lines.is_some() {
                    self.publish(false);
                }
            }
        }
    }

    /// Shows a late viewer the first that it gets of a run, without waiting for the next frame.
    fn begin(&mut self) {
        if !self.is_begun && self.follow.is_some() && self.aggregator.default_key().is_some() {
            self.is_begun = true;
            self.tick();
        }
    }

    fn answer(&mut self, request: Request) {
        match request {
            Request::ShowGroup(place) => {
                self.wanted = self.aggregator.keys().get(place).cloned();
                self.tick();
            }
            Request::Show(key) => self.wanted = Some(key),
            Request::Kept(request) => {
                if let Some(memory) = &self.memory {
                    memory.answer(&request);
                }
            }
            Request::EachBatch(out) => {
                (self.lines, self.slot) = (Some(out), None);
                // Lines cannot look back.
                self.memory = None;
                self.publish(false);
            }
        }
    }

    fn tick(&mut self) {
        self.herald.look(&self.aggregator, self.follow.as_ref(), self.clock.now());
        let picture = self.picture(false);
        if let Some(slot) = &mut self.slot {
            slot.put(picture);
        } else if let Some(lines) = &self.lines {
            // A full queue holds pictures that say more than this one.
            lines.try_send(picture).ok();
        }
    }

    fn publish(&mut self, ended: bool) {
        if ended {
            self.herald.look_last(&self.aggregator, self.clock.now());
        }
        let picture = self.picture(ended);
        if let Some(slot) = &mut self.slot {
            slot.put(picture);
        } else if let Some(lines) = &self.lines {
            // The plain view has gone, and with it whoever would read.
            lines.send(picture).ok();
        }
    }

    fn picture(&self, ended: bool) -> Arc<Picture> {
        let (groups, now) = (self.aggregator.keys(), self.clock.now());
        let key = self.wanted.clone().or_else(|| self.aggregator.default_key());
        let shown = key.as_ref().and_then(|key| groups.iter().position(|group| group == key));
        let snapshot = match &key {
            Some(key) => self.aggregator.snapshot(key, now),
            None => self.aggregator.snapshot_without_run(now),
        };
        let alerts = key.as_ref().map(|key| self.aggregator.alerts(key, now));
        let alerts = Arc::new(alerts.unwrap_or_else(AlertsView::empty));
        let shown = shown.unwrap_or(0);
        let standing = self.follow.as_ref().map(|follow| follow.standing(now));
        let moment = Some(Arc::new(self.moment(key.as_ref())));
        if let Some(preview) = self.previewed(key.as_ref()) {
            // How this viewer stands with the run is no matter of its log.
            let snapshot = Snapshot {
                connection: snapshot.connection,
                connected: snapshot.connected,
                staleness_seconds: snapshot.staleness_seconds,
                training_thread_alive: snapshot.training_thread_alive,
                ..preview.snapshot.clone()
            };
            return Arc::new(Picture { snapshot, standing, moment, ended, ..preview.clone() });
        }
        let still = Picture::still(snapshot);
        Arc::new(Picture { alerts, groups, shown, standing, moment, ended, ..still })
    }

    /// Returns the end of a long run while the run is being read for the first time.
    fn previewed(&self, key: Option<&RunKey>) -> Option<&Picture> {
        let preview = self.preview.as_deref()?;
        let is_shown = preview.groups.get(preview.shown) == Some(key?);
        let reads = self.follow.as_ref().is_some_and(Follow::is_catching_up);
        (is_shown && reads && self.lines.is_none()).then_some(preview)
    }

    /// Says where a view is that follows the run. Landmarks are known to the time machine only.
    fn moment(&self, key: Option<&RunKey>) -> Moment {
        let trace = key.and_then(|key| self.runs.trace(&key.run_id));
        Moment {
            place: self.place,
            seq: trace.and_then(|trace| trace.last_seq),
            at: trace.and_then(|trace| trace.last),
            ts: trace.and_then(|trace| trace.last_ts),
            motion: Motion::Live,
            extent: Extent {
                first: 0,
                last: self.place,
                times: trace.and_then(|trace| trace.first.zip(trace.last)),
                landmarks: Arc::from([]),
                reading: None,
            },
        }
    }
}

/// Returns whether the plain view is to see the state right after this event: batches, and what begins, ends or endangers
/// a run.
fn deserves_a_line(incoming: &Incoming) -> bool {
    match incoming {
        Incoming::Known(envelope) => match &envelope.event {
            Event::TrainingStarted(_)
            | Event::TrainingFinished(_)
            | Event::BatchEpochCompleted(_)
            | Event::EmitterLoss(_)
            | Event::GradientAnomaly(_)
            | Event::RatioExplosionDetected(_)
            | Event::RatioCollapseDetected(_)
            | Event::ValueCollapseDetected(_)
            | Event::NumericalInstabilityDetected(_)
            | Event::PlateauDetected(_)
            | Event::DegradationDetected(_)
            | Event::ImprovementDetected(_)
            | Event::MemoryWarning(_) => true,
            Event::EpochCompleted(_)
            | Event::PpoUpdateCompleted(_)
            | Event::EpisodeOutcome(_)
            | Event::SystemVitals(_)
            | Event::CheckpointSaved(_)
            | Event::CheckpointLoaded(_)
            | Event::Heartbeat(_)
            | Event::Metric(_) => false,
        },
        Incoming::Unknown(_) => false,
        Incoming::Rejected(_) => true,
    }
}

#[cfg(test)]
mod tests;
