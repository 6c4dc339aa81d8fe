//! How a run stands, in the order in which states hide each other.

use karn_sanctum::{Connection, Snapshot, verdict};
use leyline::{FinishReason, Health, threshold};

use crate::format::{MISSING, NumberFormat, format_number};

/// How the run stands; the first state that applies.
#[derive(Debug, Clone, PartialEq)]
pub enum RunState {
    /// The run ended with an error.
    Failed,
    /// The run has done what it was asked to do.
    Finished,
    /// The run was asked to stop.
    Stopped,
    /// The source is closed.
    Disconnected,
    /// No start, or no update yet.
    Waiting,
    /// The trainer's thread ended and the run has not said so.
    TrainerDown,
    /// No news for long; seconds.
    Stale(f64),
    /// No news for a while; seconds.
    Slow(f64),
    /// The latest update met a NaN gradient.
    NanDetected,
    /// The latest update met an infinite gradient.
    InfDetected,
    /// So few batches since start that limits are not judged aloud.
    WarmingUp(u64),
    /// Readings are critical; their labels, at least one.
    Fail(Vec<&'static str>),
    /// Readings are at the warning level; their labels, at least one.
    Warn(Vec<&'static str>),
    /// Nothing to worry about.
    Learning,
}

impl RunState {
    /// Returns the first state that applies to a snapshot.
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let age = snapshot.staleness_seconds.unwrap_or(f64::NAN);
        let (alive, reason) = (snapshot.training_thread_alive, snapshot.finish_reason);
        let down = verdict::training_thread_alive(alive, reason) == Health::Critical;
        match snapshot.connection {
            Connection::Failed => Self::Failed,
            Connection::Finished if snapshot.finish_reason == Some(FinishReason::Stopped) => {
                Self::Stopped
            }
            Connection::Finished => Self::Finished,
            Connection::Disconnected => Self::Disconnected,
            Connection::Waiting => Self::Waiting,
            Connection::Live | Connection::Slow | Connection::Stale if down => Self::TrainerDown,
            Connection::Stale => Self::Stale(age),
            Connection::Slow => Self::Slow(age),
            Connection::Live => Self::of_updates(snapshot),
        }
    }

    fn of_updates(snapshot: &Snapshot) -> Self {
        let concerns = verdict::concerns(snapshot);
        if verdict::nan_detected(snapshot) {
            Self::NanDetected
        } else if verdict::inf_detected(snapshot) {
            Self::InfDetected
        } else if snapshot.policy.last_update.is_none() {
            Self::Waiting
        } else if let Some(batches) = verdict::warming_up(snapshot) {
            Self::WarmingUp(batches)
        } else if !concerns.critical.is_empty() {
            Self::Fail(concerns.critical)
        } else if !concerns.warning.is_empty() {
            Self::Warn(concerns.warning)
        } else {
            Self::Learning
        }
    }

    pub(super) const fn level(&self) -> Level {
        match self {
            Self::Finished | Self::Stopped | Self::Learning => Level::Ok,
            Self::Waiting | Self::WarmingUp(_) => Level::Wait,
            Self::Slow(_) | Self::Warn(_) => Level::Warning,
            Self::Failed
            | Self::Disconnected
            | Self::TrainerDown
            | Self::Stale(_)
            | Self::NanDetected
            | Self::InfDetected
            | Self::Fail(_) => Level::Critical,
        }
    }

    pub(super) fn label(&self) -> String {
        match self {
            Self::Failed => "FAILED".to_owned(),
            Self::Finished => "FINISHED".to_owned(),
            Self::Stopped => "STOPPED".to_owned(),
            Self::Disconnected => "DISCONNECTED".to_owned(),
            Self::Waiting => "WAITING".to_owned(),
            Self::TrainerDown => "TRAINER DOWN".to_owned(),
            Self::Stale(seconds) => format!("STALE {}s", whole(*seconds)),
            Self::Slow(seconds) => format!("SLOW {}s", whole(*seconds)),
            Self::NanDetected => "NaN DETECTED".to_owned(),
            Self::InfDetected => "Inf DETECTED".to_owned(),
            Self::WarmingUp(batches) => {
                format!("WARMING UP {batches}/{}", threshold::WARMUP_BATCHES)
            }
            Self::Fail(labels) => named("FAIL", labels),
            Self::Warn(labels) => named("WARN", labels),
            Self::Learning => "LEARNING".to_owned(),
        }
    }
}

/// Seconds cut to whole ones.
fn whole(seconds: f64) -> String {
    format_number(seconds.floor(), NumberFormat::Fixed(0))
}

fn named(level: &str, labels: &[&str]) -> String {
    let first = labels.first().copied().unwrap_or(MISSING);
    match labels.len() {
        0 | 1 => format!("{level}:{first}"),
        n => format!("{level}:{first} (+{})", n - 1),
    }
}

/// How serious a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Ok,
    Warning,
    Critical,
    Wait,
}
