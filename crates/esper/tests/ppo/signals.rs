//! Ctrl-C and SIGTERM: the end of the run reaches the disk, and the exit code says what happened.

use std::io::Read as _;

use crate::process::{ENDLESS, checkpoints, get, has_end_mark, only_run, rows, signal, started};

/// Sends a signal to a run in progress and checks how it ended.
#[track_caller]
fn check(name: &str, code: i32, more: &str) -> u64 {
    let root = tempfile::tempdir().unwrap();
    let mut running = started(root.path(), &format!("{ENDLESS} {more}"));
    signal(&running.child, name);
    let rest: Vec<String> = running.lines.by_ref().map(Result::unwrap).collect();
    assert_eq!(running.child.wait().unwrap().code(), Some(code), "{rest:?}");
    let dir = only_run(root.path());
    assert_eq!(get(&dir, &[], "finish_reason"), "stopped");
    assert_eq!(get(&dir, &[], "connection"), "finished");
    assert_eq!(get(&dir, &[], "telemetry.events_lost"), "0");
    assert_eq!(get(&dir, &[], "telemetry.events_rejected"), "0");
    assert!(has_end_mark(&dir), "the log was not closed in order");
    let rows = rows(&dir);
    let last = rows.lines().last().unwrap();
    assert!(
        last.contains("TRAINING_FINISHED") && last.contains("\"reason\":\"stopped\""),
        "{last}"
    );
    // The batch in progress was finished, so there is a checkpoint of the last one.
    let batch: u64 = get(&dir, &[], "current_batch").parse().unwrap();
    assert!(3 <= batch);
    assert_eq!(checkpoints(&dir), [format!("{batch:06}.ckpt")]);
    assert!(rest.last().is_some_and(|line| line.contains("stopped")), "{rest:?}");
    batch
}

#[test]
fn ctrl_c_finishes_the_batch_and_is_130() {
    check("INT", 130, "");
}

#[test]
fn sigterm_ends_the_run_in_time_and_is_143() {
    check("TERM", 143, "");
}

#[test]
fn hang_up_ends_the_run_in_time_and_is_129() {
    check("HUP", 129, "");
}

/// The evaluation after batch 4 would take minutes, and nobody waits for it.
#[test]
fn a_signal_leaves_an_evaluation_and_keeps_its_batch() {
    let batch = check("TERM", 143, "--eval-every 4 --eval-episodes 1000000");
    assert!(batch <= 4, "{batch}");
}

/// A batch that would take hours: the second Ctrl-C does not wait for it.
#[test]
fn a_second_ctrl_c_leaves_at_once() {
    let root = tempfile::tempdir().unwrap();
    let args = "--envs 256 --episode-length 65536 --episodes 2 --no-tui --epoch-every 65536";
    let mut command = crate::process::esper(root.path(), args);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    // The first bytes say that the run has begun, and by then signals are listened to.
    let mut first = [0; 16];
    out.read_exact(&mut first).unwrap();
    signal(&child, "INT");
    signal_until_gone(&mut child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

/// Two signals of one kind may become one before the first was taken, so the second is sent until it has an effect.
fn signal_until_gone(child: &mut std::process::Child) {
    while child.try_wait().unwrap().is_none() {
        signal(child, "INT");
    }
}
