//! What happens to a log while it is written: another trainer of the same name, a directory that is removed, a place where
//! nothing can be written for a while, a clock that is set back. Training goes on, and the operator is told.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::Receiver;
use karn_sanctum::{Aggregator, Snapshot};
use leyline::{
    Envelope, Event, GroupId, Heartbeat, Incoming, Phase, RunId, RunNs, Timestamp, ViewNs,
};
use nissa::RunDir;
use nissa::log::sink::{Disk, Fsync, LogConfig, LogSink};
use nissa::manifest::Manifest;
use nissa::recording::{Read, Recording, Seek};
use sanctum_widgets::{RunHeader, RunHeaderProps, Theme, dump};
use simic_emitter::{Cause, Clock, Guard, Hub, HubBuilder, Now};

use crate::support::{get, logged, printed, sanctum_tui, small, train_as};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);
const NOON: i64 = 1_795_262_400_000_000;
const HOUR: i64 = 3_600_000_000;

/// Two clocks that stand until they are moved, the one on the wall also backwards.
#[derive(Debug)]
struct TwoClocks {
    wall: AtomicI64,
    mono: AtomicU64,
}

impl TwoClocks {
    fn pass(&self, by: Duration) {
        self.wall.fetch_add(by.as_micros() as i64, Ordering::SeqCst);
        self.mono.fetch_add(by.as_nanos() as u64, Ordering::SeqCst);
    }

    fn set_back(&self, micros: i64) {
        self.wall.fetch_sub(micros, Ordering::SeqCst);
    }
}

impl Clock for TwoClocks {
    fn now(&self) -> Now {
        Now {
            ts: Timestamp::from_micros(self.wall.load(Ordering::SeqCst)),
            mono_ns: RunNs(self.mono.load(Ordering::SeqCst)),
        }
    }
}

/// A hub with a log and a viewer.
struct Rig {
    clock: Arc<TwoClocks>,
    hub: Hub,
    guard: Guard,
    live: Receiver<Arc<Envelope>>,
    dir: RunDir,
}

impl Rig {
    fn new(root: &Path, segment_bytes: u64) -> Self {
        let clock = Arc::new(TwoClocks { wall: AtomicI64::new(NOON), mono: AtomicU64::new(0) });
        let (dir, run) = RunDir::create(root, &RunId::new("run").unwrap()).unwrap();
        let manifest = Manifest::new(run.clone(), clock.now().ts);
        let config = LogConfig { fsync: Fsync::Interval, segment_bytes };
        let log = LogSink::create_on(Disk, &dir, &manifest, config).unwrap();
        let (sink, live) = nissa::channel(1 << 16);
        let (hub, guard) = HubBuilder::new(run, GroupId::default(), Arc::clone(&clock) as Arc<_>)
            .sink("log", LogSink::BOUNDS, log)
            .sink("live", LogSink::BOUNDS, sink)
            .start(LONG)
            .unwrap();
        Self { clock, hub, guard, live, dir }
    }

    /// Emits so many events, a millisecond of the run apart.
    fn beat(&self, times: u64) {
        for batch in 1..=times {
            self.clock.pass(Duration::from_millis(1));
            let batch_idx = Some(batch);
            self.hub.emit(Heartbeat { phase: Phase::Updating, batch_idx, inner_epoch: None });
        }
    }

    /// Events that the log has lost so far.
    fn lost(&self) -> u64 {
        let counts = self.hub.counts();
        let log = counts.iter().find(|counts| counts.sink == "log").unwrap();
        assert_eq!(log.emitted, log.delivered + log.dropped() + log.queued);
        log.dropped_by(Cause::SinkFailed).total()
    }

    /// What a viewer of the run sees by now.
    fn seen(&self) -> Snapshot {
        let mut aggregator = Aggregator::new();
        let mut now = ViewNs(0);
        for envelope in self.live.try_iter() {
            now = ViewNs(envelope.mono_ns.0);
            aggregator.apply(&Incoming::Known(envelope), now);
        }
        let key = aggregator.default_key().unwrap();
        aggregator.snapshot(&key, now)
    }
}

fn header(snapshot: &Snapshot) -> String {
    let props = RunHeaderProps::from(snapshot);
    let widget = RunHeader::new(props, &Theme::DARK);
    dump::rows(&dump::draw_buffer(&widget, 120, 1)).remove(0)
}

fn seqs(events: &[Incoming]) -> Vec<u64> {
    let known = events.iter().map(|incoming| match incoming {
        Incoming::Known(envelope) => envelope.seq,
        Incoming::Unknown(_) | Incoming::Rejected(_) => panic!("{incoming:?}"),
    });
    known.collect()
}

#[test]
fn two_trainers_of_one_name_write_two_logs() {
    let root = tempfile::tempdir().unwrap();
    let run_id = RunId::new("twin").unwrap();
    let threads: Vec<_> = [1, 2]
        .into_iter()
        .map(|seed| {
            let mut config = small(6);
            config.seed = seed;
            let (run_id, root) = (run_id.clone(), root.path().to_owned());
            let train = move || train_as(Some(run_id), config, None, &root);
            Builder::new().name("trainer".to_owned()).spawn(train).unwrap()
        })
        .collect();
    let runs: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let mut names: Vec<_> =
        runs.iter().map(|run| run.dir.file_name().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["twin", "twin-2"]);
    for run in &runs {
        let name = run.dir.file_name().unwrap().to_str().unwrap();
        assert!(logged(&run.dir) == run.events, "log and channel of {name} differ");
        assert_eq!(get(&run.dir, &[], "run_id"), name);
        assert_eq!(run.told.len(), if name == "twin" { 1 } else { 2 }, "{:?}", run.told);
    }
    let told: Vec<&String> = runs.iter().flat_map(|run| &run.told).collect();
    let note = "note: the name twin was taken, so this run is twin-2";
    assert!(told.iter().any(|line| *line == note), "{told:?}");
    assert_ne!(
        get(&runs[0].dir, &[], "policy.policy_loss"),
        get(&runs[1].dir, &[], "policy.policy_loss")
    );
}

