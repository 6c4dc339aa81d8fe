//! What the records of runtime, episodes, environments, event log and user metrics claim, from the rows or the training to
//! the cell on the screen.

use leyline::{Event, Incoming};
use serde_json::{Value, json};

use crate::support::{Rows, Trained, file, get, printed, small, snapshot, train};

#[track_caller]
fn shows(run: &std::path::Path, widget: &str, size: &str, more: &[&str], expected: &str) {
    let args = [&["render", run.to_str().unwrap(), "--widget", widget, "--size", size], more];
    let text = printed(&args.concat());
    assert!(text.contains(expected), "{expected:?} is not in {text}");
}

fn started() -> Rows {
    Rows::default().start(1.0, json!({"n_envs": 2, "max_batches": 4}))
}

#[test]
fn tele_020_runtime_of_a_run_reaches_header_and_status() {
    let rows = started().batch(3726.0, json!({"batch_idx": 1}));
    let (_dir, run) = file(&rows.text);
    assert_eq!(get(&run, &[], "runtime_seconds"), "3725.0");
    shows(&run, "RunHeader", "120x1", &[], "│   1h 2m ");
    shows(&run, "EsperStatus", "40x12", &[], "1h 2m 5s│");
    assert_eq!(get(&run, &["--now", "+3"], "runtime_seconds"), "3728.0");
    assert_eq!(get(&run, &["--now", "+60"], "runtime_seconds"), "3730.0", "silence is no work");
    shows(&run, "EsperStatus", "40x12", &["--closed"], " --│");
    let over = rows.event("TRAINING_FINISHED", 3730.5, json!({}));
    let (_dir, run) = file(&over.text);
    assert_eq!(get(&run, &["--now", "+60"], "runtime_seconds"), "3729.5");
}

#[test]
fn tele_023_finish_error_is_told_with_the_end() {
    let end = json!({"reason": "failed", "error": "loss is NaN", "last_batch": 3});
    let (_dir, run) = file(&started().event("TRAINING_FINISHED", 5.0, end).text);
    assert_eq!(get(&run, &[], "finish_error"), "loss is NaN");
    shows(&run, "EventLog", "80x8", &[], "finish  failed b3: loss is NaN");
    let (_dir, run) = file(&started().text);
    assert_eq!(get(&run, &[], "finish_error"), "null");
}

/// A training with finished episodes, and their returns in order.
fn trained(root: &std::path::Path) -> (Trained, Vec<f64>) {
    let run = train(small(20), None, root);
    let returns = run.events.iter().filter_map(|event| {
        let Incoming::Known(envelope) = event else { return None };
        let Event::EpisodeOutcome(outcome) = &envelope.event else { return None };
        Some(outcome.episode_return)
    });
    let returns: Vec<f64> = returns.collect();
    assert!(5 < returns.len(), "a run without finished episodes shows nothing");
    (run, returns)
}

#[test]
fn tele_611_last_return_of_a_run_reaches_the_panel() {
    let root = tempfile::tempdir().unwrap();
    let (run, returns) = trained(root.path());
    let last = returns.last().unwrap();
    assert_eq!(get(&run.dir, &[], "episodes.last_return.value"), format!("{last:?}"));
    shows(&run.dir, "EpisodePanel", "60x12", &[], &format!("Last{:>11}", format!("{last:.1}")));
    assert_eq!(get(&run.dir, &["--at", "start"], "episodes.last_return"), "null");
}

#[test]
fn tele_612_mean_return_of_a_run_is_that_of_its_outcomes() {
    let root = tempfile::tempdir().unwrap();
    let (run, returns) = trained(root.path());
    let latest = returns.iter().rev().take(100);
    let mean = latest.clone().sum::<f64>() / latest.count() as f64;
    let found: f64 = get(&run.dir, &[], "episodes.mean_return.value").parse().unwrap();
    assert!((found - mean).abs() < 1e-9, "{found} instead of {mean}");
    shows(&run.dir, "EpisodePanel", "60x12", &[], &format!("Mean{:>11}", format!("{mean:.1}")));
    let (_dir, silent) = file(&started().text);
    shows(&silent, "EpisodePanel", "60x12", &[], "Mean          —");
}

#[test]
fn tele_630_tele_640_environments_of_a_run_reach_the_panel() {
    let root = tempfile::tempdir().unwrap();
    let (run, _) = trained(root.path());
    let picture = snapshot(&run.dir, &[]);
    let envs = picture["envs"].as_array().unwrap();
    assert_eq!(envs.len(), 2);
    for env in envs {
        let word = match env["status"].as_str().unwrap() {
            "initializing" => "init",
            "healthy" => "ok",
            "excellent" => "excel",
            "stalled" => "stall",
            "degraded" => "degr",
            other => panic!("{other}"),
        };
        let (id, value) =
            (env["env_id"].as_u64().unwrap(), env["episode_return"].as_f64().unwrap());
        let row = format!("{id:>3} {word:<5}{:>9} ", format!("{value:.1}"));
        shows(&run.dir, "EnvOverview", "90x14", &[], &row);
        assert!(env["last_update_age_seconds"].is_number());
    }
}

#[test]
fn tele_810_to_819_the_lines_of_a_run_reach_the_panel() {
    let rows = started()
        .batch(41.0, json!({"batch_idx": 1, "batch_episodes": 3, "mean_return": 97.44}))
        .heartbeat(42.0);
    let (_dir, run) = file(&rows.text);
    let log = snapshot(&run, &[])["event_log"].as_array().unwrap().clone();
    let of = |kind: &str| -> Option<&Value> { log.iter().find(|line| line["event_type"] == kind) };
    assert!(of("HEARTBEAT").is_none());
    let line = of("BATCH_EPOCH_COMPLETED").unwrap();
    assert_eq!((&line["seq"], &line["severity"]), (&json!(1), &json!("info")));
    assert_eq!(line["summary"], "b1/4, 3 episodes, return 97.4");
    shows(&run, "EventLog", "80x20", &[], "12:00:41 batch   b1/4, 3 episodes, return 97.4");
}

#[test]
fn tele_820_tele_821_numbers_of_user_code_reach_the_panel() {
    let metric = |step: u64, value: f64| json!({"step": step, "values": {"eval/loss": value}, "units": {"eval/loss": "nats"}});
    let rows = started().event("METRIC", 2.0, metric(1, 0.5)).event("METRIC", 3.0, metric(2, 0.25));
    let (_dir, run) = file(&rows.text);
    let series = snapshot(&run, &[])["metrics"]["eval/loss"].clone();
    assert_eq!(series, json!({"unit": "nats", "points": [[1, 0.5], [2, 0.25]]}));
    shows(&run, "TelemetryPanel", "40x14", &[], "0.25 nats│");
}
