//! Actor and critic together, and the two distributions over actions.

use std::f64::consts::PI;

use ndarray::Array1;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use super::{Mlp, Real};
use crate::env::ActionSpace;

/// The distribution that the actor's outputs stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Outputs are logits of this many choices.
    Categorical(usize),
    /// Outputs are means of this many independent normal distributions; their spreads do not depend on the state.
    Gaussian(usize),
}

/// One action as the policy sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Taken<'a> {
    /// Index of the choice.
    Choice(usize),
    /// A draw of the normal distributions, before it is scaled to the bounds of the environment.
    Draw(&'a [f32]),
}

/// What the policy says about one action in one state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// Log-probability of the whole joint action (nats); a log-density for continuous actions.
    pub log_prob: f64,
    /// Entropy of the policy in this state (nats).
    pub entropy: f64,
}

impl Head {
    /// Returns the head that fits a space.
    pub const fn of(space: &ActionSpace) -> Self {
        match space {
            ActionSpace::Discrete(choices) => Self::Categorical(*choices),
            ActionSpace::Continuous(bounds) => Self::Gaussian(bounds.len()),
        }
    }

    /// Returns how many outputs the actor has.
    pub const fn outputs(self) -> usize {
        match self {
            Self::Categorical(n) | Self::Gaussian(n) => n,
        }
    }

    /// Returns how many spreads are trained beside the actor.
    pub const fn spreads(self) -> usize {
        match self {
            Self::Categorical(_) => 0,
            Self::Gaussian(n) => n,
        }
    }

    /// Returns log-probability and entropy, given the actor's `outputs` and the log-spreads.
    ///
    /// An action of the other kind, or of the wrong length, is judged NaN.
    pub fn judge(self, outputs: &[f64], log_std: &[f64], taken: Taken<'_>) -> Judgement {
        match (self, taken) {
            (Self::Categorical(_), Taken::Choice(choice)) => {
                let total = log_sum_exp(outputs);
                let entropy =
                    -outputs.iter().map(|&o| (o - total).exp() * (o - total)).sum::<f64>();
                let log_prob = outputs.get(choice).map_or(f64::NAN, |&o| o - total);
                Judgement { log_prob, entropy }
            }
            (Self::Gaussian(n), Taken::Draw(draw)) if draw.len() == n => {
                let (mut log_prob, mut entropy) = (0.0, 0.0);
                for ((&mean, &log_std), &x) in outputs.iter().zip(log_std).zip(draw) {
                    let z = (f64::from(x) - mean) / log_std.exp();
                    log_prob -= 0.5 * z * z + log_std + 0.5 * (2.0 * PI).ln();
                    entropy += log_std + 0.5 * (2.0 * PI).ln() + 0.5;
                }
                Judgement { log_prob, entropy }
            }
            (Self::Categorical(_) | Self::Gaussian(_), Taken::Choice(_) | Taken::Draw(_)) => {
                Judgement { log_prob: f64::NAN, entropy: f64::NAN }
            }
        }
    }

    /// Writes the gradient of the outputs and adds that of the log-spreads, given the gradients of the two numbers
    /// that [`Head::judge`] returned.
    pub fn gradient(
        self,
        (outputs, log_std): (&[f64], &[f64]),
        taken: Taken<'_>,
        d: Judgement,
        d_outputs: &mut [f64],
        d_log_std: &mut [f64],
    ) {
        match (self, taken) {
            (Self::Categorical(_), Taken::Choice(choice)) => {
                let total = log_sum_exp(outputs);
                let entropy =
                    -outputs.iter().map(|&o| (o - total).exp() * (o - total)).sum::<f64>();
                for (i, (slot, &o)) in d_outputs.iter_mut().zip(outputs).enumerate() {
                    let p = (o - total).exp();
                    let hit = if i == choice { 1.0 } else { 0.0 };
                    *slot = d.log_prob * (hit - p) - d.entropy * p * (o - total + entropy);
                }
            }
            (Self::Gaussian(_), Taken::Draw(draw)) => {
                let spreads = log_std.iter().zip(d_log_std);
                for (((slot, &mean), (&log_std, d_spread)), &x) in
                    d_outputs.iter_mut().zip(outputs).zip(spreads).zip(draw)
                {
                    let z = (f64::from(x) - mean) / log_std.exp();
                    *slot = d.log_prob * z / log_std.exp();
                    *d_spread += d.log_prob * (z * z - 1.0) + d.entropy;
                }
            }
            (Self::Categorical(_) | Self::Gaussian(_), Taken::Choice(_) | Taken::Draw(_)) => {
                d_outputs.fill(f64::NAN);
            }
        }
    }

