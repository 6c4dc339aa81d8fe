//! A run that tries its policy out, as its viewers see it afterwards.

use simic_training::config::{Config, Evaluation};

use crate::support::{get, printed, small, train};

/// TELE-902, TELE-908: the time of evaluating is told by a run that does it, and by no other.
#[test]
fn tele_902_tele_908_a_run_that_evaluates_says_what_it_costs_and_one_that_does_not_says_nothing() {
    let root = tempfile::tempdir().unwrap();
    let evaluation = Some(Evaluation { every: 2, episodes: 3 });
    let tried = train(Config { evaluation, ..small(5) }, None, root.path());
    let plain = train(small(5), None, root.path());
    for path in ["budget.batch.evaluate", "budget.run.evaluate"] {
        assert_eq!(get(&plain.dir, &[], path), "null", "{path}");
    }
    // Batch 5 had no evaluation, batch 4 had one.
    let share = |at: &str, path: &str| get(&tried.dir, &["--at", at], path).parse::<f64>().unwrap();
    assert_eq!(share("batch:5", "budget.batch.evaluate").to_bits(), 0.0_f64.to_bits());
    let (batch, run) =
        (share("batch:4", "budget.batch.evaluate"), share("batch:5", "budget.run.evaluate"));
    assert!(0.0 < batch && batch < 1.0 && 0.0 < run && run < 1.0, "{batch} {run}");
    let args = ["render", tried.dir.to_str().unwrap(), "--widget", "EsperStatus"];
    let panel = printed(&[&args[..], &["--size", "40x40"]].concat());
    let row = panel.lines().find(|line| line.contains(" evaluate")).unwrap();
    assert!(row.contains("0.0%") && row.matches('%').count() == 2, "{row}");
}

/// What an evaluation found stands beside what the user logs, and in no count of episodes.
#[test]
fn results_are_metrics_of_their_own_and_the_training_is_that_of_a_run_without_them() {
    let root = tempfile::tempdir().unwrap();
    let evaluation = Some(Evaluation { every: 2, episodes: 3 });
    let tried = train(Config { evaluation, ..small(5) }, None, root.path());
    let plain = train(small(5), None, root.path());
    for path in ["current_episode", "episodes.total", "episodes.mean_return", "policy.value_loss"] {
        assert_eq!(get(&tried.dir, &[], path), get(&plain.dir, &[], path), "{path}");
    }
    let panel = |dir: &std::path::Path| {
        let args = ["render", dir.to_str().unwrap(), "--widget", "TelemetryPanel"];
        printed(&[&args[..], &["--size", "60x30"]].concat())
    };
    for name in ["eval/mean_length", "eval/mean_return", "eval/std_return"] {
        assert!(panel(&tried.dir).contains(name), "{}", panel(&tried.dir));
        assert!(!panel(&plain.dir).contains(name), "{}", panel(&plain.dir));
    }
}
