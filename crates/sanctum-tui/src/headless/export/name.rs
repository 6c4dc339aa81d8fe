//! Which metric each number of a payload feeds, learnt from the registry and the tables of the payload fields.

use leyline::field::FieldSpec;
use leyline::metric::{self, MetricSpec};
use leyline::word::ClosedWord as _;
use leyline::{Event, EventKind};

/// What the numbers of one field are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Path in the snapshot, or kind of event and field where no metric takes the number.
    pub(super) metric: String,
    /// Unit, where the registry knows it.
    pub(super) unit: Option<&'static str>,
}

/// Returns the names of the numbers of a field, in general one: a number that several metrics show is a point of each,
/// and one that is a column of the table, or identifies something, is a point of none.
pub(super) fn names(kind: EventKind, field: &FieldSpec) -> Vec<Name> {
    if is_key(kind, field.name) {
        return Vec::new();
    }
    let renamed = renamed(kind, field.name);
    if !renamed.is_empty() {
        return renamed.iter().filter_map(|path| metric::by_path(path)).map(of).collect();
    }
    let own = place(kind).and_then(|place| metric::by_path(&format!("{place}{}", field.name)));
    let unnamed = || Name { metric: format!("{}.{}", kind.as_str(), field.name), unit: None };
    vec![own.map_or_else(unnamed, of)]
}

/// Returns the names of the numbers of a device, which stand in a list in the payload.
pub(super) fn gpu_name(device: u32, field: &FieldSpec) -> Option<Name> {
    let spec = metric::by_path(&format!("vitals.gpu_stats[i].{}", field.name))?;
    let metric = spec.path.replacen("[i]", &format!("[{device}]"), 1);
    // What names the device is in the name already.
    (field.name != "device_id").then(|| Name { metric, unit: Some(spec.unit.as_str()) })
}

fn of(spec: &MetricSpec) -> Name {
    Name { metric: spec.path.to_owned(), unit: Some(spec.unit.as_str()) }
}

/// The part of the snapshot whose fields are called like those of the payload.
const fn place(kind: EventKind) -> Option<&'static str> {
    match kind {
        EventKind::TrainingStarted => Some(""),
        EventKind::EpochCompleted | EventKind::EpisodeOutcome => Some("envs[i]."),
        EventKind::PpoUpdateCompleted => Some("policy."),
        EventKind::SystemVitals => Some("vitals."),
        EventKind::TrainingFinished
        | EventKind::CheckpointSaved
        | EventKind::CheckpointLoaded
        | EventKind::Heartbeat
        | EventKind::BatchEpochCompleted
        | EventKind::EmitterLoss
        | EventKind::Metric
        | EventKind::GradientAnomaly
        | EventKind::RatioExplosionDetected
        | EventKind::RatioCollapseDetected
        | EventKind::ValueCollapseDetected
        | EventKind::NumericalInstabilityDetected
        | EventKind::PlateauDetected
        | EventKind::DegradationDetected
        | EventKind::ImprovementDetected
        | EventKind::MemoryWarning => None,
    }
}

/// The metrics of a field that has another name in the snapshot, or is shown in two places there.
fn renamed(kind: EventKind, field: &str) -> &'static [&'static str] {
    match (kind, field) {
        (EventKind::BatchEpochCompleted, "batch_idx") => &["current_batch"],
        (EventKind::BatchEpochCompleted, "episodes_completed")
        | (EventKind::TrainingStarted, "start_episodes") => &["current_episode"],
        // The history shows every one of them, so that they need no name of their own.
        (EventKind::BatchEpochCompleted, "mean_return") => &["episodes.return_history"],
        (EventKind::EpochCompleted, "inner_epoch") => &["current_epoch"],
        (EventKind::EpisodeOutcome, "episode_return") => {
            &["episodes.last_return", "envs[i].episode_return"]
        }
        _ => &[],
    }
}

/// Whether the number of a field is no point under a name of its own: a column of the table, a name made of digits, or
/// one whose name takes more than the field.
fn is_key(kind: EventKind, field: &str) -> bool {
    match field {
        "env_id" => true,
        "batch_idx" => kind != EventKind::BatchEpochCompleted,
        // Up to 64 bits, of which a float keeps 53; half a seed is no seed.
        "seed" => kind == EventKind::TrainingStarted,
        // Named after sink and lane, see `Points::loss`.
        "dropped_total" => kind == EventKind::EmitterLoss,
        _ => false,
    }
}

/// Returns the batch that an event names.
pub(super) fn batch(event: &Event) -> Option<u64> {
    match event {
        Event::BatchEpochCompleted(batch) => Some(batch.batch_idx),
        Event::PpoUpdateCompleted(update) => Some(update.batch_idx),
        Event::CheckpointSaved(saved) => saved.batch_idx,
        Event::CheckpointLoaded(loaded) => loaded.batch_idx,
        Event::Heartbeat(beat) => beat.batch_idx,
        Event::TrainingStarted(_)
        | Event::TrainingFinished(_)
        | Event::EpochCompleted(_)
        | Event::EpisodeOutcome(_)
        | Event::SystemVitals(_)
        | Event::EmitterLoss(_)
        | Event::Metric(_) => None,
        Event::GradientAnomaly(anomaly)
        | Event::RatioExplosionDetected(anomaly)
        | Event::RatioCollapseDetected(anomaly)
        | Event::ValueCollapseDetected(anomaly)
        | Event::NumericalInstabilityDetected(anomaly)
        | Event::PlateauDetected(anomaly)
        | Event::DegradationDetected(anomaly)
        | Event::ImprovementDetected(anomaly)
        | Event::MemoryWarning(anomaly) => anomaly.batch_idx,
    }
}
