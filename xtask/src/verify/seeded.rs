//! Seeded defects in the real pipeline (`--self-test --deep`): each patch under `xtask/fixtures/seeded/` is applied to a copy
//! of the workspace under `target/`, and has to be found there by its code.
//!
//! A defect is for static checks and the probe to find. What its tests say of it is known without running them; so they
//! are built and run once, for the copy without any, and again only where a patch changes a test.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::verify::deep::tree;
use crate::verify::judge::Scope;
use crate::verify::session::{self, Setup};
use crate::verify::world::TestRun;
use crate::verify::{deliver, probe_run};

/// Where the patches lie.
const PATCHES: &str = "xtask/fixtures/seeded";

/// A defect of our own making.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    /// What is wrong with it, for people.
    why: String,
    /// The code that has to fire.
    code: String,
    /// Codes that accompany it, each of which has to fire as well.
    with: Vec<String>,
    /// Whether the tests have to be run again.
    #[serde(default)]
    has_tests: bool,
    edit: Vec<Replacement>,
}

/// A piece of a file and what takes its place. It has to stand there exactly once, so that a patch cannot miss.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    file: String,
    find: String,
    put: String,
}

/// How a patch went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seeded {
    /// File name of the patch, without its ending.
    pub(crate) name: String,
    pub(crate) why: String,
    pub(crate) code: String,
    /// What is wrong with the verifier; `None`: it found the defect.
    pub(crate) fault: Option<String>,
}

impl fmt::Display for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = self.fault.as_deref().unwrap_or("found");
        write!(f, "{:<24} TV-{}  {verdict} ({})", self.name, self.code, self.why)
    }
}

/// Applies every patch in turn and returns how each went; `told` hears of each as soon as it is known.
///
/// # Errors
///
/// Fails if the copy cannot be made, or if the verifier has something to say about the copy before any patch.
pub(crate) fn run(
    root: &Path,
    target: &Path,
    today: &str,
    told: fn(&Seeded),
) -> Result<Vec<Seeded>, String> {
    let folder = target.join("telemetry").join("seeded");
    let mut copy = Setup {
        root: folder.join("tree"),
        target: folder.join("build"),
        scope: Scope::default(),
        today: today.to_owned(),
        probe: probe_run::command,
        tests: None,
    };
    let patches = read(&root.join(PATCHES))?;
    let tree = folder.join("tree");
    let fresh = || tree::plain_copy(root, &tree).map_err(|error| format!("{error:#}"));
    fresh()?;
    let before = verify(&copy)?;
    if !before.codes.is_empty() {
        let codes = list(&before.codes);
        return Err(format!("the tree has findings before any defect is seeded: {codes}"));
    }
    let mut results = Vec::new();
    for (name, patch) in patches {
        copy.tests = (!patch.has_tests).then(|| before.tests.clone());
        let fault = judge(&copy, &patch).err();
        let seeded = Seeded { name, why: patch.why, code: patch.code, fault };
        told(&seeded);
        results.push(seeded);
        fresh()?;
    }
    Ok(results)
}

fn judge(copy: &Setup, patch: &Patch) -> Result<(), String> {
    for replacement in &patch.edit {
        apply(&copy.root, replacement)?;
    }
    compare(patch, &verify(copy)?.codes)
}

