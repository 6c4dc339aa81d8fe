//! The shortest way to say which cells changed.
//!
//! Ratatui's own backend names both colours at every change of style and a full position at every jump, which doubles what
//! a busy screen sends. Only colours that differ are sent here, so a theme without colours sends none.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use sanctum_widgets::format::width;

use crate::sgr::{ATTRIBUTES, ColorCode, Layer};

/// Cells that did not change are sent again where that takes no more bytes than a jump over them.
const BRIDGE: u16 = 4;

type Look = (Color, Color, Modifier);

const DEFAULT: Look = (Color::Reset, Color::Reset, Modifier::empty());

const fn look(cell: &Cell) -> Look {
    (cell.fg, cell.bg, cell.modifier)
}

/// Appends what turns a terminal that shows `shown` into one that shows `next`, of the same size. Begins and ends without
/// attributes and colours.
pub(super) fn encode(shown: &Buffer, next: &Buffer, out: &mut String) {
    let mut pen = Pen { out, at: None, look: DEFAULT };
    for (x, y, cell) in shown.diff(next) {
        pen.go(x, y, next);
        pen.put(cell);
    }
    pen.set(DEFAULT);
}

struct Pen<'a> {
    out: &'a mut String,
    /// Where the terminal's cursor is; `None` where that is not certain.
    at: Option<(u16, u16)>,
    look: Look,
}

