//! Rules that keep "not measured" apart from zero, and limits out of views.

use super::source::{Source, Token};
use super::tree::Tree;
use super::{Rule, Spot};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "absent-as-zero",
        why: "a reading that was not taken is drawn as —; a zero in its place is a lie that looks like data",
        remedy: "keep the `Option`, and decide at the end of the way what absence looks like; for a text write `unwrap_or(\"\")`",
        check: absent_as_zero,
    },
    Rule {
        name: "payload-default",
        why: "a payload made from defaults says things that nobody measured",
        remedy: "write every field out, or take the values as arguments",
        check: payload_default,
    },
    Rule {
        name: "limit-in-view",
        why: "limits live in leyline and verdicts in karn-sanctum, so that screen, records and alerts agree",
        remedy: "read the verdict of the reading, or give the limit a name in leyline/src/threshold.rs",
        check: limit_in_view,
    },
];

/// Where readings are computed and drawn: a default of any type is looked at twice there.
const READINGS: &[&str] = &["crates/karn-sanctum/src/", "crates/sanctum-widgets/src/"];
/// Where readings pass as well, among texts and lists whose default is harmless.
const PASSAGES: &[&str] = &["crates/sanctum-tui/src/", "crates/esper/src/"];
const PAYLOADS: &[&str] = &[
    "crates/leyline/src/payload",
    "crates/leyline/src/event.rs",
    "crates/leyline/src/envelope.rs",
];
const VIEWS: &[&str] = &["crates/sanctum-widgets/src/"];
/// Text forms and scales work on numbers, not on verdicts: where digits are dropped, where a cell is half full.
const SCALES: &[&str] = &[
    "crates/sanctum-widgets/src/chart.rs",
    "crates/sanctum-widgets/src/format",
    "crates/sanctum-widgets/src/meter.rs",
    "crates/sanctum-widgets/src/sparkline.rs",
];

fn absent_as_zero(tree: &Tree) -> Vec<Spot> {
    const ZEROS: [&[&str]; 5] = [
        &["unwrap_or", "(", "0.0", ")"],
        &["unwrap_or", "(", "0.", ")"],
        &["unwrap_or", "(", "0f64", ")"],
        &["unwrap_or", "(", "0.0_f64", ")"],
        &["map_or", "(", "0.0", ","],
    ];
    const DEFAULT: &[&str] = &["unwrap_or_default", "(", ")"];
    let mut spots = Vec::new();
    for (places, patterns) in
        [(READINGS, [&ZEROS[..], &[DEFAULT]].concat()), (PASSAGES, ZEROS.to_vec())]
    {
        for (path, source) in tree.rust_in(places) {
            for pattern in &patterns {
                let found = source.find(pattern).into_iter().filter(|(_, in_test)| !in_test);
                spots.extend(
                    found.map(|(line, _)| Spot::new(path, line, format!("`{}`", pattern.concat()))),
                );
            }
        }
    }
    spots
}

fn payload_default(tree: &Tree) -> Vec<Spot> {
    let derived = |source: &Source| -> Vec<usize> {
        let makes = |inside: &[Token]| {
            inside.first().is_some_and(|token| token.text == "derive")
                && inside.iter().any(|token| token.text == "Default")
        };
        let found = source.attributes().filter(|(_, inside)| makes(inside));
        found.filter_map(|(at, _)| source.tokens.get(at).map(|token| token.line)).collect()
    };
    tree.rust_in(PAYLOADS)
        .flat_map(|(path, source)| {
            let written =
                source.find(&["impl", "Default", "for"]).into_iter().map(|(line, _)| line);
            let lines: Vec<usize> = derived(source).into_iter().chain(written).collect();
            lines.into_iter().map(move |line| Spot::new(path, line, "`Default` of a payload"))
        })
        .collect()
}

fn limit_in_view(tree: &Tree) -> Vec<Spot> {
    tree.rust_in(VIEWS)
        .filter(|(path, _)| !SCALES.iter().any(|scale| path.starts_with(scale)))
        .flat_map(|(path, source)| {
            comparisons(&source.tokens).into_iter().map(move |(line, number)| {
                Spot::new(path, line, format!("a comparison with `{number}`"))
            })
        })
        .collect()
}

