//! Folds what arrives into the state that snapshots are taken from.

use std::collections::BTreeMap;
use std::sync::Arc;

use leyline::word::ClosedWord;
use leyline::{Incoming, Reason, Rejection, RunId, Timestamp, ViewNs};

use crate::alert::AlertsView;
use crate::log::LogLine;
use crate::settings::Settings;
use crate::snapshot::{RunKey, Snapshot};

mod budget;
mod clock;
mod env;
mod episode;
mod group;
mod latest;
mod lines;
mod link;
mod metric;
mod policy;
mod progress;
mod run;
mod soft;
mod telemetry;
mod vitals;
mod watch;

pub use latest::{GroupPlace, Latest};
pub use link::Link;

use lines::Log;
use link::Source;
use run::Run;
use telemetry::Telemetry;

/// Most runs kept side by side, so that no source can use up the memory; rows of further ones are rejected.
pub const MAX_RUNS: usize = 1024;

/// A pure fold of events and link changes; the same calls give the same snapshots.
///
/// Nothing that arrives is fatal: a bad event is counted, shown in the event log, and the fold goes on.
#[derive(Debug, Clone, Default)]
pub struct Aggregator {
    runs: Vec<Run>,
    places: BTreeMap<RunId, usize>,
    /// Run of the latest row: rows without a readable run count for it.
    latest_run: Option<usize>,
    /// Rows that came before any row with a run.
    lobby: Telemetry,
    lobby_log: Log,
    source: Source,
    /// Where the live part begins, said before there was a run.
    live_from: Option<u64>,
    /// Starts seen so far, to order runs and groups by.
    starts: u64,
    settings: Arc<Settings>,
}

/// Gives every reading of a snapshot that was edited the verdict that its value deserves, by the limits of its fold.
///
/// Values stay as they are, also those that follow from other ones (`policy.entropy_collapsed`, `vitals.has_memory_alarm`). A
/// folded snapshot does not change.
pub fn judge(snapshot: &mut Snapshot) {
    let settings = Arc::clone(&snapshot.settings);
    policy::judge(&mut snapshot.policy, &settings);
    episode::judge(&mut snapshot.episodes);
    vitals::judge(&mut snapshot.vitals, &settings);
    budget::judge(&mut snapshot.budget);
}

impl Aggregator {
    /// Returns an aggregator that has heard nothing; the source counts as open.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an aggregator that has heard nothing and judges by these settings.
    pub fn with_settings(settings: Arc<Settings>) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Folds one input, received at a moment of the viewer's clock (in a replay: of the replay clock).
    pub fn apply(&mut self, incoming: &Incoming, received: ViewNs) {
        match incoming {
            Incoming::Known(envelope) => match self.run(&envelope.run_id) {
                Some(at) => self.runs[at].apply(envelope, received, &mut self.starts),
                None => self.refuse(envelope.ts, envelope.event.kind().as_str()),
            },
            Incoming::Unknown(event) => match self.run(&event.run_id) {
                Some(at) => self.runs[at].unknown(event, received),
                None => self.refuse(event.ts, &event.event_type),
            },
            Incoming::Rejected(rejection) => self.reject(rejection),
        }
    }

    /// Notes a change of the link. Sources say when it happened; no rule depends on that so far.
    pub fn link(&mut self, link: Link, _at: ViewNs) {
        match link {
            Link::Open => self.source.set_closed(false),
            Link::Closed => self.source.set_closed(true),
            Link::TrainerAlive(alive) => self.source.set_trainer_alive(alive),
            Link::Live { from_seq } => match self.latest_run {
                Some(at) => self.runs[at].telemetry.sequence.go_live(from_seq),
                None => self.live_from = Some(from_seq),
            },
        }
    }

    /// Returns the groups of all runs in the order in which they were first heard of.
    ///
    /// A run of which only rejected rows came stands there with the group `default`.
    pub fn keys(&self) -> Vec<RunKey> {
        self.runs.iter().flat_map(Run::keys).collect()
    }

    /// Returns what to show when nobody chose: in the run that started last the group that started first.
    ///
    /// Runs and groups whose start was not seen come after those whose start was; `None` before the first row of a run.
    pub fn default_key(&self) -> Option<RunKey> {
        let started = self.runs.iter().filter(|run| run.first_start().is_some());
        let latest = started.max_by_key(|run| run.first_start());
        latest.or(self.runs.last()).map(Run::default_key)
    }

    /// Takes a picture of a group at a moment of the clock that `apply` got its times from.
    ///
    /// For a group that nothing is known of, it is that of [`Self::snapshot_without_run`] with the counters of the run.
    pub fn snapshot(&self, key: &RunKey, now: ViewNs) -> Snapshot {
        match self.places.get(&key.run_id) {
            Some(&at) => self.runs[at].snapshot(&key.group_id, self.source, now),
            None => self.snapshot_without_run(now),
        }
    }

    /// Takes a picture while there is no run: rejected rows that belong to none are counted and shown here until the
    /// first run comes and takes them over.
    pub fn snapshot_without_run(&self, _now: ViewNs) -> Snapshot {
        self.source.bare_snapshot(None, self.lobby.view(), &self.lobby_log)
    }

    /// Returns the alerts of a group at a moment of the clock that `apply` got its times from: those that the fold has seen
    /// begin, and what silence means by then. None for a group that nothing is known of.
    pub fn alerts(&self, key: &RunKey, now: ViewNs) -> AlertsView {
        let run = self.places.get(&key.run_id).map(|&at| &self.runs[at]);
        run.and_then(|run| run.alerts(&key.group_id, now)).unwrap_or_else(AlertsView::empty)
    }

    fn reject(&mut self, rejection: &Rejection) {
        let own = rejection.run_id.as_ref().and_then(|id| self.run(id));
        if let Some(at) = own.or(self.latest_run) {
            self.runs[at].reject(rejection);
        } else {
            self.lobby.count_received();
            self.lobby.count_rejected();
            self.lobby_log.push(Arc::new(LogLine::of_rejection(rejection, None)));
        }
    }

    /// Rejects a row of one run too many; it counts for the run of the row before.
    fn refuse(&mut self, ts: Timestamp, event_type: &str) {
        self.reject(&Rejection {
            reason: Reason::BadValue("run_id".to_owned()),
            run_id: None,
            group_id: None,
            seq: None,
            ts: Some(ts),
            event_type: Some(event_type.to_owned()),
            v: None,
        });
    }

    /// Returns the place of a run and makes it if there is room; the first one takes over what waited for a run.
    fn run(&mut self, id: &RunId) -> Option<usize> {
        if let Some(at) = self.latest_run.filter(|&at| self.runs[at].id == *id) {
            return Some(at);
        }
        let at = match self.places.get(id) {
            Some(&at) => at,
            None if MAX_RUNS <= self.runs.len() => return None,
            None => self.add_run(id),
        };
        self.latest_run = Some(at);
        Some(at)
    }

    fn add_run(&mut self, id: &RunId) -> usize {
        let mut run = Run::new(id.clone(), Arc::clone(&self.settings));
        if let Some(from_seq) = self.live_from.take() {
            run.telemetry.sequence.go_live(from_seq);
        }
        if self.runs.is_empty() {
            run.telemetry.inherit(&self.lobby);
            run.lobby = std::mem::take(&mut self.lobby_log);
        }
        self.places.insert(id.clone(), self.runs.len());
        self.runs.push(run);
        self.runs.len() - 1
    }
}
