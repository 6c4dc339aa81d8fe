//! What one Rust file holds, taken out of its syntax tree: items, uses, fields, tests, and every `..` in a struct.
//!
//! A syntax tree cannot leave the thread that made it, so everything a check asks for is copied out here.

use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::{Attribute, Item as SynItem};

use super::rest::{self, Rest};
use super::ty::Ty;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Function,
    Struct,
    Enum,
    Trait,
    Constant,
    Alias,
    Macro,
    /// Written by a macro, so that only the name is known.
    Generated,
}

/// A field of a struct, or of nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: Ty,
    pub(crate) line: u32,
    /// Bytes of `name: Type`, attributes and documents left out.
    pub(crate) bytes: Range<usize>,
}

/// An item, or a member of an `impl` or a trait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Inline modules around it, outermost first.
    pub(crate) module: Vec<String>,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The type whose `impl` it stands in.
    pub(crate) owner: Option<String>,
    /// First and last line, documents and attributes left out.
    pub(crate) lines: (u32, u32),
    /// Bytes from visibility to the last brace.
    pub(crate) bytes: Range<usize>,
    /// Fields of a struct with names.
    pub(crate) fields: Vec<Field>,
    /// Variants of an enum.
    pub(crate) variants: Vec<String>,
    pub(crate) derives: Vec<String>,
    /// Whether it has `#[test]`.
    pub(crate) is_test: bool,
    /// Whether `#[ignore]` keeps it from running.
    pub(crate) is_ignored: bool,
    /// The types of a tuple struct, for newtypes; or the type of an alias.
    pub(crate) parts: Vec<Ty>,
}

/// One name that `use` brings in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    /// Inline modules around it.
    pub(crate) module: Vec<String>,
    pub(crate) path: Vec<String>,
    /// Name here; `*` for all names of a module.
    pub(crate) alias: String,
}

/// A `mod name;`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) name: String,
    /// From `#[path = "…"]`.
    pub(crate) path: Option<String>,
    /// Whether only a feature or a test compiles it.
    pub(crate) is_gated: bool,
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) items: Vec<Item>,
    pub(crate) uses: Vec<Use>,
    pub(crate) children: Vec<Child>,
    /// Names of inline modules with their path.
    pub(crate) inline: Vec<Vec<String>>,
    pub(crate) rests: Vec<Rest>,
    /// Why the file could not be read as Rust.
    pub(crate) broken: Option<String>,
}

impl Facts {
    /// Reads a file.
    pub(crate) fn of(text: &str) -> Self {
        let mut facts = Self::default();
        match syn::parse_file(text) {
            Ok(file) => {
                facts.rests = rest::find(&file);
                facts.take(&file.items, &mut Vec::new());
            }
            Err(error) => facts.broken = Some(error.to_string()),
        }
        facts
    }

