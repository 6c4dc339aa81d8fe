//! The verifier about itself: X01 and X03 of the exemptions, V02 of its codes.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::Date;

use crate::verify::code::{self, ALL, Code, Severity, Tier};
use crate::verify::finding::{Finding, Location, Outcome};
use crate::verify::tables::Exemption;
use crate::verify::world::World;
use crate::workspace;

/// The longest that a finding may be tolerated, in days from today.
const LONGEST: i32 = 180;

/// X01: exemptions whose day has passed.
pub(super) fn expired(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.saw(None);
    for entry in &world.tables.exemptions {
        outcome.saw(None);
        let (Some(expires), Some(today)) = (date(&entry.expires), date(&world.today)) else {
            continue;
        };
        if expires < today {
            let message = format!("the exemption of {} expired", name_of(entry));
            outcome.findings.push(
                Finding::new(code::X01, entry.at.clone(), name_of(entry), message)
                    .instead(format!("a day from {} on", world.today), entry.expires.clone()),
            );
        }
    }
    outcome
}

/// X03: exemptions that lack something, reach too far or cover what cannot be exempted.
pub(super) fn incomplete(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    // That the file was looked at counts: a tree without exemptions is the best one.
    outcome.saw(None);
    for entry in &world.tables.exemptions {
        outcome.saw(None);
        let faults = faults(entry, &world.today);
        if !faults.is_empty() {
            let message = format!("the exemption of {} {}", name_of(entry), faults.join(", "));
            outcome.findings.push(Finding::new(
                code::X03,
                entry.at.clone(),
                name_of(entry),
                message,
            ));
        }
    }
    outcome
}

/// Returns how findings call an exemption: `TV-C01 snapshot.telemetry.poll_count`.
pub(crate) fn name_of(entry: &Exemption) -> String {
    format!("{} {}", entry.code, entry.subject)
}

/// Returns what is wrong with an exemption by itself, in words.
pub(crate) fn faults(entry: &Exemption, today: &str) -> Vec<String> {
    let mut faults = Vec::new();
    match Code::find(&entry.code) {
        None => faults.push(format!("names no code: {:?}", entry.code)),
        Some(code) if code == code::L01 || code.spec().severity == Severity::NotVerified => {
            faults.push(format!("covers {code}, which cannot be exempted"));
        }
        Some(_) => {}
    }
    let fields = [
        ("subject", &entry.subject),
        ("message", &entry.message),
        ("reason", &entry.reason),
        ("owner", &entry.owner),
    ];
    for (name, _) in fields.iter().filter(|(_, text)| text.trim().is_empty()) {
        faults.push(format!("has no {name}"));
    }
    match (date(&entry.expires), date(today)) {
        (None, _) => faults.push("has no day of expiry (2027-02-28)".to_owned()),
        (Some(expires), Some(today)) => {
            let days = (expires - today).get_days();
            if LONGEST < days {
                faults.push(format!("reaches {days} days ahead, which is more than {LONGEST}"));
            }
        }
        (Some(_), None) => {}
    }
    faults
}

fn date(text: &str) -> Option<Date> {
    text.parse().ok()
}

/// V02: codes without page, fixture or emitting place, and pages and fixtures without a code. About this program, so
/// that it reads its own tree whatever tree is verified.
pub(super) fn codes(_: &World) -> Outcome {
    codes_of(workspace::root())
}

fn codes_of(root: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    let sources = sources(&root.join("xtask/src/verify"));
    let mut report = |code: &str, what: String, file: String| {
        outcome.findings.push(Finding::new(code::V02, Location::file(file), code, what));
    };
    let built: Vec<_> = ALL.iter().filter(|spec| spec.is_built).collect();
    for spec in &built {
        let name = spec.code.as_str();
        let page = format!("docs/telemetry/checks/{name}.md");
        if !root.join(&page).is_file() {
            report(name, format!("{} has no page", spec.code), page);
        }
        let fixture = format!("xtask/fixtures/{name}");
        for half in ["bad", "good"] {
            // What a tree without records, or this program, does wrong cannot stand in a record.
            let needs_fixture = spec.tier == Tier::Static && !name.starts_with('V');
            if needs_fixture && !has_file(&root.join(&fixture), half) {
                report(name, format!("{} has no fixture {half}", spec.code), fixture.clone());
            }
        }
        if !sources.contains(&format!("code::{name}")) {
            let place = "xtask/src/verify".to_owned();
            report(name, format!("nothing emits {}", spec.code), place);
        }
    }
    let known: BTreeSet<&str> = ALL.iter().map(|spec| spec.code.as_str()).collect();
    for name in names_in(&root.join("docs/telemetry/checks")) {
        let stem = name.strip_suffix(".md").unwrap_or(&name);
        if !known.contains(stem) {
            report(
                stem,
                format!("no code has the page {name}"),
                format!("docs/telemetry/checks/{name}"),
            );
        }
    }
    for name in names_in(&root.join("xtask/fixtures")) {
        let is_code = name.chars().nth(1).is_some_and(|second| second.is_ascii_digit());
        if is_code && !known.contains(name.as_str()) {
            report(
                &name,
                format!("no code has the fixture {name}"),
                format!("xtask/fixtures/{name}"),
            );
        }
    }
    outcome.subjects.insert(None, built.len() as u32);
    outcome
}

