//! T03: how the tests went that records name.

use crate::verify::code;
use crate::verify::finding::{Finding, Outcome};
use crate::verify::record::{Record, TestRow};
use crate::verify::world::{TestResult, World};

/// Returns whether a person does what the row describes.
pub(crate) fn is_manual(row: &TestRow) -> bool {
    row.kind.text.to_lowercase().contains("manual")
}

/// Returns the rows that name a test a machine can run: a file and a name or a pattern.
pub(crate) fn named(record: &Record) -> impl Iterator<Item = (&TestRow, (String, String))> {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_:*".contains(c))
    };
    record.tests.iter().filter(|row| !is_manual(row)).filter_map(move |row| {
        let (file, name) = (row.file.value(), row.name.value());
        let is_file = std::path::Path::new(file).extension().is_some_and(|end| end == "rs");
        // T02 says so of a row with a phrase.
        (is_file && is_name(name)).then(|| (row, (file.to_owned(), name.to_owned())))
    })
}

/// T03: named tests that failed, were ignored or did not run.
pub(super) fn results(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(tests) = world.tests.yes() else { return outcome };
    for record in &world.records {
        for (row, key) in named(record) {
            outcome.saw(Some(record.id));
            let what = match tests.get(&key) {
                Some(TestResult::Passed) => continue,
                Some(TestResult::Failed) => "failed",
                Some(TestResult::Ignored) => "is ignored",
                None => "did not run",
            };
            let (file, name) = key;
            let mut finding = Finding::new(
                code::T03,
                row.name.at.clone(),
                name.clone(),
                format!("{name} {what}"),
            )
            .of(record.id)
            .instead("passed", what);
            finding.source = Some(format!("{file}  {name}"));
            outcome.findings.push(finding);
        }
    }
    outcome
}
