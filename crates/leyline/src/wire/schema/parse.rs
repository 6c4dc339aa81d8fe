//! Reads a listing, strictly: what is not understood to the letter is an error, because a guess would misread frames.
//!
//! ```text
//! head NAME
//!
//! kind NUMBER EVENT_TYPE NAME
//!
//! struct NAME
//!   FIELD: TYPE
//!
//! enum NAME
//!   POSITION VARIANT
//!   POSITION VARIANT(TYPE)
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::types::{Enum, Kind, Struct, Type, Types};
use super::{MAX_LISTING_BYTES, SchemaError};
use crate::kind::EventKind;
use crate::validate;
use crate::word::ClosedWord as _;

/// Deepest nesting of `option`, `list` and `map` in one type; ours have two levels.
const MAX_NESTING: usize = 8;

/// What a line says, apart from where it stands.
type Said<T> = Result<T, &'static str>;

pub(super) fn parse(listing: &str) -> Result<Types, SchemaError> {
    let bytes = listing.len();
    if MAX_LISTING_BYTES < bytes {
        return Err(SchemaError::TooLong { bytes });
    }
    let blocks = Blocks::split(listing)?;
    let names = Names::of(&blocks)?;
    let mut types = Types {
        head: at(&blocks.head, |name| names.structure(name))?,
        kinds: BTreeMap::new(),
        structs: Vec::new(),
        enums: Vec::new(),
    };
    let mut kind_names = BTreeSet::new();
    for line in &blocks.kinds {
        let (number, kind) = at(line, |text| names.kind(text))?;
        let is_new = kind_names.insert(kind.name.clone());
        if !is_new || types.kinds.insert(number, kind).is_some() {
            return Err(line.wrong("a kind or its number stands here again"));
        }
    }
    for block in &blocks.structs {
        types.structs.push(names.fields(block)?);
    }
    for block in &blocks.enums {
        types.enums.push(names.variants(block)?);
    }
    let starts_right = types.head().is_some_and(|head| {
        let expected = FRONT.iter().map(|(name, kind)| (*name, kind));
        expected.eq(head.fields.iter().take(FRONT.len()).map(|(name, kind)| (&**name, kind)))
    });
    if !starts_right {
        return Err(blocks.head.wrong("the head does not begin with kind, seq, ts and mono_ns"));
    }
    Ok(types)
}

/// How the head begins in every listing of this format, so that a frame's place can be read without its listing
/// ([`crate::wire::FramePlace`]).
const FRONT: [(&str, Type); 4] =
    [("kind", Type::U16), ("seq", Type::U64), ("ts", Type::I64), ("mono_ns", Type::U64)];

/// A line, or what is left of it after its first word.
struct Line<'l> {
    number: usize,
    text: &'l str,
}

impl Line<'_> {
    const fn wrong(&self, what: &'static str) -> SchemaError {
        SchemaError::Line { line: self.number, what }
    }
}

fn at<'l, T>(line: &Line<'l>, read: impl FnOnce(&'l str) -> Said<T>) -> Result<T, SchemaError> {
    read(line.text).map_err(|what| line.wrong(what))
}

/// A struct or an enum: its name, and the lines below it.
struct Block<'l> {
    name: Line<'l>,
    lines: Vec<Line<'l>>,
}

/// The listing, taken apart by the first word of each line.
struct Blocks<'l> {
    head: Line<'l>,
    kinds: Vec<Line<'l>>,
    structs: Vec<Block<'l>>,
    enums: Vec<Block<'l>>,
}

impl<'l> Blocks<'l> {
    fn split(listing: &'l str) -> Result<Self, SchemaError> {
        let mut lines = (1..).zip(listing.split('\n'));
        let head = lines
            .next()
            .and_then(|(number, line)| Some(Line { number, text: line.strip_prefix("head ")? }));
        let Some(head) = head else {
            return Err(SchemaError::Line { line: 1, what: "it does not begin with the head" });
        };
        let mut blocks = Self { head, kinds: Vec::new(), structs: Vec::new(), enums: Vec::new() };
        let mut open: Option<&mut Vec<Line<'l>>> = None;
        for (number, text) in lines {
            let line = |text| Line { number, text };
            let wrong = |what| SchemaError::Line { line: number, what };
            if text.is_empty() {
                open = None;
            } else if let Some(text) = text.strip_prefix("  ") {
                open.as_mut().ok_or_else(|| wrong("it belongs to nothing"))?.push(line(text));
            } else if let Some(text) = text.strip_prefix("kind ") {
                open = None;
                blocks.kinds.push(line(text));
            } else if let Some(name) = text.strip_prefix("struct ") {
                blocks.structs.push(Block { name: line(name), lines: Vec::new() });
                open = blocks.structs.last_mut().map(|block| &mut block.lines);
            } else if let Some(name) = text.strip_prefix("enum ") {
                blocks.enums.push(Block { name: line(name), lines: Vec::new() });
                open = blocks.enums.last_mut().map(|block| &mut block.lines);
            } else {
                return Err(wrong("it is neither a kind nor a struct nor an enum"));
            }
        }
        Ok(blocks)
    }
}

