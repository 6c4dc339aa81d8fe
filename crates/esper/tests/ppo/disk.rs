//! What happens to the disk costs events, never the training, and is told.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};

use crate::process::{ENDLESS, between, esper, get, only_run, rows, runs, said, signal, started};

/// Returns the same command in a shell that lets no file grow beyond so many blocks of 512 bytes: a write beyond that takes
/// a part or fails, as on a full disk.
fn limited(command: &Command, blocks: u32) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("ulimit -f {blocks}; exec \"$0\" \"$@\""));
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap());
    }
    shell.stdin(Stdio::null());
    shell
}

/// Trains where no file may be longer than so many blocks, checks that what is lost is counted and told, and returns the
/// rows that are left. The whole log would have some 1.2 MB.
#[track_caller]
fn train_on_a_full_disk(blocks: u32) -> String {
    let root = tempfile::tempdir().unwrap();
    let args = "--envs 8 --episode-length 64 --episodes 30 --epoch-every 1 --no-tui";
    let output = limited(&esper(root.path(), args), blocks).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{err}");
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains(" batch 30 of 30 done") && out.contains("info run completed"), "{out}");
    let dir = only_run(root.path());
    assert!(
        err.contains("sink log failed, ") && err.contains("cannot write to log at byte"),
        "{err}"
    );
    let message = between(&err, "esper: the event log lost ", "\n");
    assert!(message.contains("could not be written") && message.ends_with(dir.to_str().unwrap()));
    let lost: usize = between(message, "", " of ").parse().unwrap();
    let emitted: usize = between(message, " of ", " events").parse().unwrap();

    // What is left can be read, and what is not there is exactly what was told.
    let tail = said(&["tail", dir.to_str().unwrap(), "--jsonl"]);
    assert!([0, 4].contains(&tail.code), "{}", tail.err);
    assert!(0 < lost, "{message}");
    assert_eq!(tail.out.lines().count() + lost, emitted, "{message}");
    let lost_of = |line: &str| between(line, "\"seq\":", ",").parse::<usize>().unwrap();
    let seqs: Vec<usize> = tail.out.lines().map(lost_of).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b));
    assert!(seqs.len() < seqs.last().unwrap() + 1, "it goes on after the first hole");
    let fsck = said(&["fsck", dir.to_str().unwrap(), "--json"]);
    assert_eq!(fsck.code, tail.code, "{}", fsck.err);
    tail.out
}

#[test]
fn a_full_disk_costs_events_that_are_counted_and_told() {
    // 256 KiB, a quarter of the log: it fails again and again, and is down between two tries.
    train_on_a_full_disk(512);
}

#[test]
fn a_log_that_goes_on_after_a_failure_says_itself_what_it_lost() {
    // 700 KiB: the second segment, which is tried for at once, has room for all the rest of the run.
    let rows = train_on_a_full_disk(1400);
    assert!(rows.contains("\"EMITTER_LOSS\""), "the log itself says what it lost");
    assert!(rows.contains("\"TRAINING_FINISHED\""), "and how the run ended");
}

#[test]
fn a_disk_without_room_for_a_log_is_an_error_before_the_training_begins() {
    let root = tempfile::tempdir().unwrap();
    let output = limited(&esper(root.path(), "--episodes 2 --no-tui"), 1).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{err}");
    let dir = only_run(root.path());
    assert!(err.starts_with("esper: cannot ") && err.contains(dir.to_str().unwrap()), "{err}");
    assert!(err.contains("another place can be named with --run-dir"), "{err}");
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_that_names_it() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let done = crate::process::run(&file.join("runs"), "--episodes 2 --no-tui");
    assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{}", done.err);
    assert!(done.err.starts_with("esper: cannot create run directory: "), "{}", done.err);
    assert!(done.err.contains("file/runs") && done.err.contains("--run-dir"), "{}", done.err);
}

#[test]
fn a_directory_that_is_removed_costs_the_log_and_not_the_training() {
    let root = tempfile::tempdir().unwrap();
    let mut running = started(root.path(), ENDLESS);
    let dir = only_run(root.path());
    fs::remove_dir_all(&dir).unwrap();
    // Nobody but the log notices, and that is told within a second or two, while batch after batch is done.
    let told = |line: String| line.contains(" warning emitter loss: ") && line.contains("log");
    assert!(running.lines.by_ref().map(Result::unwrap).any(told));
    assert!(running.lines.by_ref().map(Result::unwrap).any(|line| line.contains(" batch ")));
    signal(&running.child, "INT");
    running.lines.by_ref().for_each(drop);
    let mut err = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(running.child.wait().unwrap().code(), Some(130), "{err}");
    assert!(err.contains("sink log failed, "), "{err}");
    let message = between(&err, "esper: the event log lost ", "\n");
    assert!(message.ends_with(dir.to_str().unwrap()), "{message}");
    let lost: u64 = between(message, "", " of ").parse().unwrap();
    assert!(0 < lost, "{message}");
}

#[test]
fn every_policy_of_syncing_writes_the_same_log() {
    let root = tempfile::tempdir().unwrap();
    for policy in ["interval", "batch", "always", "never"] {
        let args =
            format!("{} --episodes 6 --run-id {policy} --fsync {policy}", crate::process::SMALL);
        let done = crate::process::run(root.path(), &args);
        assert_eq!(done.code, Some(0), "{policy}: {}", done.err);
        let dir = root.path().join(policy);
        assert_eq!(get(&dir, &[], "telemetry.events_lost"), "0");
        assert!(rows(&dir).lines().last().unwrap().contains("TRAINING_FINISHED"));
    }
    let training: Vec<String> =
        runs(root.path()).iter().map(|dir| get(dir, &[], "policy.policy_loss_history")).collect();
    assert!(training.iter().all(|losses| *losses == training[0]), "{training:?}");
}
