//! Three clocks, three types, so that no two of them can be subtracted from each other.

use std::borrow::Cow;
use std::fmt;

use jiff::fmt::temporal::DateTimeParser;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Nanoseconds on the producer's monotonic clock; 0 is the moment the run was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunNs(pub u64);

/// Nanoseconds on the viewer's monotonic clock, or on the replay clock; the zero point is the viewer's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ViewNs(pub u64);

const NS_PER_SECOND: f64 = 1e9;

impl RunNs {
    /// Returns the seconds from `earlier` to this moment; negative if `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (i128::from(self.0) - i128::from(earlier.0)) as f64 / NS_PER_SECOND
    }
}

impl ViewNs {
    /// Returns the seconds from `earlier` to this moment; negative if `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (i128::from(self.0) - i128::from(earlier.0)) as f64 / NS_PER_SECOND
    }
}

/// UTC wall clock of the producer, in microseconds since 1970-01-01T00:00:00Z.
///
/// Microseconds, because rows are written with six fraction digits and a row and a frame of one event must be equal.
/// In JSON it is its RFC 3339 text, in binary the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0000-01-01T00:00:00Z: RFC 3339 has no years before it.
    const MIN_MICROS: i64 = -62_167_219_200_000_000;

    /// Returns the timestamp for microseconds since the epoch, kept within the years 0 to 9999 that RFC 3339 can write.
    pub fn from_micros(micros: i64) -> Self {
        let low = Self::MIN_MICROS;
        // The last whole second: jiff does not take back the fraction of its own maximum.
        let high = jiff::Timestamp::MAX.as_second() * 1_000_000;
        Self(micros.clamp(low, high))
    }

    /// Returns microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with an offset and `digits` fraction digits; finer than a microsecond is cut off.
    ///
    /// `None` for anything else, second 60 included: jiff would read a leap second, but no duration could be right then.
    pub fn parse(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<Self> {
        let shape = Shape::of(text)?;
        if !shape.offset || !digits.contains(&shape.fraction) {
            return None;
        }
        Self::parse_strict(text)
    }

    /// Reads a time of a version 0 row: 0 to 9 fraction digits, and UTC where no offset is given.
    pub fn parse_v0(text: &str) -> Option<Self> {
        let shape = Shape::of(text)?;
        if 9 < shape.fraction {
            return None;
        }
        if shape.offset {
            Self::parse_strict(text)
        } else {
            Self::parse_strict(&format!("{text}Z"))
        }
    }

    fn parse_strict(text: &str) -> Option<Self> {
        let parsed = DateTimeParser::new().parse_timestamp(text).ok()?;
        let micros: i64 = parsed.as_nanosecond().div_euclid(1000).try_into().ok()?;
        (Self::from_micros(micros).0 == micros).then_some(Self(micros))
    }

    /// Returns hours, minutes and seconds of the day in UTC.
    pub const fn utc_hms(self) -> (u32, u32, u32) {
        let second = self.0.div_euclid(1_000_000).rem_euclid(86_400) as u32;
        (second / 3600, second / 60 % 60, second % 60)
    }
}

/// Writes RFC 3339 in UTC with `Z` and six fraction digits.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(ts) => write!(f, "{ts:.6}"),
            Err(_) => f.write_str("0000-00-00T00:00:00.000000Z"),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { to.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return i64::deserialize(from).map(Self::from_micros);
        }
        let text = Cow::<'de, str>::deserialize(from)?;
        Self::parse(&text, 0..=9).ok_or_else(|| D::Error::custom("not an RFC 3339 time"))
    }
}

/// The outer form of an RFC 3339 text: jiff reads more forms than RFC 3339 has.
struct Shape {
    fraction: usize,
    offset: bool,
}

