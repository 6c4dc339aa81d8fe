//! Folds the numbers of user code.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leyline::Metric;
use leyline::validate::MAX_METRIC_NAMES;

use crate::history::History;
use crate::snapshot::Series;

/// The user metrics of a group.
#[derive(Debug, Clone)]
pub(super) struct Metrics {
    series: BTreeMap<String, Points>,
    shared: OnceCell<Arc<BTreeMap<String, Series>>>,
}

#[derive(Debug, Clone)]
struct Points {
    unit: Option<String>,
    points: History<(u64, f64)>,
}

impl Metrics {
    pub(super) const fn new() -> Self {
        Self { series: BTreeMap::new(), shared: OnceCell::new() }
    }

    /// Folds a report.
    pub(super) fn apply(&mut self, metric: &Metric) {
        let Metric { step, values, units } = metric;
        for (name, value) in values {
            let unit = units.as_ref().and_then(|units| units.get(name));
            if !self.series.contains_key(name) {
                let fresh = Points { unit: None, points: History::new() };
                self.series.insert(name.clone(), fresh);
            }
            if let Some(series) = self.series.get_mut(name) {
                series.points.push((*step, *value));
                if unit.is_some() {
                    series.unit = unit.cloned();
                }
            }
        }
        self.shared.take();
    }

    /// Returns roughly how much memory the points take (bytes).
    pub(super) fn heap_bytes(&self) -> usize {
        let series = self.series.iter();
        series
            .map(|(name, points)| size_of::<Points>() + name.len() + points.points.heap_bytes())
            .sum()
    }

    /// Takes a picture; free until the next report.
    pub(super) fn view(&self) -> Arc<BTreeMap<String, Series>> {
        Arc::clone(self.shared.get_or_init(|| {
            let series = self.series.iter().map(|(name, series)| {
                let points = series.points.shared();
                (name.clone(), Series { unit: series.unit.clone(), points })
            });
            Arc::new(series.collect())
        }))
    }
}

/// The names of user metrics in a run, at most [`MAX_METRIC_NAMES`], so that no source can use up the memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    names: BTreeSet<String>,
}

impl Names {
    /// Returns roughly how much memory the names take (bytes).
    pub(super) fn heap_bytes(&self) -> usize {
        self.names.iter().map(|name| size_of::<String>() + name.len()).sum()
    }

    /// Returns whether the run has room for the names of a report, and takes them if so.
    #[must_use]
    pub(super) fn admit(&mut self, metric: &Metric) -> bool {
        let fresh = || metric.values.keys().filter(|name| !self.names.contains(*name));
        if MAX_METRIC_NAMES < self.names.len() + fresh().count() {
            return false;
        }
        let fresh: Vec<_> = fresh().cloned().collect();
        self.names.extend(fresh);
        true
    }
}
