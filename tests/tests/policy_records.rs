//! What the records of policy, value and gradients claim: from a trainer that learns, through hub and log, to the snapshot of
//! the command line and to the screen.

use std::sync::LazyLock;

use leyline::{Event, Incoming, PpoUpdateCompleted};
use serde_json::{Value, json};

use crate::support::{Rows, Trained, file, get, logged, printed, small, train};

/// A run of twelve batches, trained once for all tests here, and its updates.
struct Run {
    trained: Trained,
    updates: Vec<PpoUpdateCompleted>,
    _dir: tempfile::TempDir,
}

static RUN: LazyLock<Run> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let trained = train(small(12), None, dir.path());
    let update = |incoming: Incoming| {
        let Incoming::Known(envelope) = incoming else { return None };
        let Event::PpoUpdateCompleted(update) = &envelope.event else { return None };
        Some((**update).clone())
    };
    let updates: Vec<_> = logged(&trained.dir).into_iter().filter_map(update).collect();
    assert_eq!(updates.len(), 12);
    Run { trained, updates, _dir: dir }
});

/// Returns a value of the snapshot at the end of the run.
#[track_caller]
fn found(path: &str) -> String {
    get(&RUN.trained.dir, &[], path)
}

/// Expects the reading of the run to be the number that the trainer measured in its last update.
#[track_caller]
fn trained(path: &str, field: fn(&PpoUpdateCompleted) -> Option<f64>) {
    let told = RUN.updates.last().and_then(field).expect("the trainer measures it");
    assert_eq!(found(&format!("{path}.value")).parse::<f64>().unwrap().to_bits(), told.to_bits());
    assert_eq!(
        (found(&format!("{path}.batch")), found(&format!("{path}.fresh"))),
        ("12".to_owned(), "true".to_owned())
    );
}

/// Expects the history of the run to hold the number of every update, oldest first.
#[track_caller]
fn trained_history(path: &str, field: fn(&PpoUpdateCompleted) -> Option<f64>) {
    let told: Vec<f64> = RUN.updates.iter().filter_map(field).collect();
    assert_eq!(told.len(), 12);
    assert_eq!(serde_json::from_str::<Vec<f64>>(&found(path)).unwrap(), told);
}

/// Draws one widget of a run.
#[track_caller]
fn drawn(rows: &Rows, widget: &str, size: &str) -> String {
    let (_dir, path) = file(&rows.text);
    printed(&["render", path.to_str().unwrap(), "--widget", widget, "--size", size])
}

#[track_caller]
fn shows(rows: &Rows, widget: &str, size: &str, expected: &str) {
    let text = drawn(rows, widget, size);
    assert!(text.contains(expected), "{expected:?} is not in {text:?}");
}

/// A run of 75 batches past its warm-up, whose policy can have 0.693 nats and of which nothing is measured yet.
fn started() -> Rows {
    Rows::default()
        .start(1.0, json!({"max_batches": 75, "max_entropy": 0.693}))
        .batch(2.0, json!({"batch_idx": 25}))
}

/// That run after an update with these numbers.
fn updated(data: Value) -> Rows {
    let mut fields = json!({"batch_idx": 26, "skipped": false});
    if let (Value::Object(fields), Value::Object(data)) = (&mut fields, data) {
        fields.extend(data);
    }
    started().update(3.0, fields).batch(3.0, json!({"batch_idx": 26}))
}

/// Expects these values of a field of the update to be stored and judged so; NaN is critical everywhere.
#[track_caller]
fn judged(field: &str, cases: &[(f64, &str)]) {
    for (value, verdict) in cases {
        let (_dir, path) = file(&updated(json!({ field: value })).text);
        let of = |leaf: &str| get(&path, &[], &format!("policy.{field}.{leaf}"));
        assert_eq!((of("value").parse(), of("verdict")), (Ok(*value), (*verdict).to_owned()));
    }
    let (_dir, path) = file(&updated(json!({ field: "NaN" })).text);
    assert_eq!(get(&path, &[], &format!("policy.{field}.verdict")), "critical");
    let (_dir, path) = file(&started().text);
    assert_eq!(get(&path, &[], &format!("policy.{field}")), "null");
}

