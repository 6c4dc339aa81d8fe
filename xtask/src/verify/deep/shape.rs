//! What the snapshot is made of: its structs, their fields and the types of these, read from the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use syn::visit::{self, Visit};
use syn::{File, GenericArgument, Item, PathArguments, PathSegment, Type};

/// Sources that declare what a snapshot is made of.
const SOURCES: &[&str] = &[
    "crates/karn-sanctum/src/snapshot.rs",
    "crates/karn-sanctum/src/snapshot/env.rs",
    "crates/karn-sanctum/src/snapshot/episode.rs",
    "crates/karn-sanctum/src/snapshot/policy.rs",
    "crates/karn-sanctum/src/snapshot/telemetry.rs",
    "crates/karn-sanctum/src/snapshot/vitals.rs",
    "crates/karn-sanctum/src/log.rs",
];
/// Fields of a reading that are written after it was made.
const OF_A_READING: &[&str] = &["fresh", "verdict"];

/// The structs of a snapshot.
pub(super) struct Shape {
    /// Struct → field → name of its type, without `Option`, `Arc` and `&` around it.
    structs: BTreeMap<String, BTreeMap<String, String>>,
    fields: BTreeSet<String>,
}

impl Shape {
    /// Reads the structs of the tree under `root`.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut declared = BTreeMap::new();
        for path in SOURCES {
            let text = std::fs::read_to_string(root.join(path))
                .with_context(|| format!("cannot read the snapshot: {path}"))?;
            let file = syn::parse_file(&text).with_context(|| format!("cannot parse: {path}"))?;
            add(&file, &mut declared);
        }
        if !declared.contains_key("Snapshot") {
            bail!("no struct Snapshot in {}", SOURCES[0]);
        }
        Ok(Self::of(&declared))
    }

    fn of(declared: &BTreeMap<String, Declared>) -> Self {
        let mut structs = BTreeMap::new();
        let mut waiting = vec!["Snapshot".to_owned()];
        while let Some(name) = waiting.pop() {
            if let (false, Some(found)) = (structs.contains_key(&name), declared.get(&name)) {
                waiting.extend(found.mentions.iter().cloned());
                structs.insert(name, found.fields.clone());
            }
        }
        let names = structs.values().flat_map(BTreeMap::keys).cloned();
        let fields = names.chain(OF_A_READING.iter().map(|&name| name.to_owned())).collect();
        Self { structs, fields }
    }

    #[cfg(test)]
    pub(super) fn of_source(source: &str) -> Self {
        let mut declared = BTreeMap::new();
        add(&syn::parse_file(source).unwrap(), &mut declared);
        Self::of(&declared)
    }

    /// Returns whether a struct of this name belongs to the snapshot.
    pub(super) fn is_part(&self, name: &str) -> bool {
        self.structs.contains_key(name)
    }

    /// Returns whether some struct has a field of this name.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.fields.contains(name)
    }

    /// Returns the type of a field of a struct.
    pub(super) fn field(&self, owner: &str, name: &str) -> Option<&str> {
        self.structs.get(owner)?.get(name).map(String::as_str)
    }
}

/// A struct as its source declares it.
#[derive(Default)]
struct Declared {
    fields: BTreeMap<String, String>,
    /// Every name in the types of its fields.
    mentions: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Declared {
    fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
        self.mentions.insert(segment.ident.to_string());
        visit::visit_path_segment(self, segment);
    }
}

fn add(file: &File, declared: &mut BTreeMap<String, Declared>) {
    for item in &file.items {
        if let Item::Struct(item) = item {
            let mut found = Declared::default();
            for field in &item.fields {
                found.visit_type(&field.ty);
                let name = field.ident.as_ref().map(ToString::to_string);
                found.fields.extend(name.map(|name| (name, type_name(&field.ty, false))));
            }
            declared.insert(item.ident.to_string(), found);
        }
    }
}

/// Returns the last segment of a type, looking through references; with `inside` also through `Arc`.
pub(super) fn type_name(ty: &Type, inside: bool) -> String {
    if let Type::Reference(reference) = ty {
        return type_name(&reference.elem, inside);
    }
    let Type::Path(path) = ty else { return String::new() };
    let Some(last) = path.path.segments.last() else { return String::new() };
    if inside
        && last.ident == "Arc"
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(ty)) = arguments.args.first()
    {
        return type_name(ty, inside);
    }
    last.ident.to_string()
}
