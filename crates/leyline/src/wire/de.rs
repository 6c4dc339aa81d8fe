//! Reads a tree of named values into our types, and says in the words of the contract what does not fit.

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::float;
use super::json::{Json, Object, Shape};
use crate::incoming::Reason;
use crate::word::BAD_WORD;

/// Where a tree comes from, which says how its values are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A row: floats may be words, times are texts.
    Row,
    /// A row of version 0: as [`Self::Row`], and an integer field takes `3.0`.
    RowV0,
    /// A frame, walked by the listing of its writer: the values have the types that stand there.
    Frame,
}

/// What does not fit. The place where it happens does not know the name of its field; the struct around it adds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    Absent,
    Type,
    Word,
    /// An integer that is too large for the type of the field.
    TooLarge,
    Named(Reason),
}

/// Fields with a hard limit far below the limit of their type: a number above both breaks the first.
const LIMITED: [&str; 3] = ["env_id", "n_envs", "device_id"];

impl Fault {
    /// Returns the reason for the field `name`, unless a field inside it has named itself already.
    pub(super) fn named(self, name: &str) -> Reason {
        match self {
            Self::Absent => Reason::MissingField(name.to_owned()),
            Self::TooLarge if LIMITED.contains(&name) => Reason::BadValue(name.to_owned()),
            Self::Type | Self::TooLarge => Reason::WrongType(name.to_owned()),
            Self::Word => Reason::BadWord(name.to_owned()),
            Self::Named(reason) => reason,
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("absent"),
            Self::Type | Self::TooLarge => f.write_str("wrong type"),
            Self::Word => f.write_str(BAD_WORD),
            Self::Named(reason) => reason.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        if message.to_string() == BAD_WORD { Self::Word } else { Self::Type }
    }
}

/// Reads the member `name` of an object; an absent one is an error unless `T` is an `Option`.
pub(super) fn member<T: DeserializeOwned>(
    object: &Object<'_>,
    name: &str,
    source: Source,
) -> Result<T, Reason> {
    let value = object.get(name).unwrap_or(&Json::Null);
    T::deserialize(De { value, source }).map_err(|fault| fault.named(name))
}

/// A value to read.
#[derive(Clone, Copy)]
pub(super) struct De<'a, 'de> {
    pub(super) value: &'a Json<'de>,
    pub(super) source: Source,
}

impl De<'_, '_> {
    /// What to say when the value is not of the kind asked for.
    fn misfit(self) -> Fault {
        if *self.value == Json::Null { Fault::Absent } else { Fault::Type }
    }

    fn integer(self) -> Result<u64, Fault> {
        match *self.value {
            Json::Count(x) => Ok(x),
            Json::Float(x) if self.source == Source::RowV0 => whole(x).ok_or(Fault::Type),
            Json::Null
            | Json::Flag(_)
            | Json::Negative(_)
            | Json::Float(_)
            | Json::Text(_)
            | Json::List(_)
            | Json::Object(_) => Err(self.misfit()),
        }
    }

    fn float(self) -> Result<f64, Fault> {
        match self.value {
            Json::Count(x) => Ok(*x as f64),
            Json::Negative(x) => Ok(*x as f64),
            Json::Float(x) => Ok(*x),
            Json::Text(text) if self.source != Source::Frame => {
                float::from_word(text).ok_or(Fault::Type)
            }
            Json::Null | Json::Flag(_) | Json::Text(_) | Json::List(_) | Json::Object(_) => {
                Err(self.misfit())
            }
        }
    }
}

/// Returns the integer that a float is, below 2^53, above which a float does not know its neighbours.
pub(super) fn whole(x: f64) -> Option<u64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    ((0.0..LIMIT).contains(&x) && x.fract() == 0.0).then_some(x as u64)
}

macro_rules! integer {
    ($($method:ident $visit:ident $t:ty),+) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.$visit(<$t>::try_from(self.integer()?).map_err(|_| Fault::TooLarge)?)
        }
    )+ };
}

impl<'de> Deserializer<'de> for De<'_, 'de> {
    type Error = Fault;

