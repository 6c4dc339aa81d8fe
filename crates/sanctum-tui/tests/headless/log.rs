//! Run directories with a log: the same pictures as from rows, by path or by id, whole or damaged.

use std::fs;
use std::path::Path;

use leyline::demo::Scenario;
use nissa::RunDir;

use crate::recorded::{Recorded, change, last_segment};
use crate::run::{Done, program, sanctum_tui};

#[test]
fn a_log_a_live_run_and_rows_give_the_same_bytes() {
    for scenario in [Scenario::Calm, Scenario::EntropyCollapse, Scenario::LossyLink] {
        let run = Recorded::new(scenario);
        let (rows, live) = (run.rows(), run.live("live"));
        let others = [run.closed("closed"), live.path(), run.rows_dir(), run.rows_file()];
        let segments = RunDir::open(Path::new(&others[0])).unwrap().segments().unwrap();
        assert!(1 < segments.len(), "the log has several segments: {segments:?}");
        for command in [
            &["snapshot", "RUN", "--json"][..],
            &["snapshot", "RUN", "--json", "--at", "batch:7", "--now", "+3"],
            &["snapshot", "RUN", "--json", "--at", "seq:40", "--closed"],
            &["snapshot", "RUN", "--json", "--at", "time:4s"],
            &["snapshot", "RUN", "--get", "policy.kl_divergence"],
            &["render", "RUN"],
            &["render", "RUN", "--format", "svg", "--size", "200x60"],
            &["render", "RUN", "--at", "batch:3", "--widget", "RunHeader", "--ascii"],
        ] {
            let done = |name: &str| -> Done {
                let args: Vec<&str> =
                    command.iter().map(|&arg| if arg == "RUN" { name } else { arg }).collect();
                sanctum_tui(&args, rows.as_bytes())
            };
            let piped = done("-");
            assert_eq!((piped.code, piped.err.as_str()), (Some(0), ""), "{command:?}");
            for other in &others {
                assert_eq!(done(other), piped, "{command:?} {other}");
            }
        }
    }
}

#[test]
fn a_run_is_found_by_the_beginning_of_its_id() {
    let run = Recorded::new(Scenario::Calm);
    let path = run.closed("runs");
    let id = run.run().as_str();
    let prefix = id.get(..id.len() - 1).unwrap();
    let root = run.root.path().join("runs");
    let get = |run: &str, more: &[&str]| {
        let mut command = program(&[&["snapshot", run, "--get", "run_id"], more].concat());
        command.current_dir(run_parent(&path));
        command
    };
    let printed = |mut command: std::process::Command| {
        let output = command.output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{err}");
        String::from_utf8(output.stdout).unwrap()
    };
    let expected = format!("{id}\n");
    let root_text = root.to_str().unwrap();
    assert_eq!(printed(get(prefix, &["--run-dir", root_text])), expected);
    let mut by_env = get(prefix, &[]);
    by_env.env("SANCTUM_RUN_DIR", &root);
    assert_eq!(printed(by_env), expected);
    let mut by_default = get(prefix, &[]);
    by_default.current_dir(run.root.path());
    assert_eq!(printed(by_default), expected);
    let mut before = program(&["--run-dir", root_text, "snapshot", prefix, "--get", "run_id"]);
    before.env("SANCTUM_RUN_DIR", "elsewhere");
    assert_eq!(printed(before), expected);

    drop(run.live("runs"));
    let twice = sanctum_tui(&["snapshot", prefix, "--json", "--run-dir", root_text], b"");
    assert_eq!(twice.code, Some(3));
    let both = format!("is the beginning of 2 ids in {root_text}: {id}, {id}-2");
    assert!(twice.err.contains(&both), "{}", twice.err);
}

fn run_parent(path: &str) -> &Path {
    Path::new(path).parent().unwrap()
}

#[test]
fn what_is_no_run_says_what_would_be() {
    let run = Recorded::new(Scenario::Calm);
    let path = run.closed("runs");
    let segment = format!("{path}/events-00000.slog");
    let root = run.root.path().join("runs");
    for (named, expected) in [
        (segment.as_str(), "name its directory instead"),
        (root.to_str().unwrap(), "this is a directory of runs, name one of them"),
        ("no-such-run", "no such run: no-such-run"),
    ] {
        for command in ["snapshot", "tail", "check", "fsck"] {
            let flags: &[&str] = match command {
                "snapshot" => &["--json"],
                "tail" => &["--jsonl"],
                _ => &[],
            };
            let done = sanctum_tui(&[&[command, named], flags].concat(), b"");
            assert_eq!((done.code, done.out.as_str()), (Some(3), ""), "{command}: {}", done.err);
            assert!(done.err.contains(expected), "{command}: {}", done.err);
        }
    }
}

#[test]
fn of_a_damaged_run_the_rest_is_shown_and_the_exit_code_is_4() {
    let run = Recorded::new(Scenario::Calm);
    let path = run.closed("runs");
    let whole = sanctum_tui(&["render", &path], b"");
    // The end mark, which is no event: the picture is that of the whole run.
    change(&last_segment(&path), |bytes| {
        let length = bytes.len() - 1;
        bytes.truncate(length);
    });
    for command in [&["render", &path][..], &["snapshot", &path, "--get", "current_batch"]] {
        let done = sanctum_tui(command, b"");
        assert_eq!(done.code, Some(4), "{}", done.err);
        if command[0] == "render" {
            assert_eq!(done.out, whole.out);
        }
        let [place, total] = done.err.lines().collect::<Vec<_>>()[..] else {
            panic!("{}", done.err)
        };
        assert!(place.starts_with("sanctum-tui: note: segment "), "{place}");
        assert!(place.contains(": the end is torn off (17 bytes), no event lost"), "{place}");
        assert!(total.starts_with("error: the run is damaged (1 place, 17 bytes, no event lost)"));
        let quiet = sanctum_tui(&[command, &["--quiet"]].concat(), b"");
        assert_eq!((quiet.out, quiet.code), (done.out, Some(4)));
        assert_eq!(quiet.err.trim_end(), total);
    }
    // Before the damage nothing is damaged.
    let early = sanctum_tui(&["snapshot", &path, "--get", "current_batch", "--at", "batch:2"], b"");
    assert_eq!((early.code, early.out.as_str(), early.err.as_str()), (Some(0), "2\n", ""));
}

#[test]
fn a_newer_format_is_5_and_both_versions_are_named() {
    let run = Recorded::new(Scenario::Calm);
    let path = run.closed("runs");
    let dir = RunDir::open(Path::new(&path)).unwrap();
    for number in dir.segments().unwrap() {
        change(&dir.segment(number), |bytes| {
            // Format 9 in a header that is whole otherwise.
            bytes[8..10].copy_from_slice(&9_u16.to_le_bytes());
            let length = u32::from_le_bytes(bytes[10..14].try_into().unwrap()) as usize;
            let checksum = crc32c(&bytes[..length - 4]);
            bytes[length - 4..length].copy_from_slice(&checksum.to_le_bytes());
        });
    }
    for command in [
        &["render", &path][..],
        &["snapshot", &path, "--json"],
        &["tail", &path, "--jsonl"],
        &["check", &path],
        &["fsck", &path],
    ] {
        let done = sanctum_tui(command, b"");
        assert_eq!((done.code, done.out.as_str()), (Some(5), ""), "{command:?}: {}", done.err);
        assert!(done.err.contains("log format 9 is newer than 2"), "{}", done.err);
    }
    assert!(fs::read_dir(&path).is_ok());
}

/// The checksum of the log, by the definition.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc: u32, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 }
        })
    })
}
