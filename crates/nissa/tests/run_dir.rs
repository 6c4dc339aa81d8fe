//! Run directories: made once, recognised later.

use std::fs;
use std::path::Path;

use leyline::RunId;
use nissa::{RunDir, RunDirError};

fn id(text: &str) -> RunId {
    RunId::new(text).expect("an id")
}

fn name(dir: &RunDir) -> &str {
    dir.path().file_name().and_then(|name| name.to_str()).expect("a name")
}

#[test]
fn a_run_gets_a_directory_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().join("some/runs");
    let (first, run) = RunDir::create(&root, &id("cartpole-7f3a")).unwrap();
    assert_eq!((name(&first), run), ("cartpole-7f3a", id("cartpole-7f3a")));
    assert!(first.checkpoints().is_dir());
    assert_eq!(first.events(), root.join("cartpole-7f3a/events.jsonl"));
    assert_eq!(first.checkpoints(), root.join("cartpole-7f3a/checkpoints"));
    let (second, run) = RunDir::create(&root, &id("cartpole-7f3a")).unwrap();
    assert_eq!((name(&second), run), ("cartpole-7f3a-2", id("cartpole-7f3a-2")));
    let (third, run) = RunDir::create(&root, &id("cartpole-7f3a")).unwrap();
    assert_eq!((name(&third), run), ("cartpole-7f3a-3", id("cartpole-7f3a-3")));
}

#[test]
fn a_longest_id_stays_an_id_when_its_name_is_taken() {
    let root = tempfile::tempdir().unwrap();
    let longest = id(&"x".repeat(RunId::MAX_LEN));
    RunDir::create(root.path(), &longest).unwrap();
    let (dir, run) = RunDir::create(root.path(), &longest).unwrap();
    assert_eq!(run, id(&format!("{}-2", "x".repeat(RunId::MAX_LEN - 2))));
    assert_eq!(name(&dir), run.as_str());
}

#[test]
fn an_id_of_dots_leads_nowhere() {
    let root = tempfile::tempdir().unwrap();
    for dots in [".", ".."] {
        let refused = RunDir::create(root.path(), &id(dots));
        assert!(matches!(refused, Err(RunDirError::NoName { .. })), "{refused:?}");
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_root_that_is_a_file_is_an_error_with_its_path() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("runs");
    fs::write(&file, "").unwrap();
    let error = RunDir::create(&file, &id("run")).unwrap_err().to_string();
    let expected = format!(": {}", file.display());
    assert!(
        error.starts_with("cannot create run directory: ") && error.ends_with(&expected),
        "{error}"
    );
}

#[test]
fn a_run_directory_is_recognised_by_what_is_in_it() {
    let root = tempfile::tempdir().unwrap();
    let open = |path: &Path| RunDir::open(path);
    let (made, _) = RunDir::create(root.path(), &id("run")).unwrap();
    assert_eq!(open(made.path()).unwrap(), made, "also before the first row");
    let rows_only = root.path().join("copied");
    fs::create_dir(&rows_only).unwrap();
    assert!(matches!(open(&rows_only), Err(RunDirError::NotARun { .. })));
    fs::write(rows_only.join("events.jsonl"), "").unwrap();
    assert_eq!(open(&rows_only).unwrap().path(), rows_only);
    assert!(matches!(open(&rows_only.join("events.jsonl")), Err(RunDirError::NotARun { .. })));
    assert!(matches!(open(&root.path().join("none")), Err(RunDirError::NotFound { .. })));
}
