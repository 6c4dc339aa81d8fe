//! Any serde value as a tree, in the form for readers: words as text, floats as floats whatever their value.

use std::fmt;

use serde::ser::{self, Serialize};

use crate::rig::Tree;

/// Why a value is no tree, or a tree no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Turns a value into a tree.
pub fn to_tree<T: Serialize + ?Sized>(value: &T) -> Result<Tree, Refused> {
    value.serialize(Writer)
}

/// Makes a tree of whatever it is given.
struct Writer;

/// Collects the entries of a list; `variant` wraps it at the end.
struct List {
    variant: Option<&'static str>,
    items: Vec<Tree>,
}

/// Collects the entries of a map or struct; `variant` wraps it at the end.
struct Entries {
    variant: Option<&'static str>,
    items: Vec<(Tree, Tree)>,
}

fn wrap(variant: Option<&'static str>, tree: Tree) -> Tree {
    match variant {
        Some(name) => Tree::Map(vec![(Tree::Text(name.to_owned()), tree)]),
        None => tree,
    }
}

impl ser::Serializer for Writer {
    type Ok = Tree;
    type Error = Refused;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    fn is_human_readable(&self) -> bool {
        true
    }

    fn serialize_bool(self, x: bool) -> Result<Tree, Refused> {
        Ok(Tree::Bool(x))
    }

    fn serialize_i8(self, x: i8) -> Result<Tree, Refused> {
        Ok(Tree::from(x))
    }

    fn serialize_i16(self, x: i16) -> Result<Tree, Refused> {
        Ok(Tree::from(x))
    }

    fn serialize_i32(self, x: i32) -> Result<Tree, Refused> {
        Ok(Tree::from(x))
    }

    fn serialize_i64(self, x: i64) -> Result<Tree, Refused> {
        Ok(Tree::from(x))
    }

    fn serialize_u8(self, x: u8) -> Result<Tree, Refused> {
        Ok(Tree::from(x))
    }

    fn serialize_u16(self, x: u16) -> Result<Tree, Refused> {
        Ok(Tree::from(x))
    }

    fn serialize_u32(self, x: u32) -> Result<Tree, Refused> {
        Ok(Tree::from(x))
    }

    fn serialize_u64(self, x: u64) -> Result<Tree, Refused> {
        Ok(Tree::from(x))
    }

    fn serialize_f32(self, x: f32) -> Result<Tree, Refused> {
        Ok(Tree::Float(f64::from(x)))
    }

    fn serialize_f64(self, x: f64) -> Result<Tree, Refused> {
        Ok(Tree::Float(x))
    }

    fn serialize_char(self, x: char) -> Result<Tree, Refused> {
        Ok(Tree::Text(x.to_string()))
    }

    fn serialize_str(self, x: &str) -> Result<Tree, Refused> {
        Ok(Tree::Text(x.to_owned()))
    }

    fn serialize_bytes(self, x: &[u8]) -> Result<Tree, Refused> {
        Ok(Tree::Bytes(x.to_vec()))
    }

    fn serialize_none(self) -> Result<Tree, Refused> {
        Ok(Tree::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, x: &T) -> Result<Tree, Refused> {
        x.serialize(self)
    }

    fn serialize_unit(self) -> Result<Tree, Refused> {
        Ok(Tree::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Tree, Refused> {
        Ok(Tree::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<Tree, Refused> {
        Ok(Tree::Text(name.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        x: &T,
    ) -> Result<Tree, Refused> {
        x.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        x: &T,
    ) -> Result<Tree, Refused> {
        Ok(wrap(Some(name), x.serialize(self)?))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, Refused> {
        Ok(List { variant: None, items: Vec::with_capacity(length.unwrap_or(0)) })
    }

    fn serialize_tuple(self, length: usize) -> Result<List, Refused> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List, Refused> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<List, Refused> {
        Ok(List { variant: Some(name), items: Vec::new() })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Entries, Refused> {
        Ok(Entries { variant: None, items: Vec::with_capacity(length.unwrap_or(0)) })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Entries, Refused> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Entries, Refused> {
        Ok(Entries { variant: Some(name), items: Vec::new() })
    }
}

impl List {
    fn push<T: Serialize + ?Sized>(&mut self, x: &T) -> Result<(), Refused> {
        self.items.push(to_tree(x)?);
        Ok(())
    }

    fn close(self) -> Tree {
        wrap(self.variant, Tree::Array(self.items))
    }
}

impl Entries {
    fn push<T: Serialize + ?Sized>(&mut self, key: &str, x: &T) -> Result<(), Refused> {
        self.items.push((Tree::Text(key.to_owned()), to_tree(x)?));
        Ok(())
    }

    fn close(self) -> Tree {
        wrap(self.variant, Tree::Map(self.items))
    }
}

macro_rules! list {
    ($trait:ident $push:ident) => {
        impl ser::$trait for List {
            type Ok = Tree;
            type Error = Refused;

            fn $push<T: Serialize + ?Sized>(&mut self, x: &T) -> Result<(), Refused> {
                self.push(x)
            }

            fn end(self) -> Result<Tree, Refused> {
                Ok(self.close())
            }
        }
    };
}

list!(SerializeSeq serialize_element);
list!(SerializeTuple serialize_element);
list!(SerializeTupleStruct serialize_field);
list!(SerializeTupleVariant serialize_field);

macro_rules! fields {
    ($trait:ident) => {
        impl ser::$trait for Entries {
            type Ok = Tree;
            type Error = Refused;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                x: &T,
            ) -> Result<(), Refused> {
                self.push(key, x)
            }

            fn end(self) -> Result<Tree, Refused> {
                Ok(self.close())
            }
        }
    };
}

fields!(SerializeStruct);
fields!(SerializeStructVariant);

impl ser::SerializeMap for Entries {
    type Ok = Tree;
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        self.items.push((to_tree(key)?, Tree::Null));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, x: &T) -> Result<(), Refused> {
        match self.items.last_mut() {
            Some((_, value)) => *value = to_tree(x)?,
            None => return Err(Refused("a value without a key".to_owned())),
        }
        Ok(())
    }

    fn end(self) -> Result<Tree, Refused> {
        Ok(self.close())
    }
}
