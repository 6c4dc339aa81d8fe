//! Runs the tests that records name: built once by cargo, then each binary directly with the names it is to run.

mod binary;
mod plain;
mod single;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::process;
use crate::verify::cores::on_all_cores;
use crate::verify::probe_run::gist;
use crate::verify::world::{Ran, TestResult, TestRun};
use binary::Binary;
pub(crate) use single::Single;

/// A test as a record names it: file and function, or a pattern with `*`.
pub(crate) type Key = (String, String);

/// Builds the tests below `target`, and runs them.
pub(crate) fn run(root: &Path, keys: &BTreeSet<Key>, target: &Path) -> Ran<TestRun> {
    match Prepared::build(root, keys, target).and_then(|tests| tests.run(keys)) {
        Ok(results) => Ran::Yes(results),
        Err(why) => Ran::No(why),
    }
}

/// Test binaries with the names that records have for what is in them.
pub(crate) struct Prepared {
    binaries: Vec<Runner>,
}

/// A test binary, and for what each of its tests counts.
struct Runner {
    binary: Binary,
    wanted: BTreeMap<String, BTreeSet<Key>>,
}

/// A variable that the tests see, and its value.
pub(crate) type Variable<'a> = (&'a str, &'a str);

impl Prepared {
    /// Builds the tests of all packages that the keys name, below `target`.
    pub(crate) fn build(root: &Path, keys: &BTreeSet<Key>, target: &Path) -> Result<Self, String> {
        let files: BTreeSet<&str> = keys.iter().map(|(file, _)| file.as_str()).collect();
        let packages: BTreeSet<String> =
            files.iter().filter_map(|file| package(root, file)).collect();
        let mut binaries = Vec::new();
        // Without a package no file of theirs exists, which T01 says of each.
        let built = if packages.is_empty() { Vec::new() } else { build(root, &packages, target)? };
        for found in on_all_cores(&built, |binary| wanted(root, binary, keys)) {
            binaries.extend(found?);
        }
        Ok(Self { binaries })
    }

    /// Runs the tests of these keys. Of a pattern the worst result counts.
    pub(crate) fn run(&self, keys: &BTreeSet<Key>) -> Result<TestRun, String> {
        let mut results = TestRun::new();
        for found in on_all_cores(&self.binaries, |one| one.run(keys)) {
            for (key, result) in found? {
                let worst = results.get(&key).map_or(result, |before| worse(*before, result));
                results.insert(key, worst);
            }
        }
        Ok(results)
    }
}

impl Runner {
    /// Runs those tests of the binary that belong to these keys.
    fn run(&self, keys: &BTreeSet<Key>) -> Result<TestRun, String> {
        let mut results = TestRun::new();
        let asked = |names: &BTreeSet<Key>| names.iter().any(|key| keys.contains(key));
        let wanted = self.wanted.iter().filter(|(_, of)| asked(of));
        let names: Vec<&String> = wanted.map(|(name, _)| name).collect();
        if names.is_empty() {
            return Ok(results);
        }
        for (name, result) in exact(&self.binary, &names)? {
            let meant = self.wanted.get(&name).into_iter().flatten();
            for key in meant.filter(|key| keys.contains(*key)) {
                let worst = results.get(key).map_or(result, |before| worse(*before, result));
                results.insert(key.clone(), worst);
            }
        }
        Ok(results)
    }
}

/// Returns a binary with those of its tests that the keys name; `None` if there are none.
fn wanted(root: &Path, binary: &Binary, keys: &BTreeSet<Key>) -> Result<Option<Runner>, String> {
    let Some(source) = binary.source(root) else { return Ok(None) };
    let near: Vec<&Key> = keys.iter().filter(|(file, _)| source.holds(file)).collect();
    if near.is_empty() {
        return Ok(None);
    }
    let names = list(binary)?;
    let mut wanted: BTreeMap<String, BTreeSet<Key>> = BTreeMap::new();
    for key in near {
        for name in source.matching(&names, key) {
            wanted.entry(name.to_owned()).or_default().insert(key.clone());
        }
    }
    Ok((!wanted.is_empty()).then(|| Runner { binary: binary.clone(), wanted }))
}

/// Returns the name of the package that a file belongs to; `None` if the file is not there (T01).
fn package(root: &Path, file: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Manifest {
        package: Option<Named>,
    }
    #[derive(serde::Deserialize)]
    struct Named {
        name: String,
    }
    let path = root.join(file);
    let folders = path.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
    let mut manifests = folders.filter(|_| path.is_file()).filter_map(|folder| {
        let text = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
        toml::from_str::<Manifest>(&text).ok()?.package
    });
    manifests.next().map(|package| package.name)
}

const fn worse(left: TestResult, right: TestResult) -> TestResult {
    match (left, right) {
        (TestResult::Failed, _) | (_, TestResult::Failed) => TestResult::Failed,
        (TestResult::Ignored, _) | (_, TestResult::Ignored) => TestResult::Ignored,
        (TestResult::Passed, TestResult::Passed) => TestResult::Passed,
    }
}

/// Packages from which on the whole workspace is built.
const MANY: usize = 4;

/// Builds the tests of the packages and returns their binaries.
fn build(root: &Path, packages: &BTreeSet<String>, target: &Path) -> Result<Vec<Binary>, String> {
    let mut command = process::command(
        "cargo",
        &["test", "-q", "--no-run", "--message-format=json-render-diagnostics"],
    );
    command.current_dir(root).env("CARGO_TARGET_DIR", target);
    // Where there are many, all: that is what the test job builds, and another choice of packages is another choice of
    // features, with which everything would be built once more.
    if packages.len() < MANY {
        command.args(packages.iter().flat_map(|package| ["-p", package]));
    } else {
        command.arg("--workspace");
    }
    let line = process::line(&command);
    let output = command.output().map_err(|error| format!("cannot start {line}: {error}"))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        return Err(format!("they do not build: {}", gist(&messages)));
    }
    Ok(binary::read(&String::from_utf8_lossy(&output.stdout)))
}

/// Returns a command for a test binary, in the surroundings that cargo gives it.
fn command(binary: &Binary) -> Command {
    let mut command = Command::new(&binary.program);
    command.current_dir(&binary.folder).env("CARGO_MANIFEST_DIR", &binary.folder);
    command.stdin(std::process::Stdio::null());
    command
}

/// Returns the names of all tests in a binary.
fn list(binary: &Binary) -> Result<Vec<String>, String> {
    let mut command = command(binary);
    command.args(["--list", "--format=terse"]);
    let output = process::output(&mut command).map_err(|error| format!("{error:#}"))?;
    Ok(plain::names(&output))
}

/// Runs the tests with exactly these names. A binary that dies says nothing of those it did not reach.
fn exact(binary: &Binary, names: &[&String]) -> Result<BTreeMap<String, TestResult>, String> {
    let mut command = command(binary);
    command.args(["--exact", "--color=never"]).args(names);
    let line = process::line(&command);
    let output = command.output().map_err(|error| format!("cannot start {line}: {error}"))?;
    Ok(plain::results(&String::from_utf8_lossy(&output.stdout)))
}
