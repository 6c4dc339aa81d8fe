//! The program with its output in a pipe.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use leyline::FinishReason;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

#[path = "support/ended.rs"]
mod ended;

use ended::assert_ended;

/// Starts the program; its runs go into the directory that is returned, unless an argument says otherwise.
fn sanctum(args: &[&str]) -> (Child, TempDir) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sanctum-tui"));
    command.args(args).env("TERM", "xterm-256color").env("RUST_BACKTRACE", "0");
    start(command)
}

fn start(mut command: Command) -> (Child, TempDir) {
    let runs = tempfile::tempdir().unwrap();
    command.env("SANCTUM_RUN_DIR", runs.path()).stdin(Stdio::null());
    (command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), runs)
}

/// Reads both outputs to their ends and returns them with the exit code.
fn finish((mut child, _runs): (Child, TempDir)) -> (String, String, i32) {
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (out, err, child.wait().unwrap().code().expect("an exit code"))
}

#[test]
fn a_pipe_gets_lines_and_ends_with_the_run() {
    let (out, err, code) = finish(sanctum(&["--episodes", "4", "--plain-interval", "0"]));
    assert_eq!((err.lines().count(), code), (1, 0), "{err}");
    assert!(err.starts_with("run directory: "), "{err}");
    assert!(!out.contains('\u{1b}'));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 6, "{out}");
    assert!(
        lines[0].contains(" info run cartpole-")
            && lines[0].ends_with(" started, CartPole-v1, 8 environments, 4 batches planned")
    );
    for (batch, line) in (1..=4).zip(&lines[1..]) {
        assert!(line.contains(&format!(" info batch {batch} of 4 done, mean return ")), "{line}");
    }
    assert!(lines[5].contains(" info run completed, 4 of 4 batches done, mean return "));
    for line in lines {
        let clock: Vec<&str> = line.get(..8).unwrap().split(':').collect();
        assert!(
            clock.len() == 3 && clock.iter().all(|part| part.parse::<u8>().is_ok_and(|n| n < 60)),
            "{line}"
        );
    }
}

#[test]
fn the_same_seed_learns_the_same_and_another_task_is_trained_on_request() {
    let returns = |args: &[&str]| {
        let (out, _, code) = finish(sanctum(args));
        assert_eq!(code, 0);
        out.lines().last().unwrap().get(9..).unwrap().to_owned()
    };
    let first = returns(&["--episodes", "3", "--seed", "7"]);
    assert_eq!(returns(&["--episodes", "3", "--seed", "7"]), first);
    assert_ne!(returns(&["--episodes", "3", "--seed", "8"]), first);
    let (out, _, code) = finish(sanctum(&["--task", "Pendulum-v1", "--episodes", "2"]));
    assert!(code == 0 && out.contains("Pendulum-v1"), "{out}");
}

#[test]
fn a_reader_that_goes_away_ends_the_program_silently_and_the_run_properly() {
    let root = tempfile::tempdir().unwrap();
    let args = ["--plain-interval", "0", "--quiet", "--run-dir", root.path().to_str().unwrap()];
    let (mut child, _runs) = sanctum(&args);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    drop(out);
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((err.as_str(), child.wait().unwrap().code()), ("", Some(0)));
    assert_ended(root.path(), FinishReason::Stopped);
}

#[test]
fn signals_end_the_lines_properly() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (mut child, runs) = sanctum(&["--plain-interval", "0"]);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains(" batch ") {
            line.clear();
            assert_ne!(out.read_line(&mut line).unwrap(), 0);
        }
        let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert!(rest.contains(" info run stopped, "), "{rest}");
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_ended(runs.path(), FinishReason::Stopped);
    }
}

#[test]
fn a_hang_up_that_nohup_ignores_stays_ignored() {
    let program = env!("CARGO_BIN_EXE_sanctum-tui");
    let script = "trap '' HUP; exec \"$0\" --episodes 8 --plain-interval 0";
    let mut command = Command::new("sh");
    command.args(["-c", script, program]);
    let (mut child, runs) = start(command);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), Signal::HUP).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(rest.contains(" info run completed, 8 of 8 batches done"), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_ended(runs.path(), FinishReason::Completed);
}

#[test]
fn bad_arguments_are_named_and_nothing_is_written() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("runs");
    let dir = target.to_str().unwrap();
    for (args, expected) in [
        (
            &["--task", "chess", "--run-dir", dir][..],
            "unknown task `chess`; tasks: cartpole, acrobot, pendulum",
        ),
        (&["--episodes", "0", "--run-dir", dir], "0 is not in 1.."),
        (&["--poll", "10", "--run-dir", dir], "10 is not in 33..=1000"),
        (&["--plain-interval=-1", "--run-dir", dir], "not a number of seconds"),
        (&["--frobnicate"], "--frobnicate"),
    ] {
        let (out, err, code) = finish(sanctum(args));
        assert_eq!((out.as_str(), code), ("", 2), "{args:?}: {err}");
        assert!(err.contains(expected), "{args:?}: {err}");
        assert!(!target.exists());
    }
}

#[test]
fn a_run_directory_that_cannot_be_made_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let (out, err, code) = finish(sanctum(&["--run-dir", file.to_str().unwrap()]));
    assert_eq!((out.as_str(), code), ("", 1), "{err}");
    assert!(err.starts_with("error: cannot create run directory: "), "{err}");
    assert!(err.contains("another place can be named with --run-dir"), "{err}");
}

#[test]
fn a_name_that_is_taken_gets_a_number_and_that_is_said() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().to_str().unwrap();
    let args = ["--episodes", "1", "--run-dir", dir, "--run-id", "twice"];
    let [first, second] = [(); 2].map(|()| finish(sanctum(&args)));
    assert_eq!((first.2, second.2), (0, 0));
    assert!(!first.1.contains("taken"), "{}", first.1);
    assert!(
        second.1.contains("note: the name twice was taken, so this run is twice-2"),
        "{}",
        second.1
    );
    assert!(second.0.contains(" info run twice-2 started"), "{}", second.0);
    assert!(root.path().join("twice").is_dir() && root.path().join("twice-2").is_dir());
}
