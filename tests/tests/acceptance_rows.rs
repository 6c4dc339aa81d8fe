//! The acceptance cases of sections 5 and 6, given as rows to the commands.

use serde_json::{Value, json};

use crate::support::{Rows, assert_value, file, get, printed, wire_data};

/// Checks values of the snapshot of `rows`; `more` are further arguments, `null` stands for absent.
#[track_caller]
fn check(case: &str, rows: &Rows, more: &[&str], expected: &[(&str, &str)]) {
    let (_dir, run) = file(&rows.text);
    for (path, value) in expected {
        assert_value(&format!("{case} {path}"), &get(&run, more, path), value);
    }
}

/// Checks that a line is drawn, and drawn in full.
#[track_caller]
fn check_drawn(case: &str, rows: &Rows, widget: &str, expected: impl FnOnce(&str) -> bool) {
    let (_dir, run) = file(&rows.text);
    let text = printed(&["render", run.to_str().unwrap(), "--widget", widget]);
    assert!(expected(text.trim_end_matches('\n')), "{case}: {text}");
}

fn loaded() -> Rows {
    Rows::default().event(
        "CHECKPOINT_LOADED",
        0.0,
        json!({"batch_idx": 25, "episodes_completed": 100}),
    )
}

fn resumed() -> Rows {
    loaded().start(
        1.0,
        json!({"n_envs": 4, "max_epochs": 150, "max_batches": 75, "start_batch": 25, "requested_batches": 50, "start_episodes": 100}),
    )
}

fn started(max_batches: u64) -> Rows {
    Rows::default().start(0.0, json!({"max_batches": max_batches}))
}

#[test]
fn ap01_nothing_received() {
    check(
        "AP01",
        &Rows::default(),
        &[],
        &[
            ("connection", "waiting"),
            ("connected", "false"),
            ("task_name", "null"),
            ("current_batch", "null"),
            ("current_episode", "null"),
            ("current_epoch", "null"),
            ("max_epochs", "null"),
            ("max_batches", "0"),
            ("runtime_seconds", "0.0"),
            ("staleness_seconds", "null"),
            ("vitals.epochs_per_second", "null"),
            ("telemetry.events_received", "0"),
            ("telemetry.events_lost", "null"),
        ],
    );
}

#[test]
fn ap02_to_ap04_a_resume() {
    check(
        "AP02",
        &loaded(),
        &["--now", "+0.5"],
        &[
            ("connection", "waiting"),
            ("current_batch", "null"),
            ("current_episode", "null"),
            ("max_batches", "0"),
            ("runtime_seconds", "0.0"),
        ],
    );
    check_drawn("AP02", &loaded(), "RunHeader", |line| {
        line == "○ WAIT ? │ Waiting for training data..."
    });
    check(
        "AP03",
        &resumed(),
        &[],
        &[
            ("current_batch", "25"),
            ("current_episode", "100"),
            ("current_epoch", "0"),
            ("max_batches", "75"),
            ("start_batch", "25"),
            ("vitals.epochs_per_second", "null"),
        ],
    );
    check_drawn("AP03", &resumed(), "RunHeader", |line| line.contains("B:██░░░░░░ 25/75"));
    check_drawn("AP03", &resumed(), "StatusBanner", |line| line.ends_with("Batch:25/75"));
    let rows = resumed().batch(
        11.0,
        json!({"batch_idx": 26, "episodes_completed": 104, "epochs_since_start": 150, "env_steps_since_start": 600}),
    );
    check(
        "AP04",
        &rows,
        &[],
        &[
            ("current_batch", "26"),
            ("current_episode", "104"),
            ("vitals.epochs_per_second", "15.0"),
            ("vitals.env_steps_per_second", "60.0"),
            ("vitals.batches_per_hour", "360.0"),
        ],
    );
    check_drawn("AP04", &rows, "RunHeader", |line| line.contains("B:██░░░░░░ 26/75"));
}

#[test]
fn ap05_the_latest_epoch_counts() {
    let rows = Rows::default()
        .start(0.0, json!({"max_epochs": 0}))
        .event("EPOCH_COMPLETED", 1.0, json!({"env_id": 0, "inner_epoch": 1}))
        .event("EPOCH_COMPLETED", 2.0, json!({"env_id": 1, "inner_epoch": 99}));
    check("AP05", &rows, &[], &[("current_epoch", "99"), ("max_epochs", "0")]);
}

