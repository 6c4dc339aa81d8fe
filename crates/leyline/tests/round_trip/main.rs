//! Properties: what is written reads back bit for bit, a row and a frame of one event are equal, and no bytes do harm.

use leyline::wire::{
    EncodeError, FrameDecoder, MAX_FRAME_BYTES, RowDecoder, Schema, encode_frame, encode_row,
};
use leyline::{Envelope, Event, Heartbeat, Incoming, Phase, Reason, RunId, Scalar};
use proptest::prelude::*;

use crate::arbitrary::envelope;

mod arbitrary;
mod foreign;
mod model;

fn row(envelope: &Envelope) -> String {
    let mut out = String::new();
    encode_row(envelope, &mut out);
    out
}

/// The frame of an event, which holds every bit of it but the name of its run.
fn frame(envelope: &Envelope) -> Vec<u8> {
    let mut out = Vec::new();
    encode_frame(envelope, &mut out).expect("a legal event fits into a frame");
    out
}

fn known(incoming: Incoming) -> Envelope {
    match incoming {
        Incoming::Known(envelope) => (*envelope).clone(),
        other @ (Incoming::Unknown(_) | Incoming::Rejected(_)) => panic!("not known: {other:?}"),
    }
}

fn decode_frame(run: &RunId, frame: &[u8]) -> Incoming {
    FrameDecoder::new(run.clone(), Schema::own()).decode(frame)
}

/// The words of a rejected frame.
fn refused(incoming: Incoming) -> String {
    match incoming {
        Incoming::Rejected(rejection) => rejection.reason.to_string(),
        other @ (Incoming::Known(_) | Incoming::Unknown(_)) => panic!("not rejected: {other:?}"),
    }
}

fn decode_row(line: &[u8]) -> Incoming {
    RowDecoder::new("file").decode(line)
}

/// Two events are equal to the last bit; `==` would not do, since NaN differs from itself and −0 equals 0.
#[track_caller]
fn assert_same(a: &Envelope, b: &Envelope) {
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
    assert_eq!(frame(a), frame(b));
}

