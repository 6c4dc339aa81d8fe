//! Acrobot-v1: a two-link arm that hangs from a bar and is driven at the joint between its links.
//!
//! Dynamics, limits and reward are those of Gymnasium's task of that name: the equations of Sutton and Barto
//! ("Reinforcement Learning: An Introduction", the variant Gymnasium calls "book"), one Runge-Kutta step of order 4
//! per action, angles wrapped to [-pi, pi], velocities clipped.

use std::f64::consts::PI;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Action, ActionSpace, Env, EnvSpec, EnvState, EnvStateError, Step, variables};

/// Name of the task.
pub const NAME: &str = "Acrobot-v1";
/// Steps after which an env-episode is truncated.
pub const TIME_LIMIT: u32 = 500;

/// Seconds per step.
const DT: f64 = 0.2;
const GRAVITY: f64 = 9.8;
const LENGTH_1: f64 = 1.0;
const MASS_1: f64 = 1.0;
const MASS_2: f64 = 1.0;
/// Distance from a joint to the centre of mass of its link (metres).
const CENTRE_1: f64 = 0.5;
const CENTRE_2: f64 = 0.5;
/// Moment of inertia of each link.
const INERTIA: f64 = 1.0;
const MAX_VELOCITY_1: f64 = 4.0 * PI;
const MAX_VELOCITY_2: f64 = 9.0 * PI;
/// The initial state is uniform in `[-START, START)` in each variable, rounded to 32 bits as Gymnasium does.
const START: f64 = 0.1;

/// The arm; variables: angle of the first link (0 hangs down), angle of the second relative to it, both velocities.
#[derive(Debug, Clone)]
pub struct Acrobot {
    state: [f64; 4],
    elapsed: u32,
}

impl Acrobot {
    /// Makes an arm that hangs at rest.
    pub const fn new() -> Self {
        Self { state: [0.0; 4], elapsed: 0 }
    }
}

impl Default for Acrobot {
    fn default() -> Self {
        Self::new()
    }
}

impl Env for Acrobot {
    fn spec(&self) -> EnvSpec {
        EnvSpec {
            name: NAME,
            observation_len: 6,
            actions: ActionSpace::Discrete(3),
            time_limit: Some(TIME_LIMIT),
            success_return: Some(-100.0),
        }
    }

    fn reset(&mut self, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        self.state = std::array::from_fn(|_| f64::from(rng.random_range(-START..START) as f32));
        self.elapsed = 0;
        self.observation()
    }

    fn step(&mut self, action: &Action) -> Step {
        let torque = match action {
            Action::Discrete(0) => -1.0,
            Action::Discrete(2) => 1.0,
            // Anything else is no torque, so that no action can bring the task down.
            Action::Discrete(_) | Action::Continuous(_) => 0.0,
        };
        let [theta_1, theta_2, velocity_1, velocity_2] = runge_kutta(self.state, torque);
        self.state = [
            wrap(theta_1),
            wrap(theta_2),
            velocity_1.clamp(-MAX_VELOCITY_1, MAX_VELOCITY_1),
            velocity_2.clamp(-MAX_VELOCITY_2, MAX_VELOCITY_2),
        ];
        self.elapsed += 1;
        let [theta_1, theta_2, ..] = self.state;
        let terminated = 1.0 < -theta_1.cos() - (theta_2 + theta_1).cos();
        Step {
            observation: self.observation(),
            reward: if terminated { 0.0 } else { -1.0 },
            terminated,
            truncated: TIME_LIMIT <= self.elapsed,
        }
    }

    fn observation(&self) -> Vec<f32> {
        let [theta_1, theta_2, velocity_1, velocity_2] = self.state;
        [theta_1.cos(), theta_1.sin(), theta_2.cos(), theta_2.sin(), velocity_1, velocity_2]
            .iter()
            .map(|&v| v as f32)
            .collect()
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

/// Brings an angle into [-pi, pi]; in one step, so that no angle can keep it busy.
fn wrap(angle: f64) -> f64 {
    if angle.abs() <= PI { angle } else { angle - 2.0 * PI * ((angle + PI) / (2.0 * PI)).floor() }
}

/// Returns the state one `DT` later, by the classic Runge-Kutta rule of order 4.
fn runge_kutta(state: [f64; 4], torque: f64) -> [f64; 4] {
    let ahead = |slope: [f64; 4], time: f64| std::array::from_fn(|i| state[i] + time * slope[i]);
    let k1 = derivative(state, torque);
    let k2 = derivative(ahead(k1, DT / 2.0), torque);
    let k3 = derivative(ahead(k2, DT / 2.0), torque);
    let k4 = derivative(ahead(k3, DT), torque);
    std::array::from_fn(|i| state[i] + DT / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]))
}

/// Returns the time derivative of the state.
fn derivative([theta_1, theta_2, velocity_1, velocity_2]: [f64; 4], torque: f64) -> [f64; 4] {
    let (sin_2, cos_2) = theta_2.sin_cos();
    let d1 = MASS_1 * CENTRE_1 * CENTRE_1
        + MASS_2 * (LENGTH_1 * LENGTH_1 + CENTRE_2 * CENTRE_2 + 2.0 * LENGTH_1 * CENTRE_2 * cos_2)
        + 2.0 * INERTIA;
    let d2 = MASS_2 * (CENTRE_2 * CENTRE_2 + LENGTH_1 * CENTRE_2 * cos_2) + INERTIA;
    let phi2 = MASS_2 * CENTRE_2 * GRAVITY * (theta_1 + theta_2 - PI / 2.0).cos();
    let phi1 = -MASS_2 * LENGTH_1 * CENTRE_2 * velocity_2 * velocity_2 * sin_2
        - 2.0 * MASS_2 * LENGTH_1 * CENTRE_2 * velocity_2 * velocity_1 * sin_2
        + (MASS_1 * CENTRE_1 + MASS_2 * LENGTH_1) * GRAVITY * (theta_1 - PI / 2.0).cos()
        + phi2;
    let acceleration_2 = (torque + d2 / d1 * phi1
        - MASS_2 * LENGTH_1 * CENTRE_2 * velocity_1 * velocity_1 * sin_2
        - phi2)
        / (MASS_2 * CENTRE_2 * CENTRE_2 + INERTIA - d2 * d2 / d1);
    let acceleration_1 = -(d2 * acceleration_2 + phi1) / d1;
    [velocity_1, velocity_2, acceleration_1, acceleration_2]
}
