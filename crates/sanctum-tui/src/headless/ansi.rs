//! A frame as lines of text with the escape codes of its styles.

use std::fmt::{self, Write as _};

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::headless::cells;
use crate::sgr::{ATTRIBUTES, ColorCode, Layer};

/// Returns the frame with SGR codes; every line ends in the terminal's own style, so lines can be cut out one by one.
pub(super) fn ansi(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in cells::rows(buffer) {
        let shown = row.iter().rposition(|seen| is_visible(seen.cell)).map_or(0, |last| last + 1);
        let mut current = String::new();
        for seen in row.iter().take(shown) {
            let codes = codes(seen.cell);
            if codes != current {
                out.push_str("\u{1b}[0");
                out.push_str(&codes);
                out.push('m');
                current = codes;
            }
            out.push_str(seen.cell.symbol());
        }
        if !current.is_empty() {
            out.push_str("\u{1b}[0m");
        }
        out.push('\n');
    }
    out
}

/// Whether leaving the cell out at the end of a line would change the picture.
fn is_visible(cell: &Cell) -> bool {
    let drawn = Modifier::REVERSED | Modifier::UNDERLINED | Modifier::CROSSED_OUT;
    cell.symbol() != " " || cell.bg != Color::Reset || cell.modifier.intersects(drawn)
}

/// Returns the codes that follow a reset, each with a `;` before it.
fn codes(cell: &Cell) -> String {
    let mut codes = String::new();
    for (attribute, code) in ATTRIBUTES {
        if cell.modifier.contains(attribute) {
            push(&mut codes, code);
        }
    }
    for (color, layer) in [(cell.fg, Layer::Text), (cell.bg, Layer::Ground)] {
        if color != Color::Reset {
            push(&mut codes, ColorCode(color, layer));
        }
    }
    codes
}

fn push(codes: &mut String, code: impl fmt::Display) {
    // Writing to a `String` cannot fail.
    write!(codes, ";{code}").ok();
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn styles_become_codes_and_every_line_ends_plain() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 3));
        buffer.set_string(0, 0, "ab", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        buffer.set_string(2, 0, "cd  ", Style::new());
        buffer.set_string(1, 1, "x ", Style::new().bg(Color::LightBlue).fg(Color::Rgb(1, 2, 3)));
        buffer.set_string(0, 2, "q", Style::new().fg(Color::Indexed(7)));
        let expected = "\u{1b}[0;1;31mab\u{1b}[0mcd\n \u{1b}[0;38;2;1;2;3;104mx \u{1b}[0m\n\u{1b}[0;38;5;7mq\u{1b}[0m\n";
        assert_eq!(ansi(&buffer), expected);
    }
}
