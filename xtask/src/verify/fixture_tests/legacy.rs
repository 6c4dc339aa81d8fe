//! The two records that the project began with, restated: each contradiction in them is found as often as it is there.

use std::collections::BTreeMap;

use super::*;
use crate::verify::index::Wire;
use crate::verify::record::RecordId;

/// Code, findings in TELE-014, findings in TELE-020: the table of the specification, form `found`. L01 is the judge's.
const FOUND: [(&str, usize, usize); 14] = [
    ("R01", 1, 1),
    ("R04", 1, 0),
    ("R05", 1, 4),
    ("R06", 1, 1),
    ("R07", 6, 13),
    ("R08", 2, 3),
    ("R10", 1, 1),
    ("A01", 1, 0),
    ("A03", 2, 2),
    ("A04", 1, 0),
    ("S05", 0, 1),
    ("T01", 0, 3),
    ("T02", 3, 0),
    ("H01", 1, 0),
];

fn old_world() -> World {
    let names = ["TELE-014_max_batches.md", "TELE-020_training_runtime.md"];
    let records = names.map(|name| {
        let text = fs::read_to_string(folder().join("legacy/found").join(name)).unwrap();
        record::parse(&format!("docs/telemetry/{name}"), &text)
    });
    let mut index =
        SourceIndex::load_with(&folder().join("legacy/world"), BTreeMap::new()).unwrap();
    index.wire = Wire { snapshot: "karn_sanctum::SanctumSnapshot".to_owned(), ..Wire::default() };
    World {
        records: records.into(),
        index,
        today: "2026-11-22".to_owned(),
        first_commit: "2025-11-26".to_owned(),
        ..world(read("A01/good.md"))
    }
}

/// Returns what all static checks find, by code: in TELE-014, in TELE-020.
fn counted(world: &World) -> BTreeMap<&'static str, (usize, usize)> {
    let mut counts: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for finding in all(world) {
        let count = counts.entry(finding.code.as_str()).or_default();
        let id = finding.record.or_else(|| of_file(world, &finding));
        match id {
            Some(RecordId(14)) => count.0 += 1,
            Some(RecordId(20)) => count.1 += 1,
            other => panic!("{other:?}: {finding:?}"),
        }
    }
    counts
}

fn of_file(world: &World, finding: &Finding) -> Option<RecordId> {
    world.records.iter().find(|record| record.file == finding.at.file).map(|record| record.id)
}

#[test]
fn as_found_shows_exactly_its_contradictions() {
    let world = old_world();
    let counts = counted(&world);
    let expected: BTreeMap<&str, (usize, usize)> =
        FOUND.iter().map(|&(code, first, second)| (code, (first, second))).collect();
    let list: Vec<String> = all(&world)
        .iter()
        .map(|f| format!("{} {}:{} {}", f.code, f.at.file, f.at.line, f.message))
        .collect();
    assert_eq!(counts, expected, "{}", list.join("\n"));
}

#[test]
fn as_found_claims_more_than_it_earned_once_in_each_record() {
    let world = old_world();
    let (_, outcomes) = run(&world);
    let records: Vec<_> = claims(&world, outcomes).iter().map(|finding| finding.record).collect();
    assert_eq!(records, [Some(RecordId(14)), Some(RecordId(20))]);
}
