//! Cells as text: rows without trailing blanks, and runs of equal style; for tests and for pictures without a terminal.

use std::fmt::Write as _;

use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier};
use ratatui_core::widgets::Widget;

use crate::format::width;

/// Returns the symbols of each row, without trailing blanks.
pub fn rows(buf: &Buffer) -> Vec<String> {
    lines(buf).map(|cells| symbols(cells).trim_end_matches(' ').to_owned()).collect()
}

/// Returns the runs of equal style that are not the default one: `0:3..9 fg=Red BOLD` is row, first column and the column
/// after the last.
pub fn runs(buf: &Buffer) -> Vec<String> {
    let mut found = Vec::new();
    for (row, cells) in lines(buf).enumerate() {
        let mut start = 0;
        for run in cells.chunk_by(|a, b| style_of(a) == style_of(b)) {
            let style = style_of(&run[0]);
            if style != (Color::Reset, Color::Reset, Modifier::empty()) {
                found.push(format!("{row}:{start}..{}{}", start + run.len(), describe(style)));
            }
            start += run.len();
        }
    }
    found
}

/// Returns rows, a rule and runs: everything that a person would see.
pub fn dump(buf: &Buffer) -> String {
    let mut text = rows(buf).join("\n");
    text.push_str("\n---\n");
    text.push_str(&runs(buf).join("\n"));
    text
}

/// Draws a widget alone and returns its buffer.
pub fn draw_buffer<'a, W>(widget: &'a W, width: u16, height: u16) -> Buffer
where
    &'a W: Widget,
{
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    widget.render(*buf.area(), &mut buf);
    buf
}

/// Draws a widget alone and returns what [`dump`] says of it.
pub fn draw<'a, W>(widget: &'a W, width: u16, height: u16) -> String
where
    &'a W: Widget,
{
    dump(&draw_buffer(widget, width, height))
}

fn lines(buf: &Buffer) -> impl Iterator<Item = &[Cell]> {
    // A chunk of 0 cells is not allowed; a buffer without columns has no cells and no lines anyway.
    buf.content().chunks(usize::from(buf.area().width).max(1))
}

fn symbols(cells: &[Cell]) -> String {
    let mut text = String::new();
    let mut hidden = 0;
    for cell in cells {
        if hidden == 0 {
            text.push_str(cell.symbol());
            hidden = width(cell.symbol()).saturating_sub(1);
        } else {
            hidden -= 1;
        }
    }
    text
}

const fn style_of(cell: &Cell) -> (Color, Color, Modifier) {
    (cell.fg, cell.bg, cell.modifier)
}

fn describe((fg, bg, modifier): (Color, Color, Modifier)) -> String {
    let mut text = String::new();
    for (name, colour) in [("fg", fg), ("bg", bg)] {
        if colour != Color::Reset {
            write!(text, " {name}={colour}").expect("a string takes any text");
        }
    }
    for (name, _) in modifier.iter_names() {
        text.push(' ');
        text.push_str(name);
    }
    text
}

#[cfg(test)]
mod tests {
    use ratatui_core::style::Style;

    use super::*;

    #[test]
    fn rows_and_runs_show_symbols_and_styles() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 8, 2));
        buf.set_string(1, 0, "日a", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        buf.set_string(0, 1, "x", Style::new().bg(Color::Blue));
        assert_eq!(
            dump(&buf),
            " 日a\nx\n---\n0:1..2 fg=Red BOLD\n0:3..4 fg=Red BOLD\n1:0..1 bg=Blue"
        );
        assert_eq!(dump(&Buffer::empty(Rect::new(0, 0, 0, 3))), "\n---\n");
    }
}
