//! Trying the policy out, apart from training: whole env-episodes, always with the action that it thinks best.
//!
//! An evaluation has an environment of its own and a random stream of its own, and it only reads the network: a training is
//! the same to the bit with it and without it. Its env-episodes begin alike each time, whatever was evaluated before, so two
//! evaluations differ by the policy alone, also over a resume.

use leyline::EnvId;
use ndarray::ArrayView1;
use rand::Rng;

use crate::config::{Config, ConfigError, Evaluation};
use crate::env::{Action, End, Env, EnvSpec};
use crate::learner;
use crate::net::{ActorCritic, Head, Real};

/// Env-episodes of one evaluation, unless somebody says otherwise.
pub const EPISODES: u32 = 10;
/// Steps after which an env-episode of a task without a time limit is cut off.
pub const MOST_STEPS: u32 = 10_000;

/// Tries policies out.
#[derive(Debug)]
pub struct Evaluator<E> {
    settings: Evaluation,
    seed: u64,
    spec: EnvSpec,
    env: E,
}

/// What the env-episodes of one evaluation gave, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Score {
    /// Sum of the raw rewards of each.
    pub returns: Vec<f64>,
    /// Steps of each.
    pub lengths: Vec<u32>,
}

impl<E: Env> Evaluator<E> {
    /// Makes what the settings ask for; `None`: they ask for no evaluation. `make_env` is called for one more environment than
    /// the training has.
    ///
    /// # Errors
    /// Fails when that environment is of another kind than `spec`, which is that of the training.
    pub fn of(
        config: &Config,
        make_env: impl Fn(EnvId) -> E,
        spec: &EnvSpec,
    ) -> Result<Option<Self>, ConfigError> {
        let Some(settings) = config.evaluation else { return Ok(None) };
        let env = make_env(EnvId(config.n_envs));
        let found = env.spec();
        if found != *spec {
            let text = format!("environments differ: {} and {}", spec.name, found.name);
            return Err(ConfigError::Misfit(text));
        }
        Ok(Some(Self { settings, seed: config.seed, spec: found, env }))
    }

    /// Returns whether the policy is to be tried out after this batch.
    pub const fn is_due(&self, batch_idx: u64) -> bool {
        batch_idx.is_multiple_of(self.settings.every)
    }

    /// Tries a policy out. `interrupted` is asked before each step; `None` when it said so: of an evaluation that was left,
    /// nothing is told.
    pub fn evaluate(
        &mut self,
        net: &ActorCritic<f32>,
        interrupted: &dyn Fn() -> bool,
    ) -> Option<Score> {
        let mut seeds = learner::stream(self.seed, learner::EVALUATION);
        let mut score = Score::default();
        for _ in 0..self.settings.episodes {
            let (total, length) = self.episode(net, seeds.next_u64(), interrupted)?;
            score.returns.push(total);
            score.lengths.push(length);
        }
        Some(score)
    }

    fn episode(
        &mut self,
        net: &ActorCritic<f32>,
        seed: u64,
        interrupted: &dyn Fn() -> bool,
    ) -> Option<(f64, u32)> {
        let most = self.spec.time_limit.unwrap_or(MOST_STEPS);
        let mut observation = self.env.reset(seed);
        let (mut total, mut length) = (0.0, 0);
        while length < most {
            if interrupted() {
                return None;
            }
            let step = self.env.step(&best_action(net, &self.spec, &observation));
            total += step.reward;
            length += 1;
            match step.end() {
                End::Running => observation = step.observation,
                End::Terminated | End::Truncated => break,
            }
        }
        Some((total, length))
    }
}

/// Returns the likeliest action: the choice with the largest logit, or the means of the draws.
fn best_action(net: &ActorCritic<f32>, spec: &EnvSpec, observation: &[f32]) -> Action {
    let row = ArrayView1::from(observation).insert_axis(ndarray::Axis(0)).to_owned();
    let outputs = net.actor.forward(&row).output;
    match net.head {
        Head::Categorical(_) => {
            let logits: Vec<f64> = outputs.iter().map(|x| x.wide()).collect();
            Action::Discrete(Head::best_choice(&logits))
        }
        Head::Gaussian(_) => {
            let means: Vec<f32> = outputs.iter().copied().collect();
            Action::Continuous(spec.actions.scaled(&means))
        }
    }
}
