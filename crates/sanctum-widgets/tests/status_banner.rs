//! What the banner shows of each metric, as the records say.

use karn_sanctum::{Connection, PolicyView, Reading, Snapshot};
use leyline::FinishReason;
use sanctum_widgets::{StatusBanner, Theme};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, DIM, MISSING, OK, PLAIN, STALE, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut Snapshot)) -> Screen {
    let mut snapshot = base::banner();
    change(&mut snapshot);
    Screen::of(&StatusBanner::new((&snapshot).into(), &Theme::DARK), 80, 1)
}

type Slot = fn(&mut PolicyView) -> &mut Option<Reading>;

/// The label that a value of a reading brings up, with the style of its level.
#[track_caller]
fn label(slot: Slot, path: &str, cases: &[(f64, &str, &str)]) {
    for (value, text, style) in cases {
        drawn(|s| *slot(&mut s.policy) = Some(base::graded(path, *value)))
            .shows(text)
            .styles("[", style);
    }
    drawn(|s| *slot(&mut s.policy) = None).shows("[✓] LEARNING");
}

#[test]
fn tele_013_current_batch() {
    drawn(|_| {}).shows("  Batch:100/200");
    drawn(|s| s.current_batch = Some(201)).shows("  Batch:201/200").styles("201", WARNING);
    drawn(|s| s.current_batch = None).shows("  Batch:—").styles("—", MISSING);
}

#[test]
fn tele_014_max_batches() {
    drawn(|s| (s.current_batch, s.max_batches) = (Some(25), 75)).shows("  Batch:25/75");
    drawn(|s| s.max_batches = 0).shows("  Batch:100").hides("/");
    drawn(|s| (s.current_batch, s.max_batches) = (Some(25), 100)).styles("25/100", DIM);
    drawn(|s| (s.current_batch, s.max_batches) = (Some(80), 75)).styles("80/75", WARNING);
    drawn(|s| s.max_batches = 0).styles("100", MISSING);
}

#[test]
fn tele_015_start_batch() {
    drawn(|s| s.start_batch = Some(95)).shows("[…] WARMING UP 5/10");
    drawn(|s| s.start_batch = Some(90)).shows("[✓] LEARNING");
    drawn(|s| s.start_batch = Some(100)).shows("[…] WARMING UP 0/10");
}

#[test]
fn tele_022_finish_reason() {
    let end = |connection, reason| {
        drawn(move |s| (s.connection, s.finish_reason) = (connection, Some(reason)))
    };
    end(Connection::Finished, FinishReason::Completed).shows("[✓] FINISHED").styles("[", OK);
    end(Connection::Finished, FinishReason::Stopped).shows("[✓] STOPPED").styles("[", OK);
    end(Connection::Failed, FinishReason::Failed).shows("[✗] FAILED").styles("[", CRITICAL);
}

#[test]
fn tele_100_ppo_data_received() {
    drawn(|s| s.policy.ppo_data_received = false).shows("  KL:—  ");
    let kl = Some(base::graded("policy.kl_divergence", 0.015));
    drawn(|s| (s.policy.ppo_data_received, s.policy.kl_divergence) = (true, kl)).shows("KL:0.015");
}

#[test]
fn tele_110_kl_divergence() {
    label(
        |p| &mut p.kl_divergence,
        "policy.kl_divergence",
        &[
            (0.015, "[✓] LEARNING  KL:0.015", OK),
            (0.0151, "[!] WARN:KL  KL:0.015", WARNING),
            (0.0301, "[✗] FAIL:KL  KL:0.030", CRITICAL),
            (f64::NAN, "[✗] FAIL:KL  KL:NaN", CRITICAL),
        ],
    );
    drawn(|s| s.policy.kl_divergence = s.policy.kl_divergence.map(base::stale))
        .styles("0.005", STALE);
    drawn(|_| {}).styles("0.005", PLAIN);
}

#[test]
fn tele_120_entropy() {
    let cases = [
        (0.31, "[✓] LEARNING", OK),
        (0.3, "[!] WARN:Entropy", WARNING),
        (0.1, "[✗] FAIL:Entropy", CRITICAL),
    ];
    label(|p| &mut p.entropy, "policy.entropy", &cases);
}

