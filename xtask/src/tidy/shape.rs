//! Rules on the shape of a Rust file: its first line, its name, its length.

use super::tree::{File, Tree, has_extension};
use super::{Rule, Spot};

/// Lines a file may have, its trailing test module not counted.
const LONGEST_FILE: usize = 500;
/// Lines a `main.rs` may have.
const LONGEST_MAIN: usize = 80;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "first-line",
        why: "a reader learns from the first line whether this is the right file",
        remedy: "begin the file with `//!` and one sentence",
        check: first_line,
    },
    Rule {
        name: "mod-rs",
        why: "ten tabs called mod.rs cannot be told apart",
        remedy: "name the file after the module and put it beside its folder",
        check: mod_rs,
    },
    Rule {
        name: "long-file",
        why: "files of some 150 lines are read, those above 500 are searched",
        remedy: "split it by subject into foo.rs and foo/; the test module at the end does not count",
        check: long_file,
    },
    Rule {
        name: "long-main",
        why: "what stands in main.rs cannot be tested or used by anyone else",
        remedy: "move the work into a module and leave the calls",
        check: long_main,
    },
    Rule {
        name: "not-rust",
        why: "a file that cannot be read cannot be checked",
        remedy: "make it compile, or give it another extension",
        check: not_rust,
    },
];

fn rust(tree: &Tree) -> impl Iterator<Item = (&str, &File)> {
    tree.files().filter(|(path, _)| has_extension(path, "rs"))
}

fn first_line(tree: &Tree) -> Vec<Spot> {
    let says_something = |file: &File| {
        file.text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("//! "))
            .is_some_and(|text| !text.trim().is_empty())
    };
    rust(tree)
        .filter(|(_, file)| !says_something(file))
        .map(|(path, _)| Spot::new(path, 1, "the first line does not say what the file is"))
        .collect()
}

fn mod_rs(tree: &Tree) -> Vec<Spot> {
    let named = |path: &str| path.rsplit('/').next() == Some("mod.rs");
    rust(tree)
        .filter(|(path, _)| named(path))
        .map(|(path, _)| Spot::new(path, 1, "a file called mod.rs"))
        .collect()
}

fn long_file(tree: &Tree) -> Vec<Spot> {
    rust(tree)
        .filter_map(|(path, file)| {
            let tests_from = file.rust.as_ref().and_then(|source| source.as_ref().ok()?.tests_from);
            let lines = tests_from.map_or_else(|| file.text.lines().count(), |line| line - 1);
            (LONGEST_FILE < lines).then(|| {
                Spot::new(path, LONGEST_FILE, format!("{lines} lines, {LONGEST_FILE} are allowed"))
            })
        })
        .collect()
}

fn long_main(tree: &Tree) -> Vec<Spot> {
    rust(tree)
        .filter(|(path, _)| path.ends_with("src/main.rs"))
        .map(|(path, file)| (path, file.text.lines().count()))
        .filter(|(_, lines)| LONGEST_MAIN < *lines)
        .map(|(path, lines)| {
            Spot::new(path, LONGEST_MAIN, format!("{lines} lines, {LONGEST_MAIN} are allowed"))
        })
        .collect()
}

fn not_rust(tree: &Tree) -> Vec<Spot> {
    let failed = |(path, file): (&str, &File)| match &file.rust {
        Some(Err(error)) => Some(Spot::new(path, 1, error.as_str())),
        Some(Ok(_)) | None => None,
    };
    tree.files().filter_map(failed).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn the_first_line_says_what_the_file_is() {
        check("first-line", "crates/nissa/src/rows.rs", "//! Rows in and out.\n", &[]);
        check("first-line", "crates/nissa/src/rows.rs", "//!\n//! Rows in and out.\n", &[1]);
        check("first-line", "crates/nissa/src/rows.rs", "use std::io;\n", &[1]);
        check("first-line", "crates/nissa/src/rows.rs", "", &[1]);
    }

    #[test]
    fn modules_are_named_after_themselves() {
        check("mod-rs", "crates/nissa/src/rows/mod.rs", "//! Rows.\n", &[1]);
        check("mod-rs", "crates/nissa/src/rows.rs", "//! Rows.\n", &[]);
    }

    #[test]
    fn tests_at_the_end_do_not_make_a_file_long() {
        let code = "//! Long.\n".to_owned() + &"fn a() {}\n".repeat(499);
        let tests = "#[cfg(test)]\nmod tests {\n".to_owned() + &"fn a() {}\n".repeat(400) + "}\n";
        check("long-file", "a.rs", &(code.clone() + &tests), &[]);
        check("long-file", "a.rs", &(code.clone() + "fn b() {}\n" + &tests), &[500]);
        check("long-file", "a.rs", &(tests + &code), &[500]);
    }

    #[test]
    fn a_main_is_short() {
        check("long-main", "crates/esper/src/main.rs", &"//! M\n".repeat(80), &[]);
        check("long-main", "crates/esper/src/main.rs", &"//! M\n".repeat(81), &[80]);
        check("long-main", "crates/esper/src/cli.rs", &"//! M\n".repeat(81), &[]);
    }

    #[test]
    fn a_file_that_is_no_rust_is_named() {
        check("not-rust", "a.rs", "//! A.\nfn a( {\n", &[1]);
        check("not-rust", "a.rs", "//! A.\nfn a() {}\n", &[]);
    }
}
