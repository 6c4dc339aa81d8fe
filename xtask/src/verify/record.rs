//! A telemetry record as data: every cell with its place, and what the machine reads in it.

use std::fmt;

use telemetry_evidence::plan::{Interval, Move};

use crate::verify::finding::{Finding, Location};
use crate::verify::grammar::{Condition, Format, Level, Literal, Priority};

mod cells;
pub(crate) mod document;
mod meaning;
mod parse;
mod required;
#[cfg(test)]
mod tests;

pub(crate) use document::Document;
pub(crate) use parse::{parse, parse_bytes};

/// The number of a record: 14 of `TELE-014`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RecordId(pub(crate) u16);

impl RecordId {
    /// Returns the number in `TELE-014`.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix("TELE-").filter(|digits| digits.len() == 3)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?.map(Self)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TELE-{:03}", self.0)
    }
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    /// All of it, as written, trimmed.
    pub(crate) text: String,
    /// The code spans in it, without backticks; text after the first one is commentary.
    pub(crate) spans: Vec<String>,
    pub(crate) at: Location,
    /// Bytes of the file that hold `text`.
    pub(crate) bytes: std::ops::Range<usize>,
}

impl Cell {
    /// Returns what the machine reads: the first code span, else the whole text.
    pub(crate) fn value(&self) -> &str {
        self.spans.first().map_or(&self.text, |span| span)
    }
}

/// A box or a step: whether it is ticked, and the byte of the `x` or blank between the brackets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tick {
    pub(crate) is_set: bool,
    pub(crate) byte: usize,
    pub(crate) at: Location,
    /// Text after the name, as a person wrote it.
    pub(crate) note: String,
}

/// The steps of the ladder, in order.
pub(crate) const STEPS: [&str; 5] = ["Planned", "In Progress", "Wired", "Tested", "Verified"];

/// The boxes of the checklist, in order.
pub(crate) const BOXES: [&str; 7] = [
    "Emitter exists",
    "Transport works",
    "Schema field exists",
    "Default is correct",
    "Consumer reads it",
    "Display is correct",
    "Thresholds applied",
];

/// A row of Health Thresholds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Threshold {
    pub(crate) level: Cell,
    pub(crate) condition: Cell,
    pub(crate) meaning: Cell,
    /// `None`: not one of the levels (R05 or H01 has said so), or not applicable.
    pub(crate) parsed: Option<(Level, Condition)>,
}

/// A row of Transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) name: Cell,
    pub(crate) mechanism: Cell,
    pub(crate) file: Cell,
}

/// A row of Consumers. Of `none: reason` there is one row with the whole text in `widget`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Consumer {
    pub(crate) widget: Cell,
    pub(crate) file: Cell,
    pub(crate) usage: Cell,
}

impl Consumer {
    /// Returns the reason of `none: reason`, which may hold code spans; `None` of a row that names a widget.
    pub(crate) fn none_because(&self) -> Option<&str> {
        let text = self.widget.text.trim_start_matches('`');
        let rest = text.strip_prefix("none")?.trim_start_matches('`').trim_start();
        (rest.is_empty() || rest.starts_with(':')).then(|| rest.trim_start_matches(':').trim())
    }
}

/// A row of Display Examples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExampleRow {
    pub(crate) given: Cell,
    pub(crate) widget: Cell,
    pub(crate) shows: Cell,
    pub(crate) style: Cell,
}

/// A row of Test Coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestRow {
    pub(crate) kind: Cell,
    pub(crate) file: Cell,
    pub(crate) name: Cell,
    pub(crate) status: Cell,
    pub(crate) is_ticked: bool,
}

/// A line of the Fields table of a record that covers a subtree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldRow {
    /// Path from the snapshot.
    pub(crate) path: Cell,
    pub(crate) kind: Cell,
    pub(crate) meaning: Cell,
}

