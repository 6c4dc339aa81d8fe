//! What becomes a point, under which name.

use std::collections::BTreeSet;

use leyline::demo::{self, Scenario};
use leyline::unit::Unit;
use leyline::wire::RowDecoder;
use serde_json::{Value, json};

use super::*;

/// Returns the points of rows as `metric [unit] = value`, with batch and environment where there are any.
fn points_of(rows: &[(&str, Value)], metrics: &[&str]) -> Vec<String> {
    let patterns: Vec<String> = metrics.iter().map(|&pattern| pattern.to_owned()).collect();
    let mut points = Points::new(Selection::new(&patterns).unwrap());
    let mut seen = Vec::new();
    for (seq, (event_type, data)) in rows.iter().enumerate() {
        let row = json!({
            "v": 1, "run_id": "r", "seq": seq, "ts": "2026-11-21T12:00:00.000000Z",
            "mono_ns": seq * 1_000_000_000, "event_type": event_type, "data": data,
        });
        let incoming = RowDecoder::new("r").decode(row.to_string().as_bytes());
        assert!(matches!(incoming, Incoming::Known(_)), "{incoming:?}");
        let visited = points.visit(&incoming, &mut |point| {
            let unit = point.unit.map_or(String::new(), |unit| format!(" [{unit}]"));
            let batch = point.batch.map_or(String::new(), |batch| format!(" b{batch}"));
            let env = point.env_id().map_or(String::new(), |env| format!(" e{env}"));
            seen.push(format!("{}{unit} = {}{batch}{env}", point.metric, point.value));
            Ok(())
        });
        visited.unwrap();
    }
    seen
}

#[track_caller]
fn check(event_type: &str, data: Value, expected: &[&str]) {
    let payload: Vec<&str> = vec![];
    let _ = payload;
    let mut seen = points_of(&[(event_type, data)], &[]);
    // What the fold computes has a test of its own.
    seen.retain(|point| {
        !SOURCES.iter().any(|source| point.starts_with(&format!("{} ", source.path)))
    });
    assert_eq!(seen, expected, "{event_type}");
}

#[test]
fn a_number_is_called_like_the_metric_that_it_feeds() {
    check(
        "PPO_UPDATE_COMPLETED",
        json!({ "batch_idx": 3, "skipped": false, "kl_divergence": 0.01, "transitions": 512, "value_loss": "NaN" }),
        &[
            "PPO_UPDATE_COMPLETED.transitions = 512 b3",
            "policy.value_loss [loss] = NaN b3",
            "policy.kl_divergence [nats] = 0.01 b3",
        ],
    );
    check(
        "BATCH_EPOCH_COMPLETED",
        json!({ "batch_idx": 3, "episodes_completed": 7, "mean_return": 21.5, "n_envs": 4 }),
        &[
            "current_batch [batches] = 3 b3",
            "BATCH_EPOCH_COMPLETED.n_envs = 4 b3",
            "current_episode [episodes] = 7 b3",
            "episodes.return_history [reward] = 21.5 b3",
        ],
    );
    check(
        "TRAINING_STARTED",
        json!({ "task": "t", "max_batches": 75, "start_batch": 0, "n_envs": 4, "seed": 9, "max_entropy": 0.7 }),
        &[
            "n_envs [environments] = 4",
            "max_batches [batches] = 75",
            "start_batch [batches] = 0",
            "TRAINING_STARTED.max_entropy = 0.7",
        ],
    );
    check(
        "EPOCH_COMPLETED",
        json!({ "env_id": 2, "inner_epoch": 5, "reward": 1.0, "episode_return": 4.0, "episode_length": 4 }),
        &[
            "current_epoch [epochs] = 5 e2",
            "EPOCH_COMPLETED.reward = 1 e2",
            "envs[i].episode_return [reward] = 4 e2",
            "envs[i].episode_length [steps] = 4 e2",
        ],
    );
    check(
        "EPISODE_OUTCOME",
        json!({ "env_id": 2, "episode_idx": 0, "episode_return": "Infinity", "episode_length": 9 }),
        &[
            "EPISODE_OUTCOME.episode_idx = 0 e2",
            "episodes.last_return [reward] = inf e2",
            "envs[i].episode_return [reward] = inf e2",
            "envs[i].episode_length [steps] = 9 e2",
        ],
    );
    check(
        "SYSTEM_VITALS",
        json!({ "cpu_percent": 12.5, "gpus": [{ "device_id": 1, "memory_used_gb": 3.5, "name": "x" }] }),
        &["vitals.cpu_percent [percent] = 12.5", "vitals.gpu_stats[1].memory_used_gb [GiB] = 3.5"],
    );
    check(
        "METRIC",
        json!({ "step": 40, "values": { "eval/return": 1.5, "x": "NaN" }, "units": { "x": "m" } }),
        &["METRIC.step = 40", "metrics[eval/return] = 1.5", "metrics[x] [m] = NaN"],
    );
    check(
        "EMITTER_LOSS",
        json!({ "sink": "log", "lane": "lossy", "cause": "queue_full", "dropped": 2, "dropped_total": 5 }),
        &["EMITTER_LOSS.dropped = 2", "telemetry.sink_losses[log].lossy [events] = 5"],
    );
}

#[test]
fn what_is_absent_is_no_point() {
    check("HEARTBEAT", json!({ "phase": "updating", "batch_idx": 4 }), &[]);
    check("SYSTEM_VITALS", json!({ "gpus": [] }), &[]);
}

