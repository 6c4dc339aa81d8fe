//! Panel 3: how well the critic knows what comes.

use std::sync::Arc;

use karn_sanctum::{PolicyView, Snapshot};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::NumberFormat::Fixed;
use crate::format::format_within;
use crate::frame::Frame;
use crate::metric_row::{LABEL, MetricRow, age_of};
use crate::pen::Pen;
use crate::theme::Theme;
use crate::view::View;
use crate::widget_id::WidgetId;

/// Columns that each of two numbers in one row may take.
const OF_PAIR: usize = 9;

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueDiagnosticsProps {
    /// The readings of the updates; the panel shows those of the value function.
    pub policy: Arc<PolicyView>,
}

impl From<&Snapshot> for ValueDiagnosticsProps {
    fn from(snapshot: &Snapshot) -> Self {
        Self { policy: Arc::new(snapshot.policy.clone()) }
    }
}

/// Metric rows, the most telling ones first.
#[derive(Debug, Clone)]
pub struct ValueDiagnostics<'a> {
    props: ValueDiagnosticsProps,
    theme: &'a Theme,
    view: View,
}

impl<'a> ValueDiagnostics<'a> {
    /// Returns the panel for `props`.
    pub const fn new(props: ValueDiagnosticsProps, theme: &'a Theme) -> Self {
        Self { props, theme, view: View::REST }
    }

    /// Returns the panel as a person left it.
    #[must_use]
    pub fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Number of rows that can be scrolled.
    pub const ENTRIES: usize = 13;
}

impl Widget for &ValueDiagnostics<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        if let Some(mut inside) = self.frame(&pen).draw(&mut pen, self.view) {
            let rows = self.rows();
            let first = self.view.first_from_start(rows.len(), inside.height());
            for (row, metric) in rows.iter().skip(first).enumerate() {
                metric.draw(&mut inside, row);
            }
            if let Some(row) = self.view.selected_row(first, rows.len(), inside.height()) {
                inside.choose(0, row, LABEL);
            }
        }
        pen.finish();
    }
}

impl ValueDiagnostics<'_> {
    fn rows(&self) -> [MetricRow<'_>; ValueDiagnostics::ENTRIES] {
        let policy = &*self.props.policy;
        let number = MetricRow::of_number;
        let pair = |label, first, second, between| {
            let format = |value| format_within(value, Fixed(2), OF_PAIR);
            MetricRow::of_pair(label, [first, second], between, format)
        };
        [
            number("EV", policy.explained_variance.as_ref(), Fixed(3)),
            number("V-corr", policy.v_return_correlation.as_ref(), Fixed(2)),
            number("Bellman", policy.bellman_error.as_ref(), Fixed(3)),
            pair("Value", policy.value_mean.as_ref(), policy.value_std.as_ref(), "±"),
            pair("V-range", policy.value_min.as_ref(), policy.value_max.as_ref(), ".."),
            pair("TD", policy.td_error_mean.as_ref(), policy.td_error_std.as_ref(), "±"),
            number("Ret p10", policy.return_p10.as_ref(), Fixed(1)),
            number("Ret p50", policy.return_p50.as_ref(), Fixed(1)),
            number("Ret p90", policy.return_p90.as_ref(), Fixed(1)),
            number("RetStd", policy.return_std.as_ref(), Fixed(1)),
            number("RetSkew", policy.return_skewness.as_ref(), Fixed(2)),
            number("RetMean", policy.return_mean.as_ref(), Fixed(1)),
            number("RetVar", policy.return_variance.as_ref(), Fixed(1)),
        ]
    }

    fn frame(&self, pen: &Pen<'_>) -> Frame {
        let policy = &*self.props.policy;
        let shown = [
            &policy.explained_variance,
            &policy.v_return_correlation,
            &policy.bellman_error,
            &policy.value_mean,
            &policy.value_std,
            &policy.value_min,
            &policy.value_max,
            &policy.td_error_mean,
            &policy.td_error_std,
            &policy.return_p10,
            &policy.return_p50,
            &policy.return_p90,
            &policy.return_std,
            &policy.return_skewness,
            &policy.return_mean,
            &policy.return_variance,
        ];
        let ages = shown.into_iter().filter_map(|reading| age_of(reading.as_ref()));
        Frame::of_update(WidgetId::ValueDiagnostics, pen, policy.last_update.as_ref(), ages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base;
    use crate::dump::draw;
    use crate::glyph::Glyphs;

    #[test]
    fn the_first_rows_are_the_most_telling_ones() {
        let snapshot = base::health();
        let panel = ValueDiagnostics::new((&snapshot).into(), &Theme::DARK);
        for (name, columns, height) in [("small", 40, 5), ("medium", 40, 11), ("large", 50, 20)] {
            insta::assert_snapshot!(name, draw(&panel, columns, height));
        }
    }

    #[test]
    fn waiting_skipped_missing_and_not_finite() {
        let waiting = ValueDiagnostics::new((&Snapshot::empty()).into(), &Theme::DARK);
        insta::assert_snapshot!("waiting", draw(&waiting, 46, 15));
        let mut snapshot = base::health();
        base::skip(&mut snapshot);
        let policy = &mut snapshot.policy;
        policy.explained_variance = policy.explained_variance.map(base::stale);
        policy.value_std = None;
        policy.value_min = Some(base::reading(-1.5e9));
        policy.value_max = Some(base::graded("policy.value_max", f64::INFINITY));
        policy.td_error_mean = policy.td_error_mean.map(base::stale);
        let skipped = ValueDiagnostics::new((&snapshot).into(), &Theme::DARK);
        insta::assert_snapshot!("skipped", draw(&skipped, 60, 15));
    }

    #[test]
    fn ascii_and_scrolled() {
        let ascii = Theme::PLAIN.with_glyphs(Glyphs::Ascii);
        let view = View { focused: true, offset: Some(99), past: false, selected: None };
        let snapshot = base::health();
        let panel = ValueDiagnostics::new((&snapshot).into(), &ascii).view(view);
        insta::assert_snapshot!(draw(&panel, 40, 6));
    }

    #[test]
    fn it_survives_any_area() {
        base::survives_any_area(&ValueDiagnostics::new((&base::health()).into(), &Theme::DARK));
    }
}
