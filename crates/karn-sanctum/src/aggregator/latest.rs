//! What the latest input did, for whoever looks along a run for alerts and gaps without taking a snapshot at each input.

use crate::aggregator::Aggregator;
use crate::aggregator::group::Group;
use crate::alert::Alert;
use crate::snapshot::RunKey;

/// Where the latest input belongs, and counters that it may have moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    /// Place of its run among the runs.
    pub run: usize,
    /// Its group.
    pub group: GroupPlace,
    /// Alerts of its group that have begun so far.
    pub alerts: u64,
    /// Holes in the numbers of its run so far.
    pub gaps: u64,
}

/// Place of a group in a fold; it stays the same in later states of that fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupPlace {
    run: usize,
    group: usize,
}

impl Aggregator {
    /// Returns where the latest input belongs; `None` while no run has a group.
    pub fn latest(&self) -> Option<Latest> {
        let at = self.latest_run?;
        let run = self.runs.get(at)?;
        let group = run.groups.get(run.latest_group)?;
        Some(Latest {
            run: at,
            group: GroupPlace { run: at, group: run.latest_group },
            alerts: group.alerts.begun(),
            gaps: run.telemetry.sequence.holes().map_or(0, |holes| holes.gaps),
        })
    }

    /// Returns the name of a group.
    pub fn key_of(&self, place: GroupPlace) -> Option<RunKey> {
        let group_id = self.group(place)?.id.clone();
        Some(RunKey { run_id: self.runs.get(place.run)?.id.clone(), group_id })
    }

    /// Returns the alerts of a group that have begun after the alert with this number, in the order of their numbers.
    pub fn alerts_after(&self, place: GroupPlace, number: u64) -> Vec<Alert> {
        self.group(place).map_or_else(Vec::new, |group| group.alerts.after(number))
    }

    /// Makes a copy that is kept for long independent of the fold that it was taken of.
    ///
    /// Lines of the event log are shared between states. In a copy that outlives its neighbours they would keep alive, each
    /// for itself, the pages on which the fold made them, among thousands of lines that are gone.
    pub fn detach(&mut self) {
        self.lobby_log.detach();
        for run in &mut self.runs {
            run.lobby.detach();
            run.groups.iter_mut().for_each(|group| group.log.detach());
        }
    }

    /// Returns roughly how much memory a copy of this fold takes (bytes), snapshots that were taken of it not included.
    pub fn heap_bytes(&self) -> usize {
        let runs = self.runs.iter().map(|run| {
            let groups = run.groups.iter().map(Group::heap_bytes).sum::<usize>();
            size_of_val(run) + run.lobby.heap_bytes() + run.names_bytes() + groups
        });
        self.lobby_log.heap_bytes() + runs.sum::<usize>()
    }

    fn group(&self, place: GroupPlace) -> Option<&Group> {
        self.runs.get(place.run)?.groups.get(place.group)
    }
}
