//! Everything that learns: network, optimiser, environments and their random streams. A checkpoint is this, frozen.

use leyline::EnvId;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::config::{Config, ConfigError, Hyperparams};
use crate::diagnostics::Evaluated;
use crate::env::Env;
use crate::net::{ActorCritic, Adam, Head};
use crate::rollout::{Collector, Episode, Length, Rollout, StepReport};
use crate::update::{UpdateOutcome, update_and_tell, update_tampered};

/// Streams of the one seed; environment `e` has `ENVS + e`.
const INIT: u64 = 0;
const ACTIONS: u64 = 1;
const SHUFFLE: u64 = 2;
const ENVS: u64 = 3;
/// No environment comes near it.
pub(crate) const EVALUATION: u64 = u64::MAX;

/// The part of a training that a checkpoint holds.
#[derive(Debug)]
pub struct Learner<E> {
    /// Actor and critic.
    pub net: ActorCritic<f32>,
    /// Their optimiser.
    pub adam: Adam<f32>,
    /// The environments and what belongs to them.
    pub collector: Collector<E>,
    /// Orders the minibatches.
    pub shuffle: ChaCha8Rng,
}

impl<E: Env> Learner<E> {
    /// Makes a learner that has learned nothing; all chance comes from `config.seed`.
    ///
    /// # Errors
    /// Fails when the environments differ from each other.
    pub fn new(config: &Config, make_env: impl Fn(EnvId) -> E) -> Result<Self, ConfigError> {
        config.validate()?;
        let envs: Vec<E> = (0..config.n_envs).map(|e| make_env(EnvId(e))).collect();
        let Some(spec) = envs.first().map(Env::spec) else {
            return Err(ConfigError::OutOfRange {
                field: "n_envs",
                value: 0.0,
                low: 1.0,
                high: 65_536.0,
            });
        };
        if let Some(other) = envs.iter().map(Env::spec).find(|other| *other != spec) {
            return Err(ConfigError::Misfit(format!(
                "environments differ: {} and {}",
                spec.name, other.name
            )));
        }
        let stream = |number: u64| stream(config.seed, number);
        let hidden: Vec<usize> = config.hyper.hidden.iter().map(|&width| width as usize).collect();
        let head = Head::of(&spec.actions);
        let net = ActorCritic::new(
            spec.observation_len,
            head,
            &hidden,
            config.hyper.log_std,
            &mut stream(INIT),
        );
        let n_envs = envs.len();
        let mut collector = Collector {
            spec,
            envs,
            seeds: (0..n_envs as u64).map(|e| stream(ENVS + e)).collect(),
            episodes: vec![Episode { index: 0, total: 0.0, length: 0 }; n_envs],
            next_episode: config.start_batch * n_envs as u64,
            env_steps: config.start_batch * u64::from(config.max_epochs),
            actions: stream(ACTIONS),
        };
        for e in 0..n_envs {
            collector.reset(e);
        }
        Ok(Self { adam: Adam::new(&net.lengths()), net, collector, shuffle: stream(SHUFFLE) })
    }

    /// Collects one batch; `observe` hears of every step. `None` if `interrupted` says so before an epoch.
    pub fn collect(
        &mut self,
        config: &Config,
        interrupted: &dyn Fn() -> bool,
        observe: &mut dyn FnMut(&StepReport),
    ) -> Option<Rollout> {
        let length = Length { epochs: config.max_epochs, interrupted };
        self.collector.collect(&self.net, &length, config.hyper.reward_scale, observe)
    }

    /// Makes one update from a batch.
    pub fn update(
        &mut self,
        config: &Config,
        rollout: &Rollout,
        learning_rate: f64,
    ) -> UpdateOutcome {
        self.update_and_tell(config, rollout, learning_rate).0
    }

    /// As [`Self::update`]; returns every sample that was evaluated as well.
    pub fn update_and_tell(
        &mut self,
        config: &Config,
        rollout: &Rollout,
        learning_rate: f64,
    ) -> (UpdateOutcome, Evaluated) {
        let learnt = (&mut self.net, &mut self.adam);
        update_and_tell(learnt, rollout, &config.hyper, learning_rate, &mut self.shuffle)
    }

    /// As [`Self::update_and_tell`], with other settings than those of the run, and gradients that `tamper` has changed.
    pub(crate) fn update_tampered(
        &mut self,
        hyper: &Hyperparams,
        rollout: &Rollout,
        learning_rate: f64,
        tamper: &mut dyn FnMut(&mut ActorCritic<f32>),
    ) -> (UpdateOutcome, Evaluated) {
        let learnt = (&mut self.net, &mut self.adam);
        update_tampered(learnt, rollout, hyper, learning_rate, (&mut self.shuffle, tamper))
    }
}

/// Returns a stream of a seed from its beginning.
pub(crate) fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}