/// Where the structs and enums of a listing stand in it.
struct Names<'l>(BTreeMap<&'l str, Type>);

impl<'l> Names<'l> {
    fn of(blocks: &Blocks<'l>) -> Result<Self, SchemaError> {
        let mut names = BTreeMap::new();
        let structs = blocks.structs.iter().enumerate().map(|(at, s)| (&s.name, Type::Struct(at)));
        let enums = blocks.enums.iter().enumerate().map(|(at, e)| (&e.name, Type::Enum(at)));
        for (line, named) in structs.chain(enums) {
            at(line, identifier)?;
            if plain(line.text).is_some() || names.insert(line.text, named).is_some() {
                return Err(line.wrong("the name is taken"));
            }
        }
        Ok(Self(names))
    }

    fn structure(&self, name: &str) -> Said<usize> {
        match self.0.get(name) {
            Some(&Type::Struct(at)) => Ok(at),
            Some(_) | None => Err("it names no struct of the listing"),
        }
    }

    fn kind(&self, text: &str) -> Said<(u16, Kind)> {
        let mut words = text.split(' ');
        let (Some(number), Some(name), Some(body), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err("a kind has a number, a name and a payload");
        };
        // A frame whose first byte is 0 is a mark of the log.
        let number = digits(number).filter(|number| *number != 0).ok_or("a kind has a number")?;
        if !validate::is_event_type(name) {
            return Err("this cannot be the name of a kind");
        }
        let body = self.structure(body)?;
        Ok((number, Kind { name: name.into(), known: EventKind::from_word(name), body }))
    }

    fn fields(&self, block: &Block<'_>) -> Result<Struct, SchemaError> {
        let mut names = BTreeSet::new();
        let mut fields = Vec::with_capacity(block.lines.len());
        for line in &block.lines {
            let (name, found) = at(line, |text| {
                let (name, found) = text.split_once(": ").ok_or("a field has a type")?;
                identifier(name)?;
                Ok((name, self.found(found, 0)?))
            })?;
            if !names.insert(name) {
                return Err(line.wrong("the struct has two fields of this name"));
            }
            fields.push((name.into(), found));
        }
        Ok(Struct { fields })
    }

    fn variants(&self, block: &Block<'_>) -> Result<Enum, SchemaError> {
        let mut names = BTreeSet::new();
        let mut variants = Vec::with_capacity(block.lines.len());
        for line in &block.lines {
            let (position, rest) =
                at(line, |text| text.split_once(' ').ok_or("a variant has a position"))?;
            if digits(position) != u16::try_from(variants.len()).ok() {
                return Err(line.wrong("the position is not the next one"));
            }
            let (name, content) = match rest.strip_suffix(')').and_then(|r| r.split_once('(')) {
                Some((name, content)) => (name, Some(at(line, |_| self.found(content, 0))?)),
                None => (rest, None),
            };
            at(line, |_| word(name))?;
            if !names.insert(name) {
                return Err(line.wrong("the enum has two variants of this name"));
            }
            variants.push((name.into(), content));
        }
        Ok(Enum { variants })
    }

    /// Reads a type.
    fn found(&self, text: &str, depth: usize) -> Said<Type> {
        if MAX_NESTING < depth {
            return Err("the type is nested too deeply");
        }
        let inside = |outer: &str| text.strip_prefix(outer)?.strip_prefix('<')?.strip_suffix('>');
        if let Some(inner) = inside("option") {
            return Ok(Type::Option(Box::new(self.found(inner, depth + 1)?)));
        }
        if let Some(inner) = inside("list") {
            return Ok(Type::List(Box::new(self.found(inner, depth + 1)?)));
        }
        if let Some(inner) = inside("map") {
            let (key, value) = split_pair(inner).ok_or("a map has a key and a value")?;
            let pair = (self.found(key, depth + 1)?, self.found(value, depth + 1)?);
            return Ok(Type::Map(Box::new(pair)));
        }
        plain(text).or_else(|| self.0.get(text).cloned()).ok_or("there is no such type")
    }
}

fn plain(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "u8" => Type::U8,
        "u16" => Type::U16,
        "u32" => Type::U32,
        "u64" => Type::U64,
        "i64" => Type::I64,
        "f64" => Type::F64,
        "text" => Type::Text,
        _ => return None,
    })
}

