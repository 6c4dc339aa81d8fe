//! The rule on what serde is told about payloads and the snapshot.

use super::source::{Source, Token, closing};
use super::tree::Tree;
use super::{Rule, Spot};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "serde-attribute",
    why: "bincode stores positions: a field that is hidden, renamed or filled in shifts or falsifies what follows",
    remedy: "give the field its wire name and write it always; words of an enum may have `rename_all`",
    check,
}];

const WIRE_TYPES: &[&str] = &[
    "crates/leyline/src/envelope.rs",
    "crates/leyline/src/event.rs",
    "crates/leyline/src/payload",
    "crates/karn-sanctum/src/reading.rs",
    "crates/karn-sanctum/src/snapshot",
];

const FORBIDDEN: &[&str] = &[
    "alias",
    "content",
    "default",
    "flatten",
    "other",
    "rename_all_fields",
    "skip",
    "skip_deserializing",
    "skip_serializing",
    "skip_serializing_if",
    "tag",
    "untagged",
];

/// Fields of the snapshot that are no part of what is known of the run, and so in no JSON: the limits that it was judged by.
const NO_LEAVES: &[(&str, &str)] = &[("crates/karn-sanctum/src/snapshot.rs", "settings")];

fn check(tree: &Tree) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (path, source) in tree.rust_in(WIRE_TYPES) {
        for (at, inside) in source.attributes() {
            let Some(token) = source.tokens.get(at) else { continue };
            if token.in_test || inside.first().is_none_or(|first| first.text != "serde") {
                continue;
            }
            let (kind, name) = item(source, at);
            let is_no_leaf = NO_LEAVES.contains(&(path, name));
            let is_wrong = |word: &&Token| match word.text.as_str() {
                // The name of a type is written nowhere; the words of an enum are data.
                "rename" => kind == Item::Member,
                "rename_all" => kind != Item::Enum,
                "skip" if is_no_leaf => false,
                word => FORBIDDEN.contains(&word),
            };
            let what =
                inside.iter().find(is_wrong).map(|word| format!("serde attribute `{}`", word.text));
            spots.extend(what.map(|what| Spot::new(path, token.line, what)));
        }
    }
    spots
}

/// What an attribute belongs to.
#[derive(PartialEq, Eq)]
enum Item {
    Struct,
    Enum,
    /// A field or a variant.
    Member,
}

/// Returns what the attribute at `at` belongs to, and the word behind all attributes and the visibility.
fn item(source: &Source, at: usize) -> (Item, &str) {
    let text = |at: usize| source.tokens.get(at).map_or("", |token| token.text.as_str());
    let mut at = at;
    loop {
        match text(at) {
            "#" => at = closing(&source.tokens, at + 1) + 1,
            "pub" if text(at + 1) == "(" => at = closing(&source.tokens, at + 1) + 1,
            "pub" => at += 1,
            "struct" => return (Item::Struct, "struct"),
            "enum" => return (Item::Enum, "enum"),
            name => return (Item::Member, name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    const PATH: &str = "crates/leyline/src/payload/policy.rs";

    #[test]
    fn no_attribute_hides_or_renames_a_field() {
        for attribute in [
            "skip",
            "default",
            "flatten",
            "rename = \"kl\"",
            "skip_serializing_if = \"Option::is_none\"",
        ] {
            let text = format!("//! A.\nstruct A {{\n    #[serde({attribute})]\n    a: u8,\n}}\n");
            check("serde-attribute", PATH, &text, &[3]);
            check("serde-attribute", "crates/nissa/src/manifest.rs", &text, &[]);
        }
    }

    #[test]
    fn what_is_no_leaf_may_be_skipped_in_its_place_only() {
        let text = "//! A.\nstruct A {\n    #[serde(skip)]\n    pub settings: u8,\n    #[serde(skip)]\n    a: u8,\n}\n";
        check("serde-attribute", "crates/karn-sanctum/src/snapshot.rs", text, &[5]);
        check("serde-attribute", PATH, text, &[3, 5]);
    }

    #[test]
    fn words_of_an_enum_may_be_written_small() {
        check(
            "serde-attribute",
            PATH,
            "//! A.\n#[serde(rename_all = \"lowercase\")]\nenum A { B }\nstruct C;\n",
            &[],
        );
        check(
            "serde-attribute",
            PATH,
            "//! A.\n#[serde(rename_all = \"lowercase\")]\nstruct A { b: u8 }\n",
            &[2],
        );
        check(
            "serde-attribute",
            PATH,
            "//! A.\n#[serde(rename = \"A\")]\n#[derive(Debug)]\npub(crate) enum B { C }\n",
            &[],
        );
        check(
            "serde-attribute",
            PATH,
            "//! A.\nenum A {\n    #[serde(rename = \"b\")]\n    C,\n}\n",
            &[3],
        );
        check("serde-attribute", PATH, "//! A.\n#[serde(tag = \"kind\")]\nenum A { B }\n", &[2]);
    }
}
