//! R05: cells that do not parse, and names in them that nothing has.

use std::collections::BTreeSet;

use telemetry_evidence::plan::Bound;

use crate::verify::code;
use crate::verify::finding::{Finding, Outcome};
use crate::verify::grammar::{Condition, Operator, Term};
use crate::verify::record::{Cell, Record, bare_path};
use crate::verify::world::World;

/// R05: what the grammar rejected, and names that are neither the value nor a path of the snapshot.
pub(in crate::verify::checks) fn r05_grammar(world: &World) -> Outcome {
    let mut outcome = super::of_problems(world, code::R05);
    let mut known: BTreeSet<String> = world.index.snapshot_leaves().into_iter().collect();
    known.extend(world.records.iter().flat_map(Record::paths));
    for record in super::readable(world) {
        let mut report = |cell: &Cell, subject: &str, name: String| {
            let message =
                format!("{subject}: `{name}` is neither the value nor a path of the snapshot");
            let finding = Finding::new(code::R05, cell.at.clone(), subject, message);
            outcome.findings.push(finding.of(record.id));
        };
        if let (Some(range), Some(cell)) = (&record.meaning.range, record.data("Range")) {
            for bound in [&range.low, &range.high] {
                let Bound::Name(name) = bound else { continue };
                if !is_known(name, record, &known) {
                    report(cell, "Range", name.clone());
                }
            }
        }
        let missing = record.meaning.missing.as_ref().zip(record.data("Missing"));
        let rows = record.thresholds.iter().filter_map(|row| {
            row.parsed.as_ref().map(|(_, condition)| (condition, &row.condition))
        });
        for (condition, cell) in rows.chain(missing) {
            let subject =
                if record.data("Missing") == Some(cell) { "Missing" } else { "Condition" };
            for name in unknown(condition, record, &known) {
                report(cell, subject, name);
            }
        }
    }
    outcome
}

/// Returns the names of a condition that nothing has, each once.
fn unknown(condition: &Condition, record: &Record, known: &BTreeSet<String>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for part in condition.any.iter().flatten() {
        let is_word = matches!(part.operator, Operator::Equal | Operator::NotEqual);
        names.extend(names_of(&part.left));
        // On the right of `==` a bare name may be a word of the value on the left.
        names.extend(names_of(&part.right).filter(|name| !is_word || name.contains('.')));
    }
    let names = names.into_iter().filter(|name| !is_known(name, record, known));
    names.map(str::to_owned).collect()
}

fn names_of(term: &Term) -> impl Iterator<Item = &str> {
    let names = match term {
        Term::Name(name) | Term::Magnitude(name) => [Some(name), None],
        Term::Difference(left, right) | Term::Quotient(left, right) => [Some(left), Some(right)],
        Term::Literal(_) | Term::Length => [None, None],
    };
    names.into_iter().flatten().map(String::as_str)
}

/// Returns whether a name is the value, its field, its neighbour, or a path from the snapshot.
fn is_known(name: &str, record: &Record, known: &BTreeSet<String>) -> bool {
    let bare = bare_path(name);
    let is_field = record.schema("Field").is_some_and(|cell| cell.value() == name);
    if name == "value" || is_field || known.contains(&bare) {
        return true;
    }
    let has = |path: &str| {
        let below = |leaf: &String| {
            leaf.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        known.contains(path) || known.iter().any(below)
    };
    let beside = record
        .paths()
        .into_iter()
        .filter_map(|path| path.rsplit_once('.').map(|(parent, _)| format!("{parent}.{bare}")));
    has(&bare) || beside.into_iter().any(|path| has(&path))
}
