//! Whether a condition of a record holds for given values.

use serde_json::Value;
use telemetry_evidence::Evidence;
use telemetry_evidence::plan::Edit;

use crate::verify::checks::values;
use crate::verify::grammar::{Comparison, Condition, Literal, Operator, Term};
use crate::verify::record::{Cell, Record, bare_path};

/// Where names get their values.
pub(super) struct Scene<'a> {
    pub(super) record: &'a Record,
    pub(super) evidence: &'a Evidence,
    /// Values of the point; everything else is as in the baseline.
    pub(super) given: &'a [Edit],
    /// Value of the record itself.
    pub(super) own: &'a Value,
}

/// Returns whether a condition holds; `None`: it names something that has no value here.
pub(super) fn holds(condition: &Condition, scene: &Scene<'_>) -> Option<bool> {
    let mut is_unknown = false;
    for all in &condition.any {
        let parts: Vec<Option<bool>> = all.iter().map(|part| compare(part, scene)).collect();
        if parts.iter().all(|part| *part == Some(true)) {
            return Some(true);
        }
        is_unknown |= parts.contains(&None) && !parts.contains(&Some(false));
    }
    (!is_unknown).then_some(false)
}

fn compare(part: &Comparison, scene: &Scene<'_>) -> Option<bool> {
    let is_same = |left: &Term, right: &Term| match (left, right) {
        (Term::Literal(literal), term) | (term, Term::Literal(literal)) => {
            Some(values::is(literal, &value(term, scene)?))
        }
        (left, right) => Some(value(left, scene)? == value(right, scene)?),
    };
    match part.operator {
        Operator::Equal => is_same(&part.left, &part.right),
        Operator::NotEqual => is_same(&part.left, &part.right).map(|same| !same),
        Operator::Less => order(part, scene, |left, right| left < right),
        Operator::AtMost => order(part, scene, |left, right| left <= right),
        Operator::AtLeast => order(part, scene, |left, right| right <= left),
        Operator::More => order(part, scene, |left, right| right < left),
    }
}

/// Compares two numbers; what is absent is on neither side of a limit.
fn order(part: &Comparison, scene: &Scene<'_>, is: fn(f64, f64) -> bool) -> Option<bool> {
    let (left, right) = (value(&part.left, scene)?, value(&part.right, scene)?);
    match (values::number(&left), values::number(&right)) {
        (Some(left), Some(right)) => Some(is(left, right)),
        (None, _) | (_, None) => Some(false),
    }
}

fn value(term: &Term, scene: &Scene<'_>) -> Option<Value> {
    let number = |name: &str| named(name, scene).and_then(|value| values::number(&value));
    match term {
        Term::Literal(literal) => Some(from_literal(literal)),
        Term::Name(name) => named(name, scene),
        Term::Magnitude(name) => Some(number(name)?.abs().into()),
        Term::Difference(left, right) => Some((number(left)? - number(right)?).into()),
        Term::Quotient(left, right) => Some((number(left)? / number(right)?).into()),
        Term::Length => match scene.own {
            Value::Array(list) => Some(list.len().into()),
            Value::Object(map) => Some(map.len().into()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        },
    }
}

fn from_literal(literal: &Literal) -> Value {
    match literal {
        Literal::Absent => Value::Null,
        Literal::Flag(flag) => (*flag).into(),
        Literal::Number(number) => (*number).into(),
        Literal::Text(text) => text.as_str().into(),
        Literal::Empty => Value::Array(Vec::new()),
    }
}

/// Returns the value of a name: that of the record, of the point, or of the baseline.
fn named(name: &str, scene: &Scene<'_>) -> Option<Value> {
    let path = bare_path(name);
    let field = scene.record.schema("Field").map(Cell::value);
    if name == "value" || field == Some(name) || scene.record.paths().contains(&path) {
        return Some(scene.own.clone());
    }
    let is_it = |full: &str| {
        full.strip_suffix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let edited = scene.given.iter().rev().find(|edit| is_it(&bare_path(&edit.name)));
    if let Some(edit) = edited {
        return Some(edit.value.clone());
    }
    let leaf = scene.evidence.snapshot.iter().find(|leaf| is_it(&leaf.path))?;
    Some(leaf.baseline.clone())
}
