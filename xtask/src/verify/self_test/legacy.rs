//! The two records that the project began with, in the form of today: what is untrue in them is found as often as it is
//! there, in a toy whose runtime comes from a clock that can step back.

use std::collections::BTreeMap;

use crate::verify::checks::CHECKS;
use crate::verify::code::{self, Code};
use crate::verify::judge::{self, Scope};
use crate::verify::record::{Record, RecordId};
use crate::verify::self_test::{Bench, Seen, look, read_records};
use crate::verify::world::Ran;

/// Where they lie.
const RECORDS: &str = "xtask/fixtures/legacy/ported";
/// Code, findings in TELE-014, findings in TELE-020: the table of the specification, form `ported`. T04 and D05 of that
/// table are codes of a later milestone.
const PORTED: [(Code, usize, usize); 4] =
    [(code::D01, 4, 2), (code::P09, 0, 1), (code::S05, 0, 1), (code::L01, 1, 1)];

/// Returns every count that is not that of the table.
pub(super) fn faults(bench: &Bench<'_>) -> Result<Vec<String>, String> {
    let records = read_records(&bench.root.join(RECORDS))?;
    let seen = match look(bench, "wall-clock", &records) {
        Ran::Yes(seen) => seen,
        Ran::No(why) => return Ok(vec![format!("the legacy records: {why}")]),
    };
    let counts = counted(seen, &records);
    let count = |code: Code, id: u16| counts.get(&(code, RecordId(id))).copied().unwrap_or(0);
    let mut faults = Vec::new();
    for (code, first, second) in PORTED {
        let found = (count(code, 14), count(code, 20));
        println!("     legacy ported        {code}  {} and {}", found.0, found.1);
        if found != (first, second) {
            faults.push(format!("legacy {code}: {found:?} instead of {:?}", (first, second)));
        }
    }
    let others =
        counts.iter().filter(|((code, _), _)| PORTED.iter().all(|(known, ..)| known != code));
    faults.extend(others.map(|((code, id), count)| format!("legacy {id}: {code} ×{count}")));
    Ok(faults)
}

/// Returns how often each code was found in each record. Leaves that neither record is about are not looked at: the two
/// are all that the project began with.
fn counted(mut seen: Seen, records: &[Record]) -> BTreeMap<(Code, RecordId), usize> {
    let silent = CHECKS.iter().find(|check| check.code == code::S05);
    if let Some(check) = silent {
        seen.outcomes.insert(check.code, Ran::Yes((check.run)(&seen.world)));
    }
    let scope =
        Scope { only: records.iter().map(|record| record.id).collect(), ..Scope::default() };
    let report = judge::judge(&seen.world, seen.outcomes, &scope);
    let mut counts = BTreeMap::new();
    for finding in &report.findings {
        if let Some(id) =
            finding.record.filter(|_| finding.code != code::P00 && finding.code != code::V01)
        {
            *counts.entry((finding.code, id)).or_default() += 1;
        }
    }
    counts
}
