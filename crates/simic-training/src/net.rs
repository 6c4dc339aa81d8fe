//! The actor-critic network and its optimiser: two small multilayer perceptrons over `ndarray`.
//!
//! Everything is generic over the float type, so that the gradients which train in 32 bits are checked against
//! finite differences in 64.

use std::fmt::Debug;

use ndarray::NdFloat;

pub mod adam;
pub mod linear;
pub mod mlp;
pub mod policy;

pub use adam::Adam;
pub use linear::Linear;
pub use mlp::Mlp;
pub use policy::{ActorCritic, Head};

/// A float type that a network can be made of: `f32` to train, `f64` to check.
pub trait Real: NdFloat + Default + Debug {
    /// Rounds a 64-bit float to this type.
    fn of(value: f64) -> Self;

    /// Returns the same number in 64 bits.
    fn wide(self) -> f64;

    /// Returns the hyperbolic tangent.
    #[must_use]
    fn tanh_of(self) -> Self;
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn wide(self) -> f64 {
        self
    }

    fn tanh_of(self) -> Self {
        self.tanh()
    }
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as Self
    }

    fn wide(self) -> f64 {
        f64::from(self)
    }

    /// A quotient of two polynomials with an error of at most 5e-7: the compiler turns it into vector code, which the
    /// call into the C library is not, and that call was half of the time of an update.
    ///
    /// Lambert's continued fraction gives `tanh(x / 4)` as `p / q`; doubling the argument twice needs no division.
    fn tanh_of(self) -> Self {
        // Beyond this the nearest 32-bit float is 1.
        let y = self.clamp(-9.1, 9.1) * 0.25;
        let y2 = y * y;
        let p = y * (135_135.0 + y2 * (17_325.0 + y2 * (378.0 + y2)));
        let q = 135_135.0 + y2 * (62_370.0 + y2 * (3_150.0 + y2 * 28.0));
        let (p, q) = (2.0 * p * q, q * q + p * p);
        2.0 * p * q / (q * q + p * p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_tanh_agrees_with_the_library() {
        let worst = (-200_000..=200_000)
            .map(|i| {
                let x = i as f32 * 1e-4;
                (f64::from(x.tanh_of()) - f64::from(x).tanh()).abs()
            })
            .fold(0.0, f64::max);
        assert!(worst <= 5e-7, "worst error {worst:e}");
        assert_eq!(0.0_f32.tanh_of().to_bits(), 0.0_f32.to_bits());
    }

    #[test]
    fn fast_tanh_keeps_nan() {
        assert!(f32::NAN.tanh_of().is_nan());
    }
}
