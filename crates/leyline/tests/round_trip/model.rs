//! A second reading of the schema listing and of the bytes in a frame, made from `docs/wire.md` and from nothing in
//! leyline, so that the tests do not agree with a mistake.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A listing that can be changed and written again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    pub(crate) head: String,
    /// Number, name and payload.
    pub(crate) kinds: Vec<(u16, String, String)>,
    pub(crate) structs: BTreeMap<String, Vec<(String, Type)>>,
    pub(crate) enums: BTreeMap<String, Vec<(String, Option<Type>)>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    /// `u64`, `text` and the like, or the name of a struct or an enum.
    Named(String),
    Option(Box<Self>),
    List(Box<Self>),
    Map(Box<(Self, Self)>),
}

/// What a frame holds, by name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Flag(bool),
    Count(u64),
    Signed(i64),
    /// The bits of a float.
    Float(u64),
    Text(String),
    Maybe(Option<Box<Self>>),
    List(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Struct(Vec<(String, Self)>),
    Variant(String, Option<Box<Self>>),
}

impl Model {
    pub(crate) fn parse(listing: &str) -> Self {
        let (mut head, mut kinds) = (String::new(), Vec::new());
        let (mut structs, mut enums) = (BTreeMap::new(), BTreeMap::new());
        for block in listing.split("\n\n") {
            let mut lines = block.lines();
            let first: Vec<&str> =
                lines.next().expect("a form of docs/wire.md").split(' ').collect();
            match first[0] {
                "head" => first[1].clone_into(&mut head),
                "kind" => kinds.extend(block.lines().map(|line| {
                    let words: Vec<&str> = line.split(' ').collect();
                    (
                        words[1].parse().expect("a form of docs/wire.md"),
                        words[2].to_owned(),
                        words[3].to_owned(),
                    )
                })),
                "struct" => {
                    let fields = lines.map(|line| {
                        let (name, of) =
                            line.trim().split_once(": ").expect("a form of docs/wire.md");
                        (name.to_owned(), Type::parse(of))
                    });
                    structs.insert(first[1].to_owned(), fields.collect());
                }
                "enum" => {
                    let variants = lines.map(|line| {
                        let (_, variant) =
                            line.trim().split_once(' ').expect("a form of docs/wire.md");
                        let content = |(name, of): (&str, &str)| {
                            (name.to_owned(), Some(Type::parse(of.trim_end_matches(')'))))
                        };
                        variant.split_once('(').map_or((variant.to_owned(), None), content)
                    });
                    enums.insert(first[1].to_owned(), variants.collect());
                }
                other => panic!("{other}"),
            }
        }
        Self { head, kinds, structs, enums }
    }

    pub(crate) fn listing(&self) -> String {
        let mut out = format!("head {}\n\n", self.head);
        for (number, name, body) in &self.kinds {
            writeln!(out, "kind {number} {name} {body}").expect("a form of docs/wire.md");
        }
        for (name, fields) in &self.structs {
            writeln!(out, "\nstruct {name}").expect("a form of docs/wire.md");
            for (field, of) in fields {
                writeln!(out, "  {field}: {}", of.text()).expect("a form of docs/wire.md");
            }
        }
        for (name, variants) in &self.enums {
            writeln!(out, "\nenum {name}").expect("a form of docs/wire.md");
            for (position, (variant, content)) in variants.iter().enumerate() {
                let content = content.as_ref().map(|of| format!("({})", of.text()));
                writeln!(out, "  {position} {variant}{}", content.unwrap_or_default())
                    .expect("a form of docs/wire.md");
            }
        }
        out
    }

    /// Takes a value off the front of `bytes`.
    pub(crate) fn decode(&self, of: &Type, bytes: &mut &[u8]) -> Value {
        match of {
            Type::Option(inner) => {
                let there = take(bytes, 1) == [1];
                Value::Maybe(there.then(|| Box::new(self.decode(inner, bytes))))
            }
            Type::List(item) => {
                let count = varint(bytes);
                Value::List((0..count).map(|_| self.decode(item, bytes)).collect())
            }
            Type::Map(pair) => {
                let count = varint(bytes);
                let entry = |_| (self.decode(&pair.0, bytes), self.decode(&pair.1, bytes));
                Value::Map((0..count).map(entry).collect())
            }
            Type::Named(name) => match name.as_str() {
                "bool" => Value::Flag(take(bytes, 1) == [1]),
                "u8" => Value::Count(take(bytes, 1)[0].into()),
                "u16" | "u32" | "u64" => Value::Count(varint(bytes)),
                "i64" => {
                    let zigzag = varint(bytes);
                    Value::Signed((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed()))
                }
                "f64" => Value::Float(u64::from_le_bytes(
                    take(bytes, 8).try_into().expect("a form of docs/wire.md"),
                )),
                "text" => {
                    let length = varint(bytes) as usize;
                    Value::Text(
                        String::from_utf8(take(bytes, length).to_vec())
                            .expect("a form of docs/wire.md"),
                    )
                }
                name if self.structs.contains_key(name) => {
                    let field =
                        |(name, of): &(String, Type)| (name.clone(), self.decode(of, bytes));
                    Value::Struct(self.structs[name].iter().map(field).collect())
                }
                name => {
                    let (variant, content) = &self.enums[name][varint(bytes) as usize];
                    let content = content.as_ref().map(|of| Box::new(self.decode(of, bytes)));
                    Value::Variant(variant.clone(), content)
                }
            },
        }
    }

