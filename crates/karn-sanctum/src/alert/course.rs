//! One rule along a run: what its latest evaluations found, and the alert that came of it.
//!
//! The window is three small integers, one for each level: bit `i` says whether the evaluation `i` before the latest found
//! that level or a worse one.

use leyline::rule::{CLEAR_TO_END, MOST_EVALUATIONS, Rule};
use leyline::{AlertLevel, RuleId, RunNs};

use crate::alert::{Alert, At, Evidence, Tally};
use crate::number::Place;

/// What an evaluation found beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Finding {
    pub(crate) level: AlertLevel,
    pub(crate) value: f64,
    pub(crate) place: Option<Place>,
    pub(crate) env: Option<u32>,
    /// How far beyond the limit; only compared with findings of the same rule.
    pub(crate) depth: f64,
}

impl Finding {
    /// Returns a finding of which the larger value is the worse one.
    pub(crate) const fn new(level: AlertLevel, value: f64, place: Option<Place>) -> Self {
        Self { level, value, place, env: None, depth: value.abs() }
    }

    /// Returns whether another one is worse: by level, then what is not finite, then what lies farther beyond its limit.
    pub(crate) fn is_better_than(&self, other: &Self) -> bool {
        let rank = |found: &Self| (found.level, !found.value.is_finite(), found.value.is_nan());
        rank(self) < rank(other) || (rank(self) == rank(other) && self.depth < other.depth)
    }

    pub(super) const fn at(self, at: At) -> Dated {
        Dated { found: self, at }
    }

    /// Returns an alert that begins with this finding.
    pub(super) const fn begin(self, rule: RuleId, number: u64, at: At) -> Alert {
        let worst = self.at(at).evidence();
        let level = self.level;
        Alert { number, rule, level, first: at, last: at, ended: None, worst, mover: None }
    }
}

/// A finding and when it was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dated {
    found: Finding,
    at: At,
}

impl Dated {
    const fn evidence(self) -> Evidence {
        let Finding { value, place, env, level: _, depth: _ } = self.found;
        Evidence { value, at: self.at, place, env }
    }
}

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    info: u8,
    warning: u8,
    critical: u8,
    /// When the evaluations of the window were, latest first.
    evaluations: [At; MOST_EVALUATIONS],
    /// Evaluations in a row without a finding.
    clear: u8,
    /// The worst finding of the window, or of the alert while it lasts.
    worst: Option<Dated>,
    /// The alert that lasts. Its number is 0 until it is given one.
    pub(super) open: Option<Alert>,
    evaluated: bool,
    begun: u64,
    most: Option<AlertLevel>,
}

const NEVER: At = At { batch: None, mono_ns: RunNs(0) };

impl Course {
    pub(super) const fn new(_: &Rule) -> Self {
        Self {
            info: 0,
            warning: 0,
            critical: 0,
            evaluations: [NEVER; MOST_EVALUATIONS],
            clear: 0,
            worst: None,
            open: None,
            evaluated: false,
            begun: 0,
            most: None,
        }
    }

    /// Takes note of an evaluation; returns the alert that ends with it.
    pub(super) fn judge(&mut self, rule: &Rule, at: At, found: Option<Dated>) -> Option<Alert> {
        self.evaluated = true;
        self.shift(rule, at, found.map(|dated| dated.found.level));
        let Some(dated) = found else { return self.is_clear(at) };
        self.clear = 0;
        let worst = match self.worst {
            Some(worst) if !worst.found.is_better_than(&dated.found) => worst,
            Some(_) | None => dated,
        };
        self.worst = Some(worst);
        let lasting = self.lasting(rule);
        if let Some(open) = &mut self.open {
            open.last = at;
            open.worst = worst.evidence();
            open.level = open.level.max(lasting.unwrap_or(open.level));
            self.most = self.most.max(Some(open.level));
        } else if let Some(level) = lasting {
            let first = self.first();
            let alert = dated.found.begin(rule.id, 0, at);
            self.open = Some(Alert { level, first, worst: worst.evidence(), ..alert });
            self.begun += 1;
            self.most = self.most.max(Some(level));
        }
        None
    }

