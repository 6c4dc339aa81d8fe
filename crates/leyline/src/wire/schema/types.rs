//! What a listing says, ready to read frames by.

use std::collections::BTreeMap;

use crate::kind::EventKind;

/// The types of a writer. Structs and enums name each other by position, so that one may stand inside itself.
#[derive(Debug)]
pub(in crate::wire) struct Types {
    /// Position of the head among the structs.
    pub(super) head: usize,
    pub(super) kinds: BTreeMap<u16, Kind>,
    pub(super) structs: Vec<Struct>,
    pub(super) enums: Vec<Enum>,
}

/// A kind of event.
#[derive(Debug)]
pub(in crate::wire) struct Kind {
    pub(in crate::wire) name: Box<str>,
    /// The kind of this name that this build knows.
    pub(in crate::wire) known: Option<EventKind>,
    /// Position of its payload among the structs.
    pub(super) body: usize,
}

/// Fields in the order of the bytes; no name stands there twice.
#[derive(Debug)]
pub(in crate::wire) struct Struct {
    pub(in crate::wire) fields: Vec<(Box<str>, Type)>,
}

/// Variants by position, with what they hold.
#[derive(Debug)]
pub(in crate::wire) struct Enum {
    pub(in crate::wire) variants: Vec<(Box<str>, Option<Type>)>,
}

/// A type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::wire) enum Type {
    Bool,
    U8,
    U16,
    U32,
    U64,
    I64,
    F64,
    Text,
    Option(Box<Self>),
    List(Box<Self>),
    Map(Box<(Self, Self)>),
    Struct(usize),
    Enum(usize),
}

impl Types {
    /// Returns the struct in front of every payload.
    pub(in crate::wire) fn head(&self) -> Option<&Struct> {
        self.structure(self.head)
    }

    /// Returns the kind that the writer gave a number.
    pub(in crate::wire) fn kind(&self, number: u16) -> Option<&Kind> {
        self.kinds.get(&number)
    }

    /// Returns the payload of a kind.
    pub(in crate::wire) fn body(&self, kind: &Kind) -> Option<&Struct> {
        self.structure(kind.body)
    }

    pub(in crate::wire) fn structure(&self, at: usize) -> Option<&Struct> {
        self.structs.get(at)
    }

    pub(in crate::wire) fn choice(&self, at: usize) -> Option<&Enum> {
        self.enums.get(at)
    }
}
