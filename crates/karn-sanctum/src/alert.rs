//! Alerts: verdicts that lasted, with a beginning, an end and evidence, by the rules of [`leyline::rule`].
//!
//! The rules are evaluated in one place, here, from the state of the fold: after each update, after each batch and at each
//! event (for silence). Screen, `check` and replay read the same list, because it is a part of the fold. Nothing here reads
//! a clock; only [`Aggregator::alerts`](crate::Aggregator::alerts) is asked at a moment, and adds what silence means then.
//!
//! An absent or old reading is no evaluation: it is neither a finding nor a clear one.

use std::sync::Arc;

use leyline::rule::{self, LEAST_EPISODES, RULES, Rule, Test};
use leyline::threshold::WARMUP_BATCHES;
use leyline::{AlertLevel, Health, Phase, RuleId, RunNs};

use crate::history::History;
use crate::number::Place;
use crate::settings::Settings;
use crate::snapshot::PolicyView;

mod course;
mod guard;
mod pace;
mod watched;

pub use watched::Mover;

use course::Course;
pub(crate) use course::Finding;
pub(crate) use pace::Pace;
use watched::Watched;

/// Alerts that have ended and are kept one by one, the latest; of older ones only their number and worst level are known.
pub const KEPT: usize = 200;

/// A place in a run: what alerts are dated by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// Global number of the batch; `None` before one is known.
    pub batch: Option<u64>,
    /// Producer's time.
    pub mono_ns: RunNs,
}

/// A verdict that lasted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alert {
    /// Its number in its group, from 1, in the order in which alerts began.
    pub number: u64,
    /// The rule.
    pub rule: RuleId,
    /// The worst level that lasted.
    pub level: AlertLevel,
    /// The first of the findings that made it an alert.
    pub first: At,
    /// The latest finding.
    pub last: At,
    /// Where it ended; `None` while it lasts.
    pub ended: Option<At>,
    /// What was found worst.
    pub worst: Evidence,
    /// The metric that left its own band earliest before the alert began.
    pub mover: Option<Mover>,
}

/// A value that a rule found beyond its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The value; may be NaN or infinite.
    pub value: f64,
    /// When.
    pub at: At,
    /// The metric; `None` for a heuristic over what has no record.
    pub place: Option<Place>,
    /// The environment, where the rule is about one.
    pub env: Option<u32>,
}

/// What is known of a rule along a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// The rule.
    pub rule: RuleId,
    /// Whether it could be evaluated at least once.
    pub evaluated: bool,
    /// How many alerts of it began.
    pub begun: u64,
    /// The worst level of all of them.
    pub worst: Option<AlertLevel>,
}

/// The alerts of a group as they stand at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertsView {
    /// Alerts by number: those that last, and the latest [`KEPT`] of those that ended.
    pub list: Vec<Alert>,
    /// What is known of each rule, in the order of the table.
    pub rules: Vec<Tally>,
    /// What somebody changed of the rules.
    pub settings: Arc<Settings>,
}

impl AlertsView {
    /// Returns the view before anything was evaluated.
    pub fn empty() -> Self {
        Self { list: Vec::new(), rules: Vec::new(), settings: Arc::default() }
    }

    /// Returns the alerts that last, worst first, of equals the one that began first.
    pub fn open(&self) -> Vec<&Alert> {
        let mut open: Vec<&Alert> =
            self.list.iter().filter(|alert| alert.ended.is_none()).collect();
        open.sort_by_key(|alert| (std::cmp::Reverse(alert.level), alert.number));
        open
    }

    /// Returns how many alerts are no longer in the list.
    pub fn forgotten(&self) -> u64 {
        let begun = self.rules.iter().map(|tally| tally.begun).sum::<u64>();
        begun.saturating_sub(self.list.len() as u64)
    }
}

/// What is evaluated at the end of a batch, beside what updates measured.
#[derive(Debug, Clone)]
pub(crate) struct BatchFacts {
    /// Fresh readings of memory pools with a verdict.
    pub(crate) memory: Vec<(f64, Health, Place)>,
    /// Rejected events so far, with the verdict on them.
    pub(crate) rejected: (u64, Health),
    /// Lost events so far, on the way and at sinks, the verdict on them, and the record that says more.
    pub(crate) lost: (u64, Health, Place),
    /// Environment that has not ended an episode for longest, how many epochs, and how many median episodes that is.
    pub(crate) quiet: Option<Quiet>,
    /// Mean and standard deviation of the latest returns.
    pub(crate) returns: Option<(f64, f64)>,
    /// Whether the task counts as solved.
    pub(crate) is_solved: bool,
    /// Batches that this start was asked for.
    pub(crate) planned: Option<u64>,
    /// Seconds of the batch in which the policy was tried out.
    pub(crate) evaluating: Option<f64>,
}

