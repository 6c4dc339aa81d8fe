//! Collecting a batch: every environment takes the same number of steps with the same policy.

use ndarray::{Array2, ArrayView1};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::env::{Action, End, Env, EnvSpec, Step};
use crate::gae::{gae, td_errors};
use crate::net::policy::Taken;
use crate::net::{ActorCritic, Head, Real};

/// Actions of a batch, in the order of its transitions.
#[derive(Debug, Clone, PartialEq)]
pub enum Actions {
    /// Index of each choice.
    Choices(Vec<usize>),
    /// `width` numbers for each transition, before scaling to the bounds of the environment.
    Draws {
        /// Numbers per action.
        width: usize,
        /// Shape `[n * width]`.
        values: Vec<f32>,
    },
}

impl Actions {
    fn with_capacity(head: Head, n: usize) -> Self {
        match head {
            Head::Categorical(_) => Self::Choices(Vec::with_capacity(n)),
            Head::Gaussian(width) => Self::Draws { width, values: Vec::with_capacity(n * width) },
        }
    }

    /// Returns the action of transition `i`, which must exist.
    pub fn get(&self, i: usize) -> Taken<'_> {
        match self {
            Self::Choices(choices) => Taken::Choice(choices[i]),
            Self::Draws { width, values } => Taken::Draw(&values[i * width..(i + 1) * width]),
        }
    }
}

/// A collected batch. Transition `t * n_envs + e` is step `t` of environment `e`; `n` is their number.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// Parallel environments.
    pub n_envs: usize,
    /// Shape `[n, observation_len]`, as the network saw them.
    pub observations: Array2<f32>,
    /// What was done.
    pub actions: Actions,
    /// Log-probability of it under the collecting policy (nats), `[n]`.
    pub log_probs: Vec<f64>,
    /// Rewards as the critic sees them: raw times the reward scale, `[n]`.
    pub rewards: Vec<f64>,
    /// Critic at the state, `[n]`.
    pub values: Vec<f64>,
    /// Critic at the state that was reached, its final observation where an env-episode was cut off, `[n]`.
    pub next_values: Vec<f64>,
    /// How each transition ended, `[n]`.
    pub ends: Vec<End>,
}

/// What the update is made from, beside the [`Rollout`]; each `[n]` in the same order.
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    /// One-step temporal difference errors.
    pub td_errors: Vec<f64>,
    /// Raw advantages.
    pub advantages: Vec<f64>,
    /// Value targets: raw advantage plus value.
    pub returns: Vec<f64>,
}

impl Rollout {
    /// Returns the number of transitions.
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns whether there is no transition.
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Computes errors, advantages and value targets, one environment after the other.
    pub fn targets(&self, gamma: f64, lambda: f64) -> Targets {
        let mut out = Targets {
            td_errors: vec![0.0; self.len()],
            advantages: vec![0.0; self.len()],
            returns: vec![0.0; self.len()],
        };
        for e in 0..self.n_envs {
            let of_env = |all: &[f64]| -> Vec<f64> {
                all.iter().skip(e).step_by(self.n_envs).copied().collect()
            };
            let ends: Vec<End> = self.ends.iter().skip(e).step_by(self.n_envs).copied().collect();
            let (rewards, values) = (of_env(&self.rewards), of_env(&self.values));
            let next_values = of_env(&self.next_values);
            let errors = td_errors(&rewards, &values, &next_values, &ends, gamma);
            let advantages = gae(&rewards, &values, &next_values, &ends, gamma, lambda);
            for t in 0..values.len() {
                let i = t * self.n_envs + e;
                out.td_errors[i] = errors[t];
                out.advantages[i] = advantages[t];
                out.returns[i] = advantages[t] + values[t];
            }
        }
        out
    }
}

/// The env-episode in progress in one environment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Its number, unique in a training, global.
    pub index: u64,
    /// Sum of its raw rewards so far.
    pub total: f64,
    /// Its steps so far.
    pub length: u32,
}

/// One step of one environment, as the outside world is told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Index of the environment.
    pub env: u32,
    /// Step within the batch, from 1.
    pub inner_epoch: u32,
    /// Steps this environment has taken, this one included, global.
    pub env_step: u64,
    /// Raw reward.
    pub reward: f64,
    /// The env-episode with this step in it.
    pub episode: Episode,
    /// The task ended the env-episode with this step.
    pub terminated: bool,
    /// A time limit did.
    pub truncated: bool,
}

/// How long a batch is.
pub struct Length<'a> {
    /// Steps of each environment.
    pub epochs: u32,
    /// Asked before each epoch; `true` ends the batch without a result.
    pub interrupted: &'a dyn Fn() -> bool,
}

/// The environments and everything about them that outlives a batch.
#[derive(Debug)]
pub struct Collector<E> {
    /// What all of them have in common.
    pub spec: EnvSpec,
    /// The environments.
    pub envs: Vec<E>,
    /// Where each of them begins its next env-episode: one stream of seeds each.
    pub seeds: Vec<ChaCha8Rng>,
    /// The env-episode in progress in each.
    pub episodes: Vec<Episode>,
    /// Number the next env-episode gets.
    pub next_episode: u64,
    /// Steps each environment has taken, global.
    pub env_steps: u64,
    /// Draws the actions.
    pub actions: ChaCha8Rng,
}

