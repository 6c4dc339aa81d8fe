//! A trainer and, beside it, `check --follow`: an alert starts a program while the run goes on, and the result says it too.

use std::fs;
use std::process::Command;
use std::thread::Builder;

use crate::process::{ENDLESS, only_run, said, signal, started};

/// Follows a run in its directory, or at the socket where it listens.
#[track_caller]
fn check(is_remote: bool) {
    let root = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let socket = format!("unix:{}", home.path().join("run.sock").display());
    let listen = if is_remote { format!("--listen {socket}") } else { String::new() };
    // A learning rate a hundred times too high: the policy becomes narrow in its first batches.
    let mut run = started(root.path(), &format!("{ENDLESS} --learning-rate 0.1 {listen}"));
    let dir = only_run(root.path()).to_str().unwrap().to_owned();
    let script = r#"read -r json; echo "$SANCTUM_ALERT_LEVEL $SANCTUM_ALERT_RULE $json" > "$0""#;
    let command = format!("sh -c '{script}' {}", pipe.display());
    let place = if is_remote { socket } else { dir.clone() };
    let follow = move || {
        // Only the first alert finds a reader of the pipe; what waits for another one is killed.
        let sink = ["--alert-command", &command, "--alert-seconds", "1"];
        said(&[&["check", &place, "--follow"], &sink[..]].concat())
    };
    let follower = Builder::new().name("follower".to_owned()).spawn(follow).unwrap();
    let told = fs::read_to_string(&pipe).unwrap();
    let [level, rule, json] = told.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(level, "critical");
    assert!(json.contains(&format!("\"rule\":\"{rule}\"")), "{told}");
    assert!(run.child.try_wait().unwrap().is_none(), "the run goes on");
    signal(&run.child, "INT");
    run.lines.by_ref().for_each(drop);
    assert_eq!(run.child.wait().unwrap().code(), Some(130));
    let seen = follower.join().unwrap();
    assert_eq!(seen.code, 11, "{}", seen.err);
    // It was told on the way, in a line, and the result is that of the whole log.
    assert!(seen.out.contains(&format!(" critical {rule} ")), "{}", seen.out);
    let after = said(&["check", &dir]);
    assert!(seen.out.ends_with(&after.out), "{}\n{}", seen.out, after.out);
    assert!(after.out.lines().any(|line| line.starts_with(&format!("critical {rule} "))));
}

#[test]
fn an_alert_of_a_run_that_goes_on_starts_a_program_and_the_end_has_the_exit_code() {
    check(false);
}

#[test]
fn a_run_is_followed_through_its_socket_as_through_its_directory() {
    check(true);
    let said = said(&["check", "unix:/no/such/socket", "--follow"]);
    assert_eq!(said.code, 3, "{}", said.err);
}
