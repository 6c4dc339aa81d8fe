//! Points as a Parquet file: dictionaries for the texts, times in UTC, row groups of bounded size.

use std::fs::File;
use std::io;
use std::sync::Arc;

use arrow_array::builder::{
    Float64Builder, StringDictionaryBuilder, TimestampMicrosecondBuilder, UInt32Builder,
    UInt64Builder,
};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use leyline::word::ClosedWord as _;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::headless::export::Table;
use crate::headless::export::point::{COLUMNS, Point};

/// Lines that are turned into columns together.
const BATCH: usize = 1 << 13;
/// Most lines in a row group: what is held in memory until it is written, and what a reader takes at once.
const ROW_GROUP: usize = 1 << 18;

type Texts = StringDictionaryBuilder<Int32Type>;

/// Writes the long table, column by column.
pub(super) struct Parquet {
    to: ArrowWriter<File>,
    schema: Arc<Schema>,
    columns: Columns,
    lines: usize,
}

/// The columns in the order of [`COLUMNS`].
struct Columns {
    run_id: Texts,
    group_id: Texts,
    seq: UInt64Builder,
    ts: TimestampMicrosecondBuilder,
    run_seconds: Float64Builder,
    event_type: Texts,
    batch_idx: UInt64Builder,
    env_id: UInt32Builder,
    metric: Texts,
    unit: Texts,
    value: Float64Builder,
}

impl Parquet {
    /// Begins the file.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub(super) fn new(to: File) -> io::Result<Self> {
        let schema = Arc::new(schema());
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let to = ArrowWriter::try_new(to, Arc::clone(&schema), Some(properties)).map_err(failed)?;
        Ok(Self { to, schema, columns: Columns::new(), lines: 0 })
    }

    fn hand_on(&mut self) -> io::Result<()> {
        let columns = std::mem::replace(&mut self.columns, Columns::new());
        self.lines = 0;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns.finish());
        self.to.write(&batch.map_err(io::Error::other)?).map_err(failed)
    }
}

impl Table for Parquet {
    fn write(&mut self, point: &Point<'_>) -> io::Result<()> {
        self.columns.push(point).map_err(io::Error::other)?;
        self.lines += 1;
        if self.lines < BATCH { Ok(()) } else { self.hand_on() }
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.hand_on()?;
        self.to.close().map(|_| ()).map_err(failed)
    }
}

impl Columns {
    fn new() -> Self {
        Self {
            run_id: Texts::new(),
            group_id: Texts::new(),
            seq: UInt64Builder::with_capacity(BATCH),
            ts: TimestampMicrosecondBuilder::with_capacity(BATCH).with_timezone(UTC),
            run_seconds: Float64Builder::with_capacity(BATCH),
            event_type: Texts::new(),
            batch_idx: UInt64Builder::with_capacity(BATCH),
            env_id: UInt32Builder::with_capacity(BATCH),
            metric: Texts::new(),
            unit: Texts::new(),
            value: Float64Builder::with_capacity(BATCH),
        }
    }

    fn push(&mut self, point: &Point<'_>) -> Result<(), arrow_schema::ArrowError> {
        self.run_id.append(point.envelope.run_id.as_str())?;
        self.group_id.append(point.envelope.group_id.as_str())?;
        self.seq.append_value(point.envelope.seq);
        self.ts.append_value(point.envelope.ts.as_micros());
        self.run_seconds.append_value(point.run_seconds());
        self.event_type.append(point.kind().as_str())?;
        self.batch_idx.append_option(point.batch);
        self.env_id.append_option(point.env_id());
        self.metric.append(point.metric)?;
        self.unit.append_option(point.unit);
        self.value.append_value(point.value);
        Ok(())
    }

    fn finish(mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.run_id.finish()),
            Arc::new(self.group_id.finish()),
            Arc::new(self.seq.finish()),
            Arc::new(self.ts.finish()),
            Arc::new(self.run_seconds.finish()),
            Arc::new(self.event_type.finish()),
            Arc::new(self.batch_idx.finish()),
            Arc::new(self.env_id.finish()),
            Arc::new(self.metric.finish()),
            Arc::new(self.unit.finish()),
            Arc::new(self.value.finish()),
        ]
    }
}

const UTC: &str = "UTC";

/// Returns names and types of the columns. `value` may be null by its type, although no line without a value is written:
/// readers that join the table with others need not convert it.
fn schema() -> Schema {
    let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let types = [
        (text(), false),
        (text(), false),
        (DataType::UInt64, false),
        (DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())), false),
        (DataType::Float64, false),
        (text(), false),
        (DataType::UInt64, true),
        (DataType::UInt32, true),
        (text(), false),
        (text(), true),
        (DataType::Float64, true),
    ];
    let fields = COLUMNS.iter().zip(types);
    Schema::new(
        fields
            .map(|(&name, (data_type, nullable))| Field::new(name, data_type, nullable))
            .collect::<Vec<_>>(),
    )
}

/// Returns the error of the file behind an error of the writer, where there is one.
fn failed(error: ParquetError) -> io::Error {
    let ParquetError::External(source) = error else { return io::Error::other(error) };
    source.downcast::<io::Error>().map_or_else(io::Error::other, |error| *error)
}
