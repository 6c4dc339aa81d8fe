//! Faults that are put into a run on purpose, so that it is known what a diagnosis of it must find.
//!
//! A fault is no setting: no checkpoint has it, and a run that goes on from one has only those that it is given again. The
//! start event of the run names it, so that nobody takes such a run for an honest one.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use leyline::{EnvId, Scalar, TrainingStarted};
use thiserror::Error;

use crate::config::{Config, Hyperparams};
use crate::env::{Action, Env, EnvSpec, EnvState, EnvStateError, Step};
use crate::net::{ActorCritic, Real};

/// Name of the faults among the hyper-parameters of the start event.
pub const HYPERPARAMETER: &str = "injected_faults";
/// How faults are written.
const FORMS: &str = "entropy-bonus=WEIGHT, nan-gradient@BATCH, frozen-env=ENV@BATCH";
/// Largest weight of an entropy bonus, either way; that of a setting is the same.
const LARGEST_WEIGHT: f64 = 1e9;

/// Something that goes wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The entropy bonus has this weight, which may be negative: such a policy is paid for being certain.
    EntropyBonus(f64),
    /// One element of the first gradient of this batch is NaN.
    NanGradient {
        /// Global number of the batch.
        batch: u64,
    },
    /// An environment stands still from this batch on: its observation stays, its reward is 0, its episode does not end.
    FrozenEnv {
        /// The environment.
        env: EnvId,
        /// Global number of the batch; one before the start of a run counts as its start.
        batch: u64,
    },
}

/// A fault that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FaultError {
    /// It is not written as any of them.
    #[error("unknown fault `{0}`; faults: {forms}", forms = FORMS)]
    Unknown(String),
    /// A number of it is none, or lies outside what is possible.
    #[error("{part} of fault `{fault}` is `{found}`, allowed is {allowed}")]
    OutOfRange {
        /// The fault as it was written.
        fault: String,
        /// What of it.
        part: &'static str,
        /// What was found there.
        found: String,
        /// What may be there.
        allowed: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntropyBonus(weight) => write!(f, "entropy-bonus={weight}"),
            Self::NanGradient { batch } => write!(f, "nan-gradient@{batch}"),
            Self::FrozenEnv { env, batch } => write!(f, "frozen-env={env}@{batch}"),
        }
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let refused = |part, found: &str, allowed: &str| FaultError::OutOfRange {
            fault: text.to_owned(),
            part,
            found: found.to_owned(),
            allowed: allowed.to_owned(),
        };
        let batch_of = |found: &str| {
            let batch = found.parse().ok().filter(|&batch| 1 <= batch);
            batch.ok_or_else(|| refused("the batch", found, "a whole number from 1"))
        };
        if let Some(found) = text.strip_prefix("entropy-bonus=") {
            let possible = |weight: &f64| weight.abs() <= LARGEST_WEIGHT;
            let weight = found.parse().ok().filter(possible);
            let allowed = format!("{} to {LARGEST_WEIGHT}", -LARGEST_WEIGHT);
            let weight = weight.ok_or_else(|| refused("the weight", found, &allowed))?;
            Ok(Self::EntropyBonus(weight))
        } else if let Some(found) = text.strip_prefix("nan-gradient@") {
            Ok(Self::NanGradient { batch: batch_of(found)? })
        } else if let Some((env, batch)) =
            text.strip_prefix("frozen-env=").and_then(|rest| rest.split_once('@'))
        {
            let number = env.parse().map_err(|_| refused("the environment", env, "its index"))?;
            Ok(Self::FrozenEnv { env: EnvId(number), batch: batch_of(batch)? })
        } else {
            Err(FaultError::Unknown(text.to_owned()))
        }
    }
}

/// The faults of a run, checked against what it is asked to do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    list: Vec<Fault>,
    /// Environments and the steps they take in this run before they stand still.
    frozen: Vec<(EnvId, u64)>,
}