/// Returns line and number of each comparison with a float literal outside of tests.
fn comparisons(tokens: &[Token]) -> Vec<(usize, String)> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let is_operator = |at: usize| match text(at) {
        "<" => text(at.wrapping_sub(1)) != ":" && text(at.wrapping_sub(1)) != "<",
        ">" => !matches!(text(at.wrapping_sub(1)), "-" | "=" | ">"),
        "=" => matches!(text(at.wrapping_sub(1)), "=" | "<" | ">" | "!"),
        _ => false,
    };
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.in_test || !is_float(&token.text) {
            continue;
        }
        let sign = usize::from(text(at.wrapping_sub(1)) == "-");
        let before = at.checked_sub(1 + sign).is_some_and(is_operator);
        if before
            || is_operator(at + 1)
            || (matches!(text(at + 1), "=" | "!") && text(at + 2) == "=")
        {
            found.push((token.line, token.text.clone()));
        }
    }
    found
}

/// Returns whether `text` is the literal of a float.
fn is_float(text: &str) -> bool {
    let decimal = text.starts_with(|first: char| first.is_ascii_digit()) && !text.starts_with("0x");
    decimal
        && (text.contains('.')
            || text.contains("f64")
            || text.contains("f32")
            || text.contains('e'))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn absence_does_not_become_zero() {
        let path = "crates/karn-sanctum/src/aggregator/policy.rs";
        check(
            "absent-as-zero",
            path,
            "//! A.\nfn f() { a.unwrap_or(0.0); b.unwrap_or_default(); }\n",
            &[2, 2],
        );
        check(
            "absent-as-zero",
            path,
            "//! A.\nfn f() {\n    a.map_or(0.0, |a| a.value)\n}\n",
            &[3],
        );
        check(
            "absent-as-zero",
            path,
            "//! A.\nfn f() { a.unwrap_or(0); a.unwrap_or(f64::NAN); }\n",
            &[],
        );
        check(
            "absent-as-zero",
            path,
            "//! A.\n#[cfg(test)]\nmod tests { fn f() { a.unwrap_or(0.0) } }\n",
            &[],
        );
        check(
            "absent-as-zero",
            "crates/simic-training/src/gae.rs",
            "//! A.\nfn f() { a.unwrap_or(0.0) }\n",
            &[],
        );
    }

    #[test]
    fn payloads_have_no_default() {
        let path = "crates/leyline/src/payload/policy.rs";
        check("payload-default", path, "//! A.\n#[derive(Debug, Default)]\nstruct A;\n", &[2]);
        check("payload-default", path, "//! A.\nimpl Default for A {}\n", &[2]);
        check("payload-default", path, "//! A.\n#[derive(Debug)]\nstruct A;\n", &[]);
    }

    #[test]
    fn views_hold_no_limits() {
        let path = "crates/sanctum-widgets/src/policy_losses.rs";
        check("limit-in-view", path, "//! A.\nfn f() { if kl > 0.03 {} }\n", &[2]);
        check("limit-in-view", path, "//! A.\nfn f() { if -0.5 <= kl {} }\n", &[2]);
        check("limit-in-view", path, "//! A.\nfn f() { if kl == -1.0 {} }\n", &[2]);
        check("limit-in-view", path, "//! A.\nfn f() { if 1.5 != kl {} }\n", &[2]);
        check("limit-in-view", path, "//! A.\nfn f() { if 1e-3 < kl {} }\n", &[2]);
        check(
            "limit-in-view",
            path,
            "//! A.\nfn f() { let x = 0.5; match y { 1 => 0.5, _ => g(1.0, -2.0) } }\n",
            &[],
        );
        check("limit-in-view", path, "//! A.\nfn f(x: Vec<f64>) { if x.len() < 3 {} }\n", &[]);
        check(
            "limit-in-view",
            "crates/sanctum-widgets/src/format/number.rs",
            "//! A.\nfn f() { if x < 0.1 {} }\n",
            &[],
        );
    }
}
