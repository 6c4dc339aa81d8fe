//! Drawings: which cells differ, and where the digits are.

use std::collections::BTreeSet;

use crate::rig::{Drawn, Row};

/// Row and column, in characters from 0.
pub(crate) type Spot = (usize, usize);

/// Returns the cells of `after` that differ from those of `before` in symbol or class, and those that only one has.
pub(crate) fn moved(before: &Drawn, after: &Drawn) -> BTreeSet<Spot> {
    let mut spots = BTreeSet::new();
    let none = Row::default();
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
                (a, b) if a != b => {
                    spots.insert((row, column));
                }
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
}

/// Returns every number of a drawing.
pub(crate) fn tokens(drawn: &Drawn) -> Vec<Token> {
    let mut all = Vec::new();
    for (row, line) in drawn.iter().enumerate() {
        let chars: Vec<char> = line.text.chars().collect();
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
            all.push(Token { row, columns: (start, at), text });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: &[(&str, &str)]) -> Drawn {
        let row = |(text, classes): &(&str, &str)| Row {
            text: (*text).to_owned(),
            classes: (*classes).to_owned(),
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn cells_differ_in_symbol_class_or_presence() {
        let a = drawn(&[("ab", "pp"), ("c", "p")]);
        let b = drawn(&[("ab", "pw"), ("cd", "pp")]);
        assert_eq!(moved(&a, &b), BTreeSet::from([(0, 1), (1, 1)]));
        assert!(moved(&a, &a).is_empty());
        let spots = BTreeSet::from([(0, 0), (0, 1), (1, 1)]);
        let classes = ["p", "w"].map(str::to_owned).into();
        assert_eq!(read(&b, &spots), ("ab d".to_owned(), classes));
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
