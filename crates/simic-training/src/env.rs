//! What the trainer needs of an environment, and the tasks it knows.

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub mod acrobot;
pub mod cartpole;
pub mod pendulum;

pub use acrobot::Acrobot;
pub use cartpole::CartPole;
pub use pendulum::Pendulum;

/// One environment: a task that can be reset and stepped.
///
/// Chance enters through the seed of [`Env::reset`] only: between two resets an environment is deterministic.
pub trait Env: Send {
    /// Returns what does not change: name, shapes and limits.
    fn spec(&self) -> EnvSpec;

    /// Begins a new env-episode and returns its first observation (shape `[observation_len]`).
    fn reset(&mut self, seed: u64) -> Vec<f32>;

    /// Takes one step. After a step that ended the env-episode only [`Env::reset`] makes sense.
    fn step(&mut self, action: &Action) -> Step;

    /// Returns the observation of the present state (shape `[observation_len]`).
    fn observation(&self) -> Vec<f32>;

    /// Returns everything that a checkpoint needs to go on from here.
    fn state(&self) -> EnvState;

    /// Goes back to a state that [`Env::state`] returned.
    ///
    /// # Errors
    /// Fails when the number of variables is not that of the task; the environment is then unchanged.
    fn set_state(&mut self, state: &EnvState) -> Result<(), EnvStateError>;
}

impl Env for Box<dyn Env> {
    fn spec(&self) -> EnvSpec {
        (**self).spec()
    }

    fn reset(&mut self, seed: u64) -> Vec<f32> {
        (**self).reset(seed)
    }

    fn step(&mut self, action: &Action) -> Step {
        (**self).step(action)
    }

    fn observation(&self) -> Vec<f32> {
        (**self).observation()
    }

    fn state(&self) -> EnvState {
        (**self).state()
    }

    fn set_state(&mut self, state: &EnvState) -> Result<(), EnvStateError> {
        (**self).set_state(state)
    }
}

/// What does not change about an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvSpec {
    /// Name of the task, such as `CartPole-v1`.
    pub name: &'static str,
    /// Numbers in one observation.
    pub observation_len: usize,
    /// What can be done.
    pub actions: ActionSpace,
    /// Steps after which an env-episode is truncated; `None`: never.
    pub time_limit: Option<u32>,
    /// Episode return (raw reward) from which the task counts as solved; `None` when the task has no such notion.
    pub success_return: Option<f64>,
}

/// The set of actions.
#[derive(Debug, Clone, PartialEq)]
pub enum ActionSpace {
    /// One of this many choices, at least 2.
    Discrete(usize),
    /// One number per dimension, each between minus and plus this bound; the environment clips what lies outside.
    Continuous(Vec<f32>),
}

impl ActionSpace {
    /// Returns how many numbers the policy puts out: logits of a discrete, means of a continuous space.
    pub const fn outputs(&self) -> usize {
        match self {
            Self::Discrete(choices) => *choices,
            Self::Continuous(bounds) => bounds.len(),
        }
    }

    /// Returns what the policy drew, or its means, in the units of the environment: a share of the bounds of a continuous space.
    pub fn scaled(&self, draw: &[f32]) -> Vec<f32> {
        match self {
            Self::Continuous(bounds) => {
                draw.iter().zip(bounds).map(|(x, bound)| x * bound).collect()
            }
            Self::Discrete(_) => draw.to_vec(),
        }
    }

    /// Returns the largest entropy a policy can have (nats), `ln` of the number of joint actions; `None` if continuous.
    pub fn max_entropy(&self) -> Option<f64> {
        match self {
            Self::Discrete(choices) => Some((*choices as f64).ln()),
            Self::Continuous(_) => None,
        }
    }
}

/// One action, in the units of the environment.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Index of the choice.
    Discrete(usize),
    /// One number per dimension.
    Continuous(Vec<f32>),
}

/// What one step gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Observation of the state that was reached, also when the env-episode ended there.
    pub observation: Vec<f32>,
    /// Raw reward.
    pub reward: f64,
    /// The task ended the env-episode.
    pub terminated: bool,
    /// The time limit ended it; both may be true.
    pub truncated: bool,
}

impl Step {
    /// Returns how the step ended; a termination outweighs a time limit reached in the same step, because the value
    /// of the final state is then known to be 0.
    pub const fn end(&self) -> End {
        match (self.terminated, self.truncated) {
            (true, _) => End::Terminated,
            (false, true) => End::Truncated,
            (false, false) => End::Running,
        }
    }
}

/// How a transition ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The env-episode goes on.
    Running,
    /// The task ended it: nothing comes after.
    Terminated,
    /// A limit cut it off: the value of the final observation stands for what would have come.
    Truncated,
}

/// An environment frozen between two steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvState {
    /// The task's own variables, as its module documents them.
    pub variables: Vec<f64>,
    /// Steps taken in the env-episode so far.
    pub elapsed: u32,
}

/// A state that belongs to another task.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("state of {task} has {expected} variables, not {found}")]
pub struct EnvStateError {
    /// Task whose state was to be set.
    pub task: &'static str,
    /// Variables the task has.
    pub expected: usize,
    /// Variables that were given.
    pub found: usize,
}

/// Returns the state as an array.
fn variables<const N: usize>(
    task: &'static str,
    state: &EnvState,
) -> Result<[f64; N], EnvStateError> {
    <[f64; N]>::try_from(state.variables.as_slice()).map_err(|_| EnvStateError {
        task,
        expected: N,
        found: state.variables.len(),
    })
}

/// A task that comes with the trainer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Task {
    /// Balance a pole on a cart: 2 actions, return up to 500.
    CartPole,
    /// Swing a two-link arm above a line: 3 actions, return from -500.
    Acrobot,
    /// Swing a pendulum up and hold it: 1 continuous action, 200 steps, return up to 0.
    Pendulum,
}

impl Task {
    /// Every task, in the order help texts list them.
    pub const ALL: &'static [Self] = &[Self::CartPole, Self::Acrobot, Self::Pendulum];

    /// Returns the Gymnasium name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CartPole => cartpole::NAME,
            Self::Acrobot => acrobot::NAME,
            Self::Pendulum => pendulum::NAME,
        }
    }

    /// Returns the task of this name; case matters, as in Gymnasium.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|task| task.name() == name)
    }

    /// Makes one environment; it must be reset before its first step.
    pub fn make(self) -> Box<dyn Env> {
        match self {
            Self::CartPole => Box::new(CartPole::new()),
            Self::Acrobot => Box::new(Acrobot::new()),
            Self::Pendulum => Box::new(Pendulum::new()),
        }
    }
}
