//! The acceptance cases of sections 3, 4, 7 and 8 that rows can bring about, through `snapshot` and `render`.

use serde_json::{Value, json};

use crate::support::{Rows, assert_value, file, get, printed};

/// Returns the lines of a widget, without its frame, each run of blanks made one.
fn drawn(rows: &Rows, widget: &str, more: &[&str]) -> Vec<String> {
    let (_dir, run) = file(&rows.text);
    let args = [&["render", run.to_str().unwrap(), "--widget", widget], more].concat();
    let inside = |line: &str| {
        line.trim_matches(|c| "│┌┐└┘─".contains(c)).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    printed(&args).lines().map(inside).filter(|line| !line.is_empty()).collect()
}

/// Checks a line that is drawn alone, blanks included.
#[track_caller]
fn check_line(case: &str, rows: &Rows, widget: &str, more: &[&str], expected: &str) {
    let (_dir, run) = file(&rows.text);
    let args = [&["render", run.to_str().unwrap(), "--widget", widget], more].concat();
    assert_eq!(printed(&args).trim_end_matches('\n'), expected, "{case}");
}

#[track_caller]
fn check(case: &str, rows: &Rows, expected: &[(&str, &str)]) {
    let (_dir, run) = file(&rows.text);
    for (path, value) in expected {
        assert_value(&format!("{case} {path}"), &get(&run, &[], path), value);
    }
}

fn merged(mut base: Value, changes: Value) -> Value {
    if let (Value::Object(base), Value::Object(changes)) = (&mut base, changes) {
        base.extend(changes);
    }
    base
}

/// BASE of section 3: batch `batch` of a run, with these changes to its update.
fn banner(start: Value, batch: u64, update: Value) -> Rows {
    let start = merged(json!({"max_batches": 200, "max_entropy": 1.39}), start);
    let healthy = json!({
        "batch_idx": batch, "entropy": 1.0, "explained_variance": 0.8, "advantage_std": 1.0, "kl_divergence": 0.005,
        "clip_fraction": 0.1, "grad_norm": 1.0,
    });
    Rows::default()
        .start(0.0, start)
        .update(1.0, merged(healthy, update))
        .batch(1.0, json!({"batch_idx": batch}))
}

#[test]
fn ab_the_status_banner() {
    let cases = [
        ("AB01", json!({}), "[✓] LEARNING  KL:0.005"),
        (
            "AB02",
            json!({"entropy": 0.05, "clip_fraction": 0.35, "kl_divergence": 0.04}),
            "[✗] FAIL:Entropy (+2)  KL:0.040",
        ),
        ("AB03", json!({"entropy": 0.2}), "[!] WARN:Entropy  KL:0.005"),
        ("AB04", json!({"explained_variance": -0.1}), "[✗] FAIL:Value  KL:0.005"),
        ("AB05", json!({"grad_norm": 6.0}), "[!] WARN:Grad  KL:0.005"),
        ("AB06", json!({"advantage_std": 2.5}), "[!] WARN:AdvHigh  KL:0.005"),
        ("AB07", json!({"nan_grad_count": 1, "entropy": 0.05}), "[✗] NaN DETECTED  KL:0.005"),
        ("AB08", json!({"kl_divergence": 0.03}), "[!] WARN:KL  KL:0.030"),
        ("AB09", json!({"explained_variance": 0.0}), "[✗] FAIL:Value  KL:0.005"),
        ("AB17", json!({"entropy": 0.2, "clip_fraction": 0.27}), "[!] WARN:Entropy (+1)  KL:0.005"),
    ];
    for (case, update, expected) in cases {
        let rows = banner(json!({}), 100, update);
        check_line(case, &rows, "StatusBanner", &[], &format!("{expected}  Batch:100/200"));
    }
    let rows = banner(json!({}), 3, json!({"entropy": 0.05}));
    check_line("AB10", &rows, "StatusBanner", &[], "[…] WARMING UP 3/10  KL:0.005  Batch:3/200");
    let rows = banner(json!({}), 100, json!({}));
    check_line(
        "AB11",
        &rows,
        "StatusBanner",
        &["--now", "+7.9"],
        "[✗] STALE 7s  KL:0.005  Batch:100/200",
    );
    check_line(
        "AB12",
        &rows,
        "StatusBanner",
        &["--closed"],
        "[✗] DISCONNECTED  KL:0.005  Batch:100/200",
    );
    let rows = banner(json!({}), 200, json!({})).event(
        "TRAINING_FINISHED",
        2.0,
        json!({"last_batch": 200}),
    );
    check_line("AB13", &rows, "StatusBanner", &[], "[✓] FINISHED  KL:0.005  Batch:200/200");
    let rows = banner(json!({}), 99, json!({}))
        .update(2.0, json!({"batch_idx": 100, "skipped": true, "skip_reason": "kl_limit"}))
        .batch(2.0, json!({"batch_idx": 100, "outcome": "skipped", "skip_reason": "kl_limit"}));
    check_line("AB14", &rows, "StatusBanner", &[], "[!] WARN:Skipped  KL:0.005  Batch:100/200");
    check_line("AB15", &Rows::default(), "StatusBanner", &[], "[…] WAITING  KL:—  Batch:—");
    let rows = banner(json!({"max_batches": 0}), 12, json!({}));
    check_line("AB16", &rows, "StatusBanner", &[], "[✓] LEARNING  KL:0.005  Batch:12");
    let rows = banner(json!({"max_batches": 400, "start_batch": 200}), 205, json!({}));
    check_line("AB18", &rows, "StatusBanner", &[], "[…] WARMING UP 5/10  KL:0.005  Batch:205/400");
}

fn vitals(data: Value) -> Rows {
    Rows::default().event("SYSTEM_VITALS", 0.0, merged(json!({"gpus": []}), data))
}

#[test]
fn ae_the_status_panel() {
    let start = json!({"max_batches": 200, "host_params": 1_250_000});
    let counted = |k: u64| json!({"batch_idx": k, "epochs_since_start": 100 * k, "env_steps_since_start": 400 * k});
    let rows = (1..=91).fold(Rows::default().start(0.0, start), |rows, k| {
        rows.batch(40.0 * k as f64 + 21.0, counted(k))
    });
    let machine = json!({
        "cpu_percent": 37.5, "ram_used_gb": 12.0, "ram_total_gb": 32.0, "process_rss_gb": 0.4,
        "gpus": [{"device_id": 0, "memory_used_gb": 4.0, "memory_total_gb": 16.0}],
    });
    let rows = rows.event("SYSTEM_VITALS", 3661.0, machine);
    assert_eq!(
        drawn(&rows, "EsperStatus", &["--size", "40x14"])[1..],
        [
            "Runtime: 1h 1m 1s",
            "Epochs/s: 2.50",
            "Batches/h: 90",
            "Env steps/s: 10",
            "Params: 1.2M",
            "CPU: 37.5%",
            "RAM: 12.0/32GB",
            "RSS: 0.4GB",
            "GPU0: 4.0/16.0GB"
        ],
        "AE01"
    );
    assert_eq!(
        drawn(&Rows::default(), "EsperStatus", &["--size", "40x14"])[1..],
        [
            "Runtime: --",
            "Epochs/s: —",
            "Batches/h: —",
            "Env steps/s: —",
            "Params: —",
            "CPU: —",
            "RAM: —",
            "RSS: —"
        ],
        "AE02"
    );
    let gpu = json!({"device_id": 1, "memory_used_gb": 15.0, "memory_total_gb": 16.0, "utilization_percent": 97.0, "temperature_c": 71.6});
    let lines = drawn(&vitals(json!({"gpus": [gpu]})), "EsperStatus", &["--size", "40x14"]);
    assert!(lines.contains(&"GPU1: 15.0/16.0GB 97% 72C".to_owned()), "AE03 {lines:?}");
    let rows = Rows::default().start(0.0, json!({})).event(
        "SYSTEM_VITALS",
        45.0,
        json!({"cpu_percent": 0.0, "gpus": []}),
    );
    let lines = drawn(&rows, "EsperStatus", &["--size", "40x14"]);
    assert!(
        lines.contains(&"Runtime: 45s".to_owned()) && lines.contains(&"CPU: 0.0%".to_owned()),
        "AE04 {lines:?}"
    );
}

/// A run whose latest update says nothing but this.
fn updated(data: Value) -> Rows {
    Rows::default()
        .start(0.0, json!({"n_envs": 3, "max_entropy": 0.693}))
        .update(1.0, merged(json!({"batch_idx": 1}), data))
}

/// Checks the verdicts of values of one metric of the update, given as `value verdict`.
#[track_caller]
fn check_graded(case: &str, name: &str, graded: &str) {
    for pair in graded.split("; ") {
        let (value, verdict) = pair.split_once(' ').unwrap();
        let value: Value = serde_json::from_str(value).unwrap();
        check(
            case,
            &updated(json!({name: value})),
            &[(&format!("policy.{name}.verdict"), verdict)],
        );
    }
}

#[test]
fn at_verdicts_of_readings() {
    let kl =
        "0.015 healthy; 0.0151 warning; 0.03 warning; 0.0301 critical; \"NaN\" critical; null null";
    check_graded("AT01", "kl_divergence", kl);
    check_graded("AT02", "entropy", "0.3001 healthy; 0.3 warning; 0.1001 warning; 0.1 critical");
    check_graded(
        "AT04",
        "clip_fraction",
        "0.2499 healthy; 0.25 warning; 0.2999 warning; 0.3 critical",
    );
    let low = "0.1 critical; 0.1001 warning; 0.5 warning; 0.5001 healthy";
    let high = "2.0 healthy; 2.0001 warning; 3.0 warning; 3.0001 critical";
    check_graded("AT05", "advantage_std", low);
    check_graded("AT05", "advantage_std", high);
    let explained = "0.3001 healthy; 0.3 warning; 0.0001 warning; 0.0 critical; -0.5 critical";
    check_graded("AT06", "explained_variance", explained);
    check_graded("AT07", "nan_grad_count", "0 healthy; 1 critical");
    check_graded(
        "AT08",
        "grad_norm",
        "5.0 healthy; 5.0001 warning; 10.0 warning; 10.0001 critical",
    );
    check_graded(
        "AT11",
        "advantage_skewness",
        "-1.0 warning; -1.0001 critical; -0.5 healthy; -0.5001 warning",
    );
    check_graded(
        "AT11",
        "advantage_skewness",
        "1.0 healthy; 1.0001 warning; 2.0 warning; 2.0001 critical",
    );
    check_graded("AT15", "value_loss", "500.0 none; \"Infinity\" critical");
    check_graded("AT23", "ratio_max", high);
    check_graded(
        "AT24",
        "v_return_correlation",
        "0.5 healthy; 0.4999 warning; 0.3 warning; 0.2999 critical",
    );
    check_graded("AT25", "dead_layers", "0 healthy; 1 warning; 2 warning; 3 critical");
    check("AT01", &updated(json!({"kl_divergence": "NaN"})), &[("policy.kl_divergence", "NaN")]);
    check(
        "AT15",
        &updated(json!({"value_loss": "Infinity"})),
        &[("policy.value_loss", "Infinity")],
    );
    let rows =
        Rows::default().start(0.0, json!({})).update(1.0, json!({"batch_idx": 1, "entropy": 0.05}));
    check("AT03", &rows, &[("policy.entropy.verdict", "none")]);
}

#[test]
fn at_limits_that_look_at_several_values() {
    // AT09 and AT10 at their limits need numbers that no formula gives; here the verdicts of what formulas do give.
    let risky = updates(1.39, &[("entropy", &falling(0.9, 0.06, 10))]);
    let risk = [
        ("policy.collapse_risk_score", "0.7018605"),
        ("policy.collapse_risk_score.verdict", "critical"),
    ];
    check("AT09", &risky, &risk);
    let clips = [
        ("entropy", &[0.25, 0.24, 0.23, 0.22, 0.2][..]),
        ("clip_fraction", &[0.1, 0.15, 0.2, 0.25, 0.3]),
    ];
    check(
        "AT10",
        &updates(0.693, &clips),
        &[("policy.entropy_clip_correlation.verdict", "critical")],
    );
    let clips = [
        ("entropy", &[0.25, 0.24, 0.23, 0.22, 0.2][..]),
        ("clip_fraction", &[0.1, 0.12, 0.15, 0.18, 0.2]),
    ];
    check(
        "AT10",
        &updates(0.693, &clips),
        &[("policy.entropy_clip_correlation.verdict", "warning")],
    );
    check("AT14", &Rows::default(), &[("max_batches", "0")]);
    let rows = Rows::default().start(0.0, json!({}));
    let (_dir, run) = file(&rows.text);
    for (now, connection) in
        [("1.999", "live"), ("2.0", "slow"), ("4.999", "slow"), ("5.0", "stale")]
    {
        assert_eq!(get(&run, &["--now", now], "connection"), connection, "AT12");
    }
}

#[test]
fn at_machine_readings_and_the_memory_alarm() {
    for (used, verdict) in
        [(24.0, "healthy"), (24.1, "warning"), (28.8, "warning"), (28.81, "critical")]
    {
        let rows = vitals(json!({"ram_used_gb": used, "ram_total_gb": 32.0}));
        check("AT13", &rows, &[("vitals.ram_used_gb.verdict", verdict)]);
    }
    for (cpu, verdict) in
        [(75.0, "healthy"), (75.1, "warning"), (90.0, "warning"), (90.1, "critical")]
    {
        check(
            "AT26",
            &vitals(json!({"cpu_percent": cpu})),
            &[("vitals.cpu_percent.verdict", verdict)],
        );
    }
    let gpu = |id: u32, used: f64| json!({"device_id": id, "memory_used_gb": used, "memory_total_gb": 10.0});
    let ram = |used: f64, total: f64| json!({"ram_used_gb": used, "ram_total_gb": total});
    let alarm = |alarm, devices| {
        [("vitals.has_memory_alarm", alarm), ("vitals.memory_alarm_devices", devices)]
    };
    let rows = vitals(merged(ram(30.0, 32.0), json!({"gpus": [gpu(0, 9.5)]})));
    check("AT16", &rows, &alarm("true", "[\"RAM\",\"cuda:0\"]"));
    check("AT17", &vitals(ram(18.0, 20.0)), &alarm("false", "[]"));
    check("AT18", &vitals(json!({})), &alarm("null", "null"));
    let rows = vitals(merged(ram(10.0, 32.0), json!({"gpus": [gpu(0, 5.0), gpu(1, 9.5)]})));
    check("AT28", &rows, &alarm("true", "[\"cuda:1\"]"));
}

#[test]
fn at_the_anomaly_strip() {
    let strip = |case, rows: &Rows, more: &[&str], expected| {
        check_line(case, rows, "AnomalyStrip", more, expected);
    };
    let fine = updated(json!({"kl_divergence": 0.001}));
    strip("AT19", &fine, &[], "ALL CLEAR ✓");
    strip("AT20", &Rows::default().start(0.0, json!({})), &[], "Waiting for data...");
    // 25 outcomes without an improvement: the fifth has the first score, twenty follow.
    let outcome = |rows: Rows, env: u32, k: u64, value: f64| {
        let data =
            json!({"env_id": env, "episode_idx": k, "episode_return": value, "episode_length": 10});
        rows.event("EPISODE_OUTCOME", 2.0, data)
    };
    let rows = (0..50).fold(fine.clone(), |rows, k| outcome(rows, (k % 2) as u32, k, 10.0));
    let rows = (50..55).fold(rows, |rows, k| outcome(rows, 2, k, k as f64));
    strip("AT21", &rows, &[], "ANOMALIES: 2 stalled");
    let rows = Rows::default()
        .start(0.0, json!({}))
        .seq(6)
        .update(1.0, json!({"batch_idx": 1, "kl_divergence": 0.0301}));
    strip("AT22", &rows, &[], "ANOMALIES: PPO ⚠ | 5 lost");
    let rows = fine
        .line("torn")
        .update(2.0, json!({"batch_idx": 2, "skipped": true, "skip_reason": "kl_limit"}));
    strip("AT27", &rows, &["--now", "+6"], "ANOMALIES: 1 rejected | update skipped | stale");
}

/// A run with one update per entropy, and the same of any other fields.
fn updates(max_entropy: f64, fields: &[(&str, &[f64])]) -> Rows {
    let start = json!({"max_batches": 99, "max_entropy": max_entropy});
    let count = fields[0].1.len();
    (0..count).fold(Rows::default().start(0.0, start), |rows, i| {
        let data = fields.iter().fold(json!({"batch_idx": i + 1}), |data, (name, values)| {
            merged(
                data,
                json!({*name: if values[i].is_nan() { json!("NaN") } else { json!(values[i]) }}),
            )
        });
        rows.update(i as f64 + 1.0, data)
    })
}

fn falling(from: f64, by: f64, count: u32) -> Vec<f64> {
    (0..count).map(|i| f64::from(i).mul_add(-by, from)).collect()
}

#[test]
fn as_entropy_and_its_risk() {
    let velocity = "policy.entropy_velocity";
    let measured = [0.82, 0.78, 0.81, 0.74, 0.69, 0.72, 0.65, 0.62, 0.58, 0.55];
    for (case, entropies, expected) in [
        ("AS01", &falling(1.0, 0.05, 10)[..], "-0.05"),
        ("AS02", &[0.5; 4], "null"),
        ("AS03", &measured, "-0.0304242"),
        ("AS27", &[1.0, f64::NAN, 0.9, 0.8, 0.7], "null"),
    ] {
        check(case, &updates(1.39, &[("entropy", entropies)]), &[(velocity, expected)]);
    }
    let score = |case: &str, entropies: &[f64], expected: &[(usize, &str)]| {
        let rows = updates(1.39, &[("entropy", entropies)]);
        let (_dir, run) = file(&rows.text);
        for (point, expected) in expected {
            // The row of the start has number 0, that of the n-th update number n.
            let found = get(&run, &["--at", &format!("seq:{point}")], "policy.collapse_risk_score");
            assert_value(&format!("{case} point {point}"), &found, expected);
        }
    };
    score("AS04", &[1.2; 10], &[(4, "null"), (5, "0.044186"), (10, "0.044186")]);
    score("AS05", &falling(0.9, 0.06, 10), &[(5, "0.6809302"), (10, "0.7018605")]);
    score(
        "AS06",
        &[1.2, 1.2, 1.2, 1.2, 1.2, 1.0, 1.2, 1.2, 1.2, 1.2],
        &[
            (5, "0.044186"),
            (6, "0.3772093"),
            (7, "0.2827326"),
            (8, "0.1829942"),
            (9, "0.133125"),
            (10, "0.1081904"),
        ],
    );
    let correlation = "policy.entropy_clip_correlation";
    let clips = [
        ("entropy", &[1.0, 2.0, 3.0, 4.0, 5.0][..]),
        ("clip_fraction", &[0.5, 0.4, 0.3, 0.2, 0.1]),
    ];
    check("AS07", &updates(9.0, &clips), &[(correlation, "-1")]);
    let clips = [("entropy", &[1.0; 6][..]), ("clip_fraction", &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])];
    check("AS08", &updates(9.0, &clips), &[(correlation, "null")]);
    let clips = [
        ("entropy", &[1.0, 2.0, 3.0, 4.0, 5.0][..]),
        ("clip_fraction", &[0.1, 0.3, 0.2, 0.5, 0.4]),
    ];
    check("AS24", &updates(9.0, &clips), &[(correlation, "0.8")]);
}

