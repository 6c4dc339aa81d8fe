//! `sanctum-tui check --follow`: what it says on the way, what it starts, and how it ends.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::Arc;

use karn_sanctum::Aggregator;
use leyline::demo::Scenario;
use leyline::{Envelope, Incoming, ViewNs};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::recorded::{Live, Recorded, rows};
use crate::run::{program, sanctum_tui};

/// Returns after how many events the first alert lasts.
fn first_alert(events: &[Envelope]) -> usize {
    let mut fold = Aggregator::new();
    let is_open = |event: &Envelope| {
        let now = ViewNs(event.mono_ns.0);
        fold.apply(&Incoming::Known(Arc::new(event.clone())), now);
        fold.keys().iter().any(|key| !fold.alerts(key, now).open().is_empty())
    };
    1 + events.iter().position(is_open).expect("the scenario has an alert")
}

/// The program, following a run.
struct Follower {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Follower {
    fn start(run: &str, more: &[&str], root: &Path) -> Self {
        let mut command = program(&[&["check", run, "--follow"], more].concat());
        // The command of an alert is looked for there.
        command.env("PATH", env!("PATH")).env("OUT", root.join("told"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// Waits for the end; returns the exit code, and what else was printed.
    fn end(mut self) -> (Option<i32>, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out, err)
    }
}

/// Returns what was told of alerts, but for those of silence: how long this test takes is no matter.
fn told(lines: &str) -> Vec<String> {
    let told = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let rule = value["alert"]["rule"].as_str()?.to_owned();
        let change = value["change"].as_str().unwrap();
        let level = value["alert"]["level"].as_str().unwrap();
        (rule != "age" && rule != "stall").then(|| format!("{change} {rule} {level}"))
    };
    lines.lines().filter_map(told).collect()
}

#[test]
fn a_live_run_is_followed_with_its_alerts_to_the_result_that_check_has() {
    let run = Recorded::new(Scenario::EntropyCollapse);
    let mut live = Live::begin(run.root.path(), run.run(), 8192);
    let (first, rest) = run.events.split_at(first_alert(&run.events));
    live.write(first);
    let command = r#"sh -c 'cat >> "$OUT"'"#;
    let sink = ["--json", "--alert-command", command, "--alert-level", "warning"];
    let mut follower = Follower::start(&live.path(), &sink, run.root.path());
    // What lasts when it comes counts as beginning then, and from then on it is live.
    let joined = follower.line();
    assert!(told(&joined)[0].starts_with("began "), "{joined}");
    live.write(rest);
    let path = live.close();
    let (code, out, err) = follower.end();
    assert_eq!((code, err.as_str()), (Some(11), ""));
    let (news, result) = out.trim_end().rsplit_once('\n').unwrap();
    let after = sanctum_tui(&["check", &path, "--json"], b"");
    assert_eq!((after.code, after.out.trim_end()), (Some(11), result));
    let news = told(&format!("{joined}{news}"));
    let began: Vec<&String> = news.iter().filter(|line| line.starts_with("began ")).collect();
    let result: Value = serde_json::from_str(result).unwrap();
    assert_eq!(began.len(), result["groups"][0]["alerts"].as_array().unwrap().len(), "{news:?}");
    // The command heard of each that is a warning or worse, once, and of what got worse from less than that.
    let heard = told(&std::fs::read_to_string(run.root.path().join("told")).unwrap());
    let expected: Vec<String> = news
        .iter()
        .filter(|line| line.starts_with("began ") && !line.ends_with(" info"))
        .cloned()
        .collect();
    assert_eq!(heard, expected);
    assert!(!heard.is_empty());
}

#[test]
fn lines_for_people_say_what_began_and_a_run_that_is_over_has_none() {
    let run = Recorded::new(Scenario::EntropyCollapse);
    let closed = run.closed("closed");
    let followed = sanctum_tui(&["check", &closed, "--follow"], b"");
    assert_eq!(followed, sanctum_tui(&["check", &closed], b""));
    // Of a pipe nobody can say what was before.
    let piped = sanctum_tui(&["check", "-", "--follow"], rows(&run.events).as_bytes());
    assert_eq!(piped.code, Some(11), "{}", piped.err);
    assert!(piped.out.starts_with("began "), "{}", piped.out);
    assert!(piped.out.ends_with(&followed.out), "{}", piped.out);
    let at = sanctum_tui(&["check", &closed, "--follow", "--at", "batch:3"], b"");
    assert_eq!(at.code, Some(2), "{}", at.err);
    let socket = sanctum_tui(&["check", "unix:/no/such/socket"], b"");
    assert!(socket.code == Some(2) && socket.err.contains("--follow"), "{}", socket.err);
}

#[test]
fn a_command_that_fails_is_told_once_and_changes_no_exit_code() {
    let run = Recorded::new(Scenario::EntropyCollapse);
    let input = rows(&run.events);
    let fails = ["check", "-", "--follow", "--alert-command", "/no/such/program"];
    let done = sanctum_tui(&fails, input.as_bytes());
    assert_eq!(done.code, Some(11));
    let why = "sanctum-tui: note: alert command: cannot start `/no/such/program`: ";
    assert_eq!(done.err.matches(why).count(), 1, "{}", done.err);
    assert!(done.err.contains("sanctum-tui: note: the alert command failed for "), "{}", done.err);
}

#[test]
fn silence_is_told_while_it_lasts_and_is_no_part_of_the_result() {
    let run = Recorded::new(Scenario::Calm);
    let mut live = Live::begin(run.root.path(), run.run(), 8192);
    let (first, rest) = run.events.split_at(run.events.len() / 2);
    live.write(first);
    let mut follower = Follower::start(&live.path(), &[], run.root.path());
    // Nothing is written until it is told that nothing is.
    while !follower.line().starts_with("began warning age staleness_seconds (TELE-702) ") {}
    live.write(rest);
    let path = live.close();
    let (code, out, err) = follower.end();
    assert!(out.lines().any(|line| line.starts_with("ended ") && line.contains(" age ")), "{out}");
    let after = sanctum_tui(&["check", &path], b"");
    assert_eq!((code, err.as_str()), (after.code, ""));
    assert!(out.ends_with(&after.out) && !after.out.contains(" age "), "{out}");
}

#[test]
fn a_signal_ends_the_following_with_its_code() {
    let run = Recorded::new(Scenario::EntropyCollapse);
    let mut live = Live::begin(run.root.path(), run.run(), 8192);
    live.write(&run.events[..first_alert(&run.events)]);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut follower = Follower::start(&live.path(), &[], run.root.path());
        // Whoever prints listens.
        assert!(follower.line().starts_with("began "));
        kill_process(Pid::from_child(&follower.child), signal).unwrap();
        let (ended, out, err) = follower.end();
        assert_eq!((ended, err.as_str()), (Some(code), ""));
        assert!(!out.contains("batches: "), "{out}");
    }
}
