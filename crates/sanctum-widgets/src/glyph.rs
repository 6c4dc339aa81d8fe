//! The glyphs of the screen and what stands for each of them where only ASCII can be shown.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

/// Which characters may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// Line characters, blocks and marks.
    Unicode,
    /// Each glyph replaced by one ASCII character, so that no layout changes.
    Ascii,
}

/// What a chart is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// 2 x 4 dots a cell.
    Braille,
    /// 1 x 2 half blocks a cell.
    Block,
    /// One `·` a cell.
    Dot,
    /// One `*` a cell.
    Ascii,
}

/// Every glyph of ours and its replacement. All are one column wide.
const TABLE: &[(&str, &str)] = &[
    ("●", "*"),
    ("◐", "o"),
    ("○", "."),
    ("✗", "x"),
    ("■", "#"),
    ("‖", "="),
    ("▶", ">"),
    ("█", "#"),
    ("░", "."),
    ("✓", "+"),
    ("⚠", "!"),
    ("—", "-"),
    ("─", "-"),
    ("│", "|"),
    ("↑", "^"),
    ("↓", "v"),
    ("→", ">"),
    ("▁", "_"),
    ("▂", "."),
    ("▃", ","),
    ("▄", "-"),
    ("▅", "="),
    ("▆", "+"),
    ("▇", "*"),
    ("±", "~"),
    ("Σ", "S"),
    ("·", "."),
    ("…", "~"),
    ("×", "x"),
    ("≈", "~"),
    ("≠", "!"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
];

impl Glyphs {
    /// Replaces what was drawn into `area` where only ASCII can be shown; twice is the same as once.
    ///
    /// Text from outside has become ASCII before it was drawn, so a glyph met here is one of ours. What the table does
    /// not know becomes `?`.
    pub fn apply(self, area: Rect, buf: &mut Buffer) {
        match self {
            Self::Unicode => {}
            Self::Ascii => {
                for position in area.intersection(*buf.area()).positions() {
                    if let Some(cell) = buf.cell_mut(position)
                        && !cell.symbol().is_ascii()
                    {
                        let replacement = ascii_of(cell.symbol());
                        cell.set_symbol(replacement);
                    }
                }
            }
        }
    }

    /// Returns every glyph of ours with what stands for it where only ASCII can be shown; all are one column wide.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        TABLE.iter().copied()
    }

    /// Returns whether only ASCII can be shown.
    pub const fn is_ascii(self) -> bool {
        matches!(self, Self::Ascii)
    }
}

fn ascii_of(symbol: &str) -> &'static str {
    TABLE.iter().find(|(glyph, _)| *glyph == symbol).map_or("?", |(_, ascii)| ascii)
}

#[cfg(test)]
mod tests {
    use ratatui_core::style::Style;

    use super::*;
    use crate::format::width;

    #[test]
    fn every_glyph_and_its_replacement_take_one_column() {
        for (glyph, ascii) in TABLE {
            assert_eq!((width(glyph), width(ascii), ascii.is_ascii()), (1, 1, true), "{glyph}");
        }
    }

    #[test]
    fn only_the_area_is_replaced_and_twice_is_once() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 9, 1));
        buf.set_string(0, 0, "●✗█●日●é", Style::new());
        let area = Rect::new(0, 0, 3, 1);
        Glyphs::Unicode.apply(area, &mut buf);
        assert_eq!(buf[(0, 0)].symbol(), "●");
        Glyphs::Ascii.apply(area, &mut buf);
        let drawn = |buf: &Buffer| {
            buf.content().iter().map(|cell| cell.symbol().to_owned()).collect::<String>()
        };
        assert_eq!(drawn(&buf), "*x#●日 ●é ");
        Glyphs::Ascii.apply(Rect::new(0, 0, 99, 99), &mut buf);
        assert_eq!(drawn(&buf), "*x#*? *? ");
        Glyphs::Ascii.apply(Rect::new(0, 0, 99, 99), &mut buf);
        assert_eq!(drawn(&buf), "*x#*? *? ");
    }
}
