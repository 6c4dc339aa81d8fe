//! What stands in the second row of the banner and in the list.

use std::collections::BTreeSet;

use karn_sanctum::alert::{At, Evidence, Mover};
use karn_sanctum::number::Place;
use leyline::{RuleId, RunNs};

use super::*;
use crate::dump::{draw_buffer, rows};

const fn at(batch: u64) -> At {
    At { batch: Some(batch), mono_ns: RunNs(batch * 1_000_000_000) }
}

fn alert(rule: RuleId, level: AlertLevel, path: Option<&'static str>, worst: f64) -> Alert {
    let place = path.map(|path| Place { path, index: None });
    Alert {
        number: 3,
        rule,
        level,
        first: at(23),
        last: at(30),
        ended: None,
        worst: Evidence { value: worst, at: at(25), place, env: None },
        mover: None,
    }
}

fn kl() -> Alert {
    let mover = Mover { path: "policy.grad_norm", at: at(21), sigmas: 7.23 };
    let kl = alert(RuleId::KlHigh, AlertLevel::Critical, Some("policy.kl_divergence"), 0.05);
    Alert { mover: Some(mover), ..kl }
}

#[track_caller]
fn check(alerts: &[Alert], columns: u16, expected: &str) {
    let line = VerdictLine::new(alerts.iter().collect(), &Theme::DARK);
    assert_eq!(rows(&draw_buffer(&line, columns, 1)), [expected]);
}

#[test]
fn nothing_to_say_leaves_the_line_empty() {
    check(&[], 120, "");
}

#[test]
fn the_metric_that_moved_first_is_named_first() {
    check(
        &[kl()],
        140,
        "why: Gradient Norm moved first in b21 (+7.2 sd); KL Divergence critical since b23, worst 0.05   \
         next: learning rate, passes, clip range",
    );
    check(
        &[kl()],
        116,
        "why: Gradient Norm moved first in b21; KL Divergence critical since b23   \
         next: learning rate, passes, clip range",
    );
    check(&[kl()], 70, "why: KL Divergence critical since b23   next: learning rate, passes, c");
    let own = Mover { path: "policy.kl_divergence", at: at(22), sigmas: f64::INFINITY };
    check(
        &[Alert { mover: Some(own), ..kl() }],
        140,
        "why: KL Divergence critical since b23, worst 0.05   next: learning rate, passes, clip range",
    );
}

#[test]
fn at_most_two_causes_are_named_and_what_does_not_fit_is_left_out_first() {
    let slow = alert(RuleId::Slow, AlertLevel::Warning, None, 2.5);
    let quiet = alert(RuleId::EnvQuiet, AlertLevel::Warning, None, 1400.0);
    let quiet = Alert { worst: Evidence { env: Some(3), ..quiet.worst }, ..quiet };
    let two = [Alert { mover: None, ..kl() }, slow, quiet];
    check(
        &two,
        140,
        "why: KL Divergence critical since b23, worst 0.05; slow warning since b23, worst 2.5 seconds   \
         next: learning rate, passes, clip range",
    );
    check(
        &two,
        120,
        "why: KL Divergence critical since b23; slow warning since b23   \
         next: learning rate, passes, clip range",
    );
    check(
        &two,
        100,
        "why: KL Divergence critical since b23, worst 0.05   next: learning rate, passes, clip range",
    );
    check(
        &[quiet],
        140,
        "why: env-quiet env 3 warning since b23, worst 1400 epochs   \
         next: this environment: observation, reward, end of episode",
    );
    check(&two, 20, "why: KL Divergence c");
}

#[test]
fn the_list_has_a_row_each_newest_first_and_says_more_of_the_chosen_one() {
    let ended = Alert { number: 2, ended: Some(at(33)), ..kl() };
    let alerts = [ended, alert(RuleId::Slow, AlertLevel::Warning, None, 2.5)];
    let acknowledged = BTreeSet::from([3]);
    let props = AlertListProps {
        alerts: &alerts,
        acknowledged: &acknowledged,
        chosen: 1,
        details: vec!["limit > 0.03".to_owned()],
        forgotten: 1,
    };
    let drawn = rows(&draw_buffer(&AlertListView::new(props, &Theme::DARK), 100, 10));
    assert!(drawn[0].contains("Alerts: 1 of 3 last"), "{drawn:?}");
    assert!(
        drawn[2].contains(
            "  * 3    slow      warning  b23     8       lasts, acknowledged  slow 2.5 seconds"
        ),
        "{drawn:?}"
    );
    assert!(
        drawn[3].contains(
            "> ! 2    kl-high   critical b23     8       ended b33            KL Divergence 0.05"
        ),
        "{drawn:?}"
    );
    assert!(drawn[6].contains("limit > 0.03"), "{drawn:?}");
}

#[test]
fn the_chosen_row_is_in_view_and_no_size_panics() {
    let alerts: Vec<Alert> = (1..=30).map(|number| Alert { number, ..kl() }).collect();
    let acknowledged = BTreeSet::new();
    for (columns, height) in [(1, 1), (3, 3), (20, 5), (80, 12), (200, 60)] {
        let props = AlertListProps {
            alerts: &alerts,
            acknowledged: &acknowledged,
            chosen: 29,
            details: Vec::new(),
            forgotten: 0,
        };
        let list = AlertListView::new(props, &Theme::DARK);
        let drawn = rows(&draw_buffer(&list, columns, height));
        let is_shown = drawn.iter().any(|row| row.contains("> ! 1 "));
        assert_eq!(is_shown, 8 <= height && 80 <= columns, "{columns}x{height} {drawn:?}");
    }
}
