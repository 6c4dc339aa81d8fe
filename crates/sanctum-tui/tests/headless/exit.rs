//! Exit codes, and what is said on which way.

use std::io::Read;
use std::process::Stdio;

use crate::run::{file, program, rows, sanctum_tui};

#[track_caller]
fn check(args: &[&str], input: &[u8], code: i32, err: &str) {
    let done = sanctum_tui(args, input);
    assert_eq!(done.code, Some(code), "{args:?}: {}", done.err);
    assert!(done.err.contains(err), "{args:?}: {}", done.err);
    assert_eq!(done.out.is_empty(), code != 0, "{args:?} printed {:?}", done.out);
}

#[test]
fn a_run_that_is_not_there_is_3() {
    check(&["snapshot", "no/such/run", "--json"], b"", 3, "no/such/run");
    check(&["render", "no/such/run"], b"", 3, "no/such/run");
    let empty = tempfile::tempdir().unwrap();
    check(&["snapshot", empty.path().to_str().unwrap(), "--json"], b"", 3, "not a run directory");
    std::fs::create_dir(empty.path().join("checkpoints")).unwrap();
    check(&["snapshot", empty.path().to_str().unwrap(), "--json"], b"", 3, "events.jsonl");
}

#[test]
fn what_is_not_understood_is_2_with_the_nearest() {
    for (args, err) in [
        (
            &["snapshot", "-", "--get", "policy.kl_divergance"][..],
            "nearest: `policy.kl_divergence`",
        ),
        (&["snapshot", "-", "--get", "envs[0].statu"], "nearest: `envs[0].status`"),
        (&["snapshot", "-", "--json", "--at", "batc:3"], "nearest: `batch:`"),
        (&["snapshot", "-", "--json", "--at", "time:5"], "time:90s"),
        (&["snapshot", "-", "--json", "--now", "-1"], "`-1` is no number of seconds"),
        (&["snapshot", "-", "--json", "--now", "+x"], "`+x` is no number of seconds"),
        (&["snapshot", "-", "--json", "--group", "a b"], "group_id must be"),
        (&["snapshot", "-", "--json", "--clsed"], "--closed"),
        (&["snapshot", "-"], "--json or --get"),
        (&["snapshot"], "RUN"),
        (&["snapsot", "-", "--json"], "snapshot"),
        (&["render", "-", "--widget", "RunHeadr"], "nearest: `RunHeader`"),
        (&["render", "-", "--scene", "overvew"], "nearest: `overview`"),
        (&["render", "-", "--widget", "RunHeader", "--scene", "main"], "cannot be used with"),
        (&["render", "-", "--size", "120"], "`120` is no size"),
        (&["render", "-", "--format", "png"], "svg"),
    ] {
        check(args, b"", 2, err);
    }
}

#[test]
fn anything_else_that_can_be_read_is_0() {
    for bytes in
        [&b""[..], b"\n\n", b"\xff\xfe\x00\x01garbage", b"{\"v\":1", b"[]", "null\nnull".as_bytes()]
    {
        check(&["snapshot", "-", "--json"], bytes, 0, "");
        check(&["render", "-"], bytes, 0, "");
    }
}

#[test]
fn a_file_a_pipe_and_a_run_directory_read_alike() {
    let rows = rows("r", "default", 0, 3);
    let (dir, path) = file("events.jsonl", &rows);
    let from = |run: &str| sanctum_tui(&["snapshot", run, "--json"], rows.as_bytes());
    let piped = from("-");
    assert_eq!(piped.code, Some(0), "{}", piped.err);
    assert_eq!(from(path.to_str().unwrap()), piped);
    assert_eq!(from(dir.path().to_str().unwrap()), piped);
    assert!(piped.out.starts_with("{\"schema\":1,\"run_id\":\"r\","), "{}", piped.out);
    assert_eq!(piped.out.lines().count(), 1);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for args in [&["snapshot", "-", "--json"][..], &["render", "-", "--format", "svg"]] {
        let mut command = program(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Nobody reads any more before the program has anything to say: it still waits for its input.
        drop(child.stdout.take());
        drop(child.stdin.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""), "{args:?}");
    }
}

/// A moment is reached before the end of a pipe that never ends.
#[test]
fn reading_stops_at_the_moment() {
    use std::io::Write;
    let mut command = program(&["snapshot", "-", "--get", "current_batch", "--at", "batch:2"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(rows("r", "default", 0, 3).as_bytes()).unwrap();
    stdin.flush().unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!((out.as_str(), child.wait().unwrap().code()), ("2\n", Some(0)));
    drop(stdin);
}
