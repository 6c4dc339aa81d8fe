//! Roots with runs of every kind, and with what is none.

use std::fs::File;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use leyline::demo::{self, Scenario};
use leyline::wire::encode_row;
use leyline::{Envelope, RunId};
use nissa::log::sink::{Disk, Fsync, LogConfig, LogSink};
use nissa::manifest::{Hex64, Manifest};
use nissa::socket::{About, Limits, Server, SocketSink, serve};
use serde_json::Value;
use simic_emitter::{ManualClock, Sink as _};

use super::*;
use crate::cli::Environment;

/// The moment of the tests: a minute after the last event of `Scenario::Calm`.
fn now() -> Timestamp {
    let last = demo::events(Scenario::Calm, 1).last().unwrap().ts;
    Timestamp::from_micros(last.as_micros() + 60_000_000)
}

const LONG: Duration = Duration::from_secs(60);

/// A runs root, and a folder for sockets beside it.
pub(in crate::headless) struct Place {
    pub(in crate::headless) dir: tempfile::TempDir,
}

impl Place {
    pub(in crate::headless) fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(place.root()).unwrap();
        place
    }

    pub(in crate::headless) fn root(&self) -> PathBuf {
        self.dir.path().join("runs")
    }

    pub(in crate::headless) fn env(&self) -> Environment {
        Environment { runtime_dir: Some(self.dir.path().to_owned()), ..Environment::default() }
    }

    /// Makes the folder for sockets.
    pub(in crate::headless) fn folder(&self) -> PathBuf {
        let folder = self.env().socket_folder();
        nissa::socket::endpoint::prepare(&folder, nissa::socket::endpoint::own_uid()).unwrap();
        folder
    }

    /// Writes a run; it is live as long as the sink lives.
    pub(in crate::headless) fn log(&self, name: &str, events: &[Envelope]) -> (RunDir, LogSink) {
        self.log_of(name, events, 8192)
    }

    fn log_of(&self, name: &str, events: &[Envelope], segment_bytes: u64) -> (RunDir, LogSink) {
        let (dir, run) = RunDir::create(&self.root(), &RunId::new(name).unwrap()).unwrap();
        let mut manifest = Manifest::new(run, events.first().map_or(now(), |event| event.ts));
        manifest.task = Some("CartPole-v1".to_owned());
        manifest.nonce = Hex64(7);
        manifest.pid = Some(41);
        let config = LogConfig { fsync: Fsync::Never, segment_bytes };
        let mut sink = LogSink::create_on(Disk, &dir, &manifest, config).unwrap();
        for event in events {
            sink.accept(&Arc::new(event.clone())).unwrap();
        }
        sink.flush().unwrap();
        (dir, sink)
    }

    /// Lets a run of this name and of the nonce of [`Self::log`] listen.
    pub(in crate::headless) fn listen(
        &self,
        name: &str,
        log: Option<&RunDir>,
    ) -> (SocketSink, Server) {
        let about = About {
            run_id: RunId::new(name).unwrap(),
            nonce: Hex64(7),
            started: now(),
            host: Some("here".to_owned()),
            log: log.map(|dir| dir.path().to_owned()),
        };
        let clock = Arc::new(ManualClock::new(now()));
        let (sink, mut server) = serve(about, Limits::default(), clock);
        let path = nissa::socket::endpoint::path(&self.folder(), &RunId::new(name).unwrap());
        server.listen_unix(&path).unwrap();
        (sink, server)
    }

    fn ls(&self, json: bool, columns: Option<usize>) -> (String, String) {
        let args = LsArgs { dir: Some(self.root()), run_dir: None, json, env: self.env() };
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        list(&args, now(), columns, false, &mut out, &mut notes).unwrap();
        let text = |bytes| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&self.dir.path().display().to_string(), "PLACE")
        };
        (text(out), text(notes))
    }

    /// Returns the list as JSON.
    fn json(&self) -> Value {
        let (text, _) = self.ls(true, None);
        assert_eq!(text.lines().count(), 1);
        serde_json::from_str(&text).unwrap()
    }

    /// Returns what JSON says of the only run.
    #[track_caller]
    fn only(&self) -> Value {
        let mut json = self.json();
        let runs = json["runs"].as_array_mut().unwrap();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs.remove(0)
    }
}

fn cut(file: &Path, bytes: u64) {
    let file = File::options().write(true).open(file).unwrap();
    file.set_len(file.metadata().unwrap().len() - bytes).unwrap();
}

fn backdate(path: &Path, days: u64) {
    let seconds = u64::try_from(now().as_micros() / 1_000_000).unwrap() - days * 86_400;
    let at = UNIX_EPOCH + Duration::from_secs(seconds);
    File::open(path).unwrap().set_modified(at).unwrap();
}

