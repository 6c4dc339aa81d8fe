//! One run: its groups and what they share.

use std::sync::Arc;

use leyline::validate::{self, MAX_GROUPS};
use leyline::word::ClosedWord;
use leyline::{
    Envelope, Event, GroupId, Reason, Rejection, RunId, Timestamp, UnknownEvent, ViewNs,
};

use crate::aggregator::group::Group;
use crate::aggregator::lines::Log;
use crate::aggregator::link::Source;
use crate::aggregator::metric::Names;
use crate::aggregator::soft::Warned;
use crate::aggregator::telemetry::Telemetry;
use crate::alert::AlertsView;
use crate::log::LogLine;
use crate::settings::Settings;
use crate::snapshot::{RunKey, Snapshot};

/// A run.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) telemetry: Telemetry,
    pub(super) groups: Vec<Group>,
    /// Lines that wait for the first group.
    pub(super) lobby: Log,
    warned: Warned,
    names: Names,
    /// Group of the latest row, because most rows are of the same group as the one before.
    pub(super) latest_group: usize,
    latest_ts: Option<Timestamp>,
    settings: Arc<Settings>,
}

impl Run {
    pub(super) fn new(id: RunId, settings: Arc<Settings>) -> Self {
        Self {
            id,
            telemetry: Telemetry::default(),
            groups: Vec::new(),
            lobby: Log::new(),
            warned: Warned::new(),
            names: Names::default(),
            latest_group: 0,
            latest_ts: None,
            settings,
        }
    }

    /// Returns which start of the source the first one of this run was; `None` before it.
    pub(super) fn first_start(&self) -> Option<u64> {
        self.groups.iter().filter_map(|group| group.first_start).min()
    }

    /// Returns the keys of the groups in the order in which they were first heard of, never none.
    pub(super) fn keys(&self) -> Vec<RunKey> {
        let key = |group_id| RunKey { run_id: self.id.clone(), group_id };
        if self.groups.is_empty() {
            return vec![key(GroupId::default())];
        }
        self.groups.iter().map(|group| key(group.id.clone())).collect()
    }

    /// Returns the key of the group that started first, else of the one first heard of.
    pub(super) fn default_key(&self) -> RunKey {
        let started = self.groups.iter().filter(|group| group.first_start.is_some());
        let first = started.min_by_key(|group| group.first_start).or(self.groups.first());
        let group_id = first.map_or_else(GroupId::default, |group| group.id.clone());
        RunKey { run_id: self.id.clone(), group_id }
    }

    /// Takes a picture of a group; of a group that is not here only the counters of the run.
    pub(super) fn snapshot(&self, group: &GroupId, source: Source, now: ViewNs) -> Snapshot {
        let telemetry = self.telemetry.view();
        match self.find(group) {
            Some(at) => self.groups[at].snapshot(self.id.clone(), telemetry, source, now),
            None => source.bare_snapshot(Some(self.id.clone()), telemetry, &self.lobby),
        }
    }

    /// Returns the alerts of a group, if it is here.
    pub(super) fn alerts(&self, group: &GroupId, now: ViewNs) -> Option<AlertsView> {
        self.find(group).map(|at| self.groups[at].alerts(now))
    }

    /// Folds an event; `starts` counts the starts of the source.
    pub(super) fn apply(&mut self, envelope: &Envelope, received: ViewNs, starts: &mut u64) {
        self.telemetry.count_received();
        match self.admit(envelope) {
            Ok(at) => self.fold(at, envelope, received, starts),
            Err(reason) => {
                self.quarantine(&Rejection {
                    reason,
                    run_id: Some(envelope.run_id.clone()),
                    group_id: Some(envelope.group_id.clone()),
                    seq: Some(envelope.seq),
                    ts: Some(envelope.ts),
                    event_type: Some(envelope.event.kind().as_str().to_owned()),
                    v: Some(envelope.v),
                });
            }
        }
    }

    /// Counts and shows an event of a kind that this version does not know.
    pub(super) fn unknown(&mut self, event: &UnknownEvent, received: ViewNs) {
        self.telemetry.count_received();
        let rejected = |reason| Rejection {
            reason,
            run_id: Some(event.run_id.clone()),
            group_id: Some(event.group_id.clone()),
            seq: Some(event.seq),
            ts: Some(event.ts),
            event_type: Some(event.event_type.clone()),
            v: Some(event.v),
        };
        if !self.telemetry.sequence.note(event.seq, event.v != 0) {
            return self.quarantine(&rejected(Reason::SeqNotIncreasing));
        }
        let Some(at) = self.group(&event.group_id) else {
            return self.quarantine(&rejected(Reason::BadValue("group_id".to_owned())));
        };
        self.telemetry.count_unknown();
        self.latest_ts = Some(event.ts);
        let group = &mut self.groups[at];
        group.log.push(Arc::new(LogLine::of_unknown(event)));
        self.warned.note_time(event.mono_ns, &mut |text: &str| {
            group.log.push(Arc::new(LogLine::of_unknown_warning(event, text)));
        });
        group.state.note(event.mono_ns, received);
    }

