//! Every check over the evidence, with evidence made by hand: a whole one shows nothing, each fault shows its code.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::{
    Dark, Difference, ExampleSeen, FoldSeen, Foreign, HubSeen, Leaf, MissingSeen, OutOfRange,
    PointSeen, RecordSeen, StaleSeen, WidgetSeen,
};
use telemetry_evidence::plan::{Edit, Point};

use crate::verify::checks::{CHECKS, tests_of_records};
use crate::verify::code::{self, Severity, Tier};
use crate::verify::finding::{Finding, Location, Outcome};
use crate::verify::index::SourceIndex;
use crate::verify::judge::{Outcomes, Scope, judge};
use crate::verify::record;
use crate::verify::report::{BoxState, Report, Steps};
use crate::verify::tables::coverage::{Coverage, Ratio};
use crate::verify::tables::{Exemption, Label, NotShown};
use crate::verify::world::{Ran, TestResult, World};

const PATH: &str = "max_batches";
const LEAF: &str = "TrainingStarted.max_batches";

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn leaf(path: &str, baseline: Value, fresh: Value) -> Leaf {
    Leaf { path: path.to_owned(), baseline, fresh, reached: true, is_reading: false }
}

fn example(row: u32, line: &str, classes: &str) -> ExampleSeen {
    ExampleSeen {
        row,
        failed: None,
        lines: vec![line.to_owned()],
        classes: vec![classes.to_owned()],
    }
}

fn point(label: &str, class: &str) -> PointSeen {
    let classes = BTreeMap::from([("RunHeader".to_owned(), set(&[class]))]);
    PointSeen { label: label.to_owned(), failed: None, verdict: None, classes }
}

/// Evidence of a pipeline in which everything about the record of the fixtures is true.
fn whole() -> Evidence {
    let fold =
        FoldSeen { canonical: set(&[PATH]), last_writer: set(&[PATH]), ..FoldSeen::default() };
    let seen = RecordSeen {
        examples: vec![
            example(0, " B:7 ", " dmm "),
            example(1, " B:1/1 ", " ddddd "),
            example(2, " B:25/100 ", " dddddddd "),
        ],
        points: vec![point("at 0", "missing"), point("at 1", "dim")],
        ..RecordSeen::default()
    };
    Evidence {
        schema: telemetry_evidence::SCHEMA,
        inputs: vec![
            leaf("started.requested", json!(50), Value::Null),
            leaf("started.start_batch", json!(2), Value::Null),
        ],
        payloads: vec![leaf(LEAF, json!(52), Value::Null)],
        snapshot: vec![leaf(PATH, json!(52), json!(0))],
        widgets: vec![WidgetSeen { name: "RunHeader".to_owned(), records: vec![14] }],
        hub: HubSeen {
            sent: 9,
            emitted: 9,
            delivered: 9,
            dropped: 0,
            received: 9,
            faults: Vec::new(),
        },
        emission: BTreeMap::from([
            ("started.requested".to_owned(), set(&[LEAF])),
            ("started.start_batch".to_owned(), set(&[LEAF])),
        ]),
        fold: BTreeMap::from([(LEAF.to_owned(), fold)]),
        draw: BTreeMap::from([(PATH.to_owned(), BTreeMap::from([("RunHeader".to_owned(), 3)]))]),
        numerals: 20,
        probes: 5,
        records: BTreeMap::from([("TELE-014".to_owned(), seen)]),
        ..Evidence::default()
    }
}

fn world(evidence: Evidence) -> World {
    let file = crate::workspace::root().join("xtask/fixtures/A01/good.md");
    let text = std::fs::read_to_string(file).unwrap();
    let record = record::parse("docs/telemetry/TELE-014_max_batches.md", &text);
    let mut world = World::still(vec![record], SourceIndex::default());
    let points = [("at 0", 0), ("at 1", 1)].map(|(label, value)| Point {
        label: label.to_owned(),
        given: vec![Edit { name: PATH.to_owned(), value: json!(value) }],
    });
    world.plan.records[0].points = points.to_vec();
    world.evidence = Ran::Yes(evidence);
    let keys =
        world.records.iter().flat_map(|record| tests_of_records::named(record).map(|(_, key)| key));
    world.tests = Ran::Yes(keys.map(|key| (key, TestResult::Passed)).collect());
    world
}

