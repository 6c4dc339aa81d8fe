//! A Rust file taken apart: tokens with their lines, paths written out, comments apart from code.

use std::str::FromStr;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// One token; delimiters of groups are tokens of their own, doc comments are none.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) text: String,
    /// Counted from 1.
    pub(super) line: usize,
    /// Whether it belongs to an item that only tests see.
    pub(super) in_test: bool,
}

/// A path such as `std::fs::read`, also where a `use` spreads it over braces.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
    pub(super) in_test: bool,
}

impl Path {
    /// Returns whether `part`, such as `Instant::now`, stands anywhere in this path.
    pub(super) fn contains(&self, part: &str) -> bool {
        let part: Vec<&str> = part.split("::").collect();
        self.segments.windows(part.len()).any(|window| window == part)
    }

    /// Returns whether this path begins with `start`.
    pub(super) fn starts_with(&self, start: &str) -> bool {
        let mut segments = self.segments.iter();
        start.split("::").all(|part| segments.next().is_some_and(|segment| segment == part))
    }
}

/// What tidy needs to know about a Rust file.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) tokens: Vec<Token>,
    pub(super) paths: Vec<Path>,
    /// Line and text of each comment, doc comments included.
    pub(super) comments: Vec<(usize, String)>,
    /// The line on which the test module at the end of the file begins, its attribute included.
    pub(super) tests_from: Option<usize>,
}

impl Source {
    /// Takes `text` apart, all of it `in_test` if only tests see it; fails where the compiler would fail too.
    pub(super) fn parse(text: &str, in_test: bool) -> Result<Self, String> {
        let stream = TokenStream::from_str(text).map_err(|error| {
            format!("no Rust from line {} on: {error}", error.span().start().line)
        })?;
        let lines: Vec<&str> = text.lines().collect();
        let mut walk = Walk { lines: &lines, tokens: Vec::new(), literals: Vec::new() };
        let tests_from = if in_test { Some(1) } else { tests_at_the_end(&stream) };
        walk.stream(stream, in_test);
        let Walk { tokens, literals, .. } = walk;
        let paths = (0..tokens.len()).flat_map(|start| paths_from(&tokens, start)).collect();
        Ok(Self { paths, comments: comments(&lines, &literals), tokens, tests_from })
    }

    /// Returns the lines on which `pattern`, a piece of Rust, stands, with whether only tests see it.
    pub(super) fn find(&self, pattern: &[&str]) -> Vec<(usize, bool)> {
        self.tokens
            .windows(pattern.len())
            .filter(|window| {
                window.iter().zip(pattern).all(|(token, wanted)| token.text == *wanted)
            })
            .filter_map(|window| window.first().map(|token| (token.line, token.in_test)))
            .collect()
    }

    /// Returns each attribute as the position of its `#` and its tokens between the brackets.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (usize, &[Token])> {
        (0..self.tokens.len()).filter_map(|at| {
            let text = |at: usize| self.tokens.get(at).map(|token| token.text.as_str());
            let open = match (text(at), text(at + 1), text(at + 2)) {
                (Some("#"), Some("["), _) => at + 1,
                (Some("#"), Some("!"), Some("[")) => at + 2,
                _ => return None,
            };
            Some((at, self.tokens.get(open + 1..closing(&self.tokens, open))?))
        })
    }
}

/// Returns the position of the delimiter that closes the one at `open`.
pub(super) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

struct Walk<'a> {
    lines: &'a [&'a str],
    tokens: Vec<Token>,
    /// Where literals stand: line and column of their first and behind their last character.
    literals: Vec<(Position, Position)>,
}

type Position = (usize, usize);

