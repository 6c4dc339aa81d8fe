//! Drawings: which cells differ, and where the digits are.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::rig::Drawn;

/// Row and column, in characters from 0.
pub(crate) type Spot = (usize, usize);

/// Returns the cells of `after` that differ from those of `before` in symbol or class, and those that only one has, in
/// their order.
pub(crate) fn moved(before: &Drawn, after: &Drawn) -> Vec<Spot> {
    let mut spots = Vec::new();
    let none = Arc::default();
    for row in 0..before.len().max(after.len()) {
        let a = before.get(row).unwrap_or(&none);
        let b = after.get(row).unwrap_or(&none);
        if a == b {
            continue;
        }
        let mut a = a.text.chars().zip(a.classes.chars());
        let mut b = b.text.chars().zip(b.classes.chars());
        for column in 0.. {
            match (a.next(), b.next()) {
                (None, None) => break,
                (a, b) if a != b => spots.push((row, column)),
                _ => {}
            }
        }
    }
    spots
}

/// Returns text and classes of some cells; a gap between two of them is one blank.
pub(crate) fn read(drawn: &Drawn, spots: &BTreeSet<Spot>) -> (String, BTreeSet<String>) {
    let mut text = String::new();
    let mut classes = BTreeSet::new();
    let mut last: Option<Spot> = None;
    for &(row, column) in spots {
        let Some(line) = drawn.get(row) else { continue };
        let cell = line.text.chars().nth(column).zip(line.classes.chars().nth(column));
        let Some((symbol, class)) = cell else { continue };
        if last.is_some_and(|last| last != (row, column.wrapping_sub(1))) {
            text.push(' ');
        }
        last = Some((row, column));
        text.push(symbol);
        // A blank looks the same in every class.
        if symbol != ' ' {
            classes.insert(class.to_string());
        }
    }
    (text, classes)
}

/// A number on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Row.
    pub(crate) row: usize,
    /// Columns of its first character and behind its last one.
    pub(crate) columns: (usize, usize),
    /// What stands there: digits, with points, commas and colons between them.
    pub(crate) text: String,
    /// The next word behind it, which is mostly its unit.
    unit: String,
}

/// Returns every number of a drawing.
pub(crate) fn tokens(drawn: &Drawn) -> Vec<Token> {
    drawn.iter().enumerate().flat_map(|(row, line)| tokens_of(row, &line.text)).collect()
}

fn tokens_of(row: usize, line: &str) -> Vec<Token> {
    let mut all = Vec::new();
    if !line.contains(|c: char| c.is_ascii_digit()) {
        return all;
    }
    let chars: Vec<char> = line.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < chars.len()
            && (chars[at].is_ascii_digit()
                || (matches!(chars[at], '.' | ',' | ':')
                    && chars.get(at + 1).is_some_and(char::is_ascii_digit)))
        {
            at += 1;
        }
        let text = chars[start..at].iter().collect();
        let behind = chars.iter().skip(at).skip_while(|c| !c.is_alphabetic());
        let unit = behind.take_while(|c| c.is_alphabetic()).collect();
        all.push(Token { row, columns: (start, at), text, unit });
    }
    all
}

/// The numbers of a drawing, and which of them some change has changed. Several threads may compare at once: a number that
/// has moved stays so.
#[derive(Debug)]
pub(crate) struct Numbers {
    tokens: Vec<Token>,
    is_moved: Vec<AtomicBool>,
}

impl Numbers {
    /// Returns the numbers of a drawing; none of them has moved.
    pub(crate) fn of(drawn: &Drawn) -> Self {
        let tokens = tokens(drawn);
        Self { is_moved: tokens.iter().map(|_| AtomicBool::new(false)).collect(), tokens }
    }

    /// Returns how many there are.
    pub(crate) const fn len(&self) -> usize {
        self.tokens.len()
    }

    fn is_open(&self, at: usize) -> bool {
        self.is_moved.get(at).is_some_and(|is_moved| !is_moved.load(Ordering::Relaxed))
    }

