//! The configuration file as a process sees it: what it changes, what it says when it is wrong, and who wins.

use std::path::Path;

use serde_json::{Value, json};

use crate::run::{Done, program, row, rows};

/// Runs the program in the folder of a configuration file.
fn sanctum_tui(home: &Path, args: &[&str], input: &str) -> Done {
    let (_dir, path) = crate::run::file("rows.jsonl", input);
    let path = path.to_str().unwrap();
    let args: Vec<&str> = args.iter().map(|arg| if *arg == "ROWS" { path } else { arg }).collect();
    let output = program(&args).env("XDG_CONFIG_HOME", home).output().unwrap();
    Done {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Returns a configuration home with this file.
fn home(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sanctum")).unwrap();
    std::fs::write(dir.path().join("sanctum/config.toml"), text).unwrap();
    dir
}

/// A run with a KL divergence of 0.04 in every batch.
fn run() -> String {
    let start = json!({ "task": "CartPole-v1", "max_batches": 100, "start_batch": 0 });
    let mut text = row("cp", "default", 0, 2.0, "TRAINING_STARTED", &start);
    for batch in 1..=12_u64 {
        let at = 2.0 + batch as f64;
        let update = json!({ "batch_idx": batch, "skipped": false, "kl_divergence": 0.04 });
        text += &row("cp", "default", 2 * batch - 1, at, "PPO_UPDATE_COMPLETED", &update);
        let end = json!({ "batch_idx": batch });
        text += &row("cp", "default", 2 * batch, at, "BATCH_EPOCH_COMPLETED", &end);
    }
    text
}

#[test]
fn limits_and_rules_of_the_file_count_in_every_command_and_say_where_they_are_from() {
    let home =
        home("[limits.TELE-110]\nwarning = 0.1\ncritical = 0.2\n[rules.slow]\nenabled = false\n");
    let run = run();
    let done = sanctum_tui(home.path(), &["check", "ROWS"], &run);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("(configuration file, line 1)\n"), "{}", done.out);
    assert!(done.out.contains("\nmuted: slow\n"), "{}", done.out);
    let done = sanctum_tui(home.path(), &["check", "ROWS", "--json"], &run);
    let value: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(
        value["own_limits"],
        json!([{
            "record": "TELE-110", "metric": "policy.kl_divergence", "warning": "> 0.1", "critical": "> 0.2",
            "built_in_warning": "> 0.015", "built_in_critical": "> 0.03", "from": "configuration file, line 1",
        }])
    );
    // A flag wins.
    let flag = ["check", "ROWS", "--limit", "TELE-110=0.01,0.02"];
    let done = sanctum_tui(home.path(), &flag, &run);
    assert_eq!(done.code, Some(11), "{}", done.err);
    assert!(done.out.contains("limit > 0.02, built in > 0.03 (command line)"), "{}", done.out);
    let get = ["snapshot", "ROWS", "--get", "policy.kl_divergence.verdict"];
    assert_eq!(sanctum_tui(home.path(), &get, &run).out, "healthy\n");
    let inspector =
        ["render", "ROWS", "--scene", "inspector", "--metric", "TELE-110", "--size", "120x60"];
    let done = sanctum_tui(home.path(), &inspector, &run);
    let both = "value > 0.1: own limit (configuration file, line 1), built in > 0.015";
    assert!(done.out.contains(both), "{}", done.out);
}

#[test]
fn of_the_file_a_picture_takes_the_limits_and_not_the_display() {
    let rows = rows("cp", "default", 0, 3);
    let (plain, home) = (home(""), home("[ui]\nascii = true\ntheme = \"light\"\n"));
    let render = |home: &Path| sanctum_tui(home, &["render", "ROWS", "--format", "svg"], &rows).out;
    assert!(render(plain.path()).contains("<svg"));
    assert_eq!(render(plain.path()), render(home.path()));
}

#[test]
fn a_file_that_is_wrong_stops_every_command_but_those_that_mend_it() {
    let home = home("[ui]\nthem = \"light\"\n[rules.kl-hgh]\nenabled = false\n");
    let file = home.path().join("sanctum/config.toml");
    let file = file.to_str().unwrap();
    for command in [&["ls"][..], &["check", "ROWS"], &["config", "show"]] {
        let done = sanctum_tui(home.path(), command, "");
        let expected = format!(
            "error: {file}:2: unknown key `ui.them`; nearest: `ui.theme` (and 1 more: `sanctum-tui config check`)\n"
        );
        assert_eq!((done.code, done.err), (Some(2), expected), "{command:?}");
    }
    let done = sanctum_tui(home.path(), &["config", "check"], "");
    assert_eq!(
        done.out,
        format!(
            "{file}:2: unknown key `ui.them`; nearest: `ui.theme`\n\
             {file}:3: unknown key `rules.kl-hgh`; nearest: `rules.kl-high`\n"
        )
    );
    assert_eq!((done.code, done.err.as_str()), (Some(2), "error: 2 problems in the file\n"));
    let done = sanctum_tui(home.path(), &["config", "path"], "");
    assert_eq!((done.code, done.out), (Some(0), format!("{file}\n")));
    assert_eq!(done.err, "sanctum-tui: note: named by XDG_CONFIG_HOME; it is there\n");
    let done = sanctum_tui(home.path(), &["doctor", "--json"], "");
    let report: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, &report["config"]["file"]), (Some(0), &json!(file)));
    let problem = report["config"]["problem"].as_str().unwrap();
    assert!(problem.contains("unknown key `ui.them`; nearest: `ui.theme`"), "{problem}");
    // Another file may be asked for.
    let done = sanctum_tui(home.path(), &["--config", "/dev/null", "config", "show"], "");
    assert_eq!(done.code, Some(0), "{}", done.err);
    let expected = "# configuration file: /dev/null\n[ui]\ntheme = \"auto\" # built in\n";
    assert!(done.out.starts_with(expected), "{}", done.out);
}

#[test]
fn what_gen_prints_is_a_file_that_changes_nothing() {
    let empty = tempfile::tempdir().unwrap();
    let text = sanctum_tui(empty.path(), &["config", "gen"], "").out;
    let home = home(&text);
    let done = sanctum_tui(home.path(), &["config", "check"], "");
    assert!(
        done.code == Some(0) && done.out.ends_with(": 0 settings, no problem\n"),
        "{}",
        done.out
    );
    let show = |home: &Path| {
        let out = sanctum_tui(home, &["config", "show"], "").out;
        out.split_once('\n').map(|(file, rest)| (file.to_owned(), rest.to_owned())).unwrap()
    };
    let (with, without) = (show(home.path()), show(empty.path()));
    assert_eq!(with.1, without.1);
    assert!(with.0.ends_with("sanctum/config.toml") && without.0.ends_with(": none"), "{with:?}");
    let done = sanctum_tui(empty.path(), &["config", "check"], "");
    let nothing = "no configuration file, so everything is built in\n";
    assert_eq!((done.code, done.out.as_str()), (Some(0), nothing));
}
