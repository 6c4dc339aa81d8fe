//! What a healthy run may have beyond a limit: the guards of the rules, held against what is known of the run.

use leyline::rule::{PROGRESS_BATCHES, Rule, Situation};
use leyline::threshold::RETURNS_VARY_MUCH;
use leyline::{AlertLevel, Health};

use super::{Alerts, Finding};
use crate::reading::Reading;
use crate::snapshot::PolicyView;

/// Returns what is left of a finding when a rule says at most so much; `None` says nothing.
pub(super) fn lessened(found: Option<Finding>, most: Option<AlertLevel>) -> Option<Finding> {
    let (found, most) = found.zip(most)?;
    Some(Finding { level: found.level.min(most), ..found })
}

impl Alerts {
    /// Returns the worst that a rule may say now. `policy` is that of the update which was just measured.
    pub(super) fn most(
        &self,
        rule: &Rule,
        batch: Option<u64>,
        policy: Option<&PolicyView>,
    ) -> Option<AlertLevel> {
        let holding = rule.guards.iter().filter(|guard| match guard.when {
            Situation::Progress => self.makes_progress(batch),
            Situation::Solved => self.is_solved,
            Situation::TargetsVaryLittle => {
                policy.is_some_and(|policy| targets_vary_little(policy, batch))
            }
            Situation::Evaluating => self.is_evaluating,
            Situation::KlHealthy => policy.is_some_and(|policy| kl_is_healthy(policy, batch)),
        });
        holding.map(|guard| guard.most).min().unwrap_or(Some(AlertLevel::Critical))
    }

    /// Returns whether the mean return was better than ever before not long ago.
    fn makes_progress(&self, batch: Option<u64>) -> bool {
        let since = self.best_return.zip(batch);
        since.is_some_and(|((_, best), batch)| batch.saturating_sub(best) <= PROGRESS_BATCHES)
    }
}

fn targets_vary_little(policy: &PolicyView, batch: Option<u64>) -> bool {
    let (std, mean) = (of_update(policy.return_std, batch), of_update(policy.return_mean, batch));
    let is_little = |std: f64, mean: f64| mean.is_finite() && std < RETURNS_VARY_MUCH * mean.abs();
    std.zip(mean).is_some_and(|(std, mean)| is_little(std.value, mean.value))
}

fn kl_is_healthy(policy: &PolicyView, batch: Option<u64>) -> bool {
    of_update(policy.kl_divergence, batch).is_some_and(|kl| kl.verdict == Health::Healthy)
}

/// Returns a reading if it is of the update that is evaluated.
fn of_update(reading: Option<Reading>, batch: Option<u64>) -> Option<Reading> {
    reading.filter(|reading| reading.fresh && reading.batch == batch)
}
