//! Floats in JSON: the shortest text that reads back, the words of non-finite values, and the bare tokens of old rows.

use std::io::Cursor;

use serde_json::ser::{CompactFormatter, Formatter};

const NAN: &str = "NaN";
const INFINITY: &str = "Infinity";
const NEG_INFINITY: &str = "-Infinity";

/// Returns the word of a value that is not finite.
pub(crate) const fn word(x: f64) -> Option<&'static str> {
    if x.is_nan() {
        Some(NAN)
    } else if x == f64::INFINITY {
        Some(INFINITY)
    } else if x == f64::NEG_INFINITY {
        Some(NEG_INFINITY)
    } else {
        None
    }
}

/// Returns the value that a word stands for; no other spelling is read.
pub(crate) fn from_word(text: &str) -> Option<f64> {
    match text {
        NAN => Some(f64::NAN),
        INFINITY => Some(f64::INFINITY),
        NEG_INFINITY => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Writes a float as JSON: a number with a point or an exponent, or a word in quotes.
pub(super) fn write(x: f64, out: &mut String) {
    if let Some(word) = word(x) {
        out.extend(["\"", word, "\""]);
    } else {
        push_ascii(out, |to| CompactFormatter.write_f64(to, x));
    }
}

/// As [`write()`], for a value that was measured in single precision: its own shortest text.
pub(super) fn write_single(x: f32, out: &mut String) {
    if x.is_finite() {
        push_ascii(out, |to| CompactFormatter.write_f32(to, x));
    } else {
        write(f64::from(x), out);
    }
}

/// The formatter of `serde_json` writes bytes, we want text; 32 bytes hold the longest finite float.
fn push_ascii(out: &mut String, write: impl Fn(&mut Cursor<[u8; 32]>) -> std::io::Result<()>) {
    let mut buffer = Cursor::new([0; 32]);
    let written = write(&mut buffer);
    debug_assert!(written.is_ok(), "a finite float fits into 32 bytes");
    let len = buffer.position() as usize;
    out.extend(buffer.into_inner().into_iter().take(len).map(char::from));
}

/// Puts quotes around the bare `NaN`, `Infinity` and `-Infinity` of a line, outside texts and in place of values only.
///
/// `None` if there are none.
pub(super) fn quote_bare(line: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = line;
    let mut copied = line;
    let mut in_text = false;
    while let Some(byte) = rest.bytes().next() {
        if in_text {
            in_text = byte != b'"';
            rest = if byte == b'\\' { after_char(after_char(rest)) } else { after_char(rest) };
            continue;
        }
        let Some(token) = bare_token(rest) else {
            in_text = byte == b'"';
            rest = after_char(rest);
            continue;
        };
        let (before, _) = copied.split_at(copied.len() - rest.len());
        out.extend([before, "\"", token, "\""]);
        rest = rest.strip_prefix(token).unwrap_or_default();
        copied = rest;
    }
    if out.is_empty() {
        return None;
    }
    out.push_str(copied);
    Some(out)
}

fn after_char(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

/// A token at the start of `text` that stands where a value can stand: no letter follows, and no colon.
fn bare_token(text: &str) -> Option<&'static str> {
    let token = [NEG_INFINITY, INFINITY, NAN].into_iter().find(|t| text.starts_with(t))?;
    let after = text.strip_prefix(token)?;
    let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (ends && !after.trim_start().starts_with(':')).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(x: f64, expected: &str) {
        let mut out = String::new();
        write(x, &mut out);
        assert_eq!(out, expected);
        if x.is_finite() {
            assert_eq!(out.parse::<f64>().unwrap().to_bits(), x.to_bits());
        }
    }

    #[test]
    fn floats_are_written_in_their_shortest_form() {
        check(3.0, "3.0");
        check(-0.0, "-0.0");
        check(0.1, "0.1");
        check(0.000_3, "0.0003");
        check(22.195_121_951_219_512, "22.195121951219512");
        check(f64::MIN_POSITIVE, "2.2250738585072014e-308");
        check(5e-324, "5e-324");
        check(f64::MAX, "1.7976931348623157e+308");
        check(f64::MIN, "-1.7976931348623157e+308");
        check(f64::NAN, "\"NaN\"");
        check(-f64::NAN, "\"NaN\"");
        check(f64::INFINITY, "\"Infinity\"");
        check(f64::NEG_INFINITY, "\"-Infinity\"");
    }

    #[test]
    fn only_the_three_words_are_floats() {
        assert!(from_word("NaN").unwrap().is_nan());
        assert_eq!(from_word("-Infinity"), Some(f64::NEG_INFINITY));
        for other in ["nan", "inf", "+Infinity", "INFINITY", " NaN", ""] {
            assert_eq!(from_word(other), None, "{other}");
        }
    }

    #[track_caller]
    fn check_quoted(line: &str, expected: Option<&str>) {
        assert_eq!(quote_bare(line).as_deref(), expected);
    }

    #[test]
    fn bare_tokens_are_quoted_outside_texts_only() {
        check_quoted(r#"{"a":NaN}"#, Some(r#"{"a":"NaN"}"#));
        check_quoted("[ -Infinity,Infinity ,NaN]", Some(r#"[ "-Infinity","Infinity" ,"NaN"]"#));
        check_quoted(
            r#"{"NaN":"is NaN \" NaN","ä":"\\","b":NaN}"#,
            Some(r#"{"NaN":"is NaN \" NaN","ä":"\\","b":"NaN"}"#),
        );
        check_quoted(r#"{"a":"NaN"}"#, None);
        check_quoted("{NaN :1}", None);
        check_quoted("NaNo", None);
        check_quoted("", None);
        check_quoted("\"\\", None);
        check_quoted("\"\\ä NaN", None);
    }
}
