//! The limits that reject an event, whoever made it: hard limits, required-if fields and lengths of texts.
//!
//! A hub cuts long texts before it stamps an event, a decoder and the aggregator reject what breaks a limit.

use std::collections::BTreeMap;

use crate::envelope::Envelope;
use crate::event::Event;
use crate::incoming::Reason;
use crate::payload::{BatchOutcome, FinishReason, Metric, Scalar, SkipReason, SystemVitals};

/// Longest row without its line feed, in bytes.
pub const MAX_ROW_BYTES: usize = 1_048_576;
/// Longest `message`, `detail` and `error`, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 4096;
/// Longest other text, in bytes.
pub const MAX_TEXT_BYTES: usize = 256;
/// Most environments of a run; environment ids are below it.
pub const MAX_ENVS: u32 = 65_536;
/// Most devices in a sample; device numbers are below it.
pub const MAX_GPUS: u32 = 64;
/// Most groups of a run.
pub const MAX_GROUPS: usize = 64;
/// Most values in one `METRIC` event.
pub const MAX_METRIC_VALUES: usize = 1024;
/// Most names of user metrics in a run.
pub const MAX_METRIC_NAMES: usize = 65_536;
/// Longest name of a user metric, in characters.
pub const MAX_METRIC_NAME_LEN: usize = 128;

/// Returns whether a text can name a user metric: 1 to 128 letters, digits, `.`, `_`, `-`, `/`.
pub fn is_metric_name(name: &str) -> bool {
    (1..=MAX_METRIC_NAME_LEN).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b))
}

