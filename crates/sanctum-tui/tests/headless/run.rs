//! Starts the program, and makes rows for it to read.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What the program did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Returns the program with its arguments, in an environment that should change nothing.
pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sanctum-tui"));
    command.args(args).env_clear().env("LC_ALL", "C").env("NO_COLOR", "1").env("TERM", "dumb");
    command
}

/// Runs the program with `input` on its standard input.
pub(crate) fn sanctum_tui(args: &[&str], input: &[u8]) -> Done {
    let mut command = program(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // Beside the reading, because some commands print before they have read everything.
        let write = move || {
            // Whoever does not read everything may be gone before it is written.
            stdin.write_all(input).ok();
        };
        let thread = std::thread::Builder::new().name("stdin".to_owned());
        thread.spawn_scoped(scope, write).unwrap();
        child.wait_with_output().unwrap()
    });
    Done {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Returns one value of the snapshot of `rows`, read from standard input.
#[track_caller]
pub(crate) fn get(rows: &str, path: &str, more: &[&str]) -> String {
    let args = [&["snapshot", "-", "--json", "--get", path], more].concat();
    let done = sanctum_tui(&args, rows.as_bytes());
    assert_eq!(done.code, Some(0), "{}", done.err);
    done.out.trim_end_matches('\n').to_owned()
}

/// One row: run, group, number, seconds since the run was created, kind and payload.
pub(crate) fn row(
    run: &str,
    group: &str,
    seq: u64,
    at: f64,
    event_type: &str,
    data: &Value,
) -> String {
    let micros = 1_000_000 * (12 * 3600) + (at * 1e6).round() as u64;
    let (second, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let time =
        format!("{:02}:{:02}:{:02}.{fraction:06}", second / 3600, second / 60 % 60, second % 60);
    let mut text = json!({
        "v": 1, "run_id": run, "seq": seq, "ts": format!("2026-11-21T{time}Z"), "mono_ns": (at * 1e9).round() as u64,
        "event_type": event_type, "group_id": group, "data": data,
    })
    .to_string();
    text.push('\n');
    text
}

/// A run of `batches` batches from `start` on, one every ten seconds, that began at second 2; without an end.
pub(crate) fn rows(run: &str, group: &str, start: u64, batches: u64) -> String {
    let mut text = String::new();
    let data = json!({"task": "CartPole-v1", "max_batches": start + batches, "start_batch": start, "n_envs": 2});
    text.push_str(&row(run, group, 0, 2.0, "TRAINING_STARTED", &data));
    for k in 1..=batches {
        let at = 2.0 + 10.0 * k as f64;
        let update = json!({"batch_idx": start + k, "skipped": false, "kl_divergence": 0.001 * k as f64, "entropy": 0.5});
        write!(text, "{}", row(run, group, 2 * k - 1, at, "PPO_UPDATE_COMPLETED", &update))
            .unwrap();
        let batch = json!({"batch_idx": start + k, "mean_return": k as f64});
        write!(text, "{}", row(run, group, 2 * k, at, "BATCH_EPOCH_COMPLETED", &batch)).unwrap();
    }
    text
}

/// Writes a file into a directory of its own, which lives as long as the first value.
pub(crate) fn file(name: &str, bytes: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}
