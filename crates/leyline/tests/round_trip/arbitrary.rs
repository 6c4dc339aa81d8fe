//! Random events of every kind, made by the payload types themselves: they read from a source of random values.
//!
//! A new kind or field is covered without a line here. Values come from a list of random words, and from zeros when it
//! runs out, so that proptest shrinks an event by shrinking the list.

use leyline::word::ClosedWord as _;
use leyline::{EnvId, Envelope, Event, EventKind, GroupId, RunId, RunNs, Severity, Timestamp};
use proptest::prelude::*;
use serde::de::value::{Error, StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer as _, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// A legal envelope around an event of any kind.
pub(crate) fn envelope() -> impl Strategy<Value = Envelope> {
    let words = prop::collection::vec(any::<u64>(), 0..200);
    (0..EventKind::ALL.len(), words).prop_filter_map(
        "an event that breaks a limit",
        |(kind, words)| {
            let mut words = Words(words.into_iter());
            let source = Source { words: &mut words, field: "" };
            let event = Event::deserialize_body(EventKind::ALL[kind], source)
                .expect("the source answers every question");
            let envelope = around(event, &mut words);
            leyline::validate::check(&envelope).is_ok().then_some(envelope)
        },
    )
}

fn around(event: Event, words: &mut Words) -> Envelope {
    // An environment in the envelope alone would be copied into a payload with room for it.
    let outer = EnvId(words.below(65_536) as u32);
    let mut filled = event.clone();
    filled.set_env_id(outer);
    let has_room = filled.env_id().is_some();
    let outer = (!has_room && words.flag()).then_some(outer);
    Envelope {
        v: 1,
        run_id: RunId::nearest(&format!("run-{}", words.below(1000))),
        group_id: GroupId::new(["default", "A", "b.c-d_9"][words.below(3)]).expect("a legal id"),
        seq: words.integer(),
        // The years 1 to 9999.
        ts: Timestamp::from_micros(
            (words.integer() % 315_500_000_000_000_000).cast_signed() - 62_135_596_800_000_000,
        ),
        mono_ns: RunNs(words.integer()),
        severity: Severity::ALL[words.below(Severity::ALL.len())].max(event.least_severity()),
        message: words.text(),
        env_id: event.env_id().or(outer),
        event,
    }
}

/// Random words, then zeros.
struct Words(std::vec::IntoIter<u64>);

impl Words {
    fn next(&mut self) -> u64 {
        self.0.next().unwrap_or(0)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    fn integer(&mut self) -> u64 {
        match self.below(4) {
            0 => self.next() % 10,
            1 => u64::MAX - self.next() % 3,
            2 => (1 << 53) + self.next() % 3,
            _ => self.next(),
        }
    }

    fn float(&mut self) -> f64 {
        match self.below(9) {
            0 => self.next() as f64 % 100.0,
            1 => f64::NAN,
            2 => f64::INFINITY,
            3 => f64::NEG_INFINITY,
            4 => -0.0,
            5 => f64::from_bits(self.next() % 1000),
            6 => f64::MAX,
            7 => (self.next() as f64).sqrt() / 1e6,
            // Any bits at all, but only the one NaN that a row can carry.
            _ => Some(f64::from_bits(self.next())).filter(|x| !x.is_nan()).unwrap_or(f64::NAN),
        }
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 12] =
            ["a", "Z9", "_", "\"", "\\", "\n", "\u{0}", "é", "\u{2028}", "🦀", "</", " "];
        const WORDS: [&str; 4] = ["kl_limit", "queue_full", "updating", "interrupted"];
        match self.below(8) {
            0 => WORDS[self.below(WORDS.len())].to_owned(),
            1 => "x".repeat(256),
            _ => (0..self.below(9)).map(|_| PIECES[self.below(PIECES.len())]).collect(),
        }
    }
}

/// Answers every question of a type with a random value that is legal in the field.
struct Source<'w> {
    words: &'w mut Words,
    field: &'static str,
}

impl Source<'_> {
    fn u32(&mut self) -> u32 {
        let any = self.words.integer() as u32;
        match self.field {
            "env_id" => any % 65_536,
            "device_id" => any % 64,
            "n_envs" => any % 65_536 + 1,
            "inner_epoch" => any.max(1),
            _ => any,
        }
    }

    const fn with(&mut self, field: &'static str) -> Source<'_> {
        Source { words: self.words, field }
    }
}

impl<'de> Deserializer<'de> for Source<'_> {
    type Error = Error;

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.words.flag())
    }

    fn deserialize_u32<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u32(self.u32())
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let any = self.words.integer();
        visitor.visit_u64(if self.field == "batch_idx" { any.max(1) } else { any })
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.words.float())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.words.text())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.words.flag() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let left = self.words.below(4);
        visitor.visit_seq(Items { source: self.with(""), left })
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let least = usize::from(self.field == "values");
        let left = least + self.words.below(4);
        visitor.visit_map(Items { source: self.with(""), left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Fields { source: self.with(""), rest: fields })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let position = self.words.below(variants.len()) as u32;
        visitor.visit_enum(OneOf { source: self, position })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct
        identifier ignored_any
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("a type that no payload has had so far"))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

struct Fields<'w> {
    source: Source<'w>,
    rest: &'static [&'static str],
}

impl<'de> SeqAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((field, rest)) = self.rest.split_first() else {
            return Ok(None);
        };
        self.rest = rest;
        seed.deserialize(self.source.with(field)).map(Some)
    }
}

struct Items<'w> {
    source: Source<'w>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.source.with("")).map(Some)
    }
}

impl<'de> MapAccess<'de> for Items<'_> {
    type Error = Error;

    /// Keys are legal names of user metrics, and every one is another.
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let key = format!("eval/m.{}-{}", self.left, self.source.words.below(10));
        seed.deserialize(StrDeserializer::new(&key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.source.with(""))
    }
}

struct OneOf<'w> {
    source: Source<'w>,
    position: u32,
}

impl<'de> EnumAccess<'de> for OneOf<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let position: U32Deserializer<Error> = self.position.into_deserializer();
        Ok((seed.deserialize(position)?, self))
    }
}

impl<'de> VariantAccess<'de> for OneOf<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.source)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("a variant that no payload has had so far"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        Err(Error::custom("a variant that no payload has had so far"))
    }
}