impl Faults {
    /// Takes the faults of a run with these settings.
    ///
    /// # Errors
    /// Fails when there is no such environment or batch: the fault would never be.
    pub fn new(list: Vec<Fault>, config: &Config) -> Result<Self, FaultError> {
        let end = config.start_batch.saturating_add(config.requested_batches);
        let mut frozen = Vec::new();
        for fault in &list {
            let within = |part, found: u64, low: u64, high: u64| {
                let error = || FaultError::OutOfRange {
                    fault: fault.to_string(),
                    part,
                    found: found.to_string(),
                    allowed: format!("{low} to {high}"),
                };
                (low..=high).contains(&found).then_some(()).ok_or_else(error)
            };
            match *fault {
                Fault::EntropyBonus(_) => {}
                Fault::NanGradient { batch } => {
                    within("the batch", batch, config.start_batch.saturating_add(1), end)?;
                }
                Fault::FrozenEnv { env, batch } => {
                    let most = config.n_envs.saturating_sub(1);
                    within("the environment", env.0.into(), 0, most.into())?;
                    within("the batch", batch, 1, end)?;
                    let batches = batch.saturating_sub(1).saturating_sub(config.start_batch);
                    frozen.push((env, batches.saturating_mul(config.max_epochs.into())));
                }
            }
        }
        Ok(Self { list, frozen })
    }

    /// Returns whether the run is an honest one.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the environment as the trainer is to have it.
    pub fn wrap(&self, env: EnvId, inner: Box<dyn Env>) -> Box<dyn Env> {
        let steps = self.frozen.iter().filter(|(frozen, _)| *frozen == env).map(|(_, left)| *left);
        match steps.min() {
            Some(steps_left) => Box::new(Freezing { inner, steps_left }),
            None => inner,
        }
    }

    /// Returns the settings that are really used.
    pub(crate) fn settings<'a>(&self, hyper: &'a Hyperparams) -> Cow<'a, Hyperparams> {
        match self.entropy_bonus() {
            Some(entropy_coef) => Cow::Owned(Hyperparams { entropy_coef, ..hyper.clone() }),
            None => Cow::Borrowed(hyper),
        }
    }

    /// Returns what becomes of the gradients of a batch, one after the other.
    pub(crate) fn tamper<F: Real>(
        &self,
        batch_idx: u64,
    ) -> impl FnMut(&mut ActorCritic<F>) + use<F> {
        let mut is_due = self.list.contains(&Fault::NanGradient { batch: batch_idx });
        move |gradient| {
            if std::mem::take(&mut is_due)
                && let Some(element) = gradient.tensors_mut().into_iter().flatten().next()
            {
                *element = F::of(f64::NAN);
            }
        }
    }

    /// Says in the start event what is wrong with the run, and the settings that are really used.
    pub(crate) fn tell(&self, started: &mut TrainingStarted) {
        if self.is_empty() {
            return;
        }
        let hyperparams = started.hyperparams.get_or_insert_default();
        hyperparams.insert(HYPERPARAMETER.to_owned(), Scalar::Text(self.to_string()));
        if let Some(weight) = self.entropy_bonus() {
            hyperparams.insert("entropy_coef".to_owned(), Scalar::Number(weight));
        }
    }

    /// Returns the weight that was given last.
    fn entropy_bonus(&self) -> Option<f64> {
        self.list.iter().rev().find_map(|fault| match fault {
            Fault::EntropyBonus(weight) => Some(*weight),
            Fault::NanGradient { .. } | Fault::FrozenEnv { .. } => None,
        })
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list: Vec<String> = self.list.iter().map(Fault::to_string).collect();
        f.write_str(&list.join(", "))
    }
}

/// An environment that stands still after some steps; its state is that of the environment inside.
#[derive(Debug)]
struct Freezing<E> {
    inner: E,
    steps_left: u64,
}

impl<E: Env> Env for Freezing<E> {
    fn spec(&self) -> EnvSpec {
        self.inner.spec()
    }

    fn reset(&mut self, seed: u64) -> Vec<f32> {
        self.inner.reset(seed)
    }

