//! Run and progress.

use crate::metric::{Category, MetricSpec, Priority, spec};
use crate::unit::Unit;

pub(super) const SPECS: &[MetricSpec] = &[
    spec(1, "Task Name", Category::Training, Priority::P2, Unit::Text, "task_name"),
    spec(2, "Run Id", Category::Training, Priority::P1, Unit::Text, "run_id"),
    spec(3, "Reward Mode", Category::Training, Priority::P2, Unit::Text, "reward_mode"),
    spec(4, "Host Parameters", Category::Training, Priority::P2, Unit::Parameters, "host_params"),
    spec(5, "Environments", Category::Training, Priority::P1, Unit::Environments, "n_envs"),
    spec(
        10,
        "Current Episode",
        Category::Training,
        Priority::P0,
        Unit::Episodes,
        "current_episode",
    ),
    spec(11, "Current Epoch", Category::Training, Priority::P1, Unit::Epochs, "current_epoch"),
    spec(12, "Max Epochs", Category::Training, Priority::P1, Unit::Epochs, "max_epochs"),
    spec(13, "Current Batch", Category::Training, Priority::P1, Unit::Batches, "current_batch"),
    spec(14, "Max Batches", Category::Training, Priority::P1, Unit::Batches, "max_batches"),
    spec(15, "Start Batch", Category::Training, Priority::P1, Unit::Batches, "start_batch"),
    spec(
        20,
        "Training Runtime",
        Category::Training,
        Priority::P1,
        Unit::Seconds,
        "runtime_seconds",
    ),
    spec(22, "Finish Reason", Category::Training, Priority::P0, Unit::Text, "finish_reason"),
    spec(23, "Finish Error", Category::Training, Priority::P1, Unit::Text, "finish_error"),
    spec(
        21,
        "Episode Return History",
        Category::Training,
        Priority::P0,
        Unit::Reward,
        "episodes.return_history",
    ),
];
