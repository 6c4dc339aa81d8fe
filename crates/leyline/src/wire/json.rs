//! One row or one frame as a tree of named values: of a row, strict JSON, every repeated key an error, integers never
//! through a float.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON value that borrows its texts from the line where it can. Of a frame, a float that is not finite is a float too.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Flag(bool),
    /// A number without fraction, exponent and sign, below 2^64.
    Count(u64),
    /// A negative number without fraction and exponent, down to −2^63.
    Negative(i64),
    /// Any other number.
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Self>),
    Object(Object<'a>),
}

/// The members of an object in the order of the line or the frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Object<'a> {
    members: Vec<(Cow<'a, str>, Json<'a>)>,
    shape: Shape,
}

/// What the writer of an object meant by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shape {
    /// A row does not say; it is what the reader takes it for.
    #[default]
    Any,
    /// A struct.
    Struct,
    /// A map whose keys are texts.
    Map,
    /// A map whose keys are something else, and stand here as their JSON.
    OddMap,
    /// A variant of an enum, with its content.
    Variant,
}

impl<'a> Object<'a> {
    /// Reads a line that holds one object. `None` for anything else, for a repeated key at any depth, for a number that
    /// no 64-bit float can hold, and for more than 128 levels.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        match serde_json::from_str(line) {
            Ok(Json::Object(object)) => Some(object),
            Ok(_) | Err(_) => None,
        }
    }

    /// Returns a member; `null` is the same as absent.
    pub(super) fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.members
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
            .filter(|v| **v != Json::Null)
    }

    /// As [`Self::get`], looking first at position `from`, where a writer that keeps the order has put it.
    ///
    /// Returns the position after the member too.
    pub(super) fn get_from(&self, from: usize, name: &str) -> Option<(usize, &Json<'a>)> {
        let wrapped = (from..self.members.len()).chain(0..from);
        let is_it = |at: &usize| self.members.get(*at).is_some_and(|(key, _)| key == name);
        let at = wrapped.into_iter().find(is_it)?;
        self.members.get(at).map(|(_, value)| (at + 1, value))
    }

    /// Returns the members in order.
    pub(super) fn members(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        &self.members
    }

    /// Appends a member.
    pub(super) fn push(&mut self, name: &'a str, value: Json<'a>) {
        self.members.push((Cow::Borrowed(name), value));
    }

    /// Makes an object of a frame. `None` if a key is repeated.
    pub(super) fn new(shape: Shape, members: Vec<(Cow<'a, str>, Json<'a>)>) -> Option<Self> {
        (!has_repeated_key(&members)).then_some(Self { members, shape })
    }

    /// Makes an object whose keys are known to differ.
    pub(super) const fn of_distinct(shape: Shape, members: Vec<(Cow<'a, str>, Json<'a>)>) -> Self {
        Self { members, shape }
    }

    /// Returns whether the object may be taken for a struct or a map.
    pub(super) fn is(&self, shape: Shape) -> bool {
        self.shape == Shape::Any || self.shape == shape
    }

    /// Returns name and content, if the object is a variant of an enum.
    pub(super) fn variant(&self) -> Option<(&Cow<'a, str>, Option<&Json<'a>>)> {
        match (self.shape, self.members.as_slice()) {
            (Shape::Variant, [(name, content)]) => Some((name, Some(content))),
            _ => None,
        }
    }
}

impl Json<'_> {
    /// Returns the text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

#[derive(serde::Deserialize)]
struct RawRow<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Returns the text of the member `data` of a line that [`Object::parse`] has read.
pub(super) fn raw_data(line: &str) -> Option<&str> {
    serde_json::from_str::<RawRow<'_>>(line).ok().map(|row| row.data.get())
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TreeVisitor)
    }
}

/// As in rows, an absent member is left out.
impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_none(),
            Self::Flag(x) => to.serialize_bool(*x),
            Self::Count(x) => to.serialize_u64(*x),
            Self::Negative(x) => to.serialize_i64(*x),
            Self::Float(x) => to.serialize_f64(*x),
            Self::Text(x) => to.serialize_str(x),
            Self::List(list) => to.collect_seq(list),
            Self::Object(object) => {
                let there = object.members().iter().filter(|(_, value)| *value != Self::Null);
                to.collect_map(there.map(|(key, value)| (key, value)))
            }
        }
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, x: bool) -> Result<Self::Value, E> {
        Ok(Json::Flag(x))
    }

    fn visit_u64<E>(self, x: u64) -> Result<Self::Value, E> {
        Ok(Json::Count(x))
    }

    fn visit_i64<E>(self, x: i64) -> Result<Self::Value, E> {
        Ok(Json::Negative(x))
    }

    fn visit_f64<E>(self, x: f64) -> Result<Self::Value, E> {
        Ok(Json::Float(x))
    }

    fn visit_borrowed_str<E>(self, x: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(x)))
    }

    fn visit_str<E>(self, x: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(x.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = from.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(Cow<'de, str>, Json<'de>)> = Vec::new();
        while let Some(Key(key)) = from.next_key()? {
            members.push((key, from.next_value()?));
        }
        let object = Object::new(Shape::Any, members);
        object.map(Json::Object).ok_or_else(|| A::Error::custom("repeated key"))
    }
}

