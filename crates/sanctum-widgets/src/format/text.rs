//! Text from outside, made harmless, and text cut by columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Longest text from outside that is looked at, in bytes.
const MAX_BYTES: usize = 4096;

/// Returns the columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Cuts a text to `columns`, with `…` as the last one where something is left out.
pub fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if room < kept.width() {
            kept.pop();
            break;
        }
    }
    kept.push('…');
    kept
}

/// Makes a text from outside harmless and cuts it to `columns`.
///
/// Control characters, the start of escape sequences, direction overrides and everything without a width become `·`,
/// so that no text can move what stands beside it. With `ascii`, each column of any other character becomes `?`.
pub fn format_foreign(text: &str, columns: usize, ascii: bool) -> String {
    let mut harmless = String::new();
    for (at, c) in text.char_indices() {
        if MAX_BYTES <= at {
            break;
        }
        match c.width() {
            None | Some(0) => harmless.push('·'),
            Some(_) if is_direction_mark(c) => harmless.push('·'),
            Some(columns) if ascii && !c.is_ascii() && c != '·' => {
                harmless.extend(std::iter::repeat_n('?', columns));
            }
            Some(_) => harmless.push(c),
        }
    }
    cut(&harmless, columns)
}

const fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, columns: usize, expected: &str) {
        assert_eq!(format_foreign(text, columns, false), expected, "{text:?}");
    }

    #[test]
    fn text_from_outside_is_harmless() {
        check("CartPole-v1", 14, "CartPole-v1");
        check("very_long_task_name", 14, "very_long_tas…");
        check("a\u{1b}[31mred\n\tb", 20, "a·[31mred··b");
        check("safe\u{202e}exe.txt\u{2066}", 20, "safe·exe.txt·");
        check("zero\u{200b}width\u{feff}", 20, "zero·width·");
        check("日本語", 5, "日本…");
        check("日本語", 6, "日本語");
        check("日本語", 4, "日…");
        check("日本語", 1, "…");
        check("anything", 0, "");
        assert_eq!(format_foreign("日é█·…\u{7}", 14, true), "????·?·");
    }

    proptest! {
        #[test]
        fn text_from_outside_keeps_to_its_columns(text: String, columns in 0_usize..40, ascii: bool) {
            let drawn = format_foreign(&text, columns, ascii);
            prop_assert!(width(&drawn) <= columns);
            prop_assert!(!drawn.chars().any(|c| c.is_control() || is_direction_mark(c)));
        }
    }
}
