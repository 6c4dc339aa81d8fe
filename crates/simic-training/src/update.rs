//! One PPO update: several passes over the minibatches of a batch, and everything that is measured on the way.

use std::borrow::Cow;

use ndarray::{Array2, Axis};
use rand::Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::config::Hyperparams;
use crate::diagnostics::statistics::{mean, standard_deviation};
use crate::diagnostics::{AdvantageStats, Evaluated, GradientStats, PolicyStats, RolloutStats};
use crate::net::policy::Judgement;
use crate::net::{ActorCritic, Adam, Real};
use crate::rollout::{Rollout, Targets};
use crate::surrogate::{k3, surrogate_term, value_term};

/// Added to the spread that advantages are divided by (contract 5.2).
pub const ADVANTAGE_FLOOR: f64 = 1e-8;
/// An update stops once the divergence of a minibatch exceeds the target times this, as in `stable-baselines3`.
pub const KL_SLACK: f64 = 1.5;

/// Why an update made no step, with what was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Skip {
    /// The loss was not finite; the parameters are those from before the update.
    NonfiniteLoss {
        /// Snapshot path of the first loss that was not finite.
        subject: Cow<'static, str>,
        /// Its value.
        value: f64,
    },
    /// A gradient element was not finite; the parameters are those from before the update.
    NonfiniteGradient {
        /// The first such element.
        value: f64,
    },
    /// The divergence was above the limit before the first step.
    KlLimit,
    /// There was no transition.
    EmptyRollout,
}

/// What was measured in an update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpdateStats {
    /// Transitions in the batch.
    pub transitions: u32,
    /// Optimiser steps made.
    pub optimizer_steps: u32,
    /// Passes over the batch that were started.
    pub passes_run: u32,
    /// Pass in which the divergence limit stopped the update, from 1.
    pub early_stop_epoch: Option<u32>,
    /// NaN gradient elements.
    pub nan_grad_count: u64,
    /// Infinite gradient elements.
    pub inf_grad_count: u64,
    /// About the transitions.
    pub rollout: RolloutStats,
    /// About the advantages.
    pub advantages: AdvantageStats,
    /// About policy and losses.
    pub policy: PolicyStats,
    /// About the gradients.
    pub gradients: GradientStats,
    /// Used by the last optimiser step.
    pub learning_rate: f64,
    /// Weight of the entropy bonus.
    pub entropy_coef: f64,
}

/// How an update ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpdateOutcome {
    /// What was measured.
    pub stats: UpdateStats,
    /// Why no step was made; `None`: at least one was.
    pub skip: Option<Skip>,
}

/// Returns the advantages as they enter the loss: less their mean and by their spread if `normalize`.
pub fn advantages_in_loss(raw: &[f64], normalize: bool) -> Vec<f64> {
    let moments = mean(raw).zip(standard_deviation(raw)).filter(|_| normalize);
    match moments {
        Some((mean, sd)) => raw.iter().map(|a| (a - mean) / (sd + ADVANTAGE_FLOOR)).collect(),
        None => raw.to_vec(),
    }
}

/// A minibatch, gathered: everything `[m]` or `[m, …]`.
struct Minibatch<'a, F> {
    rollout: &'a Rollout,
    indices: &'a [usize],
    observations: Array2<F>,
    advantages: &'a [f64],
    returns: &'a [f64],
}

/// What one minibatch gave.
struct Losses<F> {
    policy: f64,
    value: f64,
    entropy: f64,
    kl: f64,
    gradient: ActorCritic<F>,
}

