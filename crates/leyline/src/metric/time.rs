//! Where the time of the trainer goes, and how long the run still takes.

use crate::metric::{Category, MetricSpec, Priority, spec};
use crate::unit::Unit;

const fn share(number: u16, name: &'static str, path: &'static str) -> MetricSpec {
    spec(number, name, Category::Time, Priority::P2, Unit::Fraction, path)
}

const fn seconds(
    number: u16,
    name: &'static str,
    priority: Priority,
    path: &'static str,
) -> MetricSpec {
    spec(number, name, Category::Time, priority, Unit::Seconds, path)
}

pub(super) const SPECS: &[MetricSpec] = &[
    share(900, "Collecting in the Batch", "budget.batch.collect"),
    share(901, "Updating in the Batch", "budget.batch.update"),
    share(902, "Evaluating in the Batch", "budget.batch.evaluate"),
    share(903, "Checkpointing in the Batch", "budget.batch.checkpoint"),
    share(904, "Waiting in the Batch", "budget.batch.wait"),
    share(905, "Emitting in the Batch", "budget.batch.emit"),
    share(906, "Collecting in the Run", "budget.run.collect"),
    share(907, "Updating in the Run", "budget.run.update"),
    share(908, "Evaluating in the Run", "budget.run.evaluate"),
    share(909, "Checkpointing in the Run", "budget.run.checkpoint"),
    share(910, "Waiting in the Run", "budget.run.wait"),
    share(911, "Emitting in the Run", "budget.run.emit"),
    seconds(912, "Training Time", Priority::P1, "budget.training_seconds"),
    spec(913, "Pauses", Category::Time, Priority::P2, Unit::Count, "budget.pauses"),
    spec(914, "Resumes", Category::Time, Priority::P2, Unit::Count, "budget.resumes"),
    seconds(915, "Least Time Left", Priority::P1, "budget.left_low_seconds"),
    seconds(916, "Most Time Left", Priority::P1, "budget.left_high_seconds"),
];
