//! Rows of version 0: every line of the mapping table as a case, and a whole run of the Python system.

use std::sync::Arc;

use leyline::wire::{RowDecoder, encode_row};
use leyline::{Envelope, Event, Incoming, Rejection, RunNs, Severity, UnknownEvent};

mod ancestor;

fn row(kind: &str, data: &str) -> String {
    format!(
        r#"{{"event_id":"e","event_type":"{kind}","timestamp":"2026-01-03T10:00:10+00:00","seed_id":null,"slot_id":null,"epoch":104,"group_id":"default","message":"","data":{data},"severity":"info"}}"#
    )
}

fn decode(row: &str) -> Incoming {
    RowDecoder::new("file").decode(row.as_bytes())
}

#[track_caller]
fn known(incoming: Incoming) -> Arc<Envelope> {
    match incoming {
        Incoming::Known(envelope) => envelope,
        other @ (Incoming::Unknown(_) | Incoming::Rejected(_)) => panic!("not known: {other:?}"),
    }
}

#[track_caller]
fn unknown(incoming: Incoming) -> Arc<UnknownEvent> {
    match incoming {
        Incoming::Unknown(event) => event,
        other @ (Incoming::Known(_) | Incoming::Rejected(_)) => panic!("not unknown: {other:?}"),
    }
}

#[track_caller]
fn rejected(incoming: Incoming) -> Arc<Rejection> {
    match incoming {
        Incoming::Rejected(rejection) => rejection,
        other @ (Incoming::Unknown(_) | Incoming::Known(_)) => panic!("not rejected: {other:?}"),
    }
}

/// Compares the payload that a row becomes with the payload of a row of version 1.
#[track_caller]
fn becomes(kind: &str, data: &str, kind_v1: &str, data_v1: &str) {
    let envelope = known(decode(&row(kind, data)));
    let v1 = format!(
        r#"{{"v":1,"run_id":"file","seq":0,"ts":"2026-01-03T10:00:10.000Z","mono_ns":0,"event_type":"{kind_v1}","data":{data_v1}}}"#
    );
    assert_eq!(envelope.event, known(decode(&v1)).event);
    assert_eq!(envelope.v, 0);
}

#[track_caller]
fn check(row: &str, reason: &str) {
    assert_eq!(rejected(decode(row)).reason.to_string(), reason);
}

