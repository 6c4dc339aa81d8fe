//! Parquet, read back: the types, and the same points as in CSV.

use std::collections::BTreeMap;
use std::fs::File;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Float64Type, Int32Type, TimestampMicrosecondType, UInt32Type, UInt64Type,
};
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use leyline::demo::Scenario;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::recorded::Recorded;
use crate::run::sanctum_tui;

/// Exports a run and reads the file back.
fn exported(scenario: Scenario) -> (Vec<RecordBatch>, String) {
    let run = Recorded::new(scenario);
    let (rows, target) = (run.rows_file(), run.root.path().join("run.parquet"));
    let args = ["export", &rows, "--format", "parquet", "-o", target.to_str().unwrap()];
    let done = sanctum_tui(&args, b"");
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "", ""));
    let csv = sanctum_tui(&["export", &rows, "--format", "csv"], b"");
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&target).unwrap()).unwrap();
    (reader.build().unwrap().map(Result::unwrap).collect(), csv.out)
}

#[test]
fn the_columns_have_types_that_tools_understand() {
    let (batches, _) = exported(Scenario::Calm);
    let schema = batches[0].schema();
    let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let expected = [
        ("run_id", text.clone(), false),
        ("group_id", text.clone(), false),
        ("seq", DataType::UInt64, false),
        ("ts", time, false),
        ("run_seconds", DataType::Float64, false),
        ("event_type", text.clone(), false),
        ("batch_idx", DataType::UInt64, true),
        ("env_id", DataType::UInt32, true),
        ("metric", text.clone(), false),
        ("unit", text, true),
        ("value", DataType::Float64, true),
    ];
    let fields = schema.fields().iter();
    let seen: Vec<_> = fields
        .map(|field| (field.name().as_str(), field.data_type().clone(), field.is_nullable()))
        .collect();
    assert_eq!(seen, expected);
}

/// Returns every line as CSV has it.
fn lines(batch: &RecordBatch) -> Vec<String> {
    let text = |column: usize, at: usize| {
        let column = batch.column(column).as_dictionary::<Int32Type>();
        let values = column.values().as_string::<i32>();
        column.key(at).map_or_else(String::new, |key| values.value(key).to_owned())
    };
    let float = |column: usize, at: usize| {
        let column = batch.column(column).as_primitive::<Float64Type>();
        leyline::wire::to_json(&column.value(at)).trim_matches('"').to_owned()
    };
    let seq = batch.column(2).as_primitive::<UInt64Type>();
    let ts = batch.column(3).as_primitive::<TimestampMicrosecondType>();
    let batches = batch.column(6).as_primitive::<UInt64Type>();
    let envs = batch.column(7).as_primitive::<UInt32Type>();
    let line = |at: usize| {
        [
            text(0, at),
            text(1, at),
            seq.value(at).to_string(),
            leyline::Timestamp::from_micros(ts.value(at)).to_string(),
            float(4, at),
            text(5, at),
            if batches.is_null(at) { String::new() } else { batches.value(at).to_string() },
            if envs.is_null(at) { String::new() } else { envs.value(at).to_string() },
            text(8, at),
            text(9, at),
            float(10, at),
        ]
        .join(",")
    };
    (0..batch.num_rows()).map(line).collect()
}

#[test]
fn the_lines_are_those_of_csv() {
    // The collapse has losses that are not finite.
    for scenario in [Scenario::Calm, Scenario::EntropyCollapse] {
        let (batches, csv) = exported(scenario);
        let seen: Vec<String> = batches.iter().flat_map(lines).collect();
        let expected: Vec<&str> = csv.lines().skip(1).collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn the_sum_of_each_metric_is_that_of_csv() {
    let (batches, csv) = exported(Scenario::KlSpike);
    let mut columns: BTreeMap<String, f64> = BTreeMap::new();
    for batch in &batches {
        let metrics = batch.column(8).as_dictionary::<Int32Type>();
        let names = metrics.values().as_string::<i32>();
        let values = batch.column(10).as_primitive::<Float64Type>();
        for at in 0..batch.num_rows() {
            let name = names.value(metrics.key(at).unwrap());
            *columns.entry(name.to_owned()).or_default() += values.value(at);
        }
    }
    let mut lines: BTreeMap<String, f64> = BTreeMap::new();
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        *lines.entry(fields[8].to_owned()).or_default() += fields[10].parse::<f64>().unwrap();
    }
    assert_eq!(columns, lines);
    assert!(50 < columns.len());
}
