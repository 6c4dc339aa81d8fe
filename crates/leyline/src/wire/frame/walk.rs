//! Walks the bytes of a frame by the listing of their writer, into a tree of named values.

use std::borrow::Cow;

use bincode::{BorrowDecode, borrow_decode_from_slice};

use super::CONFIG;
use crate::wire::json::{Json, Object, Shape};
use crate::wire::schema::{Struct, Type, Types};
use crate::wire::ser;

/// Deepest nesting of values; a struct of a listing may stand inside itself.
const MAX_DEPTH: u32 = 64;
/// Values that a frame may hold beyond two for each of its bytes. Structs without fields take no bytes: a list of them
/// could be longer than all memory.
const FREE_VALUES: usize = 4096;

/// The bytes are none of the type that the listing gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// What is left of a frame.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    types: &'a Types,
    rest: &'a [u8],
    values_left: usize,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(types: &'a Types, frame: &'a [u8]) -> Self {
        Self { types, rest: frame, values_left: FREE_VALUES + 2 * frame.len() }
    }

    /// Returns the bytes after what was read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads the head or the payload.
    pub(super) fn structure(&mut self, of: &'a Struct) -> Result<Object<'a>, Damaged> {
        self.fields(of, MAX_DEPTH)
    }

    fn plain<T: BorrowDecode<'a, ()>>(&mut self) -> Result<T, Damaged> {
        let (value, read) = borrow_decode_from_slice(self.rest, CONFIG).map_err(|_| Damaged)?;
        self.rest = self.rest.get(read..).ok_or(Damaged)?;
        Ok(value)
    }

    fn value(&mut self, of: &'a Type, depth: u32) -> Result<Json<'a>, Damaged> {
        let depth = depth.checked_sub(1).ok_or(Damaged)?;
        self.values_left = self.values_left.checked_sub(1).ok_or(Damaged)?;
        Ok(match of {
            Type::Bool => Json::Flag(self.plain()?),
            Type::U8 => Json::Count(self.plain::<u8>()?.into()),
            Type::U16 => Json::Count(self.plain::<u16>()?.into()),
            Type::U32 => Json::Count(self.plain::<u32>()?.into()),
            Type::U64 => Json::Count(self.plain()?),
            Type::I64 => {
                let x: i64 = self.plain()?;
                u64::try_from(x).map_or(Json::Negative(x), Json::Count)
            }
            Type::F64 => Json::Float(self.plain()?),
            Type::Text => Json::Text(Cow::Borrowed(self.plain()?)),
            Type::Option(inner) => match self.plain::<u8>()? {
                0 => Json::Null,
                1 => self.value(inner, depth)?,
                _ => return Err(Damaged),
            },
            Type::List(item) => {
                let mut list = Vec::new();
                for _ in 0..self.plain::<u64>()? {
                    list.push(self.value(item, depth)?);
                }
                Json::List(list)
            }
            Type::Map(pair) => Json::Object(self.map(pair, depth)?),
            Type::Struct(at) => {
                let of = self.types.structure(*at).ok_or(Damaged)?;
                Json::Object(self.fields(of, depth)?)
            }
            Type::Enum(at) => self.variant(*at, depth)?,
        })
    }

    fn fields(&mut self, of: &'a Struct, depth: u32) -> Result<Object<'a>, Damaged> {
        let mut members = Vec::with_capacity(of.fields.len().min(64));
        for (name, field) in &of.fields {
            members.push((Cow::Borrowed(&**name), self.value(field, depth)?));
        }
        Ok(Object::of_distinct(Shape::Struct, members))
    }

    fn map(&mut self, (key, value): &'a (Type, Type), depth: u32) -> Result<Object<'a>, Damaged> {
        let mut shape = Shape::Map;
        let mut members = Vec::new();
        for _ in 0..self.plain::<u64>()? {
            let key = match self.value(key, depth)? {
                Json::Text(text) => text,
                other @ (Json::Null
                | Json::Flag(_)
                | Json::Count(_)
                | Json::Negative(_)
                | Json::Float(_)
                | Json::List(_)
                | Json::Object(_)) => {
                    shape = Shape::OddMap;
                    Cow::Owned(ser::text(&other))
                }
            };
            members.push((key, self.value(value, depth)?));
        }
        Object::new(shape, members).ok_or(Damaged)
    }

    fn variant(&mut self, at: usize, depth: u32) -> Result<Json<'a>, Damaged> {
        let position = self.plain::<u32>()? as usize;
        let of = self.types.choice(at).ok_or(Damaged)?;
        let (name, content) = of.variants.get(position).ok_or(Damaged)?;
        let name = Cow::Borrowed(&**name);
        let Some(content) = content else { return Ok(Json::Text(name)) };
        let members = vec![(name, self.value(content, depth)?)];
        Ok(Json::Object(Object::of_distinct(Shape::Variant, members)))
    }
}
