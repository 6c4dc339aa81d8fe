//! The fold of a run in replay time: an input is received at its own `mono_ns`. Everything that shows a moment of the past
//! shows this fold.

use std::sync::Arc;

use karn_sanctum::aggregator::Link;
use karn_sanctum::{Aggregator, AlertsView, RunKey, Tally};
use leyline::{Incoming, Timestamp, ViewNs};

use crate::fold::Picture;
use crate::settings;
use crate::time::runs::{Missing, Place, Runs, Trace, Wanted};
use crate::time::{Instant, Moment};

/// The state after so many inputs.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    pub(crate) folded: Aggregator,
    pub(crate) runs: Runs,
    /// Inputs folded.
    pub(crate) place: u64,
    pub(crate) tally: Tally,
    /// Time of the replay clock.
    received: ViewNs,
}

impl Replay {
    /// Returns the state before the first input.
    pub(crate) fn new() -> Self {
        Self {
            folded: Aggregator::with_settings(settings::current()),
            runs: Runs::default(),
            place: 0,
            tally: Tally::default(),
            received: ViewNs(0),
        }
    }

    /// Folds an input.
    pub(crate) fn fold(&mut self, row: &Incoming) {
        let place = Place::of(row);
        // A row without a time is received with the row before.
        self.received = place.mono_ns.map_or(self.received, |mono| ViewNs(mono.0));
        self.folded.apply(row, self.received);
        self.runs.fold(&place);
        self.tally.note(row);
        self.place += 1;
    }

    /// Takes note of a change of the link.
    pub(crate) fn link(&mut self, link: Link) {
        self.folded.link(link, self.received);
    }

    /// Returns the group to show.
    ///
    /// # Errors
    ///
    /// See [`Runs::choose`].
    pub(crate) fn choose(&self, wanted: &Wanted) -> Result<Option<RunKey>, Missing> {
        self.runs.choose(&self.folded, wanted)
    }

    /// Returns the group to show, which is the usual one where the wanted one is not there yet.
    pub(crate) fn shown(&self, wanted: &Wanted) -> Option<RunKey> {
        self.choose(wanted).unwrap_or_else(|_| self.folded.default_key())
    }

    /// Returns what is known of the run of a group.
    pub(crate) fn trace(&self, key: Option<&RunKey>) -> Option<&Trace> {
        key.and_then(|key| self.runs.trace(&key.run_id))
    }

    /// Takes a picture of a group, `later` nanoseconds after the last event applied in its run.
    pub(crate) fn picture(&self, key: Option<&RunKey>, later: u64) -> Picture {
        let now = ViewNs(self.runs.last(key).0.saturating_add(later));
        let groups = self.folded.keys();
        let snapshot = match key {
            Some(key) => self.folded.snapshot(key, now),
            None => self.folded.snapshot_without_run(now),
        };
        let shown = key.and_then(|key| groups.iter().position(|group| group == key)).unwrap_or(0);
        let alerts = key.map_or_else(AlertsView::empty, |key| self.folded.alerts(key, now));
        let alerts = Arc::new(alerts);
        Picture { alerts, groups, shown, ..Picture::still(snapshot) }
    }

    /// Takes a picture that says where in time it is; `moment` has the rest of that.
    pub(crate) fn picture_at(&self, wanted: &Wanted, moment: Moment) -> Picture {
        let key = self.shown(wanted);
        let trace = self.trace(key.as_ref());
        let moment = Moment {
            place: self.place,
            seq: trace.and_then(|trace| trace.last_seq),
            at: trace.and_then(|trace| trace.last),
            ts: self.ts(key.as_ref()),
            ..moment
        };
        Picture { moment: Some(Arc::new(moment)), ..self.picture(key.as_ref(), 0) }
    }

    /// Returns everything that a comparison needs.
    pub(crate) fn instant(&self, wanted: &Wanted) -> Instant {
        let key = self.shown(wanted);
        Instant {
            snapshot: self.picture(key.as_ref(), 0).snapshot,
            place: self.place,
            ts: self.ts(key.as_ref()),
            tally: self.tally.clone(),
        }
    }

    fn ts(&self, key: Option<&RunKey>) -> Option<Timestamp> {
        self.trace(key).and_then(|trace| trace.last_ts)
    }

    /// Returns roughly how much memory a copy takes (bytes).
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.folded.heap_bytes()
    }
}
