//! Events that no emission function of ours makes: user code's own, reports of the hub, and trainers other than ours.

use std::collections::BTreeMap;

use leyline::{
    Anomaly, BatchEpochCompleted, BatchOutcome, CheckpointLoaded, EmitterLoss, EpochCompleted,
    Event, Heartbeat, Lane, LossCause, Metric, Phase, Severity,
};

use super::super::inputs::Report;
use super::course::begin;

fn report(at: f64, event: impl Into<Event>) -> Report {
    Report { at, severity: None, message: String::new(), env_id: None, event: event.into() }
}

/// A heartbeat, and the numbers of user code.
pub(super) fn own() -> Vec<Report> {
    let metric = |step: u64, mean: f64, length: f64| {
        let values = BTreeMap::from([
            ("eval/length".to_owned(), length),
            ("eval/mean_return".to_owned(), mean),
        ]);
        let units = BTreeMap::from([("eval/mean_return".to_owned(), "reward".to_owned())]);
        Metric { step, values, units: Some(units) }
    };
    let beat = Heartbeat { phase: Phase::Updating, batch_idx: Some(5), inner_epoch: Some(31) };
    vec![
        report(begin(1) + 1.75, beat),
        report(begin(1) + 2.8125, metric(600, 88.125, 71.5)),
        report(begin(1) + 2.875, metric(1200, 96.5, 83.25)),
    ]
}

/// What the hub says that it dropped.
pub(super) fn losses() -> Vec<Report> {
    let loss = |sink: &str, lane, cause, dropped, dropped_total| EmitterLoss {
        sink: sink.to_owned(),
        lane,
        cause,
        dropped,
        dropped_total,
    };
    vec![
        report(begin(1) + 2.8125, loss("live", Lane::Lossy, LossCause::QueueFull, 7, 19)),
        report(begin(1) + 2.875, loss("live", Lane::Lossless, LossCause::SinkFailed, 2, 5)),
        report(begin(1) + 2.9375, loss("rows", Lane::Lossy, LossCause::SinkPanicked, 3, 11)),
    ]
}

/// Payloads with everything in them that our trainer leaves out.
pub(super) fn foreign() -> Vec<Report> {
    let at = begin(2);
    let loaded = CheckpointLoaded {
        path: "imported.ckpt".to_owned(),
        batch_idx: Some(3),
        episodes_completed: Some(17),
        size_bytes: Some(215_040),
        duration_ms: Some(8.75),
    };
    let epoch = EpochCompleted {
        env_id: 1,
        inner_epoch: 75,
        episode_idx: Some(21),
        env_step: Some(675),
        reward: Some(1.75),
        episode_return: Some(66.5),
        episode_length: Some(44),
        val_accuracy: Some(81.5),
        val_loss: Some(0.4375),
        train_loss: Some(0.3125),
    };
    let batch = BatchEpochCompleted {
        batch_idx: 6,
        outcome: Some(BatchOutcome::Completed),
        skip_reason: None,
        n_envs: Some(2),
        episodes_completed: Some(23),
        batch_episodes: Some(2),
        mean_return: Some(118.5),
        epochs_since_start: Some(450),
        env_steps_since_start: Some(900),
        avg_accuracy: Some(83.5),
        batch_seconds: Some(3.25),
        collect_seconds: Some(1.25),
        update_seconds: Some(0.75),
        evaluate_seconds: Some(0.3125),
        checkpoint_seconds: Some(0.125),
        wait_seconds: Some(0.1875),
        emit_seconds: Some(0.0625),
        pauses: Some(2),
        resumes: Some(1),
    };
    let mut reports = vec![
        Report { message: "weights of an older run".to_owned(), ..report(at + 0.125, loaded) },
        report(at + 0.25, epoch),
        report(at + 0.375, batch),
    ];
    reports.extend(anomalies(at + 0.5));
    reports
}

/// One of each kind of anomaly, as user code can see them.
fn anomalies(at: f64) -> Vec<Report> {
    type Kind = fn(Anomaly) -> Event;
    let kinds: [(Kind, &str); 9] = [
        (Event::GradientAnomaly, "gradient_vanishing"),
        (Event::RatioExplosionDetected, "ratio_explosion"),
        (Event::RatioCollapseDetected, "ratio_collapse"),
        (Event::ValueCollapseDetected, "value_collapse"),
        (Event::NumericalInstabilityDetected, "nonfinite_reward"),
        (Event::PlateauDetected, "accuracy_plateau"),
        (Event::DegradationDetected, "accuracy_degradation"),
        (Event::ImprovementDetected, "accuracy_improvement"),
        (Event::MemoryWarning, "memory_high"),
    ];
    let seen = |(i, (event, kind)): (u32, (Kind, &str))| {
        let anomaly = Anomaly {
            kind: kind.to_owned(),
            batch_idx: Some(6),
            inner_epoch: Some(61 + i),
            env_id: Some(i % 2),
            subject: Some(format!("layer.{}", i + 11)),
            value: Some(0.0625 + f64::from(i)),
            threshold: Some(0.03125 + f64::from(i)),
            detail: Some(format!("seen by user code {}", i + 31)),
        };
        Report {
            severity: Some(Severity::Error),
            message: format!("look at this {}", i + 51),
            env_id: Some(i % 2),
            ..report(at + 0.0625 * f64::from(i), event(anomaly))
        }
    };
    (0..).zip(kinds).map(seen).collect()
}
