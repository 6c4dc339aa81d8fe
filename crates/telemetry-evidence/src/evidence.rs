//! What the probe saw.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything the probe saw. Paths have `[*]` for indices unless said otherwise.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// Leaves of the plain inputs of the emission functions.
    pub inputs: Vec<Leaf>,
    /// Leaves of all payloads, and of the envelope.
    pub payloads: Vec<Leaf>,
    /// Leaves of the snapshot. A reading is one leaf, its value.
    pub snapshot: Vec<Leaf>,
    /// Every widget, in the order of the screen.
    pub widgets: Vec<WidgetSeen>,
    /// What the registry of the product says of each metric.
    pub registry: Vec<Metric>,
    /// What differed between two identical runs.
    pub unsteady: Vec<String>,
    /// What the hub did with the baseline and with every other run of the probe.
    pub hub: HubSeen,
    /// Input leaf → payload leaves that moved.
    pub emission: BTreeMap<String, BTreeSet<String>>,
    /// Payload leaf, or a kind alone for one more such event → snapshot leaves that moved, per order of the events.
    pub fold: BTreeMap<String, FoldSeen>,
    /// What moved without any payload: `clock`, `link`, `trainer_alive`, `rejected`, `unknown`, `gap`, `sampler <leaf>`.
    pub stimuli: BTreeMap<String, BTreeSet<String>>,
    /// Snapshot leaves that a wall clock set back by an hour moved.
    pub wall_clock: BTreeSet<String>,
    /// Snapshot leaf → widgets (`RunHeader`, `EnvOverview @ env_detail`) whose cells moved, with the number of cells.
    pub draw: BTreeMap<String, BTreeMap<String, u32>>,
    /// Payload leaf → widgets whose cells moved on the whole way.
    pub through: BTreeMap<String, BTreeSet<String>>,
    /// Size of the screen (`80x24`) → snapshot leaves that move a cell there.
    pub screens: BTreeMap<String, BTreeSet<String>>,
    /// Last-value leaves in which an earlier value lived on.
    pub remembered: Vec<Difference>,
    /// Leaves that a second run did not reset.
    pub kept: Vec<Difference>,
    /// An event of one environment that moved another one, with concrete indices.
    pub foreign: Vec<Foreign>,
    /// Values outside the declared range while not missing.
    pub out_of_range: Vec<OutOfRange>,
    /// Readings that the latest update did not refresh, and how they were drawn.
    pub stale: Vec<StaleSeen>,
    /// Digits on the screen that nothing moved.
    pub dark: Vec<Dark>,
    /// Tokens with digits that were looked at, moved ones included.
    pub numerals: u32,
    /// Number of single probes.
    pub probes: u32,
    /// Per record id.
    pub records: BTreeMap<String, RecordSeen>,
}

/// A leaf of a tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// Its path.
    pub path: String,
    /// Its value in the baseline; `null` if it is absent there.
    pub baseline: Value,
    /// Its value before anything happened (snapshot only). A leaf inside a list that is empty then: `null`.
    pub fresh: Value,
    /// Whether it was present in any scenario; if not, it could not be probed.
    pub reached: bool,
    /// Whether it is the value of a reading.
    pub is_reading: bool,
}

/// A widget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WidgetSeen {
    /// `RunHeader`.
    pub name: String,
    /// Numbers of the records that its own registry says it shows.
    pub records: Vec<u16>,
}

/// A metric as the registry of the product has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// 14 of `TELE-014`.
    pub number: u16,
    /// `Max Batches`.
    pub name: String,
    /// `training`.
    pub category: String,
    /// `P1`.
    pub priority: String,
    /// `batches`.
    pub unit: String,
    /// Path with `[*]`.
    pub path: String,
    /// Limits beyond any of which the value is critical; empty without any.
    pub critical: Vec<Limit>,
    /// Limits beyond any of which it is a warning.
    pub warning: Vec<Limit>,
}

/// A limit: `operator` is one of `<`, `<=`, `>`, `>=`, `abs>=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// How the value compares.
    pub operator: String,
    /// With what.
    pub value: f64,
}

