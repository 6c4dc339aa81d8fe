//! The records of the workspace against its types.

use std::collections::BTreeSet;
use std::fs;

use crate::verify::checks::CHECKS;
use crate::verify::code;
use crate::verify::index::SourceIndex;
use crate::verify::record;
use crate::verify::world::World;
use crate::workspace;

/// Returns the workspace with its records.
fn real() -> World {
    let folder = workspace::root().join("docs/telemetry");
    let mut records = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("TELE-") {
            let text = fs::read_to_string(entry.path()).unwrap();
            records.push(record::parse(&format!("docs/telemetry/{name}"), &text));
        }
    }
    World::still(records, SourceIndex::load(workspace::root()).unwrap())
}

#[test]
fn the_workspace_writes_its_wire_types_out_in_full() {
    let world = real();
    let check = CHECKS.iter().find(|check| check.code == code::S07).unwrap();
    let outcome = (check.run)(&world);
    assert_eq!(outcome.findings, []);
    assert!(outcome.seen() > 20, "{outcome:?}");
    let names: BTreeSet<String> =
        world.index.payload_structs().into_iter().map(|(_, name)| name).collect();
    for name in ["TrainingStarted", "PpoUpdateCompleted", "GpuVitals", "Anomaly"] {
        assert!(names.contains(name), "{names:?}");
    }
}

#[test]
fn records_name_what_is_there() {
    let world = real();
    for wanted in [code::A01, code::A02, code::A03, code::A04, code::S01, code::S03, code::T01] {
        let check = CHECKS.iter().find(|check| check.code == wanted).unwrap();
        let found = (check.run)(&world).findings;
        assert!(found.is_empty(), "{wanted}: {found:#?}");
    }
}