impl<E: Env> Collector<E> {
    /// Resets environment `e` and gives its env-episode the next number.
    pub fn reset(&mut self, e: usize) -> Vec<f32> {
        self.episodes[e] = Episode { index: self.next_episode, total: 0.0, length: 0 };
        self.next_episode += 1;
        let seed = self.seeds[e].next_u64();
        self.envs[e].reset(seed)
    }

    /// Takes `length.epochs` steps in every environment; `observe` hears of each step, environment by environment.
    ///
    /// Rewards in the result are multiplied by `reward_scale`; those reported are raw. `None`: interrupted.
    pub fn collect(
        &mut self,
        net: &ActorCritic<f32>,
        length: &Length<'_>,
        reward_scale: f64,
        observe: &mut dyn FnMut(&StepReport),
    ) -> Option<Rollout> {
        let (n_envs, width) = (self.envs.len(), self.spec.observation_len);
        let n = n_envs * length.epochs as usize;
        let log_std = net.spreads();
        let mut out = Rollout {
            n_envs,
            observations: Array2::zeros((n, width)),
            actions: Actions::with_capacity(net.head, n),
            log_probs: Vec::with_capacity(n),
            rewards: Vec::with_capacity(n),
            values: Vec::with_capacity(n),
            next_values: vec![f64::NAN; n],
            ends: Vec::with_capacity(n),
        };
        let mut current = Array2::zeros((n_envs, width));
        for (e, env) in self.envs.iter().enumerate() {
            current.row_mut(e).assign(&ArrayView1::from(&env.observation()));
        }
        for epoch in 1..=length.epochs {
            if (length.interrupted)() {
                return None;
            }
            let outputs = net.actor.forward(&current).output.mapv(Real::wide);
            let values = critic(net, &current);
            for (e, &value) in values.iter().enumerate() {
                let i = out.len();
                // The state of the step before is this one, unless its env-episode ended: then the value is already in.
                if let Some(before) = i.checked_sub(n_envs).filter(|&j| out.ends[j] == End::Running)
                {
                    out.next_values[before] = value;
                }
                out.observations.row_mut(i).assign(&current.row(e));
                let row = outputs.row(e).to_vec();
                let (action, log_prob) = self.choose(net.head, &row, &log_std, &mut out.actions);
                let step = self.envs[e].step(&action);
                self.count(e, epoch, &step, observe);
                out.log_probs.push(log_prob);
                out.rewards.push(step.reward * reward_scale);
                out.values.push(value);
                out.ends.push(step.end());
                let reached = ArrayView1::from(&step.observation).to_owned();
                match step.end() {
                    End::Running => current.row_mut(e).assign(&reached),
                    End::Terminated | End::Truncated => {
                        out.next_values[i] = critic(net, &reached.insert_axis(ndarray::Axis(0)))[0];
                        current.row_mut(e).assign(&ArrayView1::from(&self.reset(e)));
                    }
                }
            }
            self.env_steps += 1;
        }
        let last = n.saturating_sub(n_envs);
        for (i, value) in (last..n).zip(critic(net, &current)) {
            if out.ends[i] == End::Running {
                out.next_values[i] = value;
            }
        }
        Some(out)
    }

    fn choose(
        &mut self,
        head: Head,
        outputs: &[f64],
        log_std: &[f64],
        taken: &mut Actions,
    ) -> (Action, f64) {
        match taken {
            Actions::Choices(choices) => {
                let choice = Head::sample_choice(outputs, &mut self.actions);
                choices.push(choice);
                (
                    Action::Discrete(choice),
                    head.judge(outputs, log_std, Taken::Choice(choice)).log_prob,
                )
            }
            Actions::Draws { values, .. } => {
                let draw = Head::sample_draw(outputs, log_std, &mut self.actions);
                let log_prob = head.judge(outputs, log_std, Taken::Draw(&draw)).log_prob;
                values.extend_from_slice(&draw);
                (Action::Continuous(self.spec.actions.scaled(&draw)), log_prob)
            }
        }
    }

    fn count(
        &mut self,
        e: usize,
        inner_epoch: u32,
        step: &Step,
        observe: &mut dyn FnMut(&StepReport),
    ) {
        let episode = &mut self.episodes[e];
        episode.total += step.reward;
        episode.length += 1;
        observe(&StepReport {
            env: e as u32,
            inner_epoch,
            env_step: self.env_steps + 1,
            reward: step.reward,
            episode: *episode,
            terminated: step.terminated,
            truncated: step.truncated,
        });
    }
}

fn critic(net: &ActorCritic<f32>, observations: &Array2<f32>) -> Vec<f64> {
    net.critic.forward(observations).output.iter().map(|v| v.wide()).collect()
}
