//! Viewers of a trainer that is killed, and of the one that goes on in its place.

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use nissa::socket::{Backoff, Endpoint, Token};
use sanctum_tui::fold::Picture;
use sanctum_tui::headless::snapshot::to_json;
use sanctum_tui::session::Session;
use sanctum_tui::source::attach::greeting;
use sanctum_tui::source::{AttachedRun, Standing};

use crate::process::{SMALL, esper, only_run, runs, said, signal};

/// How long to wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(33);

#[test]
fn viewers_at_a_port_see_the_run_that_goes_on_after_a_kill() {
    let (root, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let token_file = home.path().join("token");
    let token = Token::random().unwrap();
    token.write(&token_file).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = format!("--listen tcp://127.0.0.1:{port} --token-file {}", token_file.display());
    let start = |args: &str| {
        let mut command = esper(root.path(), &format!("{SMALL} {place} {args}"));
        command.env("XDG_RUNTIME_DIR", home.path());
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut killed = start("--episodes 100000000 --save 2");
    // It says where it listens once it does.
    let mut said_so = std::io::BufReader::new(killed.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening at") {
        line.clear();
        assert_ne!(std::io::BufRead::read_line(&mut said_so, &mut line).unwrap(), 0);
    }
    // One reads the log itself, the other asks the run for it, as from another machine.
    let at = Endpoint::Tcp { host: "127.0.0.1".to_owned(), port };
    let viewers = [false, true].map(|remote| {
        let quick = Backoff::new(Duration::from_millis(10), Duration::from_millis(100));
        let run = AttachedRun::new(at.clone(), greeting(Some(token.clone()))).with_backoff(quick);
        Session::start(Box::new(if remote { run.remote() } else { run }), POLL).unwrap()
    });
    for viewer in &viewers {
        until(viewer, |picture| picture.snapshot.current_batch.is_some_and(|batch| 6 <= batch));
    }
    signal(&killed, "KILL");
    killed.wait().unwrap();
    let first = only_run(root.path());
    for viewer in &viewers {
        let last = until(viewer, |picture| {
            matches!(picture.standing, Some(Standing::Retrying { .. }))
                && !picture.snapshot.connected
        });
        assert_eq!(last.snapshot.telemetry.events_lost, Some(0));
    }
    let mut resumed = start(&format!("--episodes 40 --resume {}", first.display()));
    let last = viewers.map(|viewer| {
        let last = until(&viewer, |picture| picture.ended);
        viewer.finish().unwrap();
        last
    });
    assert_eq!(resumed.wait().unwrap().code(), Some(0));
    let second = runs(root.path()).into_iter().find(|run| *run != first).unwrap();
    // All of the second run, as one sees it who reads it afterwards. How long ago it was is another matter.
    let read = said(&["snapshot", second.to_str().unwrap(), "--json", "--closed"]).out;
    for (picture, who) in last.iter().zip(["near", "far"]) {
        assert_eq!(picture.standing, Some(Standing::Over), "{who}");
        assert_eq!(picture.snapshot.telemetry.events_lost, Some(0), "{who}");
        let shown = ageless(&to_json(&picture.snapshot));
        assert!(shown == ageless(read.trim_end()), "{who} shows {shown} instead of {read}");
    }
}

/// Waits for a picture.
#[track_caller]
fn until(viewer: &Session, is_it: impl Fn(&Picture) -> bool) -> Arc<Picture> {
    loop {
        let picture = viewer.fold.latest.recv_timeout(PATIENCE).unwrap();
        if is_it(&picture) {
            return picture;
        }
    }
}

/// Takes out of a snapshot how long ago things happened.
fn ageless(json: &str) -> String {
    let mut text = json.to_owned();
    for key in ["\"staleness_seconds\":", "\"last_update_age_seconds\":"] {
        let mut parts = text.split(key);
        let first = parts.next().unwrap_or_default().to_owned();
        text = parts.fold(first, |text, part| text + part.split_once(',').unwrap().1);
    }
    text
}
