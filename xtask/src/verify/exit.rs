//! How a run ends, as a number for the shell.

use crate::verify::FailOn;
use crate::verify::code::{self, Severity};
use crate::verify::report::Report;

/// Nothing was found.
pub(crate) const CLEAN: u8 = 0;
/// Findings at or above `--fail-on`.
pub(crate) const FOUND: u8 = 1;
/// A mistake in the command line or in a table.
pub(crate) const USAGE: u8 = 2;
/// Something could not be checked.
pub(crate) const NOT_VERIFIED: u8 = 3;
/// A wire cut survived.
pub(crate) const SURVIVED: u8 = 4;
/// A mistake in the verifier.
pub(crate) const INTERNAL: u8 = 70;

/// Returns the exit code of a report. Of several reasons the one that says least is known comes first: 3, 1, 4.
pub(crate) fn code(report: &Report, fail_on: FailOn) -> u8 {
    if !report.not_verified.is_empty() || 0 < report.count(Severity::NotVerified) {
        return NOT_VERIFIED;
    }
    // A cut that survived has a code of its own.
    let (cuts, others): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| finding.code == code::V03);
    let least = match fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::None => None,
    };
    let fails = |severity: Severity| least.is_some_and(|least| least <= severity);
    if others.iter().any(|finding| fails(finding.severity())) {
        FOUND
    } else if !cuts.is_empty() && fails(Severity::Error) {
        SURVIVED
    } else {
        CLEAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::code::Code;
    use crate::verify::finding::{Finding, Location};

    #[track_caller]
    fn check(codes: &[Code], fail_on: FailOn, expected: u8) {
        let finding = |code: &Code| Finding::new(*code, Location::default(), "x", "x");
        let report = Report { findings: codes.iter().map(finding).collect(), ..Report::default() };
        assert_eq!(super::code(&report, fail_on), expected, "{codes:?}");
    }

    #[test]
    fn what_is_not_known_comes_before_what_was_found_and_is_never_silenced() {
        check(&[], FailOn::Warning, CLEAN);
        check(&[code::P04], FailOn::Error, FOUND);
        check(&[code::P04], FailOn::None, CLEAN);
        check(&[code::R07], FailOn::Error, CLEAN);
        check(&[code::R07], FailOn::Warning, FOUND);
        check(&[code::P00, code::P04], FailOn::None, NOT_VERIFIED);
        check(&[code::V01], FailOn::None, NOT_VERIFIED);
        check(&[code::V03], FailOn::Error, SURVIVED);
        check(&[code::V03, code::P04], FailOn::Error, FOUND);
        check(&[code::V03, code::R07], FailOn::Error, SURVIVED);
        check(&[code::V03, code::V01], FailOn::Error, NOT_VERIFIED);
    }

    #[test]
    fn a_tier_without_an_answer_is_not_verified() {
        let report =
            Report { not_verified: vec!["probe: no build".to_owned()], ..Report::default() };
        assert_eq!(super::code(&report, FailOn::None), NOT_VERIFIED);
    }
}
