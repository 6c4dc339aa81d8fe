//! The files that tidy looks at: what git tracks or would track, read once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::source::Source;
use crate::{process, workspace};

/// A file of the working tree that is text.
pub(super) struct File {
    pub(super) text: String,
    /// Tokens and comments, for Rust only; an error says why the file cannot be taken apart.
    pub(super) rust: Option<Result<Source, String>>,
}

/// The text files of the repository by their paths, with `/` between folders, relative to its root.
pub(super) struct Tree {
    files: BTreeMap<String, File>,
}

impl Tree {
    /// Reads all files that git tracks, and new ones that it does not ignore.
    pub(super) fn load() -> Result<Self> {
        // Someone else's checkout, as in a container, is fine: nothing of it is run.
        let args = [
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ];
        let listing = process::output(&mut process::command("git", &args))?;
        let mut files = BTreeMap::new();
        for path in listing.split('\0').filter(|path| !path.is_empty()) {
            // A file that was just deleted, or that is no text, has nothing to say.
            if let Ok(text) = fs::read_to_string(workspace::root().join(path)) {
                files.insert(path.to_owned(), File::new(path, text));
            }
        }
        Ok(Self { files })
    }

    /// Makes a tree of samples.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file =
            |(path, text): &(&str, &str)| ((*path).to_owned(), File::new(path, (*text).to_owned()));
        Self { files: files.iter().map(file).collect() }
    }

    /// Returns how many files there are.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Returns whether there is a file, or a folder with a file in it, at `path`.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        path.is_empty()
            || self.files.contains_key(path)
            || self
                .files
                .keys()
                .any(|file| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    /// Returns the text at `path`.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|file| file.text.as_str())
    }

    /// Returns every file.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// Returns the Rust files below one of `places`, each a path or the beginning of one.
    pub(super) fn rust_in(&self, places: &[&str]) -> impl Iterator<Item = (&str, &Source)> {
        self.files().filter_map(|(path, file)| match &file.rust {
            Some(Ok(source)) if places.iter().any(|place| path.starts_with(place)) => {
                Some((path, source))
            }
            Some(_) | None => None,
        })
    }
}

/// Returns whether the file at `path` has this extension.
pub(super) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// Returns whether the file at `path` is the test module of another one, too long to stand at its end.
fn is_test_module(path: &str) -> bool {
    path.contains("/src/") && path.ends_with("/tests.rs")
}

impl File {
    fn new(path: &str, text: String) -> Self {
        let rust = has_extension(path, "rs").then(|| Source::parse(&text, is_test_module(path)));
        Self { text, rust }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_tree_holds_this_file() {
        let tree = Tree::load().unwrap();
        assert!(tree.has("xtask/src/tidy/tree.rs"));
        assert!(tree.has("xtask/src/tidy"));
        assert!(!tree.has("xtask/src/tid"));
        assert!(!tree.has("target"), "what git ignores is not looked at");
    }
}