#[test]
fn tele_130_clip_fraction() {
    let cases = [
        (0.2499, "[✓] LEARNING", OK),
        (0.25, "[!] WARN:Clip", WARNING),
        (0.3, "[✗] FAIL:Clip", CRITICAL),
    ];
    label(|p| &mut p.clip_fraction, "policy.clip_fraction", &cases);
}

#[test]
fn tele_140_advantage_std() {
    label(
        |p| &mut p.advantage_std,
        "policy.advantage_std",
        &[
            (0.1, "[✗] FAIL:AdvLow", CRITICAL),
            (0.5, "[!] WARN:AdvLow", WARNING),
            (2.0, "[✓] LEARNING", OK),
            (2.1, "[!] WARN:AdvHigh", WARNING),
            (3.1, "[✗] FAIL:AdvHigh", CRITICAL),
            (f64::INFINITY, "[✗] FAIL:AdvHigh", CRITICAL),
        ],
    );
}

#[test]
fn tele_193_last_update() {
    drawn(base::skip).shows("[!] WARN:Skipped").styles("[", WARNING);
    drawn(|s| s.policy.last_update = None).shows("[…] WAITING").styles("[", DIM);
    drawn(base::update).shows("[✓] LEARNING");
}

#[test]
fn tele_200_explained_variance() {
    let cases = [
        (0.31, "[✓] LEARNING", OK),
        (0.3, "[!] WARN:Value", WARNING),
        (0.0, "[✗] FAIL:Value", CRITICAL),
    ];
    label(|p| &mut p.explained_variance, "policy.explained_variance", &cases);
}

#[test]
fn tele_300_nan_grad_count() {
    drawn(|s| s.policy.nan_grad_count = Some(base::reading(1)))
        .shows("[✗] NaN DETECTED")
        .styles("[", CRITICAL);
    drawn(|s| s.policy.nan_grad_count = Some(base::reading(0))).shows("[✓] LEARNING");
    drawn(|s| s.policy.nan_grad_count = Some(base::stale(base::reading(1)))).shows("[✓] LEARNING");
}

#[test]
fn tele_301_inf_grad_count() {
    drawn(|s| s.policy.inf_grad_count = Some(base::reading(1)))
        .shows("[✗] Inf DETECTED")
        .styles("[", CRITICAL);
    drawn(|s| s.policy.inf_grad_count = Some(base::reading(0))).shows("[✓] LEARNING");
}

#[test]
fn tele_310_grad_norm() {
    let cases = [
        (5.0, "[✓] LEARNING", OK),
        (5.1, "[!] WARN:Grad", WARNING),
        (10.1, "[✗] FAIL:Grad", CRITICAL),
    ];
    label(|p| &mut p.grad_norm, "policy.grad_norm", &cases);
}

#[test]
fn tele_702_staleness() {
    let old = |connection, seconds| {
        drawn(move |s| (s.connection, s.staleness_seconds) = (connection, Some(seconds)))
    };
    old(Connection::Slow, 4.999).shows("[!] SLOW 4s").styles("[", WARNING);
    old(Connection::Stale, 5.0).shows("[✗] STALE 5s").styles("[", CRITICAL);
}

#[test]
fn tele_703_training_thread_alive() {
    drawn(|s| s.training_thread_alive = Some(false))
        .shows("[✗] TRAINER DOWN")
        .styles("[", CRITICAL);
    drawn(|s| s.training_thread_alive = None).shows("[✓] LEARNING");
    let over = Some(FinishReason::Completed);
    drawn(|s| (s.training_thread_alive, s.finish_reason) = (Some(false), over))
        .shows("[✓] LEARNING");
}

#[test]
fn tele_704_connection() {
    drawn(|s| s.connection = Connection::Disconnected)
        .shows("[✗] DISCONNECTED")
        .styles("[", CRITICAL);
    drawn(|s| s.connection = Connection::Waiting).shows("[…] WAITING");
}