/// Returns whether the folder holds a file with this stem: a record is `bad.md`, a table `bad.toml`.
fn has_file(folder: &Path, stem: &str) -> bool {
    names_in(folder).iter().any(|name| Path::new(name).file_stem().is_some_and(|is| is == stem))
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Returns every `code::NAME` in the sources below `folder`. Tests count for nothing: they name codes to look for them.
fn sources(folder: &Path) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for name in names_in(&folder) {
            let path = folder.join(&name);
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            // The list of checks names every code without emitting any.
            if path.ends_with("verify/checks.rs") {
                continue;
            }
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (at, _) in text.match_indices("code::") {
                let rest = text.get(at + "code::".len()..).unwrap_or_default();
                let code: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
                named.insert(format!("code::{code}"));
            }
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Exemption {
        Exemption {
            code: "TV-C01".to_owned(),
            subject: "snapshot.x".to_owned(),
            message: "no record".to_owned(),
            reason: "removed with the polling path".to_owned(),
            owner: "karn".to_owned(),
            expires: "2027-02-28".to_owned(),
            ..Exemption::default()
        }
    }

    #[track_caller]
    fn check(entry: &Exemption, expected: &[&str]) {
        let faults = faults(entry, "2026-11-22");
        assert_eq!(faults.len(), expected.len(), "{faults:?}");
        for (fault, words) in faults.iter().zip(expected) {
            assert!(fault.contains(words), "{fault}");
        }
    }

    #[test]
    fn an_exemption_needs_everything_and_covers_only_what_may_be_exempted() {
        check(&entry(), &[]);
        check(
            &Exemption { reason: " ".to_owned(), owner: String::new(), ..entry() },
            &["no reason", "no owner"],
        );
        check(&Exemption { expires: "soon".to_owned(), ..entry() }, &["no day"]);
        check(&Exemption { expires: "2027-05-21".to_owned(), ..entry() }, &[]);
        check(&Exemption { expires: "2027-05-22".to_owned(), ..entry() }, &["181 days"]);
        for code in ["TV-L01", "TV-P00", "TV-V01"] {
            check(&Exemption { code: code.to_owned(), ..entry() }, &["cannot be exempted"]);
        }
        check(&Exemption { code: "TV-Q01".to_owned(), ..entry() }, &["names no code"]);
    }

    #[test]
    fn a_code_needs_page_fixture_and_place_and_each_of_them_needs_a_code() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        for spec in ALL.iter().filter(|spec| spec.is_built) {
            let name = spec.code.as_str();
            write(&format!("docs/telemetry/checks/{name}.md"), "x");
            write(
                &format!("xtask/src/verify/{name}.rs"),
                &format!("Finding::new(code::{name}, x)"),
            );
            write(&format!("xtask/fixtures/{name}/bad.md"), "x");
            write(&format!("xtask/fixtures/{name}/good.md"), "x");
        }
        assert_eq!(codes_of(root.path()).findings, []);
        std::fs::remove_file(root.path().join("docs/telemetry/checks/P04.md")).unwrap();
        std::fs::remove_file(root.path().join("xtask/fixtures/A01/bad.md")).unwrap();
        // Its own test names the code too, and that is no place that emits it.
        write("xtask/src/verify/R01.rs", "#[cfg(test)]\nmod tests { code::R01 }");
        write("docs/telemetry/checks/Q01.md", "x");
        write("xtask/fixtures/Q02/bad.md", "x");
        let found = codes_of(root.path()).findings;
        let words: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
        let expected = [
            "nothing emits TV-R01",
            "TV-A01 has no fixture bad",
            "TV-P04 has no page",
            "no code has the page Q01.md",
            "no code has the fixture Q02",
        ];
        assert_eq!(words, expected);
    }
}
