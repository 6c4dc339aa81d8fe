//! Writes our types as strict JSON text, straight into a `String`.
//!
//! Every value has a text: floats that are not finite have words, a key of any type is written as a text. What remains
//! is a `Serialize` that refuses by itself, which no type of this workspace does; it becomes `null`.

use std::fmt::{Display, Write};

use serde::ser::{self, Serialize};

use super::float;

/// What happens to a member that is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// The key is left out: rows.
    Dropped,
    /// The key stays, with `null`: snapshots.
    Null,
}

/// Appends a value as JSON.
pub(super) fn write<T: Serialize + ?Sized>(value: &T, absent: Absent, out: &mut String) {
    let start = out.len();
    match value.serialize(Text { out, absent }) {
        Ok(true) => {}
        Ok(false) => out.push_str("null"),
        Err(Refused) => {
            out.truncate(start);
            out.push_str("null");
        }
    }
}

/// Returns a value as JSON in which absent members are left out.
pub(super) fn text<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = String::new();
    write(value, Absent::Dropped, &mut out);
    if out.is_empty() { "null".to_owned() } else { out }
}

/// Appends a text in quotes; only what RFC 8259 forbids is escaped.
pub(super) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = text;
    while let Some(at) = plain.find(|c| matches!(c, '"' | '\\' | '\0'..='\x1f')) {
        let (before, rest) = plain.split_at(at);
        out.push_str(before);
        let mut chars = rest.chars();
        match chars.next() {
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(c @ ('"' | '\\')) => out.extend(['\\', c]),
            Some(c) => write_display(&format_args!("\\u{:04x}", u32::from(c)), out),
            None => {}
        }
        plain = chars.as_str();
    }
    out.push_str(plain);
    out.push('"');
}

pub(super) fn write_display(value: &dyn Display, out: &mut String) {
    let written = write!(out, "{value}");
    debug_assert!(written.is_ok(), "a String takes every text");
}

/// Only a `Serialize` that calls [`ser::Error::custom`] itself makes one.
#[derive(Debug)]
struct Refused;

impl Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value refused to be serialised")
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: Display>(_message: T) -> Self {
        Self
    }
}

/// Writes one value. Its `Ok` tells whether anything was written: an absent value writes nothing when it is dropped.
struct Text<'o> {
    out: &'o mut String,
    absent: Absent,
}

macro_rules! displayed {
    ($($method:ident $t:ty),+) => { $(
        fn $method(self, x: $t) -> Result<bool, Refused> {
            write_display(&x, self.out);
            Ok(true)
        }
    )+ };
}

