//! Rules on marks that people leave: exemptions, switched-off tests, things still to do.

use super::source::Token;
use super::tree::Tree;
use super::{Rule, Spot};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "allow",
        why: "an exemption that is no longer needed should fail the build, and `allow` stays for ever",
        remedy: "write `#[expect(lint, reason = \"…\")]`",
        check: allow,
    },
    Rule {
        name: "lints-not-inherited",
        why: "a crate outside of the shared lints follows rules of its own, and nobody notices",
        remedy: "write `[lints]` and `workspace = true` into its manifest",
        check: lints_not_inherited,
    },
    Rule {
        name: "test-off",
        why: "a test that is ignored, or that passes on any panic, proves nothing",
        remedy: "make it run everywhere and assert on the value; put what needs a special machine into a bench",
        check: test_off,
    },
    Rule {
        name: "unfinished",
        why: "a shipped binary must not panic because somebody had not finished",
        remedy: "finish it, or leave the item out until an issue asks for it",
        check: unfinished,
    },
    Rule {
        name: "todo",
        why: "a wish without an issue is read by nobody",
        remedy: "file an issue and name it: TODO(#12)",
        check: todo,
    },
];

fn attributes(tree: &Tree, what: &str, wrong: impl Fn(&[Token]) -> bool) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (path, source) in tree.rust_in(&[""]) {
        let found = source.attributes().filter(|(_, inside)| wrong(inside));
        let lines = found.filter_map(|(at, _)| source.tokens.get(at).map(|token| token.line));
        spots.extend(lines.map(|line| Spot::new(path, line, what)));
    }
    spots
}

/// Returns whether an attribute is `word`, alone, with arguments or below a `cfg_attr`.
fn is(inside: &[Token], word: &str) -> bool {
    let first = inside.first().map(|token| token.text.as_str());
    first == Some(word)
        || (first == Some("cfg_attr") && inside.iter().any(|token| token.text == word))
}

fn allow(tree: &Tree) -> Vec<Spot> {
    attributes(tree, "`allow`", |inside| is(inside, "allow"))
}

fn lints_not_inherited(tree: &Tree) -> Vec<Spot> {
    let inherits = |text: &str| {
        let section = text.lines().skip_while(|line| line.trim() != "[lints]").skip(1);
        section
            .take_while(|line| !line.starts_with('['))
            .any(|line| line.replace(' ', "") == "workspace=true")
    };
    // Fuzz targets are no members of the workspace, so they cannot inherit; what they run is checked with the tests.
    tree.files()
        .filter(|(path, _)| path.ends_with("/Cargo.toml") && !path.ends_with("/fuzz/Cargo.toml"))
        .filter(|(_, file)| !inherits(&file.text))
        .map(|(path, _)| Spot::new(path, 1, "the lints of the workspace do not hold here"))
        .collect()
}

fn test_off(tree: &Tree) -> Vec<Spot> {
    attributes(tree, "`ignore` or `should_panic`", |inside| {
        is(inside, "ignore") || is(inside, "should_panic")
    })
}

fn unfinished(tree: &Tree) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (path, source) in tree.rust_in(&[""]) {
        for name in ["todo", "unimplemented"] {
            let lines = source.find(&[name, "!"]).into_iter().map(|(line, _)| line);
            spots.extend(lines.map(|line| Spot::new(path, line, format!("`{name}!`"))));
        }
    }
    spots
}

fn todo(tree: &Tree) -> Vec<Spot> {
    let names_no_issue = |comment: &str| {
        ["TODO", "FIXME", "XXX"].into_iter().any(|mark| {
            comment.match_indices(mark).any(|(at, _)| {
                let rest = comment.get(at + mark.len()..).unwrap_or_default();
                let number = rest.strip_prefix("(#").and_then(|rest| rest.split(')').next());
                mark != "TODO" || number.is_none_or(|number| number.parse::<u32>().is_err())
            })
        })
    };
    let mut spots = Vec::new();
    for (path, source) in tree.rust_in(&[""]) {
        let found =
            source.comments.iter().filter(|(_, text)| !text.contains('`') && names_no_issue(text));
        spots.extend(found.map(|(line, text)| Spot::new(path, *line, text.trim())));
    }
    spots
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn exemptions_expire() {
        check(
            "allow",
            "a.rs",
            "//! A.\n#![allow(unused)]\n#[cfg_attr(test, allow(unused))]\nfn a() {}\n",
            &[2, 3],
        );
        check("allow", "a.rs", "//! A.\n#[expect(unused, reason = \"why\")]\nfn allow() {}\n", &[]);
    }

    #[test]
    fn every_crate_has_the_same_lints() {
        let path = "crates/nissa/Cargo.toml";
        check("lints-not-inherited", path, "[package]\n\n[lints]\nworkspace = true\n", &[]);
        check(
            "lints-not-inherited",
            path,
            "[package]\nworkspace = true\n[lints]\n[features]\n",
            &[1],
        );
        check("lints-not-inherited", "Cargo.toml", "[workspace]\n", &[]);
        check("lints-not-inherited", "crates/nissa/fuzz/Cargo.toml", "[package]\n", &[]);
    }

    #[test]
    fn tests_run_and_assert() {
        check(
            "test-off",
            "a.rs",
            "//! A.\n#[ignore = \"slow\"]\n#[should_panic(expected = \"x\")]\nfn a() {}\n",
            &[2, 3],
        );
        check("test-off", "a.rs", "//! A.\n#[test]\nfn ignore() {}\n", &[]);
    }

    #[test]
    fn nothing_is_left_unfinished() {
        check(
            "unfinished",
            "a.rs",
            "//! A.\nfn a() { todo!() }\nfn b() { unimplemented!(\"b\") }\n",
            &[2, 3],
        );
        check("unfinished", "a.rs", "//! A.\nfn todo() { todo() }\n", &[]);
    }

    #[test]
    fn a_wish_names_its_issue() {
        check(
            "todo",
            "a.rs",
            "//! A.\n// TODO later\nfn a() {} // FIXME(#3) no\n/// TODO(#x)\nfn b() {}\n",
            &[2, 3, 4],
        );
        check("todo", "a.rs", "//! A.\n// TODO(#12): the socket\nfn a() { b(\"// TODO\") }\n", &[]);
    }
}
