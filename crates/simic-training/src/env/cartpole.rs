//! CartPole-v1: a pole on a cart, pushed left or right.
//!
//! Dynamics, limits and reward are those of Gymnasium's task of that name, which follows Barto, Sutton and Anderson,
//! 1983 ("Neuronlike adaptive elements …"), integrated by Euler's rule with the velocities of the step before.

use std::f64::consts::PI;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Action, ActionSpace, Env, EnvSpec, EnvState, EnvStateError, Step, variables};

/// Name of the task.
pub const NAME: &str = "CartPole-v1";
/// Steps after which an env-episode is truncated.
pub const TIME_LIMIT: u32 = 500;

const GRAVITY: f64 = 9.8;
const POLE_MASS: f64 = 0.1;
const TOTAL_MASS: f64 = 1.1;
/// Half the length of the pole (metres).
const HALF_LENGTH: f64 = 0.5;
const POLE_MOMENT: f64 = POLE_MASS * HALF_LENGTH;
const FORCE: f64 = 10.0;
/// Seconds per step.
const TAU: f64 = 0.02;
const X_LIMIT: f64 = 2.4;
const ANGLE_LIMIT: f64 = 12.0 * 2.0 * PI / 360.0;
/// The initial state is uniform in `[-START, START)` in each variable.
const START: f64 = 0.05;

/// The cart and its pole; variables: position, velocity, angle, angular velocity (metres, radians, seconds).
#[derive(Debug, Clone)]
pub struct CartPole {
    state: [f64; 4],
    elapsed: u32,
}

impl CartPole {
    /// Makes a cart at rest with an upright pole.
    pub const fn new() -> Self {
        Self { state: [0.0; 4], elapsed: 0 }
    }
}

impl Default for CartPole {
    fn default() -> Self {
        Self::new()
    }
}

impl Env for CartPole {
    fn spec(&self) -> EnvSpec {
        EnvSpec {
            name: NAME,
            observation_len: 4,
            actions: ActionSpace::Discrete(2),
            time_limit: Some(TIME_LIMIT),
            success_return: Some(475.0),
        }
    }

    fn reset(&mut self, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        self.state = std::array::from_fn(|_| rng.random_range(-START..START));
        self.elapsed = 0;
        self.observation()
    }

    fn step(&mut self, action: &Action) -> Step {
        let force = match action {
            Action::Discrete(1) => FORCE,
            // Anything else is a push to the left, so that no action can bring the task down.
            Action::Discrete(_) | Action::Continuous(_) => -FORCE,
        };
        let [x, x_dot, theta, theta_dot] = self.state;
        let (sin, cos) = theta.sin_cos();
        let push = (force + POLE_MOMENT * theta_dot * theta_dot * sin) / TOTAL_MASS;
        let theta_acc = (GRAVITY * sin - cos * push)
            / (HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * cos * cos / TOTAL_MASS));
        let x_acc = push - POLE_MOMENT * theta_acc * cos / TOTAL_MASS;
        self.state = [
            x + TAU * x_dot,
            x_dot + TAU * x_acc,
            theta + TAU * theta_dot,
            theta_dot + TAU * theta_acc,
        ];
        self.elapsed += 1;
        let [x, _, theta, _] = self.state;
        Step {
            observation: self.observation(),
            reward: 1.0,
            terminated: X_LIMIT < x.abs() || ANGLE_LIMIT < theta.abs(),
            truncated: TIME_LIMIT <= self.elapsed,
        }
    }

    fn observation(&self) -> Vec<f32> {
        self.state.iter().map(|&v| v as f32).collect()
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