/// The viewer's clock runs 98 s ahead of the producer's in AP06 to AP10; only differences count.
#[test]
fn ap06_to_ap10_the_age_of_the_news() {
    let rows = Rows::default().start(2.0, json!({})).heartbeat(12.0);
    let cases = [
        ("AP06", "+1.5", "1.5", "live", "11.5"),
        ("AP07", "+2", "2", "slow", "12"),
        ("AP08", "+10", "10", "stale", "15.0"),
    ];
    for (case, now, staleness, connection, runtime) in cases {
        check(
            case,
            &rows,
            &["--now", now],
            &[
                ("staleness_seconds", staleness),
                ("connection", connection),
                ("runtime_seconds", runtime),
            ],
        );
    }
    check(
        "AP09",
        &rows,
        &["--now", "+11", "--closed"],
        &[("connection", "disconnected"), ("connected", "false"), ("runtime_seconds", "0.0")],
    );
    check(
        "AP10",
        &rows.event("TRAINING_FINISHED", 14.0, json!({})),
        &["--now", "+388", "--closed"],
        &[
            ("connection", "finished"),
            ("connected", "true"),
            ("runtime_seconds", "12"),
            ("staleness_seconds", "null"),
            ("finish_reason", "completed"),
        ],
    );
}

#[test]
fn ap11_runtime_is_that_of_the_producer() {
    let rows = Rows::default().start(1.0, json!({})).batch(3726.0, json!({"batch_idx": 9}));
    check("AP11", &rows, &[], &[("runtime_seconds", "3725"), ("current_batch", "9")]);
    check_drawn("AP11", &rows, "RunHeader", |line| line.contains("  1h 2m "));
}

#[test]
fn ap12_to_ap15_throughput() {
    let rate =
        ["vitals.epochs_per_second", "vitals.env_steps_per_second", "vitals.batches_per_hour"];
    let counted = |k: u64| json!({"batch_idx": k, "epochs_since_start": 128 * k, "env_steps_since_start": 1024 * k});
    let rows = started(99).batch(0.4, counted(1));
    check("AP12", &rows, &[], &rate.map(|path| (path, "null")));
    let rows = rows.batch(1.25, counted(2));
    check("AP13", &rows, &[], &[(rate[0], "204.8"), (rate[1], "1638.4"), (rate[2], "5760.0")]);
    let rows = (1..=10)
        .fold(started(99), |rows, k| rows.batch(10.0 * f64::from(k), json!({"batch_idx": k})));
    check("AP14", &rows, &[], &[(rate[2], "360.0"), (rate[0], "null"), ("connection", "live")]);
    let rows = rows.heartbeat(120.0);
    check(
        "AP15",
        &rows,
        &[],
        &[(rate[2], "308.5714286"), (rate[0], "null"), ("connection", "live")],
    );
}

#[test]
fn ap16_to_ap19_updates() {
    let rows = started(20)
        .update(1.0, json!({"batch_idx": 1, "kl_divergence": 0.01, "entropy": 0.6}))
        .batch(1.0, json!({"batch_idx": 1}))
        .update(2.0, json!({"batch_idx": 2, "skipped": true, "skip_reason": "nonfinite_loss", "nan_grad_count": 64}))
        .batch(2.0, json!({"batch_idx": 2, "outcome": "skipped", "skip_reason": "nonfinite_loss"}));
    check(
        "AP16",
        &rows,
        &[],
        &[
            ("current_batch", "2"),
            ("policy.updates_skipped", "1"),
            ("policy.ppo_data_received", "true"),
            ("policy.kl_divergence", "0.01"),
            ("policy.kl_divergence.fresh", "false"),
            ("policy.nan_grad_count", "64"),
            ("policy.nan_grad_count.fresh", "true"),
            ("policy.kl_divergence_history", "[0.01]"),
        ],
    );
    let rows = started(20)
        .update(1.0, json!({"batch_idx": 1, "skipped": true, "skip_reason": "kl_limit"}));
    check(
        "AP17",
        &rows,
        &[],
        &[
            ("policy.ppo_data_received", "false"),
            ("policy.updates_skipped", "1"),
            ("policy.kl_divergence", "null"),
            ("current_batch", "0"),
        ],
    );
    let rows = started(20)
        .update(1.0, json!({"batch_idx": 1, "kl_divergence": 0.01, "explained_variance": 0.5}))
        .update(2.0, json!({"batch_idx": 2, "kl_divergence": 0.02}));
    check(
        "AP18",
        &rows,
        &[],
        &[
            ("policy.kl_divergence", "0.02"),
            ("policy.kl_divergence.fresh", "true"),
            ("policy.explained_variance", "0.5"),
            ("policy.explained_variance.fresh", "false"),
            ("policy.explained_variance.batch", "1"),
            ("policy.kl_divergence_history", "[0.01,0.02]"),
        ],
    );
    let rows = started(20)
        .update(1.0, json!({"batch_idx": 1, "early_stop_epoch": 3}))
        .update(2.0, json!({"batch_idx": 2}));
    check(
        "AP19",
        &rows,
        &[],
        &[("policy.ppo_data_received", "true"), ("policy.early_stop_epoch", "null")],
    );
    check("AP19", &rows, &["--at", "seq:1"], &[("policy.early_stop_epoch", "3")]);
}

