//! A history as a line over several rows, with the extremes beside it.

use crate::format::{NumberFormat, format_number, format_within, width};
use crate::glyph::Marker;
use crate::pen::Pen;
use crate::theme::Class;

/// Columns from which on there is room for labels beside the line.
const LABELS_FROM: usize = 24;
/// Widest label.
const LABEL: usize = 8;

/// Rows that a chart takes at least, its caption included.
pub(crate) const CAPTIONED: usize = 4;

/// Draws histories one below the other from row `top` on, as many of the first ones as have room.
pub(crate) fn draw_captioned(pen: &mut Pen<'_>, top: usize, charts: &[(&str, &[f64])]) {
    let room = pen.height().saturating_sub(top);
    let count = charts.len().min(room / CAPTIONED);
    let Some(height) = room.checked_div(count) else { return };
    for (i, (caption, history)) in charts.iter().take(count).enumerate() {
        let row = top + i * height;
        pen.text(0, row, caption, Class::Dim);
        if let Some(mut plot) = pen.part(0, row + 1, pen.width(), height - 1) {
            draw_chart(&mut plot, history);
        }
    }
}

/// Draws all `values`, oldest at the left edge and newest at the right, over the whole pen.
///
/// Neighbours are joined, so a value that stands alone stays visible however many share a column. What is not finite
/// interrupts the line and leaves a mark at the top edge.
pub(crate) fn draw_chart(pen: &mut Pen<'_>, values: &[f64]) {
    let Some((low, high)) = extremes(values) else {
        draw_marks(pen, values, 0);
        return;
    };
    let left = if LABELS_FROM <= pen.width() && 2 <= pen.height() {
        draw_labels(pen, low, high)
    } else {
        0
    };
    let columns = pen.width().saturating_sub(left);
    let mut grid = Grid::new(pen.theme().marker(), columns, pen.height());
    let place = |(i, value): (usize, &f64)| {
        let x = across(i, values.len(), grid.width);
        (x, grid.y_of(*value, low, high))
    };
    let points: Vec<Option<(usize, usize)>> =
        values.iter().enumerate().map(|point| point.1.is_finite().then(|| place(point))).collect();
    for pair in points.windows(2) {
        if let [Some(from), Some(to)] = *pair {
            grid.join(from, to);
        }
    }
    for point in points.into_iter().flatten() {
        grid.set(point);
    }
    for (row, text) in grid.rows().into_iter().enumerate() {
        pen.text(left, row, &text, Class::Plain);
    }
    draw_marks(pen, values, left);
}

fn extremes(values: &[f64]) -> Option<(f64, f64)> {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    Some((finite().reduce(f64::min)?, finite().reduce(f64::max)?))
}

/// Position of entry `i` of `count` on `size` positions; a single entry stands at the right, where the newest is.
const fn across(i: usize, count: usize, size: usize) -> usize {
    let last = size.saturating_sub(1);
    if count < 2 { last } else { i * last / (count - 1) }
}

fn draw_marks(pen: &mut Pen<'_>, values: &[f64], left: usize) {
    let columns = pen.width().saturating_sub(left);
    for (i, _) in values.iter().enumerate().filter(|(_, value)| !value.is_finite()) {
        pen.text(left + across(i, values.len(), columns), 0, "!", Class::Critical);
    }
}

/// Draws the highest value in the first row and the lowest in the last, and returns the columns this takes.
fn draw_labels(pen: &mut Pen<'_>, low: f64, high: f64) -> usize {
    let format = NumberFormat::Fixed(decimals(low, high));
    let [low_text, high_text] = [low, high].map(|value| format_within(value, format, LABEL));
    let columns = width(&low_text).max(width(&high_text));
    let last = pen.height() - 1;
    pen.right(columns, last, &low_text, Class::Dim);
    if format_number(low, format) != format_number(high, format) {
        pen.right(columns, 0, &high_text, Class::Dim);
    }
    columns + 1
}

/// Decimals that tell a tenth of the range apart.
fn decimals(low: f64, high: f64) -> usize {
    let tenth = (high / 2.0 - low / 2.0) / 5.0;
    if tenth == 0.0 {
        return 1;
    }
    (-tenth.log10()).ceil().clamp(0.0, 6.0) as usize
}

/// Dots of a chart; `y` 0 is the top.
struct Grid {
    marker: Marker,
    width: usize,
    height: usize,
    dots: Vec<bool>,
}

impl Grid {
    fn new(marker: Marker, columns: usize, rows: usize) -> Self {
        let (across, down) = dots_of(marker);
        let (width, height) = (columns * across, rows * down);
        Self { marker, width, height, dots: vec![false; width * height] }
    }

    fn y_of(&self, value: f64, low: f64, high: f64) -> usize {
        let last = self.height.saturating_sub(1);
        // Halved, because the distance of two floats can be beyond the largest one.
        let (rise, span) = (value / 2.0 - low / 2.0, high / 2.0 - low / 2.0);
        if span == 0.0 {
            return last;
        }
        let up = (rise / span * last as f64).round() as usize;
        last - up.min(last)
    }

    fn set(&mut self, (x, y): (usize, usize)) {
        if x < self.width
            && let Some(dot) = self.dots.get_mut(y * self.width + x)
        {
            *dot = true;
        }
    }

