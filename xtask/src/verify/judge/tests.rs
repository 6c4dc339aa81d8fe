//! Wire cuts, up to the number that the shell gets.

use std::collections::BTreeSet;

use telemetry_evidence::Evidence;

use super::*;
use crate::verify::FailOn;
use crate::verify::checks::CHECKS;
use crate::verify::deep::{Cut, Deep, Fate, Tried, Wire};
use crate::verify::exit;
use crate::verify::index::SourceIndex;
use crate::verify::report::testing;
use crate::verify::world::TestRun;

const WITH_CUTS: Scope = Scope { is_static: false, is_deep: true, only: BTreeSet::new() };

/// Returns a world in which probe and tests ran and this became of the cuts.
fn world(deep: Ran<Deep>) -> World {
    let record = testing::record(14, "Max Batches", &[false; 5], &[false; 7], &[]);
    let still = World::still(vec![record], SourceIndex::of(BTreeMap::new()));
    let (evidence, tests) = (Ran::Yes(Evidence::default()), Ran::Yes(TestRun::new()));
    World { evidence, tests, deep, ..still }
}

fn one_cut(fate: Fate) -> Deep {
    let cut = Cut {
        switch: "karn0.1".to_owned(),
        wire: Wire::Write,
        file: "crates/karn-sanctum/src/aggregator/run.rs".to_owned(),
        line: 7,
        text: "self.max_batches = batches".to_owned(),
    };
    let cuts = vec![Tried { cut, fate }];
    Deep { cuts, skipped: Vec::new(), build_seconds: 60.0, seconds: 3.0 }
}

/// Returns the report about the cuts alone.
fn report(deep: Ran<Deep>, scope: &Scope) -> Report {
    let world = world(deep);
    let of_the_cuts = CHECKS.iter().filter(|check| check.code.spec().tier == Tier::Deep);
    let outcome = |check: &crate::verify::checks::Check| match world.deep.why_not() {
        None => Ran::Yes((check.run)(&world)),
        Some(why) => Ran::No(why.to_owned()),
    };
    let outcomes = of_the_cuts.map(|check| (check.code, outcome(check))).collect();
    judge(&world, outcomes, scope)
}

#[track_caller]
fn check(fate: Fate, expected: u8) {
    let report = report(Ran::Yes(one_cut(fate)), &WITH_CUTS);
    assert_eq!(exit::code(&report, FailOn::Error), expected, "{:?}", report.findings);
    assert_eq!(report.cuts.map(|cuts| (cuts.count, cuts.seconds)), Some((1, 3.0)));
}

#[test]
fn a_cut_that_survives_ends_with_a_code_of_its_own() {
    let test = || ("a.rs".to_owned(), "tele_014_x".to_owned());
    check(Fate::Killed(test()), exit::CLEAN);
    check(Fate::Unnoticed(None), exit::SURVIVED);
    check(Fate::Unnoticed(Some(test())), exit::SURVIVED);
    check(Fate::NotRun("it hangs".to_owned()), exit::SURVIVED);
    check(Fate::Untested(BTreeSet::from([RecordId(14)])), exit::FOUND);
    check(Fate::Untested(BTreeSet::new()), exit::FOUND);
}

#[test]
fn cuts_that_were_asked_for_and_could_not_be_made_are_not_verified() {
    let failed = || Ran::No("the copy does not build".to_owned());
    let asked = report(failed(), &WITH_CUTS);
    assert_eq!(asked.not_verified, ["wire cuts: the copy does not build"]);
    assert_eq!(exit::code(&asked, FailOn::None), exit::NOT_VERIFIED);
    let not_asked = report(failed(), &Scope::default());
    assert_eq!(not_asked.not_verified, Vec::<String>::new());
}

#[test]
fn an_exemption_of_a_cut_is_looked_for_where_cuts_were_made() {
    let entry = crate::verify::tables::Exemption {
        code: "TV-V03".to_owned(),
        subject: "a.rs x = 1".to_owned(),
        message: "the probe does not notice".to_owned(),
        ..crate::verify::tables::Exemption::default()
    };
    let names = |deep: Ran<Deep>| -> Vec<Code> {
        let mut world = world(deep);
        world.tables.exemptions.push(entry.clone());
        exempt::unused(&world, &BTreeSet::new()).iter().map(|finding| finding.code).collect()
    };
    assert_eq!(names(Ran::No("without --deep".to_owned())), Vec::<Code>::new());
    let key = ("a.rs".to_owned(), "x".to_owned());
    assert_eq!(names(Ran::Yes(one_cut(Fate::Killed(key)))), [code::X02]);
}