#[test]
fn as_trends() {
    let losses = |values: &[f64]| updates(1.0, &[("policy_loss", values)]);
    let trend = "policy.policy_loss_trend";
    check("AS09", &losses(&[1.0, 0.9, 0.8, 0.5, 0.4, 0.3]), &[(trend, "improving")]);
    let mut restless = vec![0.5; 7];
    restless.extend([0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6]);
    check("AS10", &losses(&restless), &[(trend, "volatile")]);
    check("AS11", &losses(&[1.0, 2.0, 3.0, 4.0, 5.0]), &[(trend, "null")]);
    let returns = |values: Vec<f64>| {
        values.into_iter().enumerate().fold(
            Rows::default().start(0.0, json!({})),
            |rows, (i, value)| {
                rows.batch(i as f64, json!({"batch_idx": i + 1, "mean_return": value}))
            },
        )
    };
    check("AS12", &returns(falling(50.0, -4.0, 8)), &[("episodes.return_trend", "improving")]);
    check("AS25", &returns(falling(78.0, 4.0, 8)), &[("episodes.return_trend", "worsening")]);
}

/// A run with these outcomes of one environment, each of the given length.
fn outcomes(start: Value, length: u32, returns: &[f64]) -> Rows {
    returns.iter().enumerate().fold(Rows::default().start(0.0, start), |rows, (i, value)| {
        let data = json!({"env_id": 0, "episode_idx": i, "episode_return": value, "episode_length": length});
        rows.event("EPISODE_OUTCOME", i as f64, data)
    })
}

