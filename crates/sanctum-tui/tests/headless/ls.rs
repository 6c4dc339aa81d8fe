//! `ls` as a process: where it looks, what goes to which output, and how it ends.

use leyline::demo::Scenario;
use serde_json::Value;

use crate::recorded::Recorded;
use crate::run::{Done, program};

/// Runs the program with the folder of sockets in the directory of `run`, and with its runs root in the environment.
pub(crate) fn in_place(run: &Recorded, args: &[&str]) -> Done {
    let mut command = program(args);
    command.env("XDG_RUNTIME_DIR", run.root.path());
    command.env("SANCTUM_RUN_DIR", run.root.path().join("runs"));
    let output = command.output().unwrap();
    Done {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn the_runs_below_the_root_are_listed_whole_where_there_is_no_terminal() {
    let run = Recorded::new(Scenario::LossyLink);
    run.closed("runs");
    let live = run.live("runs");
    let done = in_place(&run, &["ls"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    let words: Vec<Vec<&str>> =
        done.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let id = run.run().as_str();
    let second = format!("{id}-2");
    // The locale is C.
    assert_eq!(words[0], ["id", "task", "state", "batch", "age", "events", "lost"]);
    assert_eq!(words.len(), 3, "{}", done.out);
    assert_eq!((words[1][0], words[2][0]), (id, second.as_str()));
    assert_eq!(words[1][2..4], ["completed", "20/20"]);
    assert_eq!((words[2][2], words[2][6]), ("live", "50"));
    assert!(done.out.is_ascii());
    let named = in_place(&run, &["ls", run.root.path().join("runs").to_str().unwrap()]);
    assert_eq!(named, done);
    drop(live);
}

#[test]
fn json_goes_to_standard_output_and_notes_do_not() {
    let run = Recorded::new(Scenario::Calm);
    let done = in_place(&run, &["ls", "--json"]);
    assert_eq!(done.code, Some(0));
    let json: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&json["schema"], &json["runs"]), (&Value::from(1), &Value::Array(Vec::new())));
    assert!(done.err.contains("no run is live, and there is no runs root"), "{}", done.err);
    let quiet = in_place(&run, &["ls", "--json", "--quiet"]);
    assert_eq!((quiet.code, quiet.out, quiet.err.as_str()), (Some(0), done.out, ""));
}

#[test]
fn a_directory_that_is_none_is_3() {
    let run = Recorded::new(Scenario::Calm);
    let path = run.closed("runs");
    for (dir, said) in [("no/such", "cannot read runs root"), (path.as_str(), "this is a run")] {
        let done = in_place(&run, &["ls", dir]);
        assert_eq!((done.code, done.out.as_str()), (Some(3), ""));
        assert!(done.err.contains(said), "{}", done.err);
    }
}
