//! Payloads of the events by family, and the words they use.
//!
//! No payload has a `Default`: a number that was not measured is `None` because somebody wrote `None`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::word::{closed_word, open_word};

pub mod anomaly;
pub mod batch;
pub mod episode;
pub mod loss;
pub mod metric;
pub mod policy;
pub mod run;
pub mod vitals;

pub use anomaly::Anomaly;
pub use batch::BatchEpochCompleted;
pub use episode::{EpisodeOutcome, EpochCompleted};
pub use loss::EmitterLoss;
pub use metric::Metric;
pub use policy::PpoUpdateCompleted;
pub use run::{CheckpointLoaded, CheckpointSaved, Heartbeat, TrainingFinished, TrainingStarted};
pub use vitals::{GpuVitals, SystemVitals};

closed_word! {
    /// Why a run ended.
    FinishReason {
        /// All requested batches were done.
        Completed = "completed",
        /// Somebody asked it to stop: a key, a signal.
        Stopped = "stopped",
        /// An error or a panic.
        Failed = "failed",
    }
}

closed_word! {
    /// Whether a batch changed the parameters.
    BatchOutcome {
        /// At least one optimiser step was made.
        Completed = "completed",
        /// No optimiser step was made.
        Skipped = "skipped",
    }
}

open_word! {
    /// Why no optimiser step was made.
    SkipReason {
        /// The loss was NaN or infinite.
        NonfiniteLoss = "nonfinite_loss",
        /// A gradient element was NaN or infinite.
        NonfiniteGradient = "nonfinite_gradient",
        /// The KL limit was hit before the first step.
        KlLimit = "kl_limit",
        /// No transition was collected.
        EmptyRollout = "empty_rollout",
        /// The batch was not finished; it does not count as done.
        Interrupted = "interrupted",
    }
}

open_word! {
    /// What the trainer is doing.
    Phase {
        /// Getting ready.
        Starting = "starting",
        /// Stepping environments.
        Collecting = "collecting",
        /// Optimising.
        Updating = "updating",
        /// Measuring the policy.
        Evaluating = "evaluating",
        /// Writing a checkpoint.
        Checkpointing = "checkpointing",
        /// Ending the run.
        Finishing = "finishing",
    }
}

open_word! {
    /// Why the hub dropped an event.
    LossCause {
        /// The queue of the sink was at the bound of the lane.
        QueueFull = "queue_full",
        /// The sink returned an error.
        SinkFailed = "sink_failed",
        /// The sink panicked, with this event or before it.
        SinkPanicked = "sink_panicked",
        /// The hub was closed before the sink had taken it.
        CloseTimeout = "close_timeout",
    }
}

/// A value of the free map of hyper-parameters; for display only.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A number.
    Number(f64),
    /// A text, at most 256 bytes.
    Text(String),
    /// A flag.
    Flag(bool),
}

/// How a [`Scalar`] stands in binary, where nothing says what comes next.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Scalar")]
enum TaggedScalar {
    Number(f64),
    Text(String),
    Flag(bool),
}

impl Scalar {
    /// Returns the scalar of a text. The words of non-finite numbers are numbers here too: a row cannot tell a learning
    /// rate of NaN from the text `NaN`, and row and frame must read alike.
    fn from_text(text: &str) -> Self {
        crate::wire::float_from_word(text).map_or_else(|| Self::Text(text.to_owned()), Self::Number)
    }
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if !to.is_human_readable() {
            let tagged = match self.clone() {
                Self::Number(x) => TaggedScalar::Number(x),
                Self::Text(x) => TaggedScalar::Text(x),
                Self::Flag(x) => TaggedScalar::Flag(x),
            };
            return tagged.serialize(to);
        }
        match self {
            Self::Number(x) => to.serialize_f64(*x),
            Self::Text(x) => to.serialize_str(x),
            Self::Flag(x) => to.serialize_bool(*x),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return Ok(match TaggedScalar::deserialize(from)? {
                TaggedScalar::Number(x) => Self::Number(x),
                TaggedScalar::Text(x) => Self::from_text(&x),
                TaggedScalar::Flag(x) => Self::Flag(x),
            });
        }
        from.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl serde::de::Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text or a flag")
    }

    fn visit_bool<E>(self, x: bool) -> Result<Scalar, E> {
        Ok(Scalar::Flag(x))
    }

    fn visit_u64<E>(self, x: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(x as f64))
    }

    fn visit_i64<E>(self, x: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(x as f64))
    }

    fn visit_f64<E>(self, x: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(x))
    }

    fn visit_str<E>(self, x: &str) -> Result<Scalar, E> {
        Ok(Scalar::from_text(x))
    }
}
