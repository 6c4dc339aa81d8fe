//! Updates that must not change anything: numbers that are not finite, too large a divergence, nothing to learn from.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use simic_training::config::Config;
use simic_training::env::{Env, Task};
use simic_training::learner::Learner;
use simic_training::rollout::Rollout;
use simic_training::update::{Skip, update};

/// A learner that has made some steps, and a batch of 64 transitions.
fn learner() -> (Config, Learner<Box<dyn Env>>, Rollout) {
    let mut config = Config::default_run(Task::CartPole, 3);
    (config.n_envs, config.max_epochs, config.hyper.minibatch_size) = (4, 16, 16);
    let mut learner = Learner::new(&config, |_| Task::CartPole.make()).unwrap();
    let rollout = learner.collect(&config, &|| false, &mut |_| {}).unwrap();
    assert_eq!(learner.update(&config, &rollout, 1e-3).skip, None);
    let rollout = learner.collect(&config, &|| false, &mut |_| {}).unwrap();
    (config, learner, rollout)
}

/// Spoils a batch, and expects parameters and optimiser to be left alone, bit for bit.
#[track_caller]
fn check(spoil: impl FnOnce(&mut Config, &mut Rollout), expected: impl FnOnce(&Skip) -> bool) {
    let (mut config, mut learner, mut rollout) = learner();
    spoil(&mut config, &mut rollout);
    let before = (learner.net.clone(), learner.adam.clone());
    let outcome = learner.update(&config, &rollout, 1e-3);
    let skip = outcome.skip.unwrap();
    assert!(expected(&skip), "{skip:?}");
    assert_eq!(outcome.stats.optimizer_steps, 0);
    assert!(learner.net == before.0 && learner.adam == before.1, "something changed");
}

#[test]
fn a_reward_that_is_no_number() {
    check(
        |_, rollout| rollout.rewards[60] = f64::NAN,
        |skip| matches!(skip, Skip::NonfiniteLoss { subject, value } if subject == "policy.policy_loss" && value.is_nan()),
    );
}

#[test]
fn an_infinite_reward_without_normalisation_spoils_the_value_loss_too() {
    check(
        |config, rollout| {
            config.hyper.normalize_advantages = false;
            rollout.rewards[60] = f64::INFINITY;
        },
        |skip| matches!(skip, Skip::NonfiniteLoss { value, .. } if !value.is_finite()),
    );
}

#[test]
fn an_observation_that_is_no_number_after_good_minibatches() {
    // 64 transitions in minibatches of 16: only one of the four meets the bad one, so steps are made and undone.
    let (config, mut learner, mut rollout) = learner();
    rollout.observations[[10, 2]] = f32::NAN;
    let before = (learner.net.clone(), learner.adam.clone());
    let mut most_seen = 0;
    for seed in 0..8 {
        let mut shuffle = ChaCha8Rng::seed_from_u64(seed);
        let parts = (&mut learner.net, &mut learner.adam);
        let outcome = update(parts, &rollout, &config.hyper, 1e-3, &mut shuffle);
        assert!(matches!(outcome.skip, Some(Skip::NonfiniteLoss { .. })));
        assert!(0 < outcome.stats.nan_grad_count);
        most_seen =
            most_seen.max(outcome.stats.policy.entropy.map_or(0, |_| outcome.stats.passes_run));
        assert!(learner.net == before.0 && learner.adam == before.1, "seed {seed}");
    }
    assert_eq!(most_seen, 1);
}

#[test]
fn a_gradient_that_overflows_behind_a_finite_loss() {
    check(
        |config, _| {
            // The loss is a 64-bit number, the gradient has 32 bits: a huge weight overflows only the second.
            config.hyper.value_coef = 1e300;
        },
        |skip| matches!(skip, Skip::NonfiniteGradient { value } if !value.is_finite()),
    );
}

#[test]
fn a_divergence_above_the_limit_before_the_first_step() {
    let (mut config, mut learner, mut rollout) = learner();
    config.hyper.target_kl = Some(0.01);
    rollout.log_probs.iter_mut().for_each(|l| *l -= 1.0);
    let before = learner.net.clone();
    let outcome = learner.update(&config, &rollout, 1e-3);
    assert_eq!(outcome.skip, Some(Skip::KlLimit));
    assert_eq!((outcome.stats.early_stop_epoch, outcome.stats.passes_run), (Some(1), 1));
    assert!(learner.net == before);
}

/// With a target of `share` of the divergence in front of the only minibatch: was the update stopped by it?
fn stopped_at(share: f64) -> bool {
    let (mut config, mut learner, mut rollout) = learner();
    (config.hyper.minibatch_size, config.hyper.passes) = (64, 1);
    rollout.log_probs.iter_mut().for_each(|l| *l -= 0.1);
    let divergence = 0.1_f64.exp() - 1.0 - 0.1;
    config.hyper.target_kl = Some(share * divergence);
    learner.update(&config, &rollout, 1e-3).skip == Some(Skip::KlLimit)
}

#[test]
fn the_limit_is_one_and_a_half_times_the_target() {
    assert!(stopped_at(1.0 / 1.6));
    assert!(!stopped_at(1.0 / 1.4));
}

#[test]
fn a_divergence_above_the_limit_later_keeps_the_steps_before() {
    let (mut config, mut learner, rollout) = learner();
    config.hyper.target_kl = Some(1e-3);
    let before = learner.net.clone();
    let outcome = learner.update(&config, &rollout, 0.05);
    assert_eq!(outcome.skip, None);
    assert!(
        outcome.stats.early_stop_epoch.is_some() && 0 < outcome.stats.optimizer_steps,
        "{outcome:?}"
    );
    assert!(outcome.stats.optimizer_steps < 16);
    assert!(learner.net != before);
}

#[test]
fn nothing_to_learn_from() {
    check(
        |_, rollout| {
            rollout.n_envs = 1;
            rollout.observations = ndarray::Array2::zeros((0, 4));
            rollout.log_probs.clear();
            rollout.rewards.clear();
            rollout.values.clear();
            rollout.next_values.clear();
            rollout.ends.clear();
        },
        |skip| *skip == Skip::EmptyRollout,
    );
}
