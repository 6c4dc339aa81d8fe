//! What the records ask of the probe, in a form that needs no parser.
//!
//! An edit of a path with `[*]` changes every entry.

use serde_json::Value;
use telemetry_evidence::plan::{Bound, Edit, Example, Interval, Place, RecordPlan};
use telemetry_evidence::{Plan, SCHEMA};

use crate::verify::grammar::{
    Comparison, Format, Given, Literal, Operator, Term, given, is_not_applicable,
};
use crate::verify::record::{Consumer, Record};

mod names;
mod points;
#[cfg(test)]
mod tests;

pub(crate) use names::Names;
use names::json;

/// Values per record that are read back from the screen.
const SAMPLES: u32 = 64;

/// Collects what the names in conditions can mean.
pub(crate) fn names_of(records: &[Record]) -> Names<'_> {
    Names::of(records)
}

/// Turns records into questions.
pub(crate) fn plan(records: &[Record]) -> Plan {
    let names = Names::of(records);
    let mut plans: Vec<RecordPlan> = records.iter().map(|record| one(record, &names)).collect();
    plans.sort_by(|left, right| left.id.cmp(&right.id));
    Plan { schema: SCHEMA, samples: SAMPLES, records: plans }
}

fn one(record: &Record, names: &Names<'_>) -> RecordPlan {
    let missing = missing(record, names);
    let precision = record.meaning.precision;
    let format =
        record.data("Precision").filter(|_| precision.is_some_and(|is| is != Format::Text));
    RecordPlan {
        id: record.id.to_string(),
        paths: record.paths(),
        moves: record.meaning.moves.clone(),
        range: record.meaning.range.clone(),
        step: precision.and_then(Format::step),
        format: format.map(|cell| cell.value().to_owned()),
        consumers: record.consumers.iter().filter_map(place).collect(),
        examples: examples(record, &missing),
        points: points::points(record, names),
        missing,
    }
}

/// Returns where a consumer draws: `EnvOverview @ env_detail`; `None` of `none: reason`.
pub(crate) fn place(consumer: &Consumer) -> Option<Place> {
    let text = consumer.widget.value();
    let is_none = consumer.none_because().is_some() || is_not_applicable(text) || text.is_empty();
    (!is_none).then(|| place_of(text))
}

fn place_of(text: &str) -> Place {
    let (widget, scene) = match text.split_once('@') {
        Some((widget, scene)) => (widget, Some(scene.trim().to_owned())),
        None => (text, None),
    };
    Place { widget: widget.trim().to_owned(), scene }
}

/// Returns the examples that could be read, each with the row in which it stands.
fn examples(record: &Record, missing: &[Edit]) -> Vec<Example> {
    let rows = record.examples.iter().zip(0..);
    rows.filter_map(|(example, row)| {
        let mut edits = Vec::new();
        for part in given(example.given.value()).ok()? {
            match part {
                Given::Missing => edits.extend_from_slice(missing),
                Given::Set { name, value } => {
                    let name =
                        name.strip_prefix("snapshot.").unwrap_or(&name).replace("[i]", "[*]");
                    edits.push(Edit { name, value });
                }
            }
        }
        Some(Example { row, given: edits, place: place_of(example.widget.value()) })
    })
    .collect()
}

/// Returns the edits that make the value mean "no data"; none if it cannot.
pub(crate) fn missing(record: &Record, names: &Names<'_>) -> Vec<Edit> {
    let paths = record.paths();
    let Some(own) = paths.first().cloned() else { return Vec::new() };
    if !record.fields.is_empty() {
        // A subtree is absent as a whole.
        let whole = own.rsplit_once('.').map_or(own.as_str(), |(whole, _)| whole).to_owned();
        return vec![Edit { name: whole, value: Value::Null }];
    }
    if let Some(rule) = &record.meaning.missing {
        let alternatives = rule.any.iter();
        let edits = alternatives.filter_map(|all| {
            all.iter().map(|part| bring_about(part, record, names)).collect::<Option<Vec<Edit>>>()
        });
        return edits.into_iter().next().unwrap_or_default();
    }
    if is_optional(record) {
        return vec![Edit { name: own, value: Value::Null }];
    }
    match &record.meaning.default {
        // Outside Range: `value == Default` is implied.
        Some(default) if !lies_inside(record, default) => {
            vec![Edit { name: own, value: json(default, record) }]
        }
        Some(_) | None => Vec::new(),
    }
}

