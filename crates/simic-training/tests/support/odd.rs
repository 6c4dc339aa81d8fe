//! Runs whose environments misbehave at chosen steps.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use leyline::Envelope;
use simic_emitter::StopFlag;
use simic_training::config::Config;
use simic_training::env::{Action, CartPole, Env, EnvSpec, EnvState, EnvStateError, Step};
use simic_training::trainer::{Summary, TrainError, Trainer};

use crate::run::with_hub;

/// A CartPole that does something else at some of its steps, counted from 1.
struct Odd<F> {
    inner: CartPole,
    steps: u64,
    at: Vec<u64>,
    act: F,
}

impl<F: FnMut(&mut Step) + Send> Env for Odd<F> {
    fn spec(&self) -> EnvSpec {
        self.inner.spec()
    }

    fn reset(&mut self, seed: u64) -> Vec<f32> {
        self.inner.reset(seed)
    }

    fn step(&mut self, action: &Action) -> Step {
        let mut step = self.inner.step(action);
        self.steps += 1;
        if self.at.contains(&self.steps) {
            (self.act)(&mut step);
        }
        step
    }

    fn observation(&self) -> Vec<f32> {
        self.inner.observation()
    }

    fn state(&self) -> EnvState {
        self.inner.state()
    }

    fn set_state(&mut self, state: &EnvState) -> Result<(), EnvStateError> {
        self.inner.set_state(state)
    }
}

/// Runs with environments that do `act` at these of their steps.
pub(crate) fn odd_run<F: FnMut(&mut Step) + Send>(
    config: Config,
    at: &[u64],
    stop: &StopFlag,
    act: impl Fn() -> F,
) -> (Result<Summary, TrainError>, Vec<Arc<Envelope>>) {
    with_hub(|hub, _| {
        let make = |_| Odd { inner: CartPole::new(), steps: 0, at: at.to_vec(), act: act() };
        Trainer::new(config, make, hub).unwrap().run(stop)
    })
}
