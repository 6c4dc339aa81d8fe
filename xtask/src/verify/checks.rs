//! The closed list of checks. Nothing registers itself at run time.

use crate::verify::code::{self, Code};
use crate::verify::finding::Outcome;
use crate::verify::world::World;

mod anchor;
pub(crate) mod causes;
mod condition;
pub(crate) mod coverage;
pub(crate) mod cuts;
pub(crate) mod display;
#[cfg(test)]
mod evidence_tests;
mod probe;
mod record;
mod schema;
mod style;
pub(crate) mod tests_of_records;
mod threshold;
mod values;
pub(crate) mod verifier;
pub(crate) mod way;

/// A check of one code. What has to run before it says [`Code::spec`].
pub(crate) struct Check {
    pub(crate) code: Code,
    pub(crate) run: fn(&World) -> Outcome,
}

const fn check(code: Code, run: fn(&World) -> Outcome) -> Check {
    Check { code, run }
}

/// Every check that looks at the world. Those of the judge (L01, L02, C06, V01, X02, X04) look at what these found, and
/// live in `judge`; L03 looks at the report, and lives in `fix`.
pub(crate) static CHECKS: &[Check] = &[
    check(code::R01, record::r01_form),
    check(code::R02, record::r02_ids),
    check(code::R03, record::r03_paths),
    check(code::R04, record::r04_units),
    check(code::R05, record::r05_grammar),
    check(code::R06, record::r06_obligations),
    check(code::R07, record::r07_line_numbers),
    check(code::R08, record::r08_paths),
    check(code::R10, record::r10_dates),
    check(code::S05, record::s05_silent_zero),
    check(code::S09, record::s09_finite_default),
    check(code::T02, record::t02_names),
    check(code::H01, threshold::h01_levels),
    check(code::A01, anchor::a01_files),
    check(code::A02, anchor::a02_symbols),
    check(code::A03, anchor::a03_lines),
    check(code::A04, anchor::a04_quotes),
    check(code::S01, schema::s01_paths),
    check(code::S02, schema::s02_fields),
    check(code::S03, schema::s03_types),
    check(code::S07, schema::s07_rest),
    check(code::T01, anchor::t01_tests),
    check(code::P00, probe::not_probed),
    check(code::P01, probe::emission),
    check(code::P02, probe::hub),
    check(code::P03, probe::fold),
    check(code::P04, probe::consumers),
    check(code::P05, causes::undeclared),
    check(code::P06, probe::remembered),
    check(code::P07, probe::kept),
    check(code::P08, probe::foreign),
    check(code::P09, probe::out_of_range),
    check(code::P10, probe::unsteady),
    check(code::S04, probe::fresh),
    check(code::D01, display::examples),
    check(code::D03, display::missing),
    check(code::D06, display::dark),
    check(code::D08, display::stale),
    check(code::H02, style::points),
    check(code::T03, tests_of_records::results),
    check(code::C01, coverage::snapshot),
    check(code::C02, coverage::payloads),
    check(code::C03, coverage::idle_payloads),
    check(code::C04, coverage::idle_snapshot),
    check(code::C05, coverage::widgets),
    check(code::T05, cuts::untested),
    check(code::V03, cuts::unnoticed),
    check(code::X01, verifier::expired),
    check(code::X03, verifier::incomplete),
    check(code::V02, verifier::codes),
];
