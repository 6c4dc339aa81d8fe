//! The rules of diagnosis as data: what each reads, how long it must last, where its limit comes from, what to look at.
//!
//! A rule that reads records has no number of its own: its limits are those of [`crate::metric`], which are in
//! [`crate::threshold`]. Only heuristics, which no record judges, carry numbers here. The function that evaluates the
//! table is in `karn-sanctum`.

use crate::threshold::SLOW_SECONDS;
use crate::unit::Unit;
use crate::word::closed_word;

mod table;

pub use table::RULES;

closed_word! {
    /// A rule.
    RuleId {
        /// Something is not finite.
        Nan = "nan",
        /// The policy changes too much in one update.
        KlHigh = "kl-high",
        /// Too many samples are clipped.
        ClipHigh = "clip-high",
        /// The policy has become narrow.
        EntLow = "ent-low",
        /// The policy becomes narrow fast.
        EntFall = "ent-fall",
        /// The critic explains little of the returns.
        EvLow = "ev-low",
        /// The critic errs.
        Critic = "critic",
        /// The gradient is large before clipping.
        GradHigh = "grad-high",
        /// The advantages spread too little or too much.
        AdvStd = "adv-std",
        /// Most advantages have one sign.
        AdvSign = "adv-sign",
        /// Single importance ratios are far from 1.
        Ratio = "ratio",
        /// An update changed nothing.
        Skipped = "skipped",
        /// No news.
        Age = "age",
        /// Telemetry was lost.
        Lost = "lost",
        /// Telemetry was rejected.
        Rejected = "rejected",
        /// An environment no longer ends episodes.
        EnvQuiet = "env-quiet",
        /// Memory runs out.
        Memory = "memory",
        /// Batches take longer than before.
        Slow = "slow",
        /// No batch ends any more.
        Stall = "stall",
        /// The return has fallen.
        RetDrop = "ret-drop",
        /// The return no longer rises.
        Plateau = "plateau",
    }
}

closed_word! {
    /// How bad an alert is.
    AlertLevel {
        /// Worth knowing.
        Info = "info",
        /// Beyond the first limit.
        Warning = "warning",
        /// Beyond the second limit, or not finite.
        Critical = "critical",
    }
}

closed_word! {
    /// What an alert is about. Alerts about the machine say nothing about the learning, so they are counted apart.
    About {
        /// Policy, value function, environments, returns.
        Learning = "learning",
        /// Memory, speed, silence.
        Machine = "machine",
        /// What became of the telemetry itself.
        Telemetry = "telemetry",
    }
}

/// When a rule is beyond its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// A fresh, finite reading of one of the records has a verdict that warns or is critical.
    Verdict,
    /// A fresh reading of any update is not finite, or a count of such gradient elements is critical.
    NotFinite,
    /// The counter has grown; critical when it grew in so many updates in a row.
    Grew {
        /// Updates in a row that make it critical.
        critical_in_a_row: u32,
    },
    /// The counter has grown and its verdict warns or is critical.
    CounterGrew,
    /// Seconds without news have a verdict that warns or is critical, and the run is not over.
    Silence,
    /// Epochs since an environment ended an episode, against the median length of episodes.
    QuietEnv {
        /// More than so many median lengths.
        medians: f64,
        /// And more than so many epochs.
        least: u64,
    },
    /// Seconds of a batch against the median of the batches before.
    SlowBatch {
        /// More than so many medians.
        medians: f64,
    },
    /// Seconds without the end of a batch against the median of the batches before.
    NoBatch {
        /// More than so many medians.
        medians: f64,
        /// And more than so many seconds.
        least_seconds: f64,
    },
    /// Mean return below its best by standard deviations of single returns.
    ReturnDrop {
        /// More than so many.
        sigmas: f64,
    },
    /// Batches without a new best mean return as a share of those planned.
    NoNewBest {
        /// More than this share.
        share: f64,
    },
}

/// How often a rule must be beyond its limit before it is an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasts {
    /// So many times.
    pub times: u8,
    /// Of so many evaluations, at most [`MOST_EVALUATIONS`].
    pub of: u8,
}

/// Largest window of a rule.
pub const MOST_EVALUATIONS: usize = 5;
/// Evaluations in a row without a finding that end an alert.
pub const CLEAR_TO_END: u8 = 3;
/// Batches whose median time a batch is compared with.
pub const TIMED_BATCHES: usize = 20;
/// Batches that must have been timed before their median says something.
pub const LEAST_TIMED_BATCHES: usize = 5;
/// Finished episodes before their mean or median says something.
pub const LEAST_EPISODES: usize = 10;
/// Batches since the latest best mean return within which a run makes progress.
pub const PROGRESS_BATCHES: u64 = 10;
/// Updates back in which the first mover of an alert is looked for.
pub const MOVER_UPDATES: u64 = 20;
/// Standard deviations at which a metric leaves its own band.
pub const MOVER_SIGMAS: f64 = 3.0;
/// Updates that a metric needs before it has a band.
pub const MOVER_LEAST_UPDATES: u32 = 10;

