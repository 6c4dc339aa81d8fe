//! `gc` as a process: what it needs to be told, and that it takes the runs of the root.

use leyline::demo::Scenario;

use crate::recorded::Recorded;
use crate::run::{program, sanctum_tui};

#[test]
fn without_a_terminal_it_needs_a_yes() {
    let run = Recorded::new(Scenario::Calm);
    let path = run.closed("runs");
    let root = run.root.path().join("runs");
    let root = root.to_str().unwrap();
    for (flags, err) in [
        (&["--keep", "0"][..], "give --yes, or --dry-run"),
        (&["--yes"], "give --keep N or --older-than DAYS"),
    ] {
        let done = sanctum_tui(&[&["gc", root], flags].concat(), b"y\n");
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{}", done.err);
        assert!(done.err.contains(err), "{}", done.err);
    }
    let live = run.live("runs");
    let dry = sanctum_tui(&["gc", root, "--keep", "0", "--dry-run"], b"");
    assert_eq!((dry.code, dry.err.as_str()), (Some(0), ""));
    assert!(dry.out.contains("finished\n1 of 2 runs, "), "{}", dry.out);
    assert!(std::path::Path::new(&path).is_dir());

    let mut gc = program(&["gc", "--keep", "0", "--yes"]);
    let done = gc.env("SANCTUM_RUN_DIR", root).output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    assert_eq!(String::from_utf8(done.stdout).unwrap(), dry.out);
    assert!(!std::path::Path::new(&path).exists());
    assert!(std::path::Path::new(&live.path()).is_dir());
    assert_eq!(sanctum_tui(&["gc", "no/such/root", "--keep", "1", "--yes"], b"").code, Some(3));
}