#[test]
fn tele_100_ppo_data_received_ends_the_waiting() {
    assert_eq!(found("policy.ppo_data_received"), "true");
    shows(&started(), "AnomalyStrip", "80x1", "Waiting for data...");
    shows(&updated(json!({})), "AnomalyStrip", "80x1", "ALL CLEAR ✓");
    let skipped = updated(json!({"skipped": true, "skip_reason": "kl_limit"}));
    let (_dir, path) = file(&skipped.text);
    assert_eq!(get(&path, &[], "policy.ppo_data_received"), "false");
}

#[test]
fn tele_101_updates_skipped_are_counted() {
    assert_eq!(found("policy.updates_skipped"), "0");
    let skip = |batch: u64| json!({"batch_idx": batch, "skipped": true, "skip_reason": "kl_limit"});
    let rows = started().update(3.0, skip(26)).update(4.0, json!({"batch_idx": 27}));
    let (_dir, path) = file(&rows.update(5.0, skip(28)).text);
    assert_eq!(get(&path, &[], "policy.updates_skipped"), "2");
}

#[test]
fn tele_110_kl_divergence_reaches_banner_and_strip() {
    trained("policy.kl_divergence", |update| update.kl_divergence);
    judged("kl_divergence", &[(0.015, "healthy"), (0.0151, "warning"), (0.0301, "critical")]);
    let rows = updated(json!({"kl_divergence": 0.0301}));
    shows(&rows, "StatusBanner", "80x1", "[✗] FAIL:KL  KL:0.030");
    shows(&rows, "AnomalyStrip", "80x1", "ANOMALIES: PPO ⚠");
}

#[test]
fn tele_111_kl_divergence_history_has_a_point_per_update() {
    trained_history("policy.kl_divergence_history", |update| update.kl_divergence);
}

#[test]
fn tele_120_entropy_reaches_the_banner() {
    trained("policy.entropy", |update| update.entropy);
    judged("entropy", &[(0.31, "healthy"), (0.3, "warning"), (0.1, "critical")]);
    shows(&updated(json!({"entropy": 0.1})), "StatusBanner", "80x1", "[✗] FAIL:Entropy");
}

/// The entropies of the run, one per update.
fn entropies() -> Vec<f64> {
    RUN.updates.iter().filter_map(|update| update.entropy).collect()
}

/// Returns the least-squares slope in the other well-known form, n Σxy - Σx Σy over n Σx² - (Σx)².
fn slope(points: &[f64]) -> f64 {
    let (mut n, mut x, mut y, mut xy, mut xx) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for point in points {
        (x, y, xy, xx) = (x + n, y + point, xy + n * point, xx + n * n);
        n += 1.0;
    }
    (n * xy - x * y) / (n * xx - x * x)
}

#[test]
fn tele_121_entropy_velocity_is_the_slope_of_the_latest_ten() {
    let expected = slope(&entropies()[2..]);
    let velocity: f64 = found("policy.entropy_velocity.value").parse().unwrap();
    assert!((velocity - expected).abs() < 1e-12, "{velocity} is not {expected}");
    assert_eq!(found("policy.entropy_velocity.batch"), "12");
}

#[test]
fn tele_122_collapse_risk_score_of_a_policy_that_loses_its_entropy() {
    let score: f64 = found("policy.collapse_risk_score.value").parse().unwrap();
    assert!((0.0..0.3).contains(&score), "a policy that has just begun to learn: {score}");
    let rows = (1..=6_u32).fold(started(), |rows, k| {
        let at = 3.0 + f64::from(k);
        rows.update(at, json!({"batch_idx": 25 + k, "entropy": 0.65 - 0.1 * f64::from(k)}))
    });
    let (_dir, path) = file(&rows.text);
    assert_eq!(get(&path, &[], "policy.collapse_risk_score.value"), "1.0");
    assert_eq!(get(&path, &[], "policy.collapse_risk_score.verdict"), "critical");
}