/// Splits key and value at the comma that stands in no inner type.
fn split_pair(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let comma = text.bytes().position(|byte| {
        match byte {
            b'<' => depth += 1,
            b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        byte == b',' && depth == 0
    })?;
    let (key, value) = text.split_at_checked(comma)?;
    Some((key, value.strip_prefix(", ")?))
}

/// Reads a number in the one way in which it is written.
fn digits(text: &str) -> Option<u16> {
    let number: u16 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn identifier(name: &str) -> Said<()> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits = !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(legal);
    if fits && !name.is_empty() { Ok(()) } else { Err("this cannot be a name") }
}

fn word(name: &str) -> Said<()> {
    let legal = |byte: u8| byte.is_ascii_graphic() && byte != b'(' && byte != b')';
    if !name.is_empty() && name.bytes().all(legal) { Ok(()) } else { Err("this cannot be a word") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{SCHEMA, Schema};

    const HEAD: &str = "head H\n\nstruct H\n  kind: u16\n  seq: u64\n  ts: i64\n  mono_ns: u64\n";

    #[track_caller]
    fn refused(rest: &str, line: usize, what: &'static str) {
        let error = Schema::parse(&format!("{HEAD}{rest}")).unwrap_err();
        assert_eq!(error, SchemaError::Line { line, what }, "{rest}");
    }

    #[test]
    fn our_own_listing_reads_by_the_same_rules_with_room_left() {
        let types = parse(SCHEMA).unwrap();
        assert_eq!(types.kinds.len(), EventKind::ALL.len());
        assert!(
            types
                .kinds
                .iter()
                .all(|(number, kind)| kind.known.map(EventKind::number) == Some(*number))
        );
        assert!(8 * SCHEMA.len() < MAX_LISTING_BYTES);
        assert_eq!(Schema::parse(HEAD).unwrap().listing(), HEAD);
    }

    #[test]
    fn what_is_no_listing_is_refused_with_its_line() {
        refused("what\n", 8, "it is neither a kind nor a struct nor an enum");
        refused("\n  x: u64\n", 9, "it belongs to nothing");
        refused("  x: u128\n", 8, "there is no such type");
        refused("  x: option<u64\n", 8, "there is no such type");
        refused("  x: map<u64>\n", 8, "a map has a key and a value");
        refused("  x: map<text,u64>\n", 8, "a map has a key and a value");
        refused("  kind: u16\n", 8, "the struct has two fields of this name");
        refused("  x y: u16\n", 8, "this cannot be a name");
        refused("  x u16\n", 8, "a field has a type");
        refused("kind 1 A H\nkind 1 B H\n", 9, "a kind or its number stands here again");
        refused("kind 1 A H\nkind 2 A H\n", 9, "a kind or its number stands here again");
        refused("kind 0 A H\n", 8, "a kind has a number");
        refused("kind 01 A H\n", 8, "a kind has a number");
        refused("kind 65536 A H\n", 8, "a kind has a number");
        refused("kind 1 a H\n", 8, "this cannot be the name of a kind");
        refused("kind 1 A\n", 8, "a kind has a number, a name and a payload");
        refused("kind 1 A u64\n", 8, "it names no struct of the listing");
        refused("\nenum E\n  1 a\n", 10, "the position is not the next one");
        refused("\nenum E\n  0 a\n  1 a\n", 11, "the enum has two variants of this name");
        refused("\nenum E\n  0 a(b)(u64)\n", 10, "there is no such type");
        refused("\nenum E\n  0 a)\n", 10, "this cannot be a word");
        refused("\nenum H\n", 9, "the name is taken");
        refused("\nstruct text\n", 9, "the name is taken");
        refused(
            &format!("  x: {}u64{}\n", "list<".repeat(9), ">".repeat(9)),
            8,
            "the type is nested too deeply",
        );
        refused("\r\n", 8, "it is neither a kind nor a struct nor an enum");
        let kind = "the head does not begin with kind, seq, ts and mono_ns";
        for head in [
            "  kind: u16\n  seq: u64\n  mono_ns: u64\n  ts: i64\n",
            "  kind: u16\n  seq: u64\n  ts: i64\n",
            "  kind: u64\n  seq: u64\n  ts: i64\n  mono_ns: u64\n",
            "",
        ] {
            let listing = format!("head H\n\nstruct H\n{head}");
            assert_eq!(
                Schema::parse(&listing).unwrap_err(),
                SchemaError::Line { line: 1, what: kind }
            );
        }
        assert!(Schema::parse("").is_err() && Schema::parse("head Nobody\n").is_err());
        let bytes = MAX_LISTING_BYTES + 1;
        assert_eq!(Schema::parse(&" ".repeat(bytes)).unwrap_err(), SchemaError::TooLong { bytes });
    }
}
