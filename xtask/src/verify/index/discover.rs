//! Which file belongs to which crate and module, by the rules of cargo and by its place.

use std::collections::BTreeMap;

use toml::Table;

/// What a file is compiled into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Library, or program where there is no library.
    Main,
    /// Under `tests/`; which binary, the runners say.
    Tests,
    /// Benches, examples, build scripts.
    Rest,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// `karn-sanctum`.
    pub(crate) name: String,
    /// `karn_sanctum`.
    pub(crate) krate: String,
    /// From the root, without a slash at the end; empty for the root itself.
    pub(crate) folder: String,
    /// Roots of test binaries by name, from the root of the tree.
    pub(crate) tests: BTreeMap<String, String>,
}

/// Returns the packages of a tree: every folder with `src/lib.rs`, `src/main.rs` or a manifest with `[package]`.
pub(super) fn packages(texts: &BTreeMap<String, String>) -> Vec<Package> {
    let mut folders: BTreeMap<String, Table> = BTreeMap::new();
    for (path, text) in texts {
        for end in ["src/lib.rs", "src/main.rs"] {
            if let Some(folder) = folder_of(path, end) {
                folders.entry(folder).or_default();
            }
        }
        let Some(folder) = folder_of(path, "Cargo.toml") else { continue };
        // A manifest that cannot be read stops cargo before it stops us.
        let manifest: Table = text.parse().unwrap_or_default();
        if manifest.contains_key("package") {
            folders.insert(folder, manifest);
        }
    }
    folders.into_iter().map(|(folder, manifest)| package(folder, &manifest, texts)).collect()
}

fn folder_of(path: &str, end: &str) -> Option<String> {
    let folder = path.strip_suffix(end)?;
    if folder.is_empty() {
        return Some(String::new());
    }
    folder.strip_suffix('/').map(ToOwned::to_owned)
}

fn package(folder: String, manifest: &Table, files: &BTreeMap<String, String>) -> Package {
    let table = manifest.get("package").and_then(|p| p.as_table());
    let last = folder.rsplit('/').next().unwrap_or_default();
    let name = table.and_then(|p| p.get("name")).and_then(|n| n.as_str()).unwrap_or(last);
    let mut tests = BTreeMap::new();
    if table.and_then(|p| p.get("autotests")).and_then(toml::Value::as_bool) != Some(false) {
        let inside = join(&folder, "tests/");
        for path in files.keys() {
            let file = path.strip_prefix(&inside).and_then(|rest| rest.strip_suffix(".rs"));
            if let Some(name) = file.filter(|name| !name.contains('/')) {
                tests.insert(name.to_owned(), path.clone());
            }
        }
    }
    for entry in manifest.get("test").and_then(|t| t.as_array()).into_iter().flatten() {
        let text = |key: &str| entry.get(key).and_then(|value| value.as_str());
        if let Some(name) = text("name") {
            let path = text("path").map_or_else(|| format!("tests/{name}.rs"), str::to_owned);
            tests.insert(name.to_owned(), join(&folder, &path));
        }
    }
    Package { name: name.to_owned(), krate: name.replace('-', "_"), folder, tests }
}

/// Returns `folder/path`.
pub(super) fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// Returns package, target and module of a Rust file.
pub(super) fn place(packages: &[Package], path: &str) -> Option<(usize, Target, Vec<String>)> {
    let stem = path.strip_suffix(".rs")?;
    let inside = |package: &Package| -> Option<usize> {
        let is_inside = package.folder.is_empty()
            || path.starts_with(&join(&package.folder, "/").replace("//", "/"));
        is_inside.then_some(package.folder.len())
    };
    let (number, _) = packages
        .iter()
        .enumerate()
        .filter_map(|(number, package)| Some((number, inside(package)?)))
        .max_by_key(|(_, depth)| *depth)?;
    let folder = &packages.get(number)?.folder;
    let rest = stem.strip_prefix(folder.as_str())?.trim_start_matches('/');
    let (top, rest) = rest.split_once('/').unwrap_or(("", rest));
    let mut module: Vec<String> = rest.split('/').map(ToOwned::to_owned).collect();
    if module.last().is_some_and(|name| name == "mod")
        || (module.len() == 1 && (rest == "lib" || rest == "main"))
    {
        module.pop();
    }
    let target = match top {
        "src" => Target::Main,
        "tests" => Target::Tests,
        _ => Target::Rest,
    };
    Some((number, target, module))
}
