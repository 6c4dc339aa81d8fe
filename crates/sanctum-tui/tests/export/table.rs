//! `sanctum-tui export`: the same points in every form, and rows that read back.

use std::fs;

use leyline::demo::Scenario;
use serde_json::{Value, json};

use crate::recorded::{Recorded, change, last_segment};
use crate::run::{Done, file, row, sanctum_tui};

const HEADER: &str =
    "run_id,group_id,seq,ts,run_seconds,event_type,batch_idx,env_id,metric,unit,value";

#[track_caller]
fn export(args: &[&str], rows: &str) -> Done {
    let done = sanctum_tui(&[&["export", "-", "--format"], args].concat(), rows.as_bytes());
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{args:?}");
    done
}

/// Three events with everything that a line can hold or lack.
fn odd_run() -> String {
    let update =
        json!({ "batch_idx": 3, "skipped": false, "kl_divergence": "NaN", "value_loss": 1e-7 });
    let values = json!({ "step": 7, "values": { "eval/return": "-Infinity" }, "units": { "eval/return": "a, \"b\"" } });
    let step = json!({ "env_id": 2, "inner_epoch": 5, "reward": 1.0 });
    [
        row("r", "A", 4, 1.5, "PPO_UPDATE_COMPLETED", &update),
        row("r", "A", 5, 2.25, "METRIC", &values),
        row("r", "A", 9, 2.25, "EPOCH_COMPLETED", &step),
    ]
    .concat()
}

#[test]
fn a_line_of_csv_is_a_point() {
    let done = export(
        &["csv", "--metrics", "policy.{kl,value}*", "--metrics", "{metrics,current_}*"],
        &odd_run(),
    );
    assert_eq!(
        done.out.lines().collect::<Vec<_>>(),
        [
            HEADER,
            "r,A,4,2026-11-21T12:00:01.500000Z,1.5,PPO_UPDATE_COMPLETED,3,,policy.value_loss,loss,1e-7",
            "r,A,4,2026-11-21T12:00:01.500000Z,1.5,PPO_UPDATE_COMPLETED,3,,policy.kl_divergence,nats,NaN",
            "r,A,5,2026-11-21T12:00:02.250000Z,2.25,METRIC,,,metrics[eval/return],\"a, \"\"b\"\"\",-Infinity",
            "r,A,9,2026-11-21T12:00:02.250000Z,2.25,EPOCH_COMPLETED,,2,current_epoch,epochs,5.0",
        ]
    );
}

#[test]
fn a_line_of_json_has_every_key() {
    let done = export(&["jsonl", "--metrics", "{metrics,current_}*"], &odd_run());
    assert_eq!(
        done.out.lines().collect::<Vec<_>>(),
        [
            r#"{"schema":1,"run_id":"r","group_id":"A","seq":5,"ts":"2026-11-21T12:00:02.250000Z","run_seconds":2.25,"event_type":"METRIC","batch_idx":null,"env_id":null,"metric":"metrics[eval/return]","unit":"a, \"b\"","value":"-Infinity"}"#,
            r#"{"schema":1,"run_id":"r","group_id":"A","seq":9,"ts":"2026-11-21T12:00:02.250000Z","run_seconds":2.25,"event_type":"EPOCH_COMPLETED","batch_idx":null,"env_id":2,"metric":"current_epoch","unit":"epochs","value":5.0}"#,
        ]
    );
}

#[test]
fn csv_and_json_hold_the_same_points() {
    for scenario in [Scenario::Calm, Scenario::EntropyCollapse] {
        let rows = Recorded::new(scenario).rows();
        let (csv, jsonl) = (export(&["csv"], &rows).out, export(&["jsonl"], &rows).out);
        assert_eq!(csv.lines().next(), Some(HEADER));
        assert_eq!(csv.lines().count(), jsonl.lines().count() + 1);
        assert!(5000 < jsonl.lines().count());
        for (csv, json) in csv.lines().skip(1).zip(jsonl.lines()) {
            let json: Value = serde_json::from_str(json).unwrap();
            let fields: Vec<String> = HEADER.split(',').map(|key| text(&json[key])).collect();
            assert_eq!(csv, fields.join(","));
        }
    }
}

