//! A training that goes on from a checkpoint, seen through its rows.

use serde_json::Value;
use simic_training::checkpoint::Checkpoint;

use crate::support::{get, printed, small, train};

/// TELE-014: the bar shows the training, not the process: 25 batches before, 50 more, so 25/75 at once.
#[test]
fn tele_014_resume_25_plus_50_shows_25_of_75() {
    let root = tempfile::tempdir().unwrap();
    let first = train(small(25), None, root.path());
    assert_eq!(get(&first.dir, &[], "current_batch"), "25");
    let checkpoint = Checkpoint::load(&first.dir).unwrap();
    let second = train(checkpoint.config(50), Some(checkpoint), root.path());
    assert_ne!(get(&first.dir, &[], "run_id"), get(&second.dir, &[], "run_id"));

    let rows = printed(&["tail", second.dir.to_str().unwrap(), "--jsonl"]);
    let kinds: Vec<String> =
        rows.lines().map(|row| parsed(row)["event_type"].as_str().unwrap().to_owned()).collect();
    let place = |kind: &str| kinds.iter().position(|k| k == kind).unwrap();
    assert!(place("CHECKPOINT_LOADED") < place("TRAINING_STARTED"));
    // Before the start nothing is claimed, with the row of the start everything.
    let loaded = format!("seq:{}", place("CHECKPOINT_LOADED"));
    assert_eq!(get(&second.dir, &["--at", &loaded], "current_batch"), "null");
    assert_eq!(get(&second.dir, &["--at", &loaded], "max_batches"), "0");
    let started = format!("seq:{}", place("TRAINING_STARTED"));
    let episodes = get(&first.dir, &[], "current_episode");
    for (path, expected) in [
        ("current_batch", "25"),
        ("max_batches", "75"),
        ("start_batch", "25"),
        ("current_episode", &episodes),
    ] {
        assert_eq!(get(&second.dir, &["--at", &started], path), expected, "{path}");
    }
    let header = printed(&[
        "render",
        second.dir.to_str().unwrap(),
        "--widget",
        "RunHeader",
        "--at",
        &started,
    ]);
    assert!(header.contains("B:██░░░░░░ 25/75"), "{header}");
    assert_eq!(get(&second.dir, &[], "current_batch"), "75");
    assert_eq!(get(&second.dir, &["--at", "batch:26"], "current_batch"), "26");
}

fn parsed(row: &str) -> Value {
    serde_json::from_str(row).unwrap()
}

/// Returns what the rows of some kinds say about the training itself, without clocks and without counts since start.
fn said(dir: &std::path::Path, from_batch: u64) -> Vec<Value> {
    let rows = printed(&["tail", dir.to_str().unwrap(), "--jsonl"]);
    let mut begun = from_batch == 1;
    let mut said = Vec::new();
    for row in rows.lines().map(parsed) {
        let kind = row["event_type"].as_str().unwrap().to_owned();
        let mut data = row["data"].clone();
        let times = ["batch", "collect", "update", "checkpoint", "wait", "emit"];
        let times = times.map(|part| format!("{part}_seconds"));
        let counts =
            ["update_time_ms", "epochs_since_start", "env_steps_since_start", "pauses", "resumes"];
        for clock in counts.into_iter().chain(times.iter().map(String::as_str)) {
            data.as_object_mut().unwrap().remove(clock);
        }
        let training =
            ["EPOCH_COMPLETED", "EPISODE_OUTCOME", "PPO_UPDATE_COMPLETED", "BATCH_EPOCH_COMPLETED"];
        if begun && training.contains(&kind.as_str()) {
            said.push(data.clone());
        }
        begun |= kind == "BATCH_EPOCH_COMPLETED" && data["batch_idx"] == from_batch - 1;
    }
    said
}

#[test]
fn a_resumed_run_says_what_an_uninterrupted_one_says() {
    let root = tempfile::tempdir().unwrap();
    let mut config = small(20);
    config.save_every = Some(8);
    let whole = train(config, None, root.path());
    let checkpoint = Checkpoint::load(&whole.dir.join("checkpoints/000008.ckpt")).unwrap();
    assert_eq!(checkpoint.remaining_batches(), 12);
    let mut config = checkpoint.config(12);
    config.epoch_every = 1;
    let rest = train(config, Some(checkpoint), root.path());
    let (expected, found) = (said(&whole.dir, 9), said(&rest.dir, 1));
    assert!(12 * 2 * 16 < expected.len());
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected, found);
    }
    assert_eq!(expected.len(), found.len());
}

/// TELE-914: a checkpoint hands on how often its training was taken up again.
#[test]
fn tele_914_a_run_that_goes_on_from_resumed_ones_counts_them() {
    let root = tempfile::tempdir().unwrap();
    let mut latest = train(small(2), None, root.path());
    for expected in ["0", "1", "2"] {
        assert_eq!(get(&latest.dir, &[], "budget.resumes"), expected);
        let checkpoint = Checkpoint::load(&latest.dir).unwrap();
        latest = train(checkpoint.config(2), Some(checkpoint), root.path());
    }
    let args = ["render", latest.dir.to_str().unwrap(), "--widget", "EsperStatus"];
    let panel = printed(&[&args[..], &["--size", "40x40"]].concat());
    let row = panel.lines().find(|line| line.contains("Resumes:")).unwrap();
    assert_eq!(row.chars().filter(char::is_ascii_digit).collect::<String>(), "3", "{row}");
}
