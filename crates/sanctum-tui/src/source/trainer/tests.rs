//! Runs in this process: how they end, and what a viewer hears of it.

use std::path::PathBuf;

use crossbeam_channel::bounded;
use leyline::{Event, FinishReason, Heartbeat, Phase, TrainingStarted};
use nissa::log::sink::Fsync;

use super::*;

fn builder() -> HubBuilder {
    HubBuilder::new(RunId::new("r").unwrap(), GroupId::default(), Arc::new(SystemClock::new()))
}

fn start() -> TrainingStarted {
    TrainingStarted {
        task: "test".to_owned(),
        n_envs: None,
        max_epochs: None,
        max_batches: 5,
        start_batch: 0,
        requested_batches: None,
        start_episodes: None,
        host_params: None,
        reward_mode: None,
        max_entropy: None,
        success_return: None,
        seed: None,
        device: None,
        resumed_from: None,
        hyperparams: None,
    }
}

/// Everything that a viewer of this run receives.
fn arrivals(run: LocalRun) -> Vec<Arrival> {
    let (out, arrivals) = bounded(10_000);
    let viewer = StopFlag::new();
    Box::new(run).run(&out, &viewer).unwrap();
    drop(out);
    arrivals.iter().collect()
}

/// How the run ended, as its viewer learns it.
fn end(arrivals: &[Arrival]) -> Option<(FinishReason, Option<String>)> {
    arrivals.iter().find_map(|arrival| {
        let Arrival::Event(Incoming::Known(envelope)) = arrival else { return None };
        let Event::TrainingFinished(end) = &envelope.event else { return None };
        Some((end.reason, end.error.clone()))
    })
}

