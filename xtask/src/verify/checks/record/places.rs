//! R07 and R08: places that do not last: line numbers, and paths of one machine.

use crate::verify::code;
use crate::verify::finding::{Edit, Finding, Location, Outcome};
use crate::verify::record::Record;
use crate::verify::world::World;

/// Text of a record that a person wrote: a cell or a line of prose.
struct Passage<'a> {
    text: &'a str,
    at: &'a Location,
    /// First byte in the file.
    start: usize,
}

/// Returns every cell and line of prose, without the cells that the tool writes.
fn passages(record: &Record) -> Vec<Passage<'_>> {
    let document = &record.document;
    let rows = document.tables.iter().flat_map(|table| &table.rows);
    let by_person = rows.filter(|row| {
        let name = row.first().map(|cell| cell.text.trim_matches(['*', ' '])).unwrap_or_default();
        name != "Line(s)" && name != "Schema Line"
    });
    let cells = by_person.flatten().map(|cell| Passage {
        text: &cell.text,
        at: &cell.at,
        start: cell.bytes.start,
    });
    let prose = document.prose.iter();
    let prose =
        prose.map(|line| Passage { text: &line.text, at: &line.at, start: line.bytes.start });
    cells.chain(prose).collect()
}

/// R07: line numbers, which the next edit makes wrong.
pub(in crate::verify::checks) fn r07_line_numbers(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        for passage in passages(record) {
            outcome.saw(Some(record.id));
            let Some(found) = line_number(passage.text) else { continue };
            let message = format!("`{found}` is a line number; name the symbol instead");
            let finding = Finding::new(code::R07, passage.at.clone(), found, message);
            outcome.findings.push(finding.of(record.id));
        }
    }
    outcome
}

/// Returns the first line number of a text: `line 12`, `lines 3-4`, `x.rs:12`.
fn line_number(text: &str) -> Option<String> {
    // Nearly no text holds any of these, and there are twenty thousand.
    if ![":", "line", "Line", "LINE"].iter().any(|sign| text.contains(sign)) {
        return None;
    }
    let words: Vec<&str> =
        text.split([' ', '(', ')', '`', ',', '\t']).filter(|word| !word.is_empty()).collect();
    let is_number =
        |word: &str| word.trim_start_matches('~').starts_with(|c: char| c.is_ascii_digit());
    let in_words = words.windows(2).find_map(|pair| match pair {
        [first, second]
            if matches!(first.to_lowercase().as_str(), "line" | "lines") && is_number(second) =>
        {
            Some(format!("{first} {}", second.trim_end_matches(['.', ':', ';'])))
        }
        _ => None,
    });
    in_words.or_else(|| {
        let behind = |word: &&&str| {
            let (file, line) = word.split_once(':').unwrap_or_default();
            [".rs", ".py", ".md", ".toml"].iter().any(|end| file.ends_with(end)) && is_number(line)
        };
        words.iter().find(behind).map(|word| (*word).to_owned())
    })
}

/// R08: paths that only one machine has.
pub(in crate::verify::checks) fn r08_paths(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        for passage in passages(record) {
            outcome.saw(Some(record.id));
            if !passage.text.contains('/') && !passage.text.contains('\\') {
                continue;
            }
            let ends = [' ', '`', '(', ')', '"', '\'', '<', '>', ',', '|', '\t'];
            let Some(path) = passage.text.split(ends).find(|word| leaves_the_repository(word))
            else {
                continue;
            };
            let path = path.trim_end_matches(['.', ':', ';']);
            let message = format!("`{path}` is no path from the root of the repository");
            let mut finding =
                Finding::new(code::R08, passage.at.clone(), path, message).of(record.id);
            finding.fix = inside(path, world).zip(passage.text.find(path)).map(|(text, offset)| {
                let start = passage.start + offset;
                Edit { file: record.file.clone(), start, end: start + path.len(), text }
            });
            outcome.findings.push(finding);
        }
    }
    outcome
}

/// Returns whether a word is a path that begins at the root of a machine or climbs out of the repository.
fn leaves_the_repository(word: &str) -> bool {
    let first = word.split('/').nth(1).unwrap_or_default();
    let is_root = word.starts_with('/')
        && word.matches('/').count() > 1
        && first.starts_with(|c: char| c.is_ascii_alphanumeric())
        // Files of the kernel, which every machine has.
        && !matches!(first, "proc" | "sys" | "dev");
    let mut letters = word.chars();
    let is_drive = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.next() == Some(':')
        && matches!(letters.next(), Some('\\' | '/'));
    is_root
        || is_drive
        || word.starts_with("~/")
        || word.starts_with("../")
        || word.contains("/../")
}

/// Returns the part of a path that is a file of the checkout.
fn inside(path: &str, world: &World) -> Option<String> {
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('/') {
        if !after.is_empty() && world.index.has_file(after) {
            return Some(after.to_owned());
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(line_number(text).as_deref(), expected);
    }

    #[test]
    fn line_numbers_are_found_in_words_and_behind_files() {
        check("`schema.py` line 1331", Some("line 1331"));
        check("(lines 155-172)", Some("lines 155-172"));
        check("Payload handling at lines 520, 615", Some("lines 520"));
        check("see `x.rs:12`", Some("x.rs:12"));
        check("a line of 3 cells", None);
        check("the last line", None);
        check("snapshot.rs: 3 fields", None);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for word in
            ["/srv/john/x.py", "~/x.rs", "../other/x.rs", "crates/../../x.rs", "C:\\x\\y.rs"]
        {
            assert!(leaves_the_repository(word), "{word}");
        }
        for word in ["/", "and/or", "crates/x.rs", "/proc/meminfo", "n/10", "//", "/s", "0.8/s"] {
            assert!(!leaves_the_repository(word), "{word}");
        }
    }
}
