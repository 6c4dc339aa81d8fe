//! Small updates made of numbers that any machine computes alike, as values and as JSON.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use ndarray::Array2;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use simic_training::config::Hyperparams;
use simic_training::env::End;
use simic_training::net::{ActorCritic, Adam, Head};
use simic_training::rollout::{Actions, Rollout};
use simic_training::update::{UpdateOutcome, update};

/// Everything that determines one update.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) rollout: Rollout,
    pub(crate) hyper: Hyperparams,
    pub(crate) net: ActorCritic<f32>,
    pub(crate) learning_rate: f64,
    seed: u64,
}

const N_ENVS: usize = 2;
const EPOCHS: usize = 6;
const N: usize = N_ENVS * EPOCHS;
const INPUTS: usize = 3;

impl Case {
    fn new(
        name: &'static str,
        head: Head,
        seed: u64,
        change: impl FnOnce(&mut Hyperparams),
    ) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Written out, so that the cases stay when a default changes.
        let mut hyper = Hyperparams {
            gamma: 0.99,
            gae_lambda: 0.95,
            learning_rate: 0.01,
            anneal_learning_rate: false,
            clip_range: 0.2,
            value_clip: None,
            entropy_coef: 0.01,
            value_coef: 0.5,
            max_grad_norm: 0.5,
            target_kl: None,
            passes: 2,
            minibatch_size: 5,
            normalize_advantages: true,
            reward_scale: 1.0,
            hidden: vec![4, 3],
            log_std: 0.0,
        };
        change(&mut hyper);
        let mut net = ActorCritic::<f32>::new(INPUTS, head, &[4, 3], 0.0, &mut rng);
        net.tensors_mut().into_iter().flatten().for_each(|w| *w = rng.random_range(-0.8..0.8));
        let mut some = |n: usize, low: f64, high: f64| -> Vec<f64> {
            (0..n).map(|_| rng.random_range(low..high)).collect()
        };
        let observations = some(N * INPUTS, -2.0, 2.0).iter().map(|&x| x as f32).collect();
        let (actions, low, high) = match head {
            Head::Categorical(choices) => {
                (Actions::Choices((0..N).map(|i| (i * 7 / 3) % choices).collect()), -1.5, -0.5)
            }
            Head::Gaussian(width) => {
                let values = some(N * width, -1.2, 1.2).iter().map(|&x| x as f32).collect();
                (Actions::Draws { width, values }, -3.0, -1.5)
            }
        };
        let mut ends = vec![End::Running; N];
        // In the first environment, and in the second; the last steps of both are cut off by the end of the batch.
        (ends[4], ends[7]) = (End::Terminated, End::Truncated);
        let rollout = Rollout {
            n_envs: N_ENVS,
            observations: Array2::from_shape_vec((N, INPUTS), observations).unwrap(),
            actions,
            log_probs: some(N, low, high),
            rewards: some(N, -1.0, 2.0),
            values: some(N, -1.0, 1.0),
            next_values: some(N, -1.0, 1.0),
            ends,
        };
        Self { name, rollout, hyper, net, learning_rate: 0.01, seed }
    }

    fn shuffle(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed + 1)
    }

    /// Makes the update with 32-bit parameters, as the trainer does.
    pub(crate) fn update(&self) -> (ActorCritic<f32>, UpdateOutcome) {
        let (mut net, mut adam) = (self.net.clone(), Adam::new(&self.net.lengths()));
        let parts = (&mut net, &mut adam);
        let outcome =
            update(parts, &self.rollout, &self.hyper, self.learning_rate, &mut self.shuffle());
        (net, outcome)
    }

    /// Returns the case for a reader that knows nothing of this crate.
    pub(crate) fn to_json(&self) -> Value {
        let rollout = &self.rollout;
        let mut order: Vec<usize> = (0..N).collect();
        let mut rng = self.shuffle();
        let orders: Vec<Vec<usize>> = (0..self.hyper.passes)
            .map(|_| {
                order.shuffle(&mut rng);
                order.clone()
            })
            .collect();
        let wide = |x: &[f32]| -> Vec<f64> { x.iter().map(|&v| f64::from(v)).collect() };
        let (head, actions) = match &rollout.actions {
            Actions::Choices(choices) => ("categorical", json!(choices)),
            Actions::Draws { width, values } => {
                ("gaussian", json!(values.chunks(*width).map(wide).collect::<Vec<_>>()))
            }
        };
        let ends: Vec<&str> = rollout
            .ends
            .iter()
            .map(|end| match end {
                End::Running => "running",
                End::Terminated => "terminated",
                End::Truncated => "truncated",
            })
            .collect();
        let layers = |mlp: &simic_training::net::Mlp<f32>| -> Vec<Value> {
            let layer = |l: &simic_training::net::Linear<f32>| {
                let rows: Vec<Vec<f64>> =
                    l.weight.rows().into_iter().map(|row| wide(&row.to_vec())).collect();
                json!({"weight": rows, "bias": wide(&l.bias.to_vec())})
            };
            mlp.layers.iter().map(layer).collect()
        };
        json!({
            "name": self.name,
            "n_envs": rollout.n_envs,
            "head": head,
            "observations": rollout.observations.rows().into_iter().map(|row| wide(&row.to_vec())).collect::<Vec<_>>(),
            "actions": actions,
            "log_probs": rollout.log_probs,
            "rewards": rollout.rewards,
            "values": rollout.values,
            "next_values": rollout.next_values,
            "ends": ends,
            "orders": orders,
            "actor": layers(&self.net.actor),
            "critic": layers(&self.net.critic),
            "log_std": wide(&self.net.log_std.to_vec()),
            "learning_rate": self.learning_rate,
            "gamma": self.hyper.gamma,
            "gae_lambda": self.hyper.gae_lambda,
            "clip_range": self.hyper.clip_range,
            "value_clip": self.hyper.value_clip,
            "entropy_coef": self.hyper.entropy_coef,
            "value_coef": self.hyper.value_coef,
            "max_grad_norm": self.hyper.max_grad_norm,
            "target_kl": self.hyper.target_kl,
            "minibatch_size": self.hyper.minibatch_size,
            "normalize_advantages": self.hyper.normalize_advantages,
        })
    }
}

/// Three updates that between them take every branch.
pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("categorical", Head::Categorical(3), 21, |hyper| hyper.entropy_coef = 0.02),
        Case::new("gaussian_clipped_values", Head::Gaussian(2), 22, |hyper| {
            hyper.value_clip = Some(0.2);
            hyper.normalize_advantages = false;
        }),
        Case::new("early_stop", Head::Categorical(2), 23, |hyper| hyper.target_kl = Some(0.12)),
    ]
}

/// Returns the whole file.
pub(crate) fn file() -> String {
    let cases: Vec<Value> = cases().iter().map(Case::to_json).collect();
    let mut text = serde_json::to_string_pretty(&json!({ "cases": cases })).unwrap_or_default();
    text.push('\n');
    text
}
