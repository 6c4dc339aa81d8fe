//! Rules on what code may reach for: files, threads, sockets, clocks, colours.

use super::source::Path;
use super::tree::Tree;
use super::{Rule, Spot};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "pure-crate",
        why: "leyline, karn-sanctum and sanctum-widgets turn values into values: replay equals live, and tests need no world",
        remedy: "take the value as an argument, and do the reading, waiting or starting in nissa, simic-emitter or sanctum-tui",
        check: pure_crate,
    },
    Rule {
        name: "clock",
        why: "time is an argument; two clocks in two files cannot be mixed up",
        remedy: "read simic-emitter/src/clock.rs or sanctum-tui/src/clock.rs, or take `now` as an argument",
        check: clock,
    },
    Rule {
        name: "sleep",
        why: "a sleep makes stopping slow and tests flaky",
        remedy: "wait on a channel with a timeout; in a test use a gate",
        check: sleep,
    },
    Rule {
        name: "colour",
        why: "a colour is chosen in one place, so an alarm looks the same everywhere and NO_COLOR works",
        remedy: "pick a `Class` and let the theme turn it into a style",
        check: colour,
    },
];

const PURE: &[&str] =
    &["crates/leyline/src/", "crates/karn-sanctum/src/", "crates/sanctum-widgets/src/"];
const WORLD: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::UNIX_EPOCH",
];

const CLOCKS: &[&str] =
    &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now", "UNIX_EPOCH::elapsed"];
/// Where a clock may be read: the producer's, the viewer's, and the tools that time other programs.
const CLOCK_PLACES: &[&str] =
    &["crates/simic-emitter/src/clock.rs", "crates/sanctum-tui/src/clock.rs", "xtask/"];

const VIEWS: &[&str] = &["crates/sanctum-widgets/src/", "crates/sanctum-tui/src/"];
/// Where colours are spelled out: the theme chooses them, the dump of a drawn buffer prints them, and the writers for
/// terminals and pictures turn them into codes.
const COLOUR_PLACES: &[&str] = &[
    "crates/sanctum-widgets/src/theme",
    "crates/sanctum-widgets/src/dump.rs",
    "crates/sanctum-tui/src/headless/ansi.rs",
    "crates/sanctum-tui/src/headless/svg.rs",
    "crates/sanctum-tui/src/screen/encode.rs",
    "crates/sanctum-tui/src/sgr.rs",
];

/// Returns where `forbidden` holds for a path in the files at `places` but not at `exempt`.
fn paths_in(
    tree: &Tree,
    places: &[&str],
    exempt: &[&str],
    forbidden: impl Fn(&Path) -> bool,
) -> Vec<Spot> {
    tree.rust_in(places)
        .filter(|(path, _)| !exempt.iter().any(|place| path.starts_with(place)))
        .flat_map(|(path, source)| source.paths.iter().map(move |found| (path, found)))
        .filter(|(_, found)| forbidden(found))
        .map(|(path, found)| {
            Spot::new(path, found.line, format!("`{}`", found.segments.join("::")))
        })
        .collect()
}

fn pure_crate(tree: &Tree) -> Vec<Spot> {
    paths_in(tree, PURE, &[], |path| {
        !path.in_test && WORLD.iter().any(|part| path.starts_with(part))
    })
}

fn clock(tree: &Tree) -> Vec<Spot> {
    let mut spots =
        paths_in(tree, &[""], CLOCK_PLACES, |path| CLOCKS.iter().any(|part| path.contains(part)));
    // Benches and examples measure time: that is what they are for.
    spots.retain(|spot| !spot.path.contains("/benches/") && !spot.path.contains("/examples/"));
    spots
        .retain(|spot| !spot.path.contains("/benches/") && !spot.path.contains("/examples/bench_"));
    spots
}

fn sleep(tree: &Tree) -> Vec<Spot> {
    paths_in(tree, &[""], &[], |path| {
        path.contains("thread::sleep") || path.contains("thread::sleep_until")
    })
}

fn colour(tree: &Tree) -> Vec<Spot> {
    paths_in(tree, VIEWS, COLOUR_PLACES, |path| {
        !path.in_test && path.segments.iter().rev().skip(1).any(|part| part == "Color")
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn pure_crates_do_not_reach_for_the_world() {
        let bad =
            "//! A.\nuse std::{collections::BTreeMap, fs};\nuse std::time::{Duration, Instant};\n";
        check("pure-crate", "crates/karn-sanctum/src/history.rs", bad, &[2, 3]);
        check("pure-crate", "crates/nissa/src/rows.rs", bad, &[]);
        let good = "//! A.\nuse std::time::Duration;\n#[cfg(test)]\nmod tests { use std::fs; }\n";
        check("pure-crate", "crates/leyline/src/unit.rs", good, &[]);
        check("pure-crate", "crates/leyline/tests/golden.rs", bad, &[]);
        check("pure-crate", "crates/leyline/src/wire/row/tests.rs", bad, &[]);
    }

    #[test]
    fn clocks_are_read_in_two_files() {
        let text = "//! A.\nfn now() -> Instant { std::time::Instant::now() }\n";
        check("clock", "crates/simic-training/src/update.rs", text, &[2]);
        check("clock", "crates/nissa/tests/rows.rs", text, &[2]);
        check("clock", "crates/simic-emitter/src/clock.rs", text, &[]);
        check("clock", "crates/simic-emitter/examples/bench_emit.rs", text, &[]);
        check("clock", "crates/leyline/benches/main/row.rs", text, &[]);
    }

    #[test]
    fn nobody_sleeps() {
        check(
            "sleep",
            "crates/nissa/tests/rows.rs",
            "//! A.\nfn f() { thread::sleep(GRACE); }\n",
            &[2],
        );
        check(
            "sleep",
            "crates/nissa/tests/rows.rs",
            "//! A.\nfn f() { gate.recv_timeout(GRACE); }\n",
            &[],
        );
    }

    #[test]
    fn colours_live_in_the_theme() {
        let text = "//! A.\nfn f() -> Style { Style::new().fg(Color::Red) }\n";
        check("colour", "crates/sanctum-widgets/src/run_header.rs", text, &[2]);
        check("colour", "crates/sanctum-tui/src/scene/help.rs", text, &[2]);
        check("colour", "crates/sanctum-widgets/src/theme.rs", text, &[]);
        check("colour", "crates/sanctum-tui/src/headless/svg.rs", text, &[]);
        check(
            "colour",
            "crates/sanctum-widgets/src/run_header.rs",
            "//! A.\nfn f() { theme.style(Class::Critical) }\n",
            &[],
        );
    }
}
