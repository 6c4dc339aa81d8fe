//! The closed list of checks. Nothing registers itself at run time.

use crate::verify::code::{self, Code};
use crate::verify::finding::Outcome;
use crate::verify::world::World;

mod anchor;
mod schema;

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
    check(code::A01, anchor::a01_files),
    check(code::A02, anchor::a02_symbols),
    check(code::A03, anchor::a03_lines),
    check(code::A04, anchor::a04_quotes),
    check(code::S01, schema::s01_paths),
    check(code::S02, schema::s02_fields),
    check(code::S03, schema::s03_types),
    check(code::S07, schema::s07_rest),
    check(code::T01, anchor::t01_tests),
];