    /// Sets the dots on the straight line between two points.
    fn join(&mut self, from: (usize, usize), to: (usize, usize)) {
        let (dx, dy) = (from.0.abs_diff(to.0), from.1.abs_diff(to.1));
        let steps = dx.max(dy).max(1);
        let between = |a: usize, b: usize, i: usize| {
            let moved = (a.abs_diff(b) * i + steps / 2) / steps;
            if a < b { a + moved } else { a - moved }
        };
        for i in 0..=steps {
            self.set((between(from.0, to.0, i), between(from.1, to.1, i)));
        }
    }

    fn is_set(&self, x: usize, y: usize) -> bool {
        self.dots.get(y * self.width + x).copied().unwrap_or(false)
    }

    fn rows(&self) -> Vec<String> {
        let (across, down) = dots_of(self.marker);
        let cell = |x: usize, y: usize| {
            let dot = |dx: usize, dy: usize| self.is_set(x * across + dx, y * down + dy);
            match self.marker {
                Marker::Braille => braille(dot),
                Marker::Block => match (dot(0, 0), dot(0, 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                },
                Marker::Dot if dot(0, 0) => '·',
                Marker::Ascii if dot(0, 0) => '*',
                Marker::Dot | Marker::Ascii => ' ',
            }
        };
        (0..self.height / down)
            .map(|y| (0..self.width / across).map(|x| cell(x, y)).collect())
            .collect()
    }
}

/// Dots of a cell, across and down.
const fn dots_of(marker: Marker) -> (usize, usize) {
    match marker {
        Marker::Braille => (2, 4),
        Marker::Block => (1, 2),
        Marker::Dot | Marker::Ascii => (1, 1),
    }
}

/// The bit of each dot in a braille character, by row and column.
const BRAILLE: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

fn braille(dot: impl Fn(usize, usize) -> bool) -> char {
    let bits = BRAILLE
        .iter()
        .enumerate()
        .flat_map(|(y, row)| row.iter().enumerate().map(move |(x, bit)| (x, y, bit)));
    let pattern = bits.filter(|(x, y, _)| dot(*x, *y)).fold(0, |sum, (_, _, bit)| sum | bit);
    if pattern == 0 { ' ' } else { char::from_u32(0x2800 + pattern).unwrap_or(' ') }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui_core::buffer::Buffer;
    use ratatui_core::layout::Rect;

    use super::*;
    use crate::dump;
    use crate::theme::Theme;

    fn drawn(values: &[f64], columns: u16, rows: u16, theme: Theme) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
        if let Some(mut pen) = Pen::new(*buf.area(), &mut buf, &theme) {
            draw_chart(&mut pen, values);
        }
        buf
    }

    fn shown(values: &[f64], columns: u16, rows: u16, marker: Marker) -> String {
        dump::rows(&drawn(values, columns, rows, Theme::DARK.with_marker(marker))).join("\n")
    }

    const RISE: &[f64] = &[20.0, 40.0, 30.0, 60.0, 120.0, 200.0];

    #[test]
    fn every_marker_draws_the_line() {
        insta::assert_snapshot!("braille", shown(RISE, 30, 4, Marker::Braille));
        insta::assert_snapshot!("block", shown(RISE, 30, 4, Marker::Block));
        insta::assert_snapshot!("dot", shown(RISE, 30, 4, Marker::Dot));
        insta::assert_snapshot!("ascii", shown(RISE, 30, 4, Marker::Ascii));
        insta::assert_snapshot!("narrow", shown(RISE, 10, 2, Marker::Braille));
    }

    #[test]
    fn what_is_not_finite_interrupts_the_line_and_is_marked() {
        let values = [1.0, 2.0, f64::NAN, 2.0, f64::INFINITY, 1.0];
        insta::assert_snapshot!(dump::dump(&drawn(&values, 12, 2, Theme::DARK)));
        assert_eq!(shown(&[f64::NAN], 4, 2, Marker::Braille), "   !\n");
        assert_eq!(shown(&[], 4, 1, Marker::Braille), "");
    }

    #[test]
    fn labels_tell_the_extremes_apart() {
        let labels = |values: &[f64]| {
            let rows = dump::rows(&drawn(values, 30, 2, Theme::DARK));
            rows.iter()
                .map(|row| row.split_whitespace().next().unwrap_or("").to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(labels(&[20.8, 21.2]), ["21.20", "20.80"]);
        assert_eq!(labels(&[0.012, 0.034]), ["0.034", "0.012"]);
        assert_eq!(labels(&[-1e12, 1e12]), ["1.00e12", "-1.00e12"]);
        assert_eq!(
            dump::rows(&drawn(&[7.0, 7.0], 30, 2, Theme::DARK))[1].split_whitespace().next(),
            Some("7.0")
        );
    }

    proptest! {
        #[test]
        fn a_spike_is_never_lost(count in 1_usize..128, at in 0_usize..128, columns in 1_u16..60) {
            let at = at % count;
            let values: Vec<f64> = (0..count).map(|i| if i == at { 1.0 } else { 0.0 }).collect();
            let rows = dump::rows(&drawn(&values, columns, 3, Theme::DARK.with_marker(Marker::Ascii)));
            // With one value only there is no range, and the line lies at the bottom.
            let row = if count == 1 { 2 } else { 0 };
            prop_assert!(rows[row].contains('*'), "{:?}", rows);
        }

        #[test]
        fn any_values_in_any_size(values in prop::collection::vec(any::<f64>(), 0..200), columns in 0_u16..70, rows in 0_u16..9) {
            drawn(&values, columns, rows, Theme::DARK);
        }
    }
}
