//! A run that fails says why, in its last row and on standard error, and exits with 1.

use std::fs;
use std::io::Read as _;

use crate::process::{ENDLESS, get, has_end_mark, only_run, rows, sanctum_tui, started};

#[test]
fn a_checkpoint_that_cannot_be_written_fails_the_run() {
    let root = tempfile::tempdir().unwrap();
    let mut running = started(root.path(), &format!("{ENDLESS} --save 100"));
    let dir = only_run(root.path());
    // Whenever this happens, the next checkpoint finds a file where its directory should be.
    fs::remove_dir_all(dir.join("checkpoints")).unwrap();
    fs::write(dir.join("checkpoints"), b"").unwrap();
    let rest: Vec<String> = running.lines.by_ref().map(Result::unwrap).collect();
    let mut err = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(running.child.wait().unwrap().code(), Some(1), "{rest:?}");
    assert!(err.contains("the run failed: cannot ") && err.contains("checkpoint"), "{err}");
    assert_eq!(get(&dir, &[], "finish_reason"), "failed");
    assert_eq!(get(&dir, &[], "connection"), "failed");
    assert!(get(&dir, &[], "finish_error").contains("checkpoint"));
    assert!(has_end_mark(&dir), "the log was not closed in order");
    let rows = rows(&dir);
    let last = rows.lines().last().unwrap();
    assert!(
        last.contains("TRAINING_FINISHED") && last.contains("\"severity\":\"error\""),
        "{last}"
    );
    let banner = sanctum_tui(&["render", dir.to_str().unwrap(), "--widget", "StatusBanner"]);
    assert!(banner.starts_with("[✗] FAILED"), "{banner}");
}
