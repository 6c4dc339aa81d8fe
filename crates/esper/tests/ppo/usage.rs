//! Bad arguments: a clear error, exit code 2, nothing written.

use crate::process::{SMALL, checkpoints, only_run, run, runs};

#[test]
fn bad_arguments_write_nothing() {
    let root = tempfile::tempdir().unwrap();
    let runs_dir = root.path().join("runs");
    for (args, err) in [
        ("--task chess", "unknown task `chess`; tasks: cartpole, acrobot, pendulum"),
        ("--episodes 0", "--episodes is 0, allowed is 1 to"),
        ("--episodes many", "'--episodes <N>'"),
        ("--envs 65537", "--envs is 65537, allowed is 1 to 65536"),
        ("--episode-length 0", "--episode-length is 0"),
        ("--learning-rate -1", "--learning-rate is -1, allowed is above 0 to 1"),
        ("--gamma 1.5", "--gamma is 1.5, allowed is above 0 to 1"),
        ("--save 0", "--save is 0"),
        ("--eval-every 0", "--eval-every is 0"),
        ("--eval-episodes 5", "--eval-every <N>"),
        ("--epoch-every 0", "--epoch-every is 0"),
        ("--resume no/such/checkpoint", "cannot resume: "),
        ("--inject frost", "unknown fault `frost`; faults: entropy-bonus=WEIGHT"),
        (
            "--inject frozen-env=8@1",
            "--inject: the environment of fault `frozen-env=8@1` is `8`, allowed is 0 to 7",
        ),
        ("--fsync sometimes", "interval, batch, always, never"),
        ("--run-id a/b", "'--run-id <ID>'"),
        ("--episode 5", "--episodes"),
        ("--config no/such/file", "cannot read the configuration file"),
        ("--alert-level loud", "off, info, warning, critical"),
        ("five", "unexpected argument 'five'"),
    ] {
        let done = run(&runs_dir, args);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{args}: {}", done.err);
        assert!(done.err.contains(err), "{args}: {}", done.err);
        assert!(!runs_dir.exists(), "{args} wrote something");
    }
}

#[test]
fn a_configuration_file_that_is_wrong_writes_nothing_and_says_the_line() {
    let root = tempfile::tempdir().unwrap();
    let (runs_dir, file) = (root.path().join("runs"), root.path().join("config.toml"));
    std::fs::write(&file, "[ui]\npoll_ms = 100\nthem = \"dark\"\n").unwrap();
    let done = run(&runs_dir, &format!("{SMALL} --config {}", file.display()));
    let line = format!("esper: {}:3: unknown key `ui.them`; nearest: `ui.theme`\n", file.display());
    assert!(done.code == Some(2) && done.err.starts_with(&line), "{}", done.err);
    assert!(!runs_dir.exists());
}

#[test]
fn a_checkpoint_that_contradicts_the_arguments_is_a_usage_error() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(run(root.path(), &format!("{SMALL} --episodes 3")).code, Some(0));
    let first = only_run(root.path());
    assert_eq!(checkpoints(&first), ["000003.ckpt"]);
    for (more, err) in [
        ("--start-episode 2", "--start-episode is 2, but the checkpoint has 3"),
        ("--task acrobot", "--task is Acrobot-v1, but the checkpoint has CartPole-v1"),
        ("--envs 3", "--envs is 3, but the checkpoint has 2"),
        ("--hidden 8", "network shape"),
    ] {
        let done = run(root.path(), &format!("--no-tui --resume {} {more}", first.display()));
        assert_eq!(done.code, Some(2), "{more}: {}", done.err);
        assert!(done.err.contains(err), "{more}: {}", done.err);
    }
    std::fs::write(first.join("checkpoints/000009.ckpt"), b"SIMICKPT and then nothing").unwrap();
    let done = run(root.path(), &format!("--no-tui --resume {}", first.display()));
    assert_eq!(done.code, Some(2), "{}", done.err);
    assert_eq!(runs(root.path()).len(), 1, "a refused run wrote something");
}

#[test]
fn help_has_examples_and_the_defaults_of_every_task() {
    let root = tempfile::tempdir().unwrap();
    let done = run(root.path(), "--help");
    assert_eq!(done.code, Some(0));
    for part in [
        "Examples:",
        "--resume runs/ID",
        "Defaults of the tasks:",
        "Pendulum-v1",
        "--target-kl",
        "Exit codes:",
        "143",
    ] {
        assert!(done.out.contains(part), "{part}");
    }
}