/// A value as CSV has it; none of a demonstration needs quotes.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[test]
fn rows_read_back_as_the_same_rows() {
    let unknown = row("r", "A", 10, 3.0, "SEED_PRUNED", &json!({ "x": [1, 2.5] }));
    for rows in [Recorded::new(Scenario::LossyLink).rows(), odd_run() + &unknown] {
        let once = export(&["rows"], &rows).out;
        assert_eq!(export(&["rows"], &once).out, once);
        let (given, again) = (export(&["csv"], &rows).out, export(&["csv"], &once).out);
        assert_eq!(given, again);
        assert_eq!(once.lines().count(), rows.lines().count());
    }
    // What our own encoder wrote comes back letter by letter.
    let rows = Recorded::new(Scenario::Calm).rows();
    assert_eq!(export(&["rows"], &rows).out, rows);
}

#[test]
fn a_log_a_live_run_and_rows_give_the_same_bytes() {
    let run = Recorded::new(Scenario::KlSpike);
    let live = run.live("live");
    for format in ["rows", "csv", "jsonl"] {
        let piped = export(&[format], &run.rows());
        for other in [run.closed(&format!("closed-{format}")), live.path(), run.rows_file()] {
            assert_eq!(sanctum_tui(&["export", &other, "--format", format], b""), piped, "{other}");
        }
    }
    assert_eq!(export(&["rows"], &run.rows()).out, run.rows());
}

#[test]
fn a_file_is_written_in_full_or_not_at_all() {
    let (dir, _) = file("rows.jsonl", odd_run());
    let target = dir.path().join("run.csv");
    let args = ["export", "-", "--format", "csv", "-o", target.to_str().unwrap()];
    let done = sanctum_tui(&args, odd_run().as_bytes());
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "", ""));
    let written = fs::read_to_string(&target).unwrap();
    assert_eq!(written, export(&["csv"], &odd_run()).out);
    let done = sanctum_tui(&args, odd_run().as_bytes());
    assert_eq!(done.code, Some(1));
    assert!(done.err.starts_with("error: will not write over what is there: "), "{}", done.err);
    assert_eq!(fs::read_to_string(&target).unwrap(), written);
    let names: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|at| at.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn what_of_a_damaged_run_can_be_read_is_exported() {
    let run = Recorded::new(Scenario::Calm);
    let closed = run.closed("closed");
    change(&last_segment(&closed), |bytes| bytes.truncate(bytes.len() - 20));
    let target = run.root.path().join("run.jsonl");
    let args = ["export", &closed, "--format", "rows", "-o", target.to_str().unwrap()];
    let done = sanctum_tui(&args, b"");
    assert_eq!(done.code, Some(4), "{}", done.err);
    let written = fs::read_to_string(&target).unwrap();
    assert!(run.rows().starts_with(&written) && run.rows().len() < written.len() + 2000);
}

#[test]
fn what_was_rejected_is_counted_and_what_fits_nothing_is_told() {
    let rows = odd_run() + "no row\n";
    let done = sanctum_tui(&["export", "-", "--format", "rows"], rows.as_bytes());
    assert_eq!((done.code, done.out.lines().count()), (Some(0), 3));
    assert_eq!(done.err, "sanctum-tui: note: rejected, and so not in the output: 1 rows\n");
    let args = ["export", "-", "--format", "csv", "--metrics", "polic.*", "--metrics", "policy.*"];
    let done = sanctum_tui(&args, odd_run().as_bytes());
    assert_eq!(done.code, Some(0));
    assert_eq!(done.err, "sanctum-tui: note: no metric of the run fits --metrics polic.*\n");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let code = |args: &[&str]| sanctum_tui(&[&["export", "-"], args].concat(), b"").code;
    assert_eq!(code(&["--format", "rows", "--metrics", "*"]), Some(2));
    assert_eq!(code(&["--format", "csv", "--metrics", "{a"]), Some(2));
    assert_eq!(code(&["--format", "csv", "--group", "B"]), Some(2));
    assert_eq!(code(&["--format", "parquet"]), Some(2));
    assert_eq!(code(&["--format", "csv", "-o", "no/such/folder/x.csv"]), Some(1));
    assert_eq!(code(&["--format", "csv"]), Some(0));
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_how_to_get_it() {
    let done = sanctum_tui(&["export", "-", "--format", "parquet", "-o", "x.parquet"], b"");
    assert_eq!(done.code, Some(2));
    assert!(done.err.contains("--features parquet"), "{}", done.err);
}
