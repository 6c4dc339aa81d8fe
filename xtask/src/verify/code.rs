//! The codes of all findings: permanent, never reused, each with a page under `docs/telemetry/checks/`.

use std::fmt;

/// A code: `P04`, printed `TV-P04`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Code(&'static str);

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Should be mended.
    Warning,
    /// The record is not true.
    Error,
    /// Nobody knows; cannot be exempted or silenced.
    NotVerified,
}

/// What has to run before a check can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// The records and the sources.
    Static,
    /// The probe.
    Probe,
    /// The tests that records name.
    Tests,
    /// The wire cuts.
    Deep,
}

/// What is known about a code.
pub(crate) struct CodeSpec {
    /// The code.
    pub(crate) code: Code,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What has to run.
    pub(crate) tier: Tier,
    /// Whether `--fix` can repair it.
    pub(crate) is_fixable: bool,
    /// Whether it exists yet. What does not is listed, and its box says `partial evidence`.
    pub(crate) is_built: bool,
    /// What it finds, in a few words.
    pub(crate) finds: &'static str,
}

impl Code {
    /// Returns the code without prefix: `P04`.
    pub(crate) const fn as_str(self) -> &'static str {
        self.0
    }

    /// Returns the code with this name, with or without `TV-`.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let name = name.strip_prefix("TV-").unwrap_or(name);
        ALL.iter().map(|spec| spec.code).find(|code| code.0.eq_ignore_ascii_case(name))
    }

    /// Returns what is known about the code.
    pub(crate) fn spec(self) -> &'static CodeSpec {
        // Every constant below has its line in `ALL`, which a test holds.
        ALL.iter().find(|spec| spec.code == self).unwrap_or(&ALL[0])
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TV-{}", self.0)
    }
}

const fn spec(
    code: Code,
    severity: Severity,
    tier: Tier,
    marks: &str,
    finds: &'static str,
) -> CodeSpec {
    let marks = marks.as_bytes();
    let mut is_fixable = false;
    let mut is_built = true;
    let mut at = 0;
    while at < marks.len() {
        is_fixable |= marks[at] == b'F';
        is_built &= marks[at] != b'-';
        at += 1;
    }
    CodeSpec { code, severity, tier, is_fixable, is_built, finds }
}