#[test]
fn tele_703_the_source_says_when_the_thread_of_the_trainer_runs_and_has_ended() {
    let run = LocalRun::start(builder(), StopFlag::new(), |hub, _| {
        hub.emit(start());
    });
    let said = arrivals(run.unwrap()).into_iter().filter_map(|arrival| match arrival {
        Arrival::Link(Link::TrainerAlive(alive)) => Some(alive),
        Arrival::Link(_) | Arrival::Event(_) | Arrival::Feed(_) | Arrival::Log(_) => None,
    });
    assert_eq!(said.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_viewer_gets_everything_and_then_the_end_of_the_thread() {
    let run = LocalRun::start(builder(), StopFlag::new(), |hub, _| {
        hub.emit(start());
        hub.emit(Heartbeat { phase: Phase::Starting, batch_idx: None, inner_epoch: None });
    });
    let arrivals = arrivals(run.unwrap());
    assert_eq!(arrivals.first(), Some(&Arrival::Link(Link::TrainerAlive(true))));
    let [.., Arrival::Event(_), dead, closed] = &arrivals[..] else { panic!("{arrivals:?}") };
    assert_eq!(
        (dead, closed),
        (&Arrival::Link(Link::TrainerAlive(false)), &Arrival::Link(Link::Closed))
    );
    assert_eq!(
        end(&arrivals).map(|(reason, _)| reason),
        Some(FinishReason::Failed),
        "nobody asked it to stop"
    );
}

#[test]
fn a_trainer_that_panics_ends_its_run_as_failed() {
    let run = LocalRun::start(builder(), StopFlag::new(), |hub, _| {
        hub.emit(start());
        panic!("this is part of the test");
    });
    let (reason, error) = end(&arrivals(run.unwrap())).expect("the guard ends the run");
    assert_eq!(reason, FinishReason::Failed);
    assert!(error.is_some_and(|error| !error.is_empty()));
}

#[test]
fn a_trainer_that_is_asked_to_stop_ends_its_run_as_stopped() {
    let stop = StopFlag::new();
    let run = LocalRun::start(builder(), stop.clone(), |hub, stop| {
        hub.emit(start());
        stop.wait(Duration::from_secs(600));
    })
    .unwrap();
    run.trainer().expect("it runs here").request(StopLevel::AfterBatch);
    assert_eq!(end(&arrivals(run)), Some((FinishReason::Stopped, None)));
}

#[test]
fn a_viewer_that_leaves_does_not_hold_the_trainer() {
    let (go_on, wait) = bounded::<()>(0);
    let run = LocalRun::start(builder(), StopFlag::new(), move |hub, _| {
        hub.emit(start());
        wait.recv().ok();
    })
    .unwrap();
    let (out, arrivals) = bounded(1);
    drop(arrivals);
    assert!(Box::new(run).run(&out, &StopFlag::new()).is_ok());
    drop(go_on);
}

#[test]
fn a_source_that_is_told_to_stop_does() {
    let (go_on, wait) = bounded::<()>(0);
    let run = LocalRun::start(builder(), StopFlag::new(), move |_, _| {
        wait.recv().ok();
    })
    .unwrap();
    let (out, _arrivals) = bounded(100);
    let viewer = StopFlag::new();
    viewer.request(StopLevel::Now);
    assert!(Box::new(run).run(&out, &viewer).is_ok());
    drop(go_on);
}

#[test]
fn tasks_have_two_names_each() {
    assert_eq!(task_named("cartpole").unwrap(), Task::CartPole);
    assert_eq!(task_named("Acrobot-v1").unwrap(), Task::Acrobot);
    assert_eq!(task_named("PENDULUM").unwrap(), Task::Pendulum);
    assert_eq!(
        task_named("chess").unwrap_err().0,
        "unknown task `chess`; tasks: cartpole, acrobot, pendulum"
    );
}

#[test]
fn run_ids_name_task_and_time_and_differ() {
    let now = Timestamp::parse("2026-11-21T12:34:56.000Z", 3..=9).unwrap();
    let first = fresh_run_id("CartPole-v1", now).unwrap();
    assert!(first.as_str().starts_with("cartpole-20261121123456-"), "{first}");
    let ids: std::collections::BTreeSet<_> =
        (0..20).map(|_| fresh_run_id("x", now).unwrap()).collect();
    assert!(15 < ids.len());
}

#[test]
fn settings_out_of_range_are_refused_before_anything_is_written() {
    let root = tempfile::tempdir().unwrap();
    let run_dir = root.path().join("runs");
    let demonstration = Demonstration {
        task: Task::CartPole,
        seed: 1,
        batches: Some(u64::MAX),
        place: Some(LogPlace { root: run_dir.clone(), run_id: None, fsync: Fsync::Never }),
        listen: None,
    };
    let error = demonstration.start(Timestamp::from_micros(0)).unwrap_err();
    assert!(error.downcast_ref::<Usage>().is_some(), "{error}");
    assert!(!run_dir.exists());
}

/// A run that cannot begin, because it is to listen at a port of `host`, with its sockets in `folder`.
#[track_caller]
fn refused(folder: PathBuf, host: &str, expected: &str) -> anyhow::Error {
    let root = tempfile::tempdir().unwrap();
    let at = vec![format!("tcp://{host}:0").parse().unwrap()];
    let listen = Listen { at, ..Listen::in_folder(folder) };
    let demonstration = Demonstration {
        task: Task::CartPole,
        seed: 1,
        batches: Some(1),
        place: Some(LogPlace { root: root.path().to_owned(), run_id: None, fsync: Fsync::Never }),
        listen: Some(listen),
    };
    let error = demonstration.start(Timestamp::from_micros(0)).unwrap_err();
    assert!(error.to_string().contains(expected), "{error:#}");
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "a run that never began");
    error
}

#[test]
fn a_run_that_cannot_listen_where_it_was_told_leaves_nothing_behind() {
    let sockets = tempfile::tempdir().unwrap();
    let folder = sockets.path().join("sanctum");
    let error = refused(folder, "0.0.0.0", "see --listen-public");
    assert!(error.is::<Usage>());
}

#[test]
fn a_token_is_not_written_into_a_folder_that_others_can_reach() {
    use std::os::unix::fs::PermissionsExt as _;

    let sockets = tempfile::tempdir().unwrap();
    let folder = sockets.path().join("sanctum");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    refused(folder.clone(), "127.0.0.1", "name a file with --token-file");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}
