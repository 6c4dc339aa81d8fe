//! The time machine beside a live run: looking back while it goes on, and the way back to the present.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use leyline::demo::{self, Scenario};
use leyline::{RunId, Timestamp, wire};
use nissa::log::sink::Fsync;
use sanctum_tui::fold::Picture;
use sanctum_tui::headless::snapshot::to_json;
use sanctum_tui::session::Session;
use sanctum_tui::source::trainer::{self, LogPlace};
use sanctum_tui::source::{Arrival, Source};
use sanctum_tui::time::{Ask, Goal, Motion};
use simic_emitter::{StopFlag, StopLevel};
use simic_training::config::Config;
use simic_training::env::Task;

/// How long to wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// Returns the first newest picture that is as wanted.
fn newest(session: &Session, is_it: impl Fn(&Picture) -> bool) -> Arc<Picture> {
    loop {
        let picture = session.fold.latest.recv_timeout(PATIENCE).unwrap();
        if is_it(&picture) {
            return picture;
        }
    }
}

/// Returns the first picture of the past that is as wanted.
fn past(session: &Session, is_it: impl Fn(&Picture) -> bool) -> Arc<Picture> {
    loop {
        let (visit, picture) = session.past().recv_timeout(PATIENCE).unwrap();
        if session.is_shown(visit) && is_it(&picture) {
            return picture;
        }
    }
}

fn seq(picture: &Picture) -> Option<u64> {
    picture.moment.as_ref().unwrap().seq
}

/// What the command says about an event of a run.
fn commanded(run: &Path, seq: u64) -> String {
    let at = format!("seq:{seq}");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sanctum-tui"));
    let command = command.arg("snapshot").arg(run).args(["--json", "--at", &at]);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

fn json(picture: &Picture) -> String {
    to_json(&picture.snapshot) + "\n"
}

#[test]
fn a_live_run_that_is_held_is_the_same_run_replayed_and_goes_on_meanwhile() {
    let root = tempfile::tempdir().unwrap();
    let place = LogPlace {
        root: root.path().to_owned(),
        run_id: Some(RunId::new("held").unwrap()),
        fsync: Fsync::Never,
    };
    let config = Config {
        n_envs: 2,
        max_epochs: 16,
        requested_batches: 1_000_000,
        ..Config::default_run(Task::CartPole, 7)
    };
    let start = Timestamp::from_micros(1_763_726_400_000_000);
    let (run, written) =
        trainer::begin(Task::CartPole, config, None, Some(&place), None, start).unwrap();
    let written = written.unwrap();
    let session = Session::start(Box::new(run), POLL).unwrap();
    for batch in [2, 6] {
        let shown = newest(&session, |picture| Some(batch) <= picture.snapshot.current_batch);
        session.ask(Ask::Hold(None), &shown);
        let held = past(&session, |_| true);
        assert_eq!(seq(&held), seq(&shown));
        assert_eq!(held.moment.as_ref().unwrap().motion, Motion::Still);
        assert_eq!(json(&held), commanded(written.path(), seq(&held).unwrap()));
        // Only what the viewer itself knows differs from the live view.
        assert_eq!(held.snapshot.policy, shown.snapshot.policy);
        assert_eq!(held.snapshot.event_log, shown.snapshot.event_log);
        session.ask(Ask::Go(Goal::Batches(-1)), &shown);
        let earlier = past(&session, |picture| seq(picture) < seq(&held));
        assert_eq!(json(&earlier), commanded(written.path(), seq(&earlier).unwrap()));
        // The live view goes on beside it.
        newest(&session, |picture| seq(&shown) < seq(picture));
        session.ask(Ask::Live, &shown);
        assert!(!session.is_shown(1) && !session.is_shown(2));
    }
    session.stop_trainer(StopLevel::Now);
    newest(&session, |picture| picture.ended);
    session.finish().unwrap();
}

/// A run without a log, which ends when it is told to.
struct Script(Receiver<()>);

impl Source for Script {
    fn run(self: Box<Self>, out: &Sender<Arrival>, _: &StopFlag) -> anyhow::Result<()> {
        for incoming in demo::incoming(Scenario::KlSpike, 1) {
            out.send(Arrival::Event(incoming))?;
        }
        self.0.recv().ok();
        Ok(())
    }
}

#[test]
fn a_run_without_a_log_is_remembered_also_after_its_end() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("run.jsonl");
    let events = demo::events(Scenario::KlSpike, 1);
    let mut rows = String::new();
    for event in &events {
        wire::encode_row(event, &mut rows);
        rows.push('\n');
    }
    std::fs::write(&path, rows).unwrap();
    let (end, ending) = bounded(1);
    let session = Session::start(Box::new(Script(ending)), POLL).unwrap();
    let last = events.last().unwrap().seq;
    let shown = newest(&session, |picture| seq(picture) == Some(last));
    let look = |wanted: u64| {
        let when = format!("seq:{wanted}").parse().unwrap();
        session.ask(Ask::Go(Goal::When(when)), &shown);
        let picture = past(&session, |picture| seq(picture) == Some(wanted));
        assert_eq!(json(&picture), commanded(&path, wanted));
    };
    look(events[100].seq);
    look(events[20].seq);
    end.send(()).unwrap();
    newest(&session, |picture| picture.ended);
    look(events[60].seq);
    session.finish().unwrap();
}