/// Returns what every check but the static ones says; those count as having looked at the record and found nothing.
fn outcomes(world: &World) -> Outcomes {
    let mut clean = Outcome::default();
    clean.saw(None);
    clean.saw(Some(record::RecordId(14)));
    let outcome = |check: &super::Check| match check.code.spec().tier {
        Tier::Static => Ran::Yes(clean.clone()),
        Tier::Probe | Tier::Tests | Tier::Deep => Ran::Yes((check.run)(world)),
    };
    let mut outcomes: Outcomes = CHECKS.iter().map(|check| (check.code, outcome(check))).collect();
    for spec in code::ALL.iter().filter(|spec| spec.tier == Tier::Static && spec.is_built) {
        if spec.code != code::L01 && spec.code != code::V01 {
            outcomes.entry(spec.code).or_insert_with(|| Ran::Yes(clean.clone()));
        }
    }
    outcomes
}

fn findings(world: &World) -> Vec<Finding> {
    let outcomes = outcomes(world);
    outcomes.values().filter_map(Ran::yes).flat_map(|outcome| outcome.findings.clone()).collect()
}

/// Checks that a fault in the evidence shows exactly these codes.
#[track_caller]
fn check(codes: &[&str], fault: impl FnOnce(&mut Evidence)) {
    let mut evidence = whole();
    fault(&mut evidence);
    let found = findings(&world(evidence));
    let shown: BTreeSet<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(shown, codes.iter().copied().collect(), "{found:#?}");
}

fn seen(evidence: &mut Evidence) -> &mut RecordSeen {
    evidence.records.get_mut("TELE-014").unwrap()
}

#[test]
fn a_whole_pipeline_shows_nothing() {
    check(&[], |_| {});
}

#[test]
fn each_broken_hop_has_its_code_and_its_trail() {
    check(&["P01"], |seen| {
        seen.emission.insert("started.requested".to_owned(), BTreeSet::new());
    });
    check(&["P01"], |seen| seen.inputs.truncate(1));
    check(&["P03", "C03", "C04"], |seen| {
        seen.fold.insert(LEAF.to_owned(), FoldSeen::default());
    });
    check(&["P04"], |seen| seen.draw.clear());
    let mut broken = whole();
    broken.draw.clear();
    let found = findings(&world(broken));
    let hops: Vec<String> =
        found[0].trail.iter().map(|hop| format!("{} {:?}", hop.name, hop.state)).collect();
    let expected = [
        "requested + start_batch Ok",
        "TrainingStarted.max_batches Ok",
        "hub Ok",
        "snapshot.max_batches Ok",
        "RunHeader Broken",
    ];
    assert_eq!(hops, expected);
    assert_eq!(
        found[0].source.as_deref(),
        Some("crates/sanctum-widgets/src/run_header.rs  RunHeader")
    );
}

#[test]
fn one_order_of_events_is_enough_to_be_wired_and_one_to_leak() {
    check(&[], |seen| {
        seen.fold.get_mut(LEAF).unwrap().canonical.clear();
    });
    check(&["P05", "C02"], |seen| {
        seen.payloads.push(leaf("A.x", json!(1), Value::Null));
        seen.stimuli.insert("clock".to_owned(), set(&[PATH]));
    });
    check(&["P05"], |seen| {
        seen.stimuli.insert("gap".to_owned(), set(&[PATH]));
    });
    check(&["P05", "C05"], |seen| {
        seen.draw.get_mut(PATH).unwrap().insert("Clock".to_owned(), 1);
        seen.widgets.push(WidgetSeen { name: "Clock".to_owned(), records: Vec::new() });
    });
}

