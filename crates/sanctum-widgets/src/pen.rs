//! Writing into a rectangle of a buffer without ever leaving it.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Modifier, Style};

use crate::format::{format_foreign, width};
use crate::theme::{Class, Theme};

/// A piece of text with its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) text: String,
    pub(crate) class: Class,
    /// In reverse, as the focus is.
    pub(crate) reversed: bool,
}

impl Span {
    pub(crate) fn new(text: impl Into<String>, class: Class) -> Self {
        Self { text: text.into(), class, reversed: false }
    }

    /// Columns it takes.
    pub(crate) fn width(&self) -> usize {
        width(&self.text)
    }
}

/// Columns that spans take together.
pub(crate) fn spans_width(spans: &[Span]) -> usize {
    spans.iter().map(Span::width).sum()
}

/// Writes at positions relative to its area; what does not fit is cut off.
pub(crate) struct Pen<'a> {
    area: Rect,
    buf: &'a mut Buffer,
    theme: &'a Theme,
}

impl<'a> Pen<'a> {
    /// Returns a pen for the part of `area` that the buffer has, or `None` if there is none.
    pub(crate) fn new(area: Rect, buf: &'a mut Buffer, theme: &'a Theme) -> Option<Self> {
        let area = area.intersection(*buf.area());
        if area.is_empty() {
            return None;
        }
        Some(Self { area, buf, theme })
    }

    pub(crate) const fn width(&self) -> usize {
        self.area.width as usize
    }

    pub(crate) const fn height(&self) -> usize {
        self.area.height as usize
    }

    pub(crate) const fn theme(&self) -> &'a Theme {
        self.theme
    }

    /// Makes a text from outside harmless for this theme and cuts it to `columns`.
    pub(crate) fn foreign(&self, text: &str, columns: usize) -> String {
        format_foreign(text, columns, self.theme.glyphs.is_ascii())
    }

    /// Writes a text; the first row and column are 0.
    pub(crate) fn text(&mut self, column: usize, row: usize, text: &str, class: Class) {
        self.styled(column, row, text, self.theme.style(class));
    }

    /// Writes a text that ends before `end`; if it is wider than that, it begins at the first column.
    pub(crate) fn right(&mut self, end: usize, row: usize, text: &str, class: Class) {
        match end.checked_sub(width(text)) {
            Some(column) => self.text(column, row, text, class),
            None => self.text(0, row, text, class),
        }
    }

    /// Writes a text that not everything may overwrite: in reverse, or with another style of its own.
    pub(crate) fn styled(&mut self, column: usize, row: usize, text: &str, style: Style) {
        if self.width() <= column || self.height() <= row {
            return;
        }
        let (x, y) = (self.area.x + column as u16, self.area.y + row as u16);
        // A style adds to what is there, and under a title there is a frame.
        let alone = Style::reset().patch(style);
        if !text.chars().all(stands_alone) {
            self.buf.set_stringn(x, y, text, self.width() - column, alone);
            return;
        }
        // Looking for clusters of characters costs several times the writing, and there are none here.
        for (x, c) in (x..self.area.right()).zip(text.chars()) {
            self.buf[(x, y)].set_char(c).set_style(alone);
        }
    }

    /// Draws what stands in a row in reverse: it was chosen.
    pub(crate) fn choose(&mut self, column: usize, row: usize, columns: usize) {
        let end = (column + columns).min(self.width());
        if row < self.height() {
            for x in column..end {
                let at = (self.area.x + x as u16, self.area.y + row as u16);
                let cell = &mut self.buf[at];
                cell.modifier.insert(Modifier::REVERSED);
            }
        }
    }

    /// Writes spans one after the other.
    pub(crate) fn spans(&mut self, column: usize, row: usize, spans: &[Span]) {
        let mut column = column;
        for span in spans {
            let style = if span.reversed {
                self.theme.reversed(span.class)
            } else {
                self.theme.style(span.class)
            };
            self.styled(column, row, &span.text, style);
            column += span.width();
        }
    }

    /// Returns a pen for a part of this area, or `None` if nothing is left of it.
    pub(crate) fn part(
        &mut self,
        column: usize,
        row: usize,
        width: usize,
        height: usize,
    ) -> Option<Pen<'_>> {
        if self.width() <= column || self.height() <= row {
            return None;
        }
        let area = Rect {
            x: self.area.x + column as u16,
            y: self.area.y + row as u16,
            width: width.min(self.width() - column) as u16,
            height: height.min(self.height() - row) as u16,
        };
        Pen::new(area, self.buf, self.theme)
    }

    /// Replaces the glyphs of the whole area where only ASCII can be shown; the last call of each widget.
    pub(crate) fn finish(self) {
        self.theme.glyphs.apply(self.area, self.buf);
    }
}

/// Returns whether a character takes one column and never joins its neighbour: printable ASCII, lines, blocks, braille.
const fn stands_alone(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pen_never_leaves_its_area() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 3));
        let mut pen = Pen::new(Rect::new(1, 1, 3, 9), &mut buf, &Theme::PLAIN).unwrap();
        assert_eq!((pen.width(), pen.height()), (3, 2));
        pen.text(0, 0, "abcdef", Class::Plain);
        pen.text(2, 1, "日", Class::Plain);
        pen.text(3, 0, "x", Class::Plain);
        pen.text(0, 2, "x", Class::Plain);
        pen.right(9, 1, "y", Class::Plain);
        assert!(pen.part(3, 0, 1, 1).is_none());
        assert_eq!(crate::dump::rows(&buf), ["", " abc", ""]);
    }

    #[test]
    fn both_ways_of_writing_give_the_same_cells() {
        for text in ["plain text", "─│┌█▁▃ ⠉⢣", "abcdefghijklm", ""] {
            assert!(text.chars().all(stands_alone));
            let area = Rect::new(0, 0, 12, 1);
            let (mut fast, mut careful) = (Buffer::empty(area), Buffer::empty(area));
            let style = Theme::DARK.style(Class::Critical);
            Pen::new(area, &mut fast, &Theme::DARK).unwrap().styled(2, 0, text, style);
            careful.set_stringn(2, 0, text, 10, style);
            assert_eq!(fast, careful, "{text:?}");
        }
        let joining = ["é", "e\u{301}", "日", "\u{200d}", "\u{1b}", "👩‍👩‍👧", "🇩🇪"];
        assert!(joining.iter().all(|text| !text.chars().all(stands_alone)));
    }

    #[test]
    fn there_is_no_pen_without_an_area() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 3));
        for area in [Rect::new(0, 0, 0, 5), Rect::new(6, 0, 5, 5), Rect::new(0, 9, 5, 5)] {
            assert!(Pen::new(area, &mut buf, &Theme::PLAIN).is_none());
        }
    }
}
