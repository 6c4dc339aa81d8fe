//! The metrics of updates one by one: which rule reads each, and when it left its own band.
//!
//! The band of a metric is its mean plus and minus three standard deviations, both weighted so that an update loses a
//! twentieth of its weight with each that follows. A value outside moves them only as far as the edge, so that one spike does
//! not make the band wide. A metric has left it once two of three updates lie outside, at the first of them: with some forty
//! metrics one value in thousands would otherwise be a mover of every alert. What is not finite has left at once.

use leyline::metric;
use leyline::rule::{
    MOVER_LEAST_UPDATES, MOVER_SIGMAS, MOVER_UPDATES, NO_MOVERS, RULES, Rule, Test,
};
use leyline::{AlertLevel, Band, Health};

use crate::alert::{At, Finding, OfVerdict as _};
use crate::number::{self, Found, Kind};
use crate::settings::{InForce, Settings};
use crate::snapshot::PolicyView;
use crate::verdict;

/// The metric that moved first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mover {
    /// Its path.
    pub path: &'static str,
    /// Where it left its band.
    pub at: At,
    /// By how many of its standard deviations, with the sign of the change; infinite where it never varied before, or is not
    /// finite.
    pub sigmas: f64,
}

/// What the latest update said to one rule.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) is_evaluated: bool,
    pub(super) worst: Option<Finding>,
}

impl Seen {
    fn add(&mut self, found: Option<Finding>) {
        self.is_evaluated = true;
        self.worst = match (self.worst, found) {
            (Some(worst), Some(found)) if worst.is_better_than(&found) => Some(found),
            (worst, found) => worst.or(found),
        };
    }
}

/// What the latest update said to all rules.
pub(super) struct SeenByRules {
    pub(super) of_rules: [Seen; RULES.len()],
    pub(super) nan: Seen,
}

/// Every metric of updates that was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Watched {
    metrics: Vec<Metric>,
    updates: u64,
}

#[derive(Debug, Clone, Copy)]
struct Metric {
    path: &'static str,
    /// Place in the table of the rule that reads it.
    rule: Option<usize>,
    band: Option<&'static Band>,
    is_mover: bool,
    course: Normal,
}

/// What is normal for a metric.
#[derive(Debug, Clone, Copy, Default)]
struct Normal {
    count: u32,
    mean: f64,
    variance: f64,
    /// Bit i: the value i updates back lay outside.
    outside: u8,
    /// The latest time that it lay outside after having been inside.
    out: Option<Left>,
    /// The earliest time that counts.
    left: Option<Left>,
}

#[derive(Debug, Clone, Copy)]
struct Left {
    at: At,
    update: u64,
    sigmas: f64,
}

const WEIGHT: f64 = 1.0 / 20.0;
/// Spread below which a metric counts as one that does not vary, as a share of its mean.
const LEAST_SPREAD: f64 = 1e-9;

impl Watched {
    /// Takes note of what an update measured.
    pub(super) fn update(
        &mut self,
        at: At,
        policy: &PolicyView,
        settings: &Settings,
    ) -> SeenByRules {
        self.updates += 1;
        let mut seen =
            SeenByRules { of_rules: [Seen::default(); RULES.len()], nan: Seen::default() };
        let mut cursor = 0;
        number::policy(policy, &mut |found: Found| {
            if found.kind == Kind::Update && found.fresh && found.batch == at.batch {
                let place = self.place(found.place.path, cursor);
                cursor = place + 1;
                self.note(place, &found, at, settings, &mut seen);
            }
        });
        seen
    }

    /// Returns the metric that left its band earliest within the latest updates.
    pub(super) fn first_mover(&self) -> Option<Mover> {
        let since = self.updates.saturating_sub(MOVER_UPDATES);
        let left =
            self.metrics.iter().filter_map(|metric| Some((metric.path, metric.course.left?)));
        let recent = left.filter(|(_, left)| since < left.update);
        let first = recent.min_by(|(_, a), (_, b)| {
            a.update.cmp(&b.update).then(b.sigmas.abs().total_cmp(&a.sigmas.abs()))
        });
        first.map(|(path, left)| Mover { path, at: left.at, sigmas: left.sigmas })
    }

    pub(super) const fn heap_bytes(&self) -> usize {
        self.metrics.len() * size_of::<Metric>()
    }

    fn note(
        &mut self,
        place: usize,
        found: &Found,
        at: At,
        settings: &Settings,
        seen: &mut SeenByRules,
    ) {
        let metric = &mut self.metrics[place];
        let value = found.value;
        if metric.is_mover {
            metric.course.note(value, at, self.updates);
        }
        let not_finite = !value.is_finite() || (metric.is_count() && 0.0 < value);
        let found_nan = not_finite.then(|| {
            let depth = if value.is_finite() { value } else { f64::INFINITY };
            Finding { depth, ..Finding::new(AlertLevel::Critical, value, Some(found.place)) }
        });
        seen.nan.add(found_nan);
        let judged = !matches!(found.verdict, Health::NoData | Health::Ungraded);
        if let Some(rule) = metric.rule
            && judged
            && value.is_finite()
        {
            let finding = AlertLevel::of(found.verdict).map(|level| {
                let depth = metric.depth(settings, value);
                Finding { depth, ..Finding::new(level, value, Some(found.place)) }
            });
            seen.of_rules[rule].add(finding);
        }
    }

    /// Returns the place of a metric. Readings come in the same order in each update, so it is nearly always `expected`.
    fn place(&mut self, path: &'static str, expected: usize) -> usize {
        let is_it = |metric: &Metric| std::ptr::eq(metric.path, path) || metric.path == path;
        if self.metrics.get(expected).is_some_and(is_it) {
            return expected;
        }
        if let Some(place) = self.metrics.iter().position(is_it) {
            return place;
        }
        self.metrics.push(Metric::new(path));
        self.metrics.len() - 1
    }
}

