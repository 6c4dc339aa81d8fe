//! Types, limits and numbers of payload fields.

use leyline::Event;
use leyline::wire::encode_row;

use crate::{BATCH, check, edited, known, row};

const UPDATE: &str = "PPO_UPDATE_COMPLETED";

/// Kind, piece of its example, what stands there instead, reason.
const MISFITS: &[(&str, &str, &str, &str)] = &[
    (BATCH, r#""n_envs":8"#, r#""n_envs":0"#, "bad_value:n_envs"),
    (BATCH, r#""n_envs":8"#, r#""n_envs":65537"#, "bad_value:n_envs"),
    (BATCH, r#""n_envs":8"#, r#""n_envs":4294967296"#, "bad_value:n_envs"),
    (
        BATCH,
        r#""batch_episodes":41"#,
        r#""batch_episodes":4294967296"#,
        "wrong_type:batch_episodes",
    ),
    (
        BATCH,
        r#""mean_return":22.195121951219512"#,
        r#""mean_return":"nan""#,
        "wrong_type:mean_return",
    ),
    (
        BATCH,
        r#""mean_return":22.195121951219512"#,
        r#""mean_return":true"#,
        "wrong_type:mean_return",
    ),
    (
        BATCH,
        r#""mean_return":22.195121951219512"#,
        r#""mean_return":[1]"#,
        "wrong_type:mean_return",
    ),
    (BATCH, r#""batch_idx":1"#, r#""batch_idx":"NaN""#, "wrong_type:batch_idx"),
    (BATCH, r#""batch_idx":1"#, r#""batch_idx":-1"#, "wrong_type:batch_idx"),
    (BATCH, r#""outcome":"completed""#, r#""outcome":"interrupted""#, "bad_word:outcome"),
    (BATCH, r#""outcome":"completed""#, r#""outcome":1"#, "wrong_type:outcome"),
    (BATCH, r#""outcome":"completed""#, r#""outcome":"skipped""#, "missing_field:skip_reason"),
    (UPDATE, r#""skipped":false"#, r#""skipped":0"#, "wrong_type:skipped"),
    (UPDATE, r#""skipped":false"#, r#""skipped":"false""#, "wrong_type:skipped"),
    (UPDATE, r#""skipped":false"#, r#""skipped":true"#, "missing_field:skip_reason"),
    (UPDATE, r#""batch_idx":1"#, r#""batch_idx":0"#, "bad_value:batch_idx"),
    (UPDATE, r#""passes_run":4"#, r#""passes_run":4.5"#, "wrong_type:passes_run"),
    (
        UPDATE,
        r#""nan_grad_count":0"#,
        r#""nan_grad_count":"Infinity""#,
        "wrong_type:nan_grad_count",
    ),
    ("EPOCH_COMPLETED", r#""inner_epoch":5"#, r#""inner_epoch":0"#, "bad_value:inner_epoch"),
    ("EPOCH_COMPLETED", r#""data":{"env_id":3"#, r#""data":{"env_id":65536"#, "bad_value:env_id"),
    (
        "EPOCH_COMPLETED",
        r#""data":{"env_id":3"#,
        r#""data":{"env_id":null"#,
        "missing_field:env_id",
    ),
    ("EPOCH_COMPLETED", r#""data":{"env_id":3"#, r#""data":{"env_id":4"#, "env_mismatch"),
    ("TRAINING_FINISHED", r#""reason":"completed""#, r#""reason":"failed""#, "missing_field:error"),
    ("TRAINING_STARTED", r#""max_batches":200,"#, "", "missing_field:max_batches"),
    ("TRAINING_STARTED", r#""gamma":0.99"#, r#""gamma":[0.99]"#, "wrong_type:hyperparams"),
    ("SYSTEM_VITALS", r#""device_id":0"#, r#""device_id":64"#, "bad_value:device_id"),
    ("SYSTEM_VITALS", r#""device_id":0"#, r#""device_id":4294967296"#, "bad_value:device_id"),
    ("SYSTEM_VITALS", r#""device_id":0"#, r#""device_id":0.0"#, "wrong_type:device_id"),
    ("SYSTEM_VITALS", r#""device_id":0,"#, "", "missing_field:device_id"),
    ("SYSTEM_VITALS", r#""gpus":[{"#, r#""gpus":[null,{"#, "wrong_type:gpus"),
    ("SYSTEM_VITALS", r#""gpus":[{"#, r#""gpus":[3,{"#, "wrong_type:gpus"),
    ("METRIC", r#""eval/mean_return":22.2"#, r#""eval/mean_return":"red""#, "wrong_type:values"),
    ("METRIC", r#""eval/mean_return":22.2"#, r#""eval mean":22.2"#, "bad_text:values"),
    ("METRIC", r#""step":1024"#, r#""step":1024.5"#, "wrong_type:step"),
    ("EMITTER_LOSS", r#""lane":"lossy""#, r#""lane":"slow""#, "bad_word:lane"),
    ("HEARTBEAT", r#""phase":"updating""#, r#""phase":null"#, "missing_field:phase"),
    ("HEARTBEAT", r#""batch_idx":4"#, r#""inner_epoch":0"#, "bad_value:inner_epoch"),
];

#[test]
fn payload_fields_have_their_types() {
    for (kind, from, to, reason) in MISFITS.iter().copied() {
        check(edited(kind, from, to), reason);
    }
}

#[test]
fn lists_maps_and_texts_have_their_limits() {
    let gpus = vec![r#"{"device_id":1}"#; 65].join(",");
    check(row("SYSTEM_VITALS", &format!("{{\"gpus\":[{gpus}]}}")), "bad_value:gpus");
    check(row("SYSTEM_VITALS", "{}"), "missing_field:gpus");
    check(row("METRIC", r#"{"step":1,"values":{}}"#), "bad_value:values");
    check(row("METRIC", r#"{"step":1,"values":[]}"#), "wrong_type:values");
    let many: Vec<_> = (0..1025).map(|i| format!("\"m{i}\":1")).collect();
    check(
        row("METRIC", &format!(r#"{{"step":1,"values":{{{}}}}}"#, many.join(","))),
        "bad_value:values",
    );
    let long = "x".repeat(257);
    let start = |member: &str| {
        row(
            "TRAINING_STARTED",
            &format!(r#"{{"task":"t","max_batches":1,"start_batch":0,{member}}}"#),
        )
    };
    check(start(&format!(r#""hyperparams":{{"{long}":1}}"#)), "bad_text:hyperparams");
    check(start(&format!(r#""hyperparams":{{"a":"{long}"}}"#)), "bad_text:hyperparams");
    let units = format!(r#"{{"step":1,"values":{{"a":1}},"units":{{"a":"{long}"}}}}"#);
    check(row("METRIC", &units), "bad_text:units");
    check(row("METRIC", r#"{"step":1,"values":{"a":1},"units":{"a b":"m"}}"#), "bad_text:units");
    let name = |len| format!(r#"{{"step":1,"values":{{"{}":1}}}}"#, "n".repeat(len));
    known(row("METRIC", &name(128)));
    check(row("METRIC", &name(129)), "bad_text:values");
    check(row("METRIC", &name(0)), "bad_text:values");
}

/// Kind, text field, longest text in bytes, and what the payload needs besides.
const TEXTS: &[(&str, &str, usize, &str)] = &[
    ("HEARTBEAT", "phase", 256, ""),
    ("CHECKPOINT_SAVED", "path", 256, ""),
    ("CHECKPOINT_LOADED", "path", 256, ""),
    ("GRADIENT_ANOMALY", "kind", 256, ""),
    ("MEMORY_WARNING", "subject", 256, r#","kind":"k""#),
    ("MEMORY_WARNING", "detail", 4096, r#","kind":"k""#),
    ("TRAINING_STARTED", "task", 256, r#","max_batches":1,"start_batch":0"#),
    ("TRAINING_STARTED", "reward_mode", 256, r#","task":"t","max_batches":1,"start_batch":0"#),
    ("TRAINING_STARTED", "device", 256, r#","task":"t","max_batches":1,"start_batch":0"#),
    ("TRAINING_STARTED", "resumed_from", 256, r#","task":"t","max_batches":1,"start_batch":0"#),
    (
        "TRAINING_FINISHED",
        "error",
        4096,
        r#","reason":"failed","last_batch":1,"batches_since_start":1,"updates_skipped":0"#,
    ),
    ("BATCH_EPOCH_COMPLETED", "skip_reason", 256, r#","batch_idx":1"#),
    ("PPO_UPDATE_COMPLETED", "skip_reason", 256, r#","batch_idx":1,"skipped":true"#),
    ("EMITTER_LOSS", "sink", 256, r#","lane":"lossy","cause":"c","dropped":1,"dropped_total":1"#),
    ("EMITTER_LOSS", "cause", 256, r#","lane":"lossy","sink":"s","dropped":1,"dropped_total":1"#),
];

#[test]
fn every_text_has_its_longest_length_in_bytes() {
    for (kind, field, limit, rest) in TEXTS.iter().copied() {
        let with =
            |len: usize| row(kind, &format!(r#"{{"{field}":"{}"{rest}}}"#, "é".repeat(len / 2)));
        known(with(limit));
        check(with(limit + 2), &format!("bad_text:{field}"));
    }
}

#[test]
fn integers_are_exact_to_the_last_bit() {
    let envelope =
        known(edited("TRAINING_STARTED", r#""seed":42"#, r#""seed":18446744073709551615"#));
    let Event::TrainingStarted(start) = &envelope.event else { panic!() };
    assert_eq!(start.seed, Some(u64::MAX));
    let mut out = String::new();
    encode_row(&envelope, &mut out);
    assert!(out.contains(r#""seed":18446744073709551615"#));
    assert_eq!(
        known(edited(BATCH, r#""seq":1060"#, r#""seq":9007199254740993"#)).seq,
        9_007_199_254_740_993
    );
}

#[test]
fn floats_are_read_from_every_form_of_a_number() {
    let read = |text: &str| {
        let Event::EpisodeOutcome(outcome) = known(edited(
            "EPISODE_OUTCOME",
            r#""episode_return":21.0"#,
            &format!(r#""episode_return":{text}"#),
        ))
        .event
        .clone() else {
            panic!()
        };
        outcome.episode_return
    };
    for (text, expected) in [
        ("3", 3.0),
        ("3.0", 3.0),
        ("-7", -7.0),
        ("3e2", 300.0),
        ("1E-2", 0.01),
        ("-0.0", -0.0),
        ("-0", -0.0),
        ("0.1", 0.1),
        ("9007199254740993", 9_007_199_254_740_992.0),
        ("18446744073709551616", 18_446_744_073_709_551_616.0),
        ("2.2250738585072011e-308", 2.225_073_858_507_201e-308),
        ("5e-324", 5e-324),
        ("1e-400", 0.0),
        ("1.7976931348623157e308", f64::MAX),
        ("\"Infinity\"", f64::INFINITY),
        ("\"-Infinity\"", f64::NEG_INFINITY),
    ] {
        assert_eq!(read(text).to_bits(), expected.to_bits(), "{text}");
    }
    assert!(read("\"NaN\"").is_nan());
}
