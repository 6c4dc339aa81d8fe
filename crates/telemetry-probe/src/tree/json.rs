//! The JSON of the evidence: a reading is its value, and a number that is not finite has its word.

use serde_json::Value as Json;

use crate::rig::Tree;
use crate::tree::{child, value_of};

/// Returns the word of a number that is not finite, as on the wire.
const fn word(x: f64) -> &'static str {
    if x.is_nan() {
        "NaN"
    } else if 0.0 < x {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Returns the JSON of a tree, a reading as its value.
pub fn to_json(tree: &Tree) -> Json {
    match value_of(tree) {
        Tree::Bool(x) => Json::Bool(*x),
        Tree::Text(x) => Json::String(x.clone()),
        Tree::Float(x) => {
            serde_json::Number::from_f64(*x).map_or_else(|| Json::from(word(*x)), Json::Number)
        }
        Tree::Integer(x) => {
            let x = i128::from(*x);
            u64::try_from(x)
                .map(Json::from)
                .or_else(|_| i64::try_from(x).map(Json::from))
                .unwrap_or_else(|_| Json::from(x.to_string()))
        }
        Tree::Array(items) => items.iter().map(to_json).collect(),
        Tree::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.as_text().unwrap_or_default().to_owned(), to_json(value)))
            .collect(),
        Tree::Bytes(x) => x.iter().copied().map(Json::from).collect(),
        _ => Json::Null,
    }
}

/// Returns the tree of a JSON value; `like` is what usually stands there and decides between the kinds of numbers.
pub fn from_json(json: &Json, like: Option<&Tree>) -> Tree {
    let like = like.map(value_of);
    match json {
        Json::Null => Tree::Null,
        Json::Bool(x) => Tree::Bool(*x),
        Json::String(x) => match (x.as_str(), like) {
            (_, Some(Tree::Text(_))) => Tree::Text(x.clone()),
            ("NaN", _) => Tree::Float(f64::NAN),
            ("Infinity", _) => Tree::Float(f64::INFINITY),
            ("-Infinity", _) => Tree::Float(f64::NEG_INFINITY),
            _ => Tree::Text(x.clone()),
        },
        Json::Number(x) => from_number(x, like),
        Json::Array(items) => {
            let first = match like {
                Some(Tree::Array(items)) => items.first(),
                _ => None,
            };
            Tree::Array(items.iter().map(|item| from_json(item, first)).collect())
        }
        Json::Object(entries) => Tree::Map(
            entries
                .iter()
                .map(|(key, value)| {
                    let like = like.and_then(|like| child(like, key));
                    (Tree::Text(key.clone()), from_json(value, like))
                })
                .collect(),
        ),
    }
}

fn from_number(x: &serde_json::Number, like: Option<&Tree>) -> Tree {
    let float = x.as_f64().unwrap_or(f64::NAN);
    match like {
        Some(Tree::Float(_)) => Tree::Float(float),
        Some(Tree::Integer(_))
            if float.fract() == 0.0
                && x.as_u64().or(x.as_i64().map(i64::cast_unsigned)).is_none() =>
        {
            Tree::from(float as i64)
        }
        _ => match (x.as_u64(), x.as_i64()) {
            (Some(x), _) => Tree::from(x),
            (None, Some(x)) => Tree::from(x),
            (None, None) => Tree::Float(float),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tree::same;

    #[track_caller]
    fn check_json(json: &Json, like: impl Into<Tree>, expected: &Tree) {
        let seen = from_json(json, Some(&like.into()));
        assert!(same(&seen, expected), "{json} became {seen:?}");
    }

    #[test]
    fn json_takes_the_kind_of_what_stands_there() {
        check_json(&json!(3), Tree::Float(0.5), &Tree::Float(3.0));
        check_json(&json!(3.0), Tree::from(1), &Tree::from(3));
        check_json(&json!(-3), Tree::from(1), &Tree::from(-3));
        check_json(&json!(2.5), Tree::from(1), &Tree::Float(2.5));
        check_json(&json!("NaN"), Tree::Float(0.5), &Tree::Float(f64::NAN));
        check_json(&json!("NaN"), Tree::Text("x".to_owned()), &Tree::Text("NaN".to_owned()));
        check_json(&json!(null), Tree::Float(0.5), &Tree::Null);
        assert_eq!(to_json(&Tree::Float(f64::NEG_INFINITY)), json!("-Infinity"));
    }
}
