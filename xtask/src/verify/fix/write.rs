//! Writes a file so that a reader sees the old one or the new one, and shows what would change.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use similar::TextDiff;

use super::Rewrite;

/// Writes the files below `root`, each through a temporary one beside it; fails before the first if one of them is no
/// longer what was read.
pub(crate) fn replace(root: &Path, rewrites: &[Rewrite]) -> Result<()> {
    for rewrite in rewrites {
        let now = read(&root.join(&rewrite.file))?;
        if now != rewrite.before {
            bail!("changed while it was checked, nothing is written: {}", rewrite.file);
        }
    }
    for rewrite in rewrites {
        write(&root.join(&rewrite.file), &rewrite.after)?;
    }
    Ok(())
}

/// Returns the text of a file; empty if it does not exist yet.
pub(crate) fn read(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes `text` to a temporary file beside `path` and gives it that name.
fn write(path: &Path, text: &str) -> Result<()> {
    let name = path.file_name().context("a file without a name")?.to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.new"));
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        // The new name must never point at a file whose text is not there yet.
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    if written.is_err() {
        // What went wrong is in `written`; a file that cannot be removed either adds nothing.
        fs::remove_file(&beside).ok();
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// Returns all changes as a unified diff.
pub(crate) fn difference(rewrites: &[Rewrite]) -> String {
    let mut out = String::new();
    for rewrite in rewrites {
        let diff = TextDiff::from_lines(&rewrite.before, &rewrite.after);
        let mut unified = diff.unified_diff();
        let head = (format!("a/{}", rewrite.file), format!("b/{}", rewrite.file));
        write!(out, "{}", unified.context_radius(1).header(&head.0, &head.1)).ok();
    }
    out
}