#[test]
fn tele_123_entropy_clip_correlation_of_a_policy_that_narrows() {
    let rows = (1..=6_u32).fold(started(), |rows, k| {
        let data = json!({"batch_idx": 25 + k, "entropy": 0.3 - 0.01 * f64::from(k),
            "clip_fraction": 0.2 + 0.02 * f64::from(k)});
        rows.update(3.0 + f64::from(k), data)
    });
    let (_dir, path) = file(&rows.text);
    let value: f64 = get(&path, &[], "policy.entropy_clip_correlation.value").parse().unwrap();
    assert!((value + 1.0).abs() < 1e-9, "{value}");
    assert_eq!(get(&path, &[], "policy.entropy_clip_correlation.verdict"), "critical");
}

#[test]
fn tele_124_entropy_collapsed_reaches_the_strip() {
    assert_eq!(found("policy.entropy_collapsed.value"), "false");
    shows(&updated(json!({"entropy": 0.1})), "AnomalyStrip", "80x1", "ANOMALIES: PPO ⚠");
    shows(&updated(json!({"entropy": 0.1001})), "AnomalyStrip", "80x1", "ALL CLEAR ✓");
    let (_dir, path) = file(&started().text);
    assert_eq!(get(&path, &[], "policy.entropy_collapsed"), "null");
}

#[test]
fn tele_125_entropy_history_has_a_point_per_update() {
    trained_history("policy.entropy_history", |update| update.entropy);
}

#[test]
fn tele_130_clip_fraction_reaches_the_banner() {
    trained("policy.clip_fraction", |update| update.clip_fraction);
    judged("clip_fraction", &[(0.2499, "healthy"), (0.25, "warning"), (0.3, "critical")]);
    shows(&updated(json!({"clip_fraction": 0.3})), "StatusBanner", "80x1", "[✗] FAIL:Clip");
}

/// Expects the panel of losses to show this after the run.
#[track_caller]
fn panel(expected: &str) {
    let run = RUN.trained.dir.to_str().unwrap();
    let text = printed(&["render", run, "--widget", "PolicyLosses", "--size", "40x20"]);
    assert!(text.contains(expected), "{expected:?} is not in {text:?}");
}

#[test]
fn tele_131_policy_loss_reaches_its_panel() {
    trained("policy.policy_loss", |update| update.policy_loss);
    let loss = RUN.updates.last().and_then(|update| update.policy_loss).unwrap();
    panel(&format!("│Policy  {:>13} ", format!("{loss:.4}")));
}

#[test]
fn tele_132_value_loss_reaches_its_panel() {
    trained("policy.value_loss", |update| update.value_loss);
    let loss = RUN.updates.last().and_then(|update| update.value_loss).unwrap();
    panel(&format!("│Value   {:>13} ", format!("{loss:.4}")));
}

#[test]
fn tele_133_policy_loss_history_has_a_point_per_update() {
    trained_history("policy.policy_loss_history", |update| update.policy_loss);
    panel("policy loss");
}

#[test]
fn tele_134_value_loss_history_has_a_point_per_update() {
    trained_history("policy.value_loss_history", |update| update.value_loss);
    panel("value loss");
}

#[test]
fn tele_135_clip_fraction_positive_of_a_training_is_in_the_snapshot() {
    trained("policy.clip_fraction_positive", |update| update.clip_fraction_positive);
    judged("clip_fraction_positive", &[(0.9, "none")]);
}

#[test]
fn tele_136_clip_fraction_negative_of_a_training_is_in_the_snapshot() {
    trained("policy.clip_fraction_negative", |update| update.clip_fraction_negative);
    judged("clip_fraction_negative", &[(0.9, "none")]);
}

#[test]
fn tele_140_advantage_std_reaches_the_banner() {
    trained("policy.advantage_std", |update| update.advantage_std);
    judged("advantage_std", &[(0.5001, "healthy"), (0.5, "warning"), (3.0001, "critical")]);
    shows(&updated(json!({"advantage_std": 0.5})), "StatusBanner", "80x1", "[!] WARN:AdvLow");
    shows(&updated(json!({"advantage_std": 3.1})), "StatusBanner", "80x1", "[✗] FAIL:AdvHigh");
}

