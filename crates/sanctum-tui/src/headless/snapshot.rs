//! `sanctum-tui snapshot`: the snapshot as JSON, or one value of it.

use std::io::Write;

use karn_sanctum::Snapshot;
use leyline::wire;
use serde_json::Value;

use crate::cli::SnapshotArgs;
use crate::headless::failure::Failure;
use crate::headless::path;
use crate::headless::read::{self, Still};

/// Version of the JSON form; raised only by a breaking change.
pub const SCHEMA: u32 = 1;

/// Returns the snapshot as one JSON object: `schema` first, then every key, in an order that never changes.
pub fn to_json(snapshot: &Snapshot) -> String {
    let body = wire::to_json(snapshot);
    let fields = body.strip_prefix('{').unwrap_or(&body);
    format!("{{\"{}\":{SCHEMA},{fields}", path::SCHEMA)
}

/// Prints what `args` ask for on `out`, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// See [`Failure`]; nothing was printed then, unless `out` itself failed, or the run is damaged.
pub fn snapshot(
    args: &SnapshotArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    if args.get.is_none() && !args.json {
        return Err(Failure::Usage(
            "nothing to print: give --json or --get PATH, as in `sanctum-tui snapshot RUN --json`"
                .to_owned(),
        ));
    }
    if let Some(path) = &args.get {
        // A path that no snapshot has is refused before a long run is read.
        path::get(&Value::Null, path).map_err(|error| Failure::Usage(error.to_string()))?;
    }
    let Still { picture, whole } = read::read(&args.read, notes)?;
    let json = to_json(&picture.snapshot);
    let text = match &args.get {
        None => json,
        Some(path) => bare(&json, path)?,
    };
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Failure::Write)?;
    whole
}

/// Returns the value at a path as people and scripts want it: a reading is its value, a text has no quotes.
fn bare(json: &str, path: &str) -> Result<String, Failure> {
    let unreadable = |error: serde_json::Error| {
        Failure::Usage(format!("cannot look into the snapshot: {error}"))
    };
    let whole: Value = serde_json::from_str(json).map_err(unreadable)?;
    let value = path::get(&whole, path).map_err(|error| Failure::Usage(error.to_string()))?;
    let value = if is_reading(value) { &value["value"] } else { value };
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    })
}

fn is_reading(value: &Value) -> bool {
    let Value::Object(fields) = value else { return false };
    fields.keys().eq(["value", "batch", "mono_ns", "fresh", "verdict"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_snapshot_has_every_key() {
        let json = to_json(&Snapshot::empty());
        let value: Value = serde_json::from_str(&json).unwrap();
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "schema",
                "run_id",
                "group_id",
                "task_name",
                "reward_mode",
                "host_params",
                "n_envs",
                "connection",
                "connected",
                "staleness_seconds",
                "training_thread_alive",
                "current_episode",
                "current_epoch",
                "max_epochs",
                "current_batch",
                "max_batches",
                "start_batch",
                "runtime_seconds",
                "finish_reason",
                "finish_error",
                "policy",
                "episodes",
                "envs",
                "vitals",
                "budget",
                "telemetry",
                "event_log",
                "metrics"
            ]
        );
        assert_eq!(value["policy"]["kl_divergence"], Value::Null);
        assert_eq!(value["schema"], 1);
    }

    #[track_caller]
    fn check(path: &str, expected: &str) {
        let json = r#"{"schema":1,"task_name":"a\"b","runtime_seconds":0.1,"envs":[],"connected":true,
            "policy":{"entropy":{"value":"NaN","batch":null,"mono_ns":5,"fresh":false,"verdict":"critical"},
            "kl_divergence_history":[0.1,"NaN",1e-7],"last_update":null}}"#;
        assert_eq!(bare(json, path).unwrap(), expected, "{path}");
    }

    #[test]
    fn a_value_is_printed_bare() {
        check("task_name", "a\"b");
        check("policy.entropy", "NaN");
        check("policy.entropy.value", "NaN");
        check("policy.entropy.verdict", "critical");
        check("policy.entropy.batch", "null");
        check("policy.entropy.fresh", "false");
        check("policy.kl_divergence", "null");
        check("policy.kl_divergence_history", "[0.1,\"NaN\",1e-7]");
        check("runtime_seconds", "0.1");
        check("connected", "true");
        check("envs", "[]");
        check("policy.last_update.batch", "null");
        check("schema", "1");
    }
}
