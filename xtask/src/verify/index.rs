//! What the sources hold: items, fields, tests, by Rust path; found with `syn`, never by line.
//!
//! A file is parsed when something asks for it. [`SourceIndex::warm`] parses what will be asked for on several threads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result};

use crate::verify::cores::on_all_cores;

mod discover;
mod distance;
mod facts;
mod functions;
mod resolve;
mod rest;
mod shape;
mod ty;

pub(crate) use discover::{Package, Target};
pub(crate) use distance::nearest;
pub(crate) use facts::{Facts, Kind};
pub(crate) use functions::{TestFile, TestFn};
pub(crate) use rest::Place as RestPlace;
pub(crate) use shape::Walked;
pub(crate) use ty::Ty;

/// Crates whose every file is looked at (S07); of all others only what a record names.
pub(crate) const TELLING: [&str; 5] =
    ["leyline", "karn_sanctum", "sanctum_widgets", "simic_training", "simic_emitter"];

/// A Rust file.
struct SourceFile {
    text: String,
    /// Position in [`SourceIndex::packages`].
    package: usize,
    target: Target,
    /// Modules from the root of the target, by the place of the file.
    module: Vec<String>,
    facts: OnceLock<Facts>,
}

/// Where the types of the wire are. Small trees have theirs elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wire {
    /// Path of the snapshot.
    pub(crate) snapshot: String,
    /// Path of the envelope.
    pub(crate) envelope: String,
    /// File with the list of events, `Kind(Payload)` each.
    pub(crate) events: String,
    /// Module of the payloads, for trees without such a list.
    pub(crate) payloads: String,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            snapshot: "karn_sanctum::Snapshot".to_owned(),
            envelope: "leyline::Envelope".to_owned(),
            events: "crates/leyline/src/event.rs".to_owned(),
            payloads: "leyline::payload".to_owned(),
        }
    }
}

/// The sources of a workspace, real or small.
#[derive(Default)]
pub(crate) struct SourceIndex {
    pub(crate) wire: Wire,
    /// Where other files can be asked for; `None`: there are none.
    root: Option<PathBuf>,
    packages: Vec<Package>,
    files: BTreeMap<String, SourceFile>,
    /// Of each package, the file of each module of its library or program.
    modules: Vec<BTreeMap<Vec<String>, String>>,
    /// Files that are no Rust, of trees in memory.
    others: BTreeSet<String>,
}

impl SourceIndex {
    /// Reads the tree under `root`: every folder with `src/` is a package, `target`, `fixtures` and hidden folders are
    /// left out.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let mut texts = BTreeMap::new();
        read(root, "", &mut texts)?;
        Ok(Self { root: Some(root.to_owned()), ..Self::of(texts) })
    }

    /// Reads the tree under `root`, with some files replaced or added.
    #[cfg(test)]
    pub(crate) fn load_with(root: &Path, overlay: BTreeMap<String, String>) -> Result<Self> {
        let mut texts = BTreeMap::new();
        read(root, "", &mut texts)?;
        texts.extend(overlay);
        Ok(Self { root: Some(root.to_owned()), ..Self::of(texts) })
    }

    /// Makes an index of texts by path; manifests (`Cargo.toml`) are optional.
    pub(crate) fn of(texts: BTreeMap<String, String>) -> Self {
        let packages = discover::packages(&texts);
        let modules = vec![BTreeMap::new(); packages.len()];
        let mut index = Self { packages, modules, ..Self::default() };
        for (path, text) in texts {
            match discover::place(&index.packages, &path) {
                Some((package, target, module)) => {
                    if let Some(modules) = index.modules.get_mut(package)
                        && target == Target::Main
                    {
                        modules.entry(module.clone()).or_insert_with(|| path.clone());
                    }
                    let file = SourceFile { text, package, target, module, facts: OnceLock::new() };
                    index.files.insert(path, file);
                }
                None => {
                    index.others.insert(path);
                }
            }
        }
        index
    }

    /// Returns whether a file is there, Rust or not.
    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
            || self.others.contains(path)
            || self.root.as_ref().is_some_and(|root| root.join(path).is_file())
    }

    /// Returns the files nearest to a path that is not there: first those of the same name, then by distance.
    pub(crate) fn nearest_files(&self, path: &str) -> Vec<String> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let same: Vec<String> = self
            .files
            .keys()
            .filter(|known| known.rsplit('/').next() == Some(name))
            .take(3)
            .cloned()
            .collect();
        if same.is_empty() { nearest(path, self.files.keys().map(String::as_str)) } else { same }
    }

    /// Returns the text of a Rust file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|file| file.text.as_str())
    }

    /// Returns what a Rust file holds.
    pub(crate) fn facts(&self, path: &str) -> Option<&Facts> {
        self.files.get(path).map(SourceFile::facts)
    }

    /// Returns the Rust files of a crate's library or program, tests and examples left out.
    pub(crate) fn sources_of(&self, krate: &str) -> impl Iterator<Item = &str> {
        let wanted = self.packages.iter().position(|package| package.krate == krate);
        self.files
            .iter()
            .filter(move |(_, file)| Some(file.package) == wanted && file.target == Target::Main)
            .map(|(path, _)| path.as_str())
    }

    /// Returns whether a file is in a module of the crate's root that only a feature or a test compiles.
    pub(crate) fn is_gated(&self, path: &str) -> bool {
        let Some(file) = self.files.get(path) else { return false };
        let roots = self.files.values().filter(|root| {
            root.package == file.package && root.target == Target::Main && root.module.is_empty()
        });
        let mut gated = roots.flat_map(|root| &root.facts().children).filter(|c| c.is_gated);
        gated.any(|child| file.module.first() == Some(&child.name))
    }

    /// Parses the files of the crates that are looked at as a whole, and `more`, on all processors.
    pub(crate) fn warm<'a>(&'a self, more: impl IntoIterator<Item = &'a str>) {
        let mut wanted: BTreeSet<&str> =
            TELLING.iter().flat_map(|krate| self.sources_of(krate)).collect();
        wanted.extend(more);
        let mut files: Vec<&SourceFile> =
            wanted.iter().filter_map(|path| self.files.get(*path)).collect();
        // The longest first, so that no thread ends alone with a long one.
        files.sort_by_key(|file| std::cmp::Reverse(file.text.len()));
        on_all_cores(&files, |file| {
            file.facts();
        });
    }
}

impl SourceFile {
    fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| Facts::of(&self.text))
    }
}

/// Reads Rust files and manifests under `root`/`folder`.
fn read(root: &Path, folder: &str, into: &mut BTreeMap<String, String>) -> Result<()> {
    let here = root.join(folder);
    let entries = fs::read_dir(&here).with_context(|| format!("cannot list {}", here.display()))?;
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "fixtures" {
                read(root, &path, into)?;
            }
        } else if Path::new(&name).extension().is_some_and(|e| e == "rs") || name == "Cargo.toml" {
            let text =
                fs::read_to_string(entry.path()).with_context(|| format!("cannot read {path}"))?;
            into.insert(path, text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