impl Walk<'_> {
    fn push(&mut self, text: impl Into<String>, line: usize, in_test: bool) {
        self.tokens.push(Token { text: text.into(), line, in_test });
    }

    fn stream(&mut self, stream: TokenStream, in_test: bool) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut until_end_of_item = false;
        for (at, tree) in trees.iter().enumerate() {
            until_end_of_item |= is_test_attribute(trees.get(at..).unwrap_or_default());
            self.tree(tree, in_test || until_end_of_item);
            if ends_item(tree) {
                until_end_of_item = false;
            }
        }
    }

    fn tree(&mut self, tree: &TokenTree, in_test: bool) {
        let (start, end) = (tree.span().start(), tree.span().end());
        // The lexer turns a doc comment into an attribute that lies where the comment lies.
        let written = self
            .lines
            .get(start.line.saturating_sub(1))
            .map(|line| line.chars().skip(start.column));
        let mut written = written.into_iter().flatten();
        if written.next() == Some('/') && matches!(written.next(), Some('/' | '*')) {
            return;
        }
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                self.push(open, start.line, in_test);
                self.stream(group.stream(), in_test);
                self.push(close, end.line, in_test);
            }
            TokenTree::Literal(literal) => {
                self.literals.push(((start.line, start.column), (end.line, end.column)));
                self.push(literal.to_string(), start.line, in_test);
            }
            TokenTree::Ident(ident) => self.push(ident.to_string(), start.line, in_test),
            TokenTree::Punct(punct) => self.push(punct.as_char(), start.line, in_test),
        }
    }
}

/// Returns whether `trees` begin with `#[cfg(test)]`, or with `#[test]`.
fn is_test_attribute(trees: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(group), ..] = trees else { return false };
    let inside = group.stream().to_string().replace(' ', "");
    hash.as_char() == '#'
        && (inside == "test" || inside == "cfg(test)" || inside.starts_with("cfg(all(test"))
}

/// Returns whether an item that an attribute belongs to may end with `tree`.
fn ends_item(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';' && punct.spacing() == Spacing::Alone,
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}

/// Returns the line of the test attribute of the last item, if that item is a module with a body.
fn tests_at_the_end(stream: &TokenStream) -> Option<usize> {
    let trees: Vec<TokenTree> = stream.clone().into_iter().collect();
    let start = trees
        .iter()
        .enumerate()
        .rposition(|(at, _)| is_test_attribute(trees.get(at..).unwrap_or_default()))?;
    let item = trees.get(start..)?;
    let is_module =
        item.iter().any(|tree| matches!(tree, TokenTree::Ident(word) if *word == "mod"));
    let ends = item.iter().filter(|tree| ends_item(tree)).count();
    (is_module && ends == 1 && ends_item(item.last()?))
        .then(|| trees.get(start).map(|tree| tree.span().start().line))?
}

/// Returns the paths that begin with the token at `start`; none where another path runs through it.
fn paths_from(tokens: &[Token], start: usize) -> Vec<Path> {
    let inside = start
        .checked_sub(1)
        .and_then(|before| tokens.get(before))
        .is_some_and(|token| token.text == ":");
    let joined =
        inside && start >= 2 && tokens.get(start - 2).is_some_and(|token| token.text == ":");
    let mut found = Vec::new();
    if !joined {
        follow(tokens, start, &[], &mut found);
    }
    found
}

fn follow(tokens: &[Token], start: usize, before: &[String], found: &mut Vec<Path>) {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let is_word =
        |at: usize| text(at).starts_with(|first: char| first.is_alphabetic() || first == '_');
    if !is_word(start) {
        return;
    }
    let mut segments = before.to_vec();
    let mut at = start;
    segments.push(text(at).to_owned());
    while text(at + 1) == ":" && text(at + 2) == ":" {
        at += 3;
        if text(at) == "{" {
            let end = closing(tokens, at);
            let mut part = at + 1;
            while part < end {
                follow(tokens, part, &segments, found);
                part = next_part(tokens, part, end);
            }
            return;
        }
        if !is_word(at) {
            break;
        }
        segments.push(text(at).to_owned());
    }
    if let Some(token) = tokens.get(start) {
        found.push(Path { segments, line: token.line, in_test: token.in_test });
    }
}

