//! Moments of a run as the command line names them: `batch:26`, `time:1h2m5s`, `seq:812`, `ts:…`, `start`, `end`, and by
//! names that only this run gives: `mark:a`, `alert:1`.

use std::fmt;
use std::str::FromStr;

use leyline::Timestamp;

use crate::headless::nearest::nearest;

/// A moment of a run. Rows count up to and including the first that reaches it; for the two clocks, all rows not later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the first row.
    Start,
    /// After the last row.
    End,
    /// At the `BATCH_EPOCH_COMPLETED` of this batch, a global number from 1.
    Batch(u64),
    /// At this number of the event.
    Seq(u64),
    /// This many nanoseconds after `TRAINING_STARTED`, on the producer's monotonic clock; rows before a start, or of a run
    /// whose start is not there, all count.
    Time(u64),
    /// At this time on the producer's wall clock.
    Ts(Timestamp),
}

/// A moment as every command takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// It says by itself where it is.
    When(When),
    /// A mark that somebody set in a viewer of this run, by its letter from `a` to `z`.
    Mark(char),
    /// The beginning of the alert with this number, from 1, in the order of the run.
    Alert(u64),
}

/// Why a text names no moment; the text of the error says what would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhenError(String);

impl fmt::Display for WhenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WhenError {}

/// How a moment begins.
pub(crate) const FORMS: [&str; 8] =
    ["start", "end", "batch:", "seq:", "time:", "ts:", "alert:", "mark:"];
const EXAMPLES: &str =
    "start, end, batch:26, seq:812, time:1h2m5s, ts:2026-11-21T12:00:00Z, alert:1 or mark:a";

impl FromStr for At {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        if let Some(letter) = text.strip_prefix("mark:") {
            return a_letter(letter).map(Self::Mark);
        }
        let Some(number) = text.strip_prefix("alert:") else { return text.parse().map(Self::When) };
        whole(number).filter(|&number| 0 < number).map(Self::Alert).ok_or_else(|| {
            WhenError(format!("`{text}` needs the number of an alert, from 1, as in alert:1"))
        })
    }
}

/// Reads the letter of a mark.
///
/// # Errors
///
/// Anything but one letter from `a` to `z`.
pub(crate) fn a_letter(text: &str) -> Result<char, WhenError> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(letter @ 'a'..='z'), None) => Ok(letter),
        _ => Err(WhenError(format!("`{text}` is no letter from a to z"))),
    }
}

impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        let (form, rest) = match text.split_once(':') {
            None => (text, None),
            Some((form, rest)) => (form, Some(rest)),
        };
        match (form, rest) {
            ("start", None) => Ok(Self::Start),
            ("end", None) => Ok(Self::End),
            ("batch", Some(n)) => whole(n).filter(|&n| 0 < n).map(Self::Batch).ok_or_else(|| {
                WhenError(format!("`{text}` needs a number of a batch, from 1, as in batch:26"))
            }),
            ("seq", Some(n)) => whole(n).map(Self::Seq).ok_or_else(|| {
                WhenError(format!("`{text}` needs the number of an event, as in seq:812"))
            }),
            ("time", Some(span)) => nanoseconds(span).map(Self::Time).ok_or_else(|| {
                WhenError(format!(
                    "`{text}` needs a time with units, as in time:1h2m5s or time:90s"
                ))
            }),
            ("ts", Some(ts)) => Timestamp::parse(ts, 0..=9).map(Self::Ts).ok_or_else(|| {
                WhenError(format!(
                    "`{text}` needs an RFC 3339 time with its offset, as in ts:2026-11-21T12:00:00Z"
                ))
            }),
            _ => {
                let typed = if rest.is_some() { format!("{form}:") } else { form.to_owned() };
                let nearest = nearest(&typed, FORMS).unwrap_or("end");
                Err(WhenError(format!(
                    "unknown moment `{text}`; nearest: `{nearest}` (a moment is {EXAMPLES})"
                )))
            }
        }
    }
}

/// Reads a number of digits only; `u64::from_str` would also take a sign.
fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1000 * NS_PER_MS;
/// Units in falling order, each with its length in nanoseconds; `ms` stands before `m` and `s`, which begin and end it.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400 * NS_PER_S),
    ("h", 3600 * NS_PER_S),
    ("ms", NS_PER_MS),
    ("m", 60 * NS_PER_S),
    ("s", NS_PER_S),
];

