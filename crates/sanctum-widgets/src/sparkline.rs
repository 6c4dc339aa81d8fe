//! A history in one row of cells.

use crate::format::format_sparkline;
use crate::pen::Pen;
use crate::theme::Class;

/// Draws the latest `columns` values; values that are not finite are marked in critical style.
pub(crate) fn draw_sparkline(
    pen: &mut Pen<'_>,
    column: usize,
    row: usize,
    columns: usize,
    values: &[f64],
    class: Class,
) {
    let text = format_sparkline(values, columns);
    pen.text(column, row, &text, class);
    for (i, _) in text.chars().enumerate().filter(|(_, c)| *c == '!') {
        pen.text(column + i, row, "!", Class::Critical);
    }
}