    integer!(deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Json::Flag(x) => visitor.visit_bool(*x),
            Json::Count(x) => visitor.visit_u64(*x),
            Json::Negative(x) => visitor.visit_i64(*x),
            Json::Float(x) => visitor.visit_f64(*x),
            Json::Text(x) => visitor.visit_str(x),
            Json::Null | Json::List(_) | Json::Object(_) => Err(self.misfit()),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Json::Flag(x) = self.value { visitor.visit_bool(*x) } else { Err(self.misfit()) }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match *self.value {
            Json::Negative(x) => visitor.visit_i64(x),
            Json::Null
            | Json::Flag(_)
            | Json::Count(_)
            | Json::Float(_)
            | Json::Text(_)
            | Json::List(_)
            | Json::Object(_) => {
                visitor.visit_i64(i64::try_from(self.integer()?).map_err(|_| Fault::TooLarge)?)
            }
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Json::Text(x) = self.value { visitor.visit_str(x) } else { Err(self.misfit()) }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if *self.value == Json::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Json::List(list) = self.value {
            visitor.visit_seq(Items { items: list.iter(), source: self.source })
        } else {
            Err(self.misfit())
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Json::Object(object) = self.value
            && object.is(Shape::Map)
        {
            let rest = object.members().iter();
            visitor.visit_map(Members { rest, value: &Json::Null, source: self.source })
        } else {
            Err(self.misfit())
        }
    }

    /// A struct is read as the sequence of its fields, so that an absent one is met in its place, under its name.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let Json::Object(object) = self.value
            && object.is(Shape::Struct)
        {
            visitor.visit_seq(Fields { names: fields, object, next: 0, source: self.source })
        } else {
            Err(self.misfit())
        }
    }

    /// A variant is known by its name: its position may be another one here.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let (name, content) = match self.value {
            Json::Text(name) => (name, None),
            Json::Object(object) => object.variant().ok_or(Fault::Type)?,
            Json::Null
            | Json::Flag(_)
            | Json::Count(_)
            | Json::Negative(_)
            | Json::Float(_)
            | Json::List(_) => return Err(self.misfit()),
        };
        let position = variants.iter().position(|variant| variant == name).ok_or(Fault::Word)?;
        visitor.visit_enum(OneOf { position, content, source: self.source })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }

    fn is_human_readable(&self) -> bool {
        self.source != Source::Frame
    }
}

struct Fields<'a, 'de> {
    names: &'static [&'static str],
    object: &'a Object<'de>,
    next: usize,
    source: Source,
}

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some((name, rest)) = self.names.split_first() else {
            return Ok(None);
        };
        self.names = rest;
        let (next, value) =
            self.object.get_from(self.next, name).unwrap_or((self.next, &Json::Null));
        self.next = next;
        let read = seed.deserialize(De { value, source: self.source });
        read.map(Some).map_err(|fault| Fault::Named(fault.named(name)))
    }
}

struct Items<'a, 'de> {
    items: std::slice::Iter<'a, Json<'de>>,
    source: Source,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        match self.items.next() {
            None => Ok(None),
            // A list has no keys, so nothing can be absent in it.
            Some(Json::Null) => Err(Fault::Type),
            Some(value) => seed.deserialize(De { value, source: self.source }).map(Some),
        }
    }
}

struct Members<'a, 'de> {
    rest: std::slice::Iter<'a, (std::borrow::Cow<'de, str>, Json<'de>)>,
    value: &'a Json<'de>,
    source: Source,
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        // An entry that is `null` is an entry that is not there.
        let Some((key, value)) = self.rest.find(|(_, value)| *value != Json::Null) else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(De { value: self.value, source: self.source })
    }
}

struct OneOf<'a, 'de> {
    position: usize,
    content: Option<&'a Json<'de>>,
    source: Source,
}

impl<'de> EnumAccess<'de> for OneOf<'_, 'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let position: U32Deserializer<Fault> = (self.position as u32).into_deserializer();
        Ok((seed.deserialize(position)?, self))
    }
}

impl<'de> VariantAccess<'de> for OneOf<'_, 'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        if self.content.is_none() { Ok(()) } else { Err(Fault::Type) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let value = self.content.ok_or(Fault::Type)?;
        // A variant that holds something holds it: absent is a wrong type here.
        seed.deserialize(De { value, source: self.source }).map_err(|fault| match fault {
            Fault::Absent => Fault::Type,
            fault @ (Fault::Type | Fault::Word | Fault::TooLarge | Fault::Named(_)) => fault,
        })
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Fault> {
        Err(Fault::Type)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Fault> {
        Err(Fault::Type)
    }
}
