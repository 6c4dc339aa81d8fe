//! The kinds of event: wire name, stable number, lane and least severity of each.

use crate::envelope::Severity;
use crate::word::closed_word;

closed_word! {
    /// How an event is treated when a queue is nearly full.
    Lane {
        /// Dropped only at the upper bound: without it the numbers on the screen would be wrong.
        Lossless = "lossless",
        /// Dropped at the lower bound: without it there is less resolution.
        Lossy = "lossy",
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $number:literal, $lane:ident, $severity:ident;)+) => {
        closed_word! {
            /// The kind of an event.
            EventKind { $($(#[$doc])* $variant = $name,)+ }
        }

        impl EventKind {
            /// Returns the number of the kind in binary frames; a number is never used again.
            pub const fn number(self) -> u16 {
                match self { $(Self::$variant => $number,)+ }
            }

            /// Returns the kind with this number.
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }

            /// Returns the lane of the kind.
            pub const fn lane(self) -> Lane {
                match self { $(Self::$variant => Lane::$lane,)+ }
            }

            /// Returns the least severity of the kind; some payloads raise it, see [`crate::Event::least_severity`].
            pub const fn least_severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }
        }
    };
}

kinds! {
    /// A group begins.
    TrainingStarted = "TRAINING_STARTED", 1, Lossless, Info;
    /// A group ends.
    TrainingFinished = "TRAINING_FINISHED", 2, Lossless, Info;
    /// A checkpoint was written.
    CheckpointSaved = "CHECKPOINT_SAVED", 3, Lossless, Info;
    /// A checkpoint was read.
    CheckpointLoaded = "CHECKPOINT_LOADED", 4, Lossless, Info;
    /// The producer is alive.
    Heartbeat = "HEARTBEAT", 5, Lossy, Debug;
    /// One environment took one step.
    EpochCompleted = "EPOCH_COMPLETED", 6, Lossy, Debug;
    /// A batch ended.
    BatchEpochCompleted = "BATCH_EPOCH_COMPLETED", 7, Lossless, Info;
    /// An update ended.
    PpoUpdateCompleted = "PPO_UPDATE_COMPLETED", 8, Lossless, Info;
    /// An env-episode ended.
    EpisodeOutcome = "EPISODE_OUTCOME", 9, Lossless, Info;
    /// A sample of the machine.
    SystemVitals = "SYSTEM_VITALS", 10, Lossy, Debug;
    /// The hub dropped events.
    EmitterLoss = "EMITTER_LOSS", 11, Lossless, Warning;
    /// User code reported numbers.
    Metric = "METRIC", 12, Lossy, Debug;
    /// A gradient is too large.
    GradientAnomaly = "GRADIENT_ANOMALY", 13, Lossless, Warning;
    /// An importance ratio is far above 1.
    RatioExplosionDetected = "RATIO_EXPLOSION_DETECTED", 14, Lossless, Warning;
    /// An importance ratio is far below 1.
    RatioCollapseDetected = "RATIO_COLLAPSE_DETECTED", 15, Lossless, Warning;
    /// The critic says the same everywhere.
    ValueCollapseDetected = "VALUE_COLLAPSE_DETECTED", 16, Lossless, Warning;
    /// A loss or gradient is not finite.
    NumericalInstabilityDetected = "NUMERICAL_INSTABILITY_DETECTED", 17, Lossless, Error;
    /// Returns stand still.
    PlateauDetected = "PLATEAU_DETECTED", 18, Lossless, Info;
    /// Returns fall.
    DegradationDetected = "DEGRADATION_DETECTED", 19, Lossless, Warning;
    /// Returns rise.
    ImprovementDetected = "IMPROVEMENT_DETECTED", 20, Lossless, Info;
    /// A memory pool is nearly full.
    MemoryWarning = "MEMORY_WARNING", 21, Lossless, Warning;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::ClosedWord as _;

    #[test]
    fn numbers_and_names_are_unique_and_read_back() {
        for &kind in EventKind::ALL {
            assert_eq!(EventKind::from_number(kind.number()), Some(kind));
            assert_eq!(EventKind::from_word(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::from_number(0), None);
        assert_eq!(EventKind::from_word("SEED_PRUNED"), None);
    }
}
