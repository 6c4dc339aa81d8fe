//! The listing of everything that stands in a frame, and its fingerprint.
//!
//! `schema.txt` is written from the types by `cargo xtask golden --write`; a test compares. It changes when a field, a word or
//! a kind is added, moved, renamed or gets another type: whatever changes bytes.

use std::sync::Arc;

use thiserror::Error;

mod notes;
mod parse;
mod types;

pub use notes::listing;
pub(super) use types::{Struct, Type, Types};

/// The listing of this build.
pub const SCHEMA: &str = include_str!("../../schema.txt");

/// XXH64 of [`SCHEMA`] with seed 0; every stream of frames carries it.
pub const FINGERPRINT: u64 = xxhash_rust::const_xxh64::xxh64(SCHEMA.as_bytes(), 0);

/// Longest listing read, in bytes: forty times that of this build.
pub const MAX_LISTING_BYTES: usize = 262_144;

/// What the writer of a stream of frames meant by its positions: its listing, and its fingerprint.
#[derive(Debug, Clone)]
pub struct Schema {
    listing: Arc<str>,
    fingerprint: u64,
    /// `None` for the listing of this build, whose frames are read without it.
    types: Option<Arc<Types>>,
}

/// Why a text is not a listing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// Longer than [`MAX_LISTING_BYTES`].
    #[error("the schema listing of {bytes} bytes is longer than {MAX_LISTING_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It is not of the form of a listing.
    #[error("line {line} of the schema listing cannot be read: {what}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl Schema {
    /// Returns the schema of this build.
    pub fn own() -> Self {
        Self { listing: SCHEMA.into(), fingerprint: FINGERPRINT, types: None }
    }

    /// Reads the listing of a writer, of this build or another.
    ///
    /// Any text becomes a schema or an error, in time and memory that grow with its length alone.
    ///
    /// # Errors
    ///
    /// The text is too long, or is not a listing.
    pub fn parse(listing: &str) -> Result<Self, SchemaError> {
        if listing == SCHEMA {
            return Ok(Self::own());
        }
        let types = Some(Arc::new(parse::parse(listing)?));
        let fingerprint = xxhash_rust::xxh64::xxh64(listing.as_bytes(), 0);
        Ok(Self { listing: listing.into(), fingerprint, types })
    }

    /// Returns the XXH64 of the listing.
    pub const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Returns the listing, as it stands in the header of a segment.
    pub fn listing(&self) -> &str {
        &self.listing
    }

    /// Returns what the listing says, unless it is that of this build.
    pub(super) const fn types(&self) -> Option<&Arc<Types>> {
        self.types.as_ref()
    }
}
