//! Decides which rows lie before a moment, and keeps what the choice of a group needs.

use std::collections::BTreeMap;

use karn_sanctum::aggregator::MAX_RUNS;
use karn_sanctum::{Aggregator, RunKey};
use leyline::{Event, GroupId, Incoming, RunId, RunNs, Timestamp, ViewNs};

use crate::when::When;

/// Which group of which run is wanted; `None`: the usual one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The run: else the one that started last.
    pub(super) run: Option<RunId>,
    /// Its group: else the one that started first.
    pub(super) group: Option<GroupId>,
}

/// What to do with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It lies before the moment: fold it.
    Take,
    /// It lies behind the moment; others may not.
    Skip,
    /// It lies behind the moment, and so does every row that could follow.
    End,
}

/// Walks along the rows of a source up to a moment.
#[derive(Debug)]
pub(super) struct Cut {
    when: When,
    wanted: Wanted,
    /// Whether all rows are of one run, so that the first row behind the moment ends the reading.
    single: bool,
    runs: BTreeMap<RunId, Trace>,
    /// Run of the row before: rows without a readable run belong to it.
    latest: Option<RunId>,
}

/// What is remembered of a run.
#[derive(Debug, Default)]
struct Trace {
    started: Option<RunNs>,
    first_group: Option<GroupId>,
    /// Rows of a run do not go back in time, so one behind the moment closes the run.
    past: bool,
    /// Time of the last event applied.
    last: Option<RunNs>,
    last_seq: Option<u64>,
}

/// The parts of a row that its place in time depends on.
pub(super) struct Place<'a> {
    run: Option<&'a RunId>,
    group: Option<&'a GroupId>,
    pub(super) seq: Option<u64>,
    pub(super) ts: Option<Timestamp>,
    pub(super) mono_ns: Option<RunNs>,
    /// Whether it is a `TRAINING_STARTED`.
    pub(super) start: bool,
    /// The batch that it ends.
    pub(super) batch: Option<u64>,
}

impl<'a> Place<'a> {
    pub(super) fn of(row: &'a Incoming) -> Self {
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

impl Cut {
    pub(super) const fn new(when: When, wanted: Wanted, single: bool) -> Self {
        Self { when, wanted, single, runs: BTreeMap::new(), latest: None }
    }

    /// Says what to do with a row, before it is folded.
    pub(super) fn before(&mut self, row: &Incoming) -> Step {
        if self.when == When::Start {
            return Step::End;
        }
        let place = Place::of(row);
        if let Some(run) = place.run.filter(|&run| self.latest.as_ref() != Some(run)) {
            self.latest = Some(run.clone());
        }
        let Some(id) = &self.latest else { return Step::Take };
        if MAX_RUNS <= self.runs.len() && !self.runs.contains_key(id) {
            // The fold rejects it as one run too many; remembering it would let a hostile file fill the memory.
            return Step::Take;
        }
        let trace = match self.runs.get_mut(id) {
            Some(trace) => trace,
            None => self.runs.entry(id.clone()).or_default(),
        };
        let counts = self.wanted.group.as_ref().is_none_or(|group| place.group == Some(group));
        if let Some(start) = place.mono_ns.filter(|_| place.start && counts) {
            trace.started.get_or_insert(start);
        }
        trace.past |= match self.when {
            When::Time(ns) => trace
                .started
                .zip(place.mono_ns)
                .is_some_and(|(start, mono)| start.0.saturating_add(ns) < mono.0),
            When::Ts(end) => place.ts.is_some_and(|ts| end < ts),
            When::Start | When::End | When::Batch(_) | When::Seq(_) => false,
        };
        if !trace.past {
            trace.note(&place);
            return Step::Take;
        }
        if self.single || self.wanted.run.as_ref() == Some(id) { Step::End } else { Step::Skip }
    }

    /// Returns whether the row that was just folded is the one that reaches the moment.
    ///
    /// Batches are counted in the group that is shown, numbers of events in its run.
    pub(super) fn is_reached(&self, row: &Incoming, folded: &Aggregator) -> bool {
        let place = Place::of(row);
        let of_run = |id: &RunId| place.run.is_none_or(|run| run == id);
        match self.when {
            When::Batch(batch) => {
                let shown = |key: RunKey| of_run(&key.run_id) && place.group == Some(&key.group_id);
                place.batch.is_some_and(|at| batch <= at)
                    && self.choose(folded).is_ok_and(|key| key.is_none_or(shown))
            }
            // The numbers are those of the run: also one before the first event of the group that is wanted ends it.
            When::Seq(seq) => {
                let usual = || folded.default_key().map(|key| key.run_id);
                place.seq.is_some_and(|at| seq <= at)
                    && self.wanted.run.clone().or_else(usual).is_none_or(|run| of_run(&run))
            }
            When::Start | When::End | When::Time(_) | When::Ts(_) => false,
        }
    }

    /// Returns the group to show: `None` while nothing is known of any run.
    ///
    /// # Errors
    ///
    /// Returns what was asked for in vain, and the names that there are.
    pub(super) fn choose(&self, folded: &Aggregator) -> Result<Option<RunKey>, Missing> {
        let keys = folded.keys();
        let Some(usual) = folded.default_key() else { return Ok(None) };
        let run_id = self.wanted.run.clone().unwrap_or_else(|| usual.run_id.clone());
        let groups: Vec<&RunKey> = keys.iter().filter(|key| key.run_id == run_id).collect();
        let Some(&first) = groups.first() else {
            let mut known: Vec<String> = keys.iter().map(|key| key.run_id.to_string()).collect();
            known.dedup();
            return Err(Missing { what: "run", asked: run_id.to_string(), known });
        };
        let Some(group) = &self.wanted.group else {
            if run_id == usual.run_id {
                return Ok(Some(usual));
            }
            let first_group = self.runs.get(&run_id).and_then(|trace| trace.first_group.clone());
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

    /// Returns the time of the last event applied in the run; zero before the first.
    pub(super) fn last(&self, key: Option<&RunKey>) -> ViewNs {
        let trace = key.and_then(|key| self.runs.get(&key.run_id));
        trace.and_then(|trace| trace.last).map_or(ViewNs(0), |last| ViewNs(last.0))
    }
}

/// A run or group that the rows do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// `run` or `group`.
    pub(super) what: &'static str,
    /// What was asked for.
    pub(super) asked: String,
    /// What there is.
    pub(super) known: Vec<String>,
}

impl Trace {
    fn note(&mut self, place: &Place<'_>) {
        // A number that does not rise is rejected by the fold, and a rejected row has no time of its own.
        let rises = place.seq.zip(self.last_seq).is_none_or(|(seq, last)| last < seq);
        if rises {
            self.last_seq = place.seq.or(self.last_seq);
            self.last = place.mono_ns.or(self.last);
        }
        if rises && place.start && self.first_group.is_none() {
            self.first_group = place.group.cloned();
        }
    }
}

/// Returns the moment of receipt of a row in a replay: its own time, or that of the row before.
pub(super) fn received(row: &Incoming, before: ViewNs) -> ViewNs {
    Place::of(row).mono_ns.map_or(before, |mono| ViewNs(mono.0))
}
