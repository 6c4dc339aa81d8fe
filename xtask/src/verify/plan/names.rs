//! What the names of conditions mean, and values that make a comparison true.

use std::collections::BTreeMap;

use serde_json::Value;
use telemetry_evidence::plan::Bound;

use crate::verify::grammar::{Literal, Operator, Term};
use crate::verify::plan::contains;
use crate::verify::record::{Record, bare_path};

/// The records by the path of their value.
pub(crate) struct Names<'a> {
    records: BTreeMap<String, &'a Record>,
}

impl<'a> Names<'a> {
    /// Collects the paths of records.
    pub(crate) fn of(records: &'a [Record]) -> Self {
        let pairs = records
            .iter()
            .flat_map(|record| record.paths().into_iter().map(move |path| (path, record)));
        Self { records: pairs.collect() }
    }

    /// Returns the path that a name in a record means: its own value, a neighbour of it, or a path from the snapshot.
    pub(crate) fn path(&self, name: &str, record: &Record) -> String {
        let bare = bare_path(name);
        let own = record.paths().into_iter().next().unwrap_or_default();
        let field = record.schema("Field").map(crate::verify::record::Cell::value);
        if name == "value" || bare == own || field == Some(name) {
            return own;
        }
        let beside = own.rsplit_once('.').map(|(parent, _)| format!("{parent}.{bare}"));
        match beside {
            Some(beside)
                if !self.records.contains_key(&bare) && self.records.contains_key(&beside) =>
            {
                beside
            }
            Some(_) | None => bare,
        }
    }

    /// Returns what a term says in so many words: a literal, or a name that no record has for a path.
    pub(crate) fn literal(&self, term: &Term, record: &Record) -> Option<Literal> {
        match term {
            Term::Literal(literal) => Some(literal.clone()),
            Term::Name(name) if !self.knows(&self.path(name, record)) => {
                Some(Literal::Text(name.clone()))
            }
            Term::Name(_)
            | Term::Magnitude(_)
            | Term::Difference(..)
            | Term::Quotient(..)
            | Term::Length => None,
        }
    }

    /// Returns whether a record has this path.
    pub(crate) fn knows(&self, path: &str) -> bool {
        self.records.contains_key(path)
    }

    /// Returns a value of a term with which a comparison holds; `None`: nobody knows one.
    pub(crate) fn making_true(
        &self,
        wanted: &Literal,
        operator: Operator,
        term: &Term,
        record: &Record,
    ) -> Option<Value> {
        let Term::Name(name) = term else { return None };
        let path = self.path(name, record);
        let owner = self.records.get(&path).copied().unwrap_or(record);
        match (operator, wanted) {
            (Operator::Equal, wanted) => Some(json(wanted, owner)),
            (Operator::NotEqual, Literal::Flag(flag)) => Some(Value::Bool(!flag)),
            (Operator::NotEqual, Literal::Absent) => present(owner),
            (Operator::NotEqual, Literal::Text(word)) => {
                let mut others = owner.meaning.words.iter().filter(|other| *other != word);
                others.next().map(|word| Value::from(word.as_str()))
            }
            (_, Literal::Number(bound)) => Some(number(satisfying(*bound, operator), owner)),
            (_, Literal::Absent | Literal::Flag(_) | Literal::Text(_) | Literal::Empty) => None,
        }
    }
}

/// Returns some value that is there.
fn present(record: &Record) -> Option<Value> {
    let meaning = &record.meaning;
    if let Some(word) = meaning.words.first() {
        return Some(Value::from(word.as_str()));
    }
    if record.data("Type").is_some_and(|cell| cell.value().contains("bool")) {
        return Some(Value::Bool(true));
    }
    let range = meaning.range.as_ref()?;
    let low = if let Bound::Number(low) = range.low { low } else { 0.0 };
    [low, low + 1.0]
        .into_iter()
        .find(|value| contains(range, *value))
        .map(|value| number(value, record))
}

/// Returns a number that compares so with another one.
pub(crate) fn satisfying(bound: f64, operator: Operator) -> f64 {
    match operator {
        Operator::Less => bound - 1.0,
        Operator::AtMost | Operator::Equal | Operator::AtLeast => bound,
        Operator::NotEqual | Operator::More => bound + 1.0,
    }
}

/// Returns a number as the type of a record writes it: whole, or with a point, or in the words of the wire.
pub(crate) fn number(value: f64, record: &Record) -> Value {
    if value.is_nan() {
        return Value::from("NaN");
    }
    if value.is_infinite() {
        return Value::from(if 0.0 < value { "Infinity" } else { "-Infinity" });
    }
    #[expect(clippy::cast_possible_truncation, reason = "a bound of a counter, far below 2^53")]
    let whole = value as i64;
    #[expect(clippy::cast_precision_loss, reason = "the same number, back again")]
    let is_whole = (whole as f64).total_cmp(&value).is_eq();
    if is_whole && !super::is_float(record) { Value::from(whole) } else { Value::from(value) }
}

/// Returns a literal as JSON.
pub(crate) fn json(literal: &Literal, record: &Record) -> Value {
    match literal {
        Literal::Absent => Value::Null,
        Literal::Flag(flag) => Value::Bool(*flag),
        Literal::Number(value) => number(*value, record),
        Literal::Text(text) => Value::from(text.as_str()),
        Literal::Empty => empty(record),
    }
}

/// Returns nothing, in the form of the type.
fn empty(record: &Record) -> Value {
    let kind = record.data("Type").map(|cell| cell.value().to_owned()).unwrap_or_default();
    if kind.contains("Map<") {
        Value::Object(serde_json::Map::new())
    } else if kind.contains("String") && !kind.contains('[') {
        Value::from("")
    } else {
        Value::Array(Vec::new())
    }
}
