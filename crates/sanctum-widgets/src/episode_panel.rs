//! Panel 4: what the finished episodes of all environments say, and the mean return per batch as a line.

use std::sync::Arc;

use karn_sanctum::{Reading, Snapshot, Trend};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::chart::draw_chart;
use crate::format::{MISSING, NumberFormat, format_within};
use crate::frame::Frame;
use crate::metric_row::trend_glyph;
use crate::pen::{Pen, Span};
use crate::theme::{Class, Theme};
use crate::view::View;
use crate::widget_id::WidgetId;

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodePanelProps {
    /// TELE-611.
    pub last_return: Option<Reading>,
    /// TELE-612.
    pub mean_return: Option<Reading>,
    /// TELE-613.
    pub best_return: Option<Reading>,
    /// TELE-614.
    pub worst_return: Option<Reading>,
    /// TELE-615, steps.
    pub mean_length: Option<Reading>,
    /// TELE-616.
    pub success_rate: Option<Reading>,
    /// TELE-617.
    pub total: Option<u64>,
    /// TELE-021, newest last.
    pub return_history: Arc<[f64]>,
    /// TELE-618, trend of the history.
    pub return_trend: Option<Trend>,
}

impl From<&Snapshot> for EpisodePanelProps {
    fn from(snapshot: &Snapshot) -> Self {
        let episodes = &snapshot.episodes;
        Self {
            last_return: episodes.last_return,
            mean_return: episodes.mean_return,
            best_return: episodes.best_return,
            worst_return: episodes.worst_return,
            mean_length: episodes.mean_length,
            success_rate: episodes.success_rate,
            total: episodes.total,
            return_history: Arc::clone(&episodes.return_history),
            return_trend: episodes.return_trend,
        }
    }
}

/// Four rows of two numbers, then the chart.
#[derive(Debug, Clone)]
pub struct EpisodePanel<'a> {
    props: EpisodePanelProps,
    theme: &'a Theme,
    view: View,
}

impl<'a> EpisodePanel<'a> {
    /// Returns the panel for `props`.
    pub const fn new(props: EpisodePanelProps, theme: &'a Theme) -> Self {
        Self { props, theme, view: View::REST }
    }

    /// Returns the panel as a person left it.
    #[must_use]
    pub fn view(self, view: View) -> Self {
        Self { view, ..self }
    }
}

const LABEL: usize = 8;
const VALUE: usize = 7;
const PAIR: usize = LABEL + VALUE;
const PAIR_ROWS: usize = 4;

impl Widget for &EpisodePanel<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        if let Some(mut inside) = Frame::of(WidgetId::EpisodePanel).draw(&mut pen, self.view) {
            let top = self.draw_pairs(&mut inside);
            let (columns, rows) = (inside.width(), inside.height());
            if let Some(mut plot) = inside.part(0, top, columns, rows) {
                match (self.props.return_history.is_empty(), self.props.total) {
                    (false, _) => draw_chart(&mut plot, &self.props.return_history),
                    (true, None) => plot.text(0, 0, MISSING, Class::Missing),
                    (true, Some(0)) => plot.text(0, 0, "no finished episode yet", Class::Missing),
                    (true, Some(_)) => plot.text(0, 0, "no finished batch yet", Class::Missing),
                }
            }
        }
        pen.finish();
    }
}

