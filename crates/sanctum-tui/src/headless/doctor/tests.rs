//! What `doctor` says about places made for it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser as _;
use leyline::demo::{self, Scenario};
use leyline::wire::encode_row;
use nissa::RunDir;
use serde_json::Value;

use super::*;
use crate::cli::{Cli, Environment};
use crate::headless::ls::tests::Place;

const LONG: Duration = Duration::from_secs(60);

impl Place {
    fn args(&self, run: Option<&str>, json: bool) -> DoctorArgs {
        let run = run.map(PathBuf::from);
        DoctorArgs { run, run_dir: Some(self.root()), json, env: self.env() }
    }

    fn report(&self, run: Option<&str>) -> Report {
        let now = Timestamp::from_micros(1_795_262_460_000_000);
        look(&self.args(run, false), Some((120, 40)), now, (ViewNs(5), ViewNs(30)))
    }

    /// Returns whether a run is found, and its steps as lines `step outcome text`.
    fn why(&self, run: &str) -> (bool, String) {
        let Why { found, steps, asked: _ } = self.report(Some(run)).run.unwrap();
        let lines = steps.iter().map(|step| {
            assert_eq!(step.outcome == why::Outcome::No, step.advice.is_some(), "{step:?}");
            let advice = step.advice.as_ref().map(|advice| format!(" [{advice}]"));
            let advice = advice.unwrap_or_default();
            format!("{} {:?}: {}{advice}\n", step.step, step.outcome, step.text)
        });
        let text: String = lines.collect();
        (found, text.replace(&self.dir.path().display().to_string(), "PLACE"))
    }

    #[track_caller]
    fn says(&self, run: &str, found: bool, expected: &[&str]) {
        let (is_found, text) = self.why(run);
        assert_eq!(is_found, found, "{text}");
        for expected in expected {
            assert!(text.contains(expected), "{expected:?} in {text}");
        }
    }

    fn path(&self, name: &str) -> String {
        self.root().join(name).display().to_string()
    }
}

fn close(place: &Place, name: &str) -> RunDir {
    let (dir, sink) = place.log(name, &demo::events(Scenario::LossyLink, 1));
    drop(sink);
    dir
}

#[test]
fn a_run_is_found_by_path_and_by_the_beginning_of_its_id() {
    let place = Place::new();
    close(&place, "cart-1");
    let (found, text) = place.why("cart");
    assert!(found);
    insta::assert_snapshot!("found", text);
    let expected = ["path Yes: a directory", "run cart-1, begun 2026-11-21T12:00:00.001200Z"];
    place.says(&place.path("cart-1"), true, &expected);
    place.says("-", true, &["standard input"]);
}

#[test]
fn what_keeps_a_run_from_being_found_is_named_with_what_to_do() {
    let place = Place::new();
    close(&place, "cart-1");
    close(&place, "cart-2");
    place.says(
        "cart",
        false,
        &["`cart` is the beginning of 2 ids: cart-1, cart-2", "[write more of the id]"],
    );
    let expected = ["no id begins with `corn-1`, of 2 runs below", "[`cart-1` is the nearest id"];
    place.says("corn-1", false, &expected);
    place.says("no/such", false, &["there is no such path: no/such", "so it is no id"]);
    place.says(
        &place.path(""),
        false,
        &["it is a directory of runs, name one of them: cart-1, cart-2"],
    );
    fs::create_dir(place.root().join("empty")).unwrap();
    place.says(&place.path("empty"), false, &["run No: not a run directory"]);
    place.says("empty", false, &["but there is such a directory", "run No: not a run directory"]);
    symlink("nowhere", place.root().join("dangling")).unwrap();
    place.says(&place.path("dangling"), false, &["a link that leads nowhere"]);
    for part in ["events-00000.slog", "events-00000.sidx", "manifest.json"] {
        let expected = ["one file of a run", "[name the directory that it is in]"];
        place.says(&place.path(&format!("cart-1/{part}")), false, &expected);
    }
    place.says("/dev/null", false, &["neither a directory nor a file", "[read pipes as `-`"]);
    fs::remove_dir_all(place.root()).unwrap();
    place.says(
        "cart",
        false,
        &["the runs root cannot be read", "[name the runs root with --run-dir"],
    );
}

#[test]
fn files_of_rows_are_looked_into() {
    let place = Place::new();
    let file = place.path("rows.jsonl");
    fs::write(&file, "").unwrap();
    place.says(&file, false, &["rows No: it is empty"]);
    fs::write(&file, "step,reward\n").unwrap();
    place.says(&file, false, &["its first line is no event row (bad_json)"]);
    let mut row = String::new();
    encode_row(&demo::events(Scenario::Calm, 1)[0], &mut row);
    fs::write(&file, row + "\n").unwrap();
    place.says(&file, true, &["its first line is an event row"]);
}

