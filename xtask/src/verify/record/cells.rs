//! Rows of tables as Markdown divides them: at every `|` that has no `\` before it, also inside a code span.

use std::ops::Range;

use crate::verify::record::Cell;
use crate::verify::record::document::Lines;

/// Divides a row, which has no line break, into its cells.
pub(crate) fn row(lines: &Lines<'_>, bytes: Range<usize>) -> Vec<Cell> {
    let text = lines.source.get(bytes.clone()).unwrap_or_default();
    let mut borders: Vec<usize> = unescaped_pipes(text).collect();
    let first = text.len() - text.trim_start().len();
    let mut from = 0;
    if borders.first() == Some(&first) {
        borders.remove(0);
        from = first + 1;
    }
    let mut row = Vec::new();
    for border in borders {
        row.push(cell(lines, bytes.start, text, from..border));
        from = border + 1;
    }
    // What follows the last border is a cell only if something is written there.
    if !text.get(from..).unwrap_or_default().trim().is_empty() {
        row.push(cell(lines, bytes.start, text, from..text.len()));
    }
    row
}

fn unescaped_pipes(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).filter(move |&at| bytes[at] == b'|' && (at == 0 || bytes[at - 1] != b'\\'))
}

fn cell(lines: &Lines<'_>, start: usize, row: &str, bytes: Range<usize>) -> Cell {
    let raw = row.get(bytes.clone()).unwrap_or_default();
    let text = raw.trim();
    let begin = start + bytes.start + (raw.len() - raw.trim_start().len());
    // An empty cell lies behind its first blank, so that something put there keeps its distance.
    let begin = if text.is_empty() { start + bytes.start + raw.len().min(1) } else { begin };
    let bytes = begin..begin + text.len();
    Cell { text: text.to_owned(), spans: spans(text), at: lines.at(&bytes), bytes }
}

/// Returns the code spans of a line, without backticks.
pub(crate) fn spans(text: &str) -> Vec<String> {
    let mut spans = Vec::new();
    let mut runs = runs(text).into_iter();
    while let Some((open, length)) = runs.next() {
        let mut after = runs.clone();
        let Some((close, _)) = after.find(|&(_, other)| other == length) else { continue };
        runs = after;
        let span = text.get(open + length..close).unwrap_or_default().replace("\\|", "|");
        let bare = span.strip_prefix(' ').and_then(|span| span.strip_suffix(' '));
        let has_text = !span.trim().is_empty();
        spans.push(bare.filter(|_| has_text).unwrap_or(&span).to_owned());
    }
    spans
}

/// Returns every run of backticks: where it begins, and how long it is.
fn runs(text: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.bytes().enumerate().filter(|&(_, byte)| byte == b'`') {
        match runs.last_mut() {
            Some((begin, length)) if *begin + *length == at => *length += 1,
            Some(_) | None => runs.push((at, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let lines = Lines::new("x.md", text);
        let row = row(&lines, 0..text.len());
        let texts: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(texts, expected);
        for cell in &row {
            assert_eq!(text.get(cell.bytes.clone()), Some(cell.text.as_str()));
        }
    }

    #[test]
    fn a_row_is_divided_at_every_pipe_that_is_not_escaped() {
        check("| a | `b` | |", &["a", "`b`", ""]);
        check("a | b", &["a", "b"]);
        check("  | a |b|  ", &["a", "b"]);
        check("| `x || y` |", &["`x", "", "y`"]);
        check(r"| `x \|\| y` |", &[r"`x \|\| y`"]);
        check("|", &[]);
        check("", &[]);
    }

    #[test]
    fn spans_lose_backticks_and_escapes() {
        assert_eq!(spans(r"`a \| b` and ``c`d`` and ` e `"), ["a | b", "c`d", "e"]);
        assert_eq!(spans("`open and ``"), Vec::<String>::new());
    }
}
