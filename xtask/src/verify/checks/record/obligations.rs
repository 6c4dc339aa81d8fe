//! R06: what a record owes for its priority.

use serde_json::Value;
use telemetry_evidence::plan::Bound;

use crate::verify::code;
use crate::verify::finding::{Finding, Location, Outcome};
use crate::verify::grammar::{Given, Priority, given};
use crate::verify::plan::place;
use crate::verify::record::{Record, bare_path};
use crate::verify::world::World;

/// R06: obligations that are not met, one finding per record.
pub(in crate::verify::checks) fn r06_obligations(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        let (Some(priority), Some(cell)) = (record.meaning.priority, record.identity("Priority"))
        else {
            continue;
        };
        outcome.saw(Some(record.id));
        let lacking = lacking(record, priority);
        if lacking.is_empty() {
            continue;
        }
        let message = format!("{} asks for {}", cell.value(), lacking.join(", "));
        let at = Location { file: record.file.clone(), ..cell.at.clone() };
        outcome.findings.push(Finding::new(code::R06, at, "Priority", message).of(record.id));
    }
    outcome
}

fn lacking(record: &Record, priority: Priority) -> Vec<&'static str> {
    let has = |words: [&str; 2]| {
        record.tests.iter().filter(|row| !super::is_manual(row)).any(|row| {
            let kind = row.kind.text.to_lowercase();
            words.iter().any(|word| kind.contains(word))
        })
    };
    let emitter = has(["emitter", "emitter"]);
    let aggregator = has(["aggregator", "aggregator"]);
    let buffer = has(["buffer", "visual"]);
    let whole = has(["end-to-end", "integration"]);
    let any = record.tests.iter().any(|row| !super::is_manual(row));
    let shown = record.consumers.iter().any(|consumer| place(consumer).is_some());
    let missing =
        !can_be_missing(record) || examples(record).any(|given| given.contains(&Given::Missing));
    let other = examples(record).any(|given| !given.contains(&Given::Missing));
    let consumed = record
        .consumers
        .iter()
        .any(|consumer| consumer.none_because().is_none_or(|reason| !reason.is_empty()));
    let mut asked: Vec<(bool, &'static str)> = match priority {
        Priority::P0 => vec![
            (emitter, "an emitter test"),
            (aggregator, "an aggregator test"),
            (buffer, "a buffer test"),
            (whole, "an end-to-end test"),
            (shown, "a consumer"),
            (missing, "an example for missing"),
            (bounds(record), "an example for each bound"),
        ],
        Priority::P1 => vec![
            (aggregator, "an aggregator test"),
            (buffer || whole, "a buffer or end-to-end test"),
            (shown, "a consumer"),
            (missing, "an example for missing"),
            (other, "an example of a value"),
        ],
        Priority::P2 => vec![
            (any, "a test"),
            (!shown || missing || other, "an example"),
            (!shown || !record.examples.is_empty(), "an example that draws"),
        ],
        Priority::P3 => vec![(any, "a test")],
    };
    asked.push((consumed, "a reason behind `none:`"));
    asked.into_iter().filter(|(is_met, _)| !is_met).map(|(_, what)| what).collect()
}

fn examples(record: &Record) -> impl Iterator<Item = Vec<Given>> {
    record.examples.iter().filter_map(|row| given(row.given.value()).ok())
}

/// A value of which `never` is the Missing rule, or one below its Range, has no example for it.
fn can_be_missing(record: &Record) -> bool {
    let names = crate::verify::plan::names_of(std::slice::from_ref(record));
    !crate::verify::plan::missing(record, &names).is_empty()
}

/// Returns whether an example stands at each end of Range that is a number and belongs to it.
fn bounds(record: &Record) -> bool {
    let Some(range) = &record.meaning.range else { return true };
    let own = record.paths();
    let field = record.schema("Field").map(|cell| cell.value().to_owned()).unwrap_or_default();
    let values: Vec<f64> = examples(record)
        .flatten()
        .flat_map(|part| match part {
            Given::Set { name, value } if own.contains(&bare_path(&name)) || name == field => {
                numbers(&value)
            }
            Given::Set { .. } | Given::Missing => Vec::new(),
        })
        .collect();
    [(&range.low, range.low_included), (&range.high, range.high_included)].into_iter().all(
        |(bound, is_included)| match bound {
            Bound::Number(end) if is_included => {
                values.iter().any(|value| value.total_cmp(end).is_eq())
            }
            Bound::Number(_) | Bound::Open | Bound::Name(_) => true,
        },
    )
}

/// Returns the numbers of a value, those of a list or map too.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Number(number) => number.as_f64().into_iter().collect(),
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        Value::Object(map) => map.values().flat_map(numbers).collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => Vec::new(),
    }
}