#[test]
fn a_directory_that_is_removed_under_its_writer_is_told() {
    let root = tempfile::tempdir().unwrap();
    let rig = Rig::new(root.path(), 1 << 26);
    rig.beat(10);
    assert!(rig.hub.flush(LONG), "the log is there");
    assert_eq!(rig.lost(), 0);
    fs::remove_dir_all(rig.dir.path()).unwrap();
    rig.beat(10);
    // A write to a removed file succeeds, so only the look at it can tell; what is promised is not given.
    assert!(!rig.hub.flush(LONG), "acknowledged, but nothing is there");
    rig.clock.pass(Duration::from_secs(2));
    rig.beat(5);
    assert!(!rig.hub.flush(LONG));
    let lost = rig.lost();
    assert!(0 < lost, "{:?}", rig.hub.counts());
    rig.clock.pass(Duration::from_secs(2));
    rig.beat(1);
    rig.hub.flush(LONG);
    let snapshot = rig.seen();
    assert_eq!(snapshot.telemetry.events_lost, Some(0), "the viewer itself got everything");
    let reported = snapshot.telemetry.sink_losses.as_ref().unwrap()["log"].total();
    assert!(lost <= reported, "{reported} of {lost}");
    assert!(header(&snapshot).contains(&format!("SINK {reported}")), "{}", header(&snapshot));
    // Nobody has to wait longer for a log that cannot be written.
    assert!(!rig.guard.close(LONG));
}

/// A directory under another name stands for a place where nothing can be made for a while: read-only, full, not mounted.
#[test]
fn a_log_that_cannot_go_on_counts_what_it_loses_and_goes_on_when_it_can() {
    let root = tempfile::tempdir().unwrap();
    let rig = Rig::new(root.path(), 64 * 1024);
    let elsewhere = root.path().join("elsewhere");
    fs::rename(rig.dir.path(), &elsewhere).unwrap();
    // Heartbeats of some 40 bytes: enough to fill the first segment, which is open.
    rig.beat(4000);
    assert!(!rig.hub.flush(LONG), "what is lost cannot be acknowledged");
    let lost = rig.lost();
    assert!(0 < lost, "{:?}", rig.hub.counts());
    fs::rename(&elsewhere, rig.dir.path()).unwrap();
    rig.clock.pass(LONG);
    rig.beat(50);
    rig.hub.flush(LONG);
    rig.clock.pass(Duration::from_secs(2));
    rig.beat(50);
    assert!(rig.hub.flush(LONG), "it can be written again");
    let (dir, lost, snapshot) = (rig.dir.path().to_owned(), rig.lost(), rig.seen());
    assert_eq!(snapshot.telemetry.sink_losses.as_ref().unwrap()["log"].total(), lost);
    let emitted = rig.hub.next_seq();
    assert!(rig.guard.close(LONG));
    let seqs = seqs(&logged(&dir));
    assert!(seqs.is_sorted_by(|a, b| a < b));
    assert_eq!(seqs.len() as u64 + lost, emitted, "there is no third fate");
    assert_eq!(seqs.last(), Some(&(emitted - 1)));
    // Whoever reads the log later sees the hole, and its reason.
    assert_eq!(get(&dir, &[], "telemetry.events_lost"), lost.to_string());
    assert!(get(&dir, &[], "telemetry.sink_losses").contains("\"log\""));
}

#[test]
fn a_clock_that_is_set_back_an_hour_changes_no_order() {
    let root = tempfile::tempdir().unwrap();
    let rig = Rig::new(root.path(), 64 * 1024);
    rig.beat(3000);
    rig.clock.set_back(HOUR);
    rig.beat(3000);
    let live: Vec<Incoming> = {
        assert!(rig.hub.flush(LONG));
        rig.live.try_iter().map(Incoming::Known).collect()
    };
    let dir = rig.dir.path().to_owned();
    assert!(rig.guard.close(LONG));
    assert!(logged(&dir) == live, "log and channel differ");
    assert!(seqs(&live).into_iter().eq(0..6000), "an event is missing");
    let ts = |at: usize| match &live[at] {
        Incoming::Known(envelope) => envelope.ts.as_micros(),
        Incoming::Unknown(_) | Incoming::Rejected(_) => unreachable!("a hub emits what is known"),
    };
    assert!(ts(3000) < ts(2999) - HOUR / 2, "the wall clock did go back");

    // Places are found by number and by the clock of the run, which never goes back.
    let mut recording = Recording::open(&dir).unwrap();
    for (to, expected) in [
        (Seek::Seq(3000), 3000),
        (Seek::MonoNs(RunNs(2_000_000_000)), 1999),
        (Seek::MonoNs(RunNs(5_999_000_001)), 5999),
        (Seek::Seq(0), 0),
    ] {
        recording.seek(to).unwrap();
        let Read::Event(Incoming::Known(envelope)) = recording.read().unwrap() else { panic!() };
        assert_eq!(envelope.seq, expected, "{to:?}");
        assert!(matches!(envelope.event, Event::Heartbeat(_)));
    }
    let run = dir.to_str().unwrap();
    let tail = printed(&["tail", run, "--jsonl", "--from", "seq:5990"]);
    assert_eq!(tail.lines().count(), 10);
    assert_eq!(get(&dir, &[], "telemetry.events_lost"), "0");
    assert_eq!(sanctum_tui(&["fsck", run]).code, 0);
}