/// Returns the edit that makes a comparison true, unless Range forbids it.
fn bring_about(part: &Comparison, record: &Record, names: &Names<'_>) -> Option<Edit> {
    let (name, wanted) = match (&part.left, &part.right) {
        (Term::Name(name), right @ (Term::Literal(_) | Term::Name(_))) => {
            (names.path(name, record), names.literal(right, record)?)
        }
        (Term::Length, Term::Literal(Literal::Number(wanted))) => {
            let is_empty = compare(0.0, part.operator, *wanted);
            let name = record.paths().into_iter().next().filter(|_| is_empty)?;
            return Some(Edit { name, value: json(&Literal::Empty, record) });
        }
        _ => return None,
    };
    let is_own = record.paths().contains(&name);
    if let (Literal::Number(bound), Some(range), true) = (&wanted, &record.meaning.range, is_own)
        && part.operator != Operator::Equal
    {
        let value = names::satisfying(*bound, part.operator);
        return contains(range, value).then(|| Edit { name, value: names::number(value, record) });
    }
    Some(Edit { name, value: names.making_true(&wanted, part.operator, &part.left, record)? })
}

/// Returns whether a comparison of two numbers holds.
pub(crate) fn compare(left: f64, operator: Operator, right: f64) -> bool {
    match operator {
        Operator::Less => left < right,
        Operator::AtMost => left <= right,
        Operator::Equal => left.total_cmp(&right).is_eq(),
        Operator::NotEqual => left.total_cmp(&right).is_ne(),
        Operator::AtLeast => right <= left,
        Operator::More => right < left,
    }
}

/// Returns whether the type says that the value may be absent.
pub(crate) fn is_optional(record: &Record) -> bool {
    record.data("Type").is_some_and(|cell| cell.value().starts_with("Option<"))
}

/// Returns whether the value is a floating-point number.
pub(crate) fn is_float(record: &Record) -> bool {
    let kind = record.data("Type").map(|cell| cell.value().to_owned()).unwrap_or_default();
    let bare =
        kind.strip_prefix("Option<").and_then(|kind| kind.strip_suffix('>')).unwrap_or(&kind);
    matches!(bare, "f64" | "f32" | "float" | "Reading" | "Reading<f64>" | "Reading<f32>")
}

/// Returns whether a number lies in an interval; an end that is a name allows every number on its side.
pub(crate) fn contains(range: &Interval, value: f64) -> bool {
    let is_above = match range.low {
        Bound::Number(low) => low < value || (range.low_included && low <= value),
        Bound::Open | Bound::Name(_) => true,
    };
    let is_below = match range.high {
        Bound::Number(high) => value < high || (range.high_included && value <= high),
        Bound::Open | Bound::Name(_) => true,
    };
    is_above && is_below
}

/// Returns whether a Default is a value that the Range row allows.
pub(crate) fn lies_inside(record: &Record, default: &Literal) -> bool {
    let meaning = &record.meaning;
    match default {
        Literal::Absent => false,
        Literal::Number(number) => match &meaning.range {
            Some(range) => contains(range, *number),
            None => meaning.is_any,
        },
        // The rows of a list are in Range or not; an empty one has none.
        Literal::Empty => meaning.is_any || meaning.range.is_some() || !meaning.words.is_empty(),
        Literal::Flag(_) => true,
        Literal::Text(text) => meaning.is_any || meaning.words.contains(text),
    }
}