fn last_segment(dir: &RunDir) -> PathBuf {
    dir.segment(*dir.segments().unwrap().last().unwrap())
}

/// A run of each state, and things that are no runs.
fn mixed(place: &Place) -> (LogSink, LogSink) {
    drop(place.log("failed", &demo::events(Scenario::EntropyCollapse, 1)));
    drop(place.log("completed", &demo::events(Scenario::LossyLink, 1)));
    drop(place.log("closed", &demo::events(Scenario::KlSpike, 1)));
    let (died, sink) = place.log("died", &demo::events(Scenario::Calm, 1));
    drop(sink);
    cut(&last_segment(&died), 18);
    let (damaged, sink) = place.log("damaged", &demo::events(Scenario::Calm, 1));
    drop(sink);
    let mut bytes = fs::read(damaged.segment(0)).unwrap();
    let middle = bytes.len() - 100;
    bytes[middle] ^= 1;
    fs::write(damaged.segment(0), bytes).unwrap();
    let (newer, sink) = place.log("newer", &demo::events(Scenario::Calm, 1));
    drop(sink);
    let text =
        fs::read_to_string(newer.manifest()).unwrap().replace("\"schema\": 1", "\"schema\": 9");
    fs::write(newer.manifest(), text).unwrap();
    let (dir, _) = RunDir::create(&place.root(), &RunId::new("rows").unwrap()).unwrap();
    let mut text = String::new();
    for event in demo::events(Scenario::LossyLink, 1) {
        encode_row(&event, &mut text);
        text.push('\n');
    }
    fs::write(dir.events(), text).unwrap();
    let (silent, sink) = place.log("headless", &demo::events(Scenario::Calm, 1));
    drop(sink);
    fs::remove_file(silent.manifest()).unwrap();
    cut(&silent.segment(0), fs::metadata(silent.segment(0)).unwrap().len());
    for number in &silent.segments().unwrap()[1..] {
        fs::remove_file(silent.segment(*number)).unwrap();
    }
    backdate(&silent.segment(0), 1);
    for (dir, file) in [("website", "manifest.json"), ("project", "checkpoints/a")] {
        let file = place.root().join(dir).join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "{\"name\":\"a website\"}").unwrap();
    }
    fs::write(place.root().join("file"), "x").unwrap();
    fs::create_dir(place.root().join("empty")).unwrap();
    symlink("nowhere", place.root().join("dangling")).unwrap();
    let (_, live) = place.log("live", &demo::events(Scenario::Calm, 1));
    let (_, silent) = place.log("silent", &[]);
    (live, silent)
}

#[test]
fn every_state_has_its_word_and_what_is_no_run_is_passed_over() {
    let place = Place::new();
    let _live = mixed(&place);
    let (table, notes) = place.ls(false, None);
    insta::assert_snapshot!("table", table);
    insta::assert_snapshot!("notes", notes);
}

#[test]
fn json_is_strict_and_has_every_key() {
    let place = Place::new();
    let _live = mixed(&place);
    let json = place.json();
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&json), ["schema", "root", "sockets_folder", "runs", "other_sockets"]);
    assert_eq!(json["schema"], 1);
    let runs = json["runs"].as_array().unwrap();
    for run in runs {
        assert_eq!(keys(run), keys(&runs[0]));
    }
    let of = |id: &str| runs.iter().find(|run| run["id"] == id).unwrap();
    insta::assert_snapshot!("json_live", serde_json::to_string_pretty(of("live")).unwrap());
    insta::assert_snapshot!(
        "json_failed",
        serde_json::to_string_pretty(of("failed"))
            .unwrap()
            .replace(&place.dir.path().display().to_string(), "PLACE")
    );
    assert_eq!(of("headless")["events"], Value::Null);
    assert_eq!(of("headless")["state"], Value::Null);
    assert_eq!(of("rows")["pid"], Value::Null);
    assert_eq!(of("silent")["batch"], Value::Null);
}

#[test]
fn a_table_is_never_wider_than_the_terminal() {
    let place = Place::new();
    let _live = mixed(&place);
    drop(place.log(&"a-very-long-name-".repeat(6), &demo::events(Scenario::Calm, 1)));
    let runs = found::all(&place.root(), &[]);
    for columns in 1..=200 {
        let table = table::table(&runs, now(), Some(columns), columns % 2 == 0);
        for line in table.lines() {
            assert!(sanctum_widgets::format::width(line) <= columns, "{columns}: {line:?}");
        }
        assert_eq!(table.lines().count(), 1 + runs.len(), "{columns}");
    }
    let (narrow, _) = place.ls(false, Some(40));
    insta::assert_snapshot!("table_40", narrow);
}

