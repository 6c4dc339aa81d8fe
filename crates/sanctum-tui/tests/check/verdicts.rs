//! `sanctum-tui check`: what is printed, and the exit code that says how the run did.

use leyline::demo::Scenario;
use serde_json::{Value, json};

use crate::recorded::{Recorded, change, last_segment};
use crate::run::{row, sanctum_tui};

/// Rows of a run whose updates measured these KL divergences.
fn run_of(values: &[f64]) -> String {
    let start = json!({ "task": "CartPole-v1", "max_batches": 100, "start_batch": 0 });
    let mut text = row("cp", "default", 0, 2.0, "TRAINING_STARTED", &start);
    let mut seq = 0;
    for (batch, kl) in (1_u64..).zip(values) {
        let at = 2.0 + batch as f64;
        let update = json!({ "batch_idx": batch, "skipped": false, "kl_divergence": kl });
        let end = json!({ "batch_idx": batch });
        for (event_type, data) in [("PPO_UPDATE_COMPLETED", update), ("BATCH_EPOCH_COMPLETED", end)]
        {
            seq += 1;
            text.push_str(&row("cp", "default", seq, at, event_type, &data));
        }
    }
    text
}

#[track_caller]
fn check(tail: &[f64], args: &[&str], code: i32, err: &str) -> String {
    let values = [&[0.01; 10], tail].concat();
    let done = sanctum_tui(&[&["check", "-"], args].concat(), run_of(&values).as_bytes());
    assert_eq!((done.code, done.err.as_str()), (Some(code), err), "{tail:?} {}", done.out);
    done.out
}

#[test]
fn the_exit_code_is_that_of_the_worst_verdict_that_lasted() {
    let out = check(&[0.02, 0.01, 0.02, 0.01], &[], 10, "");
    let alert = "warning kl-high policy.kl_divergence (TELE-110) batches 11 to 13 and on, worst 0.02 nats in batch 11, \
                 limit > 0.015; first moved: policy.kl_divergence in batch 11; \
                 next: learning rate, passes, clip range\nnot applicable: clip-high, ";
    assert!(out.starts_with(alert), "{out}");
    assert!(
        out.ends_with(
            "\nalerts: 0 critical, 1 warning, 0 info; about the machine: 0 critical, 0 warning, 0 info; \
             batches: 14, of them warm-up: 10, rules judged: 1\n"
        ),
        "{out}"
    );
    check(&[0.02, 0.01, 0.02], &["--fail-on", "critical"], 0, "");
    check(&[0.04, 0.01, 0.04], &["--fail-on", "critical"], 11, "");
    check(&[0.04, 0.02], &[], 10, "");
    let out = check(&[0.02, 0.01, 0.01, 0.02], &[], 0, "");
    assert!(out.contains("\nno alert; ") && !out.contains("kl-high"), "{out}");
    check(&[0.02, 0.02, 0.02], &["--at", "batch:11"], 0, "");
}

#[test]
fn a_run_of_which_nothing_could_be_judged_does_not_pass() {
    let out = check(&[], &[], 3, "error: nothing in it could be judged: -\n");
    assert!(
        out.ends_with("\nnothing was judged; batches: 10, of them warm-up: 10, rules judged: 0\n")
    );
    let done = sanctum_tui(&["check", "-"], b"");
    assert_eq!(done.code, Some(3));
    assert_eq!(done.out, "nothing was judged: no batch has ended\n");
}

#[test]
fn json_has_every_key() {
    let out = check(&[0.04, 0.04], &["--json"], 11, "");
    let value: Value = serde_json::from_str(&out).unwrap();
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&value), ["schema", "fail_on", "worst", "damaged", "own_limits", "groups"]);
    let group = &value["groups"][0];
    assert_eq!(
        keys(group),
        [
            "run_id",
            "group_id",
            "batches",
            "warm_up",
            "first_batch",
            "last_batch",
            "judged",
            "worst",
            "alerts",
            "forgotten",
            "not_applicable",
            "muted"
        ]
    );
    assert_eq!(
        group["alerts"],
        json!([{
            "rule": "kl-high", "level": "critical", "about": "learning",
            "metric": "policy.kl_divergence", "record": "TELE-110", "env": null,
            "first_batch": 11, "last_batch": 12, "ended_batch": null, "lasts": true,
            "seconds": 1.0, "worst_value": 0.04, "worst_batch": 11, "unit": "nats",
            "limit": "> 0.03",
            "first_mover":
                { "metric": "policy.kl_divergence", "batch": 11, "sigmas": "Infinity" },
            "next": "learning rate, passes, clip range",
        }])
    );
    assert_eq!((&value["schema"], &group["not_applicable"][0]), (&json!(2), &json!("clip-high")));
    let empty = check(&[], &["--json"], 3, "error: nothing in it could be judged: -\n");
    let empty: Value = serde_json::from_str(&empty).unwrap();
    assert_eq!((keys(&empty), &empty["worst"]), (keys(&value), &Value::Null));
}

