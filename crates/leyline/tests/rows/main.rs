//! Rows of version 1: every rule of the contract as a case, among them AW01 to AW11.

use std::sync::Arc;

use leyline::wire::{RowDecoder, encode_row};
use leyline::{Envelope, Event, Incoming, Rejection, Severity};

mod payload;

const EXAMPLES: &str = include_str!("../../testdata/wire/v1/examples.jsonl");

/// The first example row of a kind.
fn example(kind: &str) -> &'static str {
    let name = format!("\"event_type\":\"{kind}\"");
    EXAMPLES.lines().find(|line| line.contains(&name)).expect("an example of every kind")
}

/// An example with one piece of its text replaced.
#[track_caller]
fn edited(kind: &str, from: &str, to: &str) -> String {
    let row = example(kind);
    assert!(row.contains(from), "{from} is not in {row}");
    row.replacen(from, to, 1)
}

fn decode(row: impl AsRef<[u8]>) -> Incoming {
    RowDecoder::new("file").decode(row.as_ref())
}

#[track_caller]
fn known(row: impl AsRef<[u8]>) -> Arc<Envelope> {
    match decode(row) {
        Incoming::Known(envelope) => envelope,
        other @ (Incoming::Unknown(_) | Incoming::Rejected(_)) => panic!("not known: {other:?}"),
    }
}

#[track_caller]
fn rejected(row: impl AsRef<[u8]>) -> Arc<Rejection> {
    match decode(row) {
        Incoming::Rejected(rejection) => rejection,
        other @ (Incoming::Unknown(_) | Incoming::Known(_)) => panic!("not rejected: {other:?}"),
    }
}

#[track_caller]
fn check(row: impl AsRef<[u8]>, reason: &str) {
    assert_eq!(rejected(row).reason.to_string(), reason);
}

/// A row of version 1 with the given payload.
fn row(kind: &str, data: &str) -> String {
    format!(
        r#"{{"v":1,"run_id":"r","seq":4,"ts":"2026-11-21T12:00:00.000Z","mono_ns":5,"event_type":"{kind}","data":{data}}}"#
    )
}

/// A heartbeat with other members in its envelope.
fn enveloped(members: &str) -> String {
    format!(
        r#"{{"v":1,"run_id":"r","seq":4,"ts":"2026-11-21T12:00:00.000Z","mono_ns":5,"event_type":"HEARTBEAT","data":{{"phase":"x"}},{members}}}"#
    )
}

const BATCH: &str = "BATCH_EPOCH_COMPLETED";

#[test]
fn aw01_every_example_row_is_applied() {
    assert_eq!(EXAMPLES.lines().count(), 25);
    for line in EXAMPLES.lines() {
        let envelope = known(line);
        let mut again = String::new();
        encode_row(&envelope, &mut again);
        assert_eq!(
            format!("{:?}", known(&again)),
            format!("{envelope:?}"),
            "as texts, since NaN is not NaN"
        );
        // We write the entries of a map in the order of their names, whatever order they came in.
        if !line.contains("\"hyperparams\"") && !line.contains("\"values\"") {
            assert_eq!(again, line);
        }
    }
}

