//! Verdicts: which limit of [`leyline::threshold`] applies to what, and under which condition.
//!
//! A reading carries its verdict; the functions here judge the plain values of a snapshot, so that no widget compares a
//! number. `NoData` means that there is nothing to judge, `Ungraded` that there is no limit. What takes [`Settings`] has a limit
//! that somebody may have replaced.

use std::collections::BTreeMap;

use leyline::threshold::{self, Band, Limit};
use leyline::{FinishReason, Health, Severity};

use crate::connection::Connection;
use crate::reading::Reading;
use crate::settings::{InForce, Settings};
use crate::snapshot::{EnvStatus, SinkLoss};

mod concern;

pub use concern::{Concerns, concerns, inf_detected, nan_detected, update_skipped, warming_up};

/// Judges a number by a limit, or without one: then only a non-finite number is critical.
pub fn grade(band: Option<&Band>, value: f64) -> Health {
    match band {
        Some(band) => band.grade(value),
        None if value.is_finite() => Health::Ungraded,
        None => Health::Critical,
    }
}

/// Returns how far a value lies beyond those of the limits that it crosses, in the unit of the value: larger is worse.
pub(crate) fn depth<'a>(limits: impl IntoIterator<Item = &'a Limit>, value: f64) -> f64 {
    let beyond = |limit: &Limit| {
        limit.is_crossed_by(value).then(|| match *limit {
            Limit::Above(at) | Limit::AtLeast(at) | Limit::Below(at) | Limit::AtMost(at) => {
                (value - at).abs()
            }
            Limit::MagnitudeAtLeast(at) => value.abs() - at,
        })
    };
    // Without a limit of its own the larger magnitude is the worse one.
    limits.into_iter().filter_map(beyond).reduce(f64::max).unwrap_or_else(|| value.abs())
}

/// Judges a plain number that has no limit: `envs[i].episode_return` and the like.
pub fn number(value: Option<f64>) -> Health {
    value.map_or(Health::NoData, |value| grade(None, value))
}

/// Returns whether value targets with this spread and mean still vary, so that a critic can be judged by them. They do where one
/// of the two is not known.
pub fn returns_vary(std: Option<f64>, mean: Option<f64>) -> bool {
    std.zip(mean).is_none_or(|(std, mean)| {
        let is_known = std.is_finite() && mean.is_finite();
        !is_known || threshold::RETURNS_VARY * mean.abs() <= std
    })
}

/// TELE-200 and TELE-220: what their limit says counts while the value targets vary; a solved task has none that do.
pub const fn of_critic(limit: Health, value: f64, returns_vary: bool) -> Health {
    if returns_vary || !value.is_finite() { limit } else { Health::Healthy }
}

/// TELE-211: a small spread is critical only while the range of the critic's output (maximum minus minimum) is small too, and
/// the value targets vary.
pub fn value_std(
    settings: &Settings,
    value: f64,
    range: Option<f64>,
    returns_vary: bool,
) -> Health {
    let is_small = |range| range < threshold::VALUE_COLLAPSE_RANGE;
    let narrow = returns_vary && range.is_some_and(is_small);
    if narrow || !value.is_finite() {
        settings.grade("policy.value_std", Some(&threshold::VALUE_STD), value)
    } else {
        Health::Healthy
    }
}

/// TELE-123: entropy and clipping that move against each other are bad only while the entropy is low.
pub fn entropy_clip_correlation(
    settings: &Settings,
    value: f64,
    entropy: Option<f64>,
    clip: Option<f64>,
) -> Health {
    let narrow = entropy.is_some_and(|entropy| entropy <= threshold::ENTROPY_WARNING);
    let clipped = clip.is_some_and(|clip| threshold::CLIP_WARNING <= clip);
    let band = &threshold::ENTROPY_CLIP_CORRELATION;
    let InForce { critical, warning } = settings.in_force("policy.entropy_clip_correlation", band);
    let crossed = |limits| narrow && threshold::is_any_crossed(limits, value);
    if !value.is_finite() || (clipped && crossed(critical)) {
        Health::Critical
    } else if crossed(warning) {
        Health::Warning
    } else {
        Health::Healthy
    }
}

/// Paths of TELE-721 and TELE-730, which are judged by the share of their pool.
pub const RAM_USED: &str = "vitals.ram_used_gb";
/// See [`RAM_USED`].
pub const GPU_MEMORY_USED: &str = "vitals.gpu_stats[i].memory_used_gb";

/// TELE-721 and TELE-730: memory in use, judged by its share of the pool; no limit while the total is not known. `path`: that
/// of the record.
pub fn memory_used(settings: &Settings, path: &str, used: f64, total: Option<f64>) -> Health {
    match total {
        Some(total) if used.is_finite() && total.is_finite() && 0.0 < total => {
            settings.grade(path, Some(&threshold::MEMORY_SHARE), used / total)
        }
        Some(_) | None => grade(None, used),
    }
}