/// Returns whether a text can be the name of a kind: `SCREAMING_SNAKE_CASE`, at most 256 bytes.
pub fn is_event_type(name: &str) -> bool {
    name.len() <= MAX_TEXT_BYTES
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Checks an envelope against every limit that rejects an event.
pub fn check(envelope: &Envelope) -> Result<(), Reason> {
    message_text("message", &envelope.message)?;
    if envelope.env_id.is_some_and(|env| MAX_ENVS <= env.0) {
        return Err(Reason::BadValue("env_id".to_owned()));
    }
    check_event(&envelope.event)?;
    match (envelope.env_id, envelope.event.env_id()) {
        (Some(outer), Some(inner)) if outer != inner => Err(Reason::EnvMismatch),
        _ => Ok(()),
    }
}

/// Checks a payload against every limit that rejects an event.
pub fn check_event(event: &Event) -> Result<(), Reason> {
    if let Some(anomaly) = event.anomaly() {
        text("kind", &anomaly.kind)?;
        optional_text("subject", anomaly.subject.as_deref())?;
        optional_message("detail", anomaly.detail.as_deref())?;
        optional_at_least_1("inner_epoch", anomaly.inner_epoch.map(u64::from))?;
        return env_limit(anomaly.env_id);
    }
    match event {
        Event::TrainingStarted(start) => {
            n_envs_limit(start.n_envs)?;
            text("task", &start.task)?;
            optional_text("reward_mode", start.reward_mode.as_deref())?;
            optional_text("device", start.device.as_deref())?;
            optional_text("resumed_from", start.resumed_from.as_deref())?;
            start.hyperparams.as_ref().map_or(Ok(()), hyperparams)
        }
        Event::TrainingFinished(end) => {
            if end.reason == FinishReason::Failed && end.error.is_none() {
                return Err(Reason::MissingField("error".to_owned()));
            }
            optional_message("error", end.error.as_deref())
        }
        Event::CheckpointSaved(saved) => text("path", &saved.path),
        Event::CheckpointLoaded(loaded) => text("path", &loaded.path),
        Event::Heartbeat(beat) => {
            text("phase", beat.phase.as_str())?;
            optional_at_least_1("inner_epoch", beat.inner_epoch.map(u64::from))
        }
        Event::EpochCompleted(epoch) => {
            env_limit(Some(epoch.env_id))?;
            at_least_1("inner_epoch", u64::from(epoch.inner_epoch))
        }
        Event::BatchEpochCompleted(batch) => {
            at_least_1("batch_idx", batch.batch_idx)?;
            n_envs_limit(batch.n_envs)?;
            skip_reason(
                batch.outcome == Some(BatchOutcome::Skipped),
                batch.skip_reason.as_ref().map(SkipReason::as_str),
            )
        }
        Event::PpoUpdateCompleted(update) => {
            at_least_1("batch_idx", update.batch_idx)?;
            skip_reason(update.skipped, update.skip_reason.as_ref().map(SkipReason::as_str))
        }
        Event::EpisodeOutcome(outcome) => env_limit(outcome.env_id),
        Event::SystemVitals(sample) => vitals(sample),
        Event::EmitterLoss(loss) => {
            text("sink", &loss.sink)?;
            text("cause", loss.cause.as_str())
        }
        Event::Metric(reported) => metric(reported),
        Event::GradientAnomaly(_)
        | Event::RatioExplosionDetected(_)
        | Event::RatioCollapseDetected(_)
        | Event::ValueCollapseDetected(_)
        | Event::NumericalInstabilityDetected(_)
        | Event::PlateauDetected(_)
        | Event::DegradationDetected(_)
        | Event::ImprovementDetected(_)
        | Event::MemoryWarning(_) => Ok(()),
    }
}

fn vitals(sample: &SystemVitals) -> Result<(), Reason> {
    if (MAX_GPUS as usize) < sample.gpus.len() {
        return Err(Reason::BadValue("gpus".to_owned()));
    }
    sample.gpus.iter().try_for_each(|gpu| {
        if MAX_GPUS <= gpu.device_id {
            return Err(Reason::BadValue("device_id".to_owned()));
        }
        optional_text("name", gpu.name.as_deref())
    })
}

fn metric(metric: &Metric) -> Result<(), Reason> {
    if !(1..=MAX_METRIC_VALUES).contains(&metric.values.len()) {
        return Err(Reason::BadValue("values".to_owned()));
    }
    if !metric.values.keys().all(|name| is_metric_name(name)) {
        return Err(Reason::BadText("values".to_owned()));
    }
    metric.units.iter().flatten().try_for_each(|(name, unit)| {
        if is_metric_name(name) {
            text("units", unit)
        } else {
            Err(Reason::BadText("units".to_owned()))
        }
    })
}

fn text(name: &str, text: &str) -> Result<(), Reason> {
    if text.len() <= MAX_TEXT_BYTES { Ok(()) } else { Err(Reason::BadText(name.to_owned())) }
}

fn optional_text(name: &str, value: Option<&str>) -> Result<(), Reason> {
    value.map_or(Ok(()), |value| text(name, value))
}

fn message_text(name: &str, text: &str) -> Result<(), Reason> {
    if text.len() <= MAX_MESSAGE_BYTES { Ok(()) } else { Err(Reason::BadText(name.to_owned())) }
}

fn optional_message(name: &str, value: Option<&str>) -> Result<(), Reason> {
    value.map_or(Ok(()), |value| message_text(name, value))
}

fn at_least_1(name: &str, value: u64) -> Result<(), Reason> {
    if 1 <= value { Ok(()) } else { Err(Reason::BadValue(name.to_owned())) }
}

fn optional_at_least_1(name: &str, value: Option<u64>) -> Result<(), Reason> {
    value.map_or(Ok(()), |value| at_least_1(name, value))
}

fn n_envs_limit(n_envs: Option<u32>) -> Result<(), Reason> {
    match n_envs {
        Some(n) if !(1..=MAX_ENVS).contains(&n) => Err(Reason::BadValue("n_envs".to_owned())),
        Some(_) | None => Ok(()),
    }
}

fn env_limit(env: Option<u32>) -> Result<(), Reason> {
    match env {
        Some(env) if MAX_ENVS <= env => Err(Reason::BadValue("env_id".to_owned())),
        Some(_) | None => Ok(()),
    }
}

fn skip_reason(skipped: bool, reason: Option<&str>) -> Result<(), Reason> {
    match reason {
        None if skipped => Err(Reason::MissingField("skip_reason".to_owned())),
        reason => optional_text("skip_reason", reason),
    }
}

fn hyperparams(map: &BTreeMap<String, Scalar>) -> Result<(), Reason> {
    map.iter().try_for_each(|(name, value)| {
        text("hyperparams", name)?;
        match value {
            Scalar::Text(value) => text("hyperparams", value),
            Scalar::Number(_) | Scalar::Flag(_) => Ok(()),
        }
    })
}