/// Returns the position behind the next comma that lies between no further braces, at most `end`.
fn next_part(tokens: &[Token], from: usize, end: usize) -> usize {
    let mut at = from;
    while at < end {
        match tokens.get(at).map(|token| token.text.as_str()) {
            Some("{") => at = closing(tokens, at),
            Some(",") => return at + 1,
            _ => {}
        }
        at += 1;
    }
    end
}

/// Returns the comments that begin with two slashes outside of `literals`.
fn comments(lines: &[&str], literals: &[(Position, Position)]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let at_line = index + 1;
        let in_literal = |column: usize| {
            literals
                .iter()
                .any(|(start, end)| *start <= (at_line, column) && (at_line, column) < *end)
        };
        let characters: Vec<char> = line.chars().collect();
        let start = characters
            .windows(2)
            .enumerate()
            .position(|(at, pair)| pair == ['/', '/'] && !in_literal(at));
        if let Some(start) = start {
            found.push((at_line, characters.iter().skip(start).collect()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Source {
        Source::parse(text, false).unwrap()
    }

    #[test]
    fn a_test_module_in_a_file_of_its_own_is_all_tests() {
        let source = Source::parse("//! A.\nfn a() {}\n", true).unwrap();
        assert_eq!(source.tests_from, Some(1));
        assert!(source.tokens.iter().all(|token| token.in_test));
    }

    #[test]
    fn a_use_with_braces_is_written_out() {
        let source =
            parse("use std::{fs, time::{Duration, Instant as Now}};\nfn f() { io::stdin() }");
        let paths: Vec<String> = source.paths.iter().map(|path| path.segments.join("::")).collect();
        for wanted in ["std::fs", "std::time::Duration", "std::time::Instant", "io::stdin"] {
            assert!(paths.iter().any(|path| path == wanted), "{wanted} in {paths:?}");
        }
        assert!(
            source
                .paths
                .iter()
                .any(|path| path.contains("time::Instant") && path.starts_with("std::time"))
        );
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        let source =
            parse("//! std::fs\n/// std::fs\nfn f() { g(\"std::fs // no\"); } // yes, std::fs\n");
        assert!(!source.paths.iter().any(|path| path.contains("fs")));
        let comments: Vec<_> =
            source.comments.iter().map(|(line, text)| (*line, text.as_str())).collect();
        assert_eq!(comments, [(1, "//! std::fs"), (2, "/// std::fs"), (3, "// yes, std::fs")]);
    }

    #[test]
    fn what_only_tests_see_is_marked() {
        let source = parse(
            "fn a() {}\n#[cfg(test)]\nfn b() {}\nfn c() {}\n#[cfg(test)]\nmod tests { fn d() {} }\n",
        );
        let in_test = |name: &str| source.find(&["fn", name]).first().map(|(_, in_test)| *in_test);
        assert_eq!(
            ["a", "b", "c", "d"].map(in_test),
            [Some(false), Some(true), Some(false), Some(true)]
        );
        assert_eq!(source.tests_from, Some(5));
    }

    #[test]
    fn only_a_module_at_the_end_counts_as_the_tests() {
        assert_eq!(parse("#[cfg(test)]\nmod tests {}\nfn a() {}").tests_from, None);
        assert_eq!(parse("#[cfg(test)]\nmod tests;\n").tests_from, Some(1));
        assert_eq!(parse("fn a() {}").tests_from, None);
    }

    #[test]
    fn attributes_are_found_inside_and_outside() {
        let source = parse("#![expect(x)]\n#[serde(default)]\nstruct A;");
        let found: Vec<_> = source
            .attributes()
            .map(|(at, inside)| (source.tokens[at].line, inside.len()))
            .collect();
        assert_eq!(found, [(1, 4), (2, 4)]);
    }

    #[test]
    fn what_is_no_rust_is_an_error() {
        assert!(Source::parse("fn a( {", false).unwrap_err().starts_with("no Rust from line "));
    }
}
