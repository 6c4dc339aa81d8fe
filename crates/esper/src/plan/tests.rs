//! Arguments and what they mean.

use clap::Parser as _;
use simic_training::config::TaskDefaults;

use super::*;
use crate::cli::{Cli, Command};

fn args(line: &str) -> PpoArgs {
    let cli = Cli::try_parse_from(["esper", "ppo"].into_iter().chain(line.split_whitespace()));
    let Command::Ppo(args) = cli.unwrap().command;
    *args
}

#[track_caller]
fn check(line: &str, expected: impl FnOnce(&Plan) -> bool) {
    let plan = Plan::of(&args(line)).unwrap();
    assert!(expected(&plan), "{line}: {plan:?}");
}

#[track_caller]
fn check_refused(line: &str, expected: &str) {
    assert_eq!(Plan::of(&args(line)).unwrap_err().to_string(), expected, "{line}");
}

#[test]
fn without_arguments_the_default_run_is_planned() {
    check("", |plan| {
        plan.task == Task::CartPole && plan.config == Config::default_run(Task::CartPole, SEED)
    });
    check("--task Pendulum-v1", |plan| plan.config.hyper == TaskDefaults::of(Task::Pendulum).hyper);
}

#[test]
fn counts_are_those_of_the_arguments() {
    check("--episodes 50 --start-episode 25 --envs 4 --episode-length 32 --seed 7", |plan| {
        let config = &plan.config;
        let counts =
            (config.requested_batches, config.start_batch, config.n_envs, config.max_epochs);
        counts == (50, 25, 4, 32) && config.seed == 7
    });
    // The budget is one of env steps, so smaller batches are more of them.
    check("--envs 4", |plan| {
        plan.config.requested_batches == TaskDefaults::of(Task::CartPole).batches(4 * 128)
    });
    check("--eval-every 7", |plan| {
        plan.config.evaluation == Some(Evaluation { every: 7, episodes: 10 })
    });
    check("--eval-every 1 --eval-episodes 3", |plan| {
        plan.config.evaluation == Some(Evaluation { every: 1, episodes: 3 })
    });
    check("--save 5 --epoch-every 1", |plan| {
        (plan.config.save_every, plan.config.epoch_every) == (Some(5), 1)
    });
}

#[test]
fn every_setting_of_the_algorithm_is_an_argument() {
    let line = "--learning-rate 0.5 --anneal-learning-rate off --gamma 0.5 --gae-lambda 0.25 --clip-range 0.125 \
        --value-clip 0.3 --entropy-coef 0.4 --value-coef 0.6 --max-grad-norm 0.7 --target-kl 0.8 --passes 9 \
        --minibatch-size 10 --normalize-advantages off --reward-scale 11 --hidden 12,13 --log-std -1";
    let expected = simic_training::config::Hyperparams {
        gamma: 0.5,
        gae_lambda: 0.25,
        learning_rate: 0.5,
        anneal_learning_rate: false,
        clip_range: 0.125,
        value_clip: Some(0.3),
        entropy_coef: 0.4,
        value_coef: 0.6,
        max_grad_norm: 0.7,
        target_kl: Some(0.8),
        passes: 9,
        minibatch_size: 10,
        normalize_advantages: false,
        reward_scale: 11.0,
        hidden: vec![12, 13],
        log_std: -1.0,
    };
    check(line, |plan| plan.config.hyper == expected);
    check("--target-kl 0.1 --value-clip off", |plan| {
        (plan.config.hyper.target_kl, plan.config.hyper.value_clip) == (Some(0.1), None)
    });
}

#[test]
fn what_cannot_work_is_refused_in_the_words_of_the_command_line() {
    check_refused("--task chess", "unknown task `chess`; tasks: cartpole, acrobot, pendulum");
    check_refused("--envs 0", "--envs is 0, allowed is 1 to 65536");
    check_refused("--passes 0", "--passes is 0, allowed is 1 to 1000");
    check_refused("--episode-length 0", "--episode-length is 0, allowed is 1 to 16777216");
    check_refused("--eval-every 0", "--eval-every is 0, allowed is 1 to 4294967296");
    let none = "--eval-every 1 --eval-episodes 0";
    check_refused(none, "--eval-episodes is 0, allowed is 1 to 1000000");
    check_refused("--gamma 2", "--gamma is 2, allowed is above 0 to 1");
    check_refused("--learning-rate NaN", "--learning-rate is NaN, allowed is above 0 to 1");
    check_refused("--hidden 0", "--hidden: width of a hidden layer is 0, allowed is 1 to 4096");
    let error = Plan::of(&args("--resume no/such/file")).unwrap_err().to_string();
    assert!(error.starts_with("cannot resume: cannot read checkpoint: "), "{error}");
}

#[test]
fn faults_are_read_checked_and_told() {
    check("--episodes 20 --inject entropy-bonus=-0.1 --inject frozen-env=3@5", |plan| {
        plan.faults.to_string() == "entropy-bonus=-0.1, frozen-env=3@5"
            && plan.notes == ["this run goes wrong on purpose: entropy-bonus=-0.1, frozen-env=3@5"]
            && plan.config.hyper == TaskDefaults::of(Task::CartPole).hyper
    });
    check_refused(
        "--episodes 20 --inject nan-gradient@21",
        "--inject: the batch of fault `nan-gradient@21` is `21`, allowed is 1 to 20",
    );
    check("", |plan| plan.faults.is_empty() && plan.notes.is_empty());
}

/// A run directory with a checkpoint after 3 of 8 batches.
fn checkpoint(dir: &Path) -> Checkpoint {
    let mut config = Config::default_run(Task::CartPole, 5);
    (config.n_envs, config.max_epochs, config.requested_batches) = (2, 8, 8);
    let learner = Learner::new(&config, |_| Task::CartPole.make()).unwrap();
    let place = simic_training::checkpoint::Place {
        batch: 3,
        max_batches: 8,
        episodes_completed: 4,
        resumes: Some(0),
    };
    let checkpoint = Checkpoint::of(&learner, &config, &place);
    checkpoint.save(dir).unwrap();
    checkpoint
}

#[test]
fn a_resumed_run_does_what_was_left_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint(dir.path());
    let path = dir.path().display();
    check(&format!("--resume {path}"), |plan| {
        let Config { start_batch, requested_batches, n_envs, max_epochs, seed, .. } = &plan.config;
        (*start_batch, *requested_batches, *n_envs, *max_epochs, *seed) == (3, 5, 2, 8, 5)
            && plan.config.resumed_from.as_deref() == Some(&path.to_string())
            && plan.checkpoint.as_ref() == Some(&checkpoint)
    });
    check(
        &format!("--resume {path}/checkpoints/000003.ckpt --episodes 50 --start-episode 3"),
        |plan| (plan.config.start_batch, plan.config.requested_batches) == (3, 50),
    );
    check(&format!("--resume {path} --seed 6 --task cartpole"), |plan| {
        plan.config.seed == 5 && plan.notes.len() == 1
    });
}

#[test]
fn a_resumed_run_refuses_what_its_checkpoint_contradicts() {
    let dir = tempfile::tempdir().unwrap();
    checkpoint(dir.path());
    let check = |rest: &str, expected: &str| {
        check_refused(&format!("--resume {} {rest}", dir.path().display()), expected);
    };
    check("--start-episode 4", "--start-episode is 4, but the checkpoint has 3");
    check("--task acrobot", "--task is Acrobot-v1, but the checkpoint has CartPole-v1");
    check("--envs 3", "--envs is 3, but the checkpoint has 2");
}