    /// Counts and shows a row that was rejected before it got here.
    pub(super) fn reject(&mut self, rejection: &Rejection) {
        self.telemetry.count_received();
        if let Some(seq) = rejection.seq {
            // A number that does not rise is no reason of its own here: the row is rejected anyway.
            let _rose = self.telemetry.sequence.note(seq, rejection.v != Some(0));
        }
        self.quarantine(rejection);
    }

    /// Counts a rejected row and shows it in its group, or in all when it has none here.
    fn quarantine(&mut self, rejection: &Rejection) {
        self.telemetry.count_rejected();
        let line = Arc::new(LogLine::of_rejection(rejection, self.latest_ts));
        self.latest_ts = line.ts;
        let own = rejection.group_id.as_ref().and_then(|id| self.find(id));
        match own {
            Some(at) => {
                self.latest_group = at;
                self.groups[at].log.push(line);
            }
            None if self.groups.is_empty() => self.lobby.push(line),
            None => self.groups.iter_mut().for_each(|group| group.log.push(Arc::clone(&line))),
        }
    }

    /// Checks an event against everything that rejects one; returns its group.
    fn admit(&mut self, envelope: &Envelope) -> Result<usize, Reason> {
        if !self.telemetry.sequence.note(envelope.seq, envelope.v != 0) {
            return Err(Reason::SeqNotIncreasing);
        }
        validate::check(envelope)?;
        let bad = |name: &str| Reason::BadValue(name.to_owned());
        if let Event::EmitterLoss(loss) = &envelope.event
            && !self.telemetry.has_room_for(&loss.sink)
        {
            return Err(bad("sink"));
        }
        let known = self.find(&envelope.group_id);
        if known.is_none() && MAX_GROUPS <= self.groups.len() {
            return Err(bad("group_id"));
        }
        if let Event::Metric(metric) = &envelope.event
            && !self.names.admit(metric)
        {
            return Err(bad("name"));
        }
        self.group(&envelope.group_id).ok_or_else(|| bad("group_id"))
    }

    fn fold(&mut self, at: usize, envelope: &Envelope, received: ViewNs, starts: &mut u64) {
        self.latest_ts = Some(envelope.ts);
        let group = &mut self.groups[at];
        let max_batches = group.state.progress.max_batches;
        if let Some(line) = LogLine::of_event(envelope, max_batches) {
            group.log.push(Arc::new(line));
        }
        let log = &mut group.log;
        self.warned.check(envelope, &group.state, &mut |text: &str| {
            log.push(Arc::new(LogLine::of_warning(envelope, text)));
        });
        if matches!(envelope.event, Event::TrainingStarted(_)) {
            group.first_start.get_or_insert(*starts);
            *starts = starts.saturating_add(1);
        }
        if let Event::EmitterLoss(loss) = &envelope.event {
            self.telemetry.lose(loss);
        }
        let (before, was_over) = group.state.before();
        group.state.apply(envelope, received);
        group.watch(envelope, before, was_over, &self.telemetry);
    }

    /// Returns roughly how much memory the names of metrics take (bytes).
    pub(super) fn names_bytes(&self) -> usize {
        self.names.heap_bytes()
    }

    fn find(&self, id: &GroupId) -> Option<usize> {
        let is_it = |at: &usize| self.groups.get(*at).is_some_and(|group| group.id == *id);
        Some(self.latest_group)
            .filter(is_it)
            .or_else(|| self.groups.iter().position(|group| group.id == *id))
    }

    /// Returns the place of a group and makes it if there is room; the first one takes the lines that waited.
    fn group(&mut self, id: &GroupId) -> Option<usize> {
        let at = match self.find(id) {
            Some(at) => at,
            None if MAX_GROUPS <= self.groups.len() => return None,
            None => {
                self.groups.push(Group::new(
                    id.clone(),
                    std::mem::take(&mut self.lobby),
                    Arc::clone(&self.settings),
                ));
                self.groups.len() - 1
            }
        };
        self.latest_group = at;
        Some(at)
    }
}
