//! Every `..` in a pattern or literal of a struct, outside tests.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::facts::is_cfg_test;

/// Where the `..` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Pattern,
    Literal,
    /// In the tokens of a macro, where nothing tells the two apart.
    Macro,
}

/// A struct written with `..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rest {
    /// The path of the struct, as written; `Self` has become the type.
    pub(crate) path: Vec<String>,
    /// Inline modules around it.
    pub(crate) module: Vec<String>,
    pub(crate) line: u32,
    pub(crate) place: Place,
}

/// Returns every struct of a file that is written with `..`, what is compiled for tests only left out.
pub(super) fn find(file: &syn::File) -> Vec<Rest> {
    let mut finder = Finder::default();
    if !file.attrs.iter().any(is_cfg_test) {
        finder.visit_file(file);
    }
    finder.found
}

#[derive(Default)]
struct Finder {
    module: Vec<String>,
    owner: Option<String>,
    found: Vec<Rest>,
}

impl Finder {
    fn push(&mut self, path: &syn::Path, place: Place) {
        let line = path.segments.first().map_or(0, |s| s.ident.span().start().line as u32);
        let path = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.push_named(path, line, place);
    }

    fn push_named(&mut self, mut path: Vec<String>, line: u32, place: Place) {
        if path == ["Self"] {
            path = self.owner.iter().cloned().collect();
        }
        self.found.push(Rest { path, module: self.module.clone(), line, place });
    }

    /// Looks for `Name { …, .. }` in tokens that nobody has parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        for tree in tokens {
            match tree {
                TokenTree::Ident(name) => {
                    line = name.span().start().line as u32;
                    path.push(name.to_string());
                    continue;
                }
                // `::` joins names; anything else ends the path.
                TokenTree::Punct(dot) if dot.as_char() == ':' => continue,
                TokenTree::Group(group) => {
                    let is_struct = group.delimiter() == Delimiter::Brace
                        && path.last().is_some_and(|name| name.starts_with(char::is_uppercase));
                    if is_struct && has_rest(group.stream()) {
                        let name = path.last().cloned().into_iter().collect();
                        self.push_named(name, line, Place::Macro);
                    }
                    self.tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            path.clear();
        }
    }
}

/// Returns whether `..` stands at the beginning or after a comma.
fn has_rest(tokens: TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is =
        |at: usize, c: char| matches!(trees.get(at), Some(TokenTree::Punct(p)) if p.as_char() == c);
    (0..trees.len()).any(|at| is(at, '.') && is(at + 1, '.') && (at == 0 || is(at - 1, ',')))
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item_mod(&mut self, it: &'ast syn::ItemMod) {
        if it.attrs.iter().any(is_cfg_test) {
            return;
        }
        self.module.push(it.ident.to_string());
        visit::visit_item_mod(self, it);
        self.module.pop();
    }

    fn visit_item_fn(&mut self, it: &'ast syn::ItemFn) {
        if !it.attrs.iter().any(|a| is_cfg_test(a) || a.path().is_ident("test")) {
            visit::visit_item_fn(self, it);
        }
    }

    fn visit_item_impl(&mut self, it: &'ast syn::ItemImpl) {
        if it.attrs.iter().any(is_cfg_test) {
            return;
        }
        let outer = self.owner.take();
        self.owner = super::ty::Ty::of(&it.self_ty).head().map(ToOwned::to_owned);
        visit::visit_item_impl(self, it);
        self.owner = outer;
    }

    fn visit_pat_struct(&mut self, it: &'ast syn::PatStruct) {
        if it.rest.is_some() {
            self.push(&it.path, Place::Pattern);
        }
        visit::visit_pat_struct(self, it);
    }

    fn visit_expr_struct(&mut self, it: &'ast syn::ExprStruct) {
        if it.dot2_token.is_some() {
            self.push(&it.path, Place::Literal);
        }
        visit::visit_expr_struct(self, it);
    }

    fn visit_macro(&mut self, it: &'ast syn::Macro) {
        self.tokens(it.tokens.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[(&str, Place)]) {
        let found = find(&syn::parse_file(source).unwrap());
        let found: Vec<_> = found.iter().map(|r| (r.path.join("::"), r.place)).collect();
        let found: Vec<_> = found.iter().map(|(path, place)| (path.as_str(), *place)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn patterns_literals_and_macros_are_seen() {
        check("fn f(x: A) { let A { a, .. } = x; }", &[("A", Place::Pattern)]);
        check("fn f() -> a::B { a::B { b: 1, ..base() } }", &[("a::B", Place::Literal)]);
        check("fn f(x: A) { assert!(matches!(x, A { a: 1, .. })); }", &[("A", Place::Macro)]);
        check("impl A { fn f(&self) { let Self { .. } = self; } }", &[("A", Place::Pattern)]);
    }

    #[test]
    fn ranges_and_full_lists_are_not() {
        check("fn f(x: A) { let A { a, b } = x; for _ in 0..3 {} }", &[]);
        check("fn f() { vec![A { a: 0..3 }]; }", &[]);
    }

    #[test]
    fn tests_may_leave_fields_out() {
        check("#[cfg(test)] mod tests { fn f(x: A) { let A { .. } = x; } }", &[]);
        check("#[test] fn f() { let A { .. } = x; }", &[]);
    }
}
