//! The policy side of an update.

use crate::metric::{Category, MetricSpec, Priority, spec};
use crate::threshold;
use crate::unit::Unit;

pub(super) const SPECS: &[MetricSpec] = &[
    spec(
        100,
        "PPO Data Received",
        Category::Policy,
        Priority::P0,
        Unit::Flag,
        "policy.ppo_data_received",
    ),
    spec(
        101,
        "Updates Skipped",
        Category::Policy,
        Priority::P0,
        Unit::Count,
        "policy.updates_skipped",
    )
    .with(&threshold::UPDATES_SKIPPED),
    spec(
        102,
        "Early Stop Pass",
        Category::Policy,
        Priority::P2,
        Unit::Count,
        "policy.early_stop_epoch",
    ),
    spec(
        103,
        "Update Time",
        Category::Policy,
        Priority::P2,
        Unit::Milliseconds,
        "policy.update_time_ms",
    ),
    spec(104, "Learning Rate", Category::Policy, Priority::P2, Unit::Rate, "policy.learning_rate"),
    spec(
        105,
        "Entropy Coefficient",
        Category::Policy,
        Priority::P2,
        Unit::Ratio,
        "policy.entropy_coef",
    ),
    spec(110, "KL Divergence", Category::Policy, Priority::P0, Unit::Nats, "policy.kl_divergence")
        .with(&threshold::KL_DIVERGENCE),
    spec(
        111,
        "KL Divergence History",
        Category::Policy,
        Priority::P1,
        Unit::Nats,
        "policy.kl_divergence_history",
    ),
    spec(120, "Entropy", Category::Policy, Priority::P0, Unit::Nats, "policy.entropy")
        .with(&threshold::ENTROPY),
    spec(
        121,
        "Entropy Velocity",
        Category::Policy,
        Priority::P0,
        Unit::Nats,
        "policy.entropy_velocity",
    )
    .with(&threshold::ENTROPY_VELOCITY),
    spec(
        122,
        "Collapse Risk Score",
        Category::Policy,
        Priority::P1,
        Unit::Fraction,
        "policy.collapse_risk_score",
    )
    .with(&threshold::COLLAPSE_RISK_SCORE),
    spec(
        123,
        "Entropy Clip Correlation",
        Category::Policy,
        Priority::P1,
        Unit::Ratio,
        "policy.entropy_clip_correlation",
    )
    .with(&threshold::ENTROPY_CLIP_CORRELATION),
    spec(
        124,
        "Entropy Collapsed",
        Category::Policy,
        Priority::P0,
        Unit::Flag,
        "policy.entropy_collapsed",
    ),
    spec(
        125,
        "Entropy History",
        Category::Policy,
        Priority::P1,
        Unit::Nats,
        "policy.entropy_history",
    ),
    spec(
        130,
        "Clip Fraction",
        Category::Policy,
        Priority::P0,
        Unit::Fraction,
        "policy.clip_fraction",
    )
    .with(&threshold::CLIP_FRACTION),
    spec(131, "Policy Loss", Category::Policy, Priority::P0, Unit::Loss, "policy.policy_loss"),
    spec(132, "Value Loss", Category::Policy, Priority::P0, Unit::Loss, "policy.value_loss"),
    spec(
        133,
        "Policy Loss History",
        Category::Policy,
        Priority::P1,
        Unit::Loss,
        "policy.policy_loss_history",
    ),
    spec(
        134,
        "Value Loss History",
        Category::Policy,
        Priority::P1,
        Unit::Loss,
        "policy.value_loss_history",
    ),
    spec(
        135,
        "Clip Fraction Positive",
        Category::Policy,
        Priority::P1,
        Unit::Fraction,
        "policy.clip_fraction_positive",
    ),
    spec(
        136,
        "Clip Fraction Negative",
        Category::Policy,
        Priority::P1,
        Unit::Fraction,
        "policy.clip_fraction_negative",
    ),
    spec(140, "Advantage Std", Category::Policy, Priority::P0, Unit::Ratio, "policy.advantage_std")
        .with(&threshold::ADVANTAGE_STD),
    spec(
        141,
        "Advantage Mean",
        Category::Policy,
        Priority::P1,
        Unit::Ratio,
        "policy.advantage_mean",
    )
    .with(&threshold::ADVANTAGE_MEAN),
    spec(
        142,
        "Advantage Skewness",
        Category::Policy,
        Priority::P1,
        Unit::Ratio,
        "policy.advantage_skewness",
    )
    .with(&threshold::ADVANTAGE_SKEWNESS),
    spec(
        143,
        "Advantage Kurtosis",
        Category::Policy,
        Priority::P1,
        Unit::Ratio,
        "policy.advantage_kurtosis",
    )
    .with(&threshold::ADVANTAGE_KURTOSIS),
    spec(
        144,
        "Advantage Positive Ratio",
        Category::Policy,
        Priority::P1,
        Unit::Fraction,
        "policy.advantage_positive_ratio",
    )
    .with(&threshold::ADVANTAGE_POSITIVE_RATIO),
    spec(150, "Ratio Max", Category::Policy, Priority::P1, Unit::Ratio, "policy.ratio_max")
        .with(&threshold::RATIO_MAX),
    spec(152, "Ratio Mean", Category::Policy, Priority::P2, Unit::Ratio, "policy.ratio_mean"),
    spec(153, "Ratio Min", Category::Policy, Priority::P1, Unit::Ratio, "policy.ratio_min")
        .with(&threshold::RATIO_MIN),
    spec(154, "Ratio Std", Category::Policy, Priority::P2, Unit::Ratio, "policy.ratio_std")
        .with(&threshold::RATIO_STD),
    spec(
        160,
        "Log Probability Min",
        Category::Policy,
        Priority::P0,
        Unit::Nats,
        "policy.log_prob_min",
    )
    .with(&threshold::LOG_PROB_MIN),
    spec(
        161,
        "Log Probability Max",
        Category::Policy,
        Priority::P2,
        Unit::Nats,
        "policy.log_prob_max",
    ),
    spec(
        190,
        "KL Divergence Trend",
        Category::Policy,
        Priority::P2,
        Unit::Text,
        "policy.kl_divergence_trend",
    ),
    spec(
        191,
        "Policy Loss Trend",
        Category::Policy,
        Priority::P2,
        Unit::Text,
        "policy.policy_loss_trend",
    ),
    spec(
        192,
        "Value Loss Trend",
        Category::Policy,
        Priority::P2,
        Unit::Text,
        "policy.value_loss_trend",
    ),
    spec(193, "Last Update", Category::Policy, Priority::P1, Unit::Text, "policy.last_update"),
];
