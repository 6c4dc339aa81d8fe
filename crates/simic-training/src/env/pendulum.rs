//! Pendulum-v1: a pendulum that is too heavy to lift at once, driven by a bounded torque.
//!
//! Dynamics, limits and reward are those of Gymnasium's task of that name (semi-implicit Euler, 0.05 s per step).

use std::f64::consts::PI;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Action, ActionSpace, Env, EnvSpec, EnvState, EnvStateError, Step, variables};

/// Name of the task.
pub const NAME: &str = "Pendulum-v1";
/// Steps after which an env-episode is truncated; nothing else ends one.
pub const TIME_LIMIT: u32 = 200;
/// Largest torque, either way.
pub const MAX_TORQUE: f32 = 2.0;

const MAX_SPEED: f64 = 8.0;
/// Seconds per step.
const DT: f64 = 0.05;
const GRAVITY: f64 = 10.0;
const MASS: f64 = 1.0;
const LENGTH: f64 = 1.0;

/// The pendulum; variables: angle (0 is upright, not wrapped) and angular velocity.
#[derive(Debug, Clone)]
pub struct Pendulum {
    state: [f64; 2],
    elapsed: u32,
}

impl Pendulum {
    /// Makes an upright pendulum at rest.
    pub const fn new() -> Self {
        Self { state: [0.0; 2], elapsed: 0 }
    }
}

impl Default for Pendulum {
    fn default() -> Self {
        Self::new()
    }
}

impl Env for Pendulum {
    fn spec(&self) -> EnvSpec {
        EnvSpec {
            name: NAME,
            observation_len: 3,
            actions: ActionSpace::Continuous(vec![MAX_TORQUE]),
            time_limit: Some(TIME_LIMIT),
            success_return: None,
        }
    }

    fn reset(&mut self, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        self.state = [rng.random_range(-PI..PI), rng.random_range(-1.0..1.0)];
        self.elapsed = 0;
        self.observation()
    }

    fn step(&mut self, action: &Action) -> Step {
        let torque = match action {
            Action::Continuous(torques) => torques.first().copied().unwrap_or(f32::NAN),
            // A choice has no torque: the result is not a number, and the trainer reports it.
            Action::Discrete(_) => f32::NAN,
        };
        let torque = f64::from(torque.clamp(-MAX_TORQUE, MAX_TORQUE));
        let [theta, velocity] = self.state;
        let angle = (theta + PI).rem_euclid(2.0 * PI) - PI;
        let cost = angle * angle + 0.1 * velocity * velocity + 0.001 * torque * torque;
        let acceleration =
            3.0 * GRAVITY / (2.0 * LENGTH) * theta.sin() + 3.0 / (MASS * LENGTH * LENGTH) * torque;
        let velocity = (velocity + acceleration * DT).clamp(-MAX_SPEED, MAX_SPEED);
        self.state = [theta + velocity * DT, velocity];
        self.elapsed += 1;
        Step {
            observation: self.observation(),
            reward: -cost,
            terminated: false,
            truncated: TIME_LIMIT <= self.elapsed,
        }
    }

    fn observation(&self) -> Vec<f32> {
        let [theta, velocity] = self.state;
        vec![theta.cos() as f32, theta.sin() as f32, velocity as f32]
    }

    fn state(&self) -> EnvState {
        EnvState { variables: self.state.to_vec(), elapsed: self.elapsed }
    }

    fn set_state(&mut self, state: &EnvState) -> Result<(), EnvStateError> {
        self.state = variables(NAME, state)?;
        self.elapsed = state.elapsed;
        Ok(())
    }
}
