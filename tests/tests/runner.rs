//! Runs the stories that cross crates, in one binary: one `mod` line a file, in alphabetical order.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

mod acceptance_header;
mod acceptance_lines;
mod acceptance_rows;
mod ancestor_run;
mod attach;
mod episode_records;
mod evaluation;
mod event_log;
mod garbage;
mod learning;
mod policy_records;
mod records;
mod replay_equals_live;
mod resume;
mod rollout_numbers;
mod support;

/// Returns the names in the `mod name;` lines of `source`.
fn listed(source: &str) -> BTreeSet<String> {
    source
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .map(ToOwned::to_owned)
        .collect()
}

/// Returns the names of the source files in `dir`, without the runner itself.
fn found(dir: &Path) -> BTreeSet<String> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "runner")
        .collect()
}

#[test]
fn no_file_is_forgotten() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let forgotten: Vec<String> =
        found(&dir).difference(&listed(include_str!("runner.rs"))).cloned().collect();
    assert_eq!(forgotten, Vec::<String>::new(), "add a `mod` line to tests/tests/runner.rs");
}

#[test]
fn a_file_without_a_mod_line_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["runner.rs", "replay.rs", "resume.rs", "notes.md"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    let listed = listed("//! Stories.\n\nmod resume;\n\nuse std::fs;\n");
    let found = found(dir.path());
    assert_eq!(found.difference(&listed).collect::<Vec<_>>(), ["replay"]);
}