proptest! {
    #[test]
    fn a_row_reads_back(envelope in envelope()) {
        assert_same(&known(decode_row(row(&envelope).as_bytes())), &envelope);
    }

    #[test]
    fn a_row_is_one_line_of_strict_json_without_null_in_its_data(envelope in envelope()) {
        let row = row(&envelope);
        prop_assert!(!row.contains(['\n', '\r']));
        let value: serde_json::Value = serde_json::from_str(&row).unwrap();
        prop_assert!(value["data"].as_object().unwrap().values().all(|member| !member.is_null()));
        let keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["v", "run_id", "seq", "ts", "mono_ns", "event_type", "group_id", "severity", "message", "env_id", "data"];
        prop_assert_eq!(keys, expected);
        let fields: Vec<_> = Event::fields(envelope.event.kind()).iter().map(|spec| spec.name).collect();
        let mut rest = fields.as_slice();
        for key in value["data"].as_object().unwrap().keys() {
            let at = rest.iter().position(|field| field == key);
            prop_assert!(at.is_some(), "{key} is out of order in {row}");
            rest = &rest[at.unwrap() + 1..];
        }
    }

    #[test]
    fn a_frame_reads_back(envelope in envelope()) {
        assert_same(&known(decode_frame(&envelope.run_id, &frame(&envelope))), &envelope);
    }

    #[test]
    fn a_row_and_a_frame_of_one_event_are_equal(envelope in envelope()) {
        let from_row = known(decode_row(row(&envelope).as_bytes()));
        let from_frame = known(decode_frame(&envelope.run_id, &frame(&envelope)));
        assert_same(&from_row, &from_frame);
    }

    #[test]
    fn any_bytes_are_a_row_of_some_kind(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        decode_row(&bytes);
    }

    #[test]
    fn a_damaged_row_is_rejected_or_reads_as_what_it_says(
        envelope in envelope(),
        at in any::<prop::sample::Index>(),
        damage in prop::collection::vec(any::<u8>(), 0..4),
        cut in 0_usize..4,
    ) {
        let mut bytes = row(&envelope).into_bytes();
        let at = at.index(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, damage);
        if let Incoming::Known(read) = decode_row(&bytes) {
            assert_same(&known(decode_row(row(&read).as_bytes())), &Envelope { v: 1, ..(*read).clone() });
        }
    }

    #[test]
    fn any_text_in_place_of_a_value_does_no_harm(envelope in envelope(), value in "[-+0-9.eE\"\\\\{}\\[\\]:,NaIfinty tru]{0,12}") {
        let row = row(&envelope);
        for (at, _) in row.match_indices(':') {
            let (before, after) = row.split_at(at + 1);
            let (_, after) = after.split_at(after.find([',', '}']).unwrap_or(after.len()));
            decode_row(format!("{before}{value}{after}").as_bytes());
        }
    }

    #[test]
    fn any_bytes_are_a_frame_of_some_kind(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        decode_frame(&RunId::nearest("run"), &bytes);
    }

    #[test]
    fn a_damaged_frame_is_rejected_or_reads_as_what_it_says(
        envelope in envelope(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = frame(&envelope);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Incoming::Known(read) = decode_frame(&envelope.run_id, &bytes) {
            assert_same(&known(decode_frame(&envelope.run_id, &frame(&read))), &read);
            assert!(matches!(decode_row(row(&read).as_bytes()), Incoming::Known(_)), "{read:?}");
        }
    }

    #[test]
    fn a_frame_that_is_cut_or_goes_on_is_rejected(envelope in envelope(), at in any::<prop::sample::Index>()) {
        let mut bytes = frame(&envelope);
        refused(decode_frame(&envelope.run_id, &bytes[..at.index(bytes.len())]));
        bytes.push(0);
        prop_assert_eq!(refused(decode_frame(&envelope.run_id, &bytes)), "bad_frame:1 bytes too many");
    }
}

fn heartbeat() -> Envelope {
    let line = r#"{"v":1,"run_id":"r","seq":4,"ts":"2026-11-21T12:00:00.000Z","mono_ns":5,"event_type":"HEARTBEAT","data":{"phase":"updating"}}"#;
    known(decode_row(line.as_bytes()))
}

#[track_caller]
fn check(frame: &[u8], expected: &str) {
    let Incoming::Rejected(rejection) = decode_frame(&RunId::nearest("r"), frame) else {
        panic!("a frame that must be rejected");
    };
    assert_eq!(rejection.reason.to_string(), expected);
    assert_eq!(rejection.run_id, Some(RunId::nearest("r")));
}

#[test]
fn bytes_that_are_no_frame_are_refused_with_what_is_wrong() {
    let good = frame(&heartbeat());
    let with_kind = |kind: u8| [&[kind], &good[1..]].concat();
    check(&with_kind(22), "bad_frame:unknown kind 22");
    check(&with_kind(0), "bad_frame:unknown kind 0");
    check(&[], "bad_frame:cannot read head");
    check(&good[..2], "bad_frame:cannot read head");
    check(&good[..good.len() - 1], "bad_frame:cannot read body");
    check(&vec![0; MAX_FRAME_BYTES + 1], "bad_frame:1048577 bytes are more than 1048576");
}

#[test]
fn a_length_that_lies_asks_for_no_memory() {
    let mut frame = frame(&heartbeat());
    let text = frame.windows(8).position(|window| window == b"updating").unwrap();
    // 253 announces a length of eight bytes: 2^63 and something.
    frame.splice(text - 1..text, [253, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    check(&frame, "bad_frame:cannot read body");
}

#[test]
fn a_frame_keeps_the_limits_of_a_row() {
    let mut beat = heartbeat();
    beat.event = Event::Heartbeat(Heartbeat {
        phase: Phase::Updating,
        batch_idx: None,
        inner_epoch: Some(0),
    });
    let Incoming::Rejected(rejection) = decode_frame(&beat.run_id, &frame(&beat)) else { panic!() };
    assert_eq!(rejection.reason, Reason::BadValue("inner_epoch".to_owned()));
    assert_eq!((rejection.seq, rejection.ts), (Some(4), Some(beat.ts)));
    assert_eq!((rejection.event_type.as_deref(), rejection.v), (Some("HEARTBEAT"), Some(1)));
    beat.message = "m".repeat(MAX_FRAME_BYTES);
    let mut out = b"before".to_vec();
    let error = encode_frame(&beat, &mut out).unwrap_err();
    assert!(
        matches!(error, EncodeError::TooLong { bytes } if MAX_FRAME_BYTES < bytes),
        "{error:?}"
    );
    assert_eq!(out, b"before");
}

#[test]
fn a_frame_raises_the_severity_and_copies_the_environment_as_a_row_does() {
    let line = r#"{"v":1,"run_id":"r","seq":4,"ts":"2026-11-21T12:00:00.000Z","mono_ns":5,"event_type":"GRADIENT_ANOMALY","env_id":3,"data":{"kind":"k"}}"#;
    let good = known(decode_row(line.as_bytes()));
    let Event::GradientAnomaly(anomaly) = good.event.clone() else { panic!() };
    let raw = Envelope {
        severity: leyline::Severity::Debug,
        event: Event::GradientAnomaly(leyline::Anomaly { env_id: None, ..anomaly }),
        ..good.clone()
    };
    assert_eq!(known(decode_frame(&raw.run_id, &frame(&raw))), good);
}

#[test]
fn the_text_of_a_float_word_is_that_float_in_rows_and_frames() {
    let line = r#"{"v":1,"run_id":"r","seq":4,"ts":"2026-11-21T12:00:00.000Z","mono_ns":5,"event_type":"TRAINING_STARTED","data":{"task":"t","max_batches":1,"start_batch":0,"hyperparams":{"x":1}}}"#;
    let mut started = known(decode_row(line.as_bytes()));
    if let Event::TrainingStarted(start) = &mut started.event {
        start.hyperparams = Some([("x".to_owned(), Scalar::Text("-Infinity".to_owned()))].into());
    }
    let from_row = known(decode_row(row(&started).as_bytes()));
    assert_same(&from_row, &known(decode_frame(&started.run_id, &frame(&started))));
    let Event::TrainingStarted(start) = &from_row.event else { panic!() };
    assert_eq!(start.hyperparams.as_ref().unwrap()["x"], Scalar::Number(f64::NEG_INFINITY));
}