impl<F: Real> Minibatch<'_, F> {
    /// Evaluates the losses and their gradient, and appends each sample to `seen`.
    fn evaluate(
        &self,
        net: &ActorCritic<F>,
        hyper: &Hyperparams,
        seen: &mut Evaluated,
    ) -> Losses<F> {
        let m = self.indices.len();
        let weight = 1.0 / m as f64;
        let actor = net.actor.forward(&self.observations);
        let critic = net.critic.forward(&self.observations);
        let log_std = net.spreads();
        let mut d_log_std = vec![0.0; log_std.len()];
        let mut d_outputs = Array2::zeros(actor.output.raw_dim());
        let mut d_values = Array2::zeros((m, 1));
        let (mut outputs, mut d_row) =
            (vec![0.0; net.head.outputs()], vec![0.0; net.head.outputs()]);
        let (mut policy, mut value, mut entropy, mut kl) = (0.0, 0.0, 0.0, 0.0);
        for (row, &i) in self.indices.iter().enumerate() {
            outputs.iter_mut().zip(actor.output.row(row)).for_each(|(wide, o)| *wide = o.wide());
            let taken = self.rollout.actions.get(i);
            let judged = net.head.judge(&outputs, &log_std, taken);
            let log_ratio = judged.log_prob - self.rollout.log_probs[i];
            let ratio = log_ratio.exp();
            let surrogate = surrogate_term(ratio, self.advantages[i], hyper.clip_range);
            let d = Judgement {
                log_prob: weight * surrogate.slope * ratio,
                entropy: -weight * hyper.entropy_coef,
            };
            // An infinite ratio that is clipped has no slope, and must not become NaN by multiplication.
            let d = if surrogate.slope == 0.0 { Judgement { log_prob: 0.0, ..d } } else { d };
            net.head.gradient((&outputs, &log_std), taken, d, &mut d_row, &mut d_log_std);
            d_outputs.row_mut(row).iter_mut().zip(&d_row).for_each(|(slot, &x)| *slot = F::of(x));

            let critic_value = critic.output[[row, 0]].wide();
            let squared =
                value_term(critic_value, self.rollout.values[i], self.returns[i], hyper.value_clip);
            d_values[[row, 0]] = F::of(weight * hyper.value_coef * squared.slope);

            policy += weight * surrogate.loss;
            value += weight * squared.loss;
            entropy += weight * judged.entropy;
            kl += weight * k3(log_ratio);
            seen.indices.push(i);
            seen.log_ratios.push(log_ratio);
            seen.log_probs.push(judged.log_prob);
            seen.entropies.push(judged.entropy);
            seen.policy_losses.push(surrogate.loss);
            seen.value_losses.push((critic_value - self.returns[i]).powi(2));
        }
        let mut gradient = net.zeros_like();
        net.actor.backward(&self.observations, &actor, d_outputs, &mut gradient.actor);
        net.critic.backward(&self.observations, &critic, d_values, &mut gradient.critic);
        gradient.log_std.iter_mut().zip(&d_log_std).for_each(|(slot, &x)| *slot = F::of(x));
        Losses { policy, value, entropy, kl, gradient }
    }
}

/// Returns the whole loss over a rollout taken as one minibatch, and its gradient before any clipping.
///
/// `loss = policy + value_coef * value - entropy_coef * entropy`; the trainer never needs the number itself.
pub fn loss_and_gradient<F: Real>(
    net: &ActorCritic<F>,
    rollout: &Rollout,
    hyper: &Hyperparams,
) -> (f64, ActorCritic<F>) {
    let targets = rollout.targets(hyper.gamma, hyper.gae_lambda);
    let advantages = advantages_in_loss(&targets.advantages, hyper.normalize_advantages);
    let indices: Vec<usize> = (0..rollout.len()).collect();
    let minibatch = Minibatch {
        rollout,
        indices: &indices,
        observations: rollout.observations.mapv(|x| F::of(f64::from(x))),
        advantages: &advantages,
        returns: &targets.returns,
    };
    let losses = minibatch.evaluate(net, hyper, &mut Evaluated::default());
    (
        losses.policy + hyper.value_coef * losses.value - hyper.entropy_coef * losses.entropy,
        losses.gradient,
    )
}

/// Makes one update of `net` in place, with `learning_rate` for all its steps.
///
/// After a skip for a non-finite number, network and optimiser are bit for bit what they were before.
pub fn update<F: Real>(
    (net, adam): (&mut ActorCritic<F>, &mut Adam<F>),
    rollout: &Rollout,
    hyper: &Hyperparams,
    learning_rate: f64,
    shuffle: &mut impl Rng,
) -> UpdateOutcome {
    update_and_tell((net, adam), rollout, hyper, learning_rate, shuffle).0
}

/// As [`update`]; returns every sample that was evaluated as well.
pub fn update_and_tell<F: Real>(
    (net, adam): (&mut ActorCritic<F>, &mut Adam<F>),
    rollout: &Rollout,
    hyper: &Hyperparams,
    learning_rate: f64,
    shuffle: &mut impl Rng,
) -> (UpdateOutcome, Evaluated) {
    update_tampered((net, adam), rollout, hyper, learning_rate, (shuffle, &mut |_| {}))
}

