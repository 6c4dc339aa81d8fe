//! Structs as trees: from a path like `envs[*].status` to its type, and all leaves of a struct.

use std::collections::BTreeSet;

use super::facts::{Field, Item, Kind, VARIANT};
use super::{SourceIndex, Ty, nearest};

/// How deep a tree may be; more is a type that contains itself.
const DEPTH: usize = 12;

/// Where a path ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Walked<'a> {
    /// The declared type, `Option` and all.
    pub(crate) ty: Ty,
    /// The struct of the last field.
    pub(crate) owner: &'a Item,
    pub(crate) field: &'a Field,
    pub(crate) file: &'a str,
    /// Whether the path ends inside a list or map, at one element.
    pub(crate) is_element: bool,
}

/// A field of which a path goes on.
struct Here<'a> {
    ty: Ty,
    file: &'a str,
    module: &'a [String],
}

impl SourceIndex {
    /// Walks from the snapshot along a path without `snapshot.` and with `[*]` for indices.
    pub(crate) fn walk_snapshot(&self, path: &str) -> Result<Walked<'_>, String> {
        self.walk(&self.wire.snapshot, path)
    }

    /// Returns all leaves of the snapshot.
    pub(crate) fn snapshot_leaves(&self) -> Vec<String> {
        self.leaves(&self.wire.snapshot)
    }

    /// Returns the kinds of events, in the order of the list.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        self.variants().map(|(_, item)| item.name.as_str()).collect()
    }

    /// Returns file and struct of the payload of a kind of event; of `envelope`, the envelope.
    pub(crate) fn payload(&self, kind: &str) -> Option<(&str, &Item)> {
        if kind == "envelope" {
            let found = self.resolve(&self.wire.envelope).ok()?;
            return Some((found.file, found.item()?));
        }
        if let Some((file, variant)) = self.variants().find(|(_, item)| item.name == kind) {
            let Some(Ty::Named { path, args: _ }) = variant.parts.first() else { return None };
            return self.resolve_in(file, &variant.module, path);
        }
        // Without a list of events each payload is its own kind.
        let found = self.resolve(&format!("{}::{kind}", self.wire.payloads)).ok()?;
        Some((found.file, found.item()?)).filter(|(_, item)| item.kind == Kind::Struct)
    }

    /// Says whether `Kind.field` is a field of a payload, or `Kind` a kind.
    pub(crate) fn payload_leaf(&self, leaf: &str) -> Result<Walked<'_>, String> {
        let (kind, path) = leaf.split_once('.').unwrap_or((leaf, ""));
        let (file, item) = self.payload(kind).ok_or_else(|| {
            let near = nearest(kind, self.kinds());
            let offer = if near.is_empty() {
                String::new()
            } else {
                format!("; near: `{}`", near.join("`, `"))
            };
            format!("there is no event {kind}{offer}")
        })?;
        self.walk_from(file, item, path)
    }

    /// Returns file and name of every struct with a payload's data, nested ones too.
    pub(crate) fn payload_structs(&self) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        for kind in self.kinds() {
            if let Some((file, item)) = self.payload(kind) {
                self.structs(file, item, &mut found);
            }
        }
        found
    }

    /// Returns file and name of every struct that the snapshot is made of; a reading is a value.
    pub(crate) fn snapshot_structs(&self) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        if let Ok(root) = self.resolve(&self.wire.snapshot)
            && let Some(item) = root.item()
        {
            self.structs(root.file, item, &mut found);
        }
        found
    }

    fn structs(&self, file: &str, item: &Item, into: &mut BTreeSet<(String, String)>) {
        if !into.insert((file.to_owned(), item.name.clone())) {
            return;
        }
        for field in &item.fields {
            let mut ty = field.ty.present();
            while let Some(element) = ty.element() {
                ty = element.present();
            }
            let here = Here { ty: ty.clone(), file, module: &item.module };
            if let Some((file, inner)) = self.struct_of(&here) {
                self.structs(file, inner, into);
            }
        }
    }

    /// Returns what the list of events says: kind, and type of the payload.
    fn variants(&self) -> impl Iterator<Item = (&str, &Item)> {
        let facts = self.facts(&self.wire.events).into_iter();
        facts
            .flat_map(|facts| &facts.items)
            .filter(|item| item.owner.as_deref() == Some(VARIANT))
            .map(|item| (self.wire.events.as_str(), item))
    }

    /// Walks from a struct (`karn_sanctum::Snapshot`) along `envs[*].status`; fails with a reason for people.
    pub(crate) fn walk(&self, root: &str, path: &str) -> Result<Walked<'_>, String> {
        let found =
            self.resolve(root).map_err(|missing| format!("no {} in the sources", missing.at))?;
        let item = found.item().ok_or_else(|| format!("{root} is no struct"))?;
        self.walk_from(found.file, item, path)
    }

    fn walk_from<'a>(
        &'a self,
        mut file: &'a str,
        mut owner: &'a Item,
        path: &str,
    ) -> Result<Walked<'a>, String> {
        let mut so_far = String::new();
        let mut parts = path.split('.').peekable();
        while let Some(part) = parts.next() {
            let (name, stars) = split(part);
            let field = owner
                .fields
                .iter()
                .find(|field| field.name == name)
                .ok_or_else(|| no_field(owner, &so_far, name))?;
            so_far = if so_far.is_empty() { part.to_owned() } else { format!("{so_far}.{part}") };
            let mut ty = field.ty.clone();
            for _ in 0..stars {
                let inside = ty.present().element();
                ty = inside
                    .cloned()
                    .ok_or_else(|| format!("{so_far} is {ty}, neither list nor map"))?;
            }
            if parts.peek().is_none() {
                return Ok(Walked { ty, owner, field, file, is_element: stars > 0 });
            }
            let here = Here { ty, file, module: &owner.module };
            (file, owner) = self.struct_of(&here).ok_or_else(|| dead_end(&so_far, &here.ty))?;
        }
        Err("the path is empty".to_owned())
    }

    /// Returns the paths of all leaves of a struct. A reading is one leaf, a list or map of plain values too.
    pub(crate) fn leaves(&self, root: &str) -> Vec<String> {
        let mut leaves = Vec::new();
        if let Ok(found) = self.resolve(root)
            && let Some(item) = found.item()
        {
            self.collect(found.file, item, "", 0, &mut leaves);
        }
        leaves
    }

    fn collect(&self, file: &str, item: &Item, prefix: &str, depth: usize, into: &mut Vec<String>) {
        for field in &item.fields {
            let mut path = if prefix.is_empty() {
                field.name.clone()
            } else {
                format!("{prefix}.{}", field.name)
            };
            let mut ty = field.ty.present();
            let plain = path.clone();
            while let Some(element) = ty.element() {
                path.push_str("[*]");
                ty = element.present();
            }
            let here = Here { ty: ty.clone(), file, module: &item.module };
            match self.struct_of(&here).filter(|_| depth < DEPTH) {
                Some((file, inner)) => self.collect(file, inner, &path, depth + 1, into),
                None => into.push(plain),
            }
        }
    }

    /// Returns the struct with fields that a type means where it is written; nothing for readings and plain values.
    fn struct_of<'a>(&'a self, here: &Here<'_>) -> Option<(&'a str, &'a Item)> {
        let ty = here.ty.present();
        let Ty::Named { path, args: _ } = ty else { return None };
        if ty.head() == Some("Reading") {
            return None;
        }
        let (file, item) = self.resolve_in(here.file, here.module, path)?;
        (item.kind == Kind::Struct && !item.fields.is_empty()).then_some((file, item))
    }
}

/// Returns `envs` and 1 of `envs[*]`.
fn split(part: &str) -> (&str, usize) {
    let mut name = part;
    let mut stars = 0;
    while let Some(shorter) = name.strip_suffix("[*]") {
        name = shorter;
        stars += 1;
    }
    (name, stars)
}

fn no_field(owner: &Item, so_far: &str, name: &str) -> String {
    let near = nearest(name, owner.fields.iter().map(|field| field.name.as_str()));
    let whole = |near: &String| {
        if so_far.is_empty() { near.clone() } else { format!("{so_far}.{near}") }
    };
    let offer = match near.iter().map(whole).collect::<Vec<_>>().join("`, `") {
        near if near.is_empty() => String::new(),
        near => format!("; near: `{near}`"),
    };
    format!("{} has no field {name}{offer}", owner.name)
}

fn dead_end(so_far: &str, ty: &Ty) -> String {
    if ty.present().element().is_some() {
        format!("{so_far} is {ty}: write `{so_far}[*]` for its elements")
    } else {
        format!("{so_far} is {ty} and has no fields of its own")
    }
}
