//! The instrumented copy of the workspace under `target/telemetry/deep/`: the sources with switches, everything else as it
//! is. A file whose text stays the same is not touched, so that a second run builds nothing anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::instrument::{Cut, Wire, instrument};
use super::shape::Shape;
use super::switch;
use crate::process;

/// A crate whose wires get switches.
struct Target {
    /// Prefix of its switches.
    name: &'static str,
    root: &'static str,
    /// Where its wires are, below `root`.
    parts: &'static [(&'static str, &'static [Wire])],
    /// Its module `cut`, and how its root declares it.
    module: &'static str,
    declared: &'static str,
}

const TARGETS: &[Target] = &[
    Target {
        name: "karn",
        root: "crates/karn-sanctum/src",
        parts: &[
            ("aggregator", &[Wire::Write]),
            ("log/line.rs", &[Wire::Write]),
            ("verdict", &[Wire::Read]),
        ],
        module: switch::MODULE,
        declared: "pub mod cut;",
    },
    Target {
        name: "widgets",
        root: "crates/sanctum-widgets/src",
        parts: &[("", &[Wire::Read])],
        module: switch::OF_WIDGETS,
        declared: "mod cut;",
    },
];

/// The copy and its switches.
pub(super) struct Copy {
    pub(super) root: PathBuf,
    pub(super) cuts: Vec<Cut>,
    pub(super) skipped: Vec<String>,
}

/// Writes the copy of the workspace at `root` into `into`.
pub(super) fn copy(root: &Path, into: &Path) -> Result<Copy> {
    let shape = Shape::read(root)?;
    let mut copy = Copy { root: into.to_owned(), cuts: Vec::new(), skipped: Vec::new() };
    let mut written = BTreeSet::new();
    // Without this tool itself: nothing there is a wire.
    for file in files(root)?.into_iter().filter(|file| !file.starts_with("xtask/")) {
        let content = fs::read(root.join(&file)).with_context(|| format!("cannot read: {file}"))?;
        let content = match String::from_utf8(content) {
            Ok(text) => copy.adapt(&file, text, &shape)?.into_bytes(),
            Err(error) => error.into_bytes(),
        };
        write(into, &file, &content)?;
        written.insert(file);
    }
    for target in TARGETS {
        let file = format!("{}/cut.rs", target.root);
        write(into, &file, target.module.as_bytes())?;
        written.insert(file);
    }
    remove_others(into, &written)?;
    Ok(copy)
}

impl Copy {
    fn adapt(&mut self, file: &str, text: String, shape: &Shape) -> Result<String> {
        if file == switch::OF_THE_PROBE {
            return Ok(switch::THROW.to_owned());
        }
        if file == "Cargo.toml" {
            return Ok(without_tool(&text));
        }
        for (number, target) in TARGETS.iter().enumerate() {
            let Some(inside) =
                file.strip_prefix(target.root).and_then(|rest| rest.strip_prefix('/'))
            else {
                continue;
            };
            if inside == "lib.rs" {
                return Ok(format!("{text}\n{}\n", target.declared));
            }
            let is_rust = Path::new(inside).extension().is_some_and(|end| end == "rs");
            if !is_rust || inside.ends_with("tests.rs") {
                return Ok(text);
            }
            let wires = target.parts.iter().find(|(part, _)| in_part(inside, part));
            if let Some((_, wires)) = wires {
                let prefix = format!("{}{number}.{}.", target.name, self.cuts.len());
                let done = instrument(file, &prefix, &text, wires, shape)?;
                self.cuts.extend(done.cuts);
                self.skipped.extend(done.skipped);
                return Ok(done.source);
            }
        }
        Ok(text)
    }
}

/// Returns whether a file lies in a part, which is a file, or a folder with the module that stands for it.
fn in_part(file: &str, part: &str) -> bool {
    part.is_empty()
        || file == part
        || file.strip_prefix(part).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Returns the manifest of a workspace in which this tool is no member: nothing of it is built anew then.
fn without_tool(manifest: &str) -> String {
    manifest.replace(", \"xtask\"]", "]")
}

/// Writes the workspace at `root` into `into` as it is, but for this tool, which is there and no member.
pub(crate) fn plain_copy(root: &Path, into: &Path) -> Result<()> {
    let mut written = BTreeSet::new();
    for file in files(root)? {
        let mut content =
            fs::read(root.join(&file)).with_context(|| format!("cannot read: {file}"))?;
        if file == "Cargo.toml" {
            content = without_tool(&String::from_utf8(content)?).into_bytes();
        }
        write(into, &file, &content)?;
        written.insert(file);
    }
    remove_others(into, &written)
}

/// Returns what git knows and what it would add.
fn files(root: &Path) -> Result<Vec<String>> {
    let listed = process::output(
        std::process::Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root),
    )?;
    let files = listed.split('\0').filter(|file| !file.is_empty());
    Ok(files.filter(|file| root.join(file).is_file()).map(str::to_owned).collect())
}

fn write(into: &Path, file: &str, content: &[u8]) -> Result<()> {
    let path = into.join(file);
    if fs::read(&path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make: {}", folder.display()))?;
    }
    fs::write(&path, content).with_context(|| format!("cannot write: {}", path.display()))
}

/// Removes what an earlier copy left, except what cargo built.
fn remove_others(into: &Path, written: &BTreeSet<String>) -> Result<()> {
    let mut folders = vec![into.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("cannot list: {}", folder.display()))?
        {
            let path = entry?.path();
            let Ok(inside) = path.strip_prefix(into) else { continue };
            let name = inside.to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                if name != "target" {
                    folders.push(path);
                }
            } else if !written.contains(&name) {
                fs::remove_file(&path).with_context(|| format!("cannot remove: {name}"))?;
            }
        }
    }
    Ok(())
}
