//! Gradients.

use crate::metric::{Category, MetricSpec, Priority, spec};
use crate::threshold;
use crate::unit::Unit;

pub(super) const SPECS: &[MetricSpec] = &[
    spec(
        300,
        "NaN Gradient Count",
        Category::Gradient,
        Priority::P0,
        Unit::Elements,
        "policy.nan_grad_count",
    )
    .with(&threshold::NONFINITE_GRADIENTS),
    spec(
        301,
        "Inf Gradient Count",
        Category::Gradient,
        Priority::P0,
        Unit::Elements,
        "policy.inf_grad_count",
    )
    .with(&threshold::NONFINITE_GRADIENTS),
    spec(310, "Gradient Norm", Category::Gradient, Priority::P0, Unit::Norm, "policy.grad_norm")
        .with(&threshold::GRAD_NORM),
    spec(
        311,
        "Gradient Norm History",
        Category::Gradient,
        Priority::P1,
        Unit::Norm,
        "policy.grad_norm_history",
    ),
    spec(330, "Gradient CV", Category::Gradient, Priority::P1, Unit::Ratio, "policy.gradient_cv")
        .with(&threshold::GRADIENT_CV),
    spec(331, "Dead Layers", Category::Gradient, Priority::P1, Unit::Layers, "policy.dead_layers")
        .with(&threshold::BROKEN_LAYERS),
    spec(
        332,
        "Exploding Layers",
        Category::Gradient,
        Priority::P1,
        Unit::Layers,
        "policy.exploding_layers",
    )
    .with(&threshold::BROKEN_LAYERS),
    spec(
        390,
        "Gradient Norm Trend",
        Category::Gradient,
        Priority::P2,
        Unit::Text,
        "policy.grad_norm_trend",
    ),
];
