//! House rules that neither compiler nor lint knows: all findings at once, each with place, reason and remedy.

mod absence;
mod docs;
mod links;
mod marks;
mod purity;
mod serde_attributes;
mod shape;
mod source;
mod tree;

use anyhow::{Result, bail};

use tree::Tree;

/// A rule: what it is called, why it exists, how a finding is mended, and what looks for it.
pub(crate) struct Rule {
    name: &'static str,
    why: &'static str,
    remedy: &'static str,
    check: fn(&Tree) -> Vec<Spot>,
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    path: String,
    /// Counted from 1.
    line: usize,
    /// What stands there, in a few words.
    what: String,
}

impl Spot {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

/// Every rule, in the order in which their findings are printed.
fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        shape::RULES,
        purity::RULES,
        absence::RULES,
        serde_attributes::RULES,
        marks::RULES,
        docs::RULES,
        links::RULES,
    ]
    .into_iter()
    .flatten()
}

/// Returns all findings in `tree` as text, one paragraph each.
fn findings(tree: &Tree) -> Vec<String> {
    rules()
        .flat_map(|rule| {
            let mut spots = (rule.check)(tree);
            spots.sort();
            spots.into_iter().map(move |spot| {
                let Spot { path, line, what } = spot;
                let Rule { name, why, remedy, check: _ } = rule;
                format!("{path}:{line}: {what} [{name}]\n    why: {why}\n    remedy: {remedy}")
            })
        })
        .collect()
}

/// Checks the whole working tree and prints what it finds.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::load()?;
    let findings = findings(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} findings in {} files", findings.len(), tree.len());
    }
    println!("tidy: {} rules, {} files, no finding", rules().count(), tree.len());
    Ok(())
}

/// What the tests of the rules share.
#[cfg(test)]
mod testing {
    use super::*;

    /// Asserts that the rule called `name` finds exactly `lines` in a tree of the one file `path`.
    #[track_caller]
    pub(super) fn check(name: &str, path: &str, text: &str, lines: &[usize]) {
        check_tree(
            name,
            &[(path, text)],
            &lines.iter().map(|line| (path, *line)).collect::<Vec<_>>(),
        );
    }

    /// Asserts that the rule called `name` finds exactly `expected` in a tree of `files`.
    #[track_caller]
    pub(super) fn check_tree(name: &str, files: &[(&str, &str)], expected: &[(&str, usize)]) {
        let rule =
            rules().find(|rule| rule.name == name).unwrap_or_else(|| panic!("no rule {name}"));
        let mut spots = (rule.check)(&Tree::of(files));
        spots.sort();
        let found: Vec<_> = spots.iter().map(|spot| (spot.path.as_str(), spot.line)).collect();
        assert_eq!(found, expected, "{spots:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let findings = findings(&Tree::load().unwrap());
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }

    #[test]
    fn a_finding_says_place_reason_and_remedy() {
        let tree = Tree::of(&[("crates/nissa/src/mod.rs", "//! Rows.\n")]);
        let found = findings(&tree);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert!(one.starts_with("crates/nissa/src/mod.rs:1: "), "{one}");
        assert!(one.contains("\n    why: ") && one.contains("\n    remedy: "), "{one}");
    }

    #[test]
    fn names_of_rules_are_unique() {
        let mut names: Vec<_> = rules().map(|rule| rule.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
