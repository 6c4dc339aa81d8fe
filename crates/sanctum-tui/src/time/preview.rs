//! The first frame of a long run: its start and its end, before what lies between was read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use karn_sanctum::{AlertsView, RunKey, preview};
use leyline::{Event, Incoming, RunNs};
use nissa::recording::{Read, Recording, RecordingError, Seek};

use crate::fold::Picture;
use crate::time::copies::Bounds;
use crate::time::replay::Replay;
use crate::time::runs::Wanted;
use crate::time::{Extent, Moment, Motion};

/// Inputs in which the start of a run is looked for.
const START: usize = 4096;
/// How much of the end is read at first, and at most (bytes).
const TAIL: u64 = 256 << 10;
const LONGEST_TAIL: u64 = 4 << 20;

/// Returns the first frame of a run from its start and its end, if it has `long` bytes and its end says enough; `recording` stands
/// afterwards where it stood before.
///
/// # Errors
///
/// The run cannot be read.
pub(crate) fn of(
    recording: &mut Recording,
    wanted: &Wanted,
    long: u64,
) -> Result<Option<Picture>, RecordingError> {
    let Some(bytes) = recording.total_bytes().filter(|bytes| long <= *bytes) else {
        return Ok(None);
    };
    let Some(last) = recording.last_seq()? else { return Ok(None) };
    let here = recording.position();
    let found = read(recording, wanted, last, bytes);
    recording.go(&here)?;
    found
}

/// Returns the first frame of the run in a directory; `None` also where it cannot be read, which its reader will tell.
pub(crate) fn of_log(directory: &Path) -> Option<Picture> {
    let mut recording = Recording::open(directory).ok()?;
    of(&mut recording, &Wanted::default(), Bounds::USUAL.long).ok()?
}

fn read(
    recording: &mut Recording,
    wanted: &Wanted,
    last: u64,
    bytes: u64,
) -> Result<Option<Picture>, RecordingError> {
    recording.seek(Seek::Seq(0))?;
    let starts = starts(recording)?;
    let mut tail = TAIL;
    while tail <= LONGEST_TAIL {
        // Events of a run are about as long at its end as on the whole; nobody counts bytes to the last one.
        let events = u128::from(last) * u128::from(tail) / u128::from(bytes);
        let from = last.saturating_sub(events as u64).max(starts.len() as u64);
        let read = End::read(recording, &starts, from)?;
        if let Some(key) = read.replay.shown(wanted).filter(|key| read.is_enough(key)) {
            return Ok(Some(read.picture(wanted, &key, last)));
        }
        tail *= 2;
    }
    Ok(None)
}

/// Reads on from the start and returns the starts of the groups that are there.
fn starts(recording: &mut Recording) -> Result<Vec<Incoming>, RecordingError> {
    let mut starts = Vec::new();
    for _ in 0..START {
        let Read::Event(incoming) = recording.read()? else { break };
        // What a run did before its first batch has no part in what its end says.
        if is(&incoming, |event| matches!(event, Event::BatchEpochCompleted(_))) {
            break;
        }
        if is(&incoming, |event| matches!(event, Event::TrainingStarted(_))) {
            starts.push(incoming);
        }
    }
    Ok(starts)
}

fn is(incoming: &Incoming, wanted: impl Fn(&Event) -> bool) -> bool {
    matches!(incoming, Incoming::Known(envelope) if wanted(&envelope.event))
}

/// The fold of the starts and of the end.
struct End {
    replay: Replay,
    /// Groups whose start was read; without it nobody knows what a run is to do, nor for how long it has run.
    started: BTreeSet<RunKey>,
    /// Groups that ended a batch, and when the first and the latest one ended.
    batches: BTreeMap<RunKey, (RunNs, RunNs)>,
    /// Groups of which an update was applied, and groups that took a step.
    updates: BTreeSet<RunKey>,
    steps: BTreeSet<RunKey>,
}

impl End {
    fn new(starts: &[Incoming]) -> Self {
        let mut replay = Replay::new();
        for start in starts {
            replay.fold(start);
        }
        Self {
            started: replay.folded.keys().into_iter().collect(),
            replay,
            batches: BTreeMap::new(),
            updates: BTreeSet::new(),
            steps: BTreeSet::new(),
        }
    }

    fn read(
        recording: &mut Recording,
        starts: &[Incoming],
        from: u64,
    ) -> Result<Self, RecordingError> {
        let mut end = Self::new(starts);
        recording.seek(Seek::Seq(from))?;
        while let Read::Event(incoming) = recording.read()? {
            end.take(&incoming);
        }
        Ok(end)
    }

    /// Folds an event, once its group has ended a batch: before, it would be said to be of the batch of the start.
    fn take(&mut self, incoming: &Incoming) {
        let Incoming::Known(envelope) = incoming else { return };
        let key = RunKey { run_id: envelope.run_id.clone(), group_id: envelope.group_id.clone() };
        if let Event::BatchEpochCompleted(_) = &envelope.event {
            let at = envelope.mono_ns;
            self.batches.entry(key.clone()).or_insert((at, at)).1 = at;
        }
        if !self.batches.contains_key(&key) {
            return;
        }
        self.replay.fold(incoming);
        if matches!(&envelope.event, Event::PpoUpdateCompleted(update) if !update.skipped) {
            self.updates.insert(key);
        } else if matches!(&envelope.event, Event::EpochCompleted(_)) {
            self.steps.insert(key);
        }
    }

    fn is_enough(&self, key: &RunKey) -> bool {
        [&self.started, &self.updates, &self.steps].iter().all(|groups| groups.contains(key))
            && self.batches.contains_key(key)
    }

    fn picture(&self, wanted: &Wanted, key: &RunKey, last: u64) -> Picture {
        let extent =
            Extent { first: 0, last: 0, times: None, landmarks: Arc::from([]), reading: None };
        let moment =
            Moment { place: 0, seq: None, at: None, ts: None, motion: Motion::Still, extent };
        let whole = self.replay.picture_at(wanted, moment);
        let moment = whole.moment.map(|moment| {
            // Until the inputs were counted; nothing but the bar asks for it.
            Arc::new(Moment { place: last.saturating_add(1), ..Moment::clone(&moment) })
        });
        let span = self.batches.get(key).map_or(0, |(first, last)| last.0.saturating_sub(first.0));
        let snapshot = preview(self.replay.picture(Some(key), 0).snapshot, span);
        Picture { snapshot, moment, alerts: Arc::new(AlertsView::empty()), ..whole }
    }
}

#[cfg(test)]
mod tests;