#[test]
fn ap20_ap21_batches() {
    let rows = started(20)
        .batch(1.0, json!({"batch_idx": 1, "mean_return": 5.0}))
        .batch(2.0, json!({"batch_idx": 2}))
        .batch(3.0, json!({"batch_idx": 3, "mean_return": 7.0}));
    check("AP20", &rows, &[], &[("current_batch", "3"), ("episodes.return_history", "[5.0,7.0]")]);
    let rows = started(20).batch(1.0, json!({"batch_idx": 1, "episodes_completed": 8})).batch(
        2.0,
        json!({"batch_idx": 2, "outcome": "skipped", "skip_reason": "interrupted", "episodes_completed": 9}),
    );
    check("AP21", &rows, &[], &[("current_batch", "1"), ("current_episode", "9")]);
}

#[test]
fn ap22_ap23_counters() {
    let rows = started(20).batch(1.0, json!({"batch_idx": 0})).event("SEED_PRUNED", 2.0, json!({}));
    check(
        "AP22",
        &rows,
        &[],
        &[
            ("current_batch", "0"),
            ("telemetry.events_received", "3"),
            ("telemetry.events_rejected", "1"),
            ("telemetry.events_unknown", "1"),
            ("telemetry.events_lost", "0"),
            ("staleness_seconds", "0.0"),
        ],
    );
    let rows =
        started(20).heartbeat(1.0).seq(4).heartbeat(2.0).heartbeat(3.0).seq(9).heartbeat(4.0);
    check(
        "AP23",
        &rows,
        &[],
        &[
            ("telemetry.sequence_gaps", "2"),
            ("telemetry.events_lost", "5"),
            ("telemetry.events_received", "5"),
            ("connection", "live"),
        ],
    );
}