    /// Returns those that have not moved.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Token> {
        let all = self.tokens.iter().enumerate();
        all.filter(|(at, _)| self.is_open(*at)).map(|(_, token)| token)
    }

    /// Takes in another drawing, which differs in some cells. In a row with the same letters each number is compared with
    /// that in its place. Elsewhere a number of which, with the next word, there are as many as before was pushed aside by
    /// what stands before it, and has not moved.
    pub(crate) fn compare(&self, before: &Drawn, after: &Drawn, spots: &[Spot]) {
        let others = OnceCell::new();
        let mut in_row: Option<Touched> = None;
        for (at, token) in self.tokens.iter().enumerate() {
            let Token { row, columns, text, unit: _ } = token;
            let first = spots.partition_point(|spot| *spot < (*row, columns.0));
            let is_touched = spots.get(first).is_some_and(|spot| *spot < (*row, columns.1));
            if !is_touched || !self.is_open(at) {
                continue;
            }
            let row = match &mut in_row {
                Some(known) if known.row == *row => known,
                known => known.insert(self.row(*row, before, after)),
            };
            let has_moved = if row.is_alike {
                row.after.get(at - row.first).is_none_or(|other| other.text != *text)
            } else {
                let others = others.get_or_init(|| tokens(after));
                count(others, token) < count(&self.tokens, token)
            };
            if has_moved && let Some(is_moved) = self.is_moved.get(at) {
                is_moved.store(true, Ordering::Relaxed);
            }
        }
    }

    fn row(&self, row: usize, before: &Drawn, after: &Drawn) -> Touched {
        let line = |drawn: &Drawn| drawn.get(row).map(|row| row.text.clone());
        let (old, new) = (line(before).unwrap_or_default(), line(after));
        let is_same = new.as_ref().is_some_and(|new| letters(&old).eq(letters(new)));
        let after = new.map_or_else(Vec::new, |new| tokens_of(row, &new));
        let first = self.tokens.partition_point(|token| token.row < row);
        let behind = self.tokens.partition_point(|token| token.row <= row);
        Touched { row, first, is_alike: is_same && after.len() == behind - first, after }
    }
}

/// A row in which something moved.
struct Touched {
    row: usize,
    /// Its first number, among all of the drawing.
    first: usize,
    /// Whether it has the same letters as before, and as many numbers.
    is_alike: bool,
    /// Its numbers now.
    after: Vec<Token>,
}

fn count(tokens: &[Token], like: &Token) -> usize {
    tokens.iter().filter(|token| token.text == like.text && token.unit == like.unit).count()
}

fn letters(line: &str) -> impl Iterator<Item = char> {
    line.chars().filter(|c| c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: &[(&str, &str)]) -> Drawn {
        let row = |(text, classes): &(&str, &str)| {
            Arc::new(crate::rig::Row { text: (*text).to_owned(), classes: (*classes).to_owned() })
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn cells_differ_in_symbol_class_or_presence() {
        let a = drawn(&[("ab", "pp"), ("c", "p")]);
        let b = drawn(&[("ab", "pw"), ("cd", "pp")]);
        assert_eq!(moved(&a, &b), [(0, 1), (1, 1)]);
        assert!(moved(&a, &a).is_empty());
        let spots = BTreeSet::from([(0, 0), (0, 1), (1, 1)]);
        let classes = ["p", "w"].map(str::to_owned).into();
        assert_eq!(read(&b, &spots), ("ab d".to_owned(), classes));
    }

    #[track_caller]
    fn check_open(before: &str, after: &str, expected: &[&str]) {
        let line = |text: &str| drawn(&[(text, &"p".repeat(text.len()))]);
        let (before, after) = (line(before), line(after));
        let numbers = Numbers::of(&before);
        numbers.compare(&before, &after, &moved(&before, &after));
        let open: Vec<_> = numbers.open().map(|token| token.text.as_str()).collect();
        assert_eq!(open, expected);
        assert!(0 < numbers.len());
    }

    #[test]
    fn a_number_that_is_pushed_aside_has_not_moved() {
        check_open("9s 0.8/s", "10s 0.8/s", &["0.8"]);
        check_open("0h 0m 9s", "5h 0m 0s", &["0"]);
        check_open("59s 7/s", "1m01s 7/s", &["7"]);
        check_open("b 7/s", "a 1 b 8/s", &[]);
        check_open("env 0 return 3", "env 1 env 0 return 3", &["0", "3"]);
    }

    #[test]
    fn a_number_has_its_points_and_ends_at_its_unit() {
        let seen: Vec<_> = tokens(&drawn(&[("KL 0.8/s 12:30 7. p50", "")]))
            .into_iter()
            .map(|token| (token.text, token.columns.0))
            .collect();
        let expected = [("0.8", 3), ("12:30", 9), ("7", 15), ("50", 19)];
        assert_eq!(seen, expected.map(|(text, column)| (text.to_owned(), column)));
    }
}
