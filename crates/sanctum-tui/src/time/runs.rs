//! What a replay keeps of each run beside the fold: the choice of a group and the times of moments need it.

use std::collections::BTreeMap;

use karn_sanctum::aggregator::MAX_RUNS;
use karn_sanctum::{Aggregator, RunKey};
use leyline::validate::MAX_GROUPS;
use leyline::{Event, GroupId, Incoming, RunId, RunNs, Timestamp, ViewNs};

/// Which group of which run is wanted; `None`: the usual one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The run: else the one that started last.
    pub(crate) run: Option<RunId>,
    /// Its group: else the one that started first.
    pub(crate) group: Option<GroupId>,
}

impl From<RunKey> for Wanted {
    fn from(RunKey { run_id, group_id }: RunKey) -> Self {
        Self { run: Some(run_id), group: Some(group_id) }
    }
}

/// The parts of a row that its place in time depends on.
pub(crate) struct Place<'a> {
    pub(crate) run: Option<&'a RunId>,
    pub(crate) group: Option<&'a GroupId>,
    pub(crate) seq: Option<u64>,
    pub(crate) ts: Option<Timestamp>,
    pub(crate) mono_ns: Option<RunNs>,
    /// Whether it is a `TRAINING_STARTED`.
    pub(crate) start: bool,
    /// The batch that it ends.
    pub(crate) batch: Option<u64>,
}

impl<'a> Place<'a> {
    pub(crate) fn of(row: &'a Incoming) -> Self {
        match row {
            Incoming::Known(row) => {
                let batch = if let Event::BatchEpochCompleted(batch) = &row.event {
                    Some(batch.batch_idx)
                } else {
                    None
                };
                Self {
                    run: Some(&row.run_id),
                    group: Some(&row.group_id),
                    seq: Some(row.seq),
                    ts: Some(row.ts),
                    mono_ns: Some(row.mono_ns),
                    start: matches!(row.event, Event::TrainingStarted(_)),
                    batch,
                }
            }
            Incoming::Unknown(row) => Self {
                run: Some(&row.run_id),
                group: Some(&row.group_id),
                seq: Some(row.seq),
                ts: Some(row.ts),
                mono_ns: Some(row.mono_ns),
                start: false,
                batch: None,
            },
            Incoming::Rejected(row) => Self {
                run: row.run_id.as_ref(),
                group: row.group_id.as_ref(),
                seq: row.seq,
                ts: row.ts,
                mono_ns: None,
                start: false,
                batch: None,
            },
        }
    }
}

/// The runs of a source, as far as its rows were read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs {
    traces: BTreeMap<RunId, Trace>,
    /// Run of the row before: rows without a readable run belong to it.
    latest: Option<RunId>,
}

/// What is remembered of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace {
    /// Its first start, of whatever group.
    started: Option<RunNs>,
    /// The first start of each group.
    starts: BTreeMap<GroupId, RunNs>,
    first_group: Option<GroupId>,
    /// Time of the first event applied.
    pub(crate) first: Option<RunNs>,
    /// Time of the last event applied.
    pub(crate) last: Option<RunNs>,
    /// The same on the producer's wall clock.
    pub(crate) last_ts: Option<Timestamp>,
    /// Number of the last event applied.
    pub(crate) last_seq: Option<u64>,
}

impl Runs {
    /// Returns the run that a row belongs to; `None` while there was none.
    pub(crate) fn run_of<'a>(&'a self, place: &Place<'a>) -> Option<&'a RunId> {
        place.run.or(self.latest.as_ref())
    }

    /// Returns whether so many runs are known that another one is not remembered: the fold rejects it as one run too many,
    /// and a hostile file must not fill the memory.
    pub(crate) fn is_one_too_many(&self, run: &RunId) -> bool {
        MAX_RUNS <= self.traces.len() && !self.traces.contains_key(run)
    }

    /// Returns what is known of a run.
    pub(crate) fn trace(&self, run: &RunId) -> Option<&Trace> {
        self.traces.get(run)
    }

    /// Takes note of a row that is folded.
    pub(crate) fn fold(&mut self, place: &Place<'_>) {
        if let Some(trace) = self.enter(place) {
            trace.note(place);
        }
    }