#[test]
fn a_rule_can_be_muted_and_a_limit_replaced_which_the_alert_says() {
    let tail = [0.04, 0.04];
    // It was the only rule that had something to read.
    let nothing = "error: nothing in it could be judged: -\n";
    let out = check(&tail, &["--mute", "kl-high"], 3, nothing);
    assert!(out.contains("\nmuted: kl-high\nnothing was judged"), "{out}");
    let out = check(&tail, &["--limit", "TELE-110=0.02,0.05"], 10, "");
    assert!(out.contains("limit > 0.02, built in > 0.015 (command line)"), "{out}");
    let own = "own limit of policy.kl_divergence (TELE-110): warning > 0.02, built in > 0.015; critical > \
               0.05, built in > 0.03 (command line)\n";
    assert!(out.starts_with(own), "{out}");
    let out = check(&[0.06, 0.06], &["--limit", "TELE-110=0.02,0.05"], 11, "");
    assert!(out.contains("limit > 0.05, built in > 0.03"), "{out}");
    let rows = run_of(&[0.01; 12]);
    for (flag, value, why) in [
        ("--mute", "kl-hgh", "nearest: kl-high"),
        ("--limit", "TELE-140=1,2", "takes a lower and an upper"),
    ] {
        let done = sanctum_tui(&["check", "-", flag, value], rows.as_bytes());
        assert_eq!(done.code, Some(2), "{}", done.err);
        assert!(done.err.contains(why), "{}", done.err);
    }
}

#[test]
fn an_own_limit_of_silence_moves_the_connection_in_every_command() {
    let rows = run_of(&[0.01; 12]);
    let (going_on, _) = rows.trim_end().rsplit_once('\n').unwrap();
    for (limit, expected) in [("TELE-702=30,60", "live\n"), ("TELE-702=2,5", "stale\n")] {
        let arguments = ["snapshot", "-", "--now", "+7", "--get", "connection", "--limit", limit];
        let done = sanctum_tui(&arguments, going_on.as_bytes());
        assert_eq!((done.code, done.out.as_str()), (Some(0), expected), "{}", done.err);
    }
}

#[test]
fn a_group_that_is_not_there_is_an_error() {
    let rows = run_of(&[0.01; 12]);
    let done = sanctum_tui(&["check", "-", "--group", "B"], rows.as_bytes());
    assert_eq!(done.code, Some(2), "{}", done.err);
    let done = sanctum_tui(&["check", "-", "--group", "default"], rows.as_bytes());
    assert_eq!(done.code, Some(0), "{}", done.err);
}

#[test]
fn a_log_and_rows_are_judged_alike_and_damage_decides_where_no_alert_does() {
    for scenario in [Scenario::Calm, Scenario::KlSpike, Scenario::EntropyCollapse] {
        let run = Recorded::new(scenario);
        let piped = sanctum_tui(&["check", "-"], run.rows().as_bytes());
        let closed = run.closed("closed");
        for other in [&closed, &run.live("live").path(), &run.rows_dir(), &run.rows_file()] {
            assert_eq!(sanctum_tui(&["check", other], b""), piped, "{scenario:?} {other}");
        }
        // The last frame of an event, before the mark at the end.
        change(&last_segment(&closed), |bytes| bytes.truncate(bytes.len() - 20));
        let torn = sanctum_tui(&["check", &closed], b"");
        let expected = if piped.code == Some(0) { Some(4) } else { piped.code };
        assert_eq!(torn.code, expected, "{scenario:?} {}", torn.err);
        assert!(torn.err.contains("damage") || torn.err.contains("lost"), "{}", torn.err);
    }
    let collapse = Recorded::new(Scenario::EntropyCollapse);
    assert_eq!(sanctum_tui(&["check", "-"], collapse.rows().as_bytes()).code, Some(11));
}