impl EpisodePanel<'_> {
    /// Draws the numbers in two columns, or in one where two do not fit, and returns the rows this takes.
    fn draw_pairs(&self, pen: &mut Pen<'_>) -> usize {
        let second = pen.width().midpoint(4).max(PAIR + 1);
        let two_columns = second + PAIR <= pen.width();
        let pairs = self.pairs();
        for (i, (label, value)) in pairs.iter().enumerate() {
            let (row, column) = if two_columns { (i / 2, i % 2 * second) } else { (i, 0) };
            pen.text(column, row, label, Class::Dim);
            pen.right(column + PAIR, row, &value.text, value.class);
            if self.view.selected_row(0, pairs.len(), pairs.len()) == Some(i) {
                pen.choose(column, row, LABEL);
            }
        }
        if two_columns { PAIR_ROWS } else { pairs.len() }
    }

    fn pairs(&self) -> [(&'static str, Span); 2 * PAIR_ROWS] {
        let props = &self.props;
        let number = |reading: &Option<Reading>, format| {
            let text = reading
                .map_or_else(|| MISSING.to_owned(), |r| format_within(r.value, format, VALUE));
            Span::new(text, Class::of(reading.as_ref()))
        };
        let one = NumberFormat::Fixed(1);
        let trend = props.return_trend.map_or_else(
            || Span::new(MISSING, Class::Missing),
            |trend| Span::new(trend_glyph(trend), Class::of_trend(trend)),
        );
        [
            ("Last", number(&props.last_return, one)),
            ("Best", number(&props.best_return, one)),
            ("Mean", number(&props.mean_return, one)),
            ("Worst", number(&props.worst_return, one)),
            ("Length", number(&props.mean_length, one)),
            ("Success", number(&props.success_rate, NumberFormat::Percent(1))),
            ("Total", total(props.total)),
            ("Trend", trend),
        ]
    }
}

fn total(count: Option<u64>) -> Span {
    let Some(count) = count else { return Span::new(MISSING, Class::Missing) };
    let digits = count.to_string();
    let short = || crate::format::format_compact(count);
    Span::new(if digits.len() <= VALUE { digits } else { short() }, Class::Plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base;
    use crate::dump::{draw, draw_buffer, rows};
    use crate::glyph::{Glyphs, Marker};

    fn shown(snapshot: &Snapshot, theme: Theme, columns: u16, height: u16) -> String {
        rows(&draw_buffer(&EpisodePanel::new(snapshot.into(), &theme), columns, height)).join("\n")
    }

    #[test]
    fn numbers_and_the_line() {
        let snapshot = base::episodes();
        insta::assert_snapshot!("main_screen", shown(&snapshot, Theme::DARK, 40, 10));
        insta::assert_snapshot!("wide", shown(&snapshot, Theme::DARK, 50, 12));
        insta::assert_snapshot!(
            "block",
            shown(&snapshot, Theme::DARK.with_marker(Marker::Block), 40, 10)
        );
        insta::assert_snapshot!(
            "ascii",
            shown(&snapshot, Theme::PLAIN.with_glyphs(Glyphs::Ascii), 40, 10)
        );
        insta::assert_snapshot!("one_column", shown(&snapshot, Theme::DARK, 30, 14));
    }

    #[test]
    fn nothing_yet_and_not_finite() {
        insta::assert_snapshot!(
            "nothing_yet",
            draw(&EpisodePanel::new((&Snapshot::empty()).into(), &Theme::DARK), 40, 8)
        );
        let mut snapshot = base::episodes();
        let episodes = &mut snapshot.episodes;
        episodes.return_history = Arc::from([]);
        assert!(shown(&snapshot, Theme::DARK, 40, 8).contains("no finished batch yet"));
        let episodes = &mut snapshot.episodes;
        episodes.last_return = Some(base::graded("episodes.last_return", f64::NAN));
        episodes.worst_return = Some(base::graded("episodes.worst_return", -123_456_789.0));
        episodes.success_rate = Some(base::reading(0.755));
        episodes.total = Some(123_456_789_012);
        episodes.return_history = Arc::from([1.0, f64::NAN, 2.0]);
        insta::assert_snapshot!(
            "not_finite",
            draw(&EpisodePanel::new((&snapshot).into(), &Theme::DARK), 40, 8)
        );
    }

    #[test]
    fn it_survives_any_area() {
        base::survives_any_area(&EpisodePanel::new((&base::episodes()).into(), &Theme::DARK));
    }
}
