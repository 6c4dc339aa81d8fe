//! What `fsck` says about logs in every state, and what `--repair` makes of them.

use std::fs;
use std::path::Path;

use leyline::demo::Scenario;
use nissa::RunDir;
use serde_json::Value;

use crate::recorded::{Recorded, change, last_segment, rows};
use crate::run::sanctum_tui;

fn fsck(run: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let done = sanctum_tui(&[&["fsck", run], more].concat(), b"");
    (done.code, done.out, done.err)
}

#[track_caller]
fn check(run: &str, code: i32, lines: &[&str]) {
    let (found, out, err) = fsck(run, &[]);
    assert_eq!(found, Some(code), "{out}{err}");
    for line in lines {
        assert!(out.contains(line), "{line:?} is not in\n{out}");
    }
    // The same in numbers.
    let (found, json, _) = fsck(run, &["--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found, Some(code));
    assert_eq!(
        (json["schema"].as_u64(), json["is_whole"].as_bool()),
        (Some(1), Some(code == 0)),
        "{json}"
    );
}

#[test]
fn a_whole_log_is_0_whether_closed_live_or_cut_off() {
    let run = Recorded::new(Scenario::Calm);
    let all = format!("readable: {} events in ", run.events.len());
    let live = run.live("live");
    check(&live.path(), 0, &[&all, "being written", "damaged: nothing", "the run is live"]);
    let closed = run.closed("closed");
    check(&closed, 0, &[&all, "damaged: nothing", "missing numbers: none", "closed in order"]);
    change(&last_segment(&closed), |bytes| {
        let length = bytes.len() - 18;
        bytes.truncate(length);
    });
    check(&closed, 0, &[&all, "without an end", "damaged: nothing", "the writer died"]);
}

#[test]
fn damage_is_told_by_segment_byte_and_event_and_repair_copies_the_rest() {
    let run = Recorded::new(Scenario::Calm);
    let path = run.closed("runs");
    let dir = RunDir::open(Path::new(&path)).unwrap();
    let before = fs::read(dir.segment(0)).unwrap();
    // A byte in the middle of the first segment, and the last byte of all.
    change(&dir.segment(0), |bytes| {
        let middle = bytes.len() - bytes.len() / 8;
        bytes[middle] ^= 0x10;
    });
    change(&last_segment(&path), |bytes| {
        bytes.pop();
    });
    check(
        &path,
        4,
        &[
            "damage: segment 0 at byte ",
            "bytes that are no event, 1 event lost",
            "the end is torn off (17 bytes), no event lost",
            "damaged: 2 places, ",
            "missing numbers: 1;",
            "--repair",
        ],
    );
    let damaged = fs::read(dir.segment(0)).unwrap();

    let (code, out, err) = fsck(&path, &["--repair"]);
    assert_eq!(code, Some(4), "{out}{err}");
    let copy = format!("{path}.repaired");
    assert!(out.contains(&format!("repaired copy: {copy}\n")), "{out}");
    assert_eq!(fs::read(dir.segment(0)).unwrap(), damaged, "the original stays as it is");
    assert_ne!(before, damaged);
    check(&copy, 0, &["damaged: nothing", "missing numbers: 1;", "closed in order"]);
    let whole = sanctum_tui(&["tail", &path, "--jsonl"], b"");
    let repaired = sanctum_tui(&["tail", &copy, "--jsonl"], b"");
    assert_eq!((whole.code, repaired.code), (Some(4), Some(0)));
    assert_eq!(whole.out, repaired.out);
    assert_eq!(whole.out.lines().count(), run.events.len() - 1);
    assert!(rows(&run.events).starts_with(whole.out.lines().next().unwrap()));

    let (code, out, err) = fsck(&path, &["--repair"]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("there is a copy already"), "{err}");
}

#[test]
fn a_live_run_is_not_repaired() {
    let run = Recorded::new(Scenario::Calm);
    let live = run.live("live");
    let (code, out, err) = fsck(&live.path(), &["--repair"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("cannot repair a run that is being written"), "{err}");
    assert!(!Path::new(&format!("{}.repaired", live.path())).exists());
}

#[test]
fn rows_have_nothing_to_examine() {
    let run = Recorded::new(Scenario::Calm);
    for rows in [run.rows_dir(), run.rows_file()] {
        let (code, out, err) = fsck(&rows, &[]);
        assert_eq!((code, out.as_str()), (Some(3), ""));
        assert!(err.contains("no event log to examine"), "{err}");
    }
    assert_eq!(fsck("-", &[]).0, Some(2));
}
