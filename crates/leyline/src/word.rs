//! Words of the contract as enums: closed ones reject what they do not know, open ones keep it.
//!
//! In JSON a word is its text. In binary a closed word is its position and an open one its text.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{EnumAccess, Error as _, VariantAccess as _, Visitor};
use serde::{Deserialize, Deserializer, Serializer};

/// A closed list of words.
pub trait ClosedWord: Copy + Sized + 'static {
    /// Name of the list in the schema listing.
    const NAME: &'static str;
    /// The texts of [`Self::ALL`], in the same order.
    const TEXTS: &'static [&'static str];
    /// Every word, in the order of the contract; positions never change.
    const ALL: &'static [Self];
    /// Returns the text of the word.
    fn as_str(self) -> &'static str;
    /// Returns the word with this text.
    fn from_word(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.as_str() == text)
    }
}

/// Marks the message of a serde error that means "a closed word that is not in the list".
pub(crate) const BAD_WORD: &str = "unknown closed word";

pub(crate) fn serialize_closed<W: ClosedWord + PartialEq, S: Serializer>(
    word: W,
    to: S,
) -> Result<S::Ok, S::Error> {
    if to.is_human_readable() {
        return to.serialize_str(word.as_str());
    }
    // Every value is in the list, which the macro below makes from the same variants.
    let position = W::ALL.iter().position(|&w| w == word).unwrap_or_default();
    to.serialize_unit_variant(W::NAME, position as u32, word.as_str())
}

pub(crate) fn deserialize_closed<'de, W: ClosedWord, D: Deserializer<'de>>(
    from: D,
) -> Result<W, D::Error> {
    if !from.is_human_readable() {
        return from.deserialize_enum(W::NAME, W::TEXTS, PositionVisitor(PhantomData));
    }
    let text = Cow::<'de, str>::deserialize(from)?;
    W::from_word(&text).ok_or_else(|| D::Error::custom(BAD_WORD))
}

struct PositionVisitor<W>(PhantomData<W>);

impl<'de, W: ClosedWord> Visitor<'de> for PositionVisitor<W> {
    type Value = W;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the position of a word of {}", W::NAME)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<W, A::Error> {
        let (position, rest) = from.variant::<u32>()?;
        rest.unit_variant()?;
        W::ALL.get(position as usize).copied().ok_or_else(|| A::Error::custom(BAD_WORD))
    }
}

/// Defines a closed list of words: `closed_word! { /// doc Name { /// doc Variant = "text", … } }`.
macro_rules! closed_word {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $crate::word::ClosedWord for $name {
            const NAME: &'static str = stringify!($name);
            const TEXTS: &'static [&'static str] = &[$($text,)+];
            const ALL: &'static [Self] = &[$(Self::$variant,)+];
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $crate::word::serialize_closed(*self, to)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::word::deserialize_closed(from)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::word::ClosedWord::as_str(*self))
            }
        }
    };
}

/// Defines an open list of words; a text that is not listed is kept in `Other`.
macro_rules! open_word {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A word that this version does not know, kept as it was written.
            Other(String),
        }

        impl $name {
            /// Returns the text of the word.
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $text,)+ Self::Other(text) => text }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text { $($text => Self::$variant,)+ other => Self::Other(other.to_owned()) }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Ok(Self::from(<std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?.as_ref()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use {closed_word, open_word};
