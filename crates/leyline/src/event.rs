//! The closed set of events.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::envelope::Severity;
use crate::field::{FieldSpec, Payload, Seen};
use crate::id::EnvId;
use crate::kind::EventKind;
use crate::payload::{
    Anomaly, BatchEpochCompleted, CheckpointLoaded, CheckpointSaved, EmitterLoss, EpisodeOutcome,
    EpochCompleted, FinishReason, Heartbeat, Metric, PpoUpdateCompleted, SystemVitals,
    TrainingFinished, TrainingStarted,
};

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident($payload:ty),)+) => {
        /// What happened. Matched in full everywhere, so a new kind breaks every place that must think of it.
        ///
        /// The two largest payloads are boxed, because queues hold tens of thousands of mostly small events.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub enum Event { $($(#[$doc])* $variant($payload),)+ }

        impl Event {
            /// Returns the kind.
            pub const fn kind(&self) -> EventKind {
                match self { $(Self::$variant(_) => EventKind::$variant,)+ }
            }

            /// Returns the specifications of the payload's fields, in wire order.
            pub const fn fields(kind: EventKind) -> &'static [FieldSpec] {
                match kind { $(EventKind::$variant => <$payload>::FIELDS,)+ }
            }

            /// Calls `visit` with position, specification and content of every payload field, in wire order.
            pub fn visit_fields(&self, visit: &mut dyn FnMut(usize, &'static FieldSpec, Seen)) {
                match self { $(Self::$variant(payload) => payload.visit_fields(visit),)+ }
            }

            /// Writes the payload alone, without naming its kind.
            pub fn serialize_body<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$variant(payload) => payload.serialize(to),)+ }
            }

            /// Reads a payload of a kind.
            pub fn deserialize_body<'de, D: Deserializer<'de>>(kind: EventKind, from: D) -> Result<Self, D::Error> {
                Ok(match kind { $(EventKind::$variant => Self::$variant(<$payload>::deserialize(from)?),)+ })
            }
        }
    };
}

events! {
    /// A group begins.
    TrainingStarted(Box<TrainingStarted>),
    /// A group ends.
    TrainingFinished(TrainingFinished),
    /// A checkpoint was written.
    CheckpointSaved(CheckpointSaved),
    /// A checkpoint was read.
    CheckpointLoaded(CheckpointLoaded),
    /// The producer is alive.
    Heartbeat(Heartbeat),
    /// One environment took one step.
    EpochCompleted(EpochCompleted),
    /// A batch ended.
    BatchEpochCompleted(Box<BatchEpochCompleted>),
    /// An update ended.
    PpoUpdateCompleted(Box<PpoUpdateCompleted>),
    /// An env-episode ended.
    EpisodeOutcome(EpisodeOutcome),
    /// A sample of the machine.
    SystemVitals(SystemVitals),
    /// The hub dropped events.
    EmitterLoss(EmitterLoss),
    /// User code reported numbers.
    Metric(Metric),
    /// A gradient is too large.
    GradientAnomaly(Anomaly),
    /// An importance ratio is far above 1.
    RatioExplosionDetected(Anomaly),
    /// An importance ratio is far below 1.
    RatioCollapseDetected(Anomaly),
    /// The critic says the same everywhere.
    ValueCollapseDetected(Anomaly),
    /// A loss or gradient is not finite.
    NumericalInstabilityDetected(Anomaly),
    /// Returns stand still.
    PlateauDetected(Anomaly),
    /// Returns fall.
    DegradationDetected(Anomaly),
    /// Returns rise.
    ImprovementDetected(Anomaly),
    /// A memory pool is nearly full.
    MemoryWarning(Anomaly),
}

