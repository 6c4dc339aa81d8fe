//! The closed list of units, `docs/telemetry/units.toml`: part of this program, so that there is one list and no world without it.

use std::sync::OnceLock;

use serde::Deserialize;

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unit {
    /// Of one.
    pub(crate) singular: String,
    /// Of many, as records write it.
    pub(crate) plural: String,
    /// What it measures: `time`, `count`, `share`, …
    pub(crate) dimension: String,
    /// The format that reads it back from the screen by default.
    pub(crate) parser: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    unit: Vec<Unit>,
}

/// Returns every unit.
pub(crate) fn all() -> &'static [Unit] {
    static UNITS: OnceLock<Vec<Unit>> = OnceLock::new();
    let text = include_str!("../../../../docs/telemetry/units.toml");
    // A list that cannot be read is empty, which makes an error of every unit; a test holds that it can.
    UNITS.get_or_init(|| toml::from_str::<File>(text).unwrap_or_default().unit)
}

/// Returns the unit with this word.
pub(crate) fn find(word: &str) -> Option<&'static Unit> {
    all().iter().find(|unit| unit.plural == word || unit.singular == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::grammar::Format;

    #[test]
    fn every_unit_has_a_word_of_its_own_and_a_parser() {
        assert!(all().len() > 20, "{} units", all().len());
        for unit in all() {
            assert_eq!(find(&unit.plural), Some(unit), "two units are called {}", unit.plural);
            assert!(Format::find(&unit.parser).is_some(), "{unit:?}");
            assert!(!unit.dimension.is_empty(), "{unit:?}");
        }
        assert!(find("episodes/batches").is_none());
    }
}
