//! Ids of runs, groups and environments.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{what} must be 1 to {max} characters out of letters, digits, `.`, `_`, `-`, but is {text:?}"
)]
pub struct IdError {
    /// What was to be named: `run_id` or `group_id`.
    pub what: &'static str,
    /// Longest length allowed, in characters.
    pub max: usize,
    /// The refused text.
    pub text: String,
}

fn is_id(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Names one training run of one process; 1 to 128 characters out of letters, digits, `.`, `_`, `-`.
///
/// Cheap to clone, because every envelope carries one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(Arc<str>);

/// Names one arm of an A/B comparison inside a run; 1 to 64 characters out of the same set as [`RunId`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupId(Arc<str>);

impl RunId {
    /// Longest run id, in characters.
    pub const MAX_LEN: usize = 128;

    /// Returns the id, or an error if the text is empty, too long or holds another character.
    pub fn new(text: &str) -> Result<Self, IdError> {
        if is_id(text, Self::MAX_LEN) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(IdError { what: "run_id", max: Self::MAX_LEN, text: text.to_owned() })
        }
    }

    /// Returns the id nearest to a text, for sources that have a name but no id: other characters become `-`, what is
    /// too long is cut, and nothing at all becomes `run`.
    pub fn nearest(text: &str) -> Self {
        Self::made_of(text, "")
    }

    /// Returns this id with a number appended, cut so that both fit.
    pub(crate) fn numbered(&self, number: u32) -> Self {
        Self::made_of(self.as_str(), &format!("-{number}"))
    }

    fn made_of(text: &str, suffix: &str) -> Self {
        let legal = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        let text = if text.is_empty() { "run" } else { text };
        let kept = text.chars().map(legal).take(Self::MAX_LEN - suffix.len());
        Self(kept.chain(suffix.chars()).collect::<String>().into())
    }

    /// Returns the text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl GroupId {
    /// Longest group id, in characters.
    pub const MAX_LEN: usize = 64;
    /// The group of a run without a comparison.
    pub const DEFAULT: &'static str = "default";

    /// Returns the id, or an error if the text is empty, too long or holds another character.
    pub fn new(text: &str) -> Result<Self, IdError> {
        if is_id(text, Self::MAX_LEN) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(IdError { what: "group_id", max: Self::MAX_LEN, text: text.to_owned() })
        }
    }

    /// Returns the text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for GroupId {
    fn default() -> Self {
        Self(Arc::from(Self::DEFAULT))
    }
}

impl TryFrom<String> for RunId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::new(&text)
    }
}

impl TryFrom<String> for GroupId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::new(&text)
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl From<GroupId> for String {
    fn from(id: GroupId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Index of an environment within a run, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EnvId(pub u32);

impl fmt::Display for EnvId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_takes_its_own_characters_only() {
        assert_eq!(RunId::new("cartpole-7f3a_.X").unwrap().as_str(), "cartpole-7f3a_.X");
        for bad in ["", "a b", "a/b", "ä", &"x".repeat(129)] {
            assert!(RunId::new(bad).is_err(), "{bad:?}");
        }
        assert!(RunId::new(&"x".repeat(128)).is_ok());
        assert!(GroupId::new(&"x".repeat(65)).is_err());
        assert_eq!(GroupId::default().as_str(), "default");
    }

    #[test]
    fn every_name_has_a_nearest_id() {
        let long = "ä".repeat(300);
        for (name, expected) in
            [("", "run"), ("a b/ü.X", "a-b--.X"), (long.as_str(), &"-".repeat(128))]
        {
            let id = RunId::nearest(name);
            assert_eq!(id.as_str(), expected);
            assert_eq!(RunId::new(expected).unwrap(), id);
        }
        assert_eq!(RunId::nearest("x").numbered(2).as_str(), "x-2");
        assert_eq!(RunId::nearest(&long).numbered(10).as_str(), format!("{}-10", "-".repeat(125)));
    }
}
