//! Runs on the disk: the same events as a run directory with a log, live or closed, and as a file of rows.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leyline::demo::{self, Scenario};
use leyline::wire::encode_row;
use leyline::{Envelope, RunId};
use nissa::RunDir;
use nissa::log::sink::{Disk, Fsync, LogConfig, LogSink};
use nissa::manifest::Manifest;
use simic_emitter::Sink as _;

/// A run that is being written.
pub(crate) struct Live {
    sink: LogSink,
    dir: RunDir,
}

impl Live {
    /// Begins a run of this name below `root`, with segments of `segment_bytes`.
    pub(crate) fn begin(root: &Path, run: &RunId, segment_bytes: u64) -> Self {
        let (dir, run) = RunDir::create(root, run).unwrap();
        let manifest = Manifest::new(run, leyline::Timestamp::from_micros(0));
        let config = LogConfig { fsync: Fsync::Never, segment_bytes };
        let sink = LogSink::create_on(Disk, &dir, &manifest, config).unwrap();
        Self { sink, dir }
    }

    /// Writes events, so that whoever reads the run finds them.
    pub(crate) fn write(&mut self, events: &[Envelope]) {
        for event in events {
            self.sink.accept(&Arc::new(event.clone())).unwrap();
        }
        self.sink.flush().unwrap();
    }

    pub(crate) fn path(&self) -> String {
        path(self.dir.path())
    }

    /// Closes the run in order, and returns its directory.
    pub(crate) fn close(self) -> String {
        let path = self.path();
        drop(self.sink);
        path
    }
}

/// A root that goes with the value, and what is in it.
pub(crate) struct Recorded {
    pub(crate) root: tempfile::TempDir,
    pub(crate) events: Vec<Envelope>,
}

impl Recorded {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self { root: tempfile::tempdir().unwrap(), events: demo::events(scenario, 1) }
    }

    pub(crate) fn run(&self) -> &RunId {
        &self.events[0].run_id
    }

    /// A live run below `root/<name>` with all events, in segments of a few kilobytes.
    pub(crate) fn live(&self, name: &str) -> Live {
        let mut live = Live::begin(&self.root.path().join(name), self.run(), 8192);
        live.write(&self.events);
        live
    }

    /// The directory of a run below `root/<name>` that was closed in order.
    pub(crate) fn closed(&self, name: &str) -> String {
        self.live(name).close()
    }

    /// The rows of all events.
    pub(crate) fn rows(&self) -> String {
        rows(&self.events)
    }

    /// A file of those rows.
    pub(crate) fn rows_file(&self) -> String {
        let file = self.root.path().join("rows.jsonl");
        fs::write(&file, self.rows()).unwrap();
        path(&file)
    }

    /// A directory as older versions wrote it, with rows in place of a log.
    pub(crate) fn rows_dir(&self) -> String {
        let (dir, _) = RunDir::create(&self.root.path().join("old"), self.run()).unwrap();
        fs::write(dir.events(), self.rows()).unwrap();
        path(dir.path())
    }
}

/// Returns events as rows.
pub(crate) fn rows(events: &[Envelope]) -> String {
    let mut text = String::new();
    for event in events {
        encode_row(event, &mut text);
        text.push('\n');
    }
    text
}

/// Returns the last segment of a run.
pub(crate) fn last_segment(run: &str) -> PathBuf {
    let dir = RunDir::open(Path::new(run)).unwrap();
    dir.segment(*dir.segments().unwrap().last().unwrap())
}

/// Changes a file.
pub(crate) fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
