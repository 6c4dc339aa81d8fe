//! A real run of the ancestor, in rows of version 0 with all their oddities, through the commands.

use crate::support::{assert_value, get, printed, snapshot, wire_data};

fn run() -> std::path::PathBuf {
    wire_data("v0/ancestor-run.v0.jsonl")
}

#[track_caller]
fn check(more: &[&str], expected: &[(&str, &str)]) {
    for (path, value) in expected {
        assert_value(path, &get(&run(), more, path), value);
    }
}

#[test]
fn nothing_is_fatal_and_the_unknown_is_counted() {
    check(
        &[],
        &[
            ("telemetry.events_received", "489"),
            ("telemetry.events_rejected", "0"),
            // 187 MORPHOLOGY_CAUSAL_LOG, 86 ANALYTICS_SNAPSHOT, 67 of SEED_* and TAMIYO_*, 30 PHASE_PROFILE_COMPLETED.
            ("telemetry.events_unknown", "370"),
            ("telemetry.events_lost", "null"),
            ("telemetry.sequence_gaps", "null"),
        ],
    );
}

#[test]
fn the_mapped_values_are_those_of_the_file() {
    check(
        &[],
        &[
            ("run_id", "ancestor-run.v0"),
            ("group_id", "default"),
            ("task_name", "cifar_minimal"),
            ("reward_mode", "shaped"),
            ("host_params", "164"),
            ("n_envs", "3"),
            ("max_epochs", "5"),
            ("current_epoch", "5"),
            ("start_batch", "0"),
            ("current_batch", "5"),
            ("max_batches", "5"),
            ("current_episode", "15"),
            ("runtime_seconds", "23.677207"),
            ("finish_reason", "null"),
            ("connection", "live"),
            ("policy.ppo_data_received", "true"),
            ("policy.updates_skipped", "0"),
            ("policy.last_update.batch", "5"),
            ("policy.policy_loss", "-1.4515888690948486"),
            ("policy.value_loss", "1.6576498746871948"),
            ("policy.entropy", "5.998945713043213"),
            // No largest entropy is known, so nothing can be said about a small one.
            ("policy.entropy.verdict", "none"),
            ("policy.entropy_collapsed", "null"),
            ("policy.grad_norm", "10.69779109954834"),
            ("policy.grad_norm.verdict", "critical"),
            ("policy.explained_variance", "NaN"),
            ("policy.explained_variance.verdict", "critical"),
            ("policy.explained_variance.batch", "5"),
            ("policy.dead_layers", "20"),
            ("policy.dead_layers.verdict", "critical"),
            ("policy.learning_rate", "0.0003"),
            ("policy.entropy_coef", "0.1"),
            ("policy.update_time_ms", "23.51112899941654"),
            ("policy.early_stop_epoch", "null"),
            ("episodes.total", "15"),
            ("episodes.last_return", "0.3269599623115579"),
            ("episodes.best_return", "0.5584083721676805"),
            ("episodes.worst_return", "0.18684746231155785"),
            ("episodes.mean_length", "5.0"),
            // All fifteen ended by their time limit, which the ancestor does not count as success.
            ("episodes.success_rate", "0.0"),
            ("envs[0].status", "healthy"),
            ("envs[2].episode_return", "0.3269599623115579"),
            ("envs[1].best_return", "0.46180212216768035"),
            ("vitals.epochs_per_second", "null"),
            ("vitals.cpu_percent", "null"),
        ],
    );
    let history: Vec<f64> =
        serde_json::from_str(&get(&run(), &[], "episodes.return_history")).unwrap();
    let expected = [
        0.408_922_039_778_453_7,
        0.469_272_569_826_412_8,
        0.298_578_656_130_734_37,
        0.340_765_152_215_639_6,
        0.317_561_515_596_932_1,
    ];
    assert_eq!(history, expected);
}

#[test]
fn moments_are_those_of_its_clock() {
    check(&["--at", "start"], &[("connection", "waiting"), ("telemetry.events_received", "0")]);
    check(
        &["--at", "seq:0"],
        &[("current_batch", "0"), ("max_batches", "5"), ("runtime_seconds", "0.0")],
    );
    let first_batch =
        [("current_batch", "1"), ("runtime_seconds", "6.802220"), ("episodes.total", "3")];
    check(&["--at", "batch:1"], &first_batch);
    check(&["--at", "time:6.80222s"], &first_batch[..2]);
    check(&["--at", "time:6s"], &[("current_batch", "0")]);
    check(&["--at", "ts:2026-11-21T18:16:12Z"], &[("current_batch", "2")]);
    // 3600 * 5 / 23.676751, the time of the last batch.
    check(&[], &[("vitals.batches_per_hour", "760.2394433")]);
    check(&["--now", "+60"], &[("connection", "stale"), ("runtime_seconds", "28.677207")]);
}

#[test]
fn its_events_are_in_the_log() {
    let log = snapshot(&run(), &[])["event_log"].as_array().unwrap().clone();
    assert_eq!(log.len(), 200);
    let last = log.last().unwrap();
    assert_eq!(
        (last["event_type"].as_str(), last["seq"].as_u64()),
        (Some("ANALYTICS_SNAPSHOT"), Some(488))
    );
    assert_eq!(last["ts"], "2026-11-21T18:16:23.655894Z");
    assert!(log.iter().all(|line| line["event_type"] != "REJECTED"));
}

#[test]
fn it_is_drawn() {
    let path = run();
    let path = path.to_str().unwrap();
    let header = printed(&["render", path, "--widget", "RunHeader"]);
    assert_eq!(
        header,
        "● LIVE ? │ cifar_minimal  RWD:shaped │ Ep 15 E:██████ 5/5 B:████████ 5/5 │     23s —e/s 760b/h │ ✓ OK\n"
    );
    assert_eq!(
        printed(&["render", path, "--widget", "StatusBanner"]),
        "[…] WARMING UP 5/10  KL:0.000  Batch:5/5\n"
    );
    assert_eq!(printed(&["render", path, "--widget", "AnomalyStrip"]), "ANOMALIES: 20 dead\n");
    for size in ["80x24", "120x40", "200x60"] {
        let screen = printed(&["render", path, "--size", size]);
        // The smallest screen has room for the latest three lines of the log.
        let has_log = size == "80x24" || screen.contains("anomaly");
        assert!(has_log && screen.contains("cifar_minimal"), "{screen}");
        // A control character of the ancestor's messages would move the cursor.
        assert!(!screen.chars().any(|c| c.is_control() && c != '\n'), "{screen}");
    }
}
