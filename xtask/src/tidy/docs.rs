//! Rules on documents: no places of one machine, no line numbers, decisions in their form, promises kept.

use super::tree::{File, Tree, has_extension};
use super::{Rule, Spot};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "machine-path",
        why: "a path of one machine is wrong on every other",
        remedy: "write it relative to the repository, or take it as an argument",
        check: machine_path,
    },
    Rule {
        name: "line-number",
        why: "a line number is wrong after the next commit",
        remedy: "name the symbol or the test",
        check: line_number,
    },
    Rule {
        name: "adr-form",
        why: "a decision without its reasons and its losers is taken again next year",
        remedy: "call it docs/adr/NNNN-title.md and give it Context, Decision, Consequences and Alternatives",
        check: adr_form,
    },
    Rule {
        name: "wire-fingerprint",
        why: "docs/wire.md describes one schema, byte by byte; with another fingerprint it describes nothing",
        remedy: "bring docs/wire.md up to date, then put in the fingerprint that this finding names",
        check: wire_fingerprint,
    },
    Rule {
        name: "readme-commands",
        why: "a stranger types what the README says, and CI runs the same",
        remedy: "show both commands in README.md, each on its own line",
        check: readme_commands,
    },
];

/// Folders at the root of a machine that never belong into a tracked file; put between slashes below.
const MACHINE_FOLDERS: &[&str] = &["home", "root", "Users", "work", "mnt"];
/// What the README promises: to run, and to test.
const COMMANDS: &[&str] = &["cargo run -p sanctum-tui", "cargo test --workspace"];

/// Returns the files that people here wrote: no test data, no lock file, no pictures.
fn written(tree: &Tree) -> impl Iterator<Item = (&str, &File)> {
    let given = |path: &str| {
        path.contains("/testdata/")
            || has_extension(path, "lock")
            || path.starts_with("docs/pictures/")
    };
    tree.files().filter(move |(path, _)| !given(path))
}

fn machine_path(tree: &Tree) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (path, file) in written(tree) {
        for (index, line) in file.text.lines().enumerate() {
            let found = MACHINE_FOLDERS.iter().map(|folder| format!("/{folder}/")).find(|folder| {
                line.match_indices(folder.as_str()).any(|(at, _)| {
                    let before = line.get(..at).and_then(|text| text.chars().next_back());
                    before.is_none_or(|before| {
                        !before.is_alphanumeric() && !"._-/{}*".contains(before)
                    })
                })
            });
            spots.extend(
                found.map(|folder| Spot::new(path, index + 1, format!("a path below {folder}"))),
            );
        }
    }
    spots
}

fn line_number(tree: &Tree) -> Vec<Spot> {
    let digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let follows = |line: &str, mark: &str| {
        line.match_indices(mark).any(|(at, _)| line.get(at + mark.len()..).is_some_and(digit))
    };
    let mut spots = Vec::new();
    // Of records and their pages R07 of `verify-telemetry` says so, which knows the cells that a tool writes.
    let is_ours = |path: &str| {
        has_extension(path, "md")
            && !path.starts_with("docs/telemetry/")
            && !path.starts_with("xtask/fixtures/")
    };
    for (path, file) in written(tree).filter(|(path, _)| is_ours(path)) {
        for (index, line) in file.text.lines().enumerate() {
            let small = format!(" {}", line.to_lowercase());
            let found = [".rs:", ".md:", ".py:", "#l"].iter().find(|mark| follows(&small, mark));
            spots.extend(found.map(|_| Spot::new(path, index + 1, "a line number")));
        }
    }
    spots
}

fn adr_form(tree: &Tree) -> Vec<Spot> {
    let mut spots = Vec::new();
    let mut numbers = Vec::new();
    for (path, file) in tree.files() {
        let Some(name) = path.strip_prefix("docs/adr/").and_then(|name| name.strip_suffix(".md"))
        else {
            continue;
        };
        let number = name.split_once('-').map_or("", |(number, _)| number);
        if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            spots.push(Spot::new(path, 1, "the name does not begin with a number of four digits"));
        } else if numbers.contains(&number) {
            spots.push(Spot::new(path, 1, format!("a second decision with the number {number}")));
        }
        numbers.push(number);
        for heading in ["## Context", "## Decision", "## Consequences", "## Alternatives"] {
            if !file.text.lines().any(|line| line.trim_end() == heading) {
                spots.push(Spot::new(path, 1, format!("no section `{heading}`")));
            }
        }
    }
    spots
}

