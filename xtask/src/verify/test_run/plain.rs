//! Reads what a test binary prints.

use std::collections::BTreeMap;

use crate::verify::world::TestResult;

/// Returns the names that `--list --format=terse` prints.
pub(super) fn names(output: &str) -> Vec<String> {
    output.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// Returns the result of each test that has one. Words that a test prints itself stand between name and verdict, or on
/// lines of their own, if it was not captured; what cannot be read is no result.
pub(super) fn results(output: &str) -> BTreeMap<String, TestResult> {
    output.lines().filter_map(result).collect()
}

fn result(line: &str) -> Option<(String, TestResult)> {
    let (name, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
    // `tests::x - should panic` is how a test that must panic is printed.
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    let verdict = match verdict.split([',', ' ']).next()? {
        "ok" => TestResult::Passed,
        "FAILED" => TestResult::Failed,
        "ignored" => TestResult::Ignored,
        _ => return None,
    };
    Some((name.to_owned(), verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_is_read() {
        let output = "\nrunning 5 tests\ntest a::b ... ok\ntest c - should panic ... ok\ntest d ... FAILED\n\
                      test e ... ignored, needs a network\ntest f ... bench\n\nfailures:\n\n---- d stdout ----\n\
                      test result: FAILED. 2 passed\n";
        let results = results(output);
        let all: Vec<(&str, TestResult)> =
            results.iter().map(|(name, result)| (name.as_str(), *result)).collect();
        let expected = [
            ("a::b", TestResult::Passed),
            ("c", TestResult::Passed),
            ("d", TestResult::Failed),
            ("e", TestResult::Ignored),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_list_holds_tests_and_no_benches() {
        assert_eq!(names("a::b: test\nc: benchmark\n"), ["a::b"]);
    }
}
