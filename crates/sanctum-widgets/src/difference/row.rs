//! The columns of a number at two moments.

use karn_sanctum::difference::Change;

use super::value;
use crate::format::{MISSING, NumberFormat, format_number, format_plain, format_within, width};
use crate::metric_row::flag;
use crate::pen::Pen;
use crate::theme::Class;

/// Columns of a value, of a share and of a number of spreads.
const VALUE: usize = 10;
const SHARE: usize = 7;
const SPREADS: usize = 7;
/// A name keeps at least, and takes at most, so many columns.
const NAME: (usize, usize) = (20, 44);
/// From here on a share is no longer told.
const LARGE: f64 = 100.0;

/// Which columns there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    name: usize,
    difference: bool,
    spreads: bool,
    share: bool,
}

impl Columns {
    /// Returns the columns that fit; the share gives way first, then the spreads, then the difference.
    pub(super) fn of(columns: usize) -> Self {
        let all = [(true, true, true), (true, true, false), (true, false, false)];
        let rest = |(difference, spreads, share): (bool, bool, bool)| {
            let each = [(difference, VALUE), (spreads, SPREADS), (share, SHARE)];
            let more = each.iter().filter(|(there, _)| *there).map(|(_, columns)| columns + 1);
            // A flag stands behind the second value.
            2 * (VALUE + 1) + 1 + more.sum::<usize>()
        };
        let fitting = all.into_iter().find(|&shown| NAME.0 + rest(shown) <= columns);
        let (difference, spreads, share) = fitting.unwrap_or((false, false, false));
        let name = columns.saturating_sub(rest((difference, spreads, share)));
        Self { name: name.clamp(1, NAME.1), difference, spreads, share }
    }

    pub(super) fn draw_head(self, pen: &mut Pen<'_>, [before, after]: &[String; 2]) {
        pen.text(0, 0, "Metric", Class::Dim);
        let cells = [before.as_str(), after, "change", "spreads", "share"];
        for (cell, end) in cells.into_iter().zip(self.ends()) {
            if let Some(end) = end {
                pen.right(end, 0, cell, Class::Dim);
            }
        }
    }

    pub(super) fn draw_name(self, pen: &mut Pen<'_>, row: usize, name: &str) {
        let name = pen.foreign(name, self.name);
        pen.text(0, row, &name, Class::Plain);
    }

    pub(super) fn draw_text(self, pen: &mut Pen<'_>, row: usize, text: &str, class: Class) {
        pen.text(self.name + 1, row, text, class);
    }

    pub(super) fn draw_change(self, pen: &mut Pen<'_>, row: usize, change: &Change) {
        let (before, of_before) = value(change.metric, change.before);
        let (after, of_after) = value(change.metric, change.after);
        let cells = [
            (before, of_before),
            (after, of_after),
            (difference(change), Class::Plain),
            told(change.spreads, spreads),
            told(change.relative, share),
        ];
        for ((text, class), end) in cells.into_iter().zip(self.ends()) {
            if let Some(end) = end {
                let class = if text == MISSING { Class::Missing } else { class };
                pen.right(end, row, &text, class);
            }
        }
        let verdict = change.after.filter(|value| value.fresh).map(|value| value.verdict);
        if let (Some((mark, class)), [_, Some(end), ..]) = (verdict.and_then(flag), self.ends()) {
            pen.text(end, row, mark, class);
        }
    }

    /// The column behind each cell; `None`: there is no room for it.
    fn ends(self) -> [Option<usize>; 5] {
        let before = self.name + 1 + VALUE;
        let after = before + 1 + VALUE;
        let mut end = after + 1;
        let mut next = |there: bool, columns: usize| {
            end += if there { columns + 1 } else { 0 };
            there.then_some(end)
        };
        let difference = next(self.difference, VALUE);
        let (spreads, share) = (next(self.spreads, SPREADS), next(self.share, SHARE));
        [Some(before), Some(after), difference, spreads, share]
    }
}

fn difference(change: &Change) -> String {
    match (change.before, change.after, change.difference) {
        (None, Some(_), _) => "new".to_owned(),
        (Some(_), None, _) => "gone".to_owned(),
        (_, _, Some(difference)) => signed(difference, format_plain(difference)),
        (_, _, None) => MISSING.to_owned(),
    }
}

fn told(number: Option<f64>, format: impl Fn(f64) -> String) -> (String, Class) {
    (number.map_or_else(|| MISSING.to_owned(), format), Class::Plain)
}

/// A share of everything; smaller ones have a decimal.
const WHOLE: f64 = 1.0;

fn share(share: f64) -> String {
    if LARGE <= share.abs() {
        let most = format_number(LARGE.copysign(share), NumberFormat::Percent(0));
        return format!("{}{most}", if share.is_sign_negative() { '<' } else { '>' });
    }
    let decimals = usize::from(share.abs() < WHOLE);
    signed(share, format_number(share, NumberFormat::Percent(decimals)))
}

fn spreads(spreads: f64) -> String {
    format_within(spreads, NumberFormat::Fixed(1), SPREADS)
}

fn signed(number: f64, text: String) -> String {
    debug_assert!(width(&text) < VALUE + 2, "{text} is wider than its column");
    let rises = number.partial_cmp(&0.0).is_some_and(std::cmp::Ordering::is_gt);
    if rises { format!("+{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_a_sign_and_an_end() {
        let shares = [0.004, -0.125, 1.5, -2.0, 99.0, 100.0, -1e9, 0.0].map(share);
        assert_eq!(
            shares,
            ["+0.4%", "-12.5%", "+150%", "-200%", "+9900%", ">10000%", "<-10000%", "0.0%"]
        );
        assert_eq!([0.04, 4.11, 123_456_789.0].map(spreads), ["0.0", "4.1", "1.23e8"]);
    }

    #[test]
    fn the_columns_never_leave_their_width() {
        for columns in 0..300 {
            let last = Columns::of(columns).ends().into_iter().flatten().max();
            if NAME.0 + 2 * (VALUE + 1) < columns {
                assert!(last.is_some_and(|end| end <= columns), "{columns}: {last:?}");
            }
        }
        let wide = Columns { name: 44, difference: true, spreads: true, share: true };
        assert_eq!(Columns::of(198), wide);
        assert_eq!(Columns::of(78).ends().iter().flatten().count(), 5);
        assert_eq!(Columns::of(50).ends().iter().flatten().count(), 2);
    }
}
