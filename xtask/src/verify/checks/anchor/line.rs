//! A03: line cells, which the tool writes for readers, are those of today.

use super::{about, bare, is_said};
use crate::verify::code;
use crate::verify::finding::{Edit, Outcome, Skip};
use crate::verify::index::SourceIndex;
use crate::verify::record::{Cell, Record};
use crate::verify::world::World;

/// A03: the line cells of a record fit its symbols.
pub(crate) fn a03_lines(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        // A record without line cells was looked at too: most have none.
        outcome.saw(Some(record.id));
        let cells = [
            (record.emitter("Line(s)"), emitter_lines(record, &world.index)),
            (record.schema("Schema Line"), schema_lines(record, &world.index)),
        ];
        for (cell, lines) in cells {
            let Some(cell) = cell.filter(|cell| is_said(cell)) else { continue };
            let Some(lines) = lines else {
                let why = format!("{}: its symbol does not resolve", cell.text);
                outcome.skipped.push(Skip { record: Some(record.id), why });
                continue;
            };
            check(record, cell, &written(lines), &mut outcome);
        }
    }
    outcome
}

fn check(record: &Record, cell: &Cell, expected: &str, outcome: &mut Outcome) {
    if cell.value() == expected {
        return;
    }
    let mut finding = about(code::A03, record, cell, expected, "the line cell is out of date")
        .instead(expected, cell.value());
    finding.fix = Some(Edit {
        file: record.file.clone(),
        start: cell.bytes.start,
        end: cell.bytes.end,
        text: expected.to_owned(),
    });
    outcome.findings.push(finding);
}

/// Returns first and last line of the function that is named.
fn emitter_lines(record: &Record, index: &SourceIndex) -> Option<(u32, u32)> {
    let cell = record.emitter("Function/Method")?;
    Some(index.resolve(bare(cell.value())).ok()?.lines)
}

/// Returns the line of the field that is named.
fn schema_lines(record: &Record, index: &SourceIndex) -> Option<(u32, u32)> {
    let owner = record.schema("Struct").or_else(|| record.schema("Dataclass"))?;
    let item = index.resolve(owner.value()).ok()?.item()?;
    let name = record.schema("Field")?.value();
    let field = item.fields.iter().find(|field| field.name == name)?;
    Some((field.line, field.line))
}

/// Returns lines as the tool writes them: `12-20`, or `12`.
pub(crate) fn written((first, last): (u32, u32)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}
