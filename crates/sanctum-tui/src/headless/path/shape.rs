//! Which paths exist, learnt from the type of the snapshot itself, so that no list of them must be kept.
//!
//! A snapshot in hand cannot tell: an absent reading and an absent number are both `null`. The type can, because
//! reading it back asks for every field by name; this reader answers each question with a sample and notes it.

use std::fmt;

use serde::Deserialize;
use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

/// What can follow a place of the snapshot in a path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Shape {
    /// Nothing: a number, a text, a flag.
    #[default]
    Leaf,
    /// The name of a field.
    Fields(Vec<(&'static str, Self)>),
    /// The number of an entry; all entries are alike.
    List(Box<Self>),
    /// The number of a member.
    Tuple(Vec<Self>),
    /// A name as key; all values are alike.
    Map(Box<Self>),
}

impl Shape {
    /// Returns the shape of `T` as its `Deserialize` describes it.
    pub(super) fn of<T: for<'de> Deserialize<'de>>() -> Self {
        let mut shape = Self::Leaf;
        let sample = T::deserialize(Recorder(&mut shape));
        debug_assert!(sample.is_ok(), "{:?}", sample.err());
        shape
    }

    /// Adds every path below this place to `out`; `at` is its own. `[i]` and `[name]` stand for any index.
    pub(super) fn paths(&self, at: &str, out: &mut Vec<String>) {
        if !at.is_empty() {
            out.push(at.to_owned());
        }
        match self {
            Self::Leaf => {}
            Self::Fields(fields) => {
                for (name, shape) in fields {
                    let dot = if at.is_empty() { "" } else { "." };
                    shape.paths(&format!("{at}{dot}{name}"), out);
                }
            }
            Self::List(shape) => shape.paths(&format!("{at}[i]"), out),
            Self::Tuple(members) => {
                for (i, shape) in members.iter().enumerate() {
                    shape.paths(&format!("{at}[{i}]"), out);
                }
            }
            Self::Map(shape) => shape.paths(&format!("{at}[name]"), out),
        }
    }
}

/// Answers with samples; the text `x` is a legal id and an open word.
struct Recorder<'a>(&'a mut Shape);

#[derive(Debug)]
struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl serde::de::Error for Unreadable {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

macro_rules! leaves {
    ($($method:ident => $visit:ident($($sample:expr)?);)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            visitor.$visit($($sample)?)
        })+
    };
}

impl<'de> Deserializer<'de> for Recorder<'_> {
    type Error = Unreadable;

    leaves! {
        deserialize_bool => visit_bool(false);
        deserialize_i8 => visit_i8(0);
        deserialize_i16 => visit_i16(0);
        deserialize_i32 => visit_i32(0);
        deserialize_i64 => visit_i64(0);
        deserialize_u8 => visit_u8(0);
        deserialize_u16 => visit_u16(0);
        deserialize_u32 => visit_u32(0);
        deserialize_u64 => visit_u64(0);
        deserialize_f32 => visit_f32(0.0);
        deserialize_f64 => visit_f64(0.0);
        deserialize_char => visit_char('x');
        deserialize_str => visit_str("x");
        deserialize_string => visit_str("x");
        deserialize_bytes => visit_bytes(b"x");
        deserialize_byte_buf => visit_bytes(b"x");
        deserialize_unit => visit_unit();
        deserialize_identifier => visit_str("x");
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unreadable> {
        Err(Unreadable::custom("a type that does not say what it is has no shape"))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let mut entry = [Shape::Leaf];
        let value = visitor.visit_seq(Members(entry.iter_mut()))?;
        let [entry] = entry;
        *self.0 = Shape::List(Box::new(entry));
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let mut members = vec![Shape::Leaf; len];
        let value = visitor.visit_seq(Members(members.iter_mut()))?;
        *self.0 = Shape::Tuple(members);
        Ok(value)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let mut entry = [("x", Shape::Leaf)];
        let value = visitor.visit_map(Entries { rest: entry.iter_mut(), value: None })?;
        let [(_, entry)] = entry;
        *self.0 = Shape::Map(Box::new(entry));
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let mut shapes: Vec<_> = fields.iter().map(|&name| (name, Shape::Leaf)).collect();
        let value = visitor.visit_map(Entries { rest: shapes.iter_mut(), value: None })?;
        *self.0 = Shape::Fields(shapes);
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_enum(First)
    }

    /// Words are asked for by position, because any position can be answered and not every text.
    fn is_human_readable(&self) -> bool {
        false
    }
}

struct Members<'a>(std::slice::IterMut<'a, Shape>);

impl<'de> SeqAccess<'de> for Members<'_> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        self.0.next().map(|shape| seed.deserialize(Recorder(shape))).transpose()
    }
}

struct Entries<'a> {
    rest: std::slice::IterMut<'a, (&'static str, Shape)>,
    value: Option<&'a mut Shape>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        let Some((name, shape)) = self.rest.next() else { return Ok(None) };
        self.value = Some(shape);
        seed.deserialize(Word(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Unreadable> {
        let shape = self.value.take().ok_or_else(|| Unreadable::custom("a value without a key"))?;
        seed.deserialize(Recorder(shape))
    }
}

/// One given word: the name of a field, or a key.
struct Word(&'static str);

impl<'de> Deserializer<'de> for Word {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_str(self.0)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The first word of a list, by its position.
struct First;

impl<'de> EnumAccess<'de> for First {
    type Error = Unreadable;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), Unreadable> {
        let position: U32Deserializer<Unreadable> = 0_u32.into_deserializer();
        Ok((seed.deserialize(position)?, self))
    }
}

impl<'de> VariantAccess<'de> for First {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Unreadable> {
        Err(Unreadable::custom("only words without content have a shape"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Unreadable> {
        Err(Unreadable::custom("only words without content have a shape"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Unreadable> {
        Err(Unreadable::custom("only words without content have a shape"))
    }
}

#[cfg(test)]
mod tests {
    use karn_sanctum::{Reading, Series, Snapshot};
    use leyline::metric;

    use super::*;

    #[test]
    fn a_type_is_described_in_full() {
        let reading = Shape::of::<Option<Reading>>();
        let fields = ["value", "batch", "mono_ns", "fresh", "verdict"];
        assert_eq!(reading, Shape::Fields(fields.map(|name| (name, Shape::Leaf)).to_vec()));
        let mut paths = Vec::new();
        Shape::of::<Series>().paths("", &mut paths);
        assert_eq!(paths, ["unit", "points", "points[i]", "points[i][0]", "points[i][1]"]);
    }

    #[test]
    fn the_snapshot_has_the_path_of_every_metric() {
        let mut paths = Vec::new();
        Shape::of::<Snapshot>().paths("", &mut paths);
        for spec in metric::all() {
            assert!(paths.iter().any(|path| path == spec.path), "{}", spec.path);
        }
        assert!(paths.iter().any(|path| path == "telemetry.sink_losses[name].lossy"));
        assert!(paths.iter().any(|path| path == "policy.kl_divergence.verdict"));
        assert!(!paths.iter().any(|path| path == "policy.kl_divergence_trend.verdict"));
    }
}