#[test]
fn ap24_two_groups() {
    let rows = Rows::default()
        .group("A")
        .start(0.0, json!({"max_batches": 10}))
        .group("B")
        .start(0.0, json!({"max_batches": 20}))
        .line(r#"{"v":1,"run_id":"run","seq":2}"#);
    for (group, max_batches) in [("A", "10"), ("B", "20")] {
        check(
            "AP24",
            &rows,
            &["--group", group],
            &[
                ("group_id", group),
                ("max_batches", max_batches),
                ("telemetry.events_received", "3"),
                ("telemetry.events_rejected", "1"),
            ],
        );
    }
    check("AP24 without --group", &rows, &[], &[("group_id", "A")]);
}

#[test]
fn ap25_histories_are_bounded() {
    let rows = (1..=130).fold(started(200), |rows, k| {
        rows.update(f64::from(k), json!({"batch_idx": k, "kl_divergence": f64::from(k) / 1000.0}))
    });
    let (_dir, run) = file(&rows.text);
    let history: Vec<f64> =
        serde_json::from_str(&get(&run, &[], "policy.kl_divergence_history")).unwrap();
    assert_eq!((history.len(), history[0], history[127]), (128, 0.003, 0.13));
    check(
        "AP25",
        &rows,
        &[],
        &[
            ("policy.kl_divergence_history[127]", "0.13"),
            ("policy.kl_divergence_history[128]", "null"),
        ],
    );
}

#[test]
fn ap27_version_0_rows() {
    let row = |event_type: &str, time: &str, data: Value| {
        json!({
            "event_id": "e", "event_type": event_type, "timestamp": format!("2026-01-03T{time}+00:00"), "seed_id": null,
            "slot_id": null, "epoch": 104, "group_id": "default", "message": "", "data": data, "severity": "info",
        })
        .to_string()
    };
    let start = json!({"task": "t", "n_envs": 4, "max_epochs": 150, "max_batches": 75, "start_episode": 100});
    let batch = json!({
        "episodes_completed": 104, "batch_idx": 26, "avg_accuracy": 71.5, "avg_reward": 12.25, "total_episodes": 300,
        "n_envs": 4, "start_episode": 0, "requested_episodes": 0, "rolling_accuracy": null,
    });
    let rows = Rows::default().line(&row("TRAINING_STARTED", "10:00:00", start)).line(&row(
        "BATCH_EPOCH_COMPLETED",
        "10:00:10",
        batch,
    ));
    check(
        "AP27",
        &rows,
        &[],
        &[
            ("start_batch", "25"),
            ("current_episode", "104"),
            ("current_batch", "26"),
            ("episodes.return_history", "[12.25]"),
            ("runtime_seconds", "10.0"),
            ("vitals.batches_per_hour", "360.0"),
            ("vitals.epochs_per_second", "null"),
            ("telemetry.events_lost", "null"),
            ("run_id", "rows"),
        ],
    );
}

#[test]
fn ap28_to_ap30_the_rest() {
    let rows = Rows::default().batch(70.0, json!({"batch_idx": 7, "episodes_completed": 28}));
    check(
        "AP28",
        &rows,
        &[],
        &[
            ("connection", "waiting"),
            ("connected", "false"),
            ("current_batch", "7"),
            ("max_batches", "0"),
            ("current_episode", "28"),
            ("runtime_seconds", "0.0"),
        ],
    );
    check_drawn("AP28", &rows, "RunHeader", |line| line.contains(" B:7 "));
    let rows = Rows::default()
        .start(0.0, json!({"max_batches": 99, "start_batch": 40}))
        .batch(100.0, json!({"batch_idx": 41}))
        .batch(250.0, json!({"batch_idx": 42}));
    check("AP29", &rows, &[], &[("vitals.batches_per_hour", "24.0")]);
    let name = "a_task_name_that_is_rather_long_with_fifty_four_letter";
    assert_eq!(name.len(), 54);
    let rows = Rows::default().start(0.0, json!({"task": name}));
    check("AP30", &rows, &[], &[("task_name", name)]);
    check_drawn("AP30", &rows, "RunHeader", |line| line.contains("a_task_name_t… "));
}

/// Returns the first example row of a kind.
fn example(event_type: &str) -> String {
    let rows = std::fs::read_to_string(wire_data("v1/examples.jsonl")).unwrap();
    let wanted = format!("\"event_type\":\"{event_type}\"");
    rows.lines().find(|row| row.contains(&wanted)).unwrap().to_owned()
}

/// Checks how one row is counted: `None` for applied, else the reason of its rejection.
#[track_caller]
fn check_row(case: &str, row: &str, reason: Option<&str>) {
    let rejected = if reason.is_some() { "1" } else { "0" };
    check(
        case,
        &Rows::default().line(row),
        &[],
        &[
            ("telemetry.events_received", "1"),
            ("telemetry.events_rejected", rejected),
            ("telemetry.events_unknown", "0"),
        ],
    );
    if let Some(reason) = reason {
        let (_dir, run) = file(row);
        assert_eq!(get(&run, &[], "event_log[0].event_type"), "REJECTED", "{case}");
        let message = get(&run, &[], "event_log[0].message");
        assert!(message.contains(reason), "{case}: {message}");
    }
}

#[track_caller]
fn check_changed(case: &str, event_type: &str, from: &str, to: &str, reason: Option<&str>) {
    let row = example(event_type);
    assert!(row.contains(from), "{case}: {row}");
    check_row(case, &row.replacen(from, to, 1), reason);
}

#[test]
fn aw01_every_example_row_is_applied() {
    let rows = std::fs::read_to_string(wire_data("v1/examples.jsonl")).unwrap();
    assert_eq!(rows.lines().count(), 25);
    for row in rows.lines() {
        check_row("AW01", row, None);
    }
}

#[test]
fn aw02_to_aw11_changed_rows() {
    let batch = "BATCH_EPOCH_COMPLETED";
    let idx = "\"batch_idx\":1,";
    let mean = "\"mean_return\":22.195121951219512";
    check_changed("AW02", batch, idx, "\"batch_idx\":0,", Some("bad_value:batch_idx"));
    check_changed("AW03", batch, idx, "\"batch_idx\":1.0,", Some("wrong_type:batch_idx"));
    check_changed("AW04", batch, idx, "", Some("missing_field:batch_idx"));
    check_changed("AW05", batch, mean, "\"mean_return\":NaN", Some("bad_json"));
    check_changed("AW06", batch, mean, "\"mean_return\":\"NaN\"", None);
    check_changed("AW07", "METRIC", "\"v\":1", "\"v\":2", Some("unsupported_version"));
    check_changed("AW08", "EPISODE_OUTCOME", "\"env_id\":3", "\"env_id\":2", Some("env_mismatch"));
    let colour = ("\"step\"", "\"colour\":\"red\",\"step\"");
    check_changed("AW09", "METRIC", colour.0, colour.1, None);
    check_changed("AW09", "METRIC", "\"v\":1", "\"v\":1,\"host\":\"x\"", None);
    let (paused, reason) = ("\"reason\":\"paused\"", "\"reason\":\"completed\"");
    check_changed("AW10", "TRAINING_FINISHED", reason, paused, Some("bad_word:reason"));
    check_changed("AW11", "METRIC", "22.2", "1e999", Some("bad_json"));
    let row = example(batch).replacen(mean, "\"mean_return\":\"NaN\"", 1);
    check("AW06", &Rows::default().line(&row), &[], &[("episodes.return_history", "[\"NaN\"]")]);
}
