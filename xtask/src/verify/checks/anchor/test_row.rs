//! T01: the files and tests that a record names exist, and a pattern matches something.

use super::{about, is_name, is_outside, is_said, offer};
use crate::verify::code;
use crate::verify::finding::Outcome;
use crate::verify::index::{TestFile, nearest};
use crate::verify::record::{Record, TestRow};
use crate::verify::world::World;

/// T01: every row that names a test names one that is there.
pub(crate) fn t01_tests(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        for row in record.tests.iter().filter(|row| names_a_test(row)) {
            outcome.saw(Some(record.id));
            check(world, record, row, &mut outcome);
        }
    }
    outcome
}

/// Returns whether the row names a test; one that does not is manual, or for T02.
pub(crate) fn names_a_test(row: &TestRow) -> bool {
    let is_manual = row.kind.text.to_lowercase().contains("manual");
    !is_manual
        && is_said(&row.file)
        && !is_outside(row.file.value())
        && is_pattern(row.name.value())
}

/// Returns whether text is the name of a test, with modules before it and `*` in it allowed.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(|c: char| c != '*')
        && text.split("::").all(|part| is_name(&part.replace('*', "_")))
}

fn check(world: &World, record: &Record, row: &TestRow, outcome: &mut Outcome) {
    let (file, name) = (row.file.value(), row.name.value());
    let finding = |cell, message: String| about(code::T01, record, cell, name, message);
    let tests = match world.index.tests_in(file) {
        Ok(tests) => tests,
        Err(why) => {
            let near = offer(&world.index.nearest_files(file));
            outcome.findings.push(
                finding(&row.file, format!("{name}: nothing runs {file}: {why}"))
                    .instead(near, file),
            );
            return;
        }
    };
    if matching(&tests, name).next().is_some() {
        return;
    }
    let message = if name.contains('*') {
        format!("{file} has no test that fits `{name}`")
    } else {
        format!("{file} has no test `{name}`")
    };
    let near = nearest(name, tests.tests.iter().map(|test| test.function.as_str()));
    outcome.findings.push(finding(&row.name, message).instead(offer(&near), name));
}

/// Returns the names, as the test binary prints them, of the tests that a name or pattern means.
pub(crate) fn matching<'a>(
    tests: &'a TestFile,
    pattern: &'a str,
) -> impl Iterator<Item = &'a str> + 'a {
    let fits = move |test: &&crate::verify::index::TestFn| {
        let tail = format!("::{}", test.name);
        fits(pattern, &test.function)
            || (pattern.contains("::") && fits(&format!("*::{pattern}"), &tail))
    };
    tests.tests.iter().filter(fits).map(|test| test.name.as_str())
}

/// Returns whether a text fits a pattern in which `*` is any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    text.char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .any(|at| fits(rest, text.get(at..).unwrap_or_default()))
}
