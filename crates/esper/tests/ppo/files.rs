//! What a run writes and prints.

use std::collections::BTreeSet;

use crate::process::{
    SMALL, between, checkpoints, esper, get, has_end_mark, only_run, rows, run, runs, sanctum_tui,
    segments,
};

#[test]
fn a_run_writes_its_directory_and_prints_a_line_per_batch() {
    let root = tempfile::tempdir().unwrap();
    let done = run(root.path(), &format!("{SMALL} --episodes 12 --save 5 --seed 3"));
    assert_eq!(done.code, Some(0), "{}", done.err);
    let dir = only_run(root.path());
    assert_eq!(checkpoints(&dir), ["000005.ckpt", "000010.ckpt", "000012.ckpt"]);
    let batches: Vec<&str> = done.out.lines().filter(|line| line.contains(" batch ")).collect();
    assert_eq!(batches.len(), 12, "{}", done.out);
    assert!(batches[11].contains(" batch 12 of 12 done, "), "{}", done.out);
    assert!(!done.out.contains('\u{1b}'), "{}", done.out);
    assert!(done.err.contains(dir.to_str().unwrap()), "{}", done.err);

    let id = dir.file_name().unwrap().to_str().unwrap();
    assert!(id.starts_with("cartpole-20"), "{id}");
    for (path, expected) in [
        ("run_id", id),
        ("task_name", "CartPole-v1"),
        ("finish_reason", "completed"),
        ("connection", "finished"),
        ("current_batch", "12"),
        ("max_batches", "12"),
        ("start_batch", "0"),
        ("n_envs", "2"),
        ("max_epochs", "16"),
        ("telemetry.events_rejected", "0"),
        ("telemetry.events_unknown", "0"),
        ("telemetry.events_lost", "0"),
        ("telemetry.sink_losses", "{}"),
    ] {
        assert_eq!(get(&dir, &[], path), expected, "{path}");
    }
    assert_eq!(get(&dir, &["--at", "batch:7"], "current_batch"), "7");
    assert!(has_end_mark(&dir) && !done.err.contains("lost"), "{}", done.err);
    let rows = rows(&dir);
    let saved = rows.lines().filter(|row| row.contains("\"CHECKPOINT_SAVED\""));
    let names = ["checkpoints/000005.ckpt", "checkpoints/000010.ckpt", "checkpoints/000012.ckpt"];
    assert!(saved.zip(names).all(|(row, name)| row.contains(name)));
    let kind = "\"event_type\":\"CHECKPOINT_SAVED\"";
    assert_eq!(get(&dir, &[], "event_log").matches(kind).count(), 3);
    let header = sanctum_tui(&["render", dir.to_str().unwrap(), "--widget", "RunHeader"]);
    assert!(header.starts_with("■ DONE ") && header.contains("B:████████ 12/12"), "{header}");
}

#[test]
fn every_run_has_an_id_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        assert_eq!(run(root.path(), &format!("{SMALL} --episodes 1 --quiet")).code, Some(0));
    }
    let ids: BTreeSet<String> =
        runs(root.path()).iter().map(|dir| get(dir, &[], "run_id")).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn start_episode_counts_batches_without_a_checkpoint() {
    let root = tempfile::tempdir().unwrap();
    let done = run(root.path(), &format!("{SMALL} --episodes 2 --start-episode 25"));
    assert_eq!(done.code, Some(0), "{}", done.err);
    let dir = only_run(root.path());
    for (path, expected) in [("start_batch", "25"), ("max_batches", "27"), ("current_batch", "27")]
    {
        assert_eq!(get(&dir, &[], path), expected, "{path}");
    }
    // Every batch before stands for one env-episode of each environment.
    assert_eq!(get(&dir, &["--at", "time:0s"], "current_episode"), "50");
    assert!(done.out.contains("batch 26 of 27 done"), "{}", done.out);
    assert_eq!(checkpoints(&dir), ["000027.ckpt"]);
}

#[test]
fn lines_can_be_thinned() {
    let root = tempfile::tempdir().unwrap();
    let done = run(root.path(), &format!("{SMALL} --episodes 30 --plain-interval 3600"));
    assert_eq!(done.code, Some(0), "{}", done.err);
    let batches = done.out.lines().filter(|line| line.contains(" batch ")).count();
    // The first and the last, and those that changed a verdict.
    assert!((2..15).contains(&batches), "{}", done.out);
    assert!(done.out.contains("run completed"), "{}", done.out);
}

#[test]
fn the_same_seed_gives_the_same_training() {
    let root = tempfile::tempdir().unwrap();
    for seed in [5, 5, 6] {
        assert_eq!(run(root.path(), &format!("{SMALL} --episodes 4 --seed {seed}")).code, Some(0));
    }
    let losses: Vec<String> =
        runs(root.path()).iter().map(|dir| get(dir, &[], "policy.policy_loss_history")).collect();
    assert_eq!(losses[0], losses[1]);
    assert_ne!(losses[0], losses[2]);
}