/// Records that are no first mover: settings, durations, and a flag that another record decides.
pub const NO_MOVERS: [u16; 5] = [102, 103, 104, 105, 124];

/// At the first finding.
pub const AT_ONCE: Lasts = Lasts { times: 1, of: 1 };

/// A situation in which a value beyond a limit is what a healthy run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Situation {
    /// The mean of the latest returns was better than ever before within [`PROGRESS_BATCHES`].
    Progress,
    /// The mean of the latest returns is at least the return that counts as success. Never so where the task names none.
    Solved,
    /// The value targets of the same update spread by less than [`crate::threshold::RETURNS_VARY_MUCH`] of their mean, so that
    /// a constant foresees nearly all of them. Not so where that is not known.
    TargetsVaryLittle,
    /// The KL divergence of the same update is healthy: the policy as a whole hardly moved. Not so where it is not known.
    KlHealthy,
    /// The trainer says that it tries the policy out, which takes as long as somebody asked for.
    Evaluating,
}

/// The worst that a rule says in a situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The situation.
    pub when: Situation,
    /// The worst level; `None`: it finds nothing then, which also ends an alert.
    pub most: Option<AlertLevel>,
}

/// One rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// What it is about.
    pub about: About,
    /// Numbers of the records that it reads. A heuristic over what no record holds names the one in which people see it.
    pub reads: &'static [u16],
    /// When it is beyond its limit.
    pub test: Test,
    /// How often that must be so.
    pub lasts: Lasts,
    /// Whether it is silent in the first [`crate::threshold::WARMUP_BATCHES`] batches of a start.
    pub waits_for_warm_up: bool,
    /// In which situations it says less than the limits do. Of several that hold, the one that leaves least counts.
    pub guards: &'static [Guard],
    /// Where its limit comes from.
    pub basis: &'static str,
    /// What to look at next.
    pub next: &'static str,
}

/// Returns the rule with this id.
pub fn by_id(id: RuleId) -> &'static Rule {
    // The ids are the order of the table, which a test holds.
    &RULES[id as usize]
}

impl Rule {
    /// Returns whether the limits are those of records; if not, the numbers are in [`Rule::test`].
    pub const fn has_record_limits(&self) -> bool {
        matches!(
            self.test,
            Test::Verdict | Test::NotFinite | Test::CounterGrew | Test::Silence | Test::Grew { .. }
        )
    }

    /// Returns the unit of what it finds; `None` where that is the unit of the record.
    pub const fn own_unit(&self) -> Option<Unit> {
        match self.test {
            Test::QuietEnv { .. } => Some(Unit::Epochs),
            Test::SlowBatch { .. } | Test::NoBatch { .. } => Some(Unit::Seconds),
            Test::NoNewBest { .. } => Some(Unit::Batches),
            Test::Verdict
            | Test::NotFinite
            | Test::Grew { .. }
            | Test::CounterGrew
            | Test::Silence
            | Test::ReturnDrop { .. } => None,
        }
    }

    /// Returns the limit of a heuristic in words; `None` where records have it.
    pub fn own_limit(&self) -> Option<String> {
        match self.test {
            Test::Verdict | Test::NotFinite | Test::CounterGrew | Test::Silence => None,
            Test::Grew { critical_in_a_row } => {
                Some(format!("grew by 1, or {critical_in_a_row} times in a row"))
            }
            Test::QuietEnv { medians, least } => {
                Some(format!("> {medians} median episode lengths, and > {least} epochs"))
            }
            Test::SlowBatch { medians } => {
                Some(format!("> {medians} times the median of {TIMED_BATCHES} batches"))
            }
            Test::NoBatch { medians, least_seconds } => Some(format!(
                "> {medians} times the median of {TIMED_BATCHES} batches, and > {least_seconds} s"
            )),
            Test::ReturnDrop { sigmas } => Some(format!(
                "> {sigmas} standard deviations of single returns below the best mean"
            )),
            Test::NoNewBest { share } => {
                Some(format!("no new best for > {share} of the planned batches"))
            }
        }
    }
}

/// A pause that nobody notices is no stall, however short the batches are.
pub(crate) const LEAST_STALL_SECONDS: f64 = SLOW_SECONDS;

#[cfg(test)]
mod tests;
