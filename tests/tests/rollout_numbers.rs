//! Numbers on the screen equal numbers that Python computes from the batch itself (`tests/python/check_rollout.py`).

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use simic_training::config::{Config, Dump};

use crate::support::{printed, small, snapshot, train};

const BATCH: u64 = 3;

/// Runs the script; `None` where there is no Python. In CI there is one: then its absence is a failure.
#[expect(clippy::disallowed_methods, reason = "whether this is CI is no setting of the program")]
#[expect(clippy::print_stdout, reason = "a test that did not look must not look as if it had")]
fn python(dump: &Path, told: &Path) -> Option<Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/check_rollout.py");
    match Command::new("python3").arg(script).args([dump, told]).output() {
        Ok(output) => Some(output),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "python3 does not run: {error}");
            println!("skipped: python3 does not run: {error}");
            None
        }
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn python_computes_the_numbers_of_a_batch_again() {
    let root = tempfile::tempdir().unwrap();
    let (dump, told) = (root.path().join("batch.json"), root.path().join("told.json"));
    for normalize in [true, false] {
        let mut config =
            Config { dump: Some(Dump { path: dump.clone(), batch: BATCH }), ..small(4) };
        config.max_epochs = 64;
        config.hyper.normalize_advantages = normalize;
        config.hyper.learning_rate = 1e-2;
        let run = train(config, None, root.path());
        let shown = snapshot(&run.dir, &["--at", "batch:3"]);
        fs::write(&told, shown.to_string()).unwrap();
        let Some(output) = python(&dump, &told) else { return };
        assert!(output.status.success(), "{}", text(&output));
        assert!(text(&output).contains("0 differ"), "{}", text(&output));

        let rows = printed(&["tail", run.dir.to_str().unwrap(), "--jsonl"]);
        let row = rows
            .lines()
            .map(|row| serde_json::from_str::<Value>(row).unwrap())
            .find(|row| {
                row["event_type"] == "PPO_UPDATE_COMPLETED" && row["data"]["batch_idx"] == BATCH
            })
            .unwrap();
        fs::write(&told, row.to_string()).unwrap();
        let output = python(&dump, &told).unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
}

/// The comparison can fail: each number alone, moved by little more than the tolerance, is noticed.
#[test]
fn python_notices_every_number_that_is_wrong() {
    let root = tempfile::tempdir().unwrap();
    let (dump, told) = (root.path().join("batch.json"), root.path().join("told.json"));
    let config = Config { dump: Some(Dump { path: dump.clone(), batch: BATCH }), ..small(3) };
    let run = train(config, None, root.path());
    let shown = snapshot(&run.dir, &[]);
    let checked = [
        "kl_divergence",
        "clip_fraction",
        "advantage_mean",
        "advantage_std",
        "advantage_skewness",
        "advantage_kurtosis",
        "explained_variance",
        "td_error_mean",
        "td_error_std",
        "bellman_error",
        "return_mean",
        "return_std",
    ];
    for name in checked {
        let mut wrong = shown.clone();
        let value = wrong["policy"][name]["value"].as_f64().unwrap();
        wrong["policy"][name]["value"] = json!(value + 3e-5 * value.abs().max(1.0));
        fs::write(&told, wrong.to_string()).unwrap();
        let Some(output) = python(&dump, &told) else { return };
        assert_eq!(output.status.code(), Some(1), "{name}: {}", text(&output));
        assert!(text(&output).contains(&format!("{name}: ")), "{}", text(&output));
    }
    let mut batch: Value = serde_json::from_str(&fs::read_to_string(&dump).unwrap()).unwrap();
    batch["gae_lambda"] = json!(0.9);
    fs::write(&dump, batch.to_string()).unwrap();
    fs::write(&told, shown.to_string()).unwrap();
    let output = python(&dump, &told).unwrap();
    assert!(text(&output).contains("advantages: the trainer's list is another one"));
}
