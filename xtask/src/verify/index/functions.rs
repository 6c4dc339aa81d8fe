//! Test functions of a file, with the names under which the test binary knows them.

use std::collections::BTreeSet;

use super::discover::join;
use super::facts::Facts;
use super::{SourceIndex, Target};

/// A test function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestFn {
    /// Its own name.
    pub(crate) function: String,
    /// As the test binary prints it: `records::tele_014_…`.
    pub(crate) name: String,
    pub(crate) line: u32,
    pub(crate) is_ignored: bool,
}

/// A file with tests, and what runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestFile {
    /// Name of the package.
    pub(crate) package: String,
    /// Folder of the package from the root.
    pub(crate) folder: String,
    /// Name of the test binary; `None`: the tests of the library or program itself.
    pub(crate) binary: Option<String>,
    pub(crate) tests: Vec<TestFn>,
}

impl SourceIndex {
    /// Returns the tests of a file; `Err` says why nothing would run them.
    pub(crate) fn tests_in(&self, file: &str) -> Result<TestFile, String> {
        let Some((path, source)) = self.files.get_key_value(file) else {
            return Err("no such file".to_owned());
        };
        let package = self.packages.get(source.package).ok_or("no package")?;
        let (binary, module) = match source.target {
            Target::Main => (None, source.module.clone()),
            Target::Tests => {
                let (binary, module) = package
                    .tests
                    .iter()
                    .find_map(|(name, root)| {
                        // A look along the folders first: it reads two files where the whole search reads dozens.
                        let along = self.module_in(root, path, true, &mut BTreeSet::new());
                        let whole = || self.module_in(root, path, false, &mut BTreeSet::new());
                        Some((name.clone(), along.or_else(whole)?))
                    })
                    .ok_or("no test binary of its package lists the file")?;
                (Some(binary), module)
            }
            Target::Rest => return Err("neither under src/ nor under tests/".to_owned()),
        };
        let tests = functions(source.facts(), &module);
        Ok(TestFile {
            package: package.name.clone(),
            folder: package.folder.clone(),
            binary,
            tests,
        })
    }

    /// Returns the modules that lead from the root of a binary to a file; `along`: only through files above it in its own
    /// folder, which is where modules are unless an attribute says otherwise.
    fn module_in(
        &self,
        root: &str,
        file: &str,
        along: bool,
        seen: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if root == file {
            return Some(Vec::new());
        }
        if !seen.insert(root.to_owned()) {
            return None;
        }
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_root = seen.len() == 1;
        self.facts(root)?.children.iter().find_map(|child| {
            // Beside the file for a root, in a folder of its name for a module.
            let own = root.strip_suffix(".rs").unwrap_or(root);
            let base = if is_root { folder } else { own };
            let candidates = match &child.path {
                Some(path) => vec![join(folder, path)],
                None => vec![
                    join(base, &format!("{}.rs", child.name)),
                    join(base, &format!("{}/mod.rs", child.name)),
                ],
            };
            let leads = |next: &&String| {
                let folder = next.strip_suffix("mod.rs").or_else(|| next.strip_suffix(".rs"));
                !along || *next == file || folder.is_some_and(|folder| file.starts_with(folder))
            };
            candidates.iter().filter(leads).find_map(|next| {
                let mut module = self.module_in(next, file, along, seen)?;
                module.insert(0, child.name.clone());
                Some(module)
            })
        })
    }
}

fn functions(facts: &Facts, module: &[String]) -> Vec<TestFn> {
    let tests = facts.items.iter().filter(|item| item.is_test);
    let named = tests.map(|item| {
        let mut names = [module, &item.module].concat();
        names.push(item.name.clone());
        TestFn {
            function: item.name.clone(),
            name: names.join("::"),
            line: item.lines.0,
            is_ignored: item.is_ignored,
        }
    });
    named.collect()
}
