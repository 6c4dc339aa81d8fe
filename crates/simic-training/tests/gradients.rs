//! The gradient of the whole loss agrees with finite differences, for every parameter of a small network, in 64 bits.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use simic_training::config::{Hyperparams, TaskDefaults};
use simic_training::env::{End, Task};
use simic_training::net::{ActorCritic, Head};
use simic_training::rollout::{Actions, Rollout};
use simic_training::update::loss_and_gradient;

const N: usize = 24;

fn rollout(head: Head, rng: &mut ChaCha8Rng) -> Rollout {
    let mut some = |n: usize, scale: f64| -> Vec<f64> {
        (0..n).map(|_| scale * rng.random_range(-1.0..1.0)).collect()
    };
    let observations =
        Array2::from_shape_vec((N, 3), some(N * 3, 2.0).iter().map(|&v| v as f32).collect())
            .unwrap();
    let actions = match head {
        Head::Categorical(choices) => Actions::Choices((0..N).map(|i| i % choices).collect()),
        Head::Gaussian(width) => Actions::Draws {
            width,
            values: some(N * width, 1.5).iter().map(|&v| v as f32).collect(),
        },
    };
    // Far enough from the policy's own that ratios lie on both sides of the clip range.
    let offset = match head {
        Head::Categorical(choices) => (choices as f64).ln(),
        Head::Gaussian(width) => 1.3 * width as f64,
    };
    let log_probs = some(N, 0.5).iter().map(|v| v - offset).collect();
    Rollout {
        n_envs: 1,
        observations,
        actions,
        log_probs,
        rewards: some(N, 1.0),
        values: some(N, 0.5),
        next_values: some(N, 0.5),
        ends: vec![End::Running; N],
    }
}

#[track_caller]
fn check(head: Head, change: impl FnOnce(&mut Hyperparams)) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut hyper = TaskDefaults::of(Task::CartPole).hyper;
    hyper.entropy_coef = 0.03;
    change(&mut hyper);
    let rollout = rollout(head, &mut rng);
    let mut net = ActorCritic::<f64>::new(3, head, &[5, 4], -0.3, &mut rng);
    // The actor's small first outputs would hide mistakes behind it.
    for parameter in net.tensors_mut().into_iter().flatten() {
        *parameter += rng.random_range(-0.3..0.3);
    }
    let (_, gradient) = loss_and_gradient(&net, &rollout, &hyper);
    let gradient: Vec<f64> = gradient.tensors().concat();
    let step = 1e-6;
    let mut largest = 0.0_f64;
    for (i, &slope) in gradient.iter().enumerate() {
        let at = |offset: f64| {
            let mut moved = net.clone();
            *moved.tensors_mut().into_iter().flatten().nth(i).unwrap() += offset;
            loss_and_gradient(&moved, &rollout, &hyper).0
        };
        let measured = (at(step) - at(-step)) / (2.0 * step);
        let error = (measured - slope).abs();
        assert!(
            error <= 1e-7 + 1e-6 * slope.abs(),
            "parameter {i} of {}: {slope} is not {measured}",
            gradient.len()
        );
        largest = largest.max(slope.abs());
    }
    assert!(0.01 < largest, "a gradient of 0 proves nothing");
}

#[test]
fn categorical_policy() {
    check(Head::Categorical(3), |_| {});
}

#[test]
fn gaussian_policy() {
    check(Head::Gaussian(2), |_| {});
}

#[test]
fn clipped_values() {
    check(Head::Categorical(2), |hyper| hyper.value_clip = Some(0.2));
}

#[test]
fn raw_advantages() {
    check(Head::Gaussian(1), |hyper| hyper.normalize_advantages = false);
}
