//! Seeded defects in the real pipeline (`--self-test --deep`): each patch under `xtask/fixtures/seeded/` is applied to a copy
//! of the workspace under `target/`, and the verifier of that copy has to find it by its code.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::process;
use crate::verify::code::Code;
use crate::verify::deep::tree;

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
    /// Codes that may accompany it.
    may: Vec<String>,
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
pub(crate) fn run(root: &Path, target: &Path, told: fn(&Seeded)) -> Result<Vec<Seeded>, String> {
    let folder = target.join("telemetry").join("seeded");
    let copy = Place { tree: folder.join("tree"), build: folder.join("build") };
    let patches = read(&root.join(PATCHES))?;
    let fresh = || tree::plain_copy(root, &copy.tree).map_err(|error| format!("{error:#}"));
    fresh()?;
    let before = copy.verify()?;
    if !before.is_empty() {
        return Err(format!(
            "the tree has findings before any defect is seeded: {}",
            list(&before)
        ));
    }
    let mut results = Vec::new();
    for (name, patch) in patches {
        let fault = judge(&copy, &patch).err();
        let seeded = Seeded { name, why: patch.why, code: patch.code, fault };
        told(&seeded);
        results.push(seeded);
        fresh()?;
    }
    Ok(results)
}

fn judge(copy: &Place, patch: &Patch) -> Result<(), String> {
    let expected = Code::find(&patch.code).ok_or_else(|| format!("no code {}", patch.code))?;
    for replacement in &patch.edit {
        apply(&copy.tree, replacement)?;
    }
    let found = copy.verify()?;
    if !found.contains(expected.as_str()) {
        return Err(format!("{expected} did not fire, but {}", list(&found)));
    }
    let others: BTreeSet<String> = found
        .into_iter()
        .filter(|code| code != expected.as_str() && !patch.may.contains(code))
        .collect();
    if others.is_empty() { Ok(()) } else { Err(format!("it also found {}", list(&others))) }
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

/// The copy and where it is built.
struct Place {
    tree: PathBuf,
    build: PathBuf,
}

impl Place {
    /// Runs the verifier of the copy and returns the codes of its findings, those of its warnings included.
    fn verify(&self) -> Result<BTreeSet<String>, String> {
        let args = ["run", "-q", "-p", "xtask", "--", "verify-telemetry", "--format", "json"];
        let mut command = process::command("cargo", &args);
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.build);
        let output =
            command.output().map_err(|error| format!("cannot start the verifier: {error}"))?;
        codes(&output.stdout).ok_or_else(|| {
            let messages = String::from_utf8_lossy(&output.stderr);
            format!("the verifier gave no report ({}): {}", output.status, messages.trim_end())
        })
    }
}

/// Returns the codes of a report in JSON.
fn codes(report: &[u8]) -> Option<BTreeSet<String>> {
    let report: serde_json::Value = serde_json::from_slice(report).ok()?;
    let findings = report.get("findings")?.as_array()?;
    let code = |finding: &serde_json::Value| {
        let code = finding.get("code")?.as_str()?;
        Some(code.strip_prefix("TV-").unwrap_or(code).to_owned())
    };
    findings.iter().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn every_patch_fits_the_tree_and_names_codes_that_exist() {
        let root = workspace::root();
        let patches = read(&root.join(PATCHES)).unwrap();
        assert!(10 <= patches.len());
        for (name, patch) in patches {
            assert!(!patch.edit.is_empty(), "{name}");
            for code in patch.may.iter().chain([&patch.code]) {
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

    #[test]
    fn codes_come_from_the_findings_of_the_report() {
        let report =
            br#"{"findings": [{"code": "TV-P04"}, {"code": "TV-D01"}, {"code": "TV-P04"}]}"#;
        assert_eq!(list(&codes(report).unwrap()), "D01, P04");
        assert_eq!(list(&codes(br#"{"findings": []}"#).unwrap()), "nothing");
        assert_eq!(codes(b"error: no build"), None);
    }
}
