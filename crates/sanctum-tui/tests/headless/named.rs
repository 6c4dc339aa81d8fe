//! Moments by the names that a run gives them: marks of its viewers, and alerts.

use std::path::Path;

use serde_json::json;

use crate::run::{file, program, row, rows, sanctum_tui};

/// Returns what a command says of a run, with marks kept below `state`: exit code, output, messages.
fn told(state: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let done = program(args).env("XDG_STATE_HOME", state).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

/// Keeps marks for the run `r`: `a` at the number of an event, `b` at a place alone.
fn keep_marks(state: &Path) {
    let views = state.join("sanctum").join("views");
    std::fs::create_dir_all(&views).unwrap();
    let kept = json!({
        "schema": 1,
        "marks": {"a": {"place": 4, "seq": 3, "batch": 1}, "b": {"place": 6, "seq": null, "batch": null}},
        "focus": "PolicyHealth", "enlarged": false, "guest": null,
    });
    std::fs::write(views.join("r.json"), kept.to_string()).unwrap();
}

#[test]
fn a_mark_is_a_moment_for_every_command() {
    let (_dir, path) = file("run.jsonl", rows("r", "default", 0, 5));
    let state = tempfile::tempdir().unwrap();
    keep_marks(state.path());
    let run = path.to_str().unwrap();
    let received = |at: &str| {
        let get = "telemetry.events_received";
        told(state.path(), &["snapshot", run, "--get", get, "--at", at])
    };
    assert_eq!(received("mark:a"), received("seq:3"));
    assert_eq!(received("mark:b"), (Some(0), "6\n".to_owned(), String::new()));
    let frame = |at: &str| {
        told(
            state.path(),
            &["render", run, "--scene", "difference", "--against", "start", "--at", at],
        )
    };
    assert_eq!(frame("mark:a"), frame("seq:3"));
    let tail = |from: &str| told(state.path(), &["tail", run, "--jsonl", "--from", from]);
    assert_eq!(tail("mark:a"), tail("seq:3"));
    assert_eq!(tail("mark:b"), tail("seq:5"), "the sixth event has the number 5");
    let plain = |at: &str| told(state.path(), &["replay", run, "--plain", "--at", at]);
    assert_eq!(plain("mark:b"), plain("seq:5"));
    let check = |at: &str| told(state.path(), &["check", run, "--json", "--at", at]);
    assert_eq!(check("mark:a"), check("seq:3"));
}

#[test]
fn a_mark_that_is_not_there_is_refused_with_those_that_are() {
    let (_dir, path) = file("run.jsonl", rows("r", "default", 0, 2));
    let state = tempfile::tempdir().unwrap();
    let run = path.to_str().unwrap();
    let get =
        |at: &str| told(state.path(), &["snapshot", run, "--get", "current_batch", "--at", at]);
    let (code, out, err) = get("mark:a");
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("there is no mark a of run r; marks: none"), "{err}");
    keep_marks(state.path());
    assert!(get("mark:z").2.contains("there is no mark z of run r; marks: a b"));
    assert!(get("mark:A").2.contains("`A` is no letter from a to z"));
    let piped = sanctum_tui(&["snapshot", "-", "--get", "current_batch", "--at", "mark:a"], b"");
    assert_eq!(piped.code, Some(2));
    assert!(piped.err.contains("can be read only once"), "{}", piped.err);
}

#[test]
fn an_alert_is_the_moment_at_which_it_begins() {
    let calm = rows("r", "default", 0, 20);
    let broken = json!({"batch_idx": 21, "skipped": false, "kl_divergence": "NaN", "entropy": 0.5, "nan_grad_count": 3});
    let text = calm
        + &row("r", "default", 41, 203.0, "PPO_UPDATE_COMPLETED", &broken)
        + &row("r", "default", 42, 204.0, "HEARTBEAT", &json!({"phase": "x"}));
    let (_dir, path) = file("run.jsonl", text);
    let state = tempfile::tempdir().unwrap();
    let run = path.to_str().unwrap();
    let get = |at: &str| {
        told(state.path(), &["snapshot", run, "--get", "telemetry.events_received", "--at", at])
    };
    let mut places = Vec::new();
    let err = loop {
        let (code, out, err) = get(&format!("alert:{}", places.len() + 1));
        if code != Some(0) {
            break (code, err);
        }
        places.push(out.trim_end().parse::<u64>().unwrap());
    };
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
    assert!(places.contains(&42), "the update that is not finite: {places:?}");
    let known = places.len();
    let told = format!("there is no alert {}; alerts of this run: {known}", known + 1);
    assert!(err.0 == Some(2) && err.1.contains(&told), "{err:?}");
}
