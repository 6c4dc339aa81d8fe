//! Which rows lie before a moment, and which group of which run is shown.

use serde_json::json;

use crate::run::{get, row, rows, sanctum_tui};

#[track_caller]
fn check(rows: &str, more: &[&str], path: &str, expected: &str) {
    assert_eq!(get(rows, path, more), expected, "{more:?}");
}

#[test]
fn rows_count_up_to_the_moment() {
    let rows = rows("r", "default", 0, 5);
    for (at, received) in [
        ("start", "0"),
        ("end", "11"),
        ("seq:0", "1"),
        ("seq:3", "4"),
        ("batch:1", "3"),
        ("batch:3", "7"),
        // Ten seconds after the start: both rows of that moment, and not those of the next.
        ("time:10s", "3"),
        ("time:9.999999999s", "1"),
        ("time:0s", "1"),
        ("time:50s", "11"),
        ("time:1h", "11"),
        ("ts:2026-11-21T12:00:12Z", "3"),
        ("ts:2026-11-21T13:00:12.000+01:00", "3"),
        ("ts:2026-11-21T12:00:11.999999Z", "1"),
        ("ts:2026-11-21T11:00:00Z", "0"),
    ] {
        check(&rows, &["--at", at], "telemetry.events_received", received);
    }
}

#[test]
fn a_number_that_is_jumped_over_is_reached_by_the_next() {
    let text = rows("r", "default", 0, 2)
        + &row("r", "default", 9, 40.0, "BATCH_EPOCH_COMPLETED", &json!({"batch_idx": 7}))
        + &row("r", "default", 10, 41.0, "BATCH_EPOCH_COMPLETED", &json!({"batch_idx": 8}));
    check(&text, &["--at", "seq:6"], "current_batch", "7");
    check(&text, &["--at", "batch:5"], "current_batch", "7");
    check(&text, &["--at", "batch:7"], "telemetry.events_lost", "4");
}

#[test]
fn a_moment_behind_the_end_is_the_end_and_is_said() {
    let rows = rows("r", "default", 0, 2);
    for at in ["batch:99", "seq:99"] {
        let done =
            sanctum_tui(&["snapshot", "-", "--get", "current_batch", "--at", at], rows.as_bytes());
        let note = format!("sanctum-tui: note: the run ends before {at}, this is its end\n");
        assert_eq!((done.code, done.out.as_str(), done.err), (Some(0), "2\n", note));
        let args = ["snapshot", "-", "--get", "current_batch", "--at", at, "--quiet"];
        assert_eq!(sanctum_tui(&args, rows.as_bytes()).err, "");
    }
}

#[test]
fn now_is_the_last_event_applied_and_what_is_added() {
    let text = rows("r", "default", 0, 1) + "not a row\n";
    check(&text, &[], "staleness_seconds", "0.0");
    check(&text, &["--now", "+2.5"], "staleness_seconds", "2.5");
    check(&text, &["--now", "+2.5"], "connection", "slow");
    check(&text, &["--now", "+7"], "runtime_seconds", "15.0");
    check(&text, &["--at", "seq:0", "--now", "+1"], "runtime_seconds", "1.0");
    check(&text, &["--closed"], "connection", "disconnected");
    check("", &["--closed"], "connection", "disconnected");
    check("", &["--now", "+9"], "staleness_seconds", "null");
}

/// A row whose number does not rise is rejected, and a rejected row has no time of its own.
#[test]
fn a_repeated_row_does_not_turn_the_clock_back() {
    let text = rows("r", "default", 0, 3)
        + &row("r", "default", 1, 3.0, "HEARTBEAT", &json!({"phase": "x"}));
    check(&text, &[], "telemetry.events_rejected", "1");
    check(&text, &[], "runtime_seconds", "30.0");
    check(&text, &[], "staleness_seconds", "0.0");
}

#[test]
fn of_several_runs_the_one_that_started_last_is_shown() {
    let text = rows("first", "default", 0, 3) + &rows("second", "default", 3, 2);
    check(&text, &[], "run_id", "second");
    check(&text, &[], "current_batch", "5");
    check(&text, &["--run", "first"], "current_batch", "3");
    check(&text, &["--run", "first", "--now", "+1"], "staleness_seconds", "1.0");
    // The moments of the run that is shown count, also while it is not the last one yet.
    check(&text, &["--at", "batch:2"], "run_id", "first");
    check(&text, &["--at", "batch:2", "--run", "second"], "current_batch", "4");
    check(&text, &["--at", "time:10s"], "current_batch", "4");
    check(&text, &["--at", "time:10s", "--run", "first"], "current_batch", "1");
}

#[test]
fn of_several_groups_the_one_that_started_first_is_shown() {
    let groups = rows("r", "B", 0, 1).lines().zip(rows("r", "A", 0, 2).lines()).fold(
        String::new(),
        |text, (b, a)| {
            // One numbering for both groups.
            let number = |line: &str, seq: usize| {
                let (head, tail) = line.split_once("\"seq\":").unwrap();
                let (_, tail) = tail.split_once(',').unwrap();
                format!("{head}\"seq\":{seq},{tail}\n")
            };
            let seq = text.lines().count();
            text + &number(b, seq) + &number(a, seq + 1)
        },
    );
    check(&groups, &[], "group_id", "B");
    check(&groups, &["--group", "A"], "max_batches", "2");
    check(&groups, &["--group", "B"], "max_batches", "1");
    check(&groups, &[], "telemetry.events_lost", "0");
    // A batch is one of the group that is shown.
    check(&groups, &["--at", "batch:1"], "telemetry.events_received", "5");
    check(&groups, &["--at", "batch:1", "--group", "A"], "telemetry.events_received", "6");
    // A number is one of the run, also before the first event of the group that is shown.
    check(&groups, &["--at", "seq:1", "--group", "A"], "telemetry.events_received", "2");
    let early = ["snapshot", "-", "--json", "--group", "A", "--at", "seq:0"];
    let done = sanctum_tui(&early, groups.as_bytes());
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""));
    assert!(done.err.contains("unknown group `A`; nearest: `B`"), "{}", done.err);
}

#[test]
fn what_the_rows_do_not_have_is_named_with_the_nearest() {
    let rows = rows("cartpole-1", "default", 0, 1);
    for (args, expected) in [
        (["--run", "cartpole-2"], "unknown run `cartpole-2`; nearest: `cartpole-1`"),
        (["--group", "defualt"], "unknown group `defualt`; nearest: `default`"),
    ] {
        let done =
            sanctum_tui(&[&["snapshot", "-", "--json"][..], &args].concat(), rows.as_bytes());
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""));
        assert!(done.err.contains(expected), "{}", done.err);
    }
}
