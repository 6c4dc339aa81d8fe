//! Turns the cells of a frame into pieces of a picture: grounds, shapes, words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::style::Modifier;

use super::glyph::{self, Ink};
use super::{BASELINE, CELL, Look, Palette, Rgb, escape, hex, pixels};
use crate::headless::cells::{self, Seen};

const FAINT: &str = " opacity=\"0.6\"";

/// The pieces of a picture, as far as the rows have come.
pub(super) struct Picture {
    palette: &'static Palette,
    /// Backgrounds, in the order of the cells.
    fills: Vec<String>,
    /// Shapes by colour, faintness and kind.
    inks: BTreeMap<(Rgb, bool, Ink), String>,
    texts: String,
}

impl Picture {
    /// Returns a picture without a piece.
    pub(super) const fn new(palette: &'static Palette) -> Self {
        Self { palette, fills: Vec::new(), inks: BTreeMap::new(), texts: String::new() }
    }

    /// Writes the pieces: grounds first, words last.
    pub(super) fn write(&self, out: &mut String) {
        for fill in &self.fills {
            out.push_str(fill);
        }
        for ((color, faint, ink), d) in &self.inks {
            let faint = if *faint { FAINT } else { "" };
            // Writing to a `String` cannot fail.
            writeln!(out, "<path {}{faint} d=\"{d}\"/>", ink.attributes(&hex(*color))).ok();
        }
        out.push_str(&self.texts);
    }

    /// Adds a row, the `y`-th from above.
    pub(super) fn row(&mut self, y: usize, row: &[Seen<'_>]) {
        let top = y as f64 * CELL.1;
        let palette = self.palette;
        for run in row.chunk_by(|a, b| palette.look(a.cell) == palette.look(b.cell)) {
            let Some((first, last)) = run.first().zip(run.last()) else { continue };
            let look = palette.look(first.cell);
            if look.bg != palette.ground {
                let left = CELL.0 * f64::from(first.column);
                let end = f64::from(last.column) + f64::from(last.width);
                let width = CELL.0 * (end - f64::from(first.column));
                self.fills.push(format!(
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n",
                    pixels(left),
                    pixels(top),
                    pixels(width),
                    pixels(CELL.1),
                    hex(look.bg),
                ));
            }
            if !look.modifier.contains(Modifier::HIDDEN) {
                self.draw(run, look, top);
            }
        }
    }

    /// Draws the symbols of one run: shapes one by one, words as text that begins at its own column.
    fn draw(&mut self, run: &[Seen<'_>], look: Look, top: f64) {
        let mut words: Option<Words> = None;
        for seen in run {
            let symbol = seen.cell.symbol();
            if let Some((ink, d)) = glyph::shape(symbol, CELL.0 * f64::from(seen.column), top) {
                self.finish(words.take(), look, top);
                let key = (look.fg, look.modifier.contains(Modifier::DIM), ink);
                glyph::append(self.inks.entry(key).or_default(), &d);
            } else if !symbol.chars().all(|c| cells::BLANK.contains(&c)) {
                // One blank stays within a text; what lies further away is placed for itself.
                if words.as_ref().is_some_and(|words| words.end.saturating_add(1) < seen.column) {
                    self.finish(words.take(), look, top);
                }
                let fresh = || Words { column: seen.column, end: seen.column, text: String::new() };
                let words = words.get_or_insert_with(fresh);
                if words.end < seen.column {
                    words.text.push(' ');
                }
                words.text.push_str(symbol);
                words.end = seen.column.saturating_add(seen.width);
            }
        }
        self.finish(words, look, top);
    }

    fn finish(&mut self, words: Option<Words>, look: Look, top: f64) {
        let Some(Words { column, end, text }) = words else { return };
        let mut attributes = String::new();
        for (modifier, attribute) in [
            (Modifier::BOLD, " font-weight=\"bold\""),
            (Modifier::ITALIC, " font-style=\"italic\""),
            (Modifier::UNDERLINED, " text-decoration=\"underline\""),
            (Modifier::CROSSED_OUT, " text-decoration=\"line-through\""),
            (Modifier::DIM, FAINT),
        ] {
            if look.modifier.contains(modifier) {
                attributes.push_str(attribute);
            }
        }
        writeln!(
            self.texts,
            "<text x=\"{}\" y=\"{}\" textLength=\"{}\" fill=\"{}\"{attributes}>{}</text>",
            pixels(CELL.0 * f64::from(column)),
            pixels(top + BASELINE),
            pixels(CELL.0 * f64::from(end - column)),
            hex(look.fg),
            escape(&text),
        )
        .ok();
    }
}

/// Symbols that stand side by side, with single blanks between them.
struct Words {
    column: u16,
    end: u16,
    text: String,
}
