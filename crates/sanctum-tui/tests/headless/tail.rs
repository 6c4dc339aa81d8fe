//! Events as rows, of runs that are over and of runs that go on.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use leyline::demo::Scenario;
use leyline::{Envelope, EventKind};
use rustix::process::{Pid, Signal, kill_process};

use crate::recorded::{Live, Recorded, change, last_segment, rows};
use crate::run::{program, sanctum_tui};

fn tail(run: &str, more: &[&str], input: &str) -> (Option<i32>, String, String) {
    let done = sanctum_tui(&[&["tail", run, "--jsonl"], more].concat(), input.as_bytes());
    (done.code, done.out, done.err)
}

#[test]
fn the_rows_of_a_run_are_its_events_whatever_it_was_written_as() {
    let run = Recorded::new(Scenario::LossyLink);
    let rows = run.rows();
    for source in ["-", &run.closed("closed"), &run.rows_dir(), &run.rows_file()] {
        assert_eq!(tail(source, &[], &rows), (Some(0), rows.clone(), String::new()), "{source}");
    }
}

#[test]
fn the_first_row_is_the_first_event_that_reaches_the_moment() {
    let run = Recorded::new(Scenario::Calm);
    let text = run.rows();
    let of_kind = |kind: EventKind| move |event: &&Envelope| event.event.kind() == kind;
    let start = run.events.iter().find(of_kind(EventKind::TrainingStarted)).unwrap().mono_ns.0;
    let third = run.events.iter().filter(of_kind(EventKind::BatchEpochCompleted)).nth(2).unwrap();
    let ts = run.events[30].ts;
    let first = |from: &str| -> u64 {
        let wanted: &dyn Fn(&Envelope) -> bool = match from.split(':').next().unwrap() {
            "start" => &|_| true,
            "seq" => &|event| 40 <= event.seq,
            "batch" => &|event| event.seq == third.seq,
            "time" => &|event| start + 3_000_000_000 <= event.mono_ns.0,
            "ts" => &|event| ts <= event.ts,
            other => panic!("{other}"),
        };
        run.events.iter().position(wanted).unwrap() as u64
    };
    let (closed, file) = (run.closed("closed"), run.rows_file());
    for from in ["start", "seq:40", "batch:3", "time:3s", &format!("ts:{ts}")] {
        let expected = rows(&run.events[first(from) as usize..]);
        for source in ["-", &closed, &file] {
            let (code, out, err) = tail(source, &["--from", from], &text);
            assert_eq!((code, err.as_str()), (Some(0), ""), "{from} {source}");
            assert_eq!(out, expected, "{from} {source}");
        }
    }
    let over = tail(&closed, &["--from", "end"], "");
    assert_eq!(over, (Some(0), String::new(), String::new()));
    let (code, out, err) = tail(&closed, &["--from", "seq:99999"], "");
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert_eq!(err, "sanctum-tui: note: the run ends before seq:99999\n");
}

#[test]
fn what_has_no_row_is_counted() {
    let unknown = r#"{"v":1,"run_id":"r","seq":7,"ts":"2026-11-21T12:00:00.000000Z","mono_ns":1,"event_type":"SEED_PRUNED","group_id":"default","severity":"info","message":"","env_id":null,"data":{"x":[1.50]}}"#;
    let input = format!("{unknown}\nnot a row\n");
    let (code, out, err) = tail("-", &[], &input);
    assert_eq!((code, out), (Some(0), format!("{unknown}\n")));
    assert!(err.starts_with("sanctum-tui: note: 1 input without a row"), "{err}");
    assert_eq!(tail("-", &["--quiet"], &input).2, "");
}

#[test]
fn arguments_that_make_no_sense_are_2() {
    let done = sanctum_tui(&["tail", "-"], b"");
    assert!(done.code == Some(2) && done.err.contains("--jsonl"), "{}", done.err);
    let (code, _, err) = tail("-", &["--from", "batc:3"], "");
    assert!(code == Some(2) && err.contains("nearest: `batch:`"), "{err}");
}

#[test]
fn of_a_damaged_run_every_whole_event_is_printed_and_the_exit_code_is_4() {
    let run = Recorded::new(Scenario::Calm);
    let path = run.closed("runs");
    // The end mark has 18 bytes; the last byte of the last event goes with it.
    change(&last_segment(&path), |bytes| {
        let length = bytes.len() - 19;
        bytes.truncate(length);
    });
    let (code, out, err) = tail(&path, &[], "");
    assert_eq!(code, Some(4), "{err}");
    assert_eq!(out, rows(&run.events[..run.events.len() - 1]));
    assert!(err.contains("the end is torn off"), "{err}");
}

/// The program, following a live run.
struct Follower {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Follower {
    fn start(run: &str, more: &[&str]) -> Self {
        let mut command = program(&[&["tail", run, "--jsonl"], more].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// Waits for as many rows as there are events, and compares.
    #[track_caller]
    fn expect(&mut self, events: &[Envelope]) {
        for event in events {
            let mut row = String::new();
            self.out.read_line(&mut row).unwrap();
            assert_eq!(row, rows(std::slice::from_ref(event)));
        }
    }

    /// Waits for the end; returns the exit code, and what else was printed.
    fn end(mut self) -> (Option<i32>, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out, err)
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

#[test]
fn a_live_run_is_followed_to_its_end() {
    let run = Recorded::new(Scenario::Calm);
    let mut live = Live::begin(run.root.path(), run.run(), 8192);
    let (first, rest) = run.events.split_at(10);
    let (second, third) = rest.split_at(rest.len() / 2);
    live.write(first);
    let mut follower = Follower::start(&live.path(), &[]);
    follower.expect(first);
    live.write(second);
    follower.expect(second);
    live.write(third);
    live.close();
    follower.expect(third);
    assert_eq!(follower.end(), (Some(0), String::new(), String::new()));
}

#[test]
fn of_a_run_whose_writer_dies_the_rest_is_damage() {
    let run = Recorded::new(Scenario::Calm);
    let path = run.closed("runs");
    // Half a frame in place of the end mark, and somebody who holds the lock: a writer in the middle of a write.
    change(&last_segment(&path), |bytes| {
        let length = bytes.len() - 9;
        bytes.truncate(length);
    });
    let dir = nissa::RunDir::open(path.as_ref()).unwrap();
    let lock = std::fs::File::open(dir.manifest()).unwrap();
    lock.lock().unwrap();
    let mut follower = Follower::start(&path, &[]);
    follower.expect(&run.events);
    drop(lock);
    let (code, out, err) = follower.end();
    assert_eq!((code, out.as_str()), (Some(4), ""), "{err}");
    assert!(err.contains("the end is torn off (9 bytes), no event lost"), "{err}");
}

#[test]
fn a_signal_ends_the_following_with_its_code() {
    let run = Recorded::new(Scenario::Calm);
    let mut live = Live::begin(run.root.path(), run.run(), 8192);
    live.write(&run.events[..5]);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut follower = Follower::start(&live.path(), &[]);
        // Whoever prints listens.
        follower.expect(&run.events[..5]);
        follower.send(signal);
        assert_eq!(follower.end(), (Some(code), String::new(), String::new()));
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_with_0() {
    let run = Recorded::new(Scenario::Calm);
    let mut live = Live::begin(run.root.path(), run.run(), 8192);
    live.write(&run.events[..5]);
    let Follower { mut child, out } = Follower::start(&live.path(), &[]);
    drop(out);
    // It notices when it has something to say.
    live.write(&run.events[5..]);
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}