/// Reads a span such as `1h2m5s`, `90s`, `0.4s` or `250ms`: units in falling order, each at most once; only seconds may
/// have a fraction, of at most nine digits.
fn nanoseconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    let mut smaller_than = u64::MAX;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let &(unit, length) = UNITS.iter().find(|(unit, _)| tail.starts_with(unit))?;
        if smaller_than <= length {
            return None;
        }
        smaller_than = length;
        let amount = match number.split_once('.') {
            None => whole(number)?.checked_mul(length)?,
            Some((seconds, fraction)) if unit == "s" && fraction.len() <= 9 => {
                let nanos = whole(&format!("{fraction:0<9}")).filter(|_| !fraction.is_empty())?;
                whole(seconds)?.checked_mul(length)?.checked_add(nanos)?
            }
            Some(_) => return None,
        };
        total = total.checked_add(amount)?;
        rest = tail.strip_prefix(unit)?;
    }
    (!text.is_empty()).then_some(total)
}

/// Reads the `+SECONDS` of `--now` as nanoseconds; the sign may be left out.
///
/// # Errors
///
/// A text that is no finite number of at least 0, or one of more than about 584 years.
pub fn seconds_later(text: &str) -> Result<u64, WhenError> {
    let number = text.strip_prefix('+').unwrap_or(text);
    let bad = || WhenError(format!("`{text}` is no number of seconds from 0, as in +2.5"));
    if number.starts_with(['+', '-']) {
        return Err(bad());
    }
    let seconds: f64 = number.parse().map_err(|_| bad())?;
    let span = std::time::Duration::try_from_secs_f64(seconds).map_err(|_| bad())?;
    span.as_nanos().try_into().map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: When) {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }

    #[test]
    fn every_form_is_read() {
        check("start", When::Start);
        check("end", When::End);
        check("batch:26", When::Batch(26));
        check("seq:0", When::Seq(0));
        check("time:1h2m5s", When::Time(3725 * NS_PER_S));
        check("time:1d", When::Time(86_400 * NS_PER_S));
        check("time:90s", When::Time(90 * NS_PER_S));
        check("time:0s", When::Time(0));
        check("time:2m", When::Time(120 * NS_PER_S));
        check("time:0.4s", When::Time(400_000_000));
        check("time:1s250ms", When::Time(1_250_000_000));
        check("ts:1970-01-01T00:00:01Z", When::Ts(Timestamp::from_micros(1_000_000)));
        check("ts:1970-01-01T01:00:01.5+01:00", When::Ts(Timestamp::from_micros(1_500_000)));
    }

    #[test]
    fn commands_also_take_names_that_a_run_gives() {
        let read = |text: &str| text.parse::<At>();
        assert_eq!(read("mark:a"), Ok(At::Mark('a')));
        assert_eq!(read("alert:12"), Ok(At::Alert(12)));
        assert_eq!(read("batch:26"), Ok(At::When(When::Batch(26))));
        let error = read("alrt:3").unwrap_err().to_string();
        assert!(error.starts_with("unknown moment `alrt:3`; nearest: `alert:`"), "{error}");
    }

    #[test]
    fn anything_else_is_refused_with_the_nearest_form() {
        for text in [
            "",
            "batch:",
            "batch:0",
            "batch:-1",
            "batch:+1",
            "batch:1.0",
            "seq:x",
            "seq:99999999999999999999",
            "time:",
            "time:90",
            "time:5s1h",
            "time:1s1s",
            "time:1.5m",
            "time:.5s",
            "time:1.s",
            "time:1x",
            "time:99999999999d",
            "ts:2026-11-21",
            "ts:2026-11-21T12:00:00",
            "start:1",
            "end:",
            "alert:1",
            "mark:a",
            "Start",
        ] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
        for text in
            ["alert:", "alert:0", "alert:-1", "alert:x", "mark:", "mark:A", "mark:ab", "mark:1"]
        {
            assert!(text.parse::<At>().is_err(), "{text}");
        }
        let error = "batc:3".parse::<When>().unwrap_err().to_string();
        assert!(error.starts_with("unknown moment `batc:3`; nearest: `batch:`"), "{error}");
        let error = "ned".parse::<When>().unwrap_err().to_string();
        assert!(error.contains("nearest: `end`"), "{error}");
    }

    #[test]
    fn seconds_later_are_finite_and_not_negative() {
        assert_eq!(seconds_later("+2.5"), Ok(2_500_000_000));
        assert_eq!(seconds_later("0"), Ok(0));
        assert_eq!(seconds_later("+1e3"), Ok(1000 * NS_PER_S));
        for text in ["", "+", "-1", "+-1", "++1", "nan", "inf", "1s", "1e30", "-0.5"] {
            assert!(seconds_later(text).is_err(), "{text}");
        }
    }
}
