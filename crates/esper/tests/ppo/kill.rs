//! `kill -9`: what was written can be read, up to a torn tail that is counted.

use crate::process::{ENDLESS, checkpoints, get, only_run, run, sanctum_tui, signal, started};

#[test]
fn a_killed_run_can_be_read_and_resumed() {
    let root = tempfile::tempdir().unwrap();
    let mut running = started(root.path(), &format!("{ENDLESS} --save 2"));
    signal(&running.child, "KILL");
    assert_eq!(running.child.wait().unwrap().code(), None);
    let dir = only_run(root.path());
    let text = std::fs::read(dir.join("events.jsonl")).unwrap();
    let torn = !text.is_empty() && !text.ends_with(b"\n");
    // A row that was cut off in the middle counts as rejected, all rows before it as received.
    let rejected: u64 = get(&dir, &[], "telemetry.events_rejected").parse().unwrap();
    assert!(rejected <= u64::from(torn), "{rejected} rejected, torn: {torn}");
    let lines = text.split(|&b| b == b'\n').filter(|line| !line.is_empty()).count();
    assert_eq!(get(&dir, &[], "telemetry.events_received"), lines.to_string());
    assert_eq!(get(&dir, &[], "telemetry.events_lost"), "0");
    // Nobody said that it ended: while the source counts as open it is live, and gone when it is closed.
    assert_eq!(get(&dir, &[], "finish_reason"), "null");
    assert_eq!(get(&dir, &[], "connection"), "live");
    assert_eq!(get(&dir, &["--closed"], "connection"), "disconnected");
    let banner =
        sanctum_tui(&["render", dir.to_str().unwrap(), "--widget", "StatusBanner", "--closed"]);
    assert!(banner.starts_with("[✗] DISCONNECTED"), "{banner}");

    // What has a name in checkpoints/ is whole, also after a kill.
    let names = checkpoints(&dir);
    let newest = names.iter().rfind(|name| !name.starts_with('.')).unwrap();
    assert_eq!(
        run(root.path(), &format!("--no-tui --resume {} --episodes 1", dir.display())).code,
        Some(0)
    );
    let batch: u64 = newest.trim_end_matches(".ckpt").parse().unwrap();
    let resumed = crate::process::runs(root.path()).into_iter().find(|run| *run != dir).unwrap();
    assert_eq!(get(&resumed, &[], "start_batch"), batch.to_string());
}

/// The same with a tail that is certainly torn, at every place where it can be.
#[test]
fn a_torn_tail_costs_its_own_row_only() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(run(root.path(), "--envs 2 --episode-length 8 --episodes 2 --no-tui").code, Some(0));
    let events = only_run(root.path()).join("events.jsonl");
    let text = std::fs::read(&events).unwrap();
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