    /// Forgets the window because another start begins; returns the alert that ends with that.
    pub(super) fn restart(&mut self, at: At) -> Option<Alert> {
        self.forget();
        self.open.take().map(|alert| Alert { ended: Some(at), ..alert })
    }

    pub(super) const fn tally(&self, rule: &Rule) -> Tally {
        let Self { evaluated, begun, most, .. } = *self;
        Tally { rule: rule.id, evaluated, begun, worst: most }
    }

    fn is_clear(&mut self, at: At) -> Option<Alert> {
        self.clear = self.clear.saturating_add(1);
        if self.open.is_none() {
            if self.info == 0 {
                self.worst = None;
            }
            return None;
        }
        if self.clear < CLEAR_TO_END {
            return None;
        }
        self.forget();
        self.open.take().map(|alert| Alert { ended: Some(at), ..alert })
    }

    const fn forget(&mut self) {
        (self.info, self.warning, self.critical, self.clear) = (0, 0, 0, 0);
        self.worst = None;
    }

    fn shift(&mut self, rule: &Rule, at: At, level: Option<AlertLevel>) {
        let window = (1_u16 << rule.lasts.of) - 1;
        let push = |bits: u8, least: AlertLevel| {
            let found = u16::from(level.is_some_and(|level| least <= level));
            (((u16::from(bits) << 1) | found) & window) as u8
        };
        self.info = push(self.info, AlertLevel::Info);
        self.warning = push(self.warning, AlertLevel::Warning);
        self.critical = push(self.critical, AlertLevel::Critical);
        self.evaluations.rotate_right(1);
        self.evaluations[0] = at;
    }

    /// Returns the worst level that was found often enough.
    fn lasting(&self, rule: &Rule) -> Option<AlertLevel> {
        let levels = [
            (self.critical, AlertLevel::Critical),
            (self.warning, AlertLevel::Warning),
            (self.info, AlertLevel::Info),
        ];
        let often = |bits: u8| u32::from(rule.lasts.times) <= bits.count_ones();
        levels.into_iter().find(|(bits, _)| often(*bits)).map(|(_, level)| level)
    }

    /// Returns when the first finding of the window was.
    fn first(&self) -> At {
        let oldest = self.info.checked_ilog2().unwrap_or(0) as usize;
        self.evaluations.get(oldest).copied().unwrap_or(NEVER)
    }
}

#[cfg(test)]
mod tests {
    use leyline::rule;

    use super::*;

    /// Evaluates one rule at batches 1, 2, …: `.` clear, `i`, `w`, `c`; a blank is a batch without an evaluation.
    fn alerts(id: RuleId, evaluations: &str) -> Vec<String> {
        let (rule, mut course) = (rule::by_id(id), Course::new(rule::by_id(id)));
        let mut told = Vec::new();
        for (batch, evaluation) in (1_u64..).zip(evaluations.chars()) {
            let at = At { batch: Some(batch), mono_ns: RunNs(batch) };
            let level = match evaluation {
                '.' => None,
                'i' => Some(AlertLevel::Info),
                'w' => Some(AlertLevel::Warning),
                'c' => Some(AlertLevel::Critical),
                _ => continue,
            };
            let found = level.map(|level| Finding::new(level, batch as f64, None).at(at));
            told.extend(course.judge(rule, at, found).map(|alert| tell(&alert)));
        }
        told.extend(course.open.map(|alert| tell(&alert)));
        told
    }

    fn tell(alert: &Alert) -> String {
        let batch = |at: At| at.batch.unwrap_or(0);
        let ended = alert.ended.map_or_else(|| "lasts".to_owned(), |at| batch(at).to_string());
        let (first, last, worst) = (batch(alert.first), batch(alert.last), batch(alert.worst.at));
        format!("{} {first}-{last} worst {worst} ended {ended}", alert.level)
    }

