//! Puts a switch around every wire of a source: each assignment to a snapshot field in the aggregator, each read of one in
//! a widget. The copy behaves as the original until a switch is thrown.

use anyhow::{Context, Result};
use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{
    Expr, ExprAssign, ExprField, ExprStruct, FieldValue, FnArg, ImplItemFn, ItemFn, ItemImpl,
    ItemMacro, ItemMod, Local, Member, Pat, Signature, Stmt,
};

use super::shape::{Shape, type_name};

/// What a switch turns off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// An assignment to a field of the snapshot, or of the state under the same name.
    Write,
    /// A read of a field of the snapshot.
    Read,
}

/// A place with a switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    /// What the environment variable is set to.
    pub(crate) switch: String,
    pub(crate) wire: Wire,
    pub(crate) file: String,
    pub(crate) line: u32,
    /// The source of the place, on one line.
    pub(crate) text: String,
}

/// A source with switches.
pub(super) struct Instrumented {
    pub(super) source: String,
    pub(super) cuts: Vec<Cut>,
    /// Places that could not get one, in words.
    pub(super) skipped: Vec<String>,
}

/// Puts switches into `source`; their names begin with `prefix`, which no other file has.
pub(super) fn instrument(
    file: &str,
    prefix: &str,
    source: &str,
    wires: &[Wire],
    shape: &Shape,
) -> Result<Instrumented> {
    let parsed = syn::parse_file(source).with_context(|| format!("cannot parse: {file}"))?;
    let mut finder = Finder {
        shape,
        source,
        file,
        prefix,
        wires,
        owner: String::new(),
        is_const: false,
        roots: Vec::new(),
        macros: Vec::new(),
        inserts: Vec::new(),
        cuts: Vec::new(),
        skipped: Vec::new(),
    };
    finder.visit_file(&parsed);
    let Finder { mut inserts, cuts, skipped, .. } = finder;
    inserts.sort_by_key(|insert| (insert.at, insert.rank));
    let mut text = String::with_capacity(source.len() + 64 * inserts.len());
    let mut at = 0;
    for insert in inserts {
        text.push_str(source.get(at..insert.at).unwrap_or_default());
        text.push_str(&insert.text);
        at = insert.at;
    }
    text.push_str(source.get(at..).unwrap_or_default());
    Ok(Instrumented { source: text, cuts, skipped })
}

/// A piece of text that goes into the copy. At one place, what closes comes before what opens.
struct Insert {
    at: usize,
    rank: i64,
    text: String,
}

/// A variable that holds a part of the snapshot.
#[derive(Clone)]
struct Root {
    name: String,
    part: String,
}

struct Finder<'a> {
    shape: &'a Shape,
    source: &'a str,
    file: &'a str,
    prefix: &'a str,
    wires: &'a [Wire],
    /// Type of the `impl` around.
    owner: String,
    is_const: bool,
    roots: Vec<Root>,
    /// Macros of this file whose repetitions have switches.
    macros: Vec<String>,
    inserts: Vec<Insert>,
    cuts: Vec<Cut>,
    skipped: Vec<String>,
}

