//! What the probe is asked: per record the leaf, how it is moved, and what is to be drawn.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything the probe is to look at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// Values tried per record for reading the text back.
    pub samples: u32,
    /// One entry per record, by rising number.
    pub records: Vec<RecordPlan>,
}

/// What one record says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RecordPlan {
    /// `TELE-014`.
    pub id: String,
    /// Paths in the snapshot: one, or one per line of a Fields table.
    pub paths: Vec<String>,
    /// How the verifier moves the value.
    pub moves: Vec<Move>,
    /// The declared Range; `None`: not a number, or any.
    pub range: Option<Interval>,
    /// Condition under which the value means "no data", as edits that bring it about; empty: it cannot be missing
    /// (the row says `never`, as for a counter of which 0 is a count).
    pub missing: Vec<Edit>,
    /// Size of one displayed unit (1 for integers, 0.001 for three decimals); `None`: not a number.
    pub step: Option<f64>,
    /// The declared format (`fixed(3)`), for reading the text back; `None`: text.
    pub format: Option<String>,
    /// Who shows the value.
    pub consumers: Vec<Place>,
    /// The display examples.
    pub examples: Vec<Example>,
    /// Values around each bound of each threshold, and what is not finite.
    pub points: Vec<Point>,
}

/// One term of the Probe row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Move {
    /// A leaf of a payload (`TrainingStarted.max_batches`) or of the envelope (`envelope.run_id`).
    Event {
        /// Path of the leaf; a kind alone (`EpisodeOutcome`): one more such event, whatever it says.
        leaf: String,
        /// What the value remembers.
        mode: Mode,
    },
    /// Any event at all moves it.
    AnyEvent {
        /// What the value remembers.
        mode: Mode,
    },
    /// The viewer's clock, while nothing arrives.
    Clock {
        /// Event since which the time is counted; `None`: any.
        since: Option<String>,
    },
    /// The fake sampler of the machine.
    Sampler {
        /// Path in `SystemVitals`.
        leaf: String,
    },
    /// Other records, by id; moves with each of them.
    Derived {
        /// `TELE-010` and so on.
        from: Vec<String>,
    },
    /// The state of the link: `up, down` or `trainer_alive`.
    Link {
        /// Which one.
        what: String,
    },
    /// A row that has to be rejected.
    RejectedRow,
    /// An event of a kind that nobody knows.
    UnknownEvent,
    /// A hole in the numbers.
    SequenceGap,
}

/// What a value remembers of earlier events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Only the latest.
    Last,
    /// Only the first: it is final.
    First,
    /// A sum or a count.
    Accumulates,
    /// An extreme.
    Best,
    /// A list of the latest.
    History,
    /// A formula over the latest `n`.
    Over {
        /// How many.
        n: u32,
    },
}

/// A range of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: Bound,
    /// Whether it belongs to the range.
    pub low_included: bool,
    /// Upper end.
    pub high: Bound,
    /// Whether it belongs to the range.
    pub high_included: bool,
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// No end: `inf` or `-inf`.
    Open,
    /// A snapshot path or a payload field, whose value is the end.
    Name(String),
}

/// Where something is drawn.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// `RunHeader`.
    pub widget: String,
    /// Page or overlay; `None`: the main screen.
    pub scene: Option<String>,
}

/// A change of the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// Snapshot path; or the name of an input of the rig, which then goes through emitter, hub and aggregator.
    pub name: String,
    /// What it becomes; `null`: absent.
    pub value: Value,
}

/// A display example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Its row in the table, from 0.
    pub row: u32,
    /// Changes of the baseline, in order.
    pub given: Vec<Edit>,
    /// Where to draw.
    pub place: Place,
}

/// A value at which the verdict is looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// How findings name it: `just below 0.015`.
    pub label: String,
    /// The value itself and whatever the condition names besides it.
    pub given: Vec<Edit>,
}