/// Small objects are compared pair by pair; a large one is sorted, or a hostile row would take quadratic time.
fn has_repeated_key(members: &[(Cow<'_, str>, Json<'_>)]) -> bool {
    if members.len() <= 16 {
        return members
            .iter()
            .enumerate()
            .any(|(at, (key, _))| members.iter().take(at).any(|(earlier, _)| earlier == key));
    }
    let mut keys: Vec<&str> = members.iter().map(|(key, _)| key.as_ref()).collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair.first() == pair.last())
}

/// A key that borrows where it can; `Cow` itself would always own.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, x: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(x)))
            }

            fn visit_str<E>(self, x: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(x.to_owned())))
            }
        }
        from.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(line: &str) {
        assert_eq!(Object::parse(line), None, "{line}");
    }

    #[test]
    fn only_one_strict_object_is_read() {
        assert!(Object::parse(" {\"a\":[1,-2,0.5,null,true]}\r").is_some());
        for line in
            ["", "[]", "1", "null", "{}{}", "{} x", "{\"a\":1,}", "{'a':1}", "{a:1}", "\u{feff}{}"]
        {
            refused(line);
        }
        for value in [
            "NaN",
            "Infinity",
            "01",
            "1.",
            ".5",
            "+1",
            "0x1",
            "1e999",
            "-1e999",
            "\"\\ud800\"",
            "\"\t\"",
            "// x\n1",
        ] {
            refused(&format!("{{\"a\":{value}}}"));
        }
        refused(&format!("{}{}", "{\"a\":".repeat(500_000), "}".repeat(500_000)));
    }

    #[test]
    fn a_repeated_key_is_found_at_every_depth() {
        refused(r#"{"a":1,"b":2,"a":1}"#);
        refused(r#"{"a":1,"\u0061":1}"#);
        refused(r#"{"a":[{"x":{"y":1,"y":2}}]}"#);
        let many = |last: &str| {
            let members: Vec<_> = (0..40).map(|i| format!("\"k{i}\":{i}")).collect();
            format!("{{{},\"{last}\":0}}", members.join(","))
        };
        assert!(Object::parse(&many("k40")).is_some());
        refused(&many("k7"));
    }

    #[test]
    fn numbers_keep_their_kind_and_their_bits() {
        let object = Object::parse(
            r#"{"a":18446744073709551615,"b":-9223372036854775808,"c":3.0,"d":-0,"e":1e2,"f":18446744073709551616,"g":2.2250738585072011e-308}"#,
        )
        .unwrap();
        assert_eq!(object.get("a"), Some(&Json::Count(u64::MAX)));
        assert_eq!(object.get("b"), Some(&Json::Negative(i64::MIN)));
        assert_eq!(object.get("c"), Some(&Json::Float(3.0)));
        assert!(
            matches!(object.get("d"), Some(Json::Float(x)) if x.to_bits() == (-0.0_f64).to_bits())
        );
        assert_eq!(object.get("e"), Some(&Json::Float(100.0)));
        assert_eq!(object.get("f"), Some(&Json::Float(18_446_744_073_709_551_616.0)));
        assert!(
            matches!(object.get("g"), Some(Json::Float(x)) if x.to_bits() == 2.225_073_858_507_201e-308_f64.to_bits())
        );
    }

    #[test]
    fn members_are_found_wherever_they_stand() {
        let object = Object::parse(r#"{"a":1,"b":2,"c":null}"#).unwrap();
        assert_eq!(object.get_from(2, "a"), Some((1, &Json::Count(1))));
        assert_eq!(object.get_from(0, "b"), Some((2, &Json::Count(2))));
        assert_eq!(object.get_from(9, "b"), Some((2, &Json::Count(2))));
        assert_eq!(object.get("c"), None);
        assert_eq!(raw_data(r#"{"x":1, "data" : { "a":1.50 } }"#), Some(r#"{ "a":1.50 }"#));
    }
}