#[test]
fn the_hub_must_add_up() {
    check(&["P02"], |seen| seen.hub.emitted = 8);
    check(&["P02"], |seen| seen.hub.received = 8);
    check(&["P02"], |seen| seen.hub.faults.push("event 3 came twice".to_owned()));
    check(&[], |seen| {
        seen.hub.dropped = 2;
        seen.hub.delivered = 7;
        seen.hub.received = 7;
    });
}

#[test]
fn memory_resets_neighbours_and_ranges_have_their_codes() {
    let difference = || Difference { leaf: PATH.to_owned(), expected: json!(1), actual: json!(2) };
    check(&["P06"], |seen| seen.remembered.push(difference()));
    check(&["P07"], |seen| seen.kept.push(difference()));
    check(&["P08"], |seen| {
        let from = "EpochCompleted.reward".to_owned();
        seen.foreign.push(Foreign { from, env: 1, to: "envs[0].reward".to_owned() });
    });
    check(&["P09"], |seen| {
        let (id, leaf) = ("TELE-014".to_owned(), PATH.to_owned());
        seen.out_of_range.push(OutOfRange {
            id,
            leaf,
            value: json!(-1),
            when: "scenario calm".to_owned(),
        });
    });
    check(&["P09"], |seen| seen.wall_clock.extend(set(&[PATH])));
    check(&["P10"], |seen| seen.unsteady.push(PATH.to_owned()));
    check(&["S04"], |seen| seen.snapshot[0].fresh = json!(1));
}

#[test]
fn what_the_probe_could_not_do_is_not_verified() {
    check(&["P00"], |evidence| {
        seen(evidence).not_probed = Some("its path leads nowhere".to_owned());
    });
    check(&["P00"], |evidence| evidence.snapshot[0].reached = false);
    let mut evidence = whole();
    evidence.records.clear();
    let found = findings(&world(evidence));
    assert!(found.iter().any(|finding| finding.code == code::P00), "{found:?}");
}

#[test]
fn examples_are_compared_with_their_text_and_their_style() {
    check(&["D01"], |evidence| seen(evidence).examples[1].lines[0] = " B:1/2 ".to_owned());
    check(&["D01"], |evidence| seen(evidence).examples[2].failed = Some("no such path".to_owned()));
    // The example of the missing value is D03, whether text or style is wrong.
    check(&["D03"], |evidence| seen(evidence).examples[0].lines[0] = " B:7/0 ".replace(":7", ":0"));
    check(&["D03"], |evidence| seen(evidence).examples[0].classes[0] = " ddd ".to_owned());
}

#[test]
fn a_widget_without_an_example_of_the_missing_value_shows_no_digits_then() {
    let drawing = |widget: &str, touched: &str| MissingSeen {
        widget: widget.to_owned(),
        lines: Vec::new(),
        touched: touched.to_owned(),
        classes: BTreeSet::new(),
        same_as_known: false,
    };
    check(&["D03"], |evidence| seen(evidence).missing.push(drawing("StatusBanner", "0.000")));
    check(&[], |evidence| seen(evidence).missing.push(drawing("StatusBanner", "—")));
    // The example speaks for the widget that has one.
    check(&[], |evidence| seen(evidence).missing.push(drawing("RunHeader", "7")));
    check(&["D03"], |evidence| {
        seen(evidence)
            .missing
            .push(MissingSeen { same_as_known: true, ..drawing("StatusBanner", "—") });
    });
}

fn dark(token: &str, line: &str, column: u32) -> Dark {
    let (widget, scene, size) = ("RunHeader".to_owned(), "main".to_owned(), "80x24".to_owned());
    Dark { widget, scene, size, token: token.to_owned(), line: line.to_owned(), column }
}