impl Shape {
    fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (date_time, mut rest) = bytes.split_at_checked(19)?;
        let fits = date_time.iter().zip(b"dddd-dd-ddTdd:dd:dd").all(|(&b, &p)| match p {
            b'd' => b.is_ascii_digit(),
            b'T' => matches!(b, b'T' | b't'),
            p => b == p,
        });
        if !fits || date_time.ends_with(b"60") {
            return None;
        }
        let mut fraction = 0;
        if let [b'.', digits @ ..] = rest {
            fraction = digits.iter().take_while(|b| b.is_ascii_digit()).count();
            if fraction == 0 {
                return None;
            }
            rest = &digits[fraction..];
        }
        let offset = match rest {
            [] => false,
            // Up to 23:59, as RFC 3339 has it; jiff reads a little more.
            b"Z"
            | b"z"
            | [b'+' | b'-', b'0' | b'1', b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9']
            | [b'+' | b'-', b'2', b'0'..=b'3', b':', b'0'..=b'5', b'0'..=b'9'] => true,
            _ => return None,
        };
        Some(Self { fraction, offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(
            Timestamp::parse(text, 3..=9).map(|t| t.to_string()).as_deref(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn times_are_read_and_written() {
        check("2026-11-21T12:00:00.000000Z", Some("2026-11-21T12:00:00.000000Z"));
        check("2026-11-21T14:00:00.123456789+02:00", Some("2026-11-21T12:00:00.123456Z"));
        check("1969-12-31T23:59:59.9999999Z", Some("1969-12-31T23:59:59.999999Z"));
        check("2026-11-21T12:00:00Z", None);
        check("2026-11-21T12:00:00.12Z", None);
        check("2026-11-21T12:00:00.000", None);
        check("2026-12-31T23:59:60.000Z", None);
        check("2026-13-01T00:00:00.000Z", None);
        check("2026-11-21 12:00:00.000Z", None);
        check("2026-11-21T12:00:00.000+23:59", Some("2026-11-20T12:01:00.000000Z"));
        check("2026-11-21T12:00:00.000+24:00", None);
        check("2026-11-21T12:00:00.000+00:60", None);
        check("2026-11-21T12:00:00.000+1:00", None);
        check("yesterday", None);
        check("0000-01-01T00:00:00.000Z", Some("0000-01-01T00:00:00.000000Z"));
        check("0000-01-01T00:00:00.000+01:00", None);
        assert_eq!(Timestamp::from_micros(i64::MIN).to_string(), "0000-01-01T00:00:00.000000Z");
        let last = Timestamp::from_micros(i64::MAX).to_string();
        check(&last, Some(&last));
    }

    #[test]
    fn version_0_times_may_lack_fraction_and_offset() {
        let read = |text| Timestamp::parse_v0(text).map(|t| t.to_string());
        assert_eq!(read("2026-01-03T10:00:10").as_deref(), Some("2026-01-03T10:00:10.000000Z"));
        assert_eq!(
            read("2026-01-03T10:00:10+01:00").as_deref(),
            Some("2026-01-03T09:00:10.000000Z")
        );
        assert_eq!(read("2026-01-03"), None);
    }

    #[test]
    fn in_json_a_time_is_its_text() {
        let ts = Timestamp::parse_v0("2026-01-03T13:02:41.5").unwrap();
        let json = crate::wire::to_json(&ts);
        assert_eq!(json, "\"2026-01-03T13:02:41.500000Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), ts);
        assert!(serde_json::from_str::<Timestamp>("\"yesterday\"").is_err());
    }

    #[test]
    fn the_time_of_day_is_utc() {
        assert_eq!(Timestamp::parse_v0("2026-01-03T13:02:41").unwrap().utc_hms(), (13, 2, 41));
        assert_eq!(Timestamp::from_micros(-1).utc_hms(), (23, 59, 59));
    }

    #[test]
    fn seconds_between_moments_are_signed() {
        assert!((RunNs(5_000_000_000).seconds_since(RunNs(2_000_000_000)) - 3.0).abs() < 1e-12);
        assert!((ViewNs(0).seconds_since(ViewNs(500_000_000)) + 0.5).abs() < 1e-12);
    }
}