    /// Draws a choice; the last one when the outputs are not numbers, so that the failure shows in the losses.
    pub fn sample_choice(outputs: &[f64], rng: &mut impl Rng) -> usize {
        let total = log_sum_exp(outputs);
        let mut left: f64 = rng.random();
        for (i, &o) in outputs.iter().enumerate() {
            left -= (o - total).exp();
            if left < 0.0 {
                return i;
            }
        }
        outputs.len().saturating_sub(1)
    }

    /// Returns the likeliest choice, the first of equals. What is not a number is never the likeliest; when nothing else is
    /// there it is the first.
    pub fn best_choice(outputs: &[f64]) -> usize {
        let mut best = (0, f64::NEG_INFINITY);
        for (i, &o) in outputs.iter().enumerate() {
            if best.1 < o {
                best = (i, o);
            }
        }
        best.0
    }

    /// Draws one number per dimension.
    pub fn sample_draw(outputs: &[f64], log_std: &[f64], rng: &mut impl Rng) -> Vec<f32> {
        outputs
            .iter()
            .zip(log_std)
            .map(|(&mean, &log_std)| {
                let z: f64 = StandardNormal.sample(rng);
                (mean + log_std.exp() * z) as f32
            })
            .collect()
    }
}

/// Returns `ln(sum(exp(x)))` without overflow.
fn log_sum_exp(x: &[f64]) -> f64 {
    let top = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top + x.iter().map(|&v| (v - top).exp()).sum::<f64>().ln()
}

/// The trained network: two separate perceptrons, and the log-spreads of a continuous policy.
///
/// A gradient has the same shape and is a value of this type as well.
#[derive(Debug, Clone, PartialEq)]
pub struct ActorCritic<F> {
    /// Observation to outputs of the head.
    pub actor: Mlp<F>,
    /// Observation to one value.
    pub critic: Mlp<F>,
    /// Natural logarithms of the spreads; empty for discrete actions.
    pub log_std: Array1<F>,
    /// What the actor's outputs mean.
    pub head: Head,
}

impl<F: Real> ActorCritic<F> {
    /// Makes a network with hidden layers of these widths. The actor starts almost indifferent (output gain 0.01).
    pub fn new(
        observation_len: usize,
        head: Head,
        hidden: &[usize],
        log_std: f64,
        rng: &mut impl Rng,
    ) -> Self {
        let widths = |outputs: usize| -> Vec<usize> {
            std::iter::once(observation_len)
                .chain(hidden.iter().copied())
                .chain([outputs])
                .collect()
        };
        Self {
            actor: Mlp::new(&widths(head.outputs()), 0.01, rng),
            critic: Mlp::new(&widths(1), 1.0, rng),
            log_std: Array1::from_elem(head.spreads(), F::of(log_std)),
            head,
        }
    }