impl Metric {
    fn new(path: &'static str) -> Self {
        let spec = metric::by_path(path);
        let number = spec.map(|spec| spec.number);
        let reads = |rule: &Rule| {
            matches!(rule.test, Test::Verdict)
                && number.is_some_and(|number| rule.reads.contains(&number))
        };
        Self {
            path,
            rule: RULES.iter().position(reads),
            band: spec.and_then(|spec| spec.band),
            is_mover: number.is_none_or(|number| !NO_MOVERS.contains(&number)),
            course: Normal::default(),
        }
    }

    /// Returns how far a value lies beyond the limits in force.
    fn depth(&self, settings: &Settings, value: f64) -> f64 {
        let limits = self.band.map(|band| settings.in_force(self.path, band));
        let limits = limits.map(|InForce { critical, warning }| warning.iter().chain(critical));
        verdict::depth(limits.into_iter().flatten(), value)
    }

    /// Whether it counts elements that are not finite.
    fn is_count(&self) -> bool {
        NONFINITE_COUNTS.contains(&self.path)
    }
}

const NONFINITE_COUNTS: [&str; 2] = ["policy.nan_grad_count", "policy.inf_grad_count"];

impl Normal {
    fn note(&mut self, value: f64, at: At, update: u64) {
        if self.left.is_some_and(|left| left.update + MOVER_UPDATES <= update) {
            self.left = None;
        }
        let sigmas = self.sigmas(value);
        let is_outside = sigmas.is_some_and(|sigmas| MOVER_SIGMAS < sigmas.abs());
        if let Some(sigmas) = sigmas.filter(|_| is_outside) {
            let was_outside = self.outside.trailing_zeros() < 2;
            if !was_outside {
                self.out = Some(Left { at, update, sigmas });
            }
            let lasts = was_outside || !value.is_finite();
            if lasts && self.left.is_none() {
                self.left = self.out;
            }
        }
        self.outside = (self.outside << 1) | u8::from(is_outside);
        if value.is_finite() {
            self.learn(value, is_outside);
        }
    }

    /// Returns how far a value lies from the mean; `None` while that is not known.
    fn sigmas(&self, value: f64) -> Option<f64> {
        if !value.is_finite() {
            return Some(f64::INFINITY);
        }
        if self.count < MOVER_LEAST_UPDATES {
            return None;
        }
        let (distance, spread) = (value - self.mean, self.variance.sqrt());
        if distance.abs() <= LEAST_SPREAD * self.mean.abs() {
            return Some(0.0);
        }
        Some(if spread <= LEAST_SPREAD * self.mean.abs() {
            f64::INFINITY.copysign(distance)
        } else {
            distance / spread
        })
    }

    fn learn(&mut self, value: f64, is_outside: bool) {
        self.count = self.count.saturating_add(1);
        if self.count == 1 {
            self.mean = value;
            return;
        }
        let spread = self.variance.sqrt();
        let edge = MOVER_SIGMAS * spread;
        // A metric that never varied has no edge to be held at.
        let held = is_outside && 0.0 < spread;
        let distance = value - self.mean;
        let distance = if held { distance.clamp(-edge, edge) } else { distance };
        // The first updates count alike, so that the band is not that of the very first.
        let weight = WEIGHT.max(1.0 / f64::from(self.count));
        self.mean += weight * distance;
        self.variance = (1.0 - weight) * (self.variance + weight * distance * distance);
    }
}

#[cfg(test)]
mod tests {
    use leyline::RunNs;

    use super::*;

    /// Feeds values from update 1 on; returns the update in which the metric left its band, and how far.
    fn left(values: impl IntoIterator<Item = f64>) -> Option<(u64, f64)> {
        let mut normal = Normal::default();
        for (update, value) in (1_u64..).zip(values) {
            let at = At { batch: Some(update), mono_ns: RunNs(update) };
            normal.note(value, at, update);
        }
        normal.left.map(|left| (left.update, left.sigmas))
    }

    fn calm() -> Vec<f64> {
        (0..15).map(|i| if i % 2 == 0 { 1.0 } else { 1.2 }).collect()
    }

    #[test]
    fn a_metric_has_left_its_band_when_two_of_three_lie_outside() {
        assert_eq!(left(calm()), None);
        assert_eq!(left([calm(), vec![9.0, 1.0, 1.2]].concat()), None, "one spike");
        let moved = left([calm(), vec![9.0, 9.5]].concat());
        assert!(moved.is_some_and(|(update, sigmas)| update == 16 && 3.0 < sigmas), "{moved:?}");
        let moved = left([calm(), vec![9.0, 1.0, 9.5]].concat());
        assert_eq!(moved.map(|(update, _)| update), Some(16));
        let moved = left([calm(), vec![-9.0, -9.5]].concat());
        assert!(moved.is_some_and(|(_, sigmas)| sigmas < -3.0), "{moved:?}");
    }

    #[test]
    fn what_is_not_finite_has_left_at_once_and_what_never_varied_by_any_change() {
        assert_eq!(left([f64::NAN]), Some((1, f64::INFINITY)));
        assert_eq!(left([vec![2.0; 12], vec![2.1, 2.1]].concat()), Some((13, f64::INFINITY)));
    }

    #[test]
    fn what_left_long_ago_does_not_count() {
        let back = [calm(), vec![9.0, 9.5], calm(), calm()].concat();
        assert_eq!(left(back), None);
    }
}
