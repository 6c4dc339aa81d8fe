//! The value function.

use crate::metric::{Category, MetricSpec, Priority, spec};
use crate::threshold;
use crate::unit::Unit;

pub(super) const SPECS: &[MetricSpec] = &[
    spec(
        200,
        "Explained Variance",
        Category::Value,
        Priority::P0,
        Unit::Fraction,
        "policy.explained_variance",
    )
    .with(&threshold::EXPLAINED_VARIANCE),
    spec(210, "Value Mean", Category::Value, Priority::P1, Unit::Reward, "policy.value_mean"),
    spec(211, "Value Std", Category::Value, Priority::P1, Unit::Reward, "policy.value_std")
        .with(&threshold::VALUE_STD),
    spec(212, "Value Min", Category::Value, Priority::P1, Unit::Reward, "policy.value_min")
        .with(&threshold::VALUE_EXTREME),
    spec(213, "Value Max", Category::Value, Priority::P1, Unit::Reward, "policy.value_max")
        .with(&threshold::VALUE_EXTREME),
    spec(
        220,
        "V-Return Correlation",
        Category::Value,
        Priority::P0,
        Unit::Ratio,
        "policy.v_return_correlation",
    )
    .with(&threshold::V_RETURN_CORRELATION),
    spec(221, "TD Error Mean", Category::Value, Priority::P1, Unit::Reward, "policy.td_error_mean")
        .with(&threshold::TD_ERROR_MEAN),
    spec(222, "TD Error Std", Category::Value, Priority::P1, Unit::Reward, "policy.td_error_std"),
    spec(223, "Bellman Error", Category::Value, Priority::P0, Unit::Reward, "policy.bellman_error")
        .with(&threshold::BELLMAN_ERROR),
    spec(224, "Return P10", Category::Value, Priority::P2, Unit::Reward, "policy.return_p10"),
    spec(225, "Return P50", Category::Value, Priority::P2, Unit::Reward, "policy.return_p50"),
    spec(226, "Return P90", Category::Value, Priority::P2, Unit::Reward, "policy.return_p90"),
    spec(
        227,
        "Return Variance",
        Category::Value,
        Priority::P2,
        Unit::Reward2,
        "policy.return_variance",
    ),
    spec(
        228,
        "Return Skewness",
        Category::Value,
        Priority::P2,
        Unit::Ratio,
        "policy.return_skewness",
    )
    .with(&threshold::RETURN_SKEWNESS),
    spec(229, "Return Mean", Category::Value, Priority::P2, Unit::Reward, "policy.return_mean"),
    spec(230, "Return Std", Category::Value, Priority::P2, Unit::Reward, "policy.return_std"),
];
