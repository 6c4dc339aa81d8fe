//! `--fix`: rewrites what is derived, and nothing that states something.

pub(crate) mod write;

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use crate::verify::code::{self, Code};
use crate::verify::finding::Edit;
use crate::verify::record::{Record, RecordId, TestRow, Tick};
use crate::verify::report::{BoxState, Judged, JudgedTest, Report};
use crate::verify::world::TestResult;

/// An edit of a record and the code of what it mends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) code: Code,
    pub(crate) record: RecordId,
    pub(crate) edit: Edit,
}

/// A file and what it is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// Path from the root.
    pub(crate) file: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// Returns every edit of the records, by file and place. A run that did not look at everything plans nothing.
pub(crate) fn plan(records: &[Record], report: &Report) -> Vec<Planned> {
    if !report.is_whole() {
        return Vec::new();
    }
    let mut planned = Vec::new();
    for record in records {
        let judged = report.records.iter().find(|judged| judged.file == record.file);
        if let Some(judged) = judged {
            ticks(record, judged, &mut planned);
            status_cells(record, judged, &mut planned);
        }
        let findings = report.findings.iter().filter(|finding| finding.code.spec().is_fixable);
        for finding in findings {
            let edit = finding.fix.as_ref().filter(|edit| edit.file == record.file);
            planned.extend(edit.map(|edit| Planned {
                code: finding.code,
                record: record.id,
                edit: edit.clone(),
            }));
        }
    }
    planned.sort_by(|a, b| (&a.edit.file, a.edit.start).cmp(&(&b.edit.file, b.edit.start)));
    planned.dedup_by(|a, b| a.edit == b.edit);
    planned
}

/// Returns whether these edits change what the checks read, so that the records must be judged again: paths and lines do,
/// ticks and test cells are results.
pub(crate) fn changes_statements(planned: &[Planned]) -> bool {
    planned.iter().any(|planned| planned.code == code::R08)
}

/// Fails with the reason if this run may not write.
pub(crate) fn may_write(report: &Report) -> Result<()> {
    if !report.partial.is_empty() {
        bail!(
            "--fix needs the whole check, and this one was partial: {}",
            report.partial.join(", ")
        );
    }
    if let Some(why) = report.not_verified.first() {
        bail!("--fix writes what was verified, and this run was not: {why}");
    }
    if !report.is_whole() {
        bail!(
            "--fix writes what was verified, and some of this run is not: see the findings above"
        );
    }
    Ok(())
}

/// Returns the records as they are to be; fails if two edits want the same bytes.
pub(crate) fn rewrites(records: &[Record], planned: &[Planned]) -> Result<Vec<Rewrite>> {
    let mut by_file: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for planned in planned {
        by_file.entry(&planned.edit.file).or_default().push(&planned.edit);
    }
    let mut rewrites = Vec::new();
    for record in records {
        let Some(edits) = by_file.remove(record.file.as_str()) else { continue };
        let after = apply(&record.source, &edits)?;
        if after != record.source {
            rewrites.push(Rewrite {
                file: record.file.clone(),
                before: record.source.clone(),
                after,
            });
        }
    }
    if let Some(file) = by_file.keys().next() {
        bail!("an edit is meant for a file that is no record: {file}");
    }
    Ok(rewrites)
}

/// Returns `source` with all edits made; they come by rising place.
fn apply(source: &str, edits: &[&Edit]) -> Result<String> {
    let mut after = String::with_capacity(source.len());
    let mut at = 0;
    for edit in edits {
        let kept = source.get(at..edit.start);
        let replaced = source.get(edit.start..edit.end);
        let (Some(kept), Some(_)) = (kept, replaced) else {
            bail!("edits overlap, or cut a character, at byte {} of {}", edit.start, edit.file);
        };
        after.push_str(kept);
        after.push_str(&edit.text);
        at = edit.end;
    }
    after.push_str(source.get(at..).unwrap_or_default());
    Ok(after)
}

/// Plans the ladder and the boxes of a record.
fn ticks(record: &Record, judged: &Judged, planned: &mut Vec<Planned>) {
    for (step, tick) in record.ladder.iter().enumerate() {
        planned.extend(tick_edit(record, tick, step < judged.earned.0));
    }
    for (tick, judged) in record.boxes.iter().zip(&judged.boxes) {
        planned.extend(tick_edit(record, tick, judged.state == BoxState::Earned));
    }
}

fn tick_edit(record: &Record, tick: &Tick, is_earned: bool) -> Option<Planned> {
    let around = record.source.get(tick.byte.checked_sub(1)?..tick.byte + 2)?;
    // A box that the parser did not find has no place; R01 has said so.
    let is_set = match around {
        "[x]" | "[X]" => true,
        "[ ]" => false,
        _ => return None,
    };
    (is_set != is_earned).then(|| Planned {
        code: if is_set { code::L01 } else { code::L02 },
        record: record.id,
        edit: mark(record, tick.byte, is_earned),
    })
}

fn mark(record: &Record, byte: usize, is_set: bool) -> Edit {
    let text = if is_set { "x" } else { " " };
    Edit { file: record.file.clone(), start: byte, end: byte + 1, text: text.to_owned() }
}

/// Plans the status cells of the tests. A manual row is a statement of a person and stays.
fn status_cells(record: &Record, judged: &Judged, planned: &mut Vec<Planned>) {
    for (row, test) in record.tests.iter().zip(&judged.tests) {
        planned.extend(status_edit(record, row, test));
    }
}

fn status_edit(record: &Record, row: &TestRow, test: &JudgedTest) -> Option<Planned> {
    let is_same_row = row.name.value() == test.name && row.file.value() == test.file;
    if test.is_manual || !is_same_row {
        return None;
    }
    let cell = record.source.get(row.status.bytes.clone())?;
    let open = ["[x]", "[X]", "[ ]"].iter().find_map(|mark| cell.find(mark))?;
    let byte = row.status.bytes.start + open + 1;
    let is_set = !record.source.get(byte..)?.starts_with(' ');
    let has_passed = test.result == Some(TestResult::Passed);
    (is_set != has_passed).then(|| Planned {
        code: if is_set { code::T03 } else { code::L02 },
        record: record.id,
        edit: mark(record, byte, has_passed),
    })
}

#[cfg(test)]
mod tests;