    fn take(&mut self, items: &[SynItem], module: &mut Vec<String>) {
        for item in items {
            self.take_one(item, module);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows")]
    fn take_one(&mut self, item: &SynItem, module: &mut Vec<String>) {
        match item {
            SynItem::Fn(it) => {
                let made = Item::of_function(module, &it.attrs, &it.vis, &it.sig, &it.block);
                self.items.push(made);
            }
            SynItem::Struct(it) => {
                let mut made = Item::new(module, &it.ident, Kind::Struct, &it.attrs, it);
                made.take_fields(&it.fields);
                self.items.push(made);
            }
            SynItem::Enum(it) => {
                let mut made = Item::new(module, &it.ident, Kind::Enum, &it.attrs, it);
                made.variants = it.variants.iter().map(|v| v.ident.to_string()).collect();
                self.items.push(made);
            }
            SynItem::Trait(it) => {
                self.items.push(Item::new(module, &it.ident, Kind::Trait, &it.attrs, it));
                self.take_trait(it, module);
            }
            SynItem::Const(it) => {
                self.items.push(Item::new(module, &it.ident, Kind::Constant, &it.attrs, it));
            }
            SynItem::Static(it) => {
                self.items.push(Item::new(module, &it.ident, Kind::Constant, &it.attrs, it));
            }
            SynItem::Type(it) => {
                let mut made = Item::new(module, &it.ident, Kind::Alias, &it.attrs, it);
                made.parts = vec![Ty::of(&it.ty)];
                self.items.push(made);
            }
            SynItem::Impl(it) => self.take_impl(it, module),
            SynItem::Mod(it) => self.take_mod(it, module),
            SynItem::Use(it) => take_use(&it.tree, &mut Vec::new(), module, &mut self.uses),
            SynItem::Macro(it) => {
                if let Some(name) = &it.ident {
                    self.items.push(Item::new(module, name, Kind::Macro, &it.attrs, it));
                }
                self.take_generated(&it.mac.tokens, module, true);
            }
            _ => {}
        }
    }

    fn take_mod(&mut self, it: &syn::ItemMod, module: &mut Vec<String>) {
        let name = it.ident.to_string();
        match &it.content {
            Some((_, items)) => {
                module.push(name);
                self.inline.push(module.clone());
                self.take(items, module);
                module.pop();
            }
            None => self.children.push(Child {
                name,
                path: it.attrs.iter().find_map(path_attribute),
                is_gated: it.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")),
            }),
        }
    }

    fn take_trait(&mut self, it: &syn::ItemTrait, module: &[String]) {
        for member in &it.items {
            if let syn::TraitItem::Fn(f) = member {
                let mut made = Item::new(module, &f.sig.ident, Kind::Function, &f.attrs, f);
                made.owner = Some(it.ident.to_string());
                self.items.push(made);
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows")]
    fn take_impl(&mut self, it: &syn::ItemImpl, module: &[String]) {
        let Some(owner) = Ty::of(&it.self_ty).head().map(ToOwned::to_owned) else { return };
        for member in &it.items {
            let made = match member {
                syn::ImplItem::Fn(f) => {
                    Item::of_function(module, &f.attrs, &f.vis, &f.sig, &f.block)
                }
                syn::ImplItem::Const(c) => Item::new(module, &c.ident, Kind::Constant, &c.attrs, c),
                _ => continue,
            };
            self.items.push(Item { owner: Some(owner.clone()), ..made });
        }
    }

    /// Notes `Kind(Payload)` among the tokens of a macro, for the list of events.
    fn take_variant(
        &mut self,
        name: &proc_macro2::Ident,
        group: &proc_macro2::Group,
        module: &[String],
    ) {
        if group.delimiter() != Delimiter::Parenthesis {
            return;
        }
        if let Ok(ty) = syn::parse2::<syn::Type>(group.stream()) {
            let mut made = Item::new(module, name, Kind::Generated, &[], name);
            made.owner = Some(VARIANT.to_owned());
            made.parts = vec![Ty::of(&ty)];
            self.items.push(made);
        }
    }

    /// Notes the names of types and functions that stand in the tokens of a macro.
    fn take_generated(&mut self, tokens: &TokenStream, module: &[String], is_top: bool) {
        let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
        for (at, tree) in trees.iter().enumerate() {
            if let TokenTree::Group(group) = tree {
                // What stands in the braces of a macro call may be the head of a type again.
                let is_call = group.delimiter() == Delimiter::Brace
                    && at.checked_sub(1).is_some_and(|before| {
                        matches!(&trees[before], TokenTree::Punct(p) if p.as_char() == '!')
                    });
                self.take_generated(&group.stream(), module, is_call);
            }
            let TokenTree::Ident(name) = tree else { continue };
            let is_keyed = at.checked_sub(1).is_some_and(|before| is_item_word(&trees[before]));
            let is_headed = is_top
                && matches!(trees.get(at + 1), Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Brace)
                && name.to_string().starts_with(char::is_uppercase);
            if is_keyed || is_headed {
                self.items.push(Item::new(module, name, Kind::Generated, &[], tree));
            }
            if is_top && let Some(TokenTree::Group(group)) = trees.get(at + 1) {
                self.take_variant(name, group, module);
            }
        }
    }
}

/// Owner of what looks like a variant in the tokens of a macro: `TrainingStarted(Box<TrainingStarted>)`.
pub(super) const VARIANT: &str = "a macro";

impl Item {
    /// Returns a function with a body. The span of the whole is made of its ends: asking syn for it prints every token
    /// of the body first, a tenth of the time that reading a file takes.
    fn of_function(
        module: &[String],
        attributes: &[Attribute],
        visibility: &syn::Visibility,
        signature: &syn::Signature,
        block: &syn::Block,
    ) -> Self {
        let start = match visibility {
            syn::Visibility::Inherited => signature.span(),
            syn::Visibility::Public(_) | syn::Visibility::Restricted(_) => visibility.span(),
        };
        let whole = start.join(block.brace_token.span.close()).unwrap_or(start);
        Self::new(module, &signature.ident, Kind::Function, attributes, &whole)
    }

    fn new(
        module: &[String],
        name: &proc_macro2::Ident,
        kind: Kind,
        attributes: &[Attribute],
        whole: &impl Spanned,
    ) -> Self {
        let span = whole.span();
        // The span of an item begins at its first attribute; documents are attributes too.
        let last = attributes.last().map(Spanned::span);
        let end = span.byte_range().end;
        let start = last.map_or(span.byte_range().start, |span| span.byte_range().end);
        Self {
            module: module.to_vec(),
            name: name.to_string(),
            kind,
            owner: None,
            lines: (name.span().start().line as u32, span.end().line as u32),
            bytes: start.min(end)..end,
            fields: Vec::new(),
            variants: Vec::new(),
            derives: attributes.iter().flat_map(derives).collect(),
            is_test: attributes.iter().any(|a| a.path().is_ident("test")),
            is_ignored: attributes.iter().any(|a| a.path().is_ident("ignore")),
            parts: Vec::new(),
        }
    }

    fn take_fields(&mut self, fields: &syn::Fields) {
        for field in fields {
            let ty = Ty::of(&field.ty);
            match &field.ident {
                Some(name) => self.fields.push(Field {
                    name: name.to_string(),
                    ty,
                    line: name.span().start().line as u32,
                    bytes: name.span().byte_range().start..field.ty.span().byte_range().end,
                }),
                None => self.parts.push(ty),
            }
        }
    }
}

fn is_item_word(tree: &TokenTree) -> bool {
    const WORDS: [&str; 7] = ["struct", "enum", "fn", "trait", "type", "const", "static"];
    matches!(tree, TokenTree::Ident(word) if WORDS.iter().any(|known| word == known))
}

fn derives(attribute: &Attribute) -> Vec<String> {
    let mut names = Vec::new();
    if attribute.path().is_ident("derive") {
        // A derive that cannot be read does not compile, and the compiler says so better.
        let _unread = attribute.parse_nested_meta(|meta| {
            names.extend(meta.path.segments.last().map(|s| s.ident.to_string()));
            Ok(())
        });
    }
    names
}

/// Returns whether the attribute is `#[cfg(test)]`.
pub(super) fn is_cfg_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
    let syn::Expr::Lit(literal) = &pair.value else { return None };
    let syn::Lit::Str(text) = &literal.lit else { return None };
    pair.path.is_ident("path").then(|| text.value())
}

fn take_use(tree: &syn::UseTree, path: &mut Vec<String>, module: &[String], into: &mut Vec<Use>) {
    let mut push = |path: Vec<String>, alias: String| {
        into.push(Use { module: module.to_vec(), path, alias });
    };
    match tree {
        syn::UseTree::Path(it) => {
            path.push(it.ident.to_string());
            take_use(&it.tree, path, module, into);
            path.pop();
        }
        syn::UseTree::Name(it) if it.ident == "self" => {
            push(path.clone(), path.last().cloned().unwrap_or_default());
        }
        syn::UseTree::Name(it) => {
            let name = it.ident.to_string();
            push([path.clone(), vec![name.clone()]].concat(), name);
        }
        syn::UseTree::Rename(it) => {
            push([path.clone(), vec![it.ident.to_string()]].concat(), it.rename.to_string());
        }
        syn::UseTree::Glob(_) => push(path.clone(), "*".to_owned()),
        syn::UseTree::Group(it) => {
            for tree in &it.items {
                take_use(tree, path, module, into);
            }
        }
    }
}
