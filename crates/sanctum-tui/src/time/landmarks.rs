//! What a time machine finds on its way: ends of batches, beginnings of alerts, gaps.
//!
//! What an alert is the fold says ([`karn_sanctum::alert`]). Its place is right after the batch in which it began, which the fold
//! knows a few batches later, because a finding must last to become an alert.

use std::collections::BTreeMap;
use std::sync::Arc;

use karn_sanctum::aggregator::GroupPlace;
use karn_sanctum::{Aggregator, Alert, RunKey};
use leyline::{Event, Incoming, RunNs};

use crate::time::replay::Replay;
use crate::time::runs::{Place, Wanted};
use crate::time::{Landmark, LandmarkKind, Way};

/// Ends of batches that are kept one by one; of a longer run every second one, then every fourth.
const BATCHES: usize = 1 << 20;
/// Alerts and gaps that are kept, of each; of more, those that follow another one closely go.
const LANDMARKS: usize = 1 << 14;
/// See the module.
#[derive(Default)]
pub(crate) struct Landmarks {
    batches: Vec<BatchEnd>,
    /// Every so many ends of batches one is kept, as a power of two; 0: all of them.
    thinned: u32,
    ended: u64,
    alerts: Bounded,
    gaps: Bounded,
    /// Alerts of each group so far.
    groups: BTreeMap<GroupPlace, u64>,
    /// Holes in the numbers of each run so far.
    holes: BTreeMap<usize, u64>,
    damage: usize,
    shared: Option<Arc<[Landmark]>>,
}

/// The end of a batch.
#[derive(Debug, Clone, Copy)]
struct BatchEnd {
    place: u64,
    batch: u64,
    group: GroupPlace,
    /// Whether its group was the one that is shown when nobody chose.
    is_usual: bool,
}

/// Landmarks of one kind. Of too many those go that are nearer to the one before than a distance, which doubles.
#[derive(Default)]
struct Bounded {
    list: Vec<Landmark>,
    distance: u64,
}

impl Bounded {
    fn put(&mut self, landmark: Landmark) {
        let at = self.list.partition_point(|other| other.place <= landmark.place);
        let near = |last: &Landmark| landmark.place < last.place.saturating_add(self.distance);
        if self.list[..at].last().is_some_and(near) {
            return;
        }
        self.list.insert(at, landmark);
        while LANDMARKS < self.list.len() {
            self.distance = self.distance.saturating_mul(2).max(1024);
            let (mut last, distance) = (None, self.distance);
            self.list.retain(|landmark| {
                let keep =
                    last.is_none_or(|last: u64| last.saturating_add(distance) <= landmark.place);
                if keep {
                    last = Some(landmark.place);
                }
                keep
            });
        }
    }
}

impl Landmarks {
    /// Takes note of an input that was just folded; `damage`: how many damaged parts of the log were met so far.
    pub(crate) fn note(&mut self, row: &Incoming, replay: &Replay, damage: usize) {
        let (place, at) = (replay.place, Place::of(row).mono_ns);
        if self.damage < damage {
            self.damage = damage;
            self.gap(place, at);
        }
        let Some(latest) = replay.folded.latest() else { return };
        let holes = self.holes.entry(latest.run).or_default();
        if *holes < latest.gaps {
            *holes = latest.gaps;
            self.gap(place, at);
        }
        if let Incoming::Known(envelope) = row
            && let Event::BatchEpochCompleted(batch) = &envelope.event
        {
            self.batch(place, batch.batch_idx, latest.group, replay);
        }
        let known = self.groups.entry(latest.group).or_default();
        if *known < latest.alerts {
            let known = std::mem::replace(known, latest.alerts);
            for alert in replay.folded.alerts_after(latest.group, known) {
                self.alert_begins(&alert, latest.group, place, at);
            }
        }
    }

    /// Puts an alert to the end of the batch in which it began, which is `place` if that has not ended yet.
    fn alert_begins(&mut self, alert: &Alert, group: GroupPlace, place: u64, at: Option<RunNs>) {
        let of_group = |end: &&BatchEnd| end.group == group;
        let ends = self.batches.iter().rev().filter(of_group);
        let since =
            ends.take_while(|end| alert.first.batch.is_some_and(|first| first <= end.batch));
        let kind = LandmarkKind::Alert;
        self.alerts.put(match since.last() {
            Some(end) if end.place < place => {
                Landmark { place: end.place, at: Some(alert.first.mono_ns), kind }
            }
            Some(_) | None => Landmark { place, at, kind },
        });
        self.shared = None;
    }