    fn step(&mut self, action: &Action) -> Step {
        let Some(left) = self.steps_left.checked_sub(1) else {
            let observation = self.inner.observation();
            return Step { observation, reward: 0.0, terminated: false, truncated: false };
        };
        self.steps_left = left;
        self.inner.step(action)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Task;

    #[test]
    fn a_fault_is_read_as_it_is_written() {
        for text in ["entropy-bonus=-0.1", "entropy-bonus=2", "nan-gradient@12", "frozen-env=3@5"] {
            assert_eq!(text.parse::<Fault>().map(|fault| fault.to_string()), Ok(text.to_owned()));
        }
        let parsed = "frozen-env=3@5".parse();
        assert_eq!(parsed, Ok(Fault::FrozenEnv { env: EnvId(3), batch: 5 }));
        assert_eq!("entropy-bonus=-0.1".parse(), Ok(Fault::EntropyBonus(-0.1)));
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let config = Config { requested_batches: 20, ..Config::default_run(Task::CartPole, 1) };
        let fault = text.parse().and_then(|fault| Faults::new(vec![fault], &config));
        assert_eq!(fault.map_err(|error| error.to_string()), Err(expected.to_owned()));
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_can() {
        let forms = "faults: entropy-bonus=WEIGHT, nan-gradient@BATCH, frozen-env=ENV@BATCH";
        check_refused("frost", &format!("unknown fault `frost`; {forms}"));
        check_refused("frozen-env=3", &format!("unknown fault `frozen-env=3`; {forms}"));
        check_refused(
            "entropy-bonus=NaN",
            "the weight of fault `entropy-bonus=NaN` is `NaN`, allowed is -1000000000 to 1000000000",
        );
        check_refused(
            "nan-gradient@0",
            "the batch of fault `nan-gradient@0` is `0`, allowed is a whole number from 1",
        );
        check_refused(
            "nan-gradient@21",
            "the batch of fault `nan-gradient@21` is `21`, allowed is 1 to 20",
        );
        check_refused(
            "frozen-env=x@1",
            "the environment of fault `frozen-env=x@1` is `x`, allowed is its index",
        );
        check_refused(
            "frozen-env=8@1",
            "the environment of fault `frozen-env=8@1` is `8`, allowed is 0 to 7",
        );
    }

    #[test]
    fn a_frozen_environment_stands_still_and_its_state_is_that_of_the_task() {
        let mut env = Freezing { inner: Task::CartPole.make(), steps_left: 2 };
        let first = env.reset(1);
        let push = Action::Discrete(0);
        let second = env.step(&push);
        let third = env.step(&push);
        assert!(first != second.observation && second.observation != third.observation);
        for _ in 0..1000 {
            let Step { observation, reward, terminated, truncated } = env.step(&push);
            assert_eq!(observation, third.observation);
            assert_eq!((reward, terminated, truncated), (0.0, false, false));
        }
        assert_eq!((env.observation(), env.state().elapsed), (third.observation, 2));
        let mut other = Task::CartPole.make();
        other.reset(7);
        other.set_state(&env.state()).unwrap();
        assert_eq!(other.observation(), env.observation());
        let fresh = Task::CartPole.make().reset(9);
        assert_eq!(env.reset(9), fresh);
        env.set_state(&other.state()).unwrap();
        assert_eq!(env.observation(), other.observation());
    }

    #[test]
    fn a_run_that_goes_on_freezes_at_the_same_batch() {
        let mut config = Config { requested_batches: 20, ..Config::default_run(Task::CartPole, 1) };
        let frozen = |config: &Config| {
            let fault = Fault::FrozenEnv { env: EnvId(1), batch: 5 };
            Faults::new(vec![fault], config).unwrap().frozen
        };
        assert_eq!(frozen(&config), [(EnvId(1), 4 * 128)]);
        config.start_batch = 3;
        assert_eq!(frozen(&config), [(EnvId(1), 128)]);
        config.start_batch = 9;
        assert_eq!(frozen(&config), [(EnvId(1), 0)]);
    }

    #[test]
    fn settings_stay_what_they_are_unless_the_bonus_is_changed() {
        let config = Config::default_run(Task::CartPole, 1);
        let settings = |list: Vec<Fault>| {
            Faults::new(list, &config).unwrap().settings(&config.hyper).into_owned()
        };
        assert_eq!(settings(vec![Fault::NanGradient { batch: 1 }]), config.hyper);
        let changed = settings(vec![Fault::EntropyBonus(-0.1)]);
        assert_eq!(changed, Hyperparams { entropy_coef: -0.1, ..config.hyper.clone() });
    }
}
