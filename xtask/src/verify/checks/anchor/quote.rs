//! A04: Rust that a record quotes is the Rust of the sources, compared as tokens.
//!
//! A block whose first line is ` ```rust karn_sanctum::Snapshot::empty ` has that anchor; any other block must stand in
//! one of the files that the record names. A comment line of dots (`// …`) leaves something out.

use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use super::named_sources;
use crate::verify::code;
use crate::verify::finding::{Finding, Outcome};
use crate::verify::index::SourceIndex;
use crate::verify::record::{Block, Record};
use crate::verify::world::World;

/// A04: every quoted Rust block stands in the sources.
pub(crate) fn a04_quotes(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        // A record that quotes nothing was looked at too: most quote nothing.
        outcome.saw(Some(record.id));
        for block in &record.blocks {
            let mut words = block.language.split([' ', ',']);
            if words.next() != Some("rust") {
                continue;
            }
            let anchor = words.find(|word| word.contains("::"));
            let difference = compare(record, block, anchor, &world.index);
            outcome.findings.extend(difference.map(|finding| finding.of(record.id)));
        }
    }
    outcome
}

fn compare(
    record: &Record,
    block: &Block,
    anchor: Option<&str>,
    index: &SourceIndex,
) -> Option<Finding> {
    let finding = |message: String| {
        let subject = anchor.unwrap_or(&block.section);
        Finding::new(code::A04, block.at.clone(), subject, message)
    };
    let pieces = pieces(&block.text);
    let pieces: Option<Vec<Vec<String>>> = pieces.iter().map(|text| tokens(text)).collect();
    let Some(pieces) = pieces else {
        return Some(finding("the quoted block is no Rust".to_owned()));
    };
    let mut best = Difference::default();
    for (file, text) in places(record, anchor, index) {
        let Some(source) = tokens(text) else { continue };
        match contains(&source, &pieces) {
            Ok(()) => return None,
            Err(difference) if best.matched < difference.matched || best.file.is_empty() => {
                best = Difference { file: file.to_owned(), ..difference };
            }
            Err(_) => {}
        }
    }
    if best.file.is_empty() {
        return Some(finding("the quoted block has no source to compare with".to_owned()));
    }
    let message = format!("the quoted block differs from {}", best.file);
    Some(finding(message).instead(best.source, best.quoted))
}

/// Returns the sources to look into: the item of the anchor, or every file that the record names.
fn places<'a>(
    record: &'a Record,
    anchor: Option<&str>,
    index: &'a SourceIndex,
) -> Vec<(&'a str, &'a str)> {
    if let Some(anchor) = anchor {
        let item = index.resolve(anchor).ok().and_then(|found| {
            let item = found.item()?;
            Some((found.file, index.text(found.file)?.get(item.bytes.clone())?))
        });
        return item.into_iter().collect();
    }
    let sources = named_sources(record, index);
    sources.into_iter().filter_map(|file| Some((file, index.text(file)?))).collect()
}

/// Splits a block at comment lines of dots.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for line in text.lines() {
        let comment = line.trim().strip_prefix("//").map(str::trim);
        if comment.is_some_and(|comment| comment.starts_with('…') || comment.starts_with("...")) {
            pieces.push(String::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push_str(line);
            piece.push('\n');
        }
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

/// Returns the tokens of some Rust, flat, without documents; `None` if it is none.
///
/// A quote may begin and end in the middle of something: brackets that are missing are added for the parser and taken
/// away again.
fn tokens(text: &str) -> Option<Vec<String>> {
    let mut flat = Vec::new();
    if let Ok(stream) = TokenStream::from_str(text) {
        flatten(stream, &mut flat);
    } else {
        let (before, after) = unmatched(text);
        let whole = format!("{before} {text} {after}");
        flatten(TokenStream::from_str(&whole).ok()?, &mut flat);
        flat.truncate(flat.len().saturating_sub(after.len()));
        flat.drain(..before.len().min(flat.len()));
    }
    // As at the end of every group.
    flat.pop_if(|last| last == ",");
    Some(flat)
}

/// Returns the brackets that a text needs before and after it.
fn unmatched(text: &str) -> (String, String) {
    let mut before = Vec::new();
    let mut open = Vec::new();
    for c in text.chars() {
        let partner = match c {
            '{' => '}',
            '(' => ')',
            '[' => ']',
            '}' => '{',
            ')' => '(',
            ']' => '[',
            _ => continue,
        };
        if matches!(c, '{' | '(' | '[') {
            open.push(partner);
        } else if open.pop().is_none() {
            before.push(partner);
        }
    }
    (before.into_iter().rev().collect(), open.into_iter().rev().collect())
}

fn flatten(stream: TokenStream, into: &mut Vec<String>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(hash) if hash.as_char() == '#' => match trees.next_if(is_document) {
                Some(_) => {}
                None => into.push("#".to_owned()),
            },
            TokenTree::Punct(other) => into.push(other.as_char().to_string()),
            TokenTree::Ident(name) => into.push(name.to_string()),
            TokenTree::Literal(literal) => into.push(literal.to_string()),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                into.push(open.to_owned());
                flatten(group.stream(), into);
                // rustfmt decides whether a list ends with a comma.
                if into.last().is_some_and(|last| last == ",") {
                    into.pop();
                }
                into.push(close.to_owned());
            }
        }
    }
}

fn is_document(tree: &TokenTree) -> bool {
    let TokenTree::Group(group) = tree else { return false };
    matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc")
}

/// Where quote and source part.
#[derive(Debug, Default)]
struct Difference {
    file: String,
    matched: usize,
    /// A few tokens from there on.
    source: String,
    quoted: String,
}

/// Looks for the pieces in a source, one after the other.
fn contains(source: &[String], pieces: &[Vec<String>]) -> Result<(), Difference> {
    let mut from = 0;
    for piece in pieces {
        let mut best = Difference::default();
        let mut end = None;
        for start in from..source.len() {
            let rest = source.get(start..).unwrap_or_default();
            let matched = rest.iter().zip(piece).take_while(|(a, b)| a == b).count();
            if matched == piece.len() {
                end = Some(start + matched);
                break;
            }
            if matched >= best.matched {
                let few = |list: &[String]| {
                    list.iter()
                        .skip(matched.saturating_sub(2))
                        .take(5)
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                best = Difference {
                    file: String::new(),
                    matched,
                    source: few(rest),
                    quoted: few(piece),
                };
            }
        }
        from = end.ok_or(best)?;
    }
    Ok(())
}

/// Returns whether a quote stands in a source.
#[cfg(test)]
pub(super) fn stands_in(source: &str, quoted: &str) -> bool {
    let pieces: Vec<_> = pieces(quoted).iter().map(|piece| tokens(piece).unwrap()).collect();
    contains(&tokens(source).unwrap(), &pieces).is_ok()
}
