//! `sanctum-tui attach` as a process: a viewer that is stopped by a signal, and what the command says where there is nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::bounded;
use leyline::{RunId, Timestamp};
use nissa::log::sink::Fsync;
use nissa::socket::{Endpoint, endpoint};
use sanctum_tui::source::attach::greeting;
use sanctum_tui::source::trainer::{self, Listen, LogPlace};
use sanctum_tui::source::{Arrival, AttachedRun, Feed, Source};
use simic_emitter::{StopFlag, StopLevel};
use simic_training::config::Config;
use simic_training::env::Task;

/// How long to wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(120);
const OTHERS: usize = 10;
/// Far more than fits between a run and a viewer that stands still.
const MANY: usize = 30_000;

fn attach(runtime: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sanctum-tui"));
    command.arg("attach").args(args).current_dir(runtime).stdin(Stdio::null());
    command
        .env("XDG_RUNTIME_DIR", runtime)
        .env_remove("SANCTUM_RUN_DIR")
        .env("RUST_BACKTRACE", "0");
    command
}

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_viewer_that_is_stopped_repairs_itself_while_ten_others_miss_nothing() {
    let root = tempfile::tempdir().unwrap();
    let listen = Listen::in_folder(root.path().join("sanctum"));
    let run_id = RunId::new("stopped").unwrap();
    let at = Endpoint::Unix(endpoint::path(&listen.folder, &run_id));
    let runs = root.path().join("runs");
    let place = LogPlace { root: runs, run_id: Some(run_id), fsync: Fsync::Never };
    let config = Config {
        n_envs: 2,
        max_epochs: 16,
        epoch_every: 1,
        requested_batches: 1_000_000,
        ..Config::default_run(Task::CartPole, 7)
    };
    let start = Timestamp::from_micros(1_763_726_400_000_000);
    let (run, _written) =
        trainer::begin(Task::CartPole, config, None, Some(&place), Some(&listen), start).unwrap();
    let stop = run.trainer().unwrap();
    let (out, arrivals) = bounded(1024);
    let source = Builder::new().name("source".to_owned());
    let source = source.spawn(move || Source::run(Box::new(run), &out, &StopFlag::new()).is_ok());
    let drain = Builder::new().name("drain".to_owned());
    let drain = drain.spawn(move || arrivals.iter().for_each(drop)).unwrap();

    // The only run, so no argument is needed; without a terminal it prints lines.
    let mut viewer = attach(root.path(), &[]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(viewer.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.ends_with("watching the run live")));
    signal(viewer.id(), "STOP");
    let (told, many) = bounded(OTHERS);
    let others: Vec<_> = (0..OTHERS)
        .map(|_| {
            let (at, told) = (at.clone(), told.clone());
            let (out, arrivals) = bounded(1024);
            let run = Box::new(AttachedRun::new(at, greeting(None)));
            let source = Builder::new().name("other".to_owned());
            source.spawn(move || run.run(&out, &StopFlag::new()).is_ok()).unwrap();
            let body = move || {
                let (mut count, mut retries) = (0, 0);
                for arrival in arrivals {
                    count += usize::from(matches!(arrival, Arrival::Event(_)));
                    retries += usize::from(matches!(arrival, Arrival::Feed(Feed::Retrying { .. })));
                    if count == MANY {
                        told.try_send(()).ok();
                    }
                }
                (count, retries)
            };
            Builder::new().name("count".to_owned()).spawn(body).unwrap()
        })
        .collect();
    (0..OTHERS).for_each(|_| many.recv_timeout(PATIENCE).unwrap());
    signal(viewer.id(), "CONT");
    // It was cut off meanwhile, and is live again.
    let back: Vec<String> =
        lines.by_ref().take_while(|line| !line.contains("watching the run live")).collect();
    let told = |words: &str| back.iter().any(|line| line.contains(words));
    assert!(told("behind the run") || told("fell behind") || told("no connection"), "{back:#?}");
    stop.request(StopLevel::AfterBatch);
    let rest: Vec<String> = lines.collect();
    assert_eq!(viewer.wait().unwrap().code(), Some(0));
    assert!(source.unwrap().join().unwrap());
    drain.join().unwrap();
    let counts: Vec<(usize, usize)> =
        others.into_iter().map(|other| other.join().unwrap()).collect();
    let (whole, _) = counts[0];
    assert_eq!(
        counts,
        vec![(whole, 0); OTHERS],
        "every other viewer saw all of it, and was never cut off"
    );
    assert!(rest.last().unwrap().contains("info run stopped, "), "{back:#?} {rest:#?}");
    assert!(!back.iter().chain(&rest).any(|line| line.contains("lost")), "{back:#?} {rest:#?}");
}

#[track_caller]
fn check(args: &[&str], code: i32, expected: &str) {
    let root = tempfile::tempdir().unwrap();
    let Output { status, stdout, stderr } = attach(root.path(), args).output().unwrap();
    let said = String::from_utf8(stderr).unwrap().replace(root.path().to_str().unwrap(), "ROOT");
    assert_eq!((status.code(), said.trim_end()), (Some(code), expected));
    assert!(stdout.is_empty());
}

#[test]
fn what_cannot_be_watched_is_told_with_its_exit_code() {
    check(
        &[],
        3,
        "error: no run is live (none listens in ROOT/sanctum); `sanctum-tui ls` lists recorded runs",
    );
    check(
        &["a1"],
        3,
        "error: no live run: a1 (no path, and no id of a run that listens in ROOT/sanctum begins so)",
    );
    check(
        &["unix:/no/such"],
        3,
        "error: cannot reach run: No such file or directory (os error 2): unix:/no/such",
    );
    check(&["unix:"], 2, "error: no path after `unix:`");
    check(
        &["tcp://localhost"],
        2,
        "error: no port in \"tcp://localhost\", which should be `tcp://HOST:PORT`",
    );
    check(
        &["tcp://127.0.0.1:1", "--token-file", "no"],
        2,
        "error: cannot read token: No such file or directory (os error 2): no",
    );
}