/// Fails unless the code of a patch and those that accompany it were found, and nothing else.
fn compare(patch: &Patch, found: &BTreeSet<String>) -> Result<(), String> {
    let mut faults = Vec::new();
    if !found.contains(&patch.code) {
        faults.push(format!("{} did not fire, but {}", patch.code, list(found)));
    }
    let with: BTreeSet<String> = patch.with.iter().cloned().collect();
    let silent: BTreeSet<String> = with.difference(found).cloned().collect();
    if !silent.is_empty() {
        faults.push(format!("{} did not accompany it", list(&silent)));
    }
    let others = found.difference(&with).filter(|code| **code != patch.code).cloned();
    let others: BTreeSet<String> = others.collect();
    if !others.is_empty() {
        faults.push(format!("it also found {}", list(&others)));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

fn list(codes: &BTreeSet<String>) -> String {
    if codes.is_empty() {
        return "nothing".to_owned();
    }
    codes.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn apply(tree: &Path, replacement: &Replacement) -> Result<(), String> {
    let Replacement { file, find, put } = replacement;
    let path = tree.join(file);
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("cannot read {file}: {error}"))?;
    let places = text.matches(find.as_str()).count();
    if places != 1 {
        return Err(format!("the patch is out of date: its text stands {places} times in {file}"));
    }
    std::fs::write(&path, text.replacen(find.as_str(), put, 1))
        .map_err(|error| format!("cannot write {file}: {error}"))
}

/// Reads the patches by name.
fn read(folder: &Path) -> Result<Vec<(String, Patch)>, String> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("cannot read {PATCHES}: {error}"))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {name}: {error}"))?;
        let patch =
            toml::from_str(&text).map_err(|error| format!("{PATCHES}/{name}.toml: {error}"))?;
        Ok((name, patch))
    };
    let patches: Vec<(String, Patch)> =
        paths.into_iter().map(read).collect::<Result<_, String>>()?;
    if patches.is_empty() { Err(format!("{PATCHES} holds no patch")) } else { Ok(patches) }
}

/// What the verifier says of the copy.
struct Said {
    /// Codes of its findings, those of its warnings included.
    codes: BTreeSet<String>,
    tests: TestRun,
}

/// Runs the verifier on the copy.
fn verify(copy: &Setup) -> Result<Said, String> {
    let mut session = session::run(copy)?;
    deliver::complete(&mut session).map_err(|error| format!("{error:#}"))?;
    if let Some(why) = session.report.not_verified.first() {
        return Err(format!("not verified: {why}"));
    }
    let codes = session.report.findings.iter().map(|finding| finding.code.as_str().to_owned());
    let tests = session.world.tests.yes().cloned().unwrap_or_default();
    Ok(Said { codes: codes.collect(), tests })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::code::Code;
    use crate::workspace;

    #[test]
    fn every_patch_fits_the_tree_and_names_codes_that_exist() {
        let root = workspace::root();
        let patches = read(&root.join(PATCHES)).unwrap();
        assert!(10 <= patches.len());
        for (name, patch) in patches {
            assert!(!patch.edit.is_empty(), "{name}");
            for code in patch.with.iter().chain([&patch.code]) {
                assert!(Code::find(code).is_some(), "{name}: {code}");
            }
            for Replacement { file, find, put } in &patch.edit {
                let text = std::fs::read_to_string(root.join(file)).unwrap();
                assert_eq!(text.matches(find.as_str()).count(), 1, "{name}: {find}");
                assert_ne!(find, put);
            }
        }
    }

    #[test]
    fn a_patch_that_misses_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.rs"), "x x").unwrap();
        let patch = |find: &str| Replacement {
            file: "a.rs".to_owned(),
            find: find.to_owned(),
            put: "y".to_owned(),
        };
        let out_of_date = |find| apply(folder.path(), &patch(find)).unwrap_err();
        assert!(out_of_date("x").contains("stands 2 times"));
        assert!(out_of_date("z").contains("stands 0 times"));
        apply(folder.path(), &patch("x x")).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("a.rs")).unwrap(), "y");
    }

    #[track_caller]
    fn check(found: &[&str], expected: Result<(), &str>) {
        let (why, code) = (String::new(), "P04".to_owned());
        let with = vec!["D01".to_owned()];
        let patch = Patch { why, code, with, has_tests: false, edit: Vec::new() };
        let found = found.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(compare(&patch, &found), expected.map_err(str::to_owned));
    }

    #[test]
    fn a_defect_has_its_code_and_all_that_accompany_it_and_nothing_else() {
        check(&["D01", "P04"], Ok(()));
        check(&["D01"], Err("P04 did not fire, but D01"));
        check(&[], Err("P04 did not fire, but nothing; D01 did not accompany it"));
        check(&["P04"], Err("D01 did not accompany it"));
        check(&["D01", "P04", "P05", "T03"], Err("it also found P05, T03"));
    }
}
