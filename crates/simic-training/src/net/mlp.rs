//! A multilayer perceptron: linear layers with a hyperbolic tangent between them.

use ndarray::{Array2, Zip};
use rand::Rng;

use super::{Linear, Real};

/// Linear layers, `tanh` after each but the last; also used as the gradient of such a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp<F> {
    /// From the input to the output, at least one.
    pub layers: Vec<Linear<F>>,
}

/// What [`Mlp::backward`] needs of a forward pass.
#[derive(Debug, Clone)]
pub struct Trace<F> {
    /// Outputs of the hidden layers after `tanh`, each `[n, width]`.
    hidden: Vec<Array2<F>>,
    /// Output of the network (`[n, outputs]`).
    pub output: Array2<F>,
}

impl<F: Real> Mlp<F> {
    /// Makes a network of these widths (input first, output last), orthogonal weights: gain sqrt(2) in the hidden
    /// layers, `output_gain` in the last.
    pub fn new(widths: &[usize], output_gain: f64, rng: &mut impl Rng) -> Self {
        let last = widths.len().saturating_sub(2);
        let layers = widths
            .windows(2)
            .enumerate()
            .map(|(i, pair)| {
                let gain = if i == last { output_gain } else { 2.0_f64.sqrt() };
                Linear::orthogonal(pair[0], pair[1], gain, rng)
            })
            .collect();
        Self { layers }
    }

    /// Makes a network of the same shape with every parameter 0.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let layers =
            self.layers.iter().map(|l| Linear::zeros(l.weight.nrows(), l.weight.ncols())).collect();
        Self { layers }
    }

    /// Runs the network on `x` (`[n, inputs]`) and keeps what the gradient needs.
    pub fn forward(&self, x: &Array2<F>) -> Trace<F> {
        let mut hidden: Vec<Array2<F>> = Vec::with_capacity(self.layers.len());
        let mut output = Array2::zeros((0, 0));
        for (i, layer) in self.layers.iter().enumerate() {
            let mut y = match hidden.last() {
                Some(below) => layer.forward(below),
                None => layer.forward(x),
            };
            if i + 1 < self.layers.len() {
                y.mapv_inplace(F::tanh_of);
                hidden.push(y);
            } else {
                output = y;
            }
        }
        Trace { hidden, output }
    }

    /// Adds the gradient of the parameters to `gradient`, given the pass over `x` and the gradient of its output.
    pub fn backward(
        &self,
        x: &Array2<F>,
        trace: &Trace<F>,
        d_output: Array2<F>,
        gradient: &mut Self,
    ) {
        let mut dy = d_output;
        for (i, layer) in self.layers.iter().enumerate().rev() {
            let Some(below) = i.checked_sub(1).and_then(|j| trace.hidden.get(j)) else {
                layer.backward(x, &dy, &mut gradient.layers[i]);
                continue;
            };
            layer.backward(below, &dy, &mut gradient.layers[i]);
            dy = layer.backward_input(&dy);
            Zip::from(&mut dy).and(below).for_each(|d, &y| *d *= F::one() - y * y);
        }
    }
}