#[test]
fn digits_that_nothing_moves_need_a_label() {
    check(&["D06"], |seen| seen.dark.push(dark("0.8", "rate 0.8/s", 5)));
    let mut evidence = whole();
    evidence.dark = vec![dark("50", "p50 of 50", 1), dark("50", "p50 of 50", 7)];
    let mut world = world(evidence);
    let label = |widget: Option<&str>| Label {
        at: Location::default(),
        text: "p50".to_owned(),
        widget: widget.map(str::to_owned),
    };
    world.tables.labels = vec![label(None)];
    assert_eq!(super::display::unexplained(&world).count(), 1);
    world.tables.labels = vec![label(Some("Other"))];
    assert_eq!(super::display::unexplained(&world).count(), 2);
}

#[test]
fn readings_that_were_not_refreshed_must_look_so() {
    let stale = |looks_fresh| StaleSeen {
        leaf: PATH.to_owned(),
        widget: Some("RunHeader".to_owned()),
        looks_fresh,
    };
    check(&["D08"], |seen| seen.stale.push(stale(true)));
    check(&[], |seen| seen.stale.push(stale(false)));
}

#[test]
fn levels_are_compared_with_verdict_and_style() {
    check(&["H02"], |evidence| seen(evidence).points[0] = point("at 0", "dim"));
    check(&["H02"], |evidence| seen(evidence).points[1] = point("at 1", "critical"));
    check(&["H02"], |evidence| seen(evidence).points[1].verdict = Some("warning".to_owned()));
    check(&[], |evidence| seen(evidence).points[1].verdict = Some("healthy".to_owned()));
}

#[test]
fn a_reading_that_is_not_finite_is_critical() {
    let mut world = world(whole());
    world.plan.records[0].points[1].given[0].value = json!("NaN");
    let found = findings(&world);
    assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), [code::H02]);
}

#[test]
fn what_nobody_speaks_of_is_found() {
    check(&["C01", "C04"], |seen| seen.snapshot.push(leaf("orphan", json!(1), json!(1))));
    check(&["C02"], |seen| seen.payloads.push(leaf("TrainingStarted.seed", json!(1), Value::Null)));
    check(&["C05"], |seen| {
        seen.widgets.push(WidgetSeen { name: "Clock".to_owned(), records: Vec::new() });
    });
    let mut evidence = whole();
    evidence.payloads.push(leaf("TrainingStarted.seed", json!(1), Value::Null));
    let mut world = world(evidence);
    world.tables.not_shown =
        vec![NotShown { at: Location::default(), path: "TrainingStarted.seed".to_owned() }];
    assert_eq!(findings(&world), []);
}

#[test]
fn tests_that_failed_were_ignored_or_did_not_run_are_found() {
    for result in [Some(TestResult::Failed), Some(TestResult::Ignored), None] {
        let mut world = world(whole());
        let Ran::Yes(tests) = &mut world.tests else { panic!("they ran") };
        let key = tests.keys().next().unwrap().clone();
        tests.remove(&key);
        tests.extend(result.map(|result| (key, result)));
        let found = findings(&world);
        assert_eq!(
            found.iter().map(|finding| finding.code).collect::<Vec<_>>(),
            [code::T03],
            "{result:?}"
        );
    }
}

fn judged(world: &World) -> Report {
    let mut outcomes = outcomes(world);
    // P08 and D08 have no subject in a tree of one record; that is not what is tested here.
    for ran in outcomes.values_mut() {
        let Ran::Yes(outcome) = ran else { continue };
        outcome.saw(None);
    }
    judge(world, outcomes, &Scope::default())
}

