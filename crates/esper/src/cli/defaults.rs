//! Examples above the long help, defaults and exit codes below it. The numbers are those of the trainer.

use std::fmt::Write as _;

use simic_training::config::Config;
use simic_training::env::Task;

/// What people look for first.
pub(super) const EXAMPLES: &str = "\
Examples:
  esper ppo                                   train CartPole-v1 and watch it
  esper ppo --task pendulum --seed 7          another task, another seed
  esper ppo --episodes 50 --save 10           50 batches, a checkpoint every 10
  esper ppo --eval-every 10                   10 env-episodes with the best actions after every 10th batch
  esper ppo --resume runs/ID --episodes 50    50 more batches from the newest checkpoint of a run
  esper ppo --resume runs/ID/checkpoints/000025.ckpt --episodes 25
  esper ppo --no-tui --plain-interval 10      lines instead of a screen, at most one in 10 s
  esper ppo --run-dir /data/runs --run-id a1  writes /data/runs/a1, or a1-2 if there is one of that name
  esper ppo --learning-rate 3e-4 --target-kl 0.02 --hidden 128,128

Meanwhile and afterwards:
  sanctum-tui render runs/ID
  sanctum-tui snapshot runs/ID --json --get episodes.mean_return
  sanctum-tui tail runs/ID --jsonl";

const EXITS: &str = "
Environment:
  SANCTUM_RUN_DIR   where runs are written, unless --run-dir says so

Exit codes:
    0  completed, or stopped through `q`
    1  run-time error (no run directory could be made), or the run failed
    2  usage error; nothing was written
  130  interrupted (Ctrl-C): the batch was finished, a checkpoint written; a second Ctrl-C leaves at once
  143  terminated (SIGTERM): the same, as far as it fits into two seconds";

/// A flag, and what it is set to in a run.
type Row = (&'static str, fn(&Config) -> String);

const ROWS: [Row; 20] = [
    ("--episodes", |c| c.requested_batches.to_string()),
    ("--envs", |c| c.n_envs.to_string()),
    ("--episode-length", |c| c.max_epochs.to_string()),
    ("--epoch-every", |c| c.epoch_every.to_string()),
    ("--learning-rate", |c| c.hyper.learning_rate.to_string()),
    ("--anneal-learning-rate", |c| switch(c.hyper.anneal_learning_rate)),
    ("--gamma", |c| c.hyper.gamma.to_string()),
    ("--gae-lambda", |c| c.hyper.gae_lambda.to_string()),
    ("--clip-range", |c| c.hyper.clip_range.to_string()),
    ("--value-clip", |c| limit(c.hyper.value_clip)),
    ("--entropy-coef", |c| c.hyper.entropy_coef.to_string()),
    ("--value-coef", |c| c.hyper.value_coef.to_string()),
    ("--max-grad-norm", |c| c.hyper.max_grad_norm.to_string()),
    ("--target-kl", |c| limit(c.hyper.target_kl)),
    ("--passes", |c| c.hyper.passes.to_string()),
    ("--minibatch-size", |c| c.hyper.minibatch_size.to_string()),
    ("--normalize-advantages", |c| switch(c.hyper.normalize_advantages)),
    ("--reward-scale", |c| c.hyper.reward_scale.to_string()),
    ("--hidden", |c| list(&c.hyper.hidden)),
    ("--log-std", |c| c.hyper.log_std.to_string()),
];

/// Returns the text below the long help.
pub(super) fn text() -> String {
    let configs: Vec<Config> = Task::ALL.iter().map(|&task| Config::default_run(task, 0)).collect();
    let mut out = "Defaults of the tasks:\n".to_owned();
    let mut line = |name: &str, cells: &mut dyn Iterator<Item = String>| {
        // Writing to a `String` cannot fail.
        write!(out, "  {name:<24}").ok();
        for cell in cells {
            write!(out, " {cell:>12}").ok();
        }
        out.push('\n');
    };
    line("", &mut Task::ALL.iter().map(|task| task.name().to_owned()));
    for (name, value) in ROWS {
        line(name, &mut configs.iter().map(value));
    }
    out.push_str(EXITS);
    out
}

fn switch(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

fn limit(limit: Option<f64>) -> String {
    limit.map_or_else(|| "off".to_owned(), |value| value.to_string())
}

fn list(widths: &[u32]) -> String {
    widths.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