    /// Appends a value; `missing` makes up a value for a field that it does not have.
    pub(crate) fn encode(
        &self,
        of: &Type,
        value: &Value,
        missing: &mut dyn FnMut(&Type) -> Value,
        out: &mut Vec<u8>,
    ) {
        match (of, value) {
            (Type::Option(_), Value::Maybe(None)) => out.push(0),
            (Type::Option(inner), Value::Maybe(Some(value))) => {
                out.push(1);
                self.encode(inner, value, missing, out);
            }
            (Type::List(item), Value::List(items)) => {
                push_varint(items.len() as u64, out);
                for value in items {
                    self.encode(item, value, missing, out);
                }
            }
            (Type::Map(pair), Value::Map(entries)) => {
                push_varint(entries.len() as u64, out);
                for (key, value) in entries {
                    self.encode(&pair.0, key, missing, out);
                    self.encode(&pair.1, value, missing, out);
                }
            }
            (Type::Named(name), Value::Struct(members)) => {
                for (name, of) in &self.structs[name] {
                    if let Some((_, value)) = members.iter().find(|(member, _)| member == name) {
                        self.encode(of, value, missing, out);
                    } else {
                        let made = missing(of);
                        self.encode(of, &made, missing, out);
                    }
                }
            }
            (Type::Named(name), Value::Variant(variant, content)) => {
                let position = self.enums[name].iter().position(|(name, _)| name == variant);
                let position = position.expect("a variant of the enum");
                push_varint(position as u64, out);
                if let (Some(of), Some(value)) = (&self.enums[name][position].1, content) {
                    self.encode(of, value, missing, out);
                }
            }
            (_, Value::Flag(flag)) => out.push((*flag).into()),
            (Type::Named(name), Value::Count(x)) if name == "u8" => out.push(*x as u8),
            (_, Value::Count(x)) => push_varint(*x, out),
            (_, Value::Signed(x)) => push_varint(((x << 1) ^ (x >> 63)).cast_unsigned(), out),
            (_, Value::Float(bits)) => out.extend(bits.to_le_bytes()),
            (_, Value::Text(text)) => {
                push_varint(text.len() as u64, out);
                out.extend(text.as_bytes());
            }
            (of, value) => panic!("{value:?} is no {of:?}"),
        }
    }
}

impl Type {
    pub(crate) fn named(name: &str) -> Self {
        Self::Named(name.to_owned())
    }

    pub(crate) fn parse(text: &str) -> Self {
        let inside = |outer: &str| text.strip_prefix(outer).and_then(|t| t.strip_suffix('>'));
        if let Some(inner) = inside("option<") {
            Self::Option(Box::new(Self::parse(inner)))
        } else if let Some(inner) = inside("list<") {
            Self::List(Box::new(Self::parse(inner)))
        } else if let Some(inner) = inside("map<") {
            // No key of ours has a comma in it.
            let (key, value) = inner.split_once(", ").expect("a form of docs/wire.md");
            Self::Map(Box::new((Self::parse(key), Self::parse(value))))
        } else {
            Self::named(text)
        }
    }

    /// Returns whether a struct or an enum of the listing stands in it.
    pub(crate) fn holds_struct(&self) -> bool {
        match self {
            Self::Named(name) => name.starts_with(char::is_uppercase),
            Self::Option(inner) | Self::List(inner) => inner.holds_struct(),
            Self::Map(pair) => pair.0.holds_struct() || pair.1.holds_struct(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::Option(inner) => format!("option<{}>", inner.text()),
            Self::List(item) => format!("list<{}>", item.text()),
            Self::Map(pair) => format!("map<{}, {}>", pair.0.text(), pair.1.text()),
        }
    }
}

const fn take<'b>(bytes: &mut &'b [u8], length: usize) -> &'b [u8] {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let length = match take(bytes, 1)[0] {
        251 => 2,
        252 => 4,
        253 => 8,
        small => return small.into(),
    };
    take(bytes, length).iter().rev().fold(0, |x, byte| x << 8 | u64::from(*byte))
}

fn push_varint(x: u64, out: &mut Vec<u8>) {
    let bytes = x.to_le_bytes();
    match x {
        0..=250 => out.push(bytes[0]),
        251..=0xffff => {
            out.push(251);
            out.extend(&bytes[..2]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(252);
            out.extend(&bytes[..4]);
        }
        _ => {
            out.push(253);
            out.extend(bytes);
        }
    }
}
