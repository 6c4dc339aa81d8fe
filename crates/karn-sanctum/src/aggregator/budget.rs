//! Folds where the time of each batch went.

use leyline::{BatchEpochCompleted, RunNs};

use crate::aggregator::policy::rejudge;
use crate::formula::time_left::{MOST_BATCHES, time_left};
use crate::reading::{Reading, Stamp};
use crate::snapshot::{BudgetView, TimeShares};

/// Parts of a batch, in the order of [`TimeShares`].
const PARTS: usize = 6;

/// What is known of the times of a group.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    view: BudgetView,
    /// Seconds of each part since start, and of the batches that told it.
    totals: [Option<(f64, f64)>; PARTS],
    /// Seconds of collecting and updating since start.
    training: Option<f64>,
    /// Seconds of the latest batches, oldest first.
    latest: Vec<f64>,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self {
            view: BudgetView::empty(),
            totals: [None; PARTS],
            training: None,
            latest: Vec::new(),
        }
    }

    /// Folds the end of a batch of a run that ends with batch `max_batches`; 0: not known. The time of an interrupted batch
    /// is time as well.
    pub(super) fn batch_ended(
        &mut self,
        batch: &BatchEpochCompleted,
        max_batches: u64,
        mono_ns: RunNs,
    ) {
        let BatchEpochCompleted {
            batch_idx,
            outcome: _,
            skip_reason: _,
            n_envs: _,
            episodes_completed: _,
            batch_episodes: _,
            mean_return: _,
            epochs_since_start: _,
            env_steps_since_start: _,
            avg_accuracy: _,
            batch_seconds,
            collect_seconds,
            update_seconds,
            evaluate_seconds,
            checkpoint_seconds,
            wait_seconds,
            emit_seconds,
            pauses,
            resumes,
        } = batch;
        let stamp = Stamp { batch: Some(*batch_idx), mono_ns };
        let parts = [
            *collect_seconds,
            *update_seconds,
            *evaluate_seconds,
            *checkpoint_seconds,
            *wait_seconds,
            *emit_seconds,
        ];
        self.shares(parts, *batch_seconds, stamp);
        let trained = [*collect_seconds, *update_seconds].into_iter().flatten();
        if let Some(seconds) = trained.reduce(|a, b| a + b) {
            let total = self.training.map_or(seconds, |before| before + seconds);
            self.training = Some(total);
            self.view.training_seconds = Some(stamp.read(total, None));
        } else {
            old(&mut self.view.training_seconds);
        }
        self.view.pauses = pauses.or(self.view.pauses);
        self.view.resumes = resumes.or(self.view.resumes);
        if let Some(seconds) = *batch_seconds {
            if self.latest.len() == MOST_BATCHES {
                self.latest.remove(0);
            }
            self.latest.push(seconds);
        }
        let left = max_batches.checked_sub(*batch_idx).filter(|_| max_batches != 0);
        let range = left.and_then(|left| time_left(&self.latest, left));
        self.view.left_low_seconds = range.map(|(low, _)| stamp.read(low, None));
        self.view.left_high_seconds = range.map(|(_, high)| stamp.read(high, None));
    }

    /// Folds the end of the group: nothing is left.
    pub(super) const fn finish(&mut self) {
        self.view.left_low_seconds = None;
        self.view.left_high_seconds = None;
    }

    pub(super) fn view(&self) -> BudgetView {
        self.view.clone()
    }

    /// Returns roughly how much memory the times take (bytes).
    pub(super) const fn heap_bytes(&self) -> usize {
        self.latest.len() * size_of::<f64>()
    }

    fn shares(&mut self, parts: [Option<f64>; PARTS], whole: Option<f64>, stamp: Stamp) {
        // A batch without a length has no shares, and neither has one of no time at all.
        let whole = whole.filter(|whole| 0.0 < *whole || !whole.is_finite());
        let of_batch = slots(&mut self.view.batch);
        let of_run = slots(&mut self.view.run);
        let slots = of_batch.into_iter().zip(of_run).zip(&mut self.totals).zip(parts);
        for (((of_batch, of_run), total), part) in slots {
            if let Some((part, whole)) = part.zip(whole) {
                let (before, of) = total.unwrap_or((0.0, 0.0));
                let (sum, of) = (before + part, of + whole);
                *total = Some((sum, of));
                *of_batch = Some(stamp.read(part / whole, None));
                *of_run = Some(stamp.read(sum / of, None));
            } else {
                old(of_batch);
                old(of_run);
            }
        }
    }
}

/// A value that the latest batch did not tell is kept, and is old.
const fn old(slot: &mut Option<Reading>) {
    if let Some(reading) = slot {
        reading.fresh = false;
    }
}

const fn slots(shares: &mut TimeShares) -> [&mut Option<Reading>; PARTS] {
    let TimeShares { collect, update, evaluate, checkpoint, wait, emit } = shares;
    [collect, update, evaluate, checkpoint, wait, emit]
}

/// Gives the readings of an edited view their verdicts again.
pub(super) fn judge(view: &mut BudgetView) {
    let BudgetView {
        batch,
        run,
        training_seconds,
        pauses: _,
        resumes: _,
        left_low_seconds,
        left_high_seconds,
    } = view;
    let others = [training_seconds, left_low_seconds, left_high_seconds];
    for slot in slots(batch).into_iter().chain(slots(run)).chain(others) {
        rejudge(slot, None);
    }
}