#[test]
fn tele_141_advantage_mean_of_a_training_is_in_the_snapshot() {
    trained("policy.advantage_mean", |update| update.advantage_mean);
    judged("advantage_mean", &[(0.09, "healthy"), (-0.1, "warning"), (-0.3, "critical")]);
}

#[test]
fn tele_142_advantage_skewness_of_a_training_is_in_the_snapshot() {
    trained("policy.advantage_skewness", |update| update.advantage_skewness);
    judged("advantage_skewness", &[(-0.5, "healthy"), (1.1, "warning"), (-1.1, "critical")]);
}

#[test]
fn tele_143_advantage_kurtosis_of_a_training_is_in_the_snapshot() {
    trained("policy.advantage_kurtosis", |update| update.advantage_kurtosis);
    judged("advantage_kurtosis", &[(3.0, "healthy"), (-1.1, "warning"), (6.1, "critical")]);
}

#[test]
fn tele_144_advantage_positive_ratio_of_a_training_is_in_the_snapshot() {
    trained("policy.advantage_positive_ratio", |update| update.advantage_positive_ratio);
    judged("advantage_positive_ratio", &[(0.8, "healthy"), (0.81, "warning"), (0.98, "critical")]);
}

#[test]
fn tele_150_ratio_max_of_a_training_is_in_the_snapshot() {
    trained("policy.ratio_max", |update| update.ratio_max);
    judged("ratio_max", &[(2.0, "healthy"), (3.0, "warning"), (3.1, "critical")]);
}

#[test]
fn tele_153_ratio_min_of_a_training_is_in_the_snapshot() {
    trained("policy.ratio_min", |update| update.ratio_min);
    judged("ratio_min", &[(0.5, "healthy"), (0.33, "warning"), (0.32, "critical")]);
}

#[test]
fn tele_160_log_probability_min_of_a_training_is_in_the_snapshot() {
    trained("policy.log_prob_min", |update| update.log_prob_min);
    judged("log_prob_min", &[(-49.9, "healthy"), (-50.0, "warning"), (-100.0, "critical")]);
}

#[test]
fn tele_193_last_update_names_the_reason_of_a_skip() {
    assert_eq!(found("policy.last_update.batch"), "12");
    assert_eq!(found("policy.last_update.skipped"), "false");
    assert_eq!(found("policy.last_update.skip_reason"), "null");
    let rows = updated(json!({"skipped": true, "skip_reason": "kl_limit"}));
    let (_dir, path) = file(&rows.text);
    assert_eq!(get(&path, &[], "policy.last_update.skip_reason"), "kl_limit");
    shows(&rows, "StatusBanner", "80x1", "[!] WARN:Skipped");
    shows(&rows, "AnomalyStrip", "80x1", "update skipped");
    shows(&rows, "PolicyLosses", "40x8", "skipped: kl_limit");
}

#[test]
fn tele_200_explained_variance_reaches_the_banner() {
    trained("policy.explained_variance", |update| update.explained_variance);
    judged("explained_variance", &[(0.31, "healthy"), (0.3, "warning"), (0.0, "critical")]);
    shows(&updated(json!({"explained_variance": 0.0})), "StatusBanner", "80x1", "FAIL:Value");
}

#[test]
fn tele_210_value_mean_of_a_training_is_in_the_snapshot() {
    trained("policy.value_mean", |update| update.value_mean);
    judged("value_mean", &[(-1e6, "none")]);
}

#[test]
fn tele_211_value_std_is_critical_where_the_range_is_small_too() {
    trained("policy.value_std", |update| update.value_std);
    judged("value_std", &[(0.001, "healthy")]);
    let collapsed = json!({"value_std": 0.001, "value_min": 1.0, "value_max": 1.05});
    let (_dir, path) = file(&updated(collapsed).text);
    assert_eq!(get(&path, &[], "policy.value_std.verdict"), "critical");
}

#[test]
fn tele_212_value_min_of_a_training_is_in_the_snapshot() {
    trained("policy.value_min", |update| update.value_min);
    judged("value_min", &[(-4999.0, "healthy"), (-5000.0, "warning"), (-1e4, "critical")]);
}

