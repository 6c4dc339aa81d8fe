//! A fully connected layer: forward, backward and its initial weights.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, Axis};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::Real;

/// `y = x · weight + bias`; also used as the gradient of such a layer, which has the same shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear<F> {
    /// Shape `[inputs, outputs]`.
    pub weight: Array2<F>,
    /// Shape `[outputs]`.
    pub bias: Array1<F>,
}

impl<F: Real> Linear<F> {
    /// Makes a layer of zeros.
    pub fn zeros(inputs: usize, outputs: usize) -> Self {
        Self { weight: Array2::zeros((inputs, outputs)), bias: Array1::zeros(outputs) }
    }

    /// Makes a layer whose weight has orthogonal rows or columns of length `gain`, and no bias.
    ///
    /// Source: Saxe et al., 2014; customary for PPO (Andrychowicz et al., 2021).
    pub fn orthogonal(inputs: usize, outputs: usize, gain: f64, rng: &mut impl Rng) -> Self {
        let (long, short) = (inputs.max(outputs), inputs.min(outputs));
        let mut basis: Vec<Vec<f64>> = Vec::with_capacity(short);
        while basis.len() < short {
            let mut vector: Vec<f64> = (0..long).map(|_| StandardNormal.sample(rng)).collect();
            for known in &basis {
                let along: f64 = vector.iter().zip(known).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(known).for_each(|(v, k)| *v -= along * k);
            }
            let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
            // A draw that lies almost in the span of the others would only add rounding errors.
            if 1e-6 < length {
                for entry in &mut vector {
                    *entry /= length;
                }
                basis.push(vector);
            }
        }
        let weight = Array2::from_shape_fn((inputs, outputs), |(i, o)| {
            let entry = if inputs < outputs { basis[i][o] } else { basis[o][i] };
            F::of(gain * entry)
        });
        Self { weight, bias: Array1::zeros(outputs) }
    }

    /// Returns the outputs (`[n, outputs]`) for inputs `x` (`[n, inputs]`).
    pub fn forward(&self, x: &Array2<F>) -> Array2<F> {
        let mut y = Array2::zeros((x.nrows(), self.bias.len()));
        y += &self.bias;
        general_mat_mul(F::one(), x, &self.weight, F::one(), &mut y);
        y
    }

    /// Adds the gradient of the parameters to `gradient`, from the inputs `x` (`[n, inputs]`) and the gradient of the
    /// outputs `dy` (`[n, outputs]`).
    pub fn backward(&self, x: &Array2<F>, dy: &Array2<F>, gradient: &mut Self) {
        general_mat_mul(F::one(), &x.t(), dy, F::one(), &mut gradient.weight);
        gradient.bias += &dy.sum_axis(Axis(0));
    }

    /// Returns the gradient of the inputs (`[n, inputs]`).
    pub fn backward_input(&self, dy: &Array2<F>) -> Array2<F> {
        dy.dot(&self.weight.t())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[track_caller]
    fn check_orthogonal(inputs: usize, outputs: usize) {
        let layer =
            Linear::<f64>::orthogonal(inputs, outputs, 1.5, &mut ChaCha8Rng::seed_from_u64(3));
        let gram = if inputs < outputs {
            layer.weight.dot(&layer.weight.t())
        } else {
            layer.weight.t().dot(&layer.weight)
        };
        for ((i, j), &entry) in gram.indexed_iter() {
            let expected = if i == j { 2.25 } else { 0.0 };
            assert!(
                (entry - expected).abs() < 1e-10,
                "entry {i},{j} of {inputs}x{outputs} is {entry}"
            );
        }
    }

    #[test]
    fn initial_weights_are_orthogonal() {
        check_orthogonal(4, 64);
        check_orthogonal(64, 64);
        check_orthogonal(64, 1);
    }
}