    #[track_caller]
    fn check(evaluations: &str, expected: &[&str]) {
        assert_eq!(alerts(RuleId::KlHigh, evaluations), expected, "{evaluations}");
    }

    #[test]
    fn it_begins_when_it_lasted() {
        check("", &[]);
        check("w", &[]);
        check("w..w..w", &[]);
        check("ww", &["warning 1-2 worst 2 ended lasts"]);
        check("w.w", &["warning 1-3 worst 3 ended lasts"]);
        check(".w.ww", &["warning 2-5 worst 5 ended lasts"]);
    }

    #[test]
    fn the_level_needs_its_own_k_of_n_and_only_rises() {
        check("wc", &["warning 1-2 worst 2 ended lasts"]);
        check("wcc", &["critical 1-3 worst 3 ended lasts"]);
        check("c.c", &["critical 1-3 worst 3 ended lasts"]);
        check("ccww", &["critical 1-4 worst 2 ended lasts"]);
    }

    #[test]
    fn it_ends_after_three_clear_evaluations_in_a_row_and_not_before() {
        check("ww..", &["warning 1-2 worst 2 ended lasts"]);
        check("ww...", &["warning 1-2 worst 2 ended 5"]);
        check("ww..w...", &["warning 1-5 worst 5 ended 8"]);
        check("ww...w", &["warning 1-2 worst 2 ended 5"]);
        check("ww...w.w", &["warning 1-2 worst 2 ended 5", "warning 6-8 worst 8 ended lasts"]);
    }

    #[test]
    fn what_is_not_evaluated_is_neither_a_finding_nor_clear() {
        check("w       w", &["warning 1-9 worst 9 ended lasts"]);
        check("ww. . .", &["warning 1-2 worst 2 ended 7"]);
        check("ww. .  ", &["warning 1-2 worst 2 ended lasts"]);
    }

    #[test]
    fn three_of_five_and_at_once() {
        let of = |id, evaluations| alerts(id, evaluations);
        assert_eq!(of(RuleId::EvLow, "w.w."), Vec::<String>::new());
        assert_eq!(of(RuleId::EvLow, "w.w.w"), ["warning 1-5 worst 5 ended lasts"]);
        assert_eq!(of(RuleId::EvLow, "w...ww"), Vec::<String>::new());
        assert_eq!(of(RuleId::Nan, ".c"), ["critical 2-2 worst 2 ended lasts"]);
        assert_eq!(of(RuleId::Plateau, "i"), ["info 1-1 worst 1 ended lasts"]);
    }

    #[test]
    fn a_restart_ends_what_lasts_and_forgets_the_window() {
        let rule = rule::by_id(RuleId::KlHigh);
        let at = |batch| At { batch: Some(batch), mono_ns: RunNs(batch) };
        let found = |batch| Some(Finding::new(AlertLevel::Warning, 1.0, None).at(at(batch)));
        let mut course = Course::new(rule);
        assert!(course.judge(rule, at(1), found(1)).is_none());
        assert_eq!(course.restart(at(1)), None);
        course.judge(rule, at(2), found(2));
        assert_eq!(course.open, None, "the window is new");
        course.judge(rule, at(3), found(3));
        assert_eq!(course.restart(at(4)).and_then(|alert| alert.ended), Some(at(4)));
    }

    #[test]
    fn what_is_not_finite_is_worst() {
        let rule = rule::by_id(RuleId::Nan);
        let mut course = Course::new(rule);
        for (batch, value) in [(1, 5.0), (2, f64::NAN), (3, 9.0)] {
            let at = At { batch: Some(batch), mono_ns: RunNs(batch) };
            let found = Finding::new(AlertLevel::Critical, value, None);
            course.judge(rule, at, Some(found.at(at)));
        }
        let worst = course.open.map(|alert| alert.worst);
        assert!(worst.is_some_and(|worst| worst.value.is_nan()), "{worst:?}");
    }
}
