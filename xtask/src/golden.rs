//! Golden files of wire and log: checked and written by tests of leyline and nissa, and kept from changing once released.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{process, workspace};

/// What `cargo xtask golden` is asked to do.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Fails if a golden file differs from what the code makes of it (this is the default).
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Writes the files of a new version; one that is already committed is never changed.
    #[arg(long)]
    write: bool,
}

/// Folders of golden files; what is committed there is never edited.
const RELEASED: &[&str] = &["crates/leyline/testdata/wire/", "crates/nissa/testdata/runs/"];

/// A test that compares golden files with what the code makes or reads.
struct Test {
    package: &'static str,
    /// The test binary, and a filter for its tests.
    target: &'static [&'static str],
    /// The variable that makes it write what is missing instead.
    write_variable: &'static str,
}

const TESTS: &[Test] = &[
    Test { package: "leyline", target: &["golden"], write_variable: "LEYLINE_GOLDEN_WRITE" },
    Test {
        package: "nissa",
        target: &["recording", "golden"],
        write_variable: "NISSA_GOLDEN_WRITE",
    },
];

/// Checks or writes, as asked.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.write && !args.check { write() } else { check() }
}

/// Runs the golden tests, and looks for changes to what was released.
pub(crate) fn check() -> Result<()> {
    keep_released()?;
    for test in TESTS {
        if !process::succeeds(&mut test.command())? {
            bail!(
                "golden files are not up to date: run `cargo xtask golden --write`, and read what it changed"
            );
        }
    }
    Ok(())
}

/// Lets the tests write; what they did to a released file is undone, and is an error.
fn write() -> Result<()> {
    keep_released()?;
    let released = released()?;
    let mut written = true;
    for test in TESTS {
        written &= process::succeeds(test.command().env(test.write_variable, "1"))?;
    }
    let touched: Vec<&Path> = released
        .iter()
        .filter(|(path, bytes)| !holds(path, bytes))
        .map(|(path, _)| path.as_path())
        .collect();
    for (path, bytes) in released.iter().filter(|(path, _)| touched.contains(&path.as_path())) {
        fs::write(path, bytes).with_context(|| format!("cannot restore {}", path.display()))?;
    }
    if !touched.is_empty() {
        let names: Vec<String> = touched
            .iter()
            .map(|path| path.strip_prefix(workspace::root()).unwrap_or(path).display().to_string())
            .collect();
        bail!(
            "the code would change released golden files, which were restored: {}; a changed meaning needs a new version and a new folder",
            names.join(", ")
        );
    }
    if !written {
        bail!("the golden files were not written");
    }
    Ok(())
}

/// Returns the released files with what they hold.
fn released() -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut args =
        vec!["-c", "safe.directory=*", "ls-tree", "-r", "-z", "--name-only", "HEAD", "--"];
    args.extend(RELEASED);
    let listing = process::output(&mut process::command("git", &args))
        .context("cannot ask git for released files")?;
    let paths = listing
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(|path| workspace::root().join(path));
    paths
        .map(|path| {
            fs::read(&path).map(|bytes| (path, bytes)).context("cannot read a released file")
        })
        .collect()
}

/// Returns whether the file at `path` holds `bytes`.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    fs::read(path).is_ok_and(|found| found == bytes)
}

impl Test {
    fn command(&self) -> std::process::Command {
        let mut args = vec!["test", "--quiet", "--package", self.package, "--test"];
        args.extend(self.target);
        process::command("cargo", &args)
    }
}

/// Fails if a golden file that is committed has another content or is gone; new ones are welcome.
fn keep_released() -> Result<()> {
    let mut args =
        vec!["-c", "safe.directory=*", "status", "--porcelain", "-z", "--untracked-files=no", "--"];
    args.extend(RELEASED);
    let status = process::output(&mut process::command("git", &args))
        .context("cannot ask git for changes")?;
    let changed = changed(&status);
    if !changed.is_empty() {
        bail!(
            "released golden files are never edited: {}; restore them, and put the new form into a new folder",
            changed.join(", ")
        );
    }
    Ok(())
}

/// Returns the paths that differ from the last commit, out of what `git status --porcelain -z` prints.
fn changed(status: &str) -> Vec<&str> {
    let is_new = |entry: &&str| entry.starts_with("A ") || entry.starts_with("??");
    status
        .split('\0')
        .filter(|entry| 3 < entry.len() && !is_new(entry))
        .filter_map(|entry| entry.get(3..))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_files_are_welcome_and_changed_ones_are_not() {
        let status = " M wire/v1/rows.jsonl\0A  wire/v2/rows.jsonl\0D  wire/v0/a\0?? wire/v3/a\0";
        assert_eq!(changed(status), ["wire/v1/rows.jsonl", "wire/v0/a"]);
        assert_eq!(changed(""), Vec::<&str>::new());
    }
}