/// As [`update_and_tell`]; `tamper` may change each gradient before anybody looks at it.
pub(crate) fn update_tampered<F: Real>(
    (net, adam): (&mut ActorCritic<F>, &mut Adam<F>),
    rollout: &Rollout,
    hyper: &Hyperparams,
    learning_rate: f64,
    (shuffle, tamper): (&mut impl Rng, Tamper<'_, F>),
) -> (UpdateOutcome, Evaluated) {
    let targets = rollout.targets(hyper.gamma, hyper.gae_lambda);
    let advantages = advantages_in_loss(&targets.advantages, hyper.normalize_advantages);
    let mut run = Run {
        seen: Evaluated::default(),
        tensor_norms: Vec::new(),
        started: 0,
        early_stop: None,
        nan: 0,
        inf: 0,
    };
    let before = (net.clone(), adam.clone());
    let mut skip = rollout.is_empty().then_some(Skip::EmptyRollout);
    if skip.is_none() {
        skip = run.passes(
            (net, adam),
            rollout,
            (&advantages, &targets.returns),
            hyper,
            learning_rate,
            (shuffle, tamper),
        );
    }
    if matches!(skip, Some(Skip::NonfiniteLoss { .. } | Skip::NonfiniteGradient { .. })) {
        (*net, *adam) = before;
        run.tensor_norms.clear();
    }
    let stats = run.stats(rollout, &targets, &advantages, hyper, learning_rate);
    (UpdateOutcome { stats, skip }, run.seen)
}

/// Changes a gradient; see [`crate::fault`].
type Tamper<'a, F> = &'a mut dyn FnMut(&mut ActorCritic<F>);

/// What an update collects while it runs.
struct Run {
    seen: Evaluated,
    tensor_norms: Vec<Vec<f64>>,
    /// Passes that were started.
    started: u32,
    early_stop: Option<u32>,
    nan: u64,
    inf: u64,
}

impl Run {
    fn passes<F: Real>(
        &mut self,
        (net, adam): (&mut ActorCritic<F>, &mut Adam<F>),
        rollout: &Rollout,
        (advantages, returns): (&[f64], &[f64]),
        hyper: &Hyperparams,
        learning_rate: f64,
        (shuffle, tamper): (&mut impl Rng, Tamper<'_, F>),
    ) -> Option<Skip> {
        let mut order: Vec<usize> = (0..rollout.len()).collect();
        let observations = rollout.observations.mapv(|x| F::of(f64::from(x)));
        for pass in 1..=hyper.passes {
            self.started = pass;
            order.shuffle(shuffle);
            for indices in order.chunks(hyper.minibatch_size as usize) {
                let minibatch = Minibatch {
                    rollout,
                    indices,
                    observations: observations.select(Axis(0), indices),
                    advantages,
                    returns,
                };
                let mut losses = minibatch.evaluate(net, hyper, &mut self.seen);
                tamper(&mut losses.gradient);
                self.count_nonfinite(&losses.gradient);
                if let Some(skip) = nonfinite(&losses) {
                    return Some(skip);
                }
                if hyper.target_kl.is_some_and(|target| KL_SLACK * target < losses.kl) {
                    self.early_stop = Some(pass);
                    return self.tensor_norms.is_empty().then_some(Skip::KlLimit);
                }
                let norms: Vec<f64> = losses.gradient.tensors().iter().map(|t| norm(t)).collect();
                clip(&mut losses.gradient, norm(&norms), hyper.max_grad_norm);
                self.tensor_norms.push(norms);
                adam.step(&mut net.tensors_mut(), &losses.gradient.tensors(), learning_rate);
            }
        }
        None
    }

    fn count_nonfinite<F: Real>(&mut self, gradient: &ActorCritic<F>) {
        for element in gradient.tensors().into_iter().flatten() {
            self.nan += u64::from(element.is_nan());
            self.inf += u64::from(element.is_infinite());
        }
    }

    fn stats(
        &self,
        rollout: &Rollout,
        targets: &Targets,
        advantages: &[f64],
        hyper: &Hyperparams,
        learning_rate: f64,
    ) -> UpdateStats {
        UpdateStats {
            transitions: rollout.len() as u32,
            optimizer_steps: self.tensor_norms.len() as u32,
            passes_run: self.started,
            early_stop_epoch: self.early_stop,
            nan_grad_count: self.nan,
            inf_grad_count: self.inf,
            rollout: RolloutStats::of(&rollout.values, &targets.returns, &targets.td_errors),
            advantages: AdvantageStats::of(advantages),
            policy: PolicyStats::of(&self.seen, hyper.clip_range),
            gradients: GradientStats::of(&self.tensor_norms),
            learning_rate,
            entropy_coef: hyper.entropy_coef,
        }
    }
}

/// Returns the first number of the minibatch that is not finite, losses before gradients.
fn nonfinite<F: Real>(losses: &Losses<F>) -> Option<Skip> {
    let named = [
        ("policy.policy_loss", losses.policy),
        ("policy.value_loss", losses.value),
        ("policy.entropy", losses.entropy),
    ];
    if let Some(&(subject, value)) = named.iter().find(|(_, value)| !value.is_finite()) {
        return Some(Skip::NonfiniteLoss { subject: Cow::Borrowed(subject), value });
    }
    let element = losses.gradient.tensors().into_iter().flatten().find(|g| !g.is_finite())?;
    Some(Skip::NonfiniteGradient { value: element.wide() })
}

/// Returns the L2 norm, summed in 64 bits.
fn norm<F: Real>(x: &[F]) -> f64 {
    x.iter().map(|v| v.wide() * v.wide()).sum::<f64>().sqrt()
}

/// Shortens a gradient of length `length` to at most `limit`.
fn clip<F: Real>(gradient: &mut ActorCritic<F>, length: f64, limit: f64) {
    if limit < length {
        let factor = F::of(limit / length);
        gradient.tensors_mut().into_iter().flatten().for_each(|g| *g *= factor);
    }
}