impl Finder<'_> {
    fn cuts_here(&self, wire: Wire) -> bool {
        self.wires.contains(&wire)
    }

    /// Puts text before and after a piece of source, around whatever lies inside it already.
    fn wrap(&mut self, span: Span, wire: Wire, before: impl Fn(&str) -> String, after: &str) {
        let (bytes, line) = (span.byte_range(), span.start().line as u32);
        let text = self.source.get(bytes.clone()).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.is_const {
            self.skipped.push(format!("{}:{line}: {text} (in a const fn)", self.file));
            return;
        }
        let switch = format!("{}{}", self.prefix, self.cuts.len());
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.inserts.push(Insert {
            at: bytes.start,
            rank: i64::MAX - length,
            text: before(&switch),
        });
        self.inserts.push(Insert {
            at: bytes.end,
            rank: length - i64::MAX,
            text: after.to_owned(),
        });
        self.cuts.push(Cut { switch, wire, file: self.file.to_owned(), line, text });
    }

    fn guard(&mut self, span: Span) {
        self.wrap(
            span,
            Wire::Write,
            |switch| format!("if !{} {{ ", is_thrown(&format!("{switch:?}"))),
            " }",
        );
    }

    /// Returns the part of the snapshot that an expression is, if it starts from a known variable.
    fn part_of(&self, expr: &Expr) -> Option<String> {
        if let Expr::Path(path) = expr {
            let name = path.path.get_ident()?.to_string();
            self.roots.iter().rev().find(|root| root.name == name).map(|root| root.part.clone())
        } else if let Expr::Field(field) = expr {
            let owner = self.part_of(&field.base)?;
            let Member::Named(name) = &field.member else { return None };
            let part = self.shape.field(&owner, &name.to_string())?;
            self.shape.is_part(part).then(|| part.to_owned())
        } else if let Expr::Reference(reference) = expr {
            self.part_of(&reference.expr)
        } else if let Expr::Paren(inner) = expr {
            self.part_of(&inner.expr)
        } else {
            None
        }
    }

    /// Remembers a variable that a pattern binds to a part of the snapshot.
    fn bind(&mut self, pat: &Pat, value: &Expr) {
        if let (Pat::Tuple(names), Expr::Tuple(values)) = (pat, value) {
            for (name, value) in names.elems.iter().zip(&values.elems) {
                self.bind(name, value);
            }
        } else if let (Pat::Ident(name), Some(part)) = (pat, self.part_of(value)) {
            self.roots.push(Root { name: name.ident.to_string(), part });
        }
    }

    fn enter(&mut self, signature: &Signature, inside: impl FnOnce(&mut Self)) {
        let before = (self.roots.clone(), self.is_const);
        self.is_const = signature.constness.is_some();
        for input in &signature.inputs {
            match input {
                FnArg::Typed(typed) => self.parameter(&typed.pat, &typed.ty),
                FnArg::Receiver(_) if self.shape.is_part(&self.owner) => {
                    self.roots.push(Root { name: "self".to_owned(), part: self.owner.clone() });
                }
                FnArg::Receiver(_) => {}
            }
        }
        inside(self);
        (self.roots, self.is_const) = before;
    }

    fn parameter(&mut self, pat: &Pat, ty: &syn::Type) {
        let name_of_type = type_name(ty, true);
        if let Pat::Ident(name) = pat
            && self.shape.is_part(&name_of_type)
        {
            self.roots.push(Root { name: name.ident.to_string(), part: name_of_type });
        }
    }

    /// Returns whether a call changes a field of the snapshot, or of the state under the same name.
    fn changes_a_field(&self, expr: &Expr) -> bool {
        let is_lent = |argument: &Expr| {
            matches!(argument, Expr::Reference(lent)
                if lent.mutability.is_some() && self.is_field(&lent.expr))
        };
        if let Expr::Call(call) = expr {
            return call.args.iter().any(is_lent);
        }
        let Expr::MethodCall(call) = expr else { return false };
        let is_change = ["push", "clone_from", "insert"].iter().any(|name| call.method == name);
        (is_change && self.is_field(&call.receiver)) || call.args.iter().any(is_lent)
    }

    fn is_field(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Field(ExprField { member: Member::Named(name), .. })
            if self.shape.has_field(&name.to_string()))
    }
}

/// Returns the question whether a switch is thrown; its number is found out by the compiler.
fn is_thrown(switch: &str) -> String {
    format!("crate::cut::is(const {{ crate::cut::id({switch}) }})")
}

