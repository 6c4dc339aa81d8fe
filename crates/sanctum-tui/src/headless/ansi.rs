//! A frame as lines of text with the escape codes of its styles.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::headless::cells;

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

const MODIFIERS: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// Returns the codes that follow a reset, each with a `;` before it.
fn codes(cell: &Cell) -> String {
    let mut codes = String::new();
    for (modifier, code) in MODIFIERS {
        if cell.modifier.contains(modifier) {
            push(&mut codes, code);
        }
    }
    color(&mut codes, cell.fg, 0);
    color(&mut codes, cell.bg, 10);
    codes
}

fn push(codes: &mut String, code: u8) {
    // Writing to a `String` cannot fail.
    write!(codes, ";{code}").ok();
}

fn color(codes: &mut String, color: Color, ground: u8) {
    let base = match color {
        Color::Reset => return,
        Color::Black => 30,
        Color::Red => 31,
        Color::Green => 32,
        Color::Yellow => 33,
        Color::Blue => 34,
        Color::Magenta => 35,
        Color::Cyan => 36,
        Color::Gray => 37,
        Color::DarkGray => 90,
        Color::LightRed => 91,
        Color::LightGreen => 92,
        Color::LightYellow => 93,
        Color::LightBlue => 94,
        Color::LightMagenta => 95,
        Color::LightCyan => 96,
        Color::White => 97,
        Color::Rgb(r, g, b) => {
            write!(codes, ";{};2;{r};{g};{b}", 38 + ground).ok();
            return;
        }
        Color::Indexed(i) => {
            write!(codes, ";{};5;{i}", 38 + ground).ok();
            return;
        }
    };
    push(codes, base + ground);
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
