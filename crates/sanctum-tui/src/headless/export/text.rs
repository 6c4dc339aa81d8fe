//! Points as lines of text: CSV, and JSON objects.

use std::io::{self, Write};

use leyline::wire;
use leyline::word::ClosedWord as _;
use serde::Serialize;

use crate::headless::export::Table;
use crate::headless::export::point::{COLUMNS, Point};

/// Version of the JSON form; raised only by a breaking change.
const SCHEMA: u32 = 1;
/// Lines are handed on when this much is there (bytes).
const BUFFER: usize = 1 << 16;

/// Writes RFC 4180 with a header line; an absent value is an empty field.
pub(super) struct Csv<W: Write> {
    to: csv::Writer<W>,
    head: Head,
    number: String,
}

impl<W: Write> Csv<W> {
    /// Writes the header line.
    ///
    /// # Errors
    ///
    /// Those of `to`.
    pub(super) fn new(to: W) -> io::Result<Self> {
        let mut to = csv::WriterBuilder::new().buffer_capacity(BUFFER).from_writer(to);
        to.write_record(COLUMNS).map_err(cause)?;
        Ok(Self { to, head: Head::default(), number: String::new() })
    }

    fn fields(&mut self, point: &Point<'_>) -> csv::Result<()> {
        let Self { to, head, number } = self;
        head.of(point);
        to.write_field(point.envelope.run_id.as_str())?;
        to.write_field(point.envelope.group_id.as_str())?;
        to.write_field(&head.seq)?;
        to.write_field(&head.ts)?;
        to.write_field(&head.run_seconds)?;
        to.write_field(point.kind().as_str())?;
        to.write_field(point.batch.map_or(String::new(), |batch| batch.to_string()))?;
        to.write_field(&head.env_id)?;
        to.write_field(point.metric)?;
        to.write_field(point.unit.unwrap_or_default())?;
        number.clear();
        push_number(point.value, number);
        to.write_field(&*number)?;
        to.write_record(None::<&[u8]>)
    }
}

impl<W: Write> Table for Csv<W> {
    fn write(&mut self, point: &Point<'_>) -> io::Result<()> {
        self.fields(point).map_err(cause)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.to.flush()
    }
}

/// Returns what the error was before it was one of CSV; that library keeps its text and forgets its kind, by which a reader
/// that went away is known.
fn cause(error: csv::Error) -> io::Error {
    let text = error.to_string();
    if let csv::ErrorKind::Io(error) = error.into_kind() { error } else { io::Error::other(text) }
}

/// The fields that all points of an event share, as text.
#[derive(Debug, Default)]
struct Head {
    seq: String,
    ts: String,
    run_seconds: String,
    env_id: String,
    of: Option<std::sync::Arc<leyline::Envelope>>,
}

impl Head {
    /// Brings the texts to the event of a point; most points are of the same event as the one before.
    fn of(&mut self, point: &Point<'_>) {
        let same =
            |at: &std::sync::Arc<leyline::Envelope>| std::sync::Arc::ptr_eq(at, point.envelope);
        if self.of.as_ref().is_some_and(same) {
            return;
        }
        self.seq = point.envelope.seq.to_string();
        self.ts = point.envelope.ts.to_string();
        self.run_seconds.clear();
        push_number(point.run_seconds(), &mut self.run_seconds);
        self.env_id = point.env_id().map_or_else(String::new, |env| env.to_string());
        self.of = Some(std::sync::Arc::clone(point.envelope));
    }
}

/// Appends the shortest text that reads back to the same float, as in rows; what is not finite is its word.
fn push_number(value: f64, out: &mut String) {
    out.push_str(wire::to_json(&value).trim_matches('"'));
}

/// Writes one JSON object a line; every key is always there.
pub(super) struct Jsonl<W: Write> {
    to: io::BufWriter<W>,
}

/// One line, in the order of its keys.
#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    run_id: &'a str,
    group_id: &'a str,
    seq: u64,
    ts: leyline::Timestamp,
    run_seconds: f64,
    event_type: &'a str,
    batch_idx: Option<u64>,
    env_id: Option<u32>,
    metric: &'a str,
    unit: Option<&'a str>,
    value: f64,
}

impl<W: Write> Jsonl<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to: io::BufWriter::with_capacity(BUFFER, to) }
    }
}

impl<W: Write> Table for Jsonl<W> {
    fn write(&mut self, point: &Point<'_>) -> io::Result<()> {
        let mut line = wire::to_json(&Line {
            schema: SCHEMA,
            run_id: point.envelope.run_id.as_str(),
            group_id: point.envelope.group_id.as_str(),
            seq: point.envelope.seq,
            ts: point.envelope.ts,
            run_seconds: point.run_seconds(),
            event_type: point.kind().as_str(),
            batch_idx: point.batch,
            env_id: point.env_id(),
            metric: point.metric,
            unit: point.unit,
            value: point.value,
        });
        line.push('\n');
        self.to.write_all(line.as_bytes())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use leyline::demo;

    use super::*;

    /// A pipe whose reader went away.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_known_as_that() {
        let event = Arc::new(demo::stream(7).next().unwrap());
        let point = Point { envelope: &event, batch: None, metric: "m", unit: None, value: 0.5 };
        let tables: [Box<dyn Table>; 2] =
            [Box::new(Csv::new(Closed).unwrap()), Box::new(Jsonl::new(Closed))];
        for mut table in tables {
            // More than is held before it is handed on.
            let error = (0..BUFFER).find_map(|_| table.write(&point).err()).unwrap();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        }
        let unwritten: Box<dyn Table> = Box::new(Csv::new(Closed).unwrap());
        assert_eq!(unwritten.finish().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
