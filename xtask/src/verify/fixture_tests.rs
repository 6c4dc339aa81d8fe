//! Every static code has a record that shows exactly it and one that shows nothing: `xtask/fixtures/CODE/`.
//!
//! They speak of the small tree `xtask/fixtures/world/`. A block ` ```overlay PATH ` in a fixture replaces a file of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use crate::verify::checks::{CHECKS, Check};
use crate::verify::code::{self, Tier};
use crate::verify::finding::Finding;
use crate::verify::index::SourceIndex;
use crate::verify::judge::{self, Outcomes, Scope};
use crate::verify::record::{self, Record};
use crate::verify::tables::Tables;
use crate::verify::world::{Ran, World};

mod legacy;

fn folder() -> PathBuf {
    crate::workspace::root().join("xtask/fixtures")
}

fn read(path: &str) -> Record {
    let text = fs::read_to_string(folder().join(path)).unwrap();
    record::parse("docs/telemetry/TELE-014_max_batches.md", &text)
}

/// Returns the world of the fixtures with one record in it.
fn world(record: Record) -> World {
    let mut overlay = BTreeMap::new();
    for block in &record.blocks {
        if let Some(path) = block.language.strip_prefix("overlay ") {
            overlay.insert(path.to_owned(), block.text.clone());
        }
    }
    let tables = Tables::of(&|path| Ok(overlay.get(path).cloned())).unwrap();
    let index = SourceIndex::load_with(&folder().join("world"), overlay).unwrap();
    World { tables, ..World::still(vec![record], index) }
}

/// Returns what all static checks say about a fixture.
fn findings(path: &str) -> Vec<Finding> {
    all(&world(read(path)))
}

/// Returns what all static checks say.
fn all(world: &World) -> Vec<Finding> {
    let (found, outcomes) = run(world);
    // What is claimed and not earned follows from every other finding: one cause, one finding.
    if found.is_empty() { claims(world, outcomes) } else { found }
}

/// Returns what the judge says of the ticks without any evidence.
fn claims(world: &World, outcomes: Outcomes) -> Vec<Finding> {
    let scope = Scope { is_static: true, ..Scope::default() };
    let mut found = judge::judge(world, outcomes, &scope).findings;
    found.retain(|finding| finding.code == code::L01);
    found
}

/// Runs all static checks.
fn run(world: &World) -> (Vec<Finding>, Outcomes) {
    let mut found: Vec<Finding> = Vec::new();
    // V02 is about this program and not about the small tree.
    let is_static =
        |check: &&Check| check.code.spec().tier == Tier::Static && check.code != code::V02;
    let mut outcomes = Outcomes::new();
    for check in CHECKS.iter().filter(is_static) {
        let outcome = (check.run)(world);
        found.extend(outcome.findings.iter().cloned());
        outcomes.insert(check.code, Ran::Yes(outcome));
    }
    (found, outcomes)
}

/// Returns the folders of fixtures that are named like a code.
fn coded() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap());
    names.filter(|name| code::Code::find(name).is_some()).collect()
}

#[test]
fn each_bad_fixture_shows_exactly_its_code_and_each_good_one_nothing() {
    let codes = coded();
    assert!(codes.len() > 8, "{codes:?}");
    for name in codes {
        let bad = findings(&format!("{name}/bad.md"));
        let shown: BTreeSet<&str> = bad.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(shown, BTreeSet::from([name.as_str()]), "{name}/bad.md: {bad:#?}");
        assert_eq!(bad.len(), 1, "{name}/bad.md: one cause, one finding: {bad:#?}");
        let good = findings(&format!("{name}/good.md"));
        assert_eq!(good, [], "{name}/good.md");
    }
}
