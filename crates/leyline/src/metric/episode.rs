//! Episodes.

use crate::metric::{Category, MetricSpec, Priority, spec};
use crate::unit::Unit;

pub(super) const SPECS: &[MetricSpec] = &[
    spec(611, "Last Return", Category::Episode, Priority::P0, Unit::Reward, "episodes.last_return"),
    spec(612, "Mean Return", Category::Episode, Priority::P0, Unit::Reward, "episodes.mean_return"),
    spec(613, "Best Return", Category::Episode, Priority::P1, Unit::Reward, "episodes.best_return"),
    spec(
        614,
        "Worst Return",
        Category::Episode,
        Priority::P1,
        Unit::Reward,
        "episodes.worst_return",
    ),
    spec(615, "Mean Length", Category::Episode, Priority::P1, Unit::Steps, "episodes.mean_length"),
    spec(
        616,
        "Success Rate",
        Category::Episode,
        Priority::P1,
        Unit::Fraction,
        "episodes.success_rate",
    ),
    spec(617, "Episodes Total", Category::Episode, Priority::P1, Unit::Episodes, "episodes.total"),
    spec(
        618,
        "Episode Return Trend",
        Category::Episode,
        Priority::P2,
        Unit::Text,
        "episodes.return_trend",
    ),
];