#[test]
fn aw02_a_batch_number_starts_at_1() {
    check(edited(BATCH, r#""batch_idx":1"#, r#""batch_idx":0"#), "bad_value:batch_idx");
}

#[test]
fn aw03_an_integer_has_no_fraction() {
    check(edited(BATCH, r#""batch_idx":1"#, r#""batch_idx":1.0"#), "wrong_type:batch_idx");
}

#[test]
fn aw04_a_required_field_must_be_there() {
    check(edited(BATCH, r#""batch_idx":1,"#, ""), "missing_field:batch_idx");
    check(edited(BATCH, r#""batch_idx":1"#, r#""batch_idx":null"#), "missing_field:batch_idx");
}

#[test]
fn aw05_a_bare_nan_is_no_json() {
    check(edited(BATCH, "22.195121951219512", "NaN"), "bad_json");
}

#[test]
fn aw06_a_nan_in_quotes_is_a_reading() {
    let envelope = known(edited(BATCH, "22.195121951219512", "\"NaN\""));
    let Event::BatchEpochCompleted(batch) = &envelope.event else { panic!("{envelope:?}") };
    assert!(batch.mean_return.unwrap().is_nan());
}

#[test]
fn aw07_another_version_is_not_read() {
    for line in EXAMPLES.lines() {
        let rejection = rejected(line.replacen(r#""v":1"#, r#""v":2"#, 1));
        assert_eq!(rejection.reason.to_string(), "unsupported_version");
        assert_eq!(rejection.v, Some(2));
    }
    for v in ["0", "1.0", "\"1\"", "-1", "65537", "true", "{}"] {
        check(edited(BATCH, r#""v":1"#, &format!("\"v\":{v}")), "unsupported_version");
    }
}

#[test]
fn a_row_that_says_version_0_is_none_and_its_number_counts() {
    let rejection = rejected(edited(BATCH, r#""v":1"#, r#""v":0"#));
    assert_eq!(rejection.v, None);
    assert_eq!(rejection.seq, Some(1060));
}

#[test]
fn aw08_envelope_and_payload_name_one_environment() {
    check(
        edited("EPISODE_OUTCOME", r#""env_id":3,"data""#, r#""env_id":2,"data""#),
        "env_mismatch",
    );
}

#[test]
fn aw09_unknown_fields_are_ignored() {
    let row = edited("METRIC", r#""data":{"#, r#""host":"x","data":{"colour":"red","#);
    assert_eq!(known(row), known(example("METRIC")));
}

#[test]
fn aw10_a_closed_list_is_closed() {
    check(edited("TRAINING_FINISHED", "\"completed\"", "\"paused\""), "bad_word:reason");
}

#[test]
fn aw11_a_number_too_large_does_not_become_infinity() {
    check(edited("METRIC", r#""data":{"#, r#""data":{"value":1e999,"#), "bad_json");
    check(edited("METRIC", ":22.2", ":-1e999"), "bad_json");
}

#[test]
fn what_is_no_strict_json_object_is_rejected() {
    for line in
        ["", "\n", "null", "[]", "{", "{}{}", "x", "\u{feff}{}", "{\"v\":1,}", "{\"v\":1}//"]
    {
        check(line, "bad_json");
    }
    check(b"{\"v\":1,\"run_id\":\"\xff\"}", "bad_json");
    check(b"\xff", "bad_json");
    check("[".repeat(900_000), "bad_json");
    check("{\"a\":".repeat(200_000), "bad_json");
    check(edited(BATCH, r#""v":1"#, r#""v":1,"v":1"#), "bad_json");
    check(edited(BATCH, r#""batch_idx":1"#, r#""batch_idx":1,"batch_idx":1"#), "bad_json");
    check(
        edited("SYSTEM_VITALS", r#""device_id":0"#, r#""device_id":0,"x":[{"y":1,"y":1}]"#),
        "bad_json",
    );
}

#[test]
fn a_row_may_be_as_long_as_the_limit_and_no_longer() {
    let pad = |len: usize| {
        let start = example("HEARTBEAT").strip_suffix('}').unwrap();
        let fill = len - start.len() - ",\"pad\":\"\"}".len();
        format!("{start},\"pad\":\"{}\"}}", "x".repeat(fill))
    };
    known(pad(1_048_576));
    known(pad(1_048_576) + "\n");
    check(pad(1_048_577), "too_long");
    check(vec![b'x'; 2_000_000], "too_long");
}

#[test]
fn every_required_member_of_the_envelope_is_asked_for() {
    for (member, reason) in [
        (r#""run_id":"cartpole-7f3a","#, "missing_field:run_id"),
        (r#""seq":1060,"#, "missing_field:seq"),
        (r#""ts":"2026-11-21T12:00:01.000000Z","#, "missing_field:ts"),
        (r#""mono_ns":1001200000,"#, "missing_field:mono_ns"),
        (r#""event_type":"BATCH_EPOCH_COMPLETED","#, "missing_field:event_type"),
    ] {
        check(edited(BATCH, member, ""), reason);
    }
    check(
        r#"{"v":1,"run_id":"r","seq":0,"ts":"2026-11-21T12:00:00.000Z","mono_ns":0,"event_type":"X"}"#,
        "missing_field:data",
    );
    check(row("HEARTBEAT", "null"), "missing_field:data");
}

#[test]
fn members_of_the_envelope_have_their_types() {
    for (from, to, reason) in [
        (r#""run_id":"cartpole-7f3a""#, r#""run_id":7"#, "wrong_type:run_id"),
        (r#""run_id":"cartpole-7f3a""#, r#""run_id":"a b""#, "bad_text:run_id"),
        (r#""run_id":"cartpole-7f3a""#, r#""run_id":"""#, "bad_text:run_id"),
        (r#""seq":1060"#, r#""seq":-1"#, "wrong_type:seq"),
        (r#""seq":1060"#, r#""seq":1060.0"#, "wrong_type:seq"),
        (r#""seq":1060"#, r#""seq":1e3"#, "wrong_type:seq"),
        (r#""seq":1060"#, r#""seq":18446744073709551616"#, "wrong_type:seq"),
        (r#""seq":1060"#, r#""seq":"1060""#, "wrong_type:seq"),
        (r#""mono_ns":1001200000"#, r#""mono_ns":true"#, "wrong_type:mono_ns"),
        (r#""ts":"2026-11-21T12:00:01.000000Z""#, r#""ts":1700000000"#, "wrong_type:ts"),
        (
            r#""event_type":"BATCH_EPOCH_COMPLETED""#,
            r#""event_type":"batch""#,
            "bad_text:event_type",
        ),
        (r#""event_type":"BATCH_EPOCH_COMPLETED""#, r#""event_type":"""#, "bad_text:event_type"),
        (r#""event_type":"BATCH_EPOCH_COMPLETED""#, r#""event_type":{}"#, "wrong_type:event_type"),
        (r#""group_id":"default""#, r#""group_id":"a/b""#, "bad_text:group_id"),
        (r#""group_id":"default""#, r#""group_id":"""#, "bad_text:group_id"),
        (r#""group_id":"default""#, r#""group_id":1"#, "wrong_type:group_id"),
        (r#""severity":"info""#, r#""severity":"Info""#, "bad_word:severity"),
        (r#""severity":"info""#, r#""severity":3"#, "wrong_type:severity"),
        (r#""message":"""#, r#""message":false"#, "wrong_type:message"),
        (r#""env_id":null"#, r#""env_id":-1"#, "wrong_type:env_id"),
        (r#""env_id":null"#, r#""env_id":65536"#, "bad_value:env_id"),
        (r#""env_id":null"#, r#""env_id":4294967296"#, "bad_value:env_id"),
    ] {
        check(edited(BATCH, from, to), reason);
    }
    for data in ["[]", "1", "\"x\"", "true"] {
        check(row("HEARTBEAT", data), "wrong_type:data");
    }
    check(enveloped(&format!(r#""group_id":"{}""#, "g".repeat(65))), "bad_text:group_id");
    check(enveloped(&format!(r#""message":"{}""#, "m".repeat(4097))), "bad_text:message");
    known(enveloped(&format!(
        r#""group_id":"{}","message":"{}""#,
        "g".repeat(64),
        "m".repeat(4096)
    )));
}

#[test]
fn a_time_has_three_to_nine_digits_and_an_offset() {
    let with = |ts: &str| edited(BATCH, "2026-11-21T12:00:01.000000Z", ts);
    for bad in [
        "2026-11-21T12:00:01Z",
        "2026-11-21T12:00:01.12Z",
        "2026-11-21T12:00:01.1234567890Z",
        "2026-11-21T12:00:01.000",
        "2026-11-21T23:59:60.000Z",
        "2026-02-30T12:00:00.000Z",
        "2026-11-21",
        "",
    ] {
        check(with(bad), "bad_time");
    }
    for good in [
        "2026-11-21T14:30:01.000+02:30",
        "2026-11-21T12:00:01.000000999Z",
        "2026-11-21T11:00:01.000000-01:00",
    ] {
        assert_eq!(known(with(good)).ts, known(example(BATCH)).ts, "{good}");
    }
}

#[test]
fn null_is_the_same_as_absent() {
    let without = known(edited(BATCH, r#","mean_return":22.195121951219512"#, ""));
    assert_eq!(known(edited(BATCH, "22.195121951219512", "null")), without);
    let row = edited(
        BATCH,
        r#""group_id":"default","severity":"info","message":"","env_id":null,"#,
        r#""group_id":null,"severity":null,"message":null,"#,
    );
    assert_eq!(known(row), known(example(BATCH)));
    let row = edited("TRAINING_STARTED", r#""gamma":0.99"#, r#""gamma":null"#);
    let Event::TrainingStarted(start) = &known(row).event else { panic!() };
    assert_eq!(start.hyperparams.as_ref().unwrap().len(), 3, "an entry that is null is not there");
}

#[test]
fn the_severity_is_at_least_that_of_the_kind() {
    let severity = |row: String| known(row).severity;
    assert_eq!(
        severity(edited(BATCH, r#""severity":"info""#, r#""severity":"debug""#)),
        Severity::Info
    );
    assert_eq!(
        severity(edited(BATCH, r#""severity":"info""#, r#""severity":"critical""#)),
        Severity::Critical
    );
    assert_eq!(severity(edited(BATCH, r#""severity":"info","#, "")), Severity::Info);
    assert_eq!(severity(edited("EPOCH_COMPLETED", r#""severity":"debug","#, "")), Severity::Debug);
    assert_eq!(severity(edited("EMITTER_LOSS", r#""severity":"warning","#, "")), Severity::Warning);
    assert_eq!(
        severity(edited(
            "PPO_UPDATE_COMPLETED",
            r#""skipped":false"#,
            r#""skipped":true,"skip_reason":"kl_limit""#
        )),
        Severity::Warning
    );
    assert_eq!(
        severity(edited(
            "TRAINING_FINISHED",
            r#""reason":"completed""#,
            r#""reason":"failed","error":"e""#
        )),
        Severity::Error
    );
}

#[test]
fn the_environment_counts_for_both_sides() {
    let outer = known(edited("EPISODE_OUTCOME", r#""data":{"env_id":3,"#, r#""data":{"#));
    let inner = known(edited("EPISODE_OUTCOME", r#""env_id":3,"data""#, r#""data""#));
    assert_eq!(outer, known(example("EPISODE_OUTCOME")));
    assert_eq!(inner, known(example("EPISODE_OUTCOME")));
    let anomaly = known(edited("RATIO_EXPLOSION_DETECTED", r#""env_id":null"#, r#""env_id":2"#));
    assert_eq!(anomaly.event.env_id().map(|env| env.0), Some(2));
    // A payload without room for an environment leaves it in the envelope alone.
    assert_eq!(
        known(edited(BATCH, r#""env_id":null"#, r#""env_id":2"#)).env_id.map(|env| env.0),
        Some(2)
    );
}

#[test]
fn a_soft_range_rejects_nothing() {
    known(edited(BATCH, r#""batch_idx":1"#, r#""batch_idx":1000000"#));
    known(edited("HEARTBEAT", r#""batch_idx":4"#, r#""batch_idx":0"#));
    known(edited("RATIO_COLLAPSE_DETECTED", r#""batch_idx":57"#, r#""batch_idx":0"#));
    known(edited("TRAINING_STARTED", r#""max_batches":200"#, r#""max_batches":0"#));
    known(edited("PPO_UPDATE_COMPLETED", r#""kl_divergence":0.0042"#, r#""kl_divergence":-1"#));
    known(edited("EMITTER_LOSS", r#""cause":"queue_full""#, r#""cause":"gremlins""#));
}

#[test]
fn an_unknown_kind_is_kept_as_it_came() {
    let data = r#"{ "x" : [1.50, {"y":"\u00e9"}] }"#;
    let Incoming::Unknown(event) = decode(row("SEED_GERMINATED", data)) else { panic!() };
    assert_eq!(event.data, data);
    assert_eq!((event.event_type.as_str(), event.seq, event.v), ("SEED_GERMINATED", 4, 1));
    assert_eq!(event.severity, Severity::Info);
    check(row("SEED_GERMINATED", "7"), "wrong_type:data");
    check(row("SEED_GERMINATED", r#"{"a":1,"a":1}"#), "bad_json");
}

#[test]
fn a_rejected_row_tells_what_could_be_read() {
    let rejection = rejected(edited(BATCH, r#""batch_idx":1"#, r#""batch_idx":0"#));
    assert_eq!(rejection.run_id.as_ref().unwrap().as_str(), "cartpole-7f3a");
    assert_eq!(rejection.group_id.as_ref().unwrap().as_str(), "default");
    assert_eq!((rejection.seq, rejection.v), (Some(1060), Some(1)));
    assert_eq!(rejection.event_type.as_deref(), Some(BATCH));
    assert_eq!(rejection.ts, Some(known(example(BATCH)).ts));
    let rejection =
        rejected(edited(BATCH, r#""ts":"2026-11-21T12:00:01.000000Z""#, r#""ts":"soon""#));
    assert_eq!((rejection.ts, rejection.seq), (None, Some(1060)));
    let rejection = rejected("nonsense");
    assert_eq!((rejection.run_id.as_ref(), rejection.seq, rejection.v), (None, None, None));
}

#[test]
fn keys_are_read_in_any_order() {
    let backwards = r#"{"data":{"inner_epoch":2,"batch_idx":4,"phase":"updating"},"event_type":"HEARTBEAT","mono_ns":5,"ts":"2026-11-21T12:00:00.000Z","seq":4,"run_id":"r","v":1}"#;
    assert_eq!(
        known(backwards),
        known(row("HEARTBEAT", r#"{"phase":"updating","batch_idx":4,"inner_epoch":2}"#))
    );
}
