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

#[cfg(test)]
mod tests {
    use crate::incoming::Incoming;
    use crate::{RunId, wire};

    /// Reads bytes as a frame of a kind with one field, `x`.
    #[track_caller]
    fn check(of: &str, more: &str, body: &[u8], expected: &str) {
        let listing = format!(
            "head H\n\nkind 1 ODD B\n\nstruct H\n  kind: u16\n  seq: u64\n  ts: i64\n  mono_ns: u64\n\nstruct B\n  x: {of}\n{more}"
        );
        let schema = wire::Schema::parse(&listing).unwrap();
        let frame = [&[1, 2, 4, 3], body].concat();
        let found = match wire::FrameDecoder::new(RunId::nearest("r"), schema).decode(&frame) {
            Incoming::Unknown(event) => event.data.clone(),
            Incoming::Rejected(rejection) => rejection.reason.to_string(),
            Incoming::Known(event) => panic!("{event:?}"),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn every_type_of_a_listing_is_walked() {
        check("u8", "", &[255], r#"{"x":255}"#);
        check("i64", "", &[3], r#"{"x":-2}"#);
        check("option<bool>", "", &[0], "{}");
        check("option<bool>", "", &[1, 1], r#"{"x":true}"#);
        check("map<bool, list<u16>>", "", &[1, 1, 2, 7, 8], r#"{"x":{"true":[7,8]}}"#);
        check("E", "\nenum E\n  0 a\n  1 b(text)\n", &[1, 1, b'c'], r#"{"x":{"b":"c"}}"#);
        check("E", "\nenum E\n  0 a\n  1 b(text)\n", &[0], r#"{"x":"a"}"#);
    }

    #[test]
    fn bytes_that_are_none_of_their_type_are_damage() {
        let damaged = "bad_frame:cannot read body";
        check("bool", "", &[2], damaged);
        check("option<bool>", "", &[2], damaged);
        check("u16", "", &[252, 0, 0, 1, 0], damaged);
        check("text", "", &[1, 0xff], damaged);
        check("E", "\nenum E\n  0 a\n", &[1], damaged);
        check("u8", "", &[1, 1], "bad_frame:1 bytes too many");
    }

    #[test]
    fn neither_depth_nor_length_asks_for_all_memory() {
        let damaged = "bad_frame:cannot read body";
        let eight_bytes = [253, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        check("list<Nothing>", "\nstruct Nothing\n", &eight_bytes, damaged);
        check("list<Nothing>", "\nstruct Nothing\n", &[2], r#"{"x":[{},{}]}"#);
        check("text", "", &eight_bytes, damaged);
        check("B", "", &[1], damaged);
        check("Chain", "\nstruct Chain\n  next: option<Chain>\n", &vec![1; 100_000], damaged);
        check("Two", "\nstruct Two\n  a: Two\n  b: Two\n", &[], damaged);
    }
}