    /// Takes note of a row that is left out, because it lies behind a moment.
    pub(crate) fn pass(&mut self, place: &Place<'_>) {
        self.enter(place);
    }

    fn enter(&mut self, place: &Place<'_>) -> Option<&mut Trace> {
        if let Some(run) = place.run.filter(|&run| self.latest.as_ref() != Some(run)) {
            self.latest = Some(run.clone());
        }
        let id = self.latest.as_ref()?;
        if self.is_one_too_many(id) {
            return None;
        }
        if !self.traces.contains_key(id) {
            self.traces.insert(id.clone(), Trace::default());
        }
        let trace = self.traces.get_mut(id)?;
        if let Some(start) = place.mono_ns.filter(|_| place.start) {
            trace.start(place.group, start);
        }
        Some(trace)
    }

    /// Returns the group to show: `None` while nothing is known of any run.
    ///
    /// # Errors
    ///
    /// Returns what was asked for in vain, and the names that there are.
    pub(crate) fn choose(
        &self,
        folded: &Aggregator,
        wanted: &Wanted,
    ) -> Result<Option<RunKey>, Missing> {
        let keys = folded.keys();
        let Some(usual) = folded.default_key() else { return Ok(None) };
        let run_id = wanted.run.clone().unwrap_or_else(|| usual.run_id.clone());
        let groups: Vec<&RunKey> = keys.iter().filter(|key| key.run_id == run_id).collect();
        let Some(&first) = groups.first() else {
            let mut known: Vec<String> = keys.iter().map(|key| key.run_id.to_string()).collect();
            known.dedup();
            return Err(Missing { what: "run", asked: run_id.to_string(), known });
        };
        let Some(group) = &wanted.group else {
            if run_id == usual.run_id {
                return Ok(Some(usual));
            }
            let first_group = self.trace(&run_id).and_then(|trace| trace.first_group.clone());
            let group_id = first_group.unwrap_or_else(|| first.group_id.clone());
            return Ok(Some(RunKey { run_id, group_id }));
        };
        match groups.iter().find(|key| key.group_id == *group) {
            Some(&key) => Ok(Some(key.clone())),
            None => Err(Missing {
                what: "group",
                asked: group.to_string(),
                known: groups.iter().map(|key| key.group_id.to_string()).collect(),
            }),
        }
    }

    /// Returns the time of the last event applied in the run of a group; zero before the first.
    pub(crate) fn last(&self, key: Option<&RunKey>) -> ViewNs {
        let trace = key.and_then(|key| self.trace(&key.run_id));
        trace.and_then(|trace| trace.last).map_or(ViewNs(0), |last| ViewNs(last.0))
    }
}

/// A run or group that the rows do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// `run` or `group`.
    pub(crate) what: &'static str,
    /// What was asked for.
    pub(crate) asked: String,
    /// What there is.
    pub(crate) known: Vec<String>,
}

impl Trace {
    /// Returns when it started: the group, if one is named, else the first of them.
    pub(crate) fn started(&self, group: Option<&GroupId>) -> Option<RunNs> {
        match group {
            Some(group) => self.starts.get(group).copied(),
            None => self.started,
        }
    }

    fn start(&mut self, group: Option<&GroupId>, at: RunNs) {
        self.started.get_or_insert(at);
        if let Some(group) = group
            && self.starts.len() < MAX_GROUPS
            && !self.starts.contains_key(group)
        {
            self.starts.insert(group.clone(), at);
        }
    }

    fn note(&mut self, place: &Place<'_>) {
        // A number that does not rise is rejected by the fold, and a rejected row has no time of its own.
        let rises = place.seq.zip(self.last_seq).is_none_or(|(seq, last)| last < seq);
        if rises {
            self.last_seq = place.seq.or(self.last_seq);
            if place.mono_ns.is_some() {
                (self.last, self.last_ts) = (place.mono_ns, place.ts);
                self.first = self.first.or(place.mono_ns);
            }
        }
        if rises && place.start && self.first_group.is_none() {
            self.first_group = place.group.cloned();
        }
    }
}
