//! `kill -9`: what was written can be read, up to a torn tail that is counted.

use std::path::Path;

use nissa::log::frame::{self, Look};
use nissa::log::header::Header;

use crate::process::{
    ENDLESS, checkpoints, get, has_end_mark, only_run, rows, run, said, segments, signal, started,
};

#[test]
fn a_killed_run_can_be_read_and_resumed() {
    let root = tempfile::tempdir().unwrap();
    let mut running = started(root.path(), &format!("{ENDLESS} --save 2"));
    signal(&running.child, "KILL");
    assert_eq!(running.child.wait().unwrap().code(), None);
    let dir = only_run(root.path());
    assert!(!has_end_mark(&dir), "nobody closed the log");
    // A frame that was cut off in the middle is damage, and all before it can be read.
    let tail = said(&["tail", dir.to_str().unwrap(), "--jsonl"]);
    let torn = torn(&dir);
    assert_eq!(tail.code, if torn { 4 } else { 0 }, "{}", tail.err);
    let get = |more: &[&str], path: &str| {
        let args = [&["snapshot", dir.to_str().unwrap(), "--json", "--get", path], more].concat();
        let said = said(&args);
        assert_eq!(said.code, tail.code, "{}", said.err);
        said.out.trim_end().to_owned()
    };
    assert_eq!(get(&[], "telemetry.events_received"), tail.out.lines().count().to_string());
    assert_eq!(get(&[], "telemetry.events_rejected"), "0");
    assert_eq!(get(&[], "telemetry.events_lost"), "0");
    // Nobody said that it ended: while the source counts as open it is live, and gone when it is closed.
    assert_eq!(get(&[], "finish_reason"), "null");
    assert_eq!(get(&[], "connection"), "live");
    assert_eq!(get(&["--closed"], "connection"), "disconnected");
    let banner = said(&["render", dir.to_str().unwrap(), "--widget", "StatusBanner", "--closed"]);
    assert_eq!(banner.code, tail.code, "{}", banner.err);
    assert!(banner.out.starts_with("[✗] DISCONNECTED"), "{}", banner.out);

    // What has a name in checkpoints/ is whole, also after a kill.
    let names = checkpoints(&dir);
    let newest = names.iter().rfind(|name| !name.starts_with('.')).unwrap();
    assert_eq!(
        run(root.path(), &format!("--no-tui --resume {} --episodes 1", dir.display())).code,
        Some(0)
    );
    let batch: u64 = newest.trim_end_matches(".ckpt").parse().unwrap();
    let resumed = crate::process::runs(root.path()).into_iter().find(|run| *run != dir).unwrap();
    assert_eq!(crate::process::get(&resumed, &[], "start_batch"), batch.to_string());
}

/// Returns whether the last segment ends in the middle of a frame.
fn torn(dir: &Path) -> bool {
    let log = std::fs::read(segments(dir).last().unwrap()).unwrap();
    let (_, mut at) = Header::read(&log).unwrap();
    while let Look::Frame { payload } = frame::look(&log[at..]) {
        at += frame::HEAD_BYTES + payload.len();
    }
    at != log.len()
}

/// The same with a tail that is certainly torn, at every place of the last two frames.
#[test]
fn a_torn_log_costs_its_last_event_only() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(run(root.path(), "--envs 2 --episode-length 8 --episodes 2 --no-tui").code, Some(0));
    let dir = only_run(root.path());
    let events = rows(&dir).lines().count();
    let [segment] = segments(&dir).try_into().unwrap();
    let log = std::fs::read(&segment).unwrap();
    let (_, mut at) = Header::read(&log).unwrap();
    let mut starts = Vec::new();
    while let Look::Frame { payload } = frame::look(&log[at..]) {
        starts.push(at);
        at += frame::HEAD_BYTES + payload.len();
    }
    // The last event, and after it the mark of the end.
    let [.., last, mark] = starts[..] else { panic!("{starts:?}") };
    for cut in (last + 1..log.len()).step_by(5) {
        std::fs::write(&segment, &log[..cut]).unwrap();
        let tail = said(&["tail", dir.to_str().unwrap(), "--jsonl"]);
        let left = if cut < mark { events - 1 } else { events };
        assert_eq!(
            (tail.code, tail.out.lines().count()),
            (if cut == mark { 0 } else { 4 }, left),
            "{cut}: {}",
            tail.err
        );
    }
}

/// And with a file of rows.
#[test]
fn a_torn_tail_costs_its_own_row_only() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(run(root.path(), "--envs 2 --episode-length 8 --episodes 2 --no-tui").code, Some(0));
    let text = rows(&only_run(root.path())).into_bytes();
    let rows = text.split(|&b| b == b'\n').count() - 1;
    let last = text[..text.len() - 1].iter().rposition(|&b| b == b'\n').unwrap() + 1;
    let torn = root.path().join("torn.jsonl");
    for cut in (last + 1..text.len() - 1).step_by(9) {
        std::fs::write(&torn, &text[..cut]).unwrap();
        assert_eq!(get(&torn, &[], "telemetry.events_received"), rows.to_string(), "{cut}");
        assert_eq!(get(&torn, &[], "telemetry.events_rejected"), "1", "{cut}");
        assert_eq!(get(&torn, &[], "current_batch"), "2", "{cut}");
    }
}
