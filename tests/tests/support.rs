//! What several stories need: rows made by hand, and the commands of `sanctum-tui` run inside the test.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Parser;
use leyline::{Incoming, RunId, Timestamp};
use nissa::log::sink::Fsync;
use nissa::recording::{Read, Recording};
use sanctum_tui::cli::Cli;
use sanctum_tui::headless;
use sanctum_tui::source::trainer::{self, LogPlace};
use sanctum_tui::source::{Arrival, Source};
use serde_json::{Value, json};
use simic_emitter::StopFlag;
use simic_training::checkpoint::Checkpoint;
use simic_training::config::Config;
use simic_training::env::Task;

/// Rows of a run, as a file would hold them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    /// The rows so far, each with its line feed.
    pub(crate) text: String,
    /// Number of the next row.
    pub(crate) seq: u64,
    group: Option<&'static str>,
}

impl Rows {
    /// The rows that follow are of this group.
    pub(crate) const fn group(mut self, group: &'static str) -> Self {
        self.group = Some(group);
        self
    }

    /// The next row has this number.
    pub(crate) const fn seq(mut self, seq: u64) -> Self {
        self.seq = seq;
        self
    }

    /// Adds a row `at` seconds after the run was created; what `data` lacks of required fields is filled in.
    pub(crate) fn event(mut self, event_type: &str, at: f64, data: Value) -> Self {
        let mut fields = required(event_type);
        if let (Value::Object(fields), Value::Object(data)) = (&mut fields, data) {
            fields.extend(data);
        }
        let row = json!({
            "v": 1,
            "run_id": "run",
            "seq": self.seq,
            "ts": format!("2026-11-21T12:{:02}:{:02}.{:03}Z", at as u64 / 60 % 60, at as u64 % 60, (at * 1e3).round() as u64 % 1000),
            "mono_ns": (at * 1e9).round() as u64,
            "event_type": event_type,
            "group_id": self.group.unwrap_or("default"),
            "data": fields,
        });
        writeln!(self.text, "{row}").unwrap();
        self.seq += 1;
        self
    }

    /// Adds `TRAINING_STARTED`.
    pub(crate) fn start(self, at: f64, data: Value) -> Self {
        self.event("TRAINING_STARTED", at, data)
    }

    /// Adds `BATCH_EPOCH_COMPLETED`.
    pub(crate) fn batch(self, at: f64, data: Value) -> Self {
        self.event("BATCH_EPOCH_COMPLETED", at, data)
    }

    /// Adds `PPO_UPDATE_COMPLETED`.
    pub(crate) fn update(self, at: f64, data: Value) -> Self {
        self.event("PPO_UPDATE_COMPLETED", at, data)
    }

    /// Adds `HEARTBEAT`.
    pub(crate) fn heartbeat(self, at: f64) -> Self {
        self.event("HEARTBEAT", at, json!({}))
    }

    /// Adds a line as it is.
    pub(crate) fn line(mut self, line: &str) -> Self {
        self.text.push_str(line);
        self.text.push('\n');
        self
    }
}

fn required(event_type: &str) -> Value {
    match event_type {
        "TRAINING_STARTED" => json!({"task": "task", "max_batches": 10, "start_batch": 0}),
        "TRAINING_FINISHED" => {
            json!({"reason": "completed", "last_batch": 0, "batches_since_start": 0, "updates_skipped": 0})
        }
        "CHECKPOINT_LOADED" => json!({"path": "x.ckpt"}),
        "HEARTBEAT" => json!({"phase": "updating"}),
        "PPO_UPDATE_COMPLETED" => json!({"skipped": false}),
        _ => json!({}),
    }
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    /// Its exit code.
    pub(crate) code: u8,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) notes: String,
}

/// Runs `sanctum-tui` with these arguments as its `main` does.
pub(crate) fn sanctum_tui(args: &[&str]) -> Done {
    let cli = match Cli::try_parse_from(std::iter::once(&"sanctum-tui").chain(args)) {
        Ok(cli) => cli,
        Err(error) => {
            return Done {
                code: error.exit_code() as u8,
                out: String::new(),
                notes: error.to_string(),
            };
        }
    };
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let outcome = match &cli.command {
        Some(command) => headless::run(command, &cli.display, &mut out, &mut notes),
        None => panic!("no command in {args:?}"),
    };
    let mut notes = String::from_utf8(notes).unwrap();
    let code = outcome.map_or_else(
        |failure| {
            notes.push_str(&failure.to_string());
            failure.exit_code()
        },
        |()| 0,
    );
    Done { code, out: String::from_utf8(out).unwrap(), notes }
}