/// What the hub did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HubSeen {
    /// Events handed to it.
    pub sent: u64,
    /// By its counter.
    pub emitted: u64,
    /// By its counter.
    pub delivered: u64,
    /// By its counter.
    pub dropped: u64,
    /// Events that came out.
    pub received: u64,
    /// What was lost, repeated, changed or out of order, in words.
    pub faults: Vec<String>,
}

/// What a payload leaf moved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FoldSeen {
    /// In the order in which a real run emits.
    pub canonical: BTreeSet<String>,
    /// With the event moved to the end, so that nothing overwrites it.
    pub last_writer: BTreeSet<String>,
    /// Leaves that went away or came when an optional payload leaf became absent.
    pub by_absence: BTreeSet<String>,
    /// Readings of which only batch, time, freshness or verdict moved: no movement of the leaf, but a use of the payload.
    pub besides: BTreeSet<String>,
}

/// One leaf that is not what it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Its path; for a widget with a memory, `RunHeader`.
    pub leaf: String,
    /// What it should be.
    pub expected: Value,
    /// What it is.
    pub actual: Value,
}

/// An event of one environment that moved another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// Payload leaf.
    pub from: String,
    /// Environment of the event.
    pub env: u32,
    /// Snapshot leaf with its index.
    pub to: String,
}

/// A value outside its range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutOfRange {
    /// `TELE-020`.
    pub id: String,
    /// Its path.
    pub leaf: String,
    /// What it was.
    pub value: Value,
    /// When: `scenario calm`, `wall clock set back`.
    pub when: String,
}

/// A reading that the latest update did not refresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaleSeen {
    /// Its path.
    pub leaf: String,
    /// The widget that shows it; `None`: the snapshot itself still calls it fresh.
    pub widget: Option<String>,
    /// Whether it looked like a fresh one.
    pub looks_fresh: bool,
}

/// Digits that nothing moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dark {
    /// Widget, or `screen` for what no widget drew.
    pub widget: String,
    /// Scene.
    pub scene: String,
    /// `120x40`.
    pub size: String,
    /// The digits with what belongs to them: `0.8`.
    pub token: String,
    /// The whole line.
    pub line: String,
    /// Column of the token in it, in characters from 0.
    pub column: u32,
}

/// What was seen of one record.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RecordSeen {
    /// Why it could not be probed at all; `None`: it was.
    pub not_probed: Option<String>,
    /// Per consumer, what is drawn while the value is missing.
    pub missing: Vec<MissingSeen>,
    /// In the order of the plan.
    pub examples: Vec<ExampleSeen>,
    /// In the order of the plan.
    pub points: Vec<PointSeen>,
    /// Values whose text does not say what they are.
    pub misread: Vec<Misread>,
    /// Values tried for that.
    pub samples: u32,
}

/// A drawing of a missing value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingSeen {
    /// Widget, with its scene if it has one.
    pub widget: String,
    /// All rows.
    pub lines: Vec<String>,
    /// Text in the cells that this value moves.
    pub touched: String,
    /// Classes of those cells.
    pub classes: BTreeSet<String>,
    /// Whether it looks exactly like the baseline, where the value is known.
    pub same_as_known: bool,
}

/// A drawing of an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExampleSeen {
    /// Its row in the table, from 0.
    pub row: u32,
    /// Why it could not be drawn (a name that nothing has); `None`: it was.
    pub failed: Option<String>,
    /// All rows.
    pub lines: Vec<String>,
    /// Class of each cell, one list per row, as initials: `p` plain, `d` dim, `a` accent, `o` ok, `w` warning,
    /// `c` critical, `m` missing, `s` stale, `?` none of them. As many as the row has characters.
    pub classes: Vec<String>,
}

/// The verdict on a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointSeen {
    /// As in the plan.
    pub label: String,
    /// Why it could not be looked at; `None`: it was.
    pub failed: Option<String>,
    /// Verdict of the reading in the snapshot (`healthy`, `warning`, `critical`, `no data`, `none`); `None`: the leaf has none.
    pub verdict: Option<String>,
    /// Per consumer the classes of the cells that this value moves.
    pub classes: BTreeMap<String, BTreeSet<String>>,
}

/// A value whose text does not say what it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Misread {
    /// Widget.
    pub widget: String,
    /// What it was.
    pub value: Value,
    /// What was drawn.
    pub text: String,
}