/// TELE-124 and TELE-740: a flag that should be off.
pub const fn alarm(raised: bool) -> Health {
    if raised { Health::Critical } else { Health::Healthy }
}

/// TELE-704.
pub const fn connection(connection: Connection) -> Health {
    match connection {
        Connection::Waiting => Health::NoData,
        Connection::Live | Connection::Finished => Health::Healthy,
        Connection::Slow => Health::Warning,
        Connection::Stale | Connection::Disconnected | Connection::Failed => Health::Critical,
    }
}

/// TELE-011: beyond `max_epochs`, where that is known and not 0, is a warning.
pub fn current_epoch(current: Option<u32>, max: Option<u32>) -> Health {
    within(current.map(u64::from), max.map_or(0, u64::from))
}

/// TELE-013: beyond `max_batches`, where that is known, is a warning.
pub const fn current_batch(current: Option<u64>, max: u64) -> Health {
    within(current, max)
}

const fn within(current: Option<u64>, max: u64) -> Health {
    match current {
        None => Health::NoData,
        Some(current) if max != 0 && max < current => Health::Warning,
        Some(_) => Health::Healthy,
    }
}

/// TELE-014: 0 means not known.
pub const fn max_batches(max: u64) -> Health {
    if max == 0 { Health::NoData } else { Health::Ungraded }
}

/// TELE-022.
pub const fn finish_reason(reason: Option<FinishReason>) -> Health {
    match reason {
        None => Health::NoData,
        Some(FinishReason::Failed) => Health::Critical,
        Some(FinishReason::Completed | FinishReason::Stopped) => Health::Healthy,
    }
}

/// TELE-703: a thread that ended before the run said so is critical.
pub const fn training_thread_alive(alive: Option<bool>, reason: Option<FinishReason>) -> Health {
    match alive {
        None => Health::NoData,
        Some(false) if reason.is_none() => Health::Critical,
        Some(_) => Health::Healthy,
    }
}

/// TELE-101.
pub fn updates_skipped(count: Option<u64>) -> Health {
    graded(&threshold::UPDATES_SKIPPED, count)
}

/// TELE-630.
pub const fn env_status(status: EnvStatus) -> Health {
    match status {
        EnvStatus::Initializing => Health::NoData,
        EnvStatus::Healthy | EnvStatus::Excellent => Health::Healthy,
        EnvStatus::Stalled => Health::Warning,
        EnvStatus::Degraded => Health::Critical,
    }
}

/// TELE-634: judged only while news can be expected.
pub fn env_age(settings: &Settings, seconds: Option<f64>, connection: Connection) -> Health {
    match (seconds, connection) {
        (None, _) => Health::NoData,
        (Some(seconds), Connection::Live | Connection::Slow | Connection::Stale) => {
            let path = "envs[i].last_update_age_seconds";
            settings.grade(path, Some(&threshold::STALENESS), seconds)
        }
        (
            Some(_),
            Connection::Waiting
            | Connection::Disconnected
            | Connection::Finished
            | Connection::Failed,
        ) => Health::Ungraded,
    }
}

/// TELE-702.
pub fn staleness(settings: &Settings, seconds: Option<f64>) -> Health {
    let judge = |seconds| settings.grade("staleness_seconds", Some(&threshold::STALENESS), seconds);
    seconds.map_or(Health::NoData, judge)
}

/// TELE-780.
pub fn events_rejected(count: Option<u64>) -> Health {
    graded(&threshold::EVENTS_REJECTED, count)
}

/// TELE-782 and TELE-783.
pub fn events_lost(count: Option<u64>) -> Health {
    graded(&threshold::EVENTS_LOST, count)
}

/// TELE-784: any entry is critical.
pub fn sink_losses(losses: Option<&BTreeMap<String, SinkLoss>>) -> Health {
    graded(&threshold::EVENTS_LOST, losses.map(|losses| losses.len() as u64))
}

fn graded(band: &Band, count: Option<u64>) -> Health {
    count.map_or(Health::NoData, |count| band.grade(count as f64))
}

/// TELE-817.
pub const fn severity(severity: Severity) -> Health {
    match severity {
        Severity::Debug | Severity::Info => Health::Healthy,
        Severity::Warning => Health::Warning,
        Severity::Error | Severity::Critical => Health::Critical,
    }
}

/// Returns a count that the latest update measured, if it is above 0: what banner and strip speak of.
pub fn fresh_count<T: Copy + Into<u64>>(reading: Option<&Reading<T>>) -> Option<u64> {
    let reading = reading?;
    let count = reading.value.into();
    (reading.fresh && 0 < count).then_some(count)
}
