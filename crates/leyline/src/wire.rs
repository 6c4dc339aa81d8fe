//! The two written forms of an event.

/// Version of the JSON rows that this build writes.
pub const ROW_VERSION: u16 = 1;
