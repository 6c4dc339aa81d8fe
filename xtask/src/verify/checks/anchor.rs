//! Checks on what a record points at: files, symbols, line cells, quoted source, named tests.

mod line;
mod quote;
mod test_row;

pub(crate) use line::a03_lines;
pub(crate) use quote::a04_quotes;
pub(crate) use test_row::t01_tests;

use crate::verify::code::{self, Code};
use crate::verify::finding::{Finding, Outcome};
use crate::verify::index::SourceIndex;
use crate::verify::record::{Cell, Record};
use crate::verify::world::World;

/// A01: every file that a record names exists. Files of tests are for T01.
pub(crate) fn a01_files(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        for (what, cell) in files(record) {
            outcome.saw(Some(record.id));
            let path = cell.value();
            if !world.index.has_file(path) {
                let near = offer(&world.index.nearest_files(path));
                outcome.findings.push(
                    about(code::A01, record, cell, path, format!("{what}: no such file"))
                        .instead(near, path),
                );
            }
        }
    }
    outcome
}

/// A02: every symbol that a record names resolves, and every widget is a struct of its file.
pub(crate) fn a02_symbols(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        for (what, cell, symbol) in symbols(record) {
            outcome.saw(Some(record.id));
            if let Err(missing) = world.index.resolve(&symbol) {
                let message = format!("{what}: there is no `{}`", missing.at);
                outcome.findings.push(
                    about(code::A02, record, cell, &symbol, message)
                        .instead(offer(&missing.nearest), &symbol),
                );
            }
        }
        for row in &record.consumers {
            let (widget, file) = (widget(row.widget.value()), row.file.value());
            let Some(facts) = world.index.facts(file).filter(|_| is_said(&row.widget)) else {
                continue;
            };
            outcome.saw(Some(record.id));
            if !facts.items.iter().any(|item| item.name == widget && item.owner.is_none()) {
                let message = format!("Consumers: {file} has no `{widget}`");
                outcome.findings.push(about(code::A02, record, &row.widget, widget, message));
            }
        }
    }
    outcome
}

/// Returns the cells that name files, tests left out, without those that were rejected already.
fn files(record: &Record) -> Vec<(&'static str, &Cell)> {
    let mut cells: Vec<(&str, &Cell)> = Vec::new();
    cells.extend(record.emitter("File").map(|cell| ("Source", cell)));
    cells.extend(record.transport.iter().map(|stage| ("Transport", &stage.file)));
    cells.extend(record.schema("Schema File").map(|cell| ("Schema Location", cell)));
    cells.extend(record.consumers.iter().map(|row| ("Consumers", &row.file)));
    cells.retain(|(_, cell)| is_said(cell) && !is_outside(cell.value()));
    cells
}

/// Returns the symbols of a record: what names one by its row, and Rust paths among the mechanisms.
fn symbols(record: &Record) -> Vec<(&'static str, &Cell, String)> {
    let mut found = Vec::new();
    let schema = record.schema("Struct").or_else(|| record.schema("Dataclass"));
    let named = [("Function/Method", record.emitter("Function/Method")), ("Struct", schema)];
    for (what, cell) in named {
        let Some(cell) = cell.filter(|cell| is_said(cell)) else { continue };
        found.push((what, cell, bare(cell.value()).to_owned()));
    }
    for stage in &record.transport {
        let spans = stage.mechanism.spans.iter().filter(|span| is_rust_path(span));
        found.extend(spans.map(|span| ("Transport", &stage.mechanism, bare(span).to_owned())));
    }
    found
}

/// Returns whether text is names joined by `::`, two at least.
fn is_rust_path(text: &str) -> bool {
    text.contains("::") && bare(text).split("::").all(is_name)
}

/// Returns whether text could be the name of an item.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

/// Returns a symbol without the brackets of a call.
pub(crate) fn bare(symbol: &str) -> &str {
    symbol.strip_suffix("()").unwrap_or(symbol)
}

/// Returns `EnvOverview` of `EnvOverview @ env_detail`.
fn widget(text: &str) -> &str {
    text.split('@').next().unwrap_or(text).trim()
}

/// Returns whether a cell says something that is not a finding of R01 already.
pub(crate) fn is_said(cell: &Cell) -> bool {
    let nothing = ["", "-", "–", "—", "N/A", "none"];
    !nothing.contains(&cell.text.as_str())
        && !cell.text.starts_with("none:")
        && !cell.text.contains("TODO")
}

/// Returns whether R08 rejects the path: it is absolute or leaves the repository.
pub(crate) fn is_outside(path: &str) -> bool {
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    path.starts_with(['/', '~', '\\'])
        || has_drive
        || path.split(['/', '\\']).any(|part| part == "..")
}

/// Returns a finding about a cell of a record.
pub(crate) fn about(
    code: Code,
    record: &Record,
    cell: &Cell,
    subject: &str,
    message: impl Into<String>,
) -> Finding {
    Finding::new(code, cell.at.clone(), subject, message).of(record.id)
}

/// Returns the names to offer instead, as one text.
pub(crate) fn offer(names: &[String]) -> String {
    names.join(" or ")
}

/// Returns the files of a record that are Rust and there, for quotes.
fn named_sources<'a>(record: &'a Record, index: &'a SourceIndex) -> Vec<&'a str> {
    let mut found: Vec<&str> = files(record).into_iter().map(|(_, cell)| cell.value()).collect();
    found.retain(|path| index.text(path).is_some());
    for (_, _, symbol) in symbols(record) {
        found.extend(index.resolve(&symbol).map(|found| found.file));
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests;