macro_rules! codes {
    ($($name:ident $severity:ident $tier:ident $marks:literal $finds:literal;)*) => {
        $(#[doc = $finds] pub(crate) const $name: Code = Code(stringify!($name));)*

        /// Every code, in the order of the specification. Marks: `F` `--fix` can repair it, `-` not built yet.
        pub(crate) const ALL: &[CodeSpec] =
            &[$(spec($name, Severity::$severity, Tier::$tier, $marks, $finds)),*];
    };
}

codes! {
    R01 Error Static "" "required row, table or section missing, not parsable, or still containing TODO";
    R02 Error Static "" "id used twice, or file name and id differ";
    R03 Error Static "" "two records for one snapshot path";
    R04 Error Static "" "unit not in units.toml, or more than one unit";
    R05 Error Static "" "range, condition, default, level, format or example does not parse, or names something unknown";
    R06 Error Static "" "obligations of the priority not met";
    R07 Warning Static "" "line number in prose or in a cell that the tool does not write";
    R08 Error Static "F" "absolute path, or a path that leaves the repository";
    R09 Error Static "-" "unit or meaning changed under the same id, or a retired id used again (--since)";
    R10 Warning Static "" "history date before the first commit, in the future, or out of order";
    A01 Error Static "" "file does not exist";
    A02 Error Static "" "symbol does not resolve";
    A03 Warning Static "F" "a tool-written line cell is out of date";
    A04 Error Static "" "a quoted Rust block differs from the source at its anchor";
    A05 Warning Static "-" "a name in backticks in prose does not resolve";
    S01 Error Static "" "path not in the snapshot";
    S02 Error Static "" "field not in the payload";
    S03 Error Static "" "declared type differs from the real one";
    S04 Error Probe "" "value in a fresh snapshot differs from Default";
    S05 Error Static "" "Default lies inside Range and there is no Missing rule (a silent zero)";
    S06 Error Static "-" "name and unit disagree, or a name that sounds like time without a time unit";
    S07 Error Static "" "`..` in a pattern or literal of a payload or snapshot type, or Default derived on a payload";
    S08 Error Static "-" "a serde attribute hides a leaf";
    S09 Error Static "" "non-finite Default";
    S10 Error Static "-" "cfg(test), environment, clock or thread use outside tests in the pure crates";
    P00 NotVerified Probe "" "the probe could not run, or not for this record";
    P01 Error Probe "" "input moved, payload did not (constant at the emitter)";
    P02 Error Probe "" "hub lost, repeated or reordered, or its counters do not add up";
    P03 Error Probe "" "payload moved, snapshot did not";
    P04 Error Probe "" "snapshot moved, a declared widget did not";
    P05 Error Probe "" "something undeclared moved: a foreign snapshot leaf, or a widget not listed";
    P06 Error Probe "" "history leaks into a last-value leaf: A then B differs from B alone";
    P07 Error Probe "" "a new run does not reset the leaf to Default";
    P08 Error Probe "" "an event of one environment moves another environment";
    P09 Error Probe "" "the value left its Range while not missing, or a stepped wall clock moved a monotonic value";
    P10 Error Probe "" "two identical runs differ";
    D01 Error Probe "" "a display example fails";
    D02 Error Probe "-" "parse-back fails: the text on screen, read by an independent parser, is not the value";
    D03 Error Probe "" "missing looks like a measurement, or does not show the declared text";
    D04 Warning Probe "-" "a P0 or P1 metric cannot be seen at 80x24";
    D05 Error Probe "-" "overflow, cut or moved neighbour for some value inside Range";
    D06 Error Probe "" "dark numeral: a digit on screen that no probe can move and no label explains";
    D07 Warning Static "-" "example set lacks the missing case, a bound or a threshold edge";
    D08 Error Probe "" "a value that the latest update did not refresh is drawn as fresh";
    T01 Error Static "" "named file or test does not exist, or a pattern matches nothing";
    T02 Error Static "" "a test row that names no test";
    T03 Error Tests "F" "named test failed, was ignored or did not run";
    T04 Warning Static "-" "the test mentions neither the id nor the field";
    T05 Error Deep "" "the test still passes when the record's wire is cut";
    T06 Warning Static "-" "a manual attestation is older than its widget or its specification";
    H01 Error Static "" "table contradicts itself, Range, the checklist or the limit in leyline; gap or overlap; level without a style";
    H02 Error Probe "" "style just below, at or just above a limit is not the declared one, or a non-finite reading is not critical";
    H03 Error Probe "-" "style changes where no threshold is declared";
    C01 Error Probe "" "snapshot leaf without a record";
    C02 Error Probe "" "payload leaf that no record probes and not-shown.toml does not list";
    C03 Error Probe "" "payload leaf that moves nothing";
    C04 Error Probe "" "snapshot leaf that nothing moves";
    C05 Error Probe "" "widget named in no record";
    C06 Error Probe "" "a coverage figure fell below the one in INDEX.md";
    L01 Error Static "F" "the record claims more than it earned";
    L02 Warning Probe "F" "the record claims less than it earned";
    L03 Warning Probe "F" "INDEX.md or records.json out of date";
    X01 Error Static "" "exemption expired";
    X02 Error Probe "" "exemption used by nothing";
    X03 Error Static "" "exemption without reason, owner or date, too far ahead, or of a code that cannot be exempted";
    X04 Error Probe "" "the failure is not the one that the exemption describes";
    V01 NotVerified Static "" "a check saw no subject";
    V02 Error Static "" "a code lacks its page, its fixture or a place that emits it";
    V03 Error Deep "" "a cut wire was noticed by nothing";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_with_and_without_prefix() {
        for spec in ALL {
            assert_eq!(Code::find(spec.code.as_str()), Some(spec.code));
            assert_eq!(Code::find(&spec.code.to_string()), Some(spec.code));
            assert_eq!(spec.code.spec().code, spec.code);
        }
        assert_eq!(Code::find("Z99"), None);
        assert!(R08.spec().is_fixable && !R09.spec().is_built && P04.spec().is_built);
    }
}