/// Returns whether a function lies on no way from an event to the screen: what a fresh snapshot holds, and what gives an
/// edited snapshot its verdicts again, which the probe alone asks for and which leaves a folded one as it is.
fn is_no_way(signature: &Signature) -> bool {
    ["empty", "judge", "rejudge"].iter().any(|name| signature.ident == name)
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute
                    .meta
                    .require_list()
                    .is_ok_and(|list| list.tokens.to_string() == "test"))
    })
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let before = std::mem::replace(&mut self.owner, type_name(&item.self_ty, false));
        visit::visit_item_impl(self, item);
        self.owner = before;
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if !is_no_way(&item.sig) {
            self.enter(&item.sig, |finder| visit::visit_item_fn(finder, item));
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_no_way(&item.sig) {
            self.enter(&item.sig, |finder| visit::visit_impl_item_fn(finder, item));
        }
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        let before = self.roots.clone();
        for input in &closure.inputs {
            if let Pat::Type(typed) = input {
                self.parameter(&typed.pat, &typed.ty);
            }
        }
        visit::visit_expr_closure(self, closure);
        self.roots = before;
    }

    fn visit_local(&mut self, local: &'ast Local) {
        visit::visit_local(self, local);
        if let Some(init) = &local.init {
            self.bind(&local.pat, &init.expr);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if let Stmt::Expr(expr, Some(_)) = statement
            && self.cuts_here(Wire::Write)
            && self.changes_a_field(expr)
        {
            self.guard(statement.span());
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr_assign(&mut self, assign: &'ast ExprAssign) {
        if self.cuts_here(Wire::Write) && self.is_field(&assign.left) {
            self.guard(assign.span());
        }
        visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_struct(&mut self, literal: &'ast ExprStruct) {
        let name =
            literal.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        let name = if name == "Self" { self.owner.clone() } else { name };
        if self.cuts_here(Wire::Write) && self.shape.is_part(&name) {
            for field in &literal.fields {
                self.cut_field(field);
            }
        }
        visit::visit_expr_struct(self, literal);
    }

    fn visit_expr_field(&mut self, field: &'ast ExprField) {
        if self.cuts_here(Wire::Read)
            && let Some(owner) = self.part_of(&field.base)
            && let Member::Named(name) = &field.member
            && let Some(part) = self.shape.field(&owner, &name.to_string())
            && !self.shape.is_part(part)
        {
            let before = |switch: &str| {
                format!("(*crate::cut::read(const {{ crate::cut::id({switch:?}) }}, &")
            };
            self.wrap(field.span(), Wire::Read, before, "))");
            return;
        }
        visit::visit_expr_field(self, field);
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        if self.cuts_here(Wire::Write) {
            self.guard_repetitions(item);
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = call.path.segments.last().map(|last| last.ident.to_string());
        if name.is_some_and(|name| self.macros.contains(&name)) {
            self.note_call(call);
        }
    }
}

impl Finder<'_> {
    /// `field: value`, also in its short form `field`. What is never there is no wire.
    fn cut_field(&mut self, field: &FieldValue) {
        if matches!(&field.expr, Expr::Path(path) if path.path.is_ident("None")) {
            return;
        }
        let name = if field.colon_token.is_none() {
            let Member::Named(name) = &field.member else { return };
            format!("{name}: ")
        } else {
            String::new()
        };
        let before = |switch: &str| {
            let is_thrown = is_thrown(&format!("{switch:?}"));
            format!("{name}if {is_thrown} {{ crate::cut::off() }} else {{ ")
        };
        self.wrap(field.expr.span(), Wire::Write, before, " }");
    }

    /// A macro that stores one field per repetition, as `$store.measured(&mut $view.$field, …);`: the copy asks for the
    /// switch by the name of the field.
    fn guard_repetitions(&mut self, item: &ItemMacro) {
        const MARK: &str = "&mut $view.$";
        let bytes = item.span().byte_range();
        let Some(body) = self.source.get(bytes.clone()) else { return };
        let mut from = 0;
        while let Some(found) = body.get(from..).and_then(|rest| rest.find(MARK)) {
            let mark = from + found;
            let name = body.get(mark + MARK.len()..).unwrap_or_default();
            let name: String =
                name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let start = body.get(..mark).and_then(|before| before.rfind("$(")).map(|at| at + 2);
            let end = body.get(mark..).and_then(|rest| rest.find(';')).map(|at| mark + at + 1);
            if let (Some(start), Some(end)) = (start, end) {
                let prefix = self.prefix;
                let switch = format!("concat!({prefix:?}, \"macro:\", stringify!(${name}))");
                let text = format!("if !{} {{ ", is_thrown(&switch));
                self.inserts.push(Insert { at: bytes.start + start, rank: 0, text });
                self.inserts.push(Insert { at: bytes.start + end, rank: 0, text: " }".to_owned() });
            }
            from = mark + MARK.len();
            self.macros.extend(item.ident.as_ref().map(ToString::to_string));
        }
    }

    /// The fields for which a macro with switches is called: `name: …,` in its arguments.
    fn note_call(&mut self, call: &syn::Macro) {
        let mut tokens = Vec::new();
        flatten(call.tokens.clone(), &mut tokens);
        for pair in tokens.windows(2) {
            let [(name, span), (next, _)] = pair else { continue };
            if next == ":" && self.shape.has_field(name) {
                self.cuts.push(Cut {
                    switch: format!("{}macro:{name}", self.prefix),
                    wire: Wire::Write,
                    file: self.file.to_owned(),
                    line: span.start().line as u32,
                    text: format!("{name} in a macro"),
                });
            }
        }
    }
}

fn flatten(tokens: proc_macro2::TokenStream, flat: &mut Vec<(String, Span)>) {
    for token in tokens {
        if let proc_macro2::TokenTree::Group(group) = token {
            flatten(group.stream(), flat);
        } else {
            flat.push((token.to_string(), token.span()));
        }
    }
}