#[test]
fn a_run_with_a_directory_and_a_socket_is_one_line() {
    let place = Place::new();
    let (dir, _log) = place.log("both", &demo::events(Scenario::Calm, 1));
    let (sink, server) = place.listen("both", Some(&dir));
    let run = place.only();
    assert_eq!((&run["id"], &run["state"]), (&Value::from("both"), &Value::from("live")));
    assert_eq!(run["endpoint"], "unix:PLACE/sanctum/both.sock");
    assert_eq!(run["path"], "PLACE/runs/both");
    assert_eq!(run["batch"], 30);
    assert_eq!(run["host"], "here");
    drop(sink);
    assert!(server.close(LONG));
}

#[test]
fn a_live_run_is_listed_whose_log_is_elsewhere_or_nowhere() {
    let (place, elsewhere) = (Place::new(), Place::new());
    let (dir, _log) = elsewhere.log("far", &demo::events(Scenario::Calm, 1));
    let (sink, server) = place.listen("far", Some(&dir));
    let run = place.only();
    assert_eq!((&run["id"], &run["batch"]), (&Value::from("far"), &Value::from(30)));
    assert_eq!(run["path"], dir.path().display().to_string());
    drop(sink);
    assert!(server.close(LONG));

    let (sink, server) = place.listen("bare", None);
    let run = place.only();
    assert_eq!((&run["id"], &run["state"]), (&Value::from("bare"), &Value::from("live")));
    assert_eq!(
        (&run["path"], &run["batch"], &run["events_lost"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    drop(sink);
    assert!(server.close(LONG));
}

#[test]
fn a_socket_of_another_run_of_the_same_name_is_a_line_of_its_own() {
    let place = Place::new();
    let (dir, log) = place.log("twin", &demo::events(Scenario::Calm, 1));
    drop(log);
    let text = fs::read_to_string(dir.manifest()).unwrap();
    fs::write(dir.manifest(), text.replace("0000000000000007", "0000000000000008")).unwrap();
    let (sink, server) = place.listen("twin", None);
    assert_eq!(place.json()["runs"].as_array().unwrap().len(), 2);
    drop(sink);
    assert!(server.close(LONG));
}

#[test]
fn stale_and_silent_sockets_are_told_and_wait_for_nobody() {
    let place = Place::new();
    let folder = place.folder();
    drop(UnixListener::bind(folder.join("stale.sock")).unwrap());
    let _silent = UnixListener::bind(folder.join("silent.sock")).unwrap();
    fs::write(folder.join("file.sock"), "").unwrap();
    fs::write(folder.join("x.token"), "").unwrap();
    let (_, notes) = place.ls(false, None);
    assert!(
        notes.contains("stale socket, its process is gone: PLACE/sanctum/stale.sock\n"),
        "{notes}"
    );
    assert!(notes.contains("a process listens, and its run is not known: no answer"), "{notes}");
    assert_eq!(notes.lines().count(), 3, "{notes}");
    let json = place.json();
    let other = json["other_sockets"].as_array().unwrap();
    let states: Vec<&Value> = other.iter().map(|socket| &socket["state"]).collect();
    assert_eq!(states, ["unnamed", "stale"]);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let (_, notes) = place.ls(false, None);
    assert!(
        notes.contains("sockets are left alone: the folder for sockets has mode 0755"),
        "{notes}"
    );
}

#[test]
fn the_middle_of_a_long_log_is_not_read() {
    let place = Place::new();
    let events: Vec<Envelope> = demo::stream(1).take(20_000).collect();
    let (dir, sink) = place.log_of("long", &events, 128 * 1024);
    drop(sink);
    let segments = dir.segments().unwrap();
    assert!(9 < segments.len(), "{segments:?}");
    let whole = place.only();
    // All frames of the segments between, which would be found damaged if anybody looked.
    for &number in &segments[4..segments.len() - 4] {
        let mut bytes = fs::read(dir.segment(number)).unwrap();
        let half = bytes.len() / 2;
        bytes[half..].fill(0x55);
        fs::write(dir.segment(number), bytes).unwrap();
    }
    let read = place.only();
    assert_eq!(read, whole);
    assert_eq!((&read["damaged_places"], &read["events"]), (&Value::from(0), &Value::from(20_000)));
    assert_eq!(read["events_lost"], Value::Null);
    let last = events.iter().rev().find_map(|event| {
        let leyline::Event::BatchEpochCompleted(batch) = &event.event else { return None };
        Some(batch.batch_idx)
    });
    assert_eq!(read["batch"], last.unwrap());
}

#[test]
fn an_index_that_is_wrong_or_gone_never_makes_up_a_reading() {
    let place = Place::new();
    let events: Vec<Envelope> = demo::stream(1).take(12_000).collect();
    let (dir, sink) = place.log_of("long", &events, 64 * 1024 * 1024);
    drop(sink);
    let whole = place.only();
    let index = fs::read(dir.index(0)).unwrap();
    let mut entries = nissa::log::index::read(&index, 7, 0);
    assert!(10 < entries.len());
    let mut wrong = nissa::log::index::head(7, 0).to_vec();
    for entry in &mut entries {
        entry.offset += 1;
        wrong.extend(entry.to_bytes());
    }
    for bytes in [wrong, vec![0xff; 5000], index[..30].to_vec()] {
        fs::write(dir.index(0), bytes).unwrap();
        let read = place.only();
        assert_eq!((&read["batch"], &read["events"]), (&whole["batch"], &whole["events"]));
    }
    fs::remove_file(dir.index(0)).unwrap();
    assert_eq!(place.only()["events"], 12_000);
}

#[test]
fn pipes_and_links_in_a_root_hold_nobody_up() {
    let place = Place::new();
    let (piped, sink) = place.log("piped", &demo::events(Scenario::Calm, 1));
    drop(sink);
    let fifo = |path: &Path| {
        fs::remove_file(path).ok();
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    };
    fifo(&piped.manifest());
    let (log, sink) = place.log("log-piped", &demo::events(Scenario::Calm, 1));
    drop(sink);
    fifo(&last_segment(&log));
    fifo(&place.root().join("fifo"));
    let (looped, sink) = place.log("looped", &demo::events(Scenario::Calm, 1));
    drop(sink);
    fs::remove_file(looped.index(0)).unwrap();
    symlink(looped.index(0), looped.index(0)).unwrap();
    symlink(place.root(), place.root().join("root-again")).unwrap();
    symlink("/dev", place.root().join("devices")).unwrap();
    let (table, notes) = place.ls(false, None);
    let lines: Vec<&str> = table.lines().skip(1).collect();
    let [log, looped, piped] = lines[..] else { panic!("{table}") };
    // The segments before the pipe are whole.
    assert!(log.contains("  died, damaged  28/40 "), "{table}");
    assert!(looped.contains("  unreadable ") && piped.contains("  unreadable "), "{table}");
    assert!(notes.contains("piped: not a file: PLACE/runs/piped/manifest.json"), "{notes}");
}

#[test]
fn ten_thousand_entries_that_are_no_runs_hide_none() {
    let place = Place::new();
    let first = place.root().join("first");
    File::create(&first).unwrap();
    for n in 0..9_900 {
        // One file under many names, which is quicker to make.
        fs::hard_link(&first, place.root().join(format!("file-{n}"))).unwrap();
    }
    for n in 0..100 {
        fs::create_dir(place.root().join(format!("dir-{n}"))).unwrap();
    }
    let (_, _sink) = place.log("needle", &demo::events(Scenario::Calm, 1));
    assert_eq!(place.only()["id"], "needle");
}

#[test]
fn names_and_tasks_from_outside_move_nothing() {
    let place = Place::new();
    let (dir, sink) = place.log("x", &demo::events(Scenario::Calm, 1));
    drop(sink);
    let text = fs::read_to_string(dir.manifest()).unwrap();
    fs::write(dir.manifest(), text.replace("CartPole-v1", "\\u001b[2J\\nred\\u202e")).unwrap();
    fs::rename(dir.path(), place.root().join("a\u{1b}[31m\nb")).unwrap();
    let (table, _) = place.ls(false, None);
    assert_eq!(table.lines().count(), 2, "{table}");
    assert!(!table.contains('\u{1b}') && !table.contains('\u{202e}'), "{table:?}");
    assert_eq!(place.only()["task"], "\u{1b}[2J\nred\u{202e}");
}

#[test]
fn a_root_that_was_asked_for_must_be_there() {
    let place = Place::new();
    let (run, _sink) = place.log("x", &[]);
    let ls = |dir: Option<PathBuf>, run_dir: Option<PathBuf>| {
        let args = LsArgs { dir, run_dir, json: false, env: place.env() };
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let ended = list(&args, now(), None, false, &mut out, &mut notes);
        let notes = String::from_utf8(notes).unwrap();
        (ended.map_err(|error| (error.exit_code(), error.to_string())), notes)
    };
    let none = place.dir.path().join("none");
    let (ended, _) = ls(Some(none.clone()), None);
    assert_eq!(ended.unwrap_err().0, 3);
    let (ended, notes) = ls(None, Some(none));
    assert!(ended.is_ok() && notes.contains("there is no runs root"), "{notes}");
    let (ended, _) = ls(Some(run.path().to_owned()), None);
    let (code, said) = ended.unwrap_err();
    assert!(code == 3 && said.starts_with("this is a run, name the directory around it"), "{said}");
}