    /// Makes a network of the same shape with every parameter 0.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        Self {
            actor: self.actor.zeros_like(),
            critic: self.critic.zeros_like(),
            log_std: Array1::zeros(self.log_std.len()),
            head: self.head,
        }
    }

    /// Returns every parameter tensor, row by row: actor layers (weight, bias), critic layers, log-spreads if any.
    pub fn tensors(&self) -> Vec<&[F]> {
        let mut all = Vec::new();
        for layer in self.actor.layers.iter().chain(&self.critic.layers) {
            all.extend(layer.weight.as_slice());
            all.extend(layer.bias.as_slice());
        }
        all.extend(self.log_std.as_slice().filter(|s| !s.is_empty()));
        all
    }

    /// Returns every parameter tensor for writing, in the order of [`ActorCritic::tensors`].
    pub fn tensors_mut(&mut self) -> Vec<&mut [F]> {
        let mut all = Vec::new();
        for layer in self.actor.layers.iter_mut().chain(&mut self.critic.layers) {
            all.extend(layer.weight.as_slice_mut());
            all.extend(layer.bias.as_slice_mut());
        }
        all.extend(self.log_std.as_slice_mut().filter(|s| !s.is_empty()));
        all
    }

    /// Returns the number of elements of each tensor.
    pub fn lengths(&self) -> Vec<usize> {
        self.tensors().iter().map(|t| t.len()).collect()
    }

    /// Returns the number of trainable parameters.
    pub fn parameters(&self) -> usize {
        self.lengths().iter().sum()
    }

    /// Returns the log-spreads in 64 bits.
    pub fn spreads(&self) -> Vec<f64> {
        self.log_std.iter().map(|v| v.wide()).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn even_odds_have_the_largest_entropy() {
        let judged = Head::Categorical(4).judge(&[7.0; 4], &[], Taken::Choice(2));
        assert!((judged.log_prob + 4.0_f64.ln()).abs() < 1e-12);
        assert!((judged.entropy - 4.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn normal_density_at_the_mean() {
        // Density of a normal distribution with spread 2 at its mean: 1 / (2 * sqrt(2 pi)).
        let judged = Head::Gaussian(1).judge(&[3.0], &[2.0_f64.ln()], Taken::Draw(&[3.0]));
        assert!((judged.log_prob - (1.0 / (2.0 * (2.0 * PI).sqrt())).ln()).abs() < 1e-12);
        assert!((judged.entropy - 0.5 * (2.0 * PI * std::f64::consts::E * 4.0).ln()).abs() < 1e-12);
    }

    #[test]
    fn huge_logits_do_not_overflow() {
        let judged = Head::Categorical(2).judge(&[1e300, -1e300], &[], Taken::Choice(0));
        assert!(judged.log_prob.abs() < 1e-12, "{judged:?}");
    }

    #[test]
    fn choices_are_drawn_in_proportion() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let logits = [0.2_f64.ln(), 0.5_f64.ln(), 0.3_f64.ln()];
        let mut counts = [0.0_f64; 3];
        for _ in 0..20_000 {
            counts[Head::sample_choice(&logits, &mut rng)] += 1.0 / 20_000.0;
        }
        for (share, expected) in counts.iter().zip([0.2, 0.5, 0.3]) {
            assert!((share - expected).abs() < 0.015, "{counts:?}");
        }
    }

    #[test]
    fn the_best_choice_has_the_largest_output() {
        for (outputs, best) in [
            (&[0.1, 0.7, 0.2][..], 1),
            (&[-3.0, -5.0, -2.5], 2),
            (&[4.0, 4.0], 0),
            (&[f64::NAN, -1.0, f64::NAN], 1),
            (&[f64::NAN, f64::NAN], 0),
            (&[1.0, f64::INFINITY], 1),
        ] {
            assert_eq!(Head::best_choice(outputs), best, "{outputs:?}");
        }
    }

    #[test]
    fn an_action_of_the_other_kind_is_judged_nan() {
        let judged = Head::Gaussian(1).judge(&[0.0], &[0.0], Taken::Choice(0));
        assert!(judged.log_prob.is_nan() && judged.entropy.is_nan());
    }
}
