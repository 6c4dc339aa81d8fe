//! Measures how fast a run is exported and checked: events and lines a second, into memory that forgets them.
//! Prints one JSON object per line.
//!
//! `cargo run --release -q -p sanctum-tui --example bench_export [EVENTS]`

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser as _;
use leyline::{RunId, Timestamp, demo};
use nissa::RunDir;
use nissa::log::sink::{Fsync, LogSink};
use nissa::manifest::Manifest;
use sanctum_tui::cli::Cli;
use sanctum_tui::headless::{self, Failure};
use serde_json::json;
use simic_emitter::Sink as _;

/// Events of the run, if nobody says otherwise.
const EVENTS: usize = 1_000_000;
const ROUNDS: usize = 3;

fn main() {
    let asked = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let events = asked.unwrap_or(EVENTS);
    let root = tempfile::tempdir().expect("a directory");
    let run = written(root.path(), events);
    measure("rows", &["export", &run, "--format", "rows"], events);
    measure("csv", &["export", &run, "--format", "csv"], events);
    measure("jsonl", &["export", &run, "--format", "jsonl"], events);
    let one = ["--metrics", "policy.kl_divergence"];
    measure("csv, one metric", &[&["export", &run, "--format", "csv"], &one[..]].concat(), events);
    measure("check", &["check", &run], events);
}

/// Writes a made-up run into a log and returns its directory.
fn written(root: &std::path::Path, events: usize) -> String {
    let mut stream = demo::stream(1).take(events).peekable();
    let id = stream.peek().map_or_else(|| RunId::nearest("bench"), |event| event.run_id.clone());
    let (dir, id) = RunDir::create(root, &id).expect("a run directory");
    let manifest = Manifest::new(id, Timestamp::from_micros(0));
    let mut sink = LogSink::create(&dir, &manifest, Fsync::Never).expect("a log");
    for event in stream {
        sink.accept(&Arc::new(event)).expect("room on the disk");
    }
    sink.flush().expect("room on the disk");
    drop(sink);
    dir.path().to_str().expect("a name in UTF-8").to_owned()
}

/// Counts what it is given, and forgets it.
#[derive(Default)]
struct Counter {
    bytes: u64,
    lines: u64,
}

impl Write for Counter {
    #[expect(clippy::naive_bytecount, reason = "a few percent of what is measured")]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        self.lines += bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a command a few times and reports the median.
fn measure(name: &str, args: &[&str], events: usize) {
    let cli = Cli::parse_from(std::iter::once("sanctum-tui").chain(args.iter().copied()));
    let command = cli.command.expect("a command");
    let mut times = Vec::new();
    let mut out = Counter::default();
    for _ in 0..ROUNDS {
        out = Counter::default();
        let begun = now();
        match headless::run(&command, &cli.display, &mut out, &mut io::sink()) {
            // A made-up run need not be a healthy one.
            Ok(()) | Err(Failure::Verdict(_)) => {}
            Err(failure) => panic!("{name}: {failure}"),
        }
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let seconds = times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64);
    let detail = format!(
        "median of {ROUNDS}; a made-up run of {events} events in a log, page cache warm; \
         {} lines, {:.0} MB out, {seconds:.2} s",
        out.lines,
        out.bytes as f64 / 1e6
    );
    report(&format!("export/{name}"), events as f64 / seconds, "events/s", &detail);
    if name != "check" {
        let rate = out.lines as f64 / seconds;
        report(&format!("export/{name} lines"), rate, "lines/s", &detail);
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "the output of a benchmark")]
fn report(name: &str, value: f64, unit: &str, detail: &str) {
    let line = json!({
        "name": name, "value": value.round(), "unit": unit, "better": "higher", "detail": detail,
    });
    println!("{line}");
}
