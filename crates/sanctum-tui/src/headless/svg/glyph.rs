//! The symbols that are drawn as shapes: bars, frame lines, dots.

use std::fmt::Write as _;

use super::{CELL, pixels};

/// How a shape is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ink {
    /// A filled area.
    Fill,
    /// A filled area that lets the ground through.
    Shade,
    /// A thin line.
    Line,
    /// Round dots.
    Dots,
}

impl Ink {
    /// Returns the attributes of a path in this ink and colour.
    pub(super) fn attributes(self, color: &str) -> String {
        match self {
            Self::Fill => format!("fill=\"{color}\" shape-rendering=\"crispEdges\""),
            Self::Shade => {
                format!("fill=\"{color}\" fill-opacity=\"0.25\" shape-rendering=\"crispEdges\"")
            }
            Self::Line => format!("fill=\"none\" stroke=\"{color}\""),
            Self::Dots => {
                format!(
                    "fill=\"none\" stroke=\"{color}\" stroke-width=\"2.2\" stroke-linecap=\"round\""
                )
            }
        }
    }
}

/// Returns ink and path of a symbol whose cell begins at `left`, `top`; `None` if it is drawn as text.
pub(super) fn shape(symbol: &str, left: f64, top: f64) -> Option<(Ink, String)> {
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return None };
    let (width, height) = CELL;
    match c {
        '▁'..='█' => {
            let eighths = f64::from(u32::from(c) - u32::from('▁') + 1);
            Some((
                Ink::Fill,
                area(left, height.mul_add(1.0 - eighths / 8.0, top), height * eighths / 8.0),
            ))
        }
        '░' => Some((Ink::Shade, area(left, top, height))),
        '\u{2801}'..='\u{28ff}' => Some((Ink::Dots, dots(u32::from(c) - 0x2800, left, top))),
        _ => {
            let (middle, centre) = (pixels(left + width / 2.0), pixels(top + height / 2.0));
            let (left, top) = (pixels(left), pixels(top));
            let (right, bottom) = (pixels(left + width), pixels(top + height));
            let d = match c {
                '─' => format!("M{left} {centre}H{right}"),
                '│' => format!("M{middle} {top}V{bottom}"),
                '┌' => format!("M{right} {centre}H{middle}V{bottom}"),
                '┐' => format!("M{left} {centre}H{middle}V{bottom}"),
                '└' => format!("M{right} {centre}H{middle}V{top}"),
                '┘' => format!("M{left} {centre}H{middle}V{top}"),
                '├' => format!("M{middle} {top}V{bottom}M{middle} {centre}H{right}"),
                '┤' => format!("M{middle} {top}V{bottom}M{middle} {centre}H{left}"),
                '┬' => format!("M{left} {centre}H{right}M{middle} {centre}V{bottom}"),
                '┴' => format!("M{left} {centre}H{right}M{middle} {centre}V{top}"),
                '┼' => format!("M{left} {centre}H{right}M{middle} {top}V{bottom}"),
                '╭' => format!("M{right} {centre}Q{middle} {centre} {middle} {bottom}"),
                '╮' => format!("M{left} {centre}Q{middle} {centre} {middle} {bottom}"),
                '╰' => format!("M{right} {centre}Q{middle} {centre} {middle} {top}"),
                '╯' => format!("M{left} {centre}Q{middle} {centre} {middle} {top}"),
                _ => return None,
            };
            Some((Ink::Line, d))
        }
    }
}

/// Adds a path to others of the same ink; a line that goes on where the last one ended makes that one longer.
pub(super) fn append(path: &mut String, d: &str) {
    let line =
        d.strip_prefix('M').and_then(|line| line.split_once('H')).filter(|(_, to)| is_number(to));
    if let Some(((left, centre), right)) =
        line.and_then(|(from, to)| from.split_once(' ').zip(Some(to)))
    {
        let end = format!(" {centre}H{left}");
        if path.ends_with(&end) {
            path.truncate(path.len() - left.len());
            path.push_str(right);
            return;
        }
    }
    path.push_str(d);
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// A rectangle as wide as a cell.
fn area(left: f64, top: f64, height: f64) -> String {
    let (width, height) = (pixels(CELL.0), pixels(height));
    format!("M{} {}h{width}v{height}h-{width}z", pixels(left), pixels(top))
}

/// The dots of a braille pattern: bits 0 to 2 and 6 go down the left column, 3 to 5 and 7 down the right one.
fn dots(bits: u32, left: f64, top: f64) -> String {
    const PLACES: [(u8, u8); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    let (width, height) = CELL;
    let mut d = String::new();
    for (bit, (column, row)) in PLACES.into_iter().enumerate() {
        if bits & 1 << bit != 0 {
            let x = pixels((f64::from(column) + 0.5).mul_add(width / 2.0, left));
            let y = pixels((f64::from(row) + 0.5).mul_add(height / 4.0, top));
            // A line of almost no length with round ends is a dot.
            write!(d, "M{x} {y}h.01").ok();
        }
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_lines_and_dots_are_shapes_and_letters_are_not() {
        let d = |symbol| shape(symbol, 0.0, 0.0).map(|(_, d)| d);
        assert_eq!(d("█").as_deref(), Some("M0 0h8.43v17h-8.43z"));
        assert_eq!(d("▄").as_deref(), Some("M0 8.5h8.43v8.5h-8.43z"));
        assert_eq!(d("─").as_deref(), Some("M0 8.5H8.43"));
        assert_eq!(d("⣀").map(|d| d.matches('M').count()), Some(2));
        assert_eq!(d("⠁").as_deref(), Some("M2.11 2.13h.01"));
        let mut path = String::new();
        for (column, symbol) in ["┌", "─", "─", "─", "┐"].into_iter().enumerate() {
            append(&mut path, &shape(symbol, CELL.0 * column as f64, 0.0).unwrap().1);
        }
        assert_eq!(path, "M8.43 8.5H4.22V17M8.43 8.5H33.72M33.72 8.5H37.94V17");
        for letter in ["a", "é", "●", "", "ab", "\u{2800}"] {
            assert_eq!(d(letter), None, "{letter}");
        }
    }
}