/// The settings of the command line are those of the run, and are told in its start.
#[test]
fn settings_reach_the_run() {
    let root = tempfile::tempdir().unwrap();
    let settings = "--learning-rate 0.002 --gamma 0.9 --target-kl 0.05 --anneal-learning-rate off";
    assert_eq!(run(root.path(), &format!("{SMALL} --episodes 2 {settings}")).code, Some(0));
    let dir = only_run(root.path());
    assert_eq!(get(&dir, &[], "policy.learning_rate"), "0.002");
    let rows = rows(&dir);
    let start = rows.lines().find(|row| row.contains("TRAINING_STARTED")).unwrap();
    for part in ["\"learning_rate\":0.002", "\"gamma\":0.9", "\"target_kl\":0.05"] {
        assert!(start.contains(part), "{start}");
    }
}

/// What a later question needs to know about a run stands beside its events.
#[test]
fn the_manifest_says_what_was_run_where_and_with_which_settings() {
    let root = tempfile::tempdir().unwrap();
    let line = format!(
        "{SMALL} --episodes 2 --seed 9 --save 2 --hidden 8,8 --target-kl 0.05 --eval-every 2"
    );
    assert_eq!(run(root.path(), &line).code, Some(0));
    let first = only_run(root.path());
    let manifest = std::fs::read_to_string(first.join("manifest.json")).unwrap();
    let id = first.file_name().unwrap().to_str().unwrap();
    let value = |key: &str| between(&manifest, &format!("\"{key}\": "), "\n").trim_end_matches(',');
    assert_eq!(value("run_id"), format!("\"{id}\""));
    for (key, expected) in [
        ("task", "\"CartPole-v1\""),
        ("seed", "9"),
        ("n_envs", "2"),
        ("max_epochs", "16"),
        ("requested_batches", "2"),
        ("start_batch", "0"),
        ("epoch_every", "1"),
        ("save_every", "2"),
        ("eval_every", "2"),
        ("eval_episodes", "10"),
        ("target_kl", "0.05"),
        ("value_clip", "null"),
        ("normalize_advantages", "true"),
        ("gamma", "0.99"),
        ("resumed_from", "null"),
        ("repaired", "null"),
    ] {
        assert_eq!(value(key), expected, "{key} in {manifest}");
    }
    assert!(1 < value("host").len() && value("host") != "null", "{manifest}");
    assert!(value("pid").parse::<u32>().is_ok_and(|pid| 0 < pid), "{manifest}");
    assert!(value("started").starts_with("\"20"), "{manifest}");

    let args = format!("--no-tui --resume {} --episodes 1", first.display());
    assert_eq!(run(root.path(), &args).code, Some(0));
    let second = runs(root.path()).into_iter().find(|run| *run != first).unwrap();
    let manifest = std::fs::read_to_string(second.join("manifest.json")).unwrap();
    assert!(manifest.contains(&format!("\"resumed_from\": \"{}\"", first.display())), "{manifest}");
    assert!(manifest.contains("\"start_batch\": 2"), "{manifest}");
    assert!(manifest.contains("\"eval_every\": null"), "a checkpoint does not keep it: {manifest}");
}

#[test]
fn two_trainers_of_one_name_get_two_directories_and_the_second_is_told() {
    let root = tempfile::tempdir().unwrap();
    let args = format!("{SMALL} --episodes 30 --run-id twin");
    let start = || {
        let mut command = esper(root.path(), &args);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    // Both at once: whichever makes the directory first has the name.
    let said: Vec<String> = [start(), start()]
        .map(|child| child.wait_with_output().unwrap())
        .into_iter()
        .map(|output| {
            assert_eq!(output.status.code(), Some(0));
            String::from_utf8(output.stderr).unwrap()
        })
        .collect();
    let note = "esper: note: the name twin was taken, so this run is twin-2";
    assert_eq!(said.iter().filter(|err| err.contains(note)).count(), 1, "{said:?}");
    for id in ["twin", "twin-2"] {
        let dir = root.path().join(id);
        assert_eq!(get(&dir, &[], "run_id"), id);
        assert_eq!(get(&dir, &[], "current_batch"), "30");
        assert_eq!(checkpoints(&dir), ["000030.ckpt"]);
        assert_eq!(segments(&dir).len(), 1);
    }
    assert_eq!(runs(root.path()).len(), 2);
}

#[test]
fn the_runs_root_is_the_flag_else_the_variable_else_runs_here() {
    let place = tempfile::tempdir().unwrap();
    let (flag, variable) = (place.path().join("flag"), place.path().join("variable"));
    let here = place.path().join("runs");
    let run = |change: &dyn Fn(&mut std::process::Command)| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_esper"));
        command.arg("ppo").args(format!("{SMALL} --episodes 1").split(' '));
        command.current_dir(place.path()).env_remove("SANCTUM_RUN_DIR");
        change(&mut command);
        assert!(command.output().unwrap().status.success());
    };
    run(&|command| {
        command.arg("--run-dir").arg(&flag).env("SANCTUM_RUN_DIR", &variable);
    });
    assert!(runs(&flag).len() == 1 && !variable.exists());
    run(&|command| {
        command.env("SANCTUM_RUN_DIR", &variable);
    });
    assert!(runs(&variable).len() == 1 && !here.exists());
    run(&|_| {});
    run(&|command| {
        command.env("SANCTUM_RUN_DIR", "");
    });
    assert_eq!(runs(&here).len(), 2);
}