/// How long an environment has not ended an episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quiet {
    pub(crate) env: u32,
    pub(crate) epochs: u64,
    pub(crate) median_length: f64,
}

/// The alerts of a group and what they need to go on.
#[derive(Debug, Clone)]
pub(crate) struct Alerts {
    courses: Vec<Course>,
    ended: History<Alert, KEPT>,
    begun: u64,
    watched: Watched,
    pace: Pace,
    /// Batches done before the start; without one, before the first batch that was seen.
    start_batch: Option<u64>,
    skipped_in_a_row: u32,
    rejected: u64,
    lost: u64,
    best_return: Option<(f64, u64)>,
    /// Whether the task counted as solved at the end of the latest batch.
    is_solved: bool,
    /// Whether the trainer said last that it tries the policy out.
    is_evaluating: bool,
    settings: Arc<Settings>,
}

impl Alerts {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self {
            courses: RULES.iter().map(Course::new).collect(),
            ended: History::new(),
            begun: 0,
            watched: Watched::default(),
            pace: Pace::default(),
            start_batch: None,
            skipped_in_a_row: 0,
            rejected: 0,
            lost: 0,
            best_return: None,
            is_solved: false,
            is_evaluating: false,
            settings,
        }
    }

    /// Takes note of a start: what lasted has ended with the run before it, and windows begin anew. The list stays.
    pub(crate) fn started(&mut self, start_batch: u64, at: At) {
        for course in &mut self.courses {
            if let Some(alert) = course.restart(at) {
                self.ended.push(alert);
            }
        }
        self.watched = Watched::default();
        self.pace = Pace::started(at.mono_ns);
        self.start_batch = Some(start_batch);
        self.skipped_in_a_row = 0;
        self.best_return = None;
        (self.is_solved, self.is_evaluating) = (false, false);
    }

    /// Evaluates what an update measured.
    pub(crate) fn update_ended(&mut self, at: At, skipped: bool, policy: &PolicyView) {
        let is_warm = self.is_warm(at.batch);
        let seen = self.watched.update(at, policy, &self.settings);
        for (rule, found) in RULES.iter().zip(seen.of_rules) {
            let judges = matches!(rule.test, Test::Verdict);
            if judges && !(is_warm && rule.waits_for_warm_up) && found.is_evaluated {
                self.judge_update(rule, at, found.worst, Some(policy));
            }
        }
        if seen.nan.is_evaluated {
            self.judge(rule::by_id(RuleId::Nan), at, seen.nan.worst);
        }
        self.skipped_in_a_row = if skipped { self.skipped_in_a_row.saturating_add(1) } else { 0 };
        let skipped = rule::by_id(RuleId::Skipped);
        let found = skipped_finding(skipped, self.skipped_in_a_row);
        self.judge(skipped, at, found);
    }

    /// Evaluates what is known at the end of a batch.
    pub(crate) fn batch_ended(&mut self, at: At, facts: &BatchFacts) {
        let Some(batch) = at.batch else { return };
        let is_warm = self.is_warm(at.batch);
        self.is_solved = facts.is_solved;
        let memory = facts.memory.iter().filter_map(|&(value, verdict, place)| {
            Some((value, AlertLevel::of(verdict)?, Some(place)))
        });
        let worst = memory.max_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
        if !facts.memory.is_empty() {
            let found = worst.map(|(value, level, place)| Finding::new(level, value, place));
            self.judge(rule::by_id(RuleId::Memory), at, found);
        }
        self.counters(at, facts);
        self.is_evaluating = false;
        if let Some(timed) = self.pace.batch_ended(at.mono_ns, facts.evaluating) {
            self.judge(rule::by_id(RuleId::Slow), at, timed.slow);
            self.judge(rule::by_id(RuleId::Stall), at, timed.stalled);
        }
        if let Some(quiet) = facts.quiet {
            let rule = rule::by_id(RuleId::EnvQuiet);
            self.judge(rule, at, quiet.finding(rule));
        }
        self.returns(at, batch, is_warm, facts);
    }

    /// Takes note of what the trainer says that it is doing.
    pub(crate) fn beat(&mut self, phase: &Phase) {
        self.is_evaluating = *phase == Phase::Evaluating;
    }

    /// Evaluates how long the run said nothing before an event.
    pub(crate) fn silence_ended(&mut self, at: At, seconds: f64) {
        let found = silence_finding(&self.settings, seconds);
        self.judge(rule::by_id(RuleId::Age), at, found);
    }

    /// Returns the alerts at a moment: `silence` since the latest event and `without_batch` since the end of the latest batch
    /// in seconds, `None` once the run is over.
    pub(crate) fn view(
        &self,
        at: At,
        silence: Option<f64>,
        without_batch: Option<f64>,
    ) -> AlertsView {
        let open = self.courses.iter().filter_map(|course| course.open);
        let mut list: Vec<Alert> = self.ended.iter().copied().chain(open).collect();
        list.sort_by_key(|alert| alert.number);
        let mut rules: Vec<Tally> =
            RULES.iter().zip(&self.courses).map(|(rule, course)| course.tally(rule)).collect();
        let stall = rule::by_id(RuleId::Stall);
        let stalled = without_batch.and_then(|seconds| self.pace.stall(seconds));
        let now = [
            (RuleId::Age, silence.and_then(|seconds| silence_finding(&self.settings, seconds))),
            (RuleId::Stall, guard::lessened(stalled, self.most(stall, at.batch, None))),
        ];
        let mut number = self.begun;
        for (id, found) in now {
            let is_open = self.courses[id as usize].open.is_some();
            let is_quiet = is_open || self.settings.is_muted(id);
            if let Some(found) = found.filter(|_| !is_quiet) {
                number += 1;
                list.push(found.begin(id, number, at));
                let tally = &mut rules[id as usize];
                tally.evaluated = true;
                tally.begun += 1;
                tally.worst = tally.worst.max(Some(found.level));
            }
        }
        AlertsView { list, rules, settings: Arc::clone(&self.settings) }
    }

    /// Returns how many alerts have begun.
    pub(crate) const fn begun(&self) -> u64 {
        self.begun
    }

    /// Returns the alerts that began after the one with this number, by number.
    pub(crate) fn after(&self, number: u64) -> Vec<Alert> {
        let open = self.courses.iter().filter_map(|course| course.open);
        let all = open.chain(self.ended.iter().copied());
        let mut later: Vec<Alert> = all.filter(|alert| number < alert.number).collect();
        later.sort_by_key(|alert| alert.number);
        later
    }

    /// Returns roughly how much memory it takes (bytes).
    pub(crate) fn heap_bytes(&self) -> usize {
        self.courses.len() * size_of::<Course>()
            + self.ended.heap_bytes()
            + self.watched.heap_bytes()
            + self.pace.heap_bytes()
    }

    fn counters(&mut self, at: At, facts: &BatchFacts) {
        let (rejected, verdict) = facts.rejected;
        let grown = rejected > std::mem::replace(&mut self.rejected, rejected);
        let found = AlertLevel::of(verdict).filter(|_| grown).map(|level| {
            let place = Place { path: "telemetry.events_rejected", index: None };
            Finding::new(level, rejected as f64, Some(place))
        });
        self.judge(rule::by_id(RuleId::Rejected), at, found);
        let (lost, verdict, place) = facts.lost;
        let grown = lost > std::mem::replace(&mut self.lost, lost);
        let found = AlertLevel::of(verdict)
            .filter(|_| grown)
            .map(|level| Finding::new(level, lost as f64, Some(place)));
        self.judge(rule::by_id(RuleId::Lost), at, found);
    }

    fn returns(&mut self, at: At, batch: u64, is_warm: bool, facts: &BatchFacts) {
        let Some((mean, deviation)) = facts.returns.filter(|(mean, _)| mean.is_finite()) else {
            return;
        };
        let (best, best_batch) = match self.best_return {
            Some((best, since)) if mean <= best => (best, since),
            Some(_) | None => (mean, batch),
        };
        self.best_return = Some((best, best_batch));
        if is_warm {
            return;
        }
        let drop = rule::by_id(RuleId::RetDrop);
        if let Test::ReturnDrop { sigmas } = drop.test
            && deviation.is_finite()
            && 0.0 < deviation
        {
            let below = (best - mean) / deviation;
            let place = Some(Place { path: "episodes.mean_return", index: None });
            let found = (sigmas < below).then(|| Finding {
                depth: below,
                ..Finding::new(AlertLevel::Warning, mean, place)
            });
            self.judge(drop, at, found);
        }
        let plateau = rule::by_id(RuleId::Plateau);
        if let (Test::NoNewBest { share }, Some(planned)) = (plateau.test, facts.planned) {
            let since = batch.saturating_sub(best_batch) as f64;
            let stands = share * planned as f64 <= since;
            let found = stands.then(|| Finding::new(AlertLevel::Info, since, None));
            self.judge(plateau, at, found);
        }
    }

    fn judge(&mut self, rule: &Rule, at: At, found: Option<Finding>) {
        self.judge_update(rule, at, found, None);
    }

    /// Takes note of an evaluation, with what the guards of the rule leave of it. `policy`: that of the update which was just
    /// measured, without which situations of an update do not hold.
    fn judge_update(
        &mut self,
        rule: &Rule,
        at: At,
        found: Option<Finding>,
        policy: Option<&PolicyView>,
    ) {
        if self.settings.is_muted(rule.id) {
            return;
        }
        let found = guard::lessened(found, self.most(rule, at.batch, policy));
        let course = &mut self.courses[rule.id as usize];
        let found = found.map(|found| found.at(at));
        if let Some(ended) = course.judge(rule, at, found) {
            self.ended.push(ended);
        }
        if let Some(open) = &mut course.open
            && open.number == 0
        {
            self.begun += 1;
            open.number = self.begun;
            open.mover = self.watched.first_mover();
        }
    }

    fn is_warm(&mut self, batch: Option<u64>) -> bool {
        let Some(batch) = batch else { return true };
        let start = *self.start_batch.get_or_insert(batch.saturating_sub(1));
        batch.saturating_sub(start) <= WARMUP_BATCHES
    }
}

