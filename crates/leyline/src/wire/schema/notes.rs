//! Makes the listing from the types.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::event::Event;
use crate::kind::EventKind;
use crate::wire::frame::Head;

/// Makes the listing from the types, by reading one of each kind from a source that takes notes of what it is asked
/// for.
pub fn listing() -> String {
    let mut notes = Notes::default();
    let mut kinds: Vec<(u16, EventKind, String)> = Vec::new();
    let head = notes.of(|source| Head::deserialize(source));
    for &kind in crate::word::ClosedWord::ALL {
        let body = notes.of(|source| Event::deserialize_body(kind, source));
        kinds.push((kind.number(), kind, body));
    }
    kinds.sort_by_key(|(number, ..)| *number);
    let mut out = format!("head {head}\n\n");
    for (number, kind, body) in kinds {
        push(&mut out, format_args!("kind {number} {kind} {body}\n"));
    }
    for (name, fields) in &notes.structs {
        push(&mut out, format_args!("\nstruct {name}\n"));
        for (field, kind) in fields {
            push(&mut out, format_args!("  {field}: {kind}\n"));
        }
    }
    for (name, variants) in &notes.enums {
        push(&mut out, format_args!("\nenum {name}\n"));
        for (position, (variant, content)) in variants.iter().enumerate() {
            let content = content.as_deref().unwrap_or_default();
            push(&mut out, format_args!("  {position} {variant}{content}\n"));
        }
    }
    out
}

fn push(out: &mut String, text: fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "a String takes every text");
}

type Variant = (&'static str, Option<String>);

/// What the types have asked for so far.
#[derive(Default)]
struct Notes {
    structs: BTreeMap<&'static str, Vec<(&'static str, String)>>,
    enums: BTreeMap<&'static str, Vec<Variant>>,
}

impl Notes {
    /// Reads a type as often as it takes to see every variant of every enum in it; returns its name.
    fn of<T>(&mut self, read: impl Fn(Source<'_>) -> Result<T, Surprise>) -> String {
        loop {
            let mut name = String::new();
            let result = read(Source { notes: self, name: &mut name });
            debug_assert!(result.is_ok(), "a type that the listing cannot describe: {name}");
            let unseen = |variants: &Vec<Variant>| variants.iter().any(|(_, seen)| seen.is_none());
            if result.is_err() || !self.enums.values().any(unseen) {
                return name;
            }
        }
    }
}

/// A type asked for something that no payload may hold.
#[derive(Debug)]
struct Surprise(String);

impl fmt::Display for Surprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Surprise {}

impl serde::de::Error for Surprise {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Answers every question with the plainest value and writes the name of what was asked for into `name`.
struct Source<'n> {
    notes: &'n mut Notes,
    name: &'n mut String,
}

impl Source<'_> {
    /// Reads an inner type; returns its name with its value.
    fn inner<'de, S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<(S::Value, String), Surprise> {
        let mut name = String::new();
        let value = seed.deserialize(Source { notes: self.notes, name: &mut name })?;
        Ok((value, name))
    }
}

macro_rules! plain {
    ($($method:ident $visit:ident $value:literal $name:literal),+ $(,)?) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Surprise> {
            self.name.push_str($name);
            visitor.$visit($value)
        }
    )+ };
}

