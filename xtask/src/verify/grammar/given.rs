//! The Given cell of an example: assignments, whose values are JSON with bare words.

use serde_json::{Map, Value};

use crate::verify::grammar::{Given, is_name};

/// Reads `missing, current_batch=7`.
pub(crate) fn given(text: &str) -> Result<Vec<Given>, String> {
    divide(text, ',')?.into_iter().map(assignment).collect()
}

fn assignment(text: &str) -> Result<Given, String> {
    if text == "missing" {
        return Ok(Given::Missing);
    }
    let (name, value_text) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is neither `missing` nor `name=value`"))?;
    let name = name.trim();
    if !is_name(name) {
        return Err(format!("`{name}` is no name"));
    }
    Ok(Given::Set { name: name.to_owned(), value: value(value_text.trim())? })
}

/// Reads a value: a number, `true`, `None`, a word, a quoted text, `[…]` or `{key: …}`.
pub(crate) fn value(text: &str) -> Result<Value, String> {
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return parts(inside)?.into_iter().map(value).collect::<Result<_, _>>().map(Value::Array);
    }
    if let Some(inside) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        let mut map = Map::new();
        for part in parts(inside)? {
            let [key, item] = divide(part, ':')?
                .try_into()
                .map_err(|_| format!("`{part}` is no `key: value`"))?;
            map.insert(key.trim_matches('"').to_owned(), value(item)?);
        }
        return Ok(Value::Object(map));
    }
    match text {
        "None" | "null" => return Ok(Value::Null),
        "inf" | "Infinity" => return Ok(Value::from("Infinity")),
        "-inf" | "-Infinity" => return Ok(Value::from("-Infinity")),
        "NaN" | "nan" => return Ok(Value::from("NaN")),
        _ => {}
    }
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    let is_bare = text.chars().all(is_word) && !text.starts_with(|c: char| c.is_ascii_digit());
    if is_bare && !text.is_empty() {
        return Ok(Value::from(text));
    }
    Err(format!("`{text}` is no value"))
}

/// Divides what may be empty.
fn parts(text: &str) -> Result<Vec<&str>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    divide(text, ',')
}

/// Divides at a sign that stands in no bracket and no quotes.
fn divide(text: &str, sign: char) -> Result<Vec<&str>, String> {
    let (mut depth, mut is_quoted, mut is_escaped, mut from) = (0_u32, false, false, 0);
    let mut parts = Vec::new();
    let wrong = || format!("the brackets or quotes in `{text}` do not close");
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.checked_sub(1).ok_or_else(wrong)?,
            _ if c == sign && depth == 0 => {
                parts.push(text.get(from..at).unwrap_or_default().trim());
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    if is_quoted || 0 < depth {
        return Err(wrong());
    }
    parts.push(text.get(from..).unwrap_or_default().trim());
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, Value)]) {
        let expected = expected.iter().map(|(name, value)| match *name {
            "missing" => Given::Missing,
            name => Given::Set { name: name.to_owned(), value: value.clone() },
        });
        assert_eq!(given(text), Ok(expected.collect()));
    }

    #[test]
    fn assignments_are_read() {
        check("missing, current_batch=7", &[("missing", json!(null)), ("current_batch", json!(7))]);
        check(
            "a.b[0].c=14.5, d=live, e=None",
            &[("a.b[0].c", json!(14.5)), ("d", json!("live")), ("e", json!(null))],
        );
        check(
            "x={rows: {lossy: 3}}, y=[5, 7], z=\"a, b\"",
            &[("x", json!({"rows": {"lossy": 3}})), ("y", json!([5, 7])), ("z", json!("a, b"))],
        );
        check(
            "x=NaN, y=-inf, z=[], w=cuda:0",
            &[
                ("x", json!("NaN")),
                ("y", json!("-Infinity")),
                ("z", json!([])),
                ("w", json!("cuda:0")),
            ],
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "a", "a=", "a b=1", "a=8 rows", "a=[1", "a=]", "a=\"x", "a={b}", "missing,"]
        {
            assert!(given(text).is_err(), "{text}");
        }
    }
}