    /// Takes note of damage behind the last input.
    pub(crate) fn note_end(&mut self, place: u64, damage: usize) {
        if self.damage < damage {
            self.damage = damage;
            self.gap(place, None);
        }
    }

    fn gap(&mut self, place: u64, at: Option<RunNs>) {
        self.gaps.put(Landmark { place, at, kind: LandmarkKind::Gap });
        self.shared = None;
    }

    fn batch(&mut self, place: u64, batch: u64, group: GroupPlace, replay: &Replay) {
        let is_kept = self.ended.trailing_zeros() >= self.thinned;
        self.ended += 1;
        if !is_kept {
            return;
        }
        let usual = replay.folded.default_key();
        let is_usual = usual.is_some() && usual == replay.folded.key_of(group);
        self.batches.push(BatchEnd { place, batch, group, is_usual });
        if BATCHES < self.batches.len() {
            self.thinned += 1;
            let mut at = 0_usize;
            self.batches.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
    }

    /// Returns whether every end of a batch is known.
    pub(crate) const fn knows_all_batches(&self) -> bool {
        self.thinned == 0
    }

    /// Returns the place right after the first end of this batch, or of a later one, in the group that is wanted.
    pub(crate) fn batch_end(&self, batch: u64, wanted: &Wanted, fold: &Aggregator) -> Option<u64> {
        let of_group = self.selected(wanted, fold);
        let found = self.batches.iter().find(|end| batch <= end.batch && of_group(end));
        found.map(|end| end.place)
    }

    /// Returns the place right after the end of a batch so many of them away; the farthest one if there are not so many, and
    /// `None` if there is none in that direction.
    pub(crate) fn batch_step(
        &self,
        from: u64,
        by: i64,
        shown: Option<&RunKey>,
        fold: &Aggregator,
    ) -> Option<u64> {
        let wanted = shown.cloned().map_or_else(Wanted::default, Wanted::from);
        let of_group = self.selected(&wanted, fold);
        let count = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
        let farthest = |ends: &mut dyn Iterator<Item = &BatchEnd>| {
            ends.filter(|end| of_group(end)).take(count).last().map(|end| end.place)
        };
        if by < 0 {
            let before = self.batches.partition_point(|end| end.place < from);
            farthest(&mut self.batches[..before].iter().rev())
        } else {
            let after = self.batches.partition_point(|end| end.place <= from);
            farthest(&mut self.batches[after..].iter())
        }
    }

    fn selected<'a>(
        &self,
        wanted: &'a Wanted,
        fold: &'a Aggregator,
    ) -> impl Fn(&BatchEnd) -> bool + 'a {
        let names: BTreeMap<GroupPlace, RunKey> =
            self.groups.keys().filter_map(|&place| Some((place, fold.key_of(place)?))).collect();
        move |end| match (&wanted.run, &wanted.group) {
            (None, None) => end.is_usual,
            (run, group) => names.get(&end.group).is_some_and(|key| {
                run.as_ref().is_none_or(|run| *run == key.run_id)
                    && group.as_ref().is_none_or(|group| *group == key.group_id)
            }),
        }
    }

    /// Returns the place of the next alert, or of the one before.
    pub(crate) fn alert(&self, from: u64, way: Way) -> Option<u64> {
        let list = &self.alerts.list;
        match way {
            Way::Back => {
                let before = list.partition_point(|alert| alert.place < from);
                before.checked_sub(1).and_then(|at| list.get(at))
            }
            Way::On => list.get(list.partition_point(|alert| alert.place <= from)),
        }
        .map(|alert| alert.place)
    }

    /// Returns alerts and gaps by place.
    pub(crate) fn shared(&mut self) -> Arc<[Landmark]> {
        let Self { alerts, gaps, shared, .. } = self;
        Arc::clone(shared.get_or_insert_with(|| {
            let mut all: Vec<Landmark> = alerts.list.iter().chain(&gaps.list).cloned().collect();
            all.sort_by_key(|landmark| landmark.place);
            all.into()
        }))
    }
}
