//! Runs made by hand, and what counts in them.

use leyline::RuleId;
use leyline::wire::RowDecoder;
use serde_json::{Value, json};

use super::*;
use crate::cli::FailOn;
use crate::headless::check::report::{Report, Verdict};

/// Makes the rows of a run, numbered.
struct Script {
    judge: Judge,
    seq: u64,
}

impl Script {
    fn new() -> Self {
        Self { judge: Judge::new(), seq: 0 }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is made on the spot reads best without `&`"
    )]
    fn row(&mut self, group: &str, event_type: &str, data: Value) -> &mut Self {
        let row = json!({
            "v": 1, "run_id": "by-hand", "group_id": group, "seq": self.seq,
            "ts": "2026-11-21T12:00:00.000000Z", "mono_ns": self.seq * 1_000_000,
            "event_type": event_type, "data": data,
        });
        let incoming = RowDecoder::new("by-hand").decode(row.to_string().as_bytes());
        assert!(matches!(incoming, Incoming::Known(_)), "{incoming:?}");
        self.judge.apply(&incoming);
        self.seq += 1;
        self
    }

    fn start(&mut self, group: &str, start_batch: u64) -> &mut Self {
        let data = json!({
            "task": "CartPole-v1", "max_batches": start_batch + 100, "start_batch": start_batch,
        });
        self.row(group, "TRAINING_STARTED", data)
    }

    /// One batch with an update that measured only what is given.
    fn batch(&mut self, group: &str, batch: u64, measured: Value) -> &mut Self {
        let mut update = json!({ "batch_idx": batch, "skipped": false });
        if let (Value::Object(update), Value::Object(measured)) = (&mut update, measured) {
            update.extend(measured);
        }
        self.row(group, "PPO_UPDATE_COMPLETED", update).end_of(group, batch)
    }

    fn end_of(&mut self, group: &str, batch: u64) -> &mut Self {
        self.row(group, "BATCH_EPOCH_COMPLETED", json!({ "batch_idx": batch }))
    }

    /// Batches of one group with these KL divergences, from number `first` on.
    fn kl(&mut self, group: &str, first: u64, values: &[f64]) -> &mut Self {
        for (batch, kl) in (first..).zip(values) {
            self.batch(group, batch, json!({ "kl_divergence": kl }));
        }
        self
    }

    /// Returns the alerts as `group level metric first-last worst`.
    #[track_caller]
    fn check(&self, expected: &[&str]) {
        let mut seen = Vec::new();
        for group in self.judge.report() {
            for alert in group.alerts {
                let batch = |batch: Option<u64>| batch.unwrap_or(0);
                seen.push(format!(
                    "{} {} {} {}-{} {}",
                    group.group_id,
                    alert.level,
                    alert.rule,
                    batch(alert.first_batch),
                    batch(alert.last_batch),
                    alert.worst_value
                ));
            }
        }
        assert_eq!(seen, expected);
    }

    fn verdict(&self, fail_on: FailOn, damaged: bool) -> Verdict {
        Report::new(self.judge.report(), fail_on, damaged).verdict()
    }
}

const CALM: [f64; 10] = [0.01; 10];

#[test]
fn a_high_kl_in_two_of_three_counts_and_in_one_of_three_does_not() {
    let mut run = Script::new();
    run.start("default", 0).kl("default", 1, &CALM);
    run.kl("default", 11, &[0.02, 0.01, 0.01, 0.02, 0.01, 0.01]);
    run.check(&[]);
    assert_eq!(run.verdict(FailOn::Warning, false), Verdict::Passed);
    run.kl("default", 17, &[0.02, 0.01, 0.025]);
    run.check(&["default warning kl-high 17-19 0.025"]);
    assert_eq!(run.verdict(FailOn::Warning, false), Verdict::Failed(FailOn::Warning));
    assert_eq!(run.verdict(FailOn::Critical, false), Verdict::Passed);
    run.kl("default", 20, &[0.05, 0.04]);
    run.check(&["default critical kl-high 17-21 0.05"]);
    assert_eq!(run.verdict(FailOn::Critical, false), Verdict::Failed(FailOn::Critical));
}

#[test]
fn the_first_ten_batches_of_a_start_are_warm_up() {
    let mut run = Script::new();
    run.start("default", 0).kl("default", 1, &[0.05; 10]);
    run.check(&[]);
    assert_eq!(run.verdict(FailOn::Warning, false), Verdict::Nothing);
    run.kl("default", 11, &[0.05]);
    run.check(&[]);
    run.kl("default", 12, &[0.05]);
    run.check(&["default critical kl-high 11-12 0.05"]);
}

#[test]
fn a_resumed_run_warms_up_again() {
    let mut run = Script::new();
    run.start("default", 25).kl("default", 26, &[0.05; 10]);
    run.check(&[]);
    run.kl("default", 36, &[0.01, 0.05, 0.05]);
    run.check(&["default critical kl-high 37-38 0.05"]);
    // Another start in the same log: what counted stays, what was about to count does not.
    let mut run = Script::new();
    run.start("default", 0).kl("default", 1, &CALM).kl("default", 11, &[0.05]);
    run.start("default", 11).kl("default", 12, &[0.05; 10]).kl("default", 22, &[0.05]);
    run.check(&[]);
    run.kl("default", 23, &[0.05]);
    run.check(&["default critical kl-high 22-23 0.05"]);
}