/// A row of History.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HistoryRow {
    pub(crate) date: Cell,
    pub(crate) author: Cell,
    pub(crate) change: Cell,
}

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
    pub(crate) at: Location,
    /// Heading above it.
    pub(crate) section: String,
}

/// A name and value row of a two-column table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) cell: Cell,
}

/// What the machine reads in the cells; `None` where the cell is absent or was rejected (which is a finding already).
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Meaning {
    pub(crate) priority: Option<Priority>,
    pub(crate) range: Option<Interval>,
    /// Words of the Range row.
    pub(crate) words: Vec<String>,
    /// The Range row says `any`.
    pub(crate) is_any: bool,
    pub(crate) precision: Option<Format>,
    pub(crate) default: Option<Literal>,
    pub(crate) missing: Option<Condition>,
    pub(crate) moves: Vec<Move>,
}

/// A record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    /// Path from the root.
    pub(crate) file: String,
    pub(crate) source: String,
    /// From the title line; 0 if there is none.
    pub(crate) id: RecordId,
    /// From the title line.
    pub(crate) name: String,
    pub(crate) ladder: [Tick; 5],
    pub(crate) boxes: [Tick; 7],
    /// Rows of section 1.
    pub(crate) identity: Vec<Property>,
    /// Rows of section 3, Type and Format.
    pub(crate) data: Vec<Property>,
    pub(crate) thresholds: Vec<Threshold>,
    /// Rows of section 4, Source.
    pub(crate) emitter: Vec<Property>,
    pub(crate) transport: Vec<Stage>,
    /// Rows of section 4, Schema Location.
    pub(crate) schema: Vec<Property>,
    pub(crate) fields: Vec<FieldRow>,
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) examples: Vec<ExampleRow>,
    pub(crate) tests: Vec<TestRow>,
    pub(crate) history: Vec<HistoryRow>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) meaning: Meaning,
    /// What the parser and the grammar had to say (R01, R05, …).
    pub(crate) problems: Vec<Finding>,
    /// All tables, boxes and prose, for checks that look at every cell.
    pub(crate) document: Document,
}

impl Record {
    /// Returns a cell of Identity: `Category`, `Priority`.
    pub(crate) fn identity(&self, name: &str) -> Option<&Cell> {
        find(&self.identity, name)
    }

    /// Returns a cell of Type and Format: `Type`, `Units`, `Range`, `Precision`, `Default`, `Missing`.
    pub(crate) fn data(&self, name: &str) -> Option<&Cell> {
        find(&self.data, name)
    }

    /// Returns a cell of Source: `Origin`, `File`, `Function/Method`, `Probe`, `Inputs`.
    pub(crate) fn emitter(&self, name: &str) -> Option<&Cell> {
        find(&self.emitter, name)
    }

    /// Returns a cell of Schema Location: `Struct` (or `Dataclass`), `Field`, `Path from Snapshot`, `Schema File`.
    pub(crate) fn schema(&self, name: &str) -> Option<&Cell> {
        find(&self.schema, name)
    }

    /// Returns the paths in the snapshot, without `snapshot.` and with `[*]` for indices: one, or one per line of Fields.
    pub(crate) fn paths(&self) -> Vec<String> {
        if !self.fields.is_empty() {
            return self.fields.iter().map(|row| bare_path(row.path.value())).collect();
        }
        let path = self.schema.iter().find(|row| row.name.starts_with("Path from"));
        path.map(|row| bare_path(row.cell.value())).into_iter().collect()
    }
}

fn find<'a>(rows: &'a [Property], name: &str) -> Option<&'a Cell> {
    rows.iter().find(|row| row.name == name).map(|row| &row.cell)
}

/// Returns `envs[*].status` of `snapshot.envs[i].status`.
pub(crate) fn bare_path(path: &str) -> String {
    let path = path.strip_prefix("snapshot.").unwrap_or(path);
    let mut bare = String::new();
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => {
                inside = true;
                bare.push_str("[*]");
            }
            ']' => inside = false,
            _ if inside => {}
            _ => bare.push(c),
        }
    }
    bare
}
