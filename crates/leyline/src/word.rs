//! Words of the contract as enums: closed ones reject what they do not know, open ones keep it.
//!
//! In JSON a word is its text. In binary a closed word is its position and an open one its text.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// A closed list of words.
pub trait ClosedWord: Copy + Sized + 'static {
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
    let position = W::ALL.iter().position(|&w| w == word).unwrap_or(usize::from(u8::MAX));
    to.serialize_u8(position as u8)
}

pub(crate) fn deserialize_closed<'de, W: ClosedWord, D: Deserializer<'de>>(
    from: D,
) -> Result<W, D::Error> {
    if from.is_human_readable() {
        let text = Cow::<'de, str>::deserialize(from)?;
        return W::from_word(&text).ok_or_else(|| D::Error::custom(BAD_WORD));
    }
    let position = u8::deserialize(from)?;
    W::ALL.get(usize::from(position)).copied().ok_or_else(|| D::Error::custom(BAD_WORD))
}

/// Defines a closed list of words: `closed_word! { /// doc Name { /// doc Variant = "text", … } }`.
macro_rules! closed_word {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $crate::word::ClosedWord for $name {
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