impl Pen<'_> {
    fn go(&mut self, x: u16, y: u16, next: &Buffer) {
        match self.at {
            Some(at) if at == (x, y) => {}
            Some((from, row)) if row == y && from < x && self.can_bridge(from, x, y, next) => {
                (from..x).for_each(|x| self.put(&next[(x, y)]));
            }
            Some((from, row)) if row == y && from < x => {
                self.say(format_args!("\x1b[{}C", x - from));
            }
            Some(_) | None => self.say(format_args!("\x1b[{};{}H", y + 1, x + 1)),
        }
        self.at = Some((x, y));
    }

    /// Whether the cells from `from` to `to` can be sent with the look of the moment, each as one plain character.
    fn can_bridge(&self, from: u16, to: u16, y: u16, next: &Buffer) -> bool {
        let plain = |x| {
            let cell: &Cell = &next[(x, y)];
            look(cell) == self.look && cell.symbol().len() == 1
        };
        to - from <= BRIDGE && (from..to).all(plain)
    }

    fn put(&mut self, cell: &Cell) {
        self.set(look(cell));
        self.out.push_str(cell.symbol());
        // Terminals do not agree on the width of everything that is not one column for us.
        self.at = self.at.filter(|_| width(cell.symbol()) == 1).map(|(x, y)| (x + 1, y));
    }

    fn set(&mut self, wanted: Look) {
        if wanted == self.look {
            return;
        }
        let (mut fg, mut bg, mut attributes) = self.look;
        let mut codes = String::new();
        if wanted == DEFAULT || !wanted.2.contains(attributes) {
            codes.push_str("0;");
            (fg, bg, attributes) = DEFAULT;
        }
        for (attribute, number) in ATTRIBUTES {
            if (wanted.2 - attributes).contains(attribute) {
                push(&mut codes, format_args!("{number};"));
            }
        }
        if wanted.0 != fg {
            push(&mut codes, format_args!("{};", ColorCode(wanted.0, Layer::Text)));
        }
        if wanted.1 != bg {
            push(&mut codes, format_args!("{};", ColorCode(wanted.1, Layer::Ground)));
        }
        codes.pop();
        self.say(format_args!("\x1b[{codes}m"));
        self.look = wanted;
    }

    fn say(&mut self, text: std::fmt::Arguments<'_>) {
        push(self.out, text);
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // A string takes any text.
    out.write_fmt(text).ok();
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn buffer(text: &str, style: Style) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 40, 2));
        buf.set_string(0, 0, text, style);
        buf
    }

    #[track_caller]
    fn check(shown: &Buffer, next: &Buffer, expected: &str) {
        let mut out = String::new();
        encode(shown, next, &mut out);
        assert_eq!(out.replace('\x1b', "^"), expected);
    }

    #[test]
    fn only_changes_are_named() {
        let plain = Style::new();
        check(&buffer("a", plain), &buffer("a", plain), "");
        check(&buffer("batch 19", plain), &buffer("batch 20", plain), "^[1;7H20");
        check(&buffer("12.50 %", plain), &buffer("13.51 %", plain), "^[1;2H3.51");
        check(&buffer("1 something 1", plain), &buffer("2 something 2", plain), "^[1;1H2^[11C2");
        let warning = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
        check(&buffer("x", plain), &buffer("x", warning), "^[1;1H^[1;33mx^[0m");
        check(&buffer("x", warning), &buffer("x", plain), "^[1;1Hx");
    }

    #[test]
    fn a_theme_without_colours_sends_none() {
        let mut next = buffer("plain", Style::new().fg(Color::Reset));
        next.set_string(
            6,
            0,
            "title",
            Style::new().fg(Color::Reset).add_modifier(Modifier::REVERSED | Modifier::BOLD),
        );
        next.set_string(12, 0, "dim", Style::new().add_modifier(Modifier::DIM));
        check(&buffer("", Style::new()), &next, "^[1;1Hplain ^[1;7mtitle^[1C^[0;2mdim^[0m");
    }

    /// A terminal that has been sent one frame after the other shows the last.
    #[test]
    fn a_terminal_shows_what_was_meant() {
        let columns = |n| NonZeroU16::new(n).expect("not zero");
        let mut parser = vt100::Parser::new(columns(6), columns(30), 0);
        let mut shown = Buffer::empty(Rect::new(0, 0, 30, 6));
        let words = [
            "█▇▆ 12.5%",
            "日本 x",
            "",
            "a b c d e f g",
            "● LIVE ✓ │",
            "⠒⠤⠤⠒ 0.1",
            "    ",
            "0123456789",
        ];
        let colors =
            [Color::Reset, Color::Red, Color::LightBlue, Color::Indexed(200), Color::Rgb(1, 2, 3)];
        let attributes = [
            Modifier::empty(),
            Modifier::BOLD,
            Modifier::REVERSED | Modifier::DIM,
            Modifier::ITALIC,
        ];
        for step in 0..400_usize {
            let mut next = shown.clone();
            for part in 0..3 {
                let n = step * 7 + part * 13;
                let style = Style::new()
                    .fg(colors[n % 5])
                    .bg(colors[(n / 3) % 5])
                    .remove_modifier(Modifier::all())
                    .add_modifier(attributes[(n / 2) % 4]);
                next.set_stringn(
                    (n % 31) as u16 % 30,
                    (n % 6) as u16,
                    words[(n / 5) % 8],
                    30 - (n % 31).min(29),
                    style,
                );
            }
            let mut out = String::new();
            encode(&shown, &next, &mut out);
            parser.process(out.as_bytes());
            shown = next;
            for y in 0..6 {
                let mut hidden = 0;
                for x in 0..30 {
                    let (cell, seen) = (&shown[(x, y)], parser.screen().cell(y, x).unwrap());
                    if 0 < hidden {
                        hidden -= 1;
                        continue;
                    }
                    hidden = width(cell.symbol()).saturating_sub(1);
                    let symbol = if seen.contents().is_empty() { " " } else { seen.contents() };
                    assert_eq!(symbol, cell.symbol(), "step {step} at {x},{y}");
                    assert_eq!(
                        seen.inverse(),
                        cell.modifier.contains(Modifier::REVERSED),
                        "step {step} at {x},{y}"
                    );
                    assert_eq!(
                        seen.bold(),
                        cell.modifier.contains(Modifier::BOLD),
                        "step {step} at {x},{y}"
                    );
                }
            }
        }
    }
}
