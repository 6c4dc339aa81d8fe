//! What must hold for every rule.

use crate::metric;
use crate::threshold::{Band, Limit};
use crate::word::ClosedWord as _;

use super::*;

#[test]
fn the_table_is_complete_and_in_order() {
    let ids: Vec<RuleId> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids, RuleId::ALL);
    for rule in RULES {
        assert_eq!(by_id(rule.id), rule);
        assert!(!rule.basis.is_empty() && !rule.next.is_empty(), "{}", rule.id);
        let Lasts { times, of } = rule.lasts;
        assert!(0 < times && times <= of && usize::from(of) <= MOST_EVALUATIONS, "{}", rule.id);
        assert_eq!(rule.own_limit().is_none(), is_of_records(rule), "{}", rule.id);
    }
}

fn is_of_records(rule: &Rule) -> bool {
    rule.has_record_limits() && !matches!(rule.test, Test::Grew { .. })
}

#[test]
fn a_rule_with_record_limits_reads_records_that_have_limits() {
    for rule in RULES {
        for number in rule.reads {
            let spec = metric::by_number(*number);
            assert!(spec.is_some(), "{} reads {number}", rule.id);
            let judges = spec.is_some_and(|spec| spec.band.is_some());
            assert_eq!(judges, rule.has_record_limits(), "{} {number}", rule.id);
        }
        assert!(!rule.reads.is_empty(), "{} names no record", rule.id);
    }
}

#[test]
fn rules_about_the_machine_are_those_four() {
    let machine = RULES.iter().filter(|rule| rule.about == About::Machine);
    let machine: Vec<&str> = machine.map(|rule| rule.id.as_str()).collect();
    assert_eq!(machine, ["age", "memory", "slow", "stall"]);
}

#[test]
fn warm_up_hides_what_an_update_measured_and_what_returns_need() {
    let awake = RULES.iter().filter(|rule| !rule.waits_for_warm_up);
    let awake: Vec<&str> = awake.map(|rule| rule.id.as_str()).collect();
    let expected =
        ["nan", "skipped", "age", "lost", "rejected", "env-quiet", "memory", "slow", "stall"];
    assert_eq!(awake, expected);
}

#[test]
fn only_these_rules_say_less_in_a_situation() {
    use AlertLevel::Warning;
    use Situation::{Evaluating, KlHealthy, Progress, Solved, TargetsVaryLittle};
    let guards = RULES.iter().flat_map(|rule| rule.guards.iter().map(|guard| (rule.id, guard)));
    let guards: Vec<_> = guards.map(|(id, guard)| (id.as_str(), guard.when, guard.most)).collect();
    let expected = [
        ("ent-low", Solved, Some(Warning)),
        ("ent-fall", Progress, Some(Warning)),
        ("ent-fall", Solved, None),
        ("ev-low", Progress, Some(Warning)),
        ("ev-low", TargetsVaryLittle, Some(Warning)),
        ("critic", Progress, Some(Warning)),
        ("critic", TargetsVaryLittle, Some(Warning)),
        ("adv-sign", Progress, Some(Warning)),
        ("ratio", KlHealthy, Some(Warning)),
        ("stall", Evaluating, Some(Warning)),
        ("plateau", Solved, None),
    ];
    assert_eq!(guards, expected);
}

/// The numbers of terminal.md, section 12, which that page repeats for readers: they must be those of the records.
#[test]
fn the_limits_that_people_read_are_those_of_the_records() {
    let told: &[(u16, &[Limit], &[Limit])] = &[
        (110, &[Limit::Above(0.015)], &[Limit::Above(0.03)]),
        (130, &[Limit::AtLeast(0.25)], &[Limit::AtLeast(0.30)]),
        (120, &[Limit::AtMost(0.3)], &[Limit::AtMost(0.1)]),
        (121, &[Limit::AtMost(-0.01)], &[Limit::AtMost(-0.03)]),
        (122, &[Limit::AtLeast(0.3)], &[Limit::AtLeast(0.7)]),
        (200, &[Limit::AtMost(0.3)], &[Limit::AtMost(0.0)]),
        (220, &[Limit::Below(0.5)], &[Limit::Below(0.3)]),
        (223, &[Limit::AtLeast(20.0)], &[Limit::AtLeast(50.0)]),
        (310, &[Limit::Above(5.0)], &[Limit::Above(10.0)]),
        (140, &[Limit::AtMost(0.5), Limit::Above(2.0)], &[Limit::AtMost(0.1), Limit::Above(3.0)]),
        (
            144,
            &[Limit::Below(0.2), Limit::Above(0.8)],
            &[Limit::AtMost(0.02), Limit::AtLeast(0.98)],
        ),
        (150, &[Limit::Above(2.0)], &[Limit::Above(3.0)]),
        (153, &[Limit::Below(0.5)], &[Limit::Below(0.33)]),
        (702, &[Limit::AtLeast(2.0)], &[Limit::AtLeast(5.0)]),
        (782, &[], &[Limit::Above(0.0)]),
        (784, &[], &[Limit::Above(0.0)]),
        (780, &[Limit::Above(0.0)], &[]),
        (721, &[Limit::Above(0.75)], &[Limit::Above(0.90)]),
        (730, &[Limit::Above(0.75)], &[Limit::Above(0.90)]),
        (300, &[], &[Limit::Above(0.0)]),
        (301, &[], &[Limit::Above(0.0)]),
        (101, &[Limit::AtLeast(1.0)], &[]),
    ];
    for &(number, warning, critical) in told {
        let band = metric::by_number(number).and_then(|spec| spec.band);
        let same = |band: &&Band| band.warning == warning && band.critical == critical;
        assert!(band.is_some_and(|band| same(&band)), "TELE-{number}: {band:?}");
    }
    let judged = RULES.iter().filter(|rule| rule.has_record_limits());
    for number in judged.flat_map(|rule| rule.reads) {
        assert!(told.iter().any(|(known, ..)| known == number), "TELE-{number} is not compared");
    }
}
