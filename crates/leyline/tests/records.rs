//! What telemetry records claim about rows.

use leyline::Incoming;
use leyline::wire::RowDecoder;

/// A row of version 1 with the given payload.
fn row(kind: &str, data: &str) -> String {
    format!(
        r#"{{"v":1,"run_id":"r","seq":4,"ts":"2026-11-21T12:00:00.000Z","mono_ns":5,"event_type":"{kind}","data":{data}}}"#
    )
}

#[track_caller]
fn check(row: impl AsRef<[u8]>, reason: &str) {
    match RowDecoder::new("file").decode(row.as_ref()) {
        Incoming::Rejected(rejection) => assert_eq!(rejection.reason.to_string(), reason),
        other @ (Incoming::Unknown(_) | Incoming::Known(_)) => panic!("not rejected: {other:?}"),
    }
}

#[test]
fn tele_780_a_row_that_is_no_event_is_rejected_with_its_reason() {
    check("garbage", "bad_json");
    check(row("BATCH_EPOCH_COMPLETED", r#"{"batch_idx":0}"#), "bad_value:batch_idx");
    check(row("BATCH_EPOCH_COMPLETED", "{}"), "missing_field:batch_idx");
}
