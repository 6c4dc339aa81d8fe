//! The job that runs the tests: shows what they print, and adds up their numbers.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result};

use super::{Outcome, Place};
use crate::process;

/// How many tests ended how, over all binaries.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, ignored } = self;
        write!(f, "{passed} passed, {failed} failed, {ignored} skipped")
    }
}

impl Tally {
    /// Adds the numbers of `line` if it is the last one of a test binary.
    fn add(&mut self, line: &str) {
        let Some((_, numbers)) =
            line.split_once("test result: ").and_then(|(_, rest)| rest.split_once(". "))
        else {
            return;
        };
        for part in numbers.split("; ") {
            let mut words = part.split_whitespace();
            let number = words.next().and_then(|number| number.parse::<u64>().ok());
            match (number, words.next()) {
                (Some(number), Some("passed")) => self.passed += number,
                (Some(number), Some("failed")) => self.failed += number,
                (Some(number), Some("ignored")) => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// Runs the test command of the README, doc tests included, to its end.
pub(super) fn test(_: Place) -> Result<Outcome> {
    // The flag only adds what comes after a failure; the last line of a run is read by people and by CI.
    let mut command = process::command("cargo", &["test", "--workspace", "--no-fail-fast"]);
    let line = process::line(&command);
    eprintln!("$ {line}");
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {line}"))?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        for text in BufReader::new(stdout).split(b'\n') {
            let text = text.context("cannot read what the tests print")?;
            let text = String::from_utf8_lossy(&text);
            println!("{text}");
            tally.add(&text);
        }
    }
    let status = child.wait().with_context(|| format!("cannot wait for {line}"))?;
    Ok(judge(status.success(), tally))
}

/// Returns the outcome of a test run that says whether it succeeded and what it counted.
fn judge(success: bool, tally: Tally) -> Outcome {
    match (success, tally.passed) {
        (false, _) => Outcome::Failed(tally.to_string()),
        (true, 0) => Outcome::Failed("no test was run".to_owned()),
        (true, _) => Outcome::Tested(tally),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_all_binaries_are_added_up() {
        let mut tally = Tally::default();
        for line in [
            "test tests::a ... ok",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: of mine",
        ] {
            tally.add(line);
        }
        assert_eq!(tally, Tally { passed: 15, failed: 2, ignored: 1 });
        assert_eq!(tally.to_string(), "15 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn a_run_without_tests_proves_nothing() {
        let tally = |passed, failed| Tally { passed, failed, ignored: 0 };
        assert_eq!(judge(true, tally(0, 0)), Outcome::Failed("no test was run".to_owned()));
        assert_eq!(judge(true, tally(3, 0)), Outcome::Tested(tally(3, 0)));
        assert_eq!(
            judge(false, tally(3, 0)),
            Outcome::Failed("3 passed, 0 failed, 0 skipped".to_owned())
        );
    }
}
