//! Walks over the cells of a frame as a terminal shows them.

use ratatui::buffer::{Buffer, Cell, CellWidth};

/// One visible cell of a row.
pub(super) struct Seen<'a> {
    /// Its first column, from the left edge of the frame.
    pub(super) column: u16,
    /// The columns it takes.
    pub(super) width: u16,
    /// Symbol and style.
    pub(super) cell: &'a Cell,
}

/// Returns the rows of the frame, from above; a cell that a wide neighbour covers is left out.
pub(super) fn rows(buffer: &Buffer) -> impl Iterator<Item = Vec<Seen<'_>>> {
    let columns = usize::from(buffer.area.width).max(1);
    buffer.content.chunks(columns).map(|cells| {
        let mut seen = Vec::with_capacity(cells.len());
        let mut covered = 0;
        for (column, cell) in cells.iter().enumerate() {
            if column < covered {
                continue;
            }
            let width = cell.cell_width().max(1);
            covered = column + usize::from(width);
            seen.push(Seen { column: column as u16, width, cell });
        }
        seen
    })
}

/// What shows nothing: the space, and the braille pattern without a dot.
pub(super) const BLANK: [char; 2] = [' ', '\u{2800}'];

/// Returns the frame as lines of characters without trailing spaces, each ended by a line feed.
pub(super) fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buffer) {
        let line: String = row.iter().map(|seen| seen.cell.symbol()).collect();
        out.push_str(line.trim_end_matches(BLANK));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn text_has_every_row_and_no_trailing_spaces() {
        let mut buffer = Buffer::empty(Rect::new(3, 2, 6, 3));
        buffer.set_string(3, 2, "a 語 b", Style::new());
        buffer.set_string(4, 4, "x \u{2800} ", Style::new());
        assert_eq!(text(&buffer), "a 語 b\n\n x\n");
        assert_eq!(text(&Buffer::empty(Rect::ZERO)), "");
    }
}