#[test]
fn what_is_wrong_with_a_run_is_told_part_by_part() {
    let place = Place::new();
    let newer = close(&place, "newer");
    let text = fs::read_to_string(newer.manifest()).unwrap();
    fs::write(newer.manifest(), text.replace("\"schema\": 1", "\"schema\": 9")).unwrap();
    place.says("newer", true, &["manifest No: manifest version 9 is newer than 1"]);
    fs::write(newer.manifest(), "{").unwrap();
    place.says("newer", true, &["manifest No: manifest is damaged"]);
    fs::remove_file(newer.manifest()).unwrap();
    place.says("newer", true, &["manifest Note: there is none", "lock Note: there is none to ask"]);

    let damaged = close(&place, "damaged");
    let mut bytes = fs::read(damaged.segment(0)).unwrap();
    let at = bytes.len() - 100;
    bytes[at] ^= 1;
    fs::write(damaged.segment(0), bytes).unwrap();
    place.says("damaged", true, &["damage No: 1 place cannot be read [`sanctum-tui fsck"]);

    let format = close(&place, "format");
    for number in format.segments().unwrap() {
        let mut bytes = fs::read(format.segment(number)).unwrap();
        bytes[8] = 9;
        let length = u32::from_le_bytes(bytes[10..14].try_into().unwrap()) as usize;
        let checksum = crc32c(&bytes[..length - 4]);
        bytes[length - 4..length].copy_from_slice(&checksum.to_le_bytes());
        fs::write(format.segment(number), bytes).unwrap();
    }
    let expected = ["log No: cannot read run: log format 9 is newer than 2", "[use the version"];
    place.says("format", false, &expected);

    let died = close(&place, "died");
    let last = died.segment(*died.segments().unwrap().last().unwrap());
    let file = fs::File::options().write(true).open(last).unwrap();
    file.set_len(file.metadata().unwrap().len() - 200).unwrap();
    place.says("died", true, &["lock Note: nobody holds it", "end Note: died"]);
}

#[test]
fn a_live_run_says_where_it_can_be_attached_to() {
    let place = Place::new();
    let (dir, log) = place.log("live", &demo::events(Scenario::Calm, 1));
    let expected = ["lock Yes: a process holds it", "does not answer at any socket of this user"];
    place.says("live", true, &expected);
    let (sink, server) = place.listen("live", Some(&dir));
    place.says(
        "live",
        true,
        &["socket Yes: it answers, process ", "`sanctum-tui attach` joins it"],
    );
    let socket = format!("unix:{}", place.folder().join("live.sock").display());
    place.says(&socket, true, &["socket Yes: run live answers, process"]);
    drop((sink, log));
    assert!(server.close(LONG));

    let (sink, server) = place.listen("bare", None);
    place.says("bar", true, &["it stands for bare, of 1 run below", "it keeps no log"]);
    drop(sink);
    assert!(server.close(LONG));
}

#[test]
fn endpoints_are_tried() {
    let place = Place::new();
    let folder = place.folder();
    let stale = folder.join("stale.sock");
    drop(UnixListener::bind(&stale).unwrap());
    place.says(&format!("unix:{}", stale.display()), false, &["socket No: nobody listens there"]);
    place.says("unix:", false, &["endpoint No: no path after `unix:`"]);
    place.says("tcp://127.0.0.1", false, &["endpoint No: no port in"]);
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let at = format!("tcp://{}", free.local_addr().unwrap());
    drop(free);
    place.says(&at, false, &["socket No: nobody listens there"]);
}

#[test]
fn the_report_is_strict_json_with_every_key_and_the_same_in_words() {
    let place = Place::new();
    close(&place, "cart-1");
    let folder = place.folder();
    drop(UnixListener::bind(folder.join("stale.sock")).unwrap());
    fs::set_permissions(folder.join("stale.sock"), fs::Permissions::from_mode(0o666)).unwrap();
    let clean = |text: String| -> String {
        let text = text.replace(&place.dir.path().display().to_string(), "PLACE");
        let text = text.replace(&Hex64(FINGERPRINT).to_string(), "FINGERPRINT");
        // What is of this machine.
        let own = |line: &str| {
            ["free_bytes", "total_bytes", "\"owner\"", "own_uid", "architecture", "\"system\""]
                .iter()
                .any(|key| line.contains(key))
                || ["  free ", "  system ", ", user "].iter().any(|key| line.contains(key))
        };
        let lines = text.lines().map(|line| if own(line) { "(of this machine)" } else { line });
        lines.collect::<Vec<_>>().join("\n")
    };
    let report = place.report(Some("nix"));
    let json = wire::to_json(&report);
    let value: Value = serde_json::from_str(&json).unwrap();
    insta::assert_snapshot!("json", clean(serde_json::to_string_pretty(&value).unwrap()));
    insta::assert_snapshot!("text", clean(text::text(&report, false)));
    assert!(value["runs_root"]["free_bytes"].is_u64());
    assert!(text::text(&report, true).lines().filter(|line| !line.is_ascii()).count() == 2);
}

#[test]
fn a_run_that_is_not_found_is_3_after_the_report() {
    let place = Place::new();
    let display = Cli::parse_from(["sanctum-tui"]).display;
    let doctor = |run: Option<&str>| {
        let mut out = Vec::new();
        let ended = doctor(&place.args(run, true), &display, &mut out);
        let value: Value = serde_json::from_slice(&out).unwrap();
        (ended.map_err(|error| (error.exit_code(), error.to_string())), value["run"].clone())
    };
    assert_eq!(doctor(None), (Ok(()), Value::Null));
    let (ended, run) = doctor(Some("x"));
    assert_eq!(ended, Err((3, "no such run: x".to_owned())));
    assert_eq!(run["found"], false);
}

#[test]
fn colours_are_those_that_the_terminal_promises() {
    let colors = |term: Option<&str>, colorterm: Option<&str>| {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let env =
            Environment { term: text(term), colorterm: text(colorterm), ..Environment::default() };
        Abilities::of(&env, None).colors
    };
    assert_eq!(colors(None, None), None);
    assert_eq!(colors(Some("xterm"), None), Some(16));
    assert_eq!(colors(Some("xterm-256color"), None), Some(256));
    assert_eq!(colors(Some("xterm-256color"), Some("truecolor")), Some(1 << 24));
    assert_eq!(colors(Some("dumb"), Some("truecolor")), Some(0));
}

/// The checksum of the log, by the definition.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc: u32, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 }
        })
    })
}