#[test]
fn tele_213_value_max_of_a_training_is_in_the_snapshot() {
    trained("policy.value_max", |update| update.value_max);
    judged("value_max", &[(4999.0, "healthy"), (5000.0, "warning"), (1e4, "critical")]);
}

#[test]
fn tele_220_v_return_correlation_of_a_training_is_in_the_snapshot() {
    trained("policy.v_return_correlation", |update| update.v_return_correlation);
    judged("v_return_correlation", &[(0.5, "healthy"), (0.3, "warning"), (0.29, "critical")]);
}

#[test]
fn tele_221_td_error_mean_of_a_training_is_in_the_snapshot() {
    trained("policy.td_error_mean", |update| update.td_error_mean);
    judged("td_error_mean", &[(-4.9, "healthy"), (-5.0, "warning"), (15.0, "critical")]);
}

#[test]
fn tele_222_td_error_std_of_a_training_is_in_the_snapshot() {
    trained("policy.td_error_std", |update| update.td_error_std);
    judged("td_error_std", &[(1e6, "none")]);
}

#[test]
fn tele_223_bellman_error_of_a_training_is_in_the_snapshot() {
    trained("policy.bellman_error", |update| update.bellman_error);
    judged("bellman_error", &[(19.9, "healthy"), (20.0, "warning"), (50.0, "critical")]);
}

#[test]
fn tele_300_nan_gradients_of_a_skipped_update_reach_banner_and_strip() {
    assert_eq!(found("policy.nan_grad_count.value"), "0");
    let skipped =
        json!({"skipped": true, "skip_reason": "nonfinite_gradient", "nan_grad_count": 64});
    let rows = updated(skipped);
    shows(&rows, "StatusBanner", "80x1", "[✗] NaN DETECTED");
    shows(&rows, "AnomalyStrip", "80x1", "ANOMALIES: 64 NaN grads");
}

#[test]
fn tele_301_inf_gradients_of_a_skipped_update_reach_banner_and_strip() {
    assert_eq!(found("policy.inf_grad_count.value"), "0");
    let skipped =
        json!({"skipped": true, "skip_reason": "nonfinite_gradient", "inf_grad_count": 2});
    let rows = updated(skipped);
    shows(&rows, "StatusBanner", "80x1", "[✗] Inf DETECTED");
    shows(&rows, "AnomalyStrip", "80x1", "ANOMALIES: 2 Inf grads");
}

#[test]
fn tele_310_gradient_norm_reaches_the_banner() {
    trained("policy.grad_norm", |update| update.grad_norm);
    judged("grad_norm", &[(5.0, "healthy"), (10.0, "warning"), (10.1, "critical")]);
    shows(&updated(json!({"grad_norm": 5.1})), "StatusBanner", "80x1", "[!] WARN:Grad");
}

#[test]
fn tele_311_gradient_norm_history_has_a_point_per_update() {
    trained_history("policy.grad_norm_history", |update| update.grad_norm);
}

#[test]
fn tele_330_gradient_cv_of_a_training_is_in_the_snapshot() {
    trained("policy.gradient_cv", |update| update.gradient_cv);
    judged("gradient_cv", &[(0.49, "healthy"), (0.5, "warning"), (2.0, "critical")]);
}

#[test]
fn tele_331_dead_layers_reach_the_strip() {
    assert_eq!(found("policy.dead_layers.value"), RUN.updates[11].dead_layers.unwrap().to_string());
    shows(&updated(json!({"dead_layers": 1})), "AnomalyStrip", "80x1", "ANOMALIES: 1 dead");
    shows(&updated(json!({"dead_layers": 0})), "AnomalyStrip", "80x1", "ALL CLEAR ✓");
}

#[test]
fn tele_332_exploding_layers_reach_the_strip() {
    let told = RUN.updates[11].exploding_layers.unwrap().to_string();
    assert_eq!(found("policy.exploding_layers.value"), told);
    let rows = updated(json!({"exploding_layers": 3}));
    shows(&rows, "AnomalyStrip", "80x1", "ANOMALIES: 3 exploding");
}
