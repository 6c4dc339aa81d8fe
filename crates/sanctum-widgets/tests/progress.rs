//! The acceptance cases of progress and resume, from rows to the text on the screen.

use karn_sanctum::Snapshot;
use leyline::wire::RowDecoder;
use sanctum_widgets::format::{format_batch_bar, format_runtime};
use sanctum_widgets::{AnomalyStrip, RunHeader, StatusBanner, Theme};

#[path = "support/fold.rs"]
mod fold;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::Screen;

/// Folds rows given as kind, seconds of the run and payload.
fn snapshot(rows: &[(&str, f64, &str)]) -> Snapshot {
    let mut decoder = RowDecoder::new("run");
    let line = |(seq, (kind, seconds, data)): (usize, &(&str, f64, &str))| {
        let mono_ns = (seconds * 1e9) as u64;
        format!(
            r#"{{"v":1,"run_id":"run","seq":{seq},"ts":"2026-11-21T12:00:00.000000Z","mono_ns":{mono_ns},"event_type":"{kind}","data":{data}}}"#
        )
    };
    let incoming: Vec<_> =
        rows.iter().enumerate().map(line).map(|line| decoder.decode(line.as_bytes())).collect();
    for event in &incoming {
        assert!(matches!(event, leyline::Incoming::Known(_)), "{event:?}");
    }
    fold::fold(&incoming)
}

fn header(snapshot: &Snapshot) -> Screen {
    Screen::of(&RunHeader::new(snapshot.into(), &Theme::DARK), 160, 1)
}

fn banner(snapshot: &Snapshot) -> Screen {
    Screen::of(&StatusBanner::new(snapshot.into(), &Theme::DARK), 80, 1)
}

const LOADED: (&str, f64, &str) = (
    "CHECKPOINT_LOADED",
    0.0,
    r#"{"path":"checkpoints/000025.ckpt","batch_idx":25,"episodes_completed":100}"#,
);
const STARTED: (&str, f64, &str) = (
    "TRAINING_STARTED",
    1.0,
    r#"{"task":"CartPole-v1","n_envs":4,"max_epochs":150,"max_batches":75,"start_batch":25,"requested_batches":50,"start_episodes":100}"#,
);
const BATCH: (&str, f64, &str) = (
    "BATCH_EPOCH_COMPLETED",
    11.0,
    r#"{"batch_idx":26,"outcome":"completed","episodes_completed":104,"epochs_since_start":150,"env_steps_since_start":600,"n_envs":4}"#,
);

#[test]
fn ap01_nothing_received() {
    let snapshot = snapshot(&[]);
    header(&snapshot).shows("○ WAIT ? │ Waiting for training data...");
    banner(&snapshot).shows("[…] WAITING  KL:—  Batch:—");
    Screen::of(&AnomalyStrip::new((&snapshot).into(), &Theme::DARK), 80, 1)
        .shows("Waiting for data...");
}

#[test]
fn ap02_a_checkpoint_is_not_yet_a_run() {
    let snapshot = snapshot(&[LOADED]);
    assert_eq!(format_batch_bar(snapshot.current_batch, snapshot.max_batches), "B:—");
    header(&snapshot).shows("○ WAIT ? │ Waiting for training data...");
}

#[test]
fn ap03_tele_014_resume_25_plus_50_shows_25_of_75() {
    let snapshot = snapshot(&[LOADED, STARTED]);
    header(&snapshot).shows(" B:██░░░░░░ 25/75 │").shows(" Ep 100 E:░░░░░░ 0/150 ");
    banner(&snapshot).shows("  Batch:25/75");
}

#[test]
fn ap04_the_first_batch_after_a_resume() {
    let snapshot = snapshot(&[LOADED, STARTED, BATCH]);
    header(&snapshot).shows(" Ep 104 ").shows(" B:██░░░░░░ 26/75 │").shows(" 15e/s 360b/h │");
}

#[test]
fn ap11_the_runtime_of_a_late_viewer() {
    let start = r#"{"task":"","max_batches":10,"start_batch":0}"#;
    let batch = r#"{"batch_idx":9,"outcome":"completed"}"#;
    let snapshot =
        snapshot(&[("TRAINING_STARTED", 1.0, start), ("BATCH_EPOCH_COMPLETED", 3726.0, batch)]);
    assert_eq!(format_runtime(snapshot.runtime_seconds, false), "1h 2m");
    header(&snapshot)
        .shows("│   1h 2m ")
        .shows(" B:███████░ 9/10 │")
        .shows("│ —              RWD:—      │");
}

#[test]
fn ap28_a_batch_without_a_start() {
    let snapshot = snapshot(&[(
        "BATCH_EPOCH_COMPLETED",
        70.0,
        r#"{"batch_idx":7,"outcome":"completed","episodes_completed":28}"#,
    )]);
    header(&snapshot).shows("○ WAIT ? │").shows(" Ep 28 E:— B:7 │      -- ");
}

#[test]
fn ap30_a_long_task_name() {
    let name = "a_task_name_of_54_characters_which_is_too_long_for_it_";
    assert_eq!(name.len(), 54);
    let start = format!(r#"{{"task":"{name}","max_batches":10,"start_batch":0}}"#);
    let snapshot = snapshot(&[("TRAINING_STARTED", 0.0, &start)]);
    assert_eq!(snapshot.task_name.as_deref(), Some(name));
    header(&snapshot).shows("│ a_task_name_o… RWD:");
}
