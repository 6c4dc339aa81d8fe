//! Whatever a file holds, it is read to its end, counted and shown.

use std::fmt::Write as _;

use serde_json::json;

use crate::support::{Rows, file, get, printed, sanctum_tui, wire_data};

/// Checks the counters after reading `bytes`, and that a frame can be drawn of it.
#[track_caller]
fn check(bytes: impl AsRef<[u8]>, received: &str, rejected: &str) {
    let (_dir, run) = file(bytes);
    assert_eq!(get(&run, &[], "telemetry.events_received"), received);
    assert_eq!(get(&run, &[], "telemetry.events_rejected"), rejected);
    for size in ["1x1", "80x24", "200x60"] {
        let frame = printed(&["render", run.to_str().unwrap(), "--size", size]);
        assert!(!frame.chars().any(|c| c.is_control() && c != '\n'), "{frame}");
    }
}

fn run() -> Rows {
    Rows::default().start(0.0, json!({})).batch(1.0, json!({"batch_idx": 1})).heartbeat(2.0)
}

#[test]
fn empty_files_and_empty_lines_count_for_nothing() {
    check("", "0", "0");
    check("\n\r\n\n", "0", "0");
    check(format!("\n{}\n\n", run().text), "3", "0");
    check(run().text.replace('\n', "\r\n"), "3", "0");
}

#[test]
fn binary_garbage_is_rejected_line_by_line() {
    // Every byte there is, in an order that repeats after 256 lines only.
    let bytes: Vec<u8> =
        (0..65_536_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let lines = bytes
        .split(|&b| b == b'\n')
        .filter(|line| !line.is_empty() && *line != b"\r")
        .count()
        .to_string();
    check(&bytes, &lines, &lines);
    check([&[0xef, 0xbb, 0xbf], run().text.as_bytes()].concat(), "3", "1");
    check([&[0xff, b'\n'], run().text.as_bytes()].concat(), "4", "1");
}

#[test]
fn a_torn_tail_is_one_rejected_row() {
    let text = run().text;
    let whole = text.len();
    let last = text.trim_end().rfind('\n').unwrap() + 1;
    check(&text.as_bytes()[..whole - 1], "3", "0");
    for cut in last + 1..whole - 1 {
        let (_dir, run) = file(&text.as_bytes()[..cut]);
        assert_eq!(
            get(&run, &[], "telemetry"),
            r#"{"events_received":3,"events_rejected":1,"events_unknown":0,"events_lost":0,"sequence_gaps":0,"sink_losses":{}}"#,
            "{cut}"
        );
        assert_eq!(get(&run, &[], "current_batch"), "1");
    }
}

#[test]
fn a_huge_line_costs_one_row() {
    let huge = format!("{{\"v\":1,\"message\":\"{}\"}}", "x".repeat(8 << 20));
    check(run().line(&huge).heartbeat(3.0).text, "5", "1");
    let (_dir, path) = file(run().line(&huge).text);
    let log = get(&path, &[], "event_log");
    assert!(log.contains("too_long") && log.len() < 10_000, "{log}");
}

#[test]
fn deep_nesting_and_strange_values_are_data() {
    let deep = format!("{{\"v\":1,\"data\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let mut rows = run().line(&deep).text;
    for line in [
        "{}",
        "[]",
        "null",
        "true",
        "0",
        "\"\"",
        "{\"v\":1}",
        "{\"v\":1e400}",
        "{\"v\":1,\"v\":1}",
        "{\"v\":1}}",
    ] {
        writeln!(rows, "{line}").unwrap();
    }
    check(rows, "14", "11");
}

/// Text of a run goes to a terminal, so nothing in it may steer one.
#[test]
fn escape_sequences_in_texts_are_not_printed() {
    let text = "\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\u{9b}31m\r\n\t";
    let rows = Rows::default()
        .start(0.0, json!({"task": text, "reward_mode": text}))
        .event("METRIC", 1.0, json!({"step": 1, "values": {"a": 1.0}, "units": {"a": text}}))
        .event(
            "EMITTER_LOSS",
            1.0,
            json!({"sink": text, "lane": "lossy", "cause": text, "dropped": 1, "dropped_total": 1}),
        )
        .event("PLATEAU_DETECTED", 1.0, json!({"kind": text, "detail": text}))
        .event("STRANGE", 1.0, json!({"x": text}))
        .event("TRAINING_FINISHED", 2.0, json!({"reason": "failed", "error": text}));
    check(&rows.text, "6", "0");
    let (_dir, run) = file(&rows.text);
    for format in ["text", "svg"] {
        let drawn =
            printed(&["render", run.to_str().unwrap(), "--size", "200x60", "--format", format]);
        let bad = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
        assert_eq!(drawn.lines().find(|line| line.contains(bad)), None);
    }
}

/// A file may name more runs than anybody could look at; the memory for them is bounded.
#[test]
fn runs_beyond_the_limit_are_rejected() {
    let row = |run: usize| {
        json!({
            "v": 1, "run_id": format!("run-{run}"), "seq": 0, "ts": "2026-11-21T12:00:00.000Z", "mono_ns": run,
            "event_type": "HEARTBEAT", "data": {"phase": "updating"},
        })
    };
    let mut text = String::new();
    for run in 0..1100 {
        writeln!(text, "{}", row(run)).unwrap();
    }
    let (_dir, run) = file(&text);
    assert_eq!(get(&run, &[], "run_id"), "run-1023");
    assert_eq!(get(&run, &[], "telemetry.events_rejected"), "76");
    assert_eq!(
        get(
            &run,
            &["--at", "ts:2026-11-21T12:00:00Z", "--run", "run-7"],
            "telemetry.events_received"
        ),
        "1"
    );
}

#[test]
fn every_prefix_of_a_real_file_can_be_read() {
    let bytes = std::fs::read(wire_data("v0/ancestor-run.v0.jsonl")).unwrap();
    for part in 1..40 {
        let (_dir, run) = file(&bytes[..bytes.len() * part / 40]);
        let done = sanctum_tui(&["snapshot", run.to_str().unwrap(), "--json"]);
        assert_eq!((done.code, done.notes.as_str()), (0, ""), "{part}");
    }
}

#[test]
fn directories_that_are_no_runs_are_not_found() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("events.jsonl")).unwrap();
    for path in [dir.path(), &dir.path().join("nothing"), &dir.path().join("events.jsonl")] {
        for args in [
            ["snapshot", path.to_str().unwrap(), "--json"],
            ["render", path.to_str().unwrap(), "--ascii"],
        ] {
            let done = sanctum_tui(&args);
            assert_eq!((done.code, done.out.as_str()), (3, ""), "{args:?}: {}", done.notes);
        }
    }
}
