//! The event log and user metrics.

use crate::metric::{Category, MetricSpec, Priority, spec};
use crate::unit::Unit;

pub(super) const SPECS: &[MetricSpec] = &[
    spec(810, "Event Log", Category::EventLog, Priority::P1, Unit::Text, "event_log"),
    spec(811, "Event Log Time", Category::EventLog, Priority::P1, Unit::Text, "event_log[i].ts"),
    spec(
        812,
        "Event Log Type",
        Category::EventLog,
        Priority::P1,
        Unit::Text,
        "event_log[i].event_type",
    ),
    spec(
        813,
        "Event Log Env Id",
        Category::EventLog,
        Priority::P1,
        Unit::Environments,
        "event_log[i].env_id",
    ),
    spec(
        814,
        "Event Log Message",
        Category::EventLog,
        Priority::P1,
        Unit::Text,
        "event_log[i].message",
    ),
    spec(
        817,
        "Event Log Severity",
        Category::EventLog,
        Priority::P1,
        Unit::Text,
        "event_log[i].severity",
    ),
    spec(
        818,
        "Event Log Sequence",
        Category::EventLog,
        Priority::P2,
        Unit::Count,
        "event_log[i].seq",
    ),
    spec(
        819,
        "Event Log Summary",
        Category::EventLog,
        Priority::P1,
        Unit::Text,
        "event_log[i].summary",
    ),
    spec(
        822,
        "Event Log Clock",
        Category::EventLog,
        Priority::P2,
        Unit::Nanoseconds,
        "event_log[i].mono_ns",
    ),
    spec(820, "User Metrics", Category::User, Priority::P1, Unit::Text, "metrics[name].points"),
    spec(821, "User Metric Unit", Category::User, Priority::P2, Unit::Text, "metrics[name].unit"),
];