#[test]
fn the_start_of_a_run() {
    becomes(
        "TRAINING_STARTED",
        r#"{"n_envs":4,"max_epochs":150,"max_batches":75,"task":"t","host_params":164,"seed":21,"lr":0.0003,"clip_ratio":0.2,"entropy_coef":0.1,"policy_device":"cpu","reward_mode":"shaped","resume_path":"a.pt","start_episode":100,"n_episodes":300}"#,
        "TRAINING_STARTED",
        r#"{"task":"t","n_envs":4,"max_epochs":150,"max_batches":75,"start_batch":25,"requested_batches":50,"start_episodes":100,"host_params":164,"reward_mode":"shaped","seed":21,"device":"cpu","resumed_from":"a.pt","hyperparams":{"learning_rate":0.0003,"clip_range":0.2,"entropy_coef":0.1}}"#,
    );
    becomes(
        "TRAINING_STARTED",
        r#"{"max_batches":5.0,"task":"t","resume_path":""}"#,
        "TRAINING_STARTED",
        r#"{"task":"t","max_batches":5,"start_batch":0,"requested_batches":5,"start_episodes":0}"#,
    );
    becomes(
        "TRAINING_STARTED",
        r#"{"max_batches":1,"task":"t","n_envs":4,"start_episode":10}"#,
        "TRAINING_STARTED",
        r#"{"task":"t","n_envs":4,"max_batches":1,"start_batch":2,"start_episodes":10}"#,
    );
    check(&row("TRAINING_STARTED", r#"{"max_batches":5,"n_envs":3}"#), "missing_field:task");
    check(
        &row("TRAINING_STARTED", r#"{"max_batches":5,"task":"t","n_envs":0}"#),
        "bad_value:n_envs",
    );
    check(
        &row("TRAINING_STARTED", r#"{"max_batches":5,"task":"t","start_episode":3}"#),
        "missing_field:start_batch",
    );
    check(
        &row("TRAINING_STARTED", r#"{"max_batches":5,"task":"t","start_episode":-3}"#),
        "wrong_type:start_episode",
    );
}

#[test]
fn checkpoints_steps_and_batches() {
    becomes(
        "CHECKPOINT_LOADED",
        r#"{"path":"a.pt","start_episode":12,"batch_idx":9}"#,
        "CHECKPOINT_LOADED",
        r#"{"path":"a.pt","episodes_completed":12}"#,
    );
    becomes(
        "EPOCH_COMPLETED",
        r#"{"env_id":1,"inner_epoch":2.0,"episode_idx":3,"val_accuracy":8.5,"val_loss":2.5,"train_loss":null,"reward":1.0}"#,
        "EPOCH_COMPLETED",
        r#"{"env_id":1,"inner_epoch":2,"episode_idx":3,"val_accuracy":8.5,"val_loss":2.5}"#,
    );
    check(&row("EPOCH_COMPLETED", r#"{"env_id":-1,"inner_epoch":2}"#), "missing_field:env_id");
    check(&row("EPOCH_COMPLETED", r#"{"env_id":0,"inner_epoch":2.5}"#), "wrong_type:inner_epoch");
    check(&row("EPOCH_COMPLETED", r#"{"env_id":0,"inner_epoch":0}"#), "bad_value:inner_epoch");
    becomes(
        "BATCH_EPOCH_COMPLETED",
        r#"{"episodes_completed":104,"batch_idx":26,"avg_accuracy":71.5,"avg_reward":12.25,"total_episodes":300,"n_envs":4,"start_episode":0,"requested_episodes":0,"rolling_accuracy":null}"#,
        "BATCH_EPOCH_COMPLETED",
        r#"{"batch_idx":26,"n_envs":4,"episodes_completed":104,"mean_return":12.25,"avg_accuracy":71.5}"#,
    );
    check(&row("BATCH_EPOCH_COMPLETED", r#"{"batch_idx":0}"#), "bad_value:batch_idx");
}

#[test]
fn an_update() {
    becomes(
        "PPO_UPDATE_COMPLETED",
        r#"{"batch":2,"policy_loss":-1.5,"value_loss":1,"entropy":5.9,"grad_norm":0.5,"pre_clip_grad_norm":9.5,"kl_divergence":-1e-9,"clip_fraction":0.0,"ppo_updates_count":3,"lr":0.0003,"entropy_coef":0.1,"dead_layers":20,"ratio_max":Infinity,"log_prob_min":-Infinity,"update_time_ms":4.5,"head_stuff":{"x":NaN}}"#,
        "PPO_UPDATE_COMPLETED",
        r#"{"batch_idx":2,"skipped":false,"policy_loss":-1.5,"value_loss":1,"entropy":5.9,"grad_norm":9.5,"kl_divergence":-1e-9,"clip_fraction":0,"optimizer_steps":3,"learning_rate":0.0003,"entropy_coef":0.1,"dead_layers":20,"ratio_max":"Infinity","log_prob_min":"-Infinity","update_time_ms":4.5}"#,
    );
}

#[test]
fn an_update_takes_the_norm_before_clipping_if_there_is_one() {
    let norm = |pre: &str| {
        let data = format!(r#"{{"batch":1,"pre_clip_grad_norm":{pre},"grad_norm":0.5}}"#);
        let Event::PpoUpdateCompleted(update) =
            known(decode(&row("PPO_UPDATE_COMPLETED", &data))).event.clone()
        else {
            panic!()
        };
        update.grad_norm
    };
    assert_eq!(norm("9.5"), Some(9.5));
    assert_eq!(norm("Infinity"), Some(f64::INFINITY));
    assert_eq!(norm("0.0"), Some(0.5));
    assert_eq!(norm("null"), Some(0.5));
    assert_eq!(norm("NaN"), Some(0.5));
}

#[test]
fn a_skipped_update_has_an_unknown_reason() {
    becomes(
        "PPO_UPDATE_COMPLETED",
        r#"{"batch":2,"skipped":true}"#,
        "PPO_UPDATE_COMPLETED",
        r#"{"batch_idx":2,"skipped":true,"skip_reason":"unknown"}"#,
    );
    check(&row("PPO_UPDATE_COMPLETED", "{}"), "missing_field:batch_idx");
}

#[test]
fn outcomes_of_episodes() {
    for (how, flags) in [
        (r#""success""#, r#","success":true"#),
        (r#""timeout""#, r#","success":false,"truncated":true,"terminated":false"#),
        (r#""early_termination""#, r#","success":false,"truncated":false,"terminated":true"#),
        (r#""other""#, ""),
        ("null", ""),
    ] {
        becomes(
            "EPISODE_OUTCOME",
            &format!(
                r#"{{"env_id":1,"episode_idx":7,"episode_length":5.0,"episode_reward":0.5,"outcome_type":{how}}}"#
            ),
            "EPISODE_OUTCOME",
            &format!(
                r#"{{"env_id":1,"episode_idx":7,"episode_length":5,"episode_return":0.5{flags}}}"#
            ),
        );
    }
    let data = r#"{"env_id":-1,"episode_idx":7,"episode_length":5,"episode_reward":0.5}"#;
    assert_eq!(known(decode(&row("EPISODE_OUTCOME", data))).env_id, None);
}

#[test]
fn anomalies() {
    for (kind, kind_v1) in [
        ("GRADIENT_ANOMALY", "GRADIENT_ANOMALY"),
        ("GRADIENT_PATHOLOGY_DETECTED", "GRADIENT_ANOMALY"),
        ("RATIO_EXPLOSION_DETECTED", "RATIO_EXPLOSION_DETECTED"),
        ("RATIO_COLLAPSE_DETECTED", "RATIO_COLLAPSE_DETECTED"),
        ("VALUE_COLLAPSE_DETECTED", "VALUE_COLLAPSE_DETECTED"),
        ("NUMERICAL_INSTABILITY_DETECTED", "NUMERICAL_INSTABILITY_DETECTED"),
    ] {
        becomes(
            kind,
            r#"{"anomaly_type":"a","batch":3,"inner_epoch":5,"episode":9,"detail":"d"}"#,
            kind_v1,
            r#"{"kind":"a","batch_idx":3,"inner_epoch":5,"detail":"d"}"#,
        );
        becomes(
            kind,
            r#"{"anomaly_type":"a","batch":0,"inner_epoch":-1}"#,
            kind_v1,
            r#"{"kind":"a"}"#,
        );
        check(&row(kind, "{}"), "missing_field:kind");
    }
    for kind in ["PLATEAU_DETECTED", "DEGRADATION_DETECTED", "IMPROVEMENT_DETECTED"] {
        becomes(
            kind,
            r#"{"batch_idx":3,"episodes_completed":9,"rolling_delta":-0.15}"#,
            kind,
            r#"{"kind":"accuracy_trend","batch_idx":3,"value":-0.15}"#,
        );
    }
    becomes(
        "MEMORY_WARNING",
        r#"{"gpu_utilization":0.97,"threshold":0.95,"gpu_allocated_gb":7}"#,
        "MEMORY_WARNING",
        r#"{"kind":"memory_high","value":0.97,"threshold":0.95}"#,
    );
}

#[test]
fn other_kinds_stay_unknown_with_their_data() {
    let event = unknown(decode(&row("SEED_GERMINATED", r#"{ "env_id": 2, "x": NaN }"#)));
    assert_eq!(event.data, r#"{ "env_id": 2, "x": "NaN" }"#);
    assert_eq!((event.v, event.env_id.map(|env| env.0)), (0, Some(2)));
    for kind in [
        "SYSTEM_VITALS",
        "METRIC",
        "HEARTBEAT",
        "TRAINING_FINISHED",
        "CHECKPOINT_SAVED",
        "EMITTER_LOSS",
    ] {
        unknown(decode(&row(kind, "{}")));
    }
    assert_eq!(unknown(decode(&row("X", "null"))).data, "null");
    assert_eq!(
        unknown(decode(r#"{"event_type":"X","timestamp":"2026-01-03T10:00:10"}"#)).data,
        "{}"
    );
}

#[test]
fn the_envelope() {
    let head = |from: &str, to: &str| {
        let row = row("X", "{}");
        assert!(row.contains(from), "{from}");
        decode(&row.replacen(from, to, 1))
    };
    let severity = |word: &str| {
        unknown(head(r#""severity":"info""#, &format!("\"severity\":{word}"))).severity
    };
    assert_eq!(severity("\"critical\""), Severity::Critical);
    assert_eq!(severity("\"loud\""), Severity::Warning);
    assert_eq!(severity("3"), Severity::Warning);
    assert_eq!(severity("null"), Severity::Info);
    let raised = row("GRADIENT_ANOMALY", r#"{"anomaly_type":"a"}"#);
    assert_eq!(known(decode(&raised)).severity, Severity::Warning);
    let group = |id: &str| {
        unknown(head(r#""group_id":"default""#, &format!("\"group_id\":{id}"))).group_id.to_string()
    };
    assert_eq!(group("\"A\""), "A");
    assert_eq!(group("\"\""), "default");
    assert_eq!(group("null"), "default");
    let reason = |from: &str, to: &str| rejected(head(from, to)).reason.to_string();
    assert_eq!(reason(r#""group_id":"default""#, r#""group_id":"a b""#), "bad_text:group_id");
    assert_eq!(reason(r#""group_id":"default""#, r#""group_id":4"#), "wrong_type:group_id");
    assert_eq!(reason("2026-01-03T10:00:10+00:00", "noon"), "bad_time");
    assert_eq!(
        reason(r#""timestamp":"2026-01-03T10:00:10+00:00","#, ""),
        "missing_field:timestamp"
    );
    assert_eq!(reason(r#""event_type":"X""#, r#""event_type":"x""#), "bad_text:event_type");
    assert_eq!(reason(r#""event_type":"X","#, ""), "missing_field:event_type");
    assert_eq!(reason(r#""message":"""#, r#""message":1"#), "wrong_type:message");
    assert_eq!(reason(r#""data":{}"#, r#""data":[]"#), "wrong_type:data");
    assert_eq!(reason(r#""data":{}"#, r#""data":{"env_id":65536}"#), "bad_value:env_id");
    for ts in ["2026-01-03T10:00:10", "2026-01-03T10:00:10Z", "2026-01-03T12:00:10.000000000+02:00"]
    {
        assert_eq!(
            unknown(head("2026-01-03T10:00:10+00:00", ts)).ts.to_string(),
            "2026-01-03T10:00:10.000000Z"
        );
    }
    check("{}", "missing_field:event_type");
    check(r#"{"v":null,"event_type":"X"}"#, "missing_field:timestamp");
    check(r#"{"v":1,"event_type":NaN}"#, "bad_json");
    check(r#"{"x":NaN"#, "bad_json");
}

/// A row of a group at a second, telling run, number and clock that it gets.
fn placed(decoder: &mut RowDecoder, kind: &str, group: &str, second: &str) -> (String, u64, RunNs) {
    let text = row(kind, r#"{"task":"t","max_batches":1}"#)
        .replace(":10+00:00", &format!(":{second}+00:00"))
        .replace(r#""group_id":"default""#, &format!(r#""group_id":"{group}""#));
    match decoder.decode(text.as_bytes()) {
        Incoming::Known(e) => (e.run_id.to_string(), e.seq, e.mono_ns),
        Incoming::Unknown(e) => (e.run_id.to_string(), e.seq, e.mono_ns),
        Incoming::Rejected(r) => panic!("{r:?}"),
    }
}

#[test]
fn run_number_and_clock_are_made_up_row_by_row() {
    let mut decoder = RowDecoder::new("my file.jsonl");
    let mut place = |kind, group, second| placed(&mut decoder, kind, group, second);
    let at = |run: &str, seq, ms: u64| (run.to_owned(), seq, RunNs(ms * 1_000_000));
    assert_eq!(place("X", "A", "10"), at("my-file.jsonl", 0, 0));
    assert_eq!(place("TRAINING_STARTED", "A", "11.5"), at("my-file.jsonl", 1, 1500));
    assert_eq!(place("TRAINING_STARTED", "B", "11"), at("my-file.jsonl", 2, 1500));
    assert_eq!(place("X", "A", "12"), at("my-file.jsonl", 3, 2000));
    assert_eq!(place("TRAINING_STARTED", "A", "13"), at("my-file.jsonl-2", 4, 3000));
    assert_eq!(place("X", "B", "14"), at("my-file.jsonl", 5, 4000));
    assert_eq!(place("X", "A", "09"), at("my-file.jsonl-2", 6, 4000));
    assert_eq!(place("TRAINING_STARTED", "A", "15"), at("my-file.jsonl-3", 7, 5000));
}

#[test]
fn a_rejected_start_begins_no_run() {
    let mut decoder = RowDecoder::new("file");
    let mut decode = |data| decoder.decode(row("TRAINING_STARTED", data).as_bytes());
    known(decode(r#"{"task":"t","max_batches":1}"#));
    assert_eq!(rejected(decode("{}")).run_id.as_ref().unwrap().as_str(), "file");
    assert_eq!(known(decode(r#"{"task":"t","max_batches":1}"#)).run_id.as_str(), "file-2");
}

#[test]
fn only_rows_that_parse_have_a_number() {
    let mut decoder = RowDecoder::new("file");
    decoder.decode(b"not json");
    let rejection = rejected(decoder.decode(row("EPOCH_COMPLETED", "{}").as_bytes()));
    assert_eq!((rejection.seq, rejection.v), (Some(0), Some(0)));
    assert_eq!(rejection.run_id.as_ref().unwrap().as_str(), "file");
    assert_eq!(rejection.event_type.as_deref(), Some("EPOCH_COMPLETED"));
    assert_eq!(unknown(decoder.decode(row("X", "{}").as_bytes())).seq, 1);
}

#[test]
fn what_was_read_from_version_0_is_written_as_version_1() {
    let envelope =
        known(decode(&row("BATCH_EPOCH_COMPLETED", r#"{"batch_idx":26,"avg_reward":NaN}"#)));
    let mut out = String::new();
    encode_row(&envelope, &mut out);
    assert_eq!(
        out,
        r#"{"v":1,"run_id":"file","seq":0,"ts":"2026-01-03T10:00:10.000000Z","mono_ns":0,"event_type":"BATCH_EPOCH_COMPLETED","group_id":"default","severity":"info","message":"","env_id":null,"data":{"batch_idx":26,"mean_return":"NaN"}}"#
    );
}