#[test]
fn a_run_without_its_start_warms_up_from_its_first_batch_on() {
    let mut run = Script::new();
    run.kl("default", 41, &[0.05; 10]);
    run.check(&[]);
    run.kl("default", 51, &[0.05, 0.05]);
    run.check(&["default critical kl-high 51-52 0.05"]);
}

#[test]
fn what_is_not_finite_is_critical_even_without_a_limit_and_in_warm_up() {
    let mut run = Script::new();
    run.start("default", 0);
    run.batch("default", 1, json!({ "policy_loss": "NaN" }));
    run.check(&["default critical nan 1-1 NaN"]);
    run.batch("default", 2, json!({ "policy_loss": 0.1 }));
    run.batch("default", 3, json!({ "policy_loss": "-Infinity" }));
    run.check(&["default critical nan 1-3 NaN"]);
    let report = run.judge.report();
    let json = Report::new(report, FailOn::Warning, false).to_json();
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["groups"][0]["alerts"][0]["worst_value"], "NaN");
    assert_eq!(value["groups"][0]["alerts"][0]["limit"], "not finite");
}

#[test]
fn groups_are_judged_apart() {
    let mut run = Script::new();
    run.start("a", 0).start("b", 0).kl("a", 1, &CALM).kl("b", 1, &CALM);
    run.kl("a", 11, &[0.02]).kl("b", 11, &[0.02]).kl("a", 12, &[0.01; 2]).kl("b", 12, &[0.02]);
    run.check(&["b warning kl-high 11-12 0.02"]);
}

#[test]
fn only_fresh_readings_of_the_batch_itself_count() {
    let mut run = Script::new();
    run.start("default", 0).kl("default", 1, &CALM).kl("default", 11, &[0.05]);
    // No update, a skipped update, an update that did not measure it: none of these judges the old value again.
    run.end_of("default", 12);
    run.row(
        "default",
        "PPO_UPDATE_COMPLETED",
        json!({ "batch_idx": 13, "skipped": true, "skip_reason": "kl_limit" }),
    );
    run.end_of("default", 13).batch("default", 14, json!({ "entropy": 0.5 }));
    let alerts = |run: &Script| {
        let alerts = run.judge.report().into_iter().flat_map(|group| group.alerts);
        alerts.map(|alert| alert.rule.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(alerts(&run), ["skipped"]);
    // The next measurement is the second of the window.
    run.kl("default", 15, &[0.05]);
    assert_eq!(alerts(&run), ["skipped", "kl-high"]);
}

#[test]
fn rows_that_were_there_before_are_not_judged_again() {
    let mut run = Script::new();
    run.start("default", 0).kl("default", 1, &CALM).kl("default", 11, &[0.05]);
    // The end of the file once more, as of a copy that was appended twice.
    run.seq -= 1;
    run.end_of("default", 11).end_of("default", 12);
    let alerts = run.judge.report().into_iter().flat_map(|group| group.alerts);
    // That they were there twice is said, and nothing else.
    let rules: Vec<RuleId> = alerts.map(|alert| alert.rule).collect();
    assert_eq!(rules, [RuleId::Rejected]);
}

#[test]
fn lost_events_are_critical_and_warm_up_does_not_hide_them() {
    let mut run = Script::new();
    run.start("default", 0).kl("default", 1, &[0.01]);
    run.seq += 5;
    run.kl("default", 2, &[0.01; 3]);
    run.check(&["default critical lost 2-2 5"]);
}

#[test]
fn rules_that_were_never_evaluated_are_not_applicable() {
    let mut run = Script::new();
    run.start("default", 0);
    for batch in 1..=12 {
        // No `max_entropy` in the start, so that entropy has no limit.
        run.batch("default", batch, json!({ "kl_divergence": 0.01, "entropy": 0.01 }));
    }
    let report = run.judge.report();
    let [group] = report.as_slice() else { panic!("one group") };
    let missing = &group.not_applicable;
    assert!(missing.contains(&RuleId::EntLow) && missing.contains(&RuleId::GradHigh));
    assert!(!missing.contains(&RuleId::KlHigh) && !missing.contains(&RuleId::Skipped));
    assert_eq!((group.batches, group.warm_up, group.judged), (12, 10, 2));
}

#[test]
fn damage_decides_only_where_no_alert_does() {
    let mut run = Script::new();
    assert_eq!(run.verdict(FailOn::Warning, false), Verdict::Nothing);
    assert_eq!(run.verdict(FailOn::Warning, true), Verdict::Damaged);
    run.start("default", 0).kl("default", 1, &CALM).kl("default", 11, &[0.02, 0.02]);
    assert_eq!(run.verdict(FailOn::Warning, true), Verdict::Failed(FailOn::Warning));
    assert_eq!(run.verdict(FailOn::Critical, true), Verdict::Damaged);
}
