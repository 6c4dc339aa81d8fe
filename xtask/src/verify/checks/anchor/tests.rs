//! Tests of what the fixtures do not reach.

use super::quote;
use super::test_row::names_a_test;
use super::*;
use crate::verify::record::TestRow;

#[test]
fn cells_that_say_nothing_are_no_subject() {
    let cell = |text: &str| Cell { text: text.to_owned(), ..Cell::default() };
    for text in ["", "—", "N/A", "none: shown by issue 7", "TODO", "tele_014_TODO"] {
        assert!(!is_said(&cell(text)), "{text}");
    }
    assert!(is_said(&cell("RunHeader")));
}

#[test]
fn paths_that_leave_the_repository_belong_to_another_check() {
    for path in ["/opt/x.rs", "~/x.rs", "C:\\x.rs", "crates/../../x.rs"] {
        assert!(is_outside(path), "{path}");
    }
    assert!(!is_outside("crates/a..b/x.rs"));
}

#[test]
fn only_names_joined_by_colons_are_symbols() {
    assert!(is_rust_path("simic_emitter::Hub::emit") && is_rust_path("a::b()"));
    for text in ["Hub", "TrainingStarted.max_batches", "a::<T>::b", "a:: b"] {
        assert!(!is_rust_path(text), "{text}");
    }
    assert_eq!(widget("EnvOverview @ env_detail"), "EnvOverview");
}

#[track_caller]
fn names(kind: &str, file: &str, name: &str) -> bool {
    let cell = |text: &str| Cell { text: text.to_owned(), ..Cell::default() };
    names_a_test(&TestRow {
        kind: cell(kind),
        file: cell(file),
        name: cell(name),
        status: Cell::default(),
        is_ticked: false,
    })
}

#[test]
fn rows_with_a_phrase_or_by_hand_name_no_test() {
    assert!(names("Unit (emitter)", "tests/a.rs", "tele_014_a"));
    assert!(names("Unit", "tests/a.rs", "module::tele_014_*"));
    assert!(!names("Unit", "tests/a.rs", "implicit in the start"));
    assert!(!names("Unit", "tests/a.rs", "*"));
    assert!(!names("Manual", "tests/a.rs", "tele_014_a"));
    assert!(!names("Unit", "/srv/a.rs", "tele_014_a"));
}

#[test]
fn lines_are_written_as_one_or_two_numbers() {
    assert_eq!(line::written((3, 3)), "3");
    assert_eq!(line::written((3, 9)), "3-9");
}

#[test]
fn quotes_are_compared_as_tokens() {
    let source = "/// Doc.\npub fn a(x: u32) -> u32 {\n    let y = x + 1; // why\n    y\n}\nstruct B { c: u8, d: u8 }\n";
    for quoted in [
        "pub fn a(x: u32) -> u32 { let y = x + 1; y }",
        "let y = x + 1;",
        "pub fn a(x: u32) -> u32 {\n    // …\n    y\n}",
        "struct B {\n    c: u8,\n    d: u8,\n}",
    ] {
        assert!(quote::stands_in(source, quoted), "{quoted}");
    }
    for quoted in ["let y = x + 2;", "y\n// ...\nlet y = x", "struct B { d: u8, c: u8 }"] {
        assert!(!quote::stands_in(source, quoted), "{quoted}");
    }
}
