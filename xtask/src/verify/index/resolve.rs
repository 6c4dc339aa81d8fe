//! From a Rust path to the item it means, re-exports followed.

use super::facts::{Item, Kind, Use};
use super::{SourceFile, SourceIndex, Target, nearest};

/// How many re-exports may follow each other.
const DEPTH: u8 = 12;

/// What a path means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing<'a> {
    /// A module; the file it is written in.
    Module,
    Item(&'a Item),
    /// A field or a variant of an item.
    Member(&'a Item),
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    pub(crate) file: &'a str,
    /// First and last line; of a module 1 and 1.
    pub(crate) lines: (u32, u32),
    pub(crate) thing: Thing<'a>,
}

impl<'a> Found<'a> {
    /// Returns the item itself, not a module and not a part of an item.
    pub(crate) const fn item(&self) -> Option<&'a Item> {
        match self.thing {
            Thing::Item(item) => Some(item),
            Thing::Module | Thing::Member(_) => None,
        }
    }
}

/// A path that means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// The part up to and including the first name that is not there.
    pub(crate) at: String,
    /// Whole paths that do exist up to there.
    pub(crate) nearest: Vec<String>,
}

/// A module or an item on the way.
#[derive(Clone)]
enum Step<'a> {
    Module { package: usize, path: Vec<String> },
    Item { file: &'a str, item: &'a Item },
}