impl Quiet {
    fn finding(self, rule: &Rule) -> Option<Finding> {
        let Test::QuietEnv { medians, least } = rule.test else { return None };
        let epochs = self.epochs as f64;
        let is_quiet = least < self.epochs && medians * self.median_length < epochs;
        let finding = Finding::new(AlertLevel::Warning, epochs, None);
        is_quiet.then_some(Finding { env: Some(self.env), ..finding })
    }
}

fn skipped_finding(rule: &Rule, in_a_row: u32) -> Option<Finding> {
    let Test::Grew { critical_in_a_row } = rule.test else { return None };
    let level =
        if critical_in_a_row <= in_a_row { AlertLevel::Critical } else { AlertLevel::Warning };
    let place = Place { path: "policy.updates_skipped", index: None };
    (0 < in_a_row).then(|| Finding::new(level, f64::from(in_a_row), Some(place)))
}

fn silence_finding(settings: &Settings, seconds: f64) -> Option<Finding> {
    let level = AlertLevel::of(crate::verdict::staleness(settings, Some(seconds)))?;
    let place = Place { path: "staleness_seconds", index: None };
    Some(Finding::new(level, seconds, Some(place)))
}

/// Returns mean and standard deviation of returns; `None` while there are too few.
pub(crate) fn spread(returns: impl ExactSizeIterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let count = returns.len();
    if count < LEAST_EPISODES {
        return None;
    }
    let mean = returns.clone().sum::<f64>() / count as f64;
    let squares = returns.map(|value| (value - mean) * (value - mean)).sum::<f64>();
    Some((mean, (squares / (count - 1) as f64).sqrt()))
}

/// What a verdict means for an alert.
pub(crate) trait OfVerdict: Sized {
    /// Returns the level of a verdict; `None` where it is no alarm.
    fn of(verdict: Health) -> Option<Self>;
}

impl OfVerdict for AlertLevel {
    fn of(verdict: Health) -> Option<Self> {
        match verdict {
            Health::NoData | Health::Ungraded | Health::Healthy => None,
            Health::Warning => Some(Self::Warning),
            Health::Critical => Some(Self::Critical),
        }
    }
}
