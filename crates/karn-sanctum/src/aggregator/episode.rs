//! Folds finished env-episodes and the mean returns of batches.

use leyline::EpisodeOutcome;

use crate::aggregator::policy::rejudge;
use crate::formula::episode::{self, Finished};
use crate::formula::trend::{self, trend};
use crate::history::History;
use crate::reading::{Reading, Stamp};
use crate::snapshot::{EpisodesView, Trend};

/// What is known of the env-episodes of a group.
#[derive(Debug, Clone)]
pub(super) struct Episodes {
    returns: History<f64>,
    return_trend: Option<Trend>,
    latest: History<Finished, { episode::WINDOW }>,
    /// Batch and time of the latest outcome.
    stamp: Option<Stamp>,
    best: Option<f64>,
    worst: Option<f64>,
    total: u64,
}

impl Episodes {
    pub(super) const fn new() -> Self {
        Self {
            returns: History::new(),
            return_trend: None,
            latest: History::new(),
            stamp: None,
            best: None,
            worst: None,
            total: 0,
        }
    }

    /// Folds a finished env-episode. `stamp`: batch and time of the outcome.
    pub(super) fn apply(&mut self, outcome: &EpisodeOutcome, stamp: Stamp) {
        let EpisodeOutcome {
            env_id: _,
            episode_idx: _,
            episode_return,
            episode_length,
            terminated: _,
            truncated: _,
            success,
        } = outcome;
        self.latest.push(Finished {
            episode_return: *episode_return,
            length: *episode_length,
            success: *success,
        });
        if episode_return.is_finite() {
            self.best = Some(self.best.map_or(*episode_return, |best| best.max(*episode_return)));
            self.worst =
                Some(self.worst.map_or(*episode_return, |worst| worst.min(*episode_return)));
        }
        self.stamp = Some(stamp);
        self.total = self.total.saturating_add(1);
    }

    /// Folds the mean return of a batch, if it had one.
    pub(super) fn batch_ended(&mut self, mean_return: Option<f64>) {
        if let Some(mean_return) = mean_return {
            self.returns.push(mean_return);
            self.return_trend = trend(&self.returns.latest(2 * trend::WINDOW), trend::RETURNS);
        }
    }

    /// Returns the returns of the latest env-episodes.
    pub(super) fn returns(&self) -> impl ExactSizeIterator<Item = f64> + Clone {
        self.latest.iter().map(|episode| episode.episode_return)
    }

    /// Returns the median length of the latest env-episodes; `None` while there are fewer than `least`.
    pub(super) fn median_length(&self, least: usize) -> Option<f64> {
        let mut lengths: Vec<u32> = self.latest.iter().map(|episode| episode.length).collect();
        lengths.sort_unstable();
        lengths.get(lengths.len() / 2).filter(|_| least <= lengths.len()).map(|&at| f64::from(at))
    }

    /// Returns roughly how much memory the histories take (bytes).
    pub(super) fn heap_bytes(&self) -> usize {
        self.returns.heap_bytes() + self.latest.heap_bytes()
    }

    /// Takes a picture.
    pub(super) fn view(&self) -> EpisodesView {
        let read = |value: Option<f64>| -> Option<Reading> { Some(self.stamp?.read(value?, None)) };
        EpisodesView {
            return_history: self.returns.shared(),
            return_trend: self.return_trend,
            last_return: read(self.latest.newest().map(|episode| episode.episode_return)),
            mean_return: read(episode::mean_return(self.latest.iter())),
            best_return: read(self.best),
            worst_return: read(self.worst),
            mean_length: read(episode::mean_length(self.latest.iter())),
            success_rate: read(episode::success_rate(self.latest.iter())),
            total: Some(self.total),
        }
    }
}

/// Gives the readings of an edited view their verdicts again; none of them has a limit.
pub(super) fn judge(view: &mut EpisodesView) {
    let readings = [
        &mut view.last_return,
        &mut view.mean_return,
        &mut view.best_return,
        &mut view.worst_return,
        &mut view.mean_length,
        &mut view.success_rate,
    ];
    for reading in readings {
        rejudge(reading, None);
    }
}
