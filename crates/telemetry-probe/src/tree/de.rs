//! A tree as any serde value; refuses what the type refuses.

use std::fmt;

use serde::de::{
    self, DeserializeOwned, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use crate::rig::Tree;
use crate::tree::ser::Refused;

impl de::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Turns a tree into a value.
pub fn from_tree<T: DeserializeOwned>(tree: &Tree) -> Result<T, Refused> {
    T::deserialize(Reader(tree))
}

/// Turns what a variant holds into a value, as [`from_tree`] does with a map of its name and that.
pub fn from_variant<T: DeserializeOwned>(name: &str, content: &Tree) -> Result<T, Refused> {
    T::deserialize(Variant { name, content: Some(content) })
}

/// Reads a tree.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a Tree);

/// A variant, and what it holds.
struct Variant<'a> {
    name: &'a str,
    content: Option<&'a Tree>,
}

/// Entries of a map, one after the other.
struct Pairs<'a> {
    rest: std::slice::Iter<'a, (Tree, Tree)>,
    value: Option<&'a Tree>,
}

/// Entries of a list, one after the other.
struct Items<'a>(std::slice::Iter<'a, Tree>);

/// Reads a list to its end: a pair of three is none.
fn whole<'de, V: Visitor<'de>>(items: &'de [Tree], visitor: V) -> Result<V::Value, Refused> {
    let mut items = Items(items.iter());
    let value = visitor.visit_seq(&mut items)?;
    if items.0.len() == 0 { Ok(value) } else { refused("a list that is too long") }
}

fn refused<T>(why: &str) -> Result<T, Refused> {
    Err(Refused(why.to_owned()))
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = Refused;

    fn is_human_readable(&self) -> bool {
        true
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.0 {
            Tree::Bool(x) => visitor.visit_bool(*x),
            Tree::Float(x) => visitor.visit_f64(*x),
            Tree::Text(x) => visitor.visit_borrowed_str(x),
            Tree::Bytes(x) => visitor.visit_borrowed_bytes(x),
            Tree::Null => visitor.visit_unit(),
            Tree::Array(items) => whole(items, visitor),
            Tree::Map(items) => visitor.visit_map(Pairs { rest: items.iter(), value: None }),
            Tree::Integer(x) => {
                let x = i128::from(*x);
                match (u64::try_from(x), i64::try_from(x)) {
                    (Ok(x), _) => visitor.visit_u64(x),
                    (Err(_), Ok(x)) => visitor.visit_i64(x),
                    (Err(_), Err(_)) => refused("an integer beyond 64 bits"),
                }
            }
            _ => refused("a tag"),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.0 {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        match self.0 {
            Tree::Text(name) => visitor.visit_enum(Variant { name, content: None }),
            Tree::Map(entries) => match entries.as_slice() {
                [(Tree::Text(name), content)] => {
                    visitor.visit_enum(Variant { name, content: Some(content) })
                }
                _ => refused("not a variant"),
            },
            _ => refused("not a variant"),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> de::Deserializer<'de> for Variant<'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit option
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Refused;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        self.0.next().map(|item| seed.deserialize(Reader(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

impl<'de> MapAccess<'de> for Pairs<'de> {
    type Error = Refused;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Reader(key)).map(Some)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Refused> {
        match self.value.take() {
            Some(value) => seed.deserialize(Reader(value)),
            None => refused("a value without a key"),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Refused;
    type Variant = Self;

    fn variant_seed<V: de::DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), Refused> {
        let name: de::value::BorrowedStrDeserializer<'_, Refused> =
            de::value::BorrowedStrDeserializer::new(self.name);
        Ok((seed.deserialize(name.into_deserializer())?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        match self.content {
            None => Ok(()),
            Some(_) => refused("a variant with content, expected one without"),
        }
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Refused> {
        match self.content {
            Some(content) => seed.deserialize(Reader(content)),
            None => refused("a variant without content, expected one with"),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refused> {
        match self.content {
            Some(Tree::Array(items)) => whole(items, visitor),
            _ => refused("not a tuple variant"),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        match self.content {
            Some(Tree::Map(items)) => visitor.visit_map(Pairs { rest: items.iter(), value: None }),
            _ => refused("not a struct variant"),
        }
    }
}