#[test]
fn as_environments_and_episodes() {
    let then = |zeros: usize| [vec![10.0; 5], vec![0.0; zeros]].concat();
    for (case, returns, status, since) in [
        ("AS13", vec![10.0; 4], "initializing", "null"),
        ("AS14", vec![10.0; 5], "healthy", "0"),
        ("AS15", then(4), "healthy", "40"),
        ("AS16", then(5), "degraded", "50"),
        ("AS17", vec![10.0; 25], "stalled", "200"),
    ] {
        let rows = outcomes(json!({"n_envs": 1}), 10, &returns);
        check(
            case,
            &rows,
            &[("envs[0].status", status), ("envs[0].epochs_since_improvement", since)],
        );
    }
    let rows = outcomes(json!({"n_envs": 1, "success_return": 475.0}), 500, &[500.0; 40]);
    check(
        "AS26",
        &rows,
        &[("envs[0].status", "excellent"), ("envs[0].epochs_since_improvement", "17500")],
    );
    let rows = [(10.0, Value::Null), (20.0, json!(true)), (60.0, json!(false))].into_iter().enumerate().fold(
        Rows::default().start(0.0, json!({})),
        |rows, (i, (value, success))| {
            let data = json!({"episode_idx": i, "episode_return": value, "episode_length": 1, "success": success});
            rows.event("EPISODE_OUTCOME", i as f64, data)
        },
    );
    check(
        "AS18",
        &rows,
        &[
            ("episodes.total", "3"),
            ("episodes.last_return", "60.0"),
            ("episodes.mean_return", "30.0"),
            ("episodes.best_return", "60.0"),
            ("episodes.worst_return", "10.0"),
            ("episodes.success_rate", "0.5"),
        ],
    );
}