impl SourceIndex {
    /// Returns what a path like `karn_sanctum::Aggregator::apply` means.
    pub(crate) fn resolve(&self, path: &str) -> Result<Found<'_>, Missing> {
        let names: Vec<&str> = path.split("::").collect();
        let Some((krate, rest)) = names.split_first() else { return Err(self.no_crate(path)) };
        let Some(package) = self.packages.iter().position(|p| p.krate == *krate) else {
            return Err(self.no_crate(krate));
        };
        let mut here = Step::Module { package, path: Vec::new() };
        for (at, name) in rest.iter().enumerate() {
            let walked = || names.iter().take(at + 1).copied().collect::<Vec<_>>().join("::");
            here = match here {
                Step::Module { package, ref path } => match self.inside(package, path, name, DEPTH)
                {
                    Some(next) => next,
                    None => return Err(self.no_name(package, path, &walked(), name)),
                },
                Step::Item { file, item } => {
                    let is_last = at + 1 == rest.len();
                    return match self.member(file, item, name).filter(|_| is_last) {
                        Some(found) => Ok(found),
                        None => Err(self.no_member(file, item, &walked(), name)),
                    };
                }
            };
        }
        Ok(match here {
            Step::Module { package, path } => {
                let (file, _) = self.module_file(package, &path).unwrap_or(("", path.len()));
                Found { file, lines: (1, 1), thing: Thing::Module }
            }
            Step::Item { file, item } => {
                Found { file, lines: item.lines, thing: Thing::Item(item) }
            }
        })
    }

    /// Returns the item that a path means where it is written: in `file`, inside the inline modules `module`.
    pub(crate) fn resolve_in(
        &self,
        file: &str,
        module: &[String],
        path: &[String],
    ) -> Option<(&str, &Item)> {
        let source = self.files.get(file)?;
        let here = [source.module.as_slice(), module].concat();
        // Files of tests and benches are roots of their own.
        let is_main = source.target == Target::Main;
        let step = if is_main {
            self.follow(source.package, &here, path, DEPTH)?
        } else {
            let (facts_file, source) = self.files.get_key_value(file)?;
            self.named(facts_file, source, source.package, &here, path.first()?, module, DEPTH)?
        };
        match step {
            Step::Item { file, item } => Some((file, item)),
            Step::Module { .. } => None,
        }
    }

    /// Returns the file that holds a module, and how many of the names are files.
    fn module_file(&self, package: usize, path: &[String]) -> Option<(&str, usize)> {
        let modules = self.modules.get(package)?;
        (0..=path.len())
            .rev()
            .find_map(|depth| Some((modules.get(path.get(..depth)?)?.as_str(), depth)))
    }

    /// Returns what a name means inside a module.
    fn inside(&self, package: usize, path: &[String], name: &str, depth: u8) -> Option<Step<'_>> {
        let (file, files) = self.module_file(package, path)?;
        let (file, source) = self.files.get_key_value(file)?;
        let inline = path.get(files..).unwrap_or_default();
        self.named(file, source, package, path, name, inline, depth)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a module is a package, a path, a file and what is inline in it"
    )]
    fn named<'a>(
        &'a self,
        file: &'a str,
        source: &'a SourceFile,
        package: usize,
        path: &[String],
        name: &str,
        inline: &[String],
        depth: u8,
    ) -> Option<Step<'a>> {
        let depth = depth.checked_sub(1)?;
        let facts = source.facts();
        let is_here = |item: &&Item| item.module == inline && item.owner.is_none();
        let named = facts.items.iter().filter(is_here).filter(|item| item.name == name);
        // What is written out says more than what a macro mentions.
        if let Some(item) = named.min_by_key(|item| item.kind == Kind::Generated) {
            return Some(Step::Item { file, item });
        }
        let child = [path, &[name.to_owned()]].concat();
        if self.is_module(package, &child) {
            return Some(Step::Module { package, path: child });
        }
        let uses = facts.uses.iter().filter(|it| it.module == inline);
        let (globs, single): (Vec<&Use>, Vec<&Use>) = uses.partition(|it| it.alias == "*");
        if let Some(found) = single
            .into_iter()
            .filter(|it| it.alias == name)
            .find_map(|it| self.follow(package, path, &it.path, depth))
        {
            return Some(found);
        }
        globs.into_iter().find_map(|it| match self.follow(package, path, &it.path, depth)? {
            Step::Module { package, path } => self.inside(package, &path, name, depth),
            Step::Item { .. } => None,
        })
    }

    fn is_module(&self, package: usize, path: &[String]) -> bool {
        let Some((file, depth)) = self.module_file(package, path) else { return false };
        let inline = path.get(depth..).unwrap_or_default();
        inline.is_empty() || self.facts(file).is_some_and(|f| f.inline.iter().any(|m| m == inline))
    }

    /// Follows a path written inside a module.
    fn follow(
        &self,
        package: usize,
        here: &[String],
        path: &[String],
        depth: u8,
    ) -> Option<Step<'_>> {
        let depth = depth.checked_sub(1)?;
        let (first, mut rest) = path.split_first()?;
        let mut step = match first.as_str() {
            "crate" => Step::Module { package, path: Vec::new() },
            "self" => Step::Module { package, path: here.to_vec() },
            "super" => {
                let mut up = here.to_vec();
                up.pop();
                while let Some((_, after)) = rest.split_first().filter(|(name, _)| *name == "super")
                {
                    up.pop();
                    rest = after;
                }
                Step::Module { package, path: up }
            }
            name => self.inside(package, here, name, depth).or_else(|| {
                let package = self.packages.iter().position(|p| p.krate == name)?;
                Some(Step::Module { package, path: Vec::new() })
            })?,
        };
        for name in rest {
            let Step::Module { package, path } = step else { return Some(step) };
            step = self.inside(package, &path, name, depth)?;
        }
        Some(step)
    }

    /// Returns a member of an item: function of an `impl`, field, variant.
    fn member<'a>(&'a self, file: &'a str, item: &'a Item, name: &str) -> Option<Found<'a>> {
        if let Some(found) = self.associated(file, item, name) {
            return Some(found);
        }
        let field = item.fields.iter().find(|field| field.name == name).map(|field| field.line);
        let variant = item.variants.iter().find(|it| *it == name).map(|_| item.lines.0);
        let line = field.or(variant)?;
        Some(Found { file, lines: (line, line), thing: Thing::Member(item) })
    }

    fn associated<'a>(&'a self, file: &'a str, item: &Item, name: &str) -> Option<Found<'a>> {
        let package = self.files.get(file)?.package;
        let in_file = |(file, source): (&'a String, &'a SourceFile)| {
            let owns =
                |it: &&Item| it.owner.as_deref() == Some(item.name.as_str()) && it.name == name;
            let found = source.facts().items.iter().find(owns)?;
            Some(Found { file: file.as_str(), lines: found.lines, thing: Thing::Item(found) })
        };
        let first = self.files.get_key_value(file).and_then(in_file);
        // Most types have their functions beside them; the text is asked before the parser for all others.
        first.or_else(|| {
            let others = self.files.iter().filter(|(_, source)| {
                source.package == package
                    && source.target == Target::Main
                    && source.text.contains(name)
                    && source.text.contains(item.name.as_str())
            });
            others.into_iter().find_map(in_file)
        })
    }

    fn no_crate(&self, name: &str) -> Missing {
        let known = self.packages.iter().map(|package| package.krate.as_str());
        Missing { at: name.to_owned(), nearest: nearest(name, known) }
    }

    fn no_name(&self, package: usize, path: &[String], walked: &str, name: &str) -> Missing {
        let mut known: Vec<&str> = Vec::new();
        if let Some((file, depth)) = self.module_file(package, path) {
            let inline = path.get(depth..).unwrap_or_default();
            let facts = self.facts(file).into_iter();
            known.extend(facts.flat_map(|f| {
                let items = f.items.iter().filter(|i| i.owner.is_none() && i.module == inline);
                let uses = f.uses.iter().filter(|u| u.module == inline);
                items.map(|i| i.name.as_str()).chain(uses.map(|u| u.alias.as_str()))
            }));
        }
        known.extend(self.files.values().filter_map(|file| {
            let is_child = file.package == package
                && file.target == Target::Main
                && file.module.len() == path.len() + 1
                && file.module.starts_with(path);
            file.module.last().filter(|_| is_child).map(String::as_str)
        }));
        missing(walked, name, nearest(name, known))
    }

    fn no_member(&self, file: &str, item: &Item, walked: &str, name: &str) -> Missing {
        let fields = item.fields.iter().map(|field| field.name.as_str());
        let mut known: Vec<&str> = fields.chain(item.variants.iter().map(String::as_str)).collect();
        let package = self.files.get(file).map(|source| source.package);
        for source in self.files.values() {
            if Some(source.package) == package && source.text.contains(item.name.as_str()) {
                let owned = source.facts().items.iter();
                let owned = owned.filter(|it| it.owner.as_deref() == Some(item.name.as_str()));
                known.extend(owned.map(|it| it.name.as_str()));
            }
        }
        missing(walked, name, nearest(name, known))
    }
}

fn missing(walked: &str, name: &str, near: Vec<String>) -> Missing {
    let whole = |near: String| format!("{walked}::{near}");
    Missing { at: format!("{walked}::{name}"), nearest: near.into_iter().map(whole).collect() }
}
