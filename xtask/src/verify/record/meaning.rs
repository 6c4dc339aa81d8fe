//! What the machine reads in the cells of a record.

use crate::verify::code::{self, Code};
use crate::verify::finding::Finding;
use crate::verify::grammar::{
    CLASSES, Condition, Extent, Format, Level, Literal, Priority, Term, condition, extent, given,
    is_not_applicable, literal, moves,
};
use crate::verify::record::{Cell, Record};

/// Reads the cells with a grammar; what does not parse is a problem of the record.
pub(crate) fn read(record: &mut Record) {
    let mut problems = Vec::new();
    let mut reader = Reader { problems: &mut problems, is_group: !record.fields.is_empty() };
    let meaning = &mut record.meaning;
    let cell = |rows: &[super::Property], name: &str| super::find(rows, name).cloned();
    let data = |name: &str| cell(&record.data, name);
    let priority = cell(&record.identity, "Priority");
    meaning.priority = reader.cell(priority.as_ref(), "Priority", code::R01, |text| {
        Priority::find(text)
            .ok_or_else(|| format!("`{text}` is no priority such as `P1-important`"))
    });
    match reader.cell(data("Range").as_ref(), "Range", code::R05, extent) {
        Some(Extent::Numbers(interval)) => meaning.range = Some(interval),
        Some(Extent::Words(words)) => meaning.words = words,
        Some(Extent::Any) => meaning.is_any = true,
        None => {}
    }
    meaning.precision = reader.cell(data("Precision").as_ref(), "Precision", code::R05, |text| {
        Format::find(text).ok_or_else(|| format!("`{text}` is no format such as `fixed(3)`"))
    });
    meaning.default = reader.cell(data("Default").as_ref(), "Default", code::R05, literal);
    let missing = reader.cell(data("Missing").as_ref(), "Missing", code::R05, condition);
    meaning.missing = missing.map(|condition| with_words(condition, &meaning.words));
    if let Some(probe) = super::find(&record.emitter, "Probe") {
        let text = if probe.spans.is_empty() { probe.text.clone() } else { probe.spans.join(";") };
        if !text.is_empty() {
            let found = moves(&text);
            meaning.moves = reader.keep(probe, "Probe", code::R05, found).unwrap_or_default();
        }
    }
    for row in &mut record.thresholds {
        row.parsed = reader.threshold(&row.level, &row.condition, &record.meaning.words);
    }
    for row in &record.examples {
        if !row.given.text.is_empty() {
            reader.keep(&row.given, "Given", code::R05, given(row.given.value()));
        }
        let style = row.style.value();
        if !style.is_empty() && !is_not_applicable(style) && !CLASSES.contains(&style) {
            let message = format!("`{style}` is no style class");
            reader.keep::<()>(&row.style, "Style", code::R05, Err(message));
        }
    }
    record.problems.append(&mut problems);
}

/// Takes bare names that the Range lists for words.
fn with_words(mut condition: Condition, words: &[String]) -> Condition {
    for comparison in condition.any.iter_mut().flatten() {
        for term in [&mut comparison.left, &mut comparison.right] {
            let word = if let Term::Name(name) = &*term {
                words.iter().find(|word| *word == name)
            } else {
                None
            };
            if let Some(word) = word {
                *term = Term::Literal(Literal::Text(word.clone()));
            }
        }
    }
    condition
}

struct Reader<'a> {
    problems: &'a mut Vec<Finding>,
    /// A group says per field what a single record says once, so its own cells may not apply.
    is_group: bool,
}

impl Reader<'_> {
    fn cell<T>(
        &mut self,
        cell: Option<&Cell>,
        name: &str,
        code: Code,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        // Absent and empty cells have been reported.
        let cell = cell.filter(|cell| !cell.text.is_empty())?;
        let may_be_absent = self.is_group || name == "Missing";
        if may_be_absent && is_not_applicable(cell.value()) {
            return None;
        }
        self.keep(cell, name, code, read(cell.value()))
    }

    fn keep<T>(
        &mut self,
        cell: &Cell,
        name: &str,
        code: Code,
        result: Result<T, String>,
    ) -> Option<T> {
        if cell.value().contains("TODO") {
            return None;
        }
        result
            .map_err(|message| {
                let message = format!("{name}: {message}");
                self.problems.push(Finding::new(code, cell.at.clone(), name, message));
            })
            .ok()
    }

    fn threshold(
        &mut self,
        level: &Cell,
        when: &Cell,
        words: &[String],
    ) -> Option<(Level, Condition)> {
        if level.text.is_empty() || when.text.is_empty() {
            return None;
        }
        let name = level.value().trim_matches(['*', ' ']);
        // A table without any level says `none` in its first cell.
        if is_not_applicable(name) && is_not_applicable(when.value()) {
            return None;
        }
        let found = Level::find(name).ok_or_else(|| format!("`{name}` is no level"));
        let found = self.keep(level, "Level", code::R05, found)?;
        if is_not_applicable(when.value()) {
            return None;
        }
        let condition = self.keep(when, "Condition", code::R05, condition(when.value()))?;
        Some((found, with_words(condition, words)))
    }
}
