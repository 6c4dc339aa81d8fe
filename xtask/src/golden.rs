//! Golden files of the wire: checked and written by a test of leyline, and kept from changing once released.

use anyhow::{Context, Result, bail};

use crate::process;

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

/// The variable that makes the golden test of leyline write instead of compare.
const WRITE_VARIABLE: &str = "LEYLINE_GOLDEN_WRITE";

/// Checks or writes, as asked.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.write && !args.check { write() } else { check() }
}

/// Runs the golden test of leyline, and looks for changes to what was released.
pub(crate) fn check() -> Result<()> {
    keep_released()?;
    if !process::succeeds(&mut test())? {
        bail!(
            "golden files are not up to date: run `cargo xtask golden --write`, and read what it changed"
        );
    }
    Ok(())
}

fn write() -> Result<()> {
    keep_released()?;
    if !process::succeeds(test().env(WRITE_VARIABLE, "1"))? {
        bail!("the golden files were not written");
    }
    keep_released()
}

fn test() -> std::process::Command {
    process::command("cargo", &["test", "--quiet", "--package", "leyline", "--test", "golden"])
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
