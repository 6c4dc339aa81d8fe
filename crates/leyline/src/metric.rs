//! The registry of metrics: number, name, unit, place in the snapshot and limits of each.
//!
//! The record of a metric, `docs/telemetry/TELE-NNN_name.md`, says the same in words and more.

use crate::threshold::Band;
use crate::unit::Unit;
use crate::word::closed_word;

mod env;
mod episode;
mod event_log;
mod gradient;
mod infrastructure;
mod policy;
mod run;
mod time;
mod value;

closed_word! {
    /// What a metric is about.
    Category {
        /// The run and its progress.
        Training = "training",
        /// The policy side of an update.
        Policy = "policy",
        /// The value function.
        Value = "value",
        /// Gradients.
        Gradient = "gradient",
        /// Env-episodes.
        Episode = "episode",
        /// Environments.
        Env = "env",
        /// Connection, throughput, machine, telemetry.
        Infrastructure = "infrastructure",
        /// Where the time goes.
        Time = "time",
        /// The event log.
        EventLog = "event_log",
        /// What user code reports.
        User = "user",
    }
}

closed_word! {
    /// Where a metric must be visible.
    Priority {
        /// On the main screen.
        P0 = "P0-critical",
        /// On the main screen or a panel of its own.
        P1 = "P1-important",
        /// Anywhere.
        P2 = "P2-useful",
    }
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricSpec {
    /// Permanent number: 110 for TELE-110.
    pub number: u16,
    /// Name for people.
    pub name: &'static str,
    /// What it is about.
    pub category: Category,
    /// Where it must be visible.
    pub priority: Priority,
    /// Its unit.
    pub unit: Unit,
    /// Its place in the snapshot; `[i]` stands for any entry of a list, `[name]` for any key of a map.
    pub path: &'static str,
    /// Its limits, if it has any. Some apply under a condition only, which `karn-sanctum` knows.
    pub band: Option<&'static Band>,
}

impl MetricSpec {
    const fn with(mut self, band: &'static Band) -> Self {
        self.band = Some(band);
        self
    }
}

const fn spec(
    number: u16,
    name: &'static str,
    category: Category,
    priority: Priority,
    unit: Unit,
    path: &'static str,
) -> MetricSpec {
    MetricSpec { number, name, category, priority, unit, path, band: None }
}

/// Every family of metrics, in the order of the numbers.
pub const FAMILIES: [&[MetricSpec]; 9] = [
    run::SPECS,
    policy::SPECS,
    value::SPECS,
    gradient::SPECS,
    episode::SPECS,
    env::SPECS,
    infrastructure::SPECS,
    event_log::SPECS,
    time::SPECS,
];

/// Returns every metric.
pub fn all() -> impl Iterator<Item = &'static MetricSpec> {
    FAMILIES.iter().copied().flatten()
}

/// Returns the metric with this place in the snapshot.
pub fn by_path(path: &str) -> Option<&'static MetricSpec> {
    all().find(|spec| spec.path == path)
}

/// Returns the metric with this number.
pub fn by_number(number: u16) -> Option<&'static MetricSpec> {
    all().find(|spec| spec.number == number)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_and_paths_are_unique() {
        let numbers: BTreeSet<_> = all().map(|spec| spec.number).collect();
        let paths: BTreeSet<_> = all().map(|spec| spec.path).collect();
        assert_eq!(numbers.len(), all().count());
        assert_eq!(paths.len(), all().count());
        assert_eq!(by_path("policy.kl_divergence").map(|spec| spec.number), Some(110));
        assert_eq!(by_number(14).map(|spec| spec.path), Some("max_batches"));
    }
}
