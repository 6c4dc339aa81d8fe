//! What the product says of itself: its metrics, its words, and what its lists are made of.

use std::sync::Arc;

use karn_sanctum::{Connection, EnvStatus, EnvView, GpuView, LogLine, Reading, Series, SinkLoss};
use leyline::kind::EventKind;
use leyline::metric::{self, MetricSpec};
use leyline::threshold::Limit as Bound;
use leyline::word::ClosedWord;
use leyline::{Band, BatchOutcome, EnvId, FinishReason, Health, Lane, RunNs, Severity, Timestamp};
use telemetry_evidence::evidence::{Limit, Metric};

use crate::rig::Tree;
use crate::tree::{Refused, to_tree};

/// Returns the registry of metrics.
pub fn registry() -> Vec<Metric> {
    metric::all().map(of_spec).collect()
}

fn of_spec(spec: &MetricSpec) -> Metric {
    let MetricSpec { number, name, category, priority, unit, path, band } = spec;
    let limits = |of: fn(&Band) -> &'static [Bound]| {
        band.map_or_else(Vec::new, |band| of(band).iter().map(limit).collect())
    };
    let priority = priority.as_str();
    Metric {
        number: *number,
        name: (*name).to_owned(),
        category: category.as_str().to_owned(),
        priority: priority.split_once('-').map_or(priority, |(short, _)| short).to_owned(),
        unit: unit.as_str().to_owned(),
        path: path.replace("[i]", "[*]").replace("[name]", "[*]"),
        critical: limits(|band| band.critical),
        warning: limits(|band| band.warning),
    }
}

fn limit(limit: &Bound) -> Limit {
    let (operator, value) = match limit {
        Bound::Above(value) => (">", *value),
        Bound::AtLeast(value) => (">=", *value),
        Bound::Below(value) => ("<", *value),
        Bound::AtMost(value) => ("<=", *value),
        Bound::MagnitudeAtLeast(value) => ("abs>=", *value),
    };
    Limit { operator: operator.to_owned(), value }
}

/// Returns every vocabulary; of open ones the words that are known.
pub fn words() -> Vec<Vec<&'static str>> {
    let closed = [
        FinishReason::TEXTS,
        BatchOutcome::TEXTS,
        Lane::TEXTS,
        Severity::TEXTS,
        Health::TEXTS,
        Connection::TEXTS,
        EventKind::TEXTS,
    ];
    let open: [&[&str]; 5] = [
        &["initializing", "healthy", "excellent", "stalled", "degraded"],
        &["improving", "stable", "volatile", "worsening"],
        &["nonfinite_loss", "nonfinite_gradient", "kl_limit", "empty_rollout", "interrupted"],
        &["starting", "collecting", "updating", "evaluating", "checkpointing", "finishing"],
        &["queue_full", "sink_failed", "sink_panicked", "close_timeout"],
    ];
    closed.into_iter().chain(open).map(<[_]>::to_vec).collect()
}

/// Returns an element of each list and map of the snapshot that holds more than plain values, with everything in it that
/// may be absent.
pub fn elements() -> Result<Vec<(&'static str, Tree)>, Refused> {
    let reading = |value: f64| Reading {
        value,
        batch: Some(7),
        mono_ns: RunNs(8_000_000_000),
        fresh: true,
        verdict: Health::Healthy,
    };
    let env = EnvView {
        env_id: 2,
        status: EnvStatus::Healthy,
        last_update_age_seconds: Some(0.25),
        epochs_since_improvement: Some(31),
        episode_return: Some(41.5),
        best_return: Some(51.5),
        return_history: Arc::from([41.5]),
        episode_length: Some(61),
    };
    let gpu = GpuView {
        device_id: 1,
        memory_used_gb: Some(reading(3.5)),
        memory_total_gb: Some(reading(24.0)),
        utilization_percent: Some(reading(55.0)),
        temperature_c: Some(reading(64.0)),
    };
    let line = LogLine {
        seq: Some(71),
        ts: Some(Timestamp::from_micros(1_795_266_141_000_000)),
        mono_ns: Some(RunNs(1_000_000_000)),
        event_type: EventKind::EpisodeOutcome.as_str().to_owned(),
        env_id: Some(EnvId(2)),
        message: "a message".to_owned(),
        severity: Severity::Info,
        summary: "env 2 return 41.5, 61 steps".to_owned(),
    };
    let series = Series { unit: Some("reward".to_owned()), points: Arc::from([(10, 96.5)]) };
    Ok(vec![
        ("envs[*]", to_tree(&env)?),
        ("event_log[*]", to_tree(&line)?),
        ("vitals.gpu_stats[*]", to_tree(&gpu)?),
        ("telemetry.sink_losses[*]", to_tree(&SinkLoss { lossless: Some(3), lossy: Some(5) })?),
        ("metrics[*]", to_tree(&series)?),
    ])
}

/// Returns the maps whose keys are data.
pub fn maps() -> Vec<&'static str> {
    vec![
        "telemetry.sink_losses",
        "metrics",
        "TrainingStarted.hyperparams",
        "Metric.values",
        "Metric.units",
        "reports[*].event.Metric.values",
        "reports[*].event.Metric.units",
    ]
}
