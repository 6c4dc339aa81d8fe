//! Values of the evidence against literals of the records.

use serde_json::Value;

use crate::verify::grammar::Literal;

/// Returns a value as findings write it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "absent".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Returns the number that a value is, with the spelling of the wire for what is not finite.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text == "NaN" => Some(f64::NAN),
        Value::String(text) if text == "Infinity" => Some(f64::INFINITY),
        Value::String(text) if text == "-Infinity" => Some(f64::NEG_INFINITY),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

/// Returns whether a value is what a record writes.
pub(super) fn is(literal: &Literal, value: &Value) -> bool {
    match literal {
        Literal::Absent => value.is_null(),
        Literal::Flag(flag) => value.as_bool() == Some(*flag),
        Literal::Number(wanted) => number(value) == Some(*wanted),
        Literal::Text(text) => value.as_str().is_some_and(|is| same_word(is, text)),
        Literal::Empty => match value {
            // A list whose entries are the leaves has none of them while it is empty.
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        },
    }
}

/// Returns whether two spellings mean one word: `WaitingForStart` of Rust is `waiting_for_start` on the wire.
fn same_word(left: &str, right: &str) -> bool {
    let letters = |word: &str| -> String {
        word.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
    };
    left == right || letters(left) == letters(right)
}
