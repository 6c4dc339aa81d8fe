//! Text broken into rows between words.

use crate::format::width;

/// Breaks a text into rows of at most `columns`; a word that is longer than a row is broken inside. Never without a row.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let (mut rows, mut row) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        let mut word = word;
        while columns < width(&row) + usize::from(!row.is_empty()) + width(word) {
            if row.is_empty() {
                // A character that is wider than the row has to stand in it all the same.
                let least = word.chars().next().map_or(1, char::len_utf8);
                let (part, rest) = word.split_at(fitting(word, columns).max(least));
                row.push_str(part);
                word = rest;
            }
            rows.push(std::mem::take(&mut row));
        }
        if !word.is_empty() {
            row.extend(std::iter::repeat_n(' ', usize::from(!row.is_empty())));
            row.push_str(word);
        }
    }
    if rows.is_empty() || !row.is_empty() {
        rows.push(row);
    }
    rows
}

/// Bytes of the longest beginning that fits.
fn fitting(word: &str, columns: usize) -> usize {
    let (mut end, mut taken) = (0, 0);
    for (at, c) in word.char_indices() {
        let next = at + c.len_utf8();
        taken += word.get(at..next).map_or(0, width);
        if columns < taken {
            break;
        }
        end = next;
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_end_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("  one\n two ", 20), ["one two"]);
        assert_eq!(wrap("a::very::long::path x", 8), ["a::very:", ":long::p", "ath x"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_wide(text in "[a-zé日 …]{0,60}", columns in 0_usize..20) {
            let rows = wrap(&text, columns);
            let kept: String = rows.concat().split_whitespace().collect();
            let given: String = text.split_whitespace().collect();
            prop_assert_eq!(kept, given);
            let most = columns.max(2);
            prop_assert!(rows.iter().all(|row| width(row) <= most), "{rows:?}");
        }
    }
}
