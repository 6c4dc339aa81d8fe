//! Runs that go on from a checkpoint.

use std::path::Path;

use simic_training::checkpoint::Checkpoint;

use crate::process::{SMALL, checkpoints, get, run, runs, sanctum_tui};

#[test]
fn tele_014_a_resumed_process_shows_25_of_75_at_once() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(run(root.path(), &format!("{SMALL} --episodes 25")).code, Some(0));
    let [first] = runs(root.path()).try_into().unwrap();
    let done = run(root.path(), &format!("{SMALL} --resume {} --episodes 50", first.display()));
    assert_eq!(done.code, Some(0), "{}", done.err);
    let [_, second] = runs(root.path()).try_into().unwrap();
    for (path, expected) in [("current_batch", "25"), ("max_batches", "75"), ("start_batch", "25")]
    {
        assert_eq!(get(&second, &["--at", "time:0s"], path), expected, "{path}");
    }
    let args = ["render", second.to_str().unwrap(), "--widget", "RunHeader", "--at", "time:0s"];
    let header = sanctum_tui(&args);
    assert!(header.contains("B:██░░░░░░ 25/75"), "{header}");
    assert!(done.out.contains("batch 26 of 75 done"), "{}", done.out);
    assert_eq!(get(&second, &[], "current_batch"), "75");
    assert_eq!(checkpoints(&second), ["000075.ckpt"]);
    assert_eq!(get(&second, &[], "telemetry.events_lost"), "0");
}

#[test]
fn a_run_stopped_half_way_and_resumed_equals_one_that_was_not() {
    let root = tempfile::tempdir().unwrap();
    let (whole, parts) = (root.path().join("whole"), root.path().join("parts"));
    assert_eq!(run(&whole, &format!("{SMALL} --episodes 20 --save 10 --seed 4")).code, Some(0));
    let [whole] = runs(&whole).try_into().unwrap();
    // The checkpoint of a run of 20 that was left at 10: what is left to do is the other half.
    let half = whole.join("checkpoints/000010.ckpt");
    assert_eq!(run(&parts, &format!("--no-tui --resume {}", half.display())).code, Some(0));
    let [rest] = runs(&parts).try_into().unwrap();
    for path in [
        "current_batch",
        "max_batches",
        "policy.policy_loss",
        "policy.value_loss",
        "policy.kl_divergence",
        "policy.grad_norm",
        "policy.explained_variance",
        "policy.learning_rate",
        "episodes.last_return",
        "current_episode",
    ] {
        assert_eq!(get(&rest, &[], path), get(&whole, &[], path), "{path}");
    }
    let end = |run: &Path| Checkpoint::load(&run.join("checkpoints/000020.ckpt")).unwrap();
    let (whole, rest) = (end(&whole), end(&rest));
    assert_eq!((whole.resumes, rest.resumes), (Some(0), Some(1)));
    let bytes = |of: Checkpoint| Checkpoint { resumes: None, ..of }.encode(Path::new("")).unwrap();
    assert_eq!(bytes(rest), bytes(whole), "the checkpoints at the end differ");
}

#[test]
fn tele_914_every_process_that_goes_on_counts_those_before_it() {
    let root = tempfile::tempdir().unwrap();
    let mut from = String::new();
    for (id, resumes) in [("a", "0"), ("b", "1"), ("c", "2")] {
        let done = run(root.path(), &format!("{SMALL} --episodes 2 --run-id {id}{from}"));
        assert_eq!(done.code, Some(0), "{}", done.err);
        let dir = root.path().join(id);
        assert_eq!(get(&dir, &[], "budget.resumes"), resumes);
        from = format!(" --resume {}", dir.display());
    }
    // A build that did not count wrote this one: that it was resumed is known, how often is not.
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/../simic-training/testdata/version-1.ckpt");
    let done = run(root.path(), &format!("--no-tui --episodes 2 --run-id d --resume {old}"));
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert_eq!(get(&root.path().join("d"), &[], "budget.resumes"), "null");
}
