//! The whole way: a policy learns, and the snapshot of what was written says so.

use simic_training::config::Config;
use simic_training::env::Task;

use crate::support::{get, train};

/// An untrained policy holds the pole for some 20 steps; 30 batches of the default settings bring it above 150.
#[test]
fn a_short_default_run_learns_and_its_snapshot_says_so() {
    let root = tempfile::tempdir().unwrap();
    let config = Config { requested_batches: 30, ..Config::default_run(Task::CartPole, 1) };
    let run = train(config, None, root.path());
    let number = |more: &[&str], path: &str| -> f64 { get(&run.dir, more, path).parse().unwrap() };
    let (first, last) =
        (number(&["--at", "batch:1"], "episodes.mean_return"), number(&[], "episodes.mean_return"));
    assert!(first < 40.0, "{first}");
    assert!(150.0 <= last, "{last}");
    let history: Vec<f64> =
        serde_json::from_str(&get(&run.dir, &[], "episodes.return_history")).unwrap();
    assert!(4.0 * history[0] <= *history.last().unwrap(), "{history:?}");
    assert_eq!(get(&run.dir, &[], "connection"), "finished");
    assert_eq!(get(&run.dir, &[], "telemetry.events_lost"), "0");
}
