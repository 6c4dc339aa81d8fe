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
fn segments_are_listed_by_number_and_nothing_else_is() {
    let root = tempfile::tempdir().unwrap();
    let (dir, _) = RunDir::create(root.path(), &id("run")).unwrap();
    assert!(dir.segments().unwrap().is_empty());
    assert_eq!(name_of(&dir.segment(7)), "events-00007.slog");
    assert_eq!(name_of(&dir.index(7)), "events-00007.sidx");
    for number in [123_456, 99_999, 0, 11] {
        fs::write(dir.segment(number), "").unwrap();
        fs::write(dir.index(number), "").unwrap();
    }
    for other in ["events-7.slog", "events-+0007.slog", "events-00000000001.slog", "events-.slog"] {
        fs::write(dir.path().join(other), "").unwrap();
    }
    assert_eq!(dir.segments().unwrap(), [0, 11, 99_999, 123_456]);
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name")
}

#[test]
fn a_run_is_live_while_its_manifest_is_locked() {
    let root = tempfile::tempdir().unwrap();
    let (dir, _) = RunDir::create(root.path(), &id("run")).unwrap();
    assert!(!dir.is_live(), "nothing is there to lock");
    fs::write(dir.manifest(), "{}").unwrap();
    assert!(!dir.is_live());
    let writer = fs::File::open(dir.manifest()).unwrap();
    writer.try_lock().unwrap();
    assert!(dir.is_live() && dir.is_live(), "asking does not take the lock away");
    drop(writer);
    assert!(!dir.is_live());
    let (one, another) = (fs::File::open(dir.manifest()), fs::File::open(dir.manifest()));
    one.unwrap().try_lock_shared().unwrap();
    another.unwrap().try_lock().expect("a lock goes with its file");
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
    for file in ["manifest.json", "events-00003.slog"] {
        let copied = root.path().join(file.replace('.', "-"));
        fs::create_dir(&copied).unwrap();
        fs::write(copied.join(file), "").unwrap();
        assert_eq!(open(&copied).unwrap().path(), copied);
    }
    assert!(matches!(open(&rows_only.join("events.jsonl")), Err(RunDirError::NotARun { .. })));
    assert!(matches!(open(&root.path().join("none")), Err(RunDirError::NotFound { .. })));
}
