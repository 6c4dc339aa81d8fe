//! Test binaries as cargo reports them, and which file of the sources belongs to which.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::verify::test_run::Key;

/// A test binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binary {
    pub(super) program: PathBuf,
    /// Folder of the package.
    pub(super) folder: PathBuf,
    /// First file of the sources.
    main: PathBuf,
    /// Whether it is one of `tests/`, and not the unit tests of a library or program.
    is_integration: bool,
}

/// Which files a binary is made of, as paths from the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    main: String,
    /// Folder of its modules, with a `/` at its end.
    modules: String,
    /// Whether files in subfolders belong to it: not beside other runners, except where a folder bears its name.
    is_integration: bool,
}

#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    profile: Option<Profile>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

/// Reads the lines of `--message-format=json`.
pub(super) fn read(output: &str) -> Vec<Binary> {
    let messages = output.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    messages
        .filter_map(|message| {
            let target = message.target?;
            message.profile.filter(|profile| profile.test)?;
            Some(Binary {
                program: message.executable?,
                folder: message.manifest_path?.parent()?.to_owned(),
                main: target.src_path,
                is_integration: target.kind.iter().any(|kind| kind == "test"),
            })
        })
        .collect()
}

impl Binary {
    /// Returns its sources; `None` if they are not below `root`.
    pub(super) fn source(&self, root: &Path) -> Option<Source> {
        let path = self.main.strip_prefix(root).ok()?;
        let main = path.to_string_lossy().replace('\\', "/");
        let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder);
        Some(Source { modules: format!("{folder}/"), main, is_integration: self.is_integration })
    }
}

impl Source {
    /// Returns whether a file may belong to it: its main file or one below its folder. The list of tests decides.
    pub(super) fn holds(&self, file: &str) -> bool {
        file == self.main || file.starts_with(&self.modules)
    }

    /// Returns the module that a file is in this binary: empty for the main file.
    fn module(&self, file: &str) -> Option<String> {
        if file == self.main {
            return Some(String::new());
        }
        let path = file.strip_prefix(&self.modules)?.strip_suffix(".rs")?;
        Some(path.replace('/', "::"))
    }

    /// Returns the tests of the binary that a record means. A file of `src/` has its tests in a module of it; a file of
    /// `tests/` holds them itself, or in modules of it.
    pub(super) fn matching<'a>(&self, names: &'a [String], key: &Key) -> Vec<&'a str> {
        let (file, pattern) = key;
        let Some(module) = self.module(file) else { return Vec::new() };
        let in_module = |name: &&String| {
            module.is_empty()
                && (self.is_integration || !name.trim_start_matches("tests::").contains("::"))
                || name.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with("::"))
        };
        let bare = pattern.rsplit("::").next().unwrap_or(pattern);
        let is_meant = |name: &&String| {
            let last = name.rsplit("::").next().unwrap_or(name);
            let has_path = !pattern.contains("::")
                || name.ends_with(pattern.as_str())
                || pattern.contains('*');
            has_path && fits(last, bare)
        };
        names.iter().filter(in_module).filter(is_meant).map(String::as_str).collect()
    }
}

/// Returns whether a name fits a pattern with any number of `*`.
fn fits(name: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return name == pattern };
    let Some(name) = name.strip_prefix(start) else { return false };
    (0..=name.len()).any(|at| name.get(at..).is_some_and(|tail| fits(tail, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(main: &str, is_integration: bool) -> Source {
        let binary = Binary {
            program: PathBuf::new(),
            folder: PathBuf::new(),
            main: Path::new("/w").join(main),
            is_integration,
        };
        binary.source(Path::new("/w")).expect("below the root")
    }

    #[track_caller]
    fn check(source: &Source, names: &[&str], file: &str, pattern: &str, expected: &[&str]) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let found = source.matching(&names, &(file.to_owned(), pattern.to_owned()));
        assert_eq!(found, expected, "{file} {pattern}");
    }

    #[test]
    fn a_runner_has_its_own_tests_and_those_of_its_modules() {
        let runner = source("tests/tests/main.rs", true);
        let names = ["top", "resume::tele_014_a", "resume::deep::tele_014_b", "other::tele_014_a"];
        check(&runner, &names, "tests/tests/main.rs", "top", &["top"]);
        check(&runner, &names, "tests/tests/resume.rs", "tele_014_a", &["resume::tele_014_a"]);
        check(
            &runner,
            &names,
            "tests/tests/resume.rs",
            "tele_014_*",
            &["resume::tele_014_a", "resume::deep::tele_014_b"],
        );
        check(&runner, &names, "tests/tests/missing.rs", "tele_014_a", &[]);
        check(&runner, &names, "tests/tests/resume.rs", "tele_99*", &[]);
        assert!(!runner.holds("crates/x/tests/resume.rs"));
    }

    #[test]
    fn two_binaries_in_one_folder_do_not_share_tests() {
        let emission = source("crates/a/tests/emission.rs", true);
        check(&emission, &["tele_014_x"], "crates/a/tests/vitals.rs", "tele_014_x", &[]);
        check(
            &emission,
            &["tele_014_x"],
            "crates/a/tests/emission.rs",
            "tele_014_x",
            &["tele_014_x"],
        );
    }

    #[test]
    fn a_file_of_a_library_has_its_tests_in_a_module() {
        let lib = source("crates/a/src/lib.rs", false);
        let names = ["tests::x", "vitals::tests::x", "vitals::gpu::tests::x"];
        check(&lib, &names, "crates/a/src/lib.rs", "x", &["tests::x"]);
        check(&lib, &names, "crates/a/src/vitals/gpu.rs", "x", &["vitals::gpu::tests::x"]);
    }

    #[test]
    fn stars_stand_for_anything() {
        assert!(fits("tele_014_bar", "tele_014_*") && fits("abc", "a*c") && fits("abc", "*"));
        assert!(!fits("tele_015_bar", "tele_014_*") && !fits("abcd", "a*c"));
    }

    #[test]
    fn messages_without_a_test_binary_are_passed_over() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/w/crates/a/Cargo.toml","executable":"/t/a-1","profile":{"test":true},"target":{"kind":["test"],"src_path":"/w/crates/a/tests/x.rs"}}"#;
        let library = line.replace("\"test\":true", "\"test\":false");
        let binaries =
            read(&format!("{line}\n{library}\n{{\"reason\":\"build-finished\"}}\nnoise\n"));
        let [binary] = &binaries[..] else { panic!("{binaries:?}") };
        assert_eq!(
            (binary.folder.as_path(), binary.is_integration),
            (Path::new("/w/crates/a"), true)
        );
    }
}