/// Returns what a command printed; fails if it did not succeed.
#[track_caller]
pub(crate) fn printed(args: &[&str]) -> String {
    let done = sanctum_tui(args);
    assert_eq!(done.code, 0, "{args:?}: {}", done.notes);
    done.out
}

/// Returns one value of the snapshot of a run, as it is printed.
#[track_caller]
pub(crate) fn get(run: &Path, more: &[&str], path: &str) -> String {
    let run = run.to_str().unwrap();
    let args = [&["snapshot", run, "--json", "--get", path], more].concat();
    let text = printed(&args);
    text.strip_suffix('\n').unwrap().to_owned()
}

/// Returns the whole snapshot of a run.
#[track_caller]
pub(crate) fn snapshot(run: &Path, more: &[&str]) -> Value {
    let args = [&["snapshot", run.to_str().unwrap(), "--json"], more].concat();
    serde_json::from_str(&printed(&args)).unwrap()
}

/// Writes rows into a file of their own, which lives as long as the returned directory.
pub(crate) fn file(text: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.jsonl");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

/// Returns the path of a file in the test data of `leyline`.
pub(crate) fn wire_data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/leyline/testdata/wire").join(name)
}

/// Compares two printed values: numbers within 1e-6 as the acceptance cases allow, anything else as text.
#[track_caller]
pub(crate) fn assert_value(case: &str, found: &str, expected: &str) {
    match (found.parse::<f64>(), expected.parse::<f64>()) {
        (Ok(a), Ok(b)) if a.is_finite() => {
            assert!((a - b).abs() <= 1e-6, "{case}: {found} instead of {expected}");
        }
        _ => assert_eq!(found, expected, "{case}"),
    }
}

/// A run that was trained in this process.
#[derive(Debug)]
pub(crate) struct Trained {
    /// Its directory.
    pub(crate) dir: PathBuf,
    /// What is told about the directory.
    pub(crate) told: Vec<String>,
    /// What a viewer in the same process received, in order.
    pub(crate) events: Vec<Incoming>,
}

/// Trains to the end, as `esper ppo` does, and returns what a viewer saw and what was written.
pub(crate) fn train(config: Config, from: Option<Checkpoint>, root: &Path) -> Trained {
    train_as(None, config, from, root)
}

/// As [`train`], asking for this run id.
pub(crate) fn train_as(
    run_id: Option<RunId>,
    config: Config,
    from: Option<Checkpoint>,
    root: &Path,
) -> Trained {
    let now = Timestamp::from_micros(1_763_726_400_000_000);
    let place = LogPlace { root: root.to_owned(), run_id, fsync: Fsync::Never };
    let (run, written) =
        trainer::begin(Task::CartPole, config, from, Some(&place), None, now).unwrap();
    let written = written.unwrap();
    // Room for everything, so that this thread need not read while the source writes.
    let (out, arrivals) = crossbeam_channel::bounded(1 << 16);
    Source::run(Box::new(run), &out, &StopFlag::new()).unwrap();
    drop(out);
    let events = arrivals.iter().filter_map(|arrival| match arrival {
        Arrival::Event(incoming) => Some(incoming),
        Arrival::Link(_) | Arrival::Feed(_) | Arrival::Log(_) => None,
    });
    let events = events.collect();
    assert_eq!(written.loss(), None);
    Trained { dir: written.path().to_owned(), told: written.place(), events }
}

/// Returns everything that is in a log, which must be whole.
#[track_caller]
pub(crate) fn logged(run: &Path) -> Vec<Incoming> {
    let mut recording = Recording::open(run).unwrap();
    let mut events = Vec::new();
    while let Read::Event(incoming) = recording.read().unwrap() {
        events.push(incoming);
    }
    assert_eq!(recording.damage(), []);
    events
}

/// Returns a small run: two environments, batches of 16 epochs, every epoch reported.
pub(crate) fn small(batches: u64) -> Config {
    Config {
        n_envs: 2,
        max_epochs: 16,
        requested_batches: batches,
        epoch_every: 1,
        ..Config::default_run(Task::CartPole, 7)
    }
}