impl Event {
    /// Returns the anomaly, if the event is one.
    pub const fn anomaly(&self) -> Option<&Anomaly> {
        match self {
            Self::GradientAnomaly(anomaly)
            | Self::RatioExplosionDetected(anomaly)
            | Self::RatioCollapseDetected(anomaly)
            | Self::ValueCollapseDetected(anomaly)
            | Self::NumericalInstabilityDetected(anomaly)
            | Self::PlateauDetected(anomaly)
            | Self::DegradationDetected(anomaly)
            | Self::ImprovementDetected(anomaly)
            | Self::MemoryWarning(anomaly) => Some(anomaly),
            Self::TrainingStarted(_)
            | Self::TrainingFinished(_)
            | Self::CheckpointSaved(_)
            | Self::CheckpointLoaded(_)
            | Self::Heartbeat(_)
            | Self::EpochCompleted(_)
            | Self::BatchEpochCompleted(_)
            | Self::PpoUpdateCompleted(_)
            | Self::EpisodeOutcome(_)
            | Self::SystemVitals(_)
            | Self::EmitterLoss(_)
            | Self::Metric(_) => None,
        }
    }

    /// Returns the environment that the payload names.
    pub fn env_id(&self) -> Option<EnvId> {
        if let Self::EpochCompleted(epoch) = self {
            Some(EnvId(epoch.env_id))
        } else if let Self::EpisodeOutcome(outcome) = self {
            outcome.env_id.map(EnvId)
        } else {
            self.anomaly().and_then(|anomaly| anomaly.env_id).map(EnvId)
        }
    }

    /// Sets the environment in a payload that has room for one and names none; `false` if it names another.
    pub fn set_env_id(&mut self, env: EnvId) -> bool {
        let slot = match self {
            Self::EpochCompleted(epoch) => return epoch.env_id == env.0,
            Self::EpisodeOutcome(outcome) => &mut outcome.env_id,
            Self::GradientAnomaly(anomaly)
            | Self::RatioExplosionDetected(anomaly)
            | Self::RatioCollapseDetected(anomaly)
            | Self::ValueCollapseDetected(anomaly)
            | Self::NumericalInstabilityDetected(anomaly)
            | Self::PlateauDetected(anomaly)
            | Self::DegradationDetected(anomaly)
            | Self::ImprovementDetected(anomaly)
            | Self::MemoryWarning(anomaly) => &mut anomaly.env_id,
            Self::TrainingStarted(_)
            | Self::TrainingFinished(_)
            | Self::CheckpointSaved(_)
            | Self::CheckpointLoaded(_)
            | Self::Heartbeat(_)
            | Self::BatchEpochCompleted(_)
            | Self::PpoUpdateCompleted(_)
            | Self::SystemVitals(_)
            | Self::EmitterLoss(_)
            | Self::Metric(_) => return true,
        };
        *slot.get_or_insert(env.0) == env.0
    }

    /// Returns the least severity of this event: that of its kind, raised for a failed run and a skipped update.
    pub fn least_severity(&self) -> Severity {
        let failed =
            matches!(self, Self::TrainingFinished(end) if end.reason == FinishReason::Failed);
        let skipped = matches!(self, Self::PpoUpdateCompleted(update) if update.skipped);
        if failed {
            Severity::Error
        } else if skipped {
            Severity::Warning
        } else {
            self.kind().least_severity()
        }
    }
}

impl<P: Payload> Payload for Box<P> {
    const FIELDS: &'static [FieldSpec] = P::FIELDS;

    fn visit_fields(&self, visit: &mut dyn FnMut(usize, &'static FieldSpec, Seen)) {
        self.as_ref().visit_fields(visit);
    }
}

macro_rules! from_payload {
    ($($variant:ident),+) => { $(impl From<$variant> for Event {
        fn from(payload: $variant) -> Self { Self::$variant(payload.into()) }
    })+ };
}
from_payload!(
    TrainingStarted,
    TrainingFinished,
    CheckpointSaved,
    CheckpointLoaded,
    Heartbeat,
    EpochCompleted,
    BatchEpochCompleted,
    PpoUpdateCompleted,
    EpisodeOutcome,
    SystemVitals,
    EmitterLoss,
    Metric
);