#[test]
fn computed_metrics_have_a_point_when_an_event_renews_them() {
    let update = |batch: u64, data: Value| {
        ("PPO_UPDATE_COMPLETED", merge(json!({ "batch_idx": batch, "skipped": false }), data))
    };
    let mut rows = vec![(
        "TRAINING_STARTED",
        json!({ "task": "t", "max_batches": 75, "start_batch": 0, "max_entropy": 0.7 }),
    )];
    for batch in 1..=5 {
        rows.push(update(batch, json!({ "entropy": 0.7 - 0.05 * batch as f64 })));
    }
    rows.push(update(6, json!({ "kl_divergence": 0.01 })));
    let seen = points_of(&rows, &["policy.entropy_velocity", "policy.collapse_risk_score"]);
    // Five entropies make the first slope; an update without one makes no second.
    assert_eq!(seen.len(), 2, "{seen:?}");
    let (name, value) = seen[0].split_once(" = ").unwrap();
    assert_eq!(name, "policy.entropy_velocity [nats]");
    let (value, batch) = value.split_once(' ').unwrap();
    assert!((value.parse::<f64>().unwrap() + 0.05).abs() < 1e-9 && batch == "b5", "{seen:?}");
    assert!(seen[1].starts_with("policy.collapse_risk_score [fraction] = "));

    let outcome = |env: u64, ret: f64| {
        let data =
            json!({ "env_id": env, "episode_idx": 0, "episode_return": ret, "episode_length": 10 });
        ("EPISODE_OUTCOME", data)
    };
    let rows = [rows[0].clone(), outcome(0, 10.0), outcome(1, 30.0)];
    let seen = points_of(&rows, &["episodes.*_return", "episodes.total", "envs[i].best_return"]);
    assert_eq!(
        seen,
        [
            "episodes.last_return [reward] = 10 e0",
            "episodes.mean_return [reward] = 10 b0 e0",
            "episodes.best_return [reward] = 10 b0 e0",
            "episodes.worst_return [reward] = 10 b0 e0",
            "episodes.total [episodes] = 1 b0 e0",
            "envs[i].best_return [reward] = 10 b0 e0",
            "episodes.last_return [reward] = 30 e1",
            "episodes.mean_return [reward] = 20 b0 e1",
            "episodes.best_return [reward] = 30 b0 e1",
            "episodes.worst_return [reward] = 10 b0 e1",
            "episodes.total [episodes] = 2 b0 e1",
            "envs[i].best_return [reward] = 30 b0 e1",
        ]
    );
}

fn merge(mut to: Value, from: Value) -> Value {
    if let (Value::Object(to), Value::Object(from)) = (&mut to, from) {
        to.extend(from);
    }
    to
}

/// Metrics that are numbers and have no points of their own, each with its reason.
const WITHOUT_POINTS: [(&str, &str); 23] = [
    ("runtime_seconds", "it is the time of the line"),
    ("connected", "it is about the viewer"),
    ("staleness_seconds", "it is about the viewer"),
    ("training_thread_alive", "it is about the viewer"),
    ("envs[i].last_update_age_seconds", "it is about the viewer"),
    ("policy.ppo_data_received", "the first update says it"),
    ("policy.kl_divergence_history", "its points are those of policy.kl_divergence"),
    ("policy.entropy_history", "its points are those of policy.entropy"),
    ("policy.policy_loss_history", "its points are those of policy.policy_loss"),
    ("policy.value_loss_history", "its points are those of policy.value_loss"),
    ("policy.grad_norm_history", "its points are those of policy.grad_norm"),
    ("envs[i].return_history", "its points are those of episodes.last_return"),
    ("envs[i].env_id", "it is a column"),
    ("vitals.gpu_stats[i].device_id", "it is in the name"),
    ("vitals.gpu_stats[i].memory_used_gb", "named after its device, tested above"),
    ("vitals.gpu_stats[i].memory_total_gb", "named after its device, tested above"),
    ("vitals.gpu_stats[i].utilization_percent", "named after its device, tested above"),
    ("vitals.gpu_stats[i].temperature_c", "named after its device, tested above"),
    ("telemetry.sink_losses", "named after sink and lane, tested above"),
    ("event_log[i].env_id", "it is a column"),
    ("event_log[i].seq", "it is a column"),
    ("event_log[i].mono_ns", "it is a column"),
    ("telemetry.", "counted by the reader of the log, not measured by the run"),
];

#[test]
fn every_metric_that_is_a_number_has_points_or_a_reason() {
    let mut named = BTreeSet::new();
    for &kind in EventKind::ALL {
        for field in Event::fields(kind) {
            named.extend(name::names(kind, field).into_iter().map(|name| name.metric));
        }
    }
    named.extend(SOURCES.iter().map(|source| source.path.to_owned()));
    for spec in metric::all().filter(|spec| spec.unit != Unit::Text) {
        let excused = WITHOUT_POINTS.iter().any(|(path, _)| {
            *path == spec.path || (path.ends_with('.') && spec.path.starts_with(path))
        });
        assert_ne!(named.contains(spec.path), excused, "{}", spec.path);
    }
}

#[test]
fn a_whole_run_gives_the_same_points_with_and_without_a_choice() {
    let count = |patterns: &[&str]| {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let mut points = Points::new(Selection::new(&patterns).unwrap());
        let mut seen = 0_usize;
        for incoming in demo::incoming(Scenario::KlSpike, 1) {
            points
                .visit(&incoming, &mut |point| {
                    seen += usize::from(point.metric.starts_with("policy."));
                    Ok(())
                })
                .unwrap();
        }
        seen
    };
    assert_eq!(count(&["policy.*"]), count(&[]));
    assert!(20 * 30 < count(&["policy.*"]));
}
