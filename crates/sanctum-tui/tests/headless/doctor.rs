//! `doctor` as a process.

use leyline::demo::Scenario;
use serde_json::Value;

use crate::ls::in_place;
use crate::recorded::Recorded;

#[test]
fn the_report_is_complete_whether_the_run_is_found_or_not() {
    let run = Recorded::new(Scenario::Calm);
    run.closed("runs");
    let id = run.run().as_str();
    let prefix: String = id.chars().take(4).collect();
    let found = in_place(&run, &["doctor", &prefix]);
    assert_eq!((found.code, found.err.as_str()), (Some(0), ""));
    assert!(found.out.contains(&format!("it stands for {id}, of 1 run below")), "{}", found.out);
    let none = in_place(&run, &["doctor", "nix"]);
    assert_eq!(none.code, Some(3));
    assert!(none.out.contains("\n  NOT FOUND "), "{}", none.out);
    assert_eq!(none.err, "error: no such run: nix\n");
    // The locale is C, so nothing but the lines that show the glyphs is not ASCII.
    let other = none.out.lines().filter(|line| !line.is_ascii()).count();
    assert_eq!(other, 2, "{}", none.out);
}

#[test]
fn json_says_what_the_environment_says() {
    let run = Recorded::new(Scenario::Calm);
    let done = in_place(&run, &["doctor", "--json"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    let json: Value = serde_json::from_str(&done.out).unwrap();
    let terminal = &json["terminal"];
    assert_eq!((&terminal["term"], &terminal["locale"]), (&"dumb".into(), &"C".into()));
    assert_eq!(terminal["locale_is_utf8"], false);
    assert_eq!(terminal["no_color"], "1");
    assert_eq!(terminal["stdout_is_terminal"], false);
    let folder = run.root.path().join("sanctum");
    assert_eq!(json["sockets"]["folder"], folder.to_str().unwrap());
    assert_eq!(json["sockets"]["exists"], false);
    assert_eq!((&json["runs_root"]["exists"], &json["run"]), (&false.into(), &Value::Null));
}
