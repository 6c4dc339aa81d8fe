//! The two written forms of an event: JSON rows for exchange, binary frames for log and socket.
//!
//! `docs/wire.md` describes both byte by byte.

use serde::Serialize;

mod de;
mod float;
mod frame;
mod json;
mod place;
mod row;
mod row_v0;
mod schema;
mod ser;

pub(crate) use float::from_word as float_from_word;
pub use frame::{EncodeError, FRAME_FORMAT, FrameDecoder, MAX_FRAME_BYTES, encode_frame};
pub use place::FramePlace;
pub use row::{RowDecoder, encode_row};
pub use schema::{FINGERPRINT, MAX_LISTING_BYTES, SCHEMA, Schema, SchemaError, listing};

/// Version of the JSON rows that this build writes.
pub const ROW_VERSION: u16 = 1;

/// Returns any value as one JSON object, list or scalar, for people and scripts.
///
/// As in rows a float that is not finite is its word, but every key is present: an absent value is `null`. It cannot fail:
/// everything that serde knows has a text here, and a value that refuses to be serialised becomes `null`.
///
/// ```
/// let reading = std::collections::BTreeMap::from([("loss", Some(f64::NAN)), ("value", None)]);
/// assert_eq!(leyline::wire::to_json(&reading), r#"{"loss":"NaN","value":null}"#);
/// ```
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = String::new();
    ser::write(value, ser::Absent::Null, &mut out);
    out
}
