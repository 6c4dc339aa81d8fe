//! Adam, the optimiser, over any list of parameter tensors.

use super::Real;

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
/// Added to the root of the second moment; the value PPO implementations use, larger than the paper's 1e-8.
pub const EPSILON: f64 = 1e-5;

/// First and second moments of every parameter, and the number of steps made.
///
/// Source: Kingma and Ba, 2015, algorithm 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Adam<F> {
    /// Steps made, for the bias correction.
    pub steps: u64,
    /// Mean of the gradients, one entry per tensor.
    pub first: Vec<Vec<F>>,
    /// Mean of their squares.
    pub second: Vec<Vec<F>>,
}

impl<F: Real> Adam<F> {
    /// Makes an optimiser for tensors of these lengths.
    pub fn new(lengths: &[usize]) -> Self {
        let zeros: Vec<Vec<F>> = lengths.iter().map(|&n| vec![F::zero(); n]).collect();
        Self { steps: 0, first: zeros.clone(), second: zeros }
    }

    /// Makes one step down the gradient, whose tensors stand in the order of `parameters`.
    pub fn step(&mut self, parameters: &mut [&mut [F]], gradients: &[&[F]], learning_rate: f64) {
        self.steps += 1;
        let steps = self.steps as f64;
        let correction_2 = (1.0 - BETA_2.powf(steps)).sqrt();
        let rate = F::of(learning_rate * correction_2 / (1.0 - BETA_1.powf(steps)));
        // The bias of the second moment is taken out of the root here, so that the small constant keeps its size.
        let epsilon = F::of(EPSILON * correction_2);
        let (b1, b2) = (F::of(BETA_1), F::of(BETA_2));
        let (c1, c2) = (F::of(1.0 - BETA_1), F::of(1.0 - BETA_2));
        for (tensor, (values, slopes)) in parameters.iter_mut().zip(gradients).enumerate() {
            let moments = self.first[tensor].iter_mut().zip(&mut self.second[tensor]);
            for ((value, &slope), (m, v)) in values.iter_mut().zip(*slopes).zip(moments) {
                *m = b1 * *m + c1 * slope;
                *v = b2 * *v + c2 * slope * slope;
                *value -= rate * *m / (v.sqrt() + epsilon);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of the paper's formulas worked by hand: with a constant gradient both corrected moments are that
    /// gradient and its square, so each step is `rate * g / (|g| + epsilon)`.
    #[test]
    fn a_constant_gradient_moves_by_the_rate() {
        let mut adam = Adam::<f64>::new(&[2]);
        let mut parameters = vec![1.0, -1.0];
        for step in 1..=3 {
            adam.step(&mut [&mut parameters], &[&[0.5, -4.0]], 0.1);
            let moved = f64::from(step) * 0.1;
            assert!((parameters[0] - (1.0 - moved * 0.5 / (0.5 + EPSILON))).abs() < 1e-12);
            assert!((parameters[1] - (-1.0 + moved * 4.0 / (4.0 + EPSILON))).abs() < 1e-12);
        }
        assert_eq!(adam.steps, 3);
    }
}