impl<'o> Text<'o> {
    fn open(self, bracket: &str, close: &'static str) -> Parts<'o> {
        self.out.push_str(bracket);
        Parts { out: self.out, absent: self.absent, first: true, close }
    }

    fn nothing(self) -> bool {
        if self.absent == Absent::Null {
            self.out.push_str("null");
        }
        self.absent == Absent::Null
    }

    fn variant(self, variant: &str, bracket: &str, close: &'static str) -> Parts<'o> {
        self.out.push('{');
        write_text(variant, self.out);
        self.out.push(':');
        self.open(bracket, close)
    }
}

impl<'o> ser::Serializer for Text<'o> {
    type Ok = bool;
    type Error = Refused;
    type SerializeSeq = Parts<'o>;
    type SerializeTuple = Parts<'o>;
    type SerializeTupleStruct = Parts<'o>;
    type SerializeTupleVariant = Parts<'o>;
    type SerializeMap = Parts<'o>;
    type SerializeStruct = Parts<'o>;
    type SerializeStructVariant = Parts<'o>;

    displayed!(serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_i128 i128,
        serialize_u128 u128);

    fn serialize_f32(self, x: f32) -> Result<bool, Refused> {
        float::write_single(x, self.out);
        Ok(true)
    }

    fn serialize_f64(self, x: f64) -> Result<bool, Refused> {
        float::write(x, self.out);
        Ok(true)
    }

    fn serialize_char(self, x: char) -> Result<bool, Refused> {
        self.serialize_str(x.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, x: &str) -> Result<bool, Refused> {
        write_text(x, self.out);
        Ok(true)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<bool, Refused> {
        self.collect_seq(bytes)
    }

    fn serialize_none(self) -> Result<bool, Refused> {
        Ok(self.nothing())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<bool, Refused> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<bool, Refused> {
        Ok(self.nothing())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<bool, Refused> {
        Ok(self.nothing())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<bool, Refused> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<bool, Refused> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<bool, Refused> {
        let mut parts = self.open("{", "}");
        parts.member(variant, value)?;
        Ok(parts.finish())
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Parts<'o>, Refused> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Parts<'o>, Refused> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'o>, Refused> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'o>, Refused> {
        Ok(self.variant(variant, "[", "]}"))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Parts<'o>, Refused> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'o>, Refused> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'o>, Refused> {
        Ok(self.variant(variant, "{", "}}"))
    }
}

/// Writes the items of a list or the members of an object.
struct Parts<'o> {
    out: &'o mut String,
    absent: Absent,
    first: bool,
    close: &'static str,
}

impl Parts<'_> {
    fn separate(&mut self) {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<bool, Refused> {
        value.serialize(Text { out: self.out, absent: self.absent })
    }

    /// An item of a list has a place even when it is absent, or the following ones would move.
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        self.separate();
        if !self.value(value)? {
            self.out.push_str("null");
        }
        Ok(())
    }

    fn member<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Refused> {
        let (start, first) = (self.out.len(), self.first);
        self.separate();
        write_text(key, self.out);
        self.out.push(':');
        if !self.value(value)? {
            self.out.truncate(start);
            self.first = first;
        }
        Ok(())
    }

    fn finish(self) -> bool {
        self.out.push_str(self.close);
        true
    }
}

macro_rules! items {
    ($($trait:ident $method:ident),+) => { $(impl ser::$trait for Parts<'_> {
        type Ok = bool;
        type Error = Refused;

        fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
            self.item(value)
        }

        fn end(self) -> Result<bool, Refused> {
            Ok(self.finish())
        }
    })+ };
}
items!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field);

macro_rules! members {
    ($($trait:ident),+) => { $(impl ser::$trait for Parts<'_> {
        type Ok = bool;
        type Error = Refused;

        fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Refused> {
            self.member(key, value)
        }

        fn end(self) -> Result<bool, Refused> {
            Ok(self.finish())
        }
    })+ };
}
members!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Parts<'_> {
    type Ok = bool;
    type Error = Refused;

    /// A key that is not a text, such as a number, is written as the text of its JSON.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        self.separate();
        let start = self.out.len();
        if !self.value(key)? {
            self.out.push_str("null");
        }
        if self.out.as_bytes().get(start) != Some(&b'"') {
            let text = self.out.split_off(start);
            write_text(&text, self.out);
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        self.out.push(':');
        if !self.value(value)? {
            self.out.push_str("null");
        }
        Ok(())
    }

    fn end(self) -> Result<bool, Refused> {
        Ok(self.finish())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(serde::Serialize)]
    struct Sample {
        absent: Option<f64>,
        text: &'static str,
        list: Vec<Option<u64>>,
        pair: (i8, char),
        map: BTreeMap<u32, f32>,
        nothing: (),
        unit: Shape,
        one: Shape,
        two: Shape,
        named: Shape,
    }

    #[derive(serde::Serialize)]
    enum Shape {
        Unit,
        One(bool),
        Two(u8, u8),
        Named { a: Option<u8>, b: u64 },
    }

    fn sample() -> Sample {
        Sample {
            absent: None,
            text: "a\"\\\n\r\t\u{1}é",
            list: vec![None, Some(u64::MAX)],
            pair: (-3, 'x'),
            map: [(7, 0.1)].into(),
            nothing: (),
            unit: Shape::Unit,
            one: Shape::One(true),
            two: Shape::Two(1, 2),
            named: Shape::Named { a: None, b: 1 },
        }
    }

    #[test]
    fn every_shape_has_a_text() {
        let mut out = String::new();
        write(&sample(), Absent::Null, &mut out);
        assert_eq!(
            out,
            r#"{"absent":null,"text":"a\"\\\n\r\t\u0001é","list":[null,18446744073709551615],"pair":[-3,"x"],"map":{"7":0.1},"nothing":null,"unit":"Unit","one":{"One":true},"two":{"Two":[1,2]},"named":{"Named":{"a":null,"b":1}}}"#
        );
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
    }

    #[test]
    fn absent_members_are_dropped_and_absent_items_keep_their_place() {
        let mut out = String::new();
        write(&sample(), Absent::Dropped, &mut out);
        assert!(
            out.starts_with(r#"{"text":"#) && out.contains(r#""list":[null,18446744073709551615]"#),
            "{out}"
        );
        assert!(
            !out.contains("nothing") && out.ends_with(r#""named":{"Named":{"b":1}}}"#),
            "{out}"
        );
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
    }

    #[test]
    fn a_value_that_refuses_becomes_null() {
        struct Stubborn;
        impl Serialize for Stubborn {
            fn serialize<S: ser::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(ser::Error::custom("no"))
            }
        }
        let mut out = String::from("x");
        write(&[Stubborn], Absent::Null, &mut out);
        assert_eq!(out, "xnull");
    }
}