#[track_caller]
fn codes_of(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn a_record_that_earned_everything_and_claims_little_is_told_so() {
    let report = judged(&world(whole()));
    let record = &report.records[0];
    assert_eq!(record.earned, Steps::ALL, "{record:#?}");
    assert!(record.boxes.iter().all(|judged| judged.state == BoxState::Earned), "{record:#?}");
    assert_eq!(codes_of(&report), ["L02"]);
    assert_eq!(report.coverage.record, Ratio::new(1, 1));
    assert_eq!(report.coverage.screen, Ratio::new(20, 20));
}

#[test]
fn a_tick_that_was_not_earned_is_an_error_with_every_tick() {
    let mut evidence = whole();
    evidence.draw.clear();
    let mut world = world(evidence);
    for tick in &mut world.records[0].ladder {
        tick.is_set = true;
    }
    world.records[0].boxes[4].is_set = true;
    let report = judged(&world);
    assert_eq!(report.records[0].earned, Steps(2));
    let claim = report.findings.iter().find(|finding| finding.code == code::L01).unwrap();
    assert_eq!(claim.message, "claims Verified, earned In Progress");
    for tick in ["Wired", "Tested", "Verified", "box Consumer reads it"] {
        assert!(claim.actual.contains(tick), "{}", claim.actual);
    }
}

#[test]
fn a_failed_probe_earns_nothing_new_and_is_not_verified() {
    let mut world = world(whole());
    world.evidence = Ran::No("it crashed".to_owned());
    let mut outcomes = outcomes(&world);
    for (code, ran) in &mut outcomes {
        if code.spec().tier == Tier::Probe {
            *ran = Ran::No("it crashed".to_owned());
        }
    }
    let report = judge(&world, outcomes, &Scope::default());
    assert_eq!(report.not_verified, ["probe: it crashed"]);
    assert!(report.findings.iter().any(|finding| finding.code == code::P00), "{report:#?}");
    assert!(report.records[0].earned <= report.records[0].claimed);
    assert!(!codes_of(&report).contains(&"L02"));
}

#[test]
fn a_check_that_saw_nothing_is_not_verified() {
    let world = world(whole());
    let mut outcomes = outcomes(&world);
    outcomes.insert(code::P03, Ran::Yes(Outcome::default()));
    let report = judge(&world, outcomes, &Scope::default());
    let unseen: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.code == code::V01)
        .map(|finding| finding.subject.as_str())
        .collect();
    assert!(unseen.contains(&"P03"), "{unseen:?}");
    assert!(0 < report.count(Severity::NotVerified));
}

fn exemption(subject: &str, message: &str, expires: &str) -> Exemption {
    Exemption {
        code: "TV-P04".to_owned(),
        subject: subject.to_owned(),
        message: message.to_owned(),
        reason: "the panel comes later".to_owned(),
        owner: "karn".to_owned(),
        expires: expires.to_owned(),
        ..Exemption::default()
    }
}

#[track_caller]
fn check_exemption(entry: Exemption, expected: &[&str], exempt: usize) {
    let mut evidence = whole();
    evidence.draw.clear();
    let mut world = world(evidence);
    world.tables.exemptions.push(entry);
    let mut report = judged(&world);
    report.findings.retain(|finding| finding.code != code::L02);
    assert_eq!(codes_of(&report), expected, "{:#?}", report.findings);
    assert_eq!(report.exempt.len(), exempt);
    // What is tolerated is still not earned.
    assert_ne!(report.records[0].earned, Steps::ALL);
}

#[test]
fn an_exemption_covers_one_failure_of_one_subject() {
    check_exemption(exemption("RunHeader", "RunHeader does not show it", "2027-02-28"), &[], 1);
    check_exemption(exemption("RunHeader", "there is no widget", "2027-02-28"), &["X04", "P04"], 0);
    check_exemption(exemption("Elsewhere", "RunHeader", "2027-02-28"), &["X02", "P04"], 0);
    // Expired or at fault, it covers nothing (X01 and X03 say why).
    check_exemption(exemption("RunHeader", "RunHeader", "2026-11-21"), &["P04"], 0);
    check_exemption(exemption("RunHeader", "RunHeader", "2027-09-01"), &["P04"], 0);
}

#[test]
fn a_figure_of_coverage_must_not_fall() {
    let mut world = world(whole());
    world.tables.previous = Some(Coverage { record: Ratio::new(1, 1), ..Coverage::default() });
    assert_eq!(codes_of(&judged(&world)), ["L02"]);
    let Ran::Yes(evidence) = &mut world.evidence else { panic!("it ran") };
    evidence.snapshot.push(leaf("orphan", json!(1), json!(1)));
    assert!(codes_of(&judged(&world)).contains(&"C06"));
}