impl<'de> Deserializer<'de> for Source<'_> {
    type Error = Surprise;

    plain! {
        deserialize_bool visit_bool false "bool",
        deserialize_u8 visit_u8 0 "u8",
        deserialize_u16 visit_u16 0 "u16",
        deserialize_u32 visit_u32 0 "u32",
        deserialize_u64 visit_u64 0 "u64",
        deserialize_i64 visit_i64 0 "i64",
        deserialize_f64 visit_f64 0.0 "f64",
        // Ids are made from texts, and this one is an id.
        deserialize_str visit_borrowed_str "x" "text",
        deserialize_string visit_borrowed_str "x" "text",
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Surprise> {
        let mut inner = String::new();
        let value = visitor.visit_some(Source { notes: self.notes, name: &mut inner })?;
        push(self.name, format_args!("option<{inner}>"));
        Ok(value)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Surprise> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Surprise> {
        let mut name = String::new();
        let value = visitor.visit_seq(One { source: &mut self, seen: &mut name })?;
        push(self.name, format_args!("list<{name}>"));
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Surprise> {
        let mut name = String::new();
        let value = visitor.visit_map(One { source: &mut self, seen: &mut name })?;
        push(self.name, format_args!("map<{name}>"));
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Surprise> {
        let mut seen = Vec::new();
        let value =
            visitor.visit_seq(Fields { source: &mut self, rest: fields, seen: &mut seen })?;
        self.notes.structs.insert(name, seen);
        self.name.push_str(name);
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Surprise> {
        let seen = self
            .notes
            .enums
            .entry(name)
            .or_insert_with(|| variants.iter().map(|v| (*v, None)).collect());
        let position = seen.iter().position(|(_, content)| content.is_none()).unwrap_or(0);
        self.name.push_str(name);
        visitor.visit_enum(OneOf { notes: self.notes, name, position })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Surprise> {
        Err(Surprise("a type that says nothing about itself".to_owned()))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The fields of a struct, in order.
struct Fields<'s, 'n> {
    source: &'s mut Source<'n>,
    rest: &'static [&'static str],
    seen: &'s mut Vec<(&'static str, String)>,
}

impl<'de> SeqAccess<'de> for Fields<'_, '_> {
    type Error = Surprise;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Surprise> {
        let Some((field, rest)) = self.rest.split_first() else {
            return Ok(None);
        };
        self.rest = rest;
        let (value, name) = self.source.inner(seed)?;
        self.seen.push((field, name));
        Ok(Some(value))
    }
}

/// One item of a list, or one entry of a map.
struct One<'s, 'n> {
    source: &'s mut Source<'n>,
    seen: &'s mut String,
}

impl<'de> SeqAccess<'de> for One<'_, '_> {
    type Error = Surprise;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Surprise> {
        if !self.seen.is_empty() {
            return Ok(None);
        }
        let (value, name) = self.source.inner(seed)?;
        *self.seen = name;
        Ok(Some(value))
    }
}

impl<'de> MapAccess<'de> for One<'_, '_> {
    type Error = Surprise;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Surprise> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Surprise> {
        let (value, name) = self.source.inner(seed)?;
        push(self.seen, format_args!(", {name}"));
        Ok(value)
    }
}

/// One variant of an enum.
struct OneOf<'n> {
    notes: &'n mut Notes,
    name: &'static str,
    position: usize,
}

impl OneOf<'_> {
    fn holds(&mut self, content: String) {
        let variants = self.notes.enums.get_mut(self.name);
        if let Some((_, seen)) = variants.and_then(|variants| variants.get_mut(self.position)) {
            *seen = Some(content);
        }
    }
}

impl<'de> EnumAccess<'de> for OneOf<'_> {
    type Error = Surprise;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Surprise> {
        let position: U32Deserializer<Surprise> = (self.position as u32).into_deserializer();
        Ok((seed.deserialize(position)?, self))
    }
}

impl<'de> VariantAccess<'de> for OneOf<'_> {
    type Error = Surprise;

    fn unit_variant(mut self) -> Result<(), Surprise> {
        self.holds(String::new());
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        mut self,
        seed: T,
    ) -> Result<T::Value, Surprise> {
        let mut name = String::new();
        let value = seed.deserialize(Source { notes: self.notes, name: &mut name })?;
        self.holds(format!("({name})"));
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        _visitor: V,
    ) -> Result<V::Value, Surprise> {
        Err(Surprise("a variant with several values".to_owned()))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Surprise> {
        Err(Surprise("a variant with named values".to_owned()))
    }
}

#[cfg(test)]
#[expect(dead_code, reason = "of these types only the shape is read")]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    enum Choice {
        Nothing,
        Number(f64),
    }

    #[derive(Deserialize)]
    struct Inner {
        maybe: Option<Vec<u32>>,
    }

    #[derive(Deserialize)]
    struct Sample {
        first: u64,
        choice: Choice,
        inner: BTreeMap<String, Inner>,
    }

    mod moved {
        #[derive(serde::Deserialize)]
        pub(super) struct Sample {
            choice: super::Choice,
            first: u64,
            inner: super::BTreeMap<String, super::Inner>,
        }
    }

    #[test]
    fn a_type_is_listed_with_everything_inside_it() {
        let mut notes = Notes::default();
        assert_eq!(notes.of(|source| Sample::deserialize(source)), "Sample");
        let field = |name, kind: &str| (name, kind.to_owned());
        assert_eq!(
            notes.structs["Sample"],
            [field("first", "u64"), field("choice", "Choice"), field("inner", "map<text, Inner>")]
        );
        assert_eq!(notes.structs["Inner"], [field("maybe", "option<list<u32>>")]);
        let variant = |name, content: &str| (name, Some(content.to_owned()));
        assert_eq!(notes.enums["Choice"], [variant("Nothing", ""), variant("Number", "(f64)")]);
    }

    #[test]
    fn moving_a_field_changes_the_listing() {
        let (mut one, mut other) = (Notes::default(), Notes::default());
        one.of(|source| Sample::deserialize(source));
        other.of(|source| moved::Sample::deserialize(source));
        assert_ne!(one.structs, other.structs);
    }

    #[test]
    fn every_kind_and_every_field_is_listed() {
        let listing = listing();
        for &kind in <EventKind as crate::word::ClosedWord>::ALL {
            assert!(listing.contains(&format!("kind {} {kind} ", kind.number())), "{kind}");
            for spec in Event::fields(kind) {
                assert!(listing.contains(&format!("\n  {}: ", spec.name)), "{}", spec.name);
            }
        }
    }
}