fn wire_fingerprint(tree: &Tree) -> Vec<Spot> {
    let (Some(document), Some(schema)) =
        (tree.text("docs/wire.md"), tree.text("crates/leyline/schema.txt"))
    else {
        return Vec::new();
    };
    let fingerprint = fingerprint(schema);
    if document.contains(&fingerprint) {
        return Vec::new();
    }
    vec![Spot::new(
        "docs/wire.md",
        1,
        format!("the fingerprint {fingerprint} of crates/leyline/schema.txt is not named"),
    )]
}

/// Returns the fingerprint of a schema listing as `leyline` computes it, in the form in which it is printed.
fn fingerprint(schema: &str) -> String {
    format!("{:016x}", xxhash_rust::xxh64::xxh64(schema.as_bytes(), 0))
}

fn readme_commands(tree: &Tree) -> Vec<Spot> {
    let Some(readme) = tree.text("README.md") else { return Vec::new() };
    let missing =
        COMMANDS.iter().filter(|command| !readme.lines().any(|line| line.trim() == **command));
    missing.map(|command| Spot::new("README.md", 1, format!("`{command}` is not shown"))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_tree};
    use super::*;

    #[test]
    fn no_path_of_one_machine() {
        for folder in MACHINE_FOLDERS {
            check(
                "machine-path",
                "docs/benchmarks.md",
                &format!("Run /{folder}/x, see `/{folder}/y`.\n"),
                &[1],
            );
            check(
                "machine-path",
                "docs/benchmarks.md",
                &format!("See ../{folder}/x and a/{folder}/y.\n"),
                &[],
            );
            check("machine-path", "crates/nissa/testdata/a.jsonl", &format!("/{folder}/x\n"), &[]);
        }
    }

    #[test]
    fn documents_name_symbols() {
        check(
            "line-number",
            "docs/STYLE.md",
            "See trainer.rs:12.\nSee [it](a.rs#L3).\nSee `Trainer::run`.\n",
            &[1, 2],
        );
        check("line-number", "docs/telemetry/TELE-001_x.md", "See trainer.rs:12.\n", &[]);
        check("line-number", "docs/wire.md", "The first is line 1.\n", &[]);
    }

    #[test]
    fn decisions_have_their_form() {
        let good = "# 1\n## Context\n## Decision\n## Consequences\n## Alternatives\n";
        check("adr-form", "docs/adr/0001-rows.md", good, &[]);
        check(
            "adr-form",
            "docs/adr/0001-rows.md",
            "# 1\n## Context\n## Decision\n## Consequences\n",
            &[1],
        );
        check("adr-form", "docs/adr/1-rows.md", good, &[1]);
        let twice = [("docs/adr/0001-a.md", good), ("docs/adr/0001-b.md", good)];
        check_tree("adr-form", &twice, &[("docs/adr/0001-b.md", 1)]);
    }

    #[test]
    fn the_document_of_the_wire_names_its_schema() {
        let named = format!("The fingerprint is {}.\n", fingerprint("schema\n"));
        let files =
            |document| [("crates/leyline/schema.txt", "schema\n"), ("docs/wire.md", document)];
        check_tree("wire-fingerprint", &files(&named), &[]);
        check_tree("wire-fingerprint", &files("The fingerprint is 0.\n"), &[("docs/wire.md", 1)]);
    }

    #[test]
    fn the_readme_shows_both_commands() {
        check(
            "readme-commands",
            "README.md",
            "```\ncargo run -p sanctum-tui\ncargo test --workspace\n```\n",
            &[],
        );
        check("readme-commands", "README.md", "cargo run -p sanctum-tui\n", &[1]);
    }
}
