//! What `cargo metadata` says about this workspace: crates, their dependencies and their targets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;

/// Returns the root of the workspace: the folder above this crate.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The crates of the workspace and everything they reach on this machine.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
    pub(crate) target_directory: PathBuf,
    pub(crate) resolve: Resolve,
}

/// A crate, ours or another's.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// The oldest compiler it builds with, if it says so.
    pub(crate) rust_version: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
}

/// A line of a manifest.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<Kind>,
    pub(crate) features: Vec<String>,
}

/// What a dependency is for; absent in the manifest of cargo where it is for the crate itself.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Dev,
    Build,
}

/// Something cargo can build.
#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
}

/// Which crate was resolved to which.
#[derive(Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

#[derive(Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<NodeDep>,
}

#[derive(Deserialize)]
pub(crate) struct NodeDep {
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<DepKind>,
}

#[derive(Deserialize)]
pub(crate) struct DepKind {
    pub(crate) kind: Option<Kind>,
}

impl Metadata {
    /// Asks cargo, for this machine only: crates of other systems would have to be downloaded first.
    pub(crate) fn load() -> Result<Self> {
        let host = host()?;
        let args = ["metadata", "--format-version", "1", "--filter-platform", &host];
        let json = process::output(&mut process::command("cargo", &args))?;
        serde_json::from_str(&json).context("cannot read the output of cargo metadata")
    }

    /// Returns the crates of the workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Returns each crate by its id, with the ids of what it needs when it is built and run, tests left out.
    pub(crate) fn edges(&self) -> BTreeMap<&str, Vec<&str>> {
        self.resolve.nodes.iter().map(|node| (node.id.as_str(), node.needs())).collect()
    }

    /// Returns the oldest compiler that the workspace promises to build with.
    pub(crate) fn oldest_compiler(&self) -> Option<&str> {
        self.members().find_map(|package| package.rust_version.as_deref())
    }

    /// Returns crate and name of every target of `kind`, such as `example`, in alphabetical order.
    pub(crate) fn targets(&self, kind: &str) -> Vec<(&str, &str)> {
        let mut found: Vec<(&str, &str)> = self
            .members()
            .flat_map(|package| package.targets.iter().map(move |target| (package, target)))
            .filter(|(_, target)| target.kind.iter().any(|word| word == kind))
            .map(|(package, target)| (package.name.as_str(), target.name.as_str()))
            .collect();
        found.sort_unstable();
        found
    }
}

impl Node {
    /// Returns the ids of what the crate needs when it is built and run.
    fn needs(&self) -> Vec<&str> {
        let is_needed =
            |dep: &&NodeDep| dep.dep_kinds.iter().any(|kind| kind.kind != Some(Kind::Dev));
        self.deps.iter().filter(is_needed).map(|dep| dep.pkg.as_str()).collect()
    }
}

/// Returns the name of the system that the compiler builds for here.
fn host() -> Result<String> {
    let text = process::output(&mut process::command("rustc", &["--version", "--verbose"]))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(ToOwned::to_owned).context("rustc does not say which host it builds for")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_describes_this_workspace() {
        let metadata = Metadata::load().unwrap();
        assert!(metadata.members().any(|package| package.name == "xtask"));
        assert!(metadata.targets("test").contains(&("sanctum-tests", "runner")));
        let oldest = metadata.oldest_compiler().unwrap();
        assert!(oldest.starts_with("1."), "{oldest}");
        let xtask = metadata.members().find(|package| package.name == "xtask").unwrap();
        let edges = metadata.edges();
        let needs = |name: &str| edges[xtask.id.as_str()].iter().any(|id| id.contains(name));
        assert!(needs("serde_json"));
        assert!(!needs("tempfile"), "what only tests need is no edge");
    }
}
