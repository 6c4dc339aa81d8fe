//! Runs that go on from a checkpoint.

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
    let bytes = |run: &std::path::Path| std::fs::read(run.join("checkpoints/000020.ckpt")).unwrap();
    assert_eq!(bytes(&rest), bytes(&whole), "the checkpoints at the end differ");
}
