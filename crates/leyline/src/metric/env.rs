//! Environments.

use crate::metric::{Category, MetricSpec, Priority, spec};
use crate::threshold;
use crate::unit::Unit;

pub(super) const SPECS: &[MetricSpec] = &[
    spec(630, "Environment Status", Category::Env, Priority::P1, Unit::Text, "envs[i].status"),
    spec(
        634,
        "Environment Update Age",
        Category::Env,
        Priority::P1,
        Unit::Seconds,
        "envs[i].last_update_age_seconds",
    )
    .with(&threshold::STALENESS),
    spec(
        637,
        "Epochs Since Improvement",
        Category::Env,
        Priority::P1,
        Unit::Epochs,
        "envs[i].epochs_since_improvement",
    ),
    spec(
        640,
        "Environment Episode Return",
        Category::Env,
        Priority::P1,
        Unit::Reward,
        "envs[i].episode_return",
    ),
    spec(
        665,
        "Environment Best Return",
        Category::Env,
        Priority::P1,
        Unit::Reward,
        "envs[i].best_return",
    ),
    spec(
        666,
        "Environment Return History",
        Category::Env,
        Priority::P2,
        Unit::Reward,
        "envs[i].return_history",
    ),
    spec(
        667,
        "Environment Episode Length",
        Category::Env,
        Priority::P2,
        Unit::Steps,
        "envs[i].episode_length",
    ),
    spec(668, "Environment Id", Category::Env, Priority::P1, Unit::Environments, "envs[i].env_id"),
];
