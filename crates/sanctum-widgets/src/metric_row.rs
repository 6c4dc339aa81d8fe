//! The row of a metric: label, value, flag, sparkline, trend.

use karn_sanctum::{LastUpdate, Reading, Trend};
use leyline::Health;

use crate::format::{MISSING, NumberFormat, format_within};
use crate::pen::{Pen, Span, spans_width};
use crate::sparkline::draw_sparkline;
use crate::theme::Class;

/// Columns of a label.
pub(crate) const LABEL: usize = 8;
const VALUE: usize = 13;
/// Label, value, blank, flag, blank.
const BEFORE_SPARKLINE: usize = LABEL + VALUE + 3;
/// Blank and trend.
const AFTER_SPARKLINE: usize = 2;
/// Below this a sparkline says nothing.
const LEAST_SPARKLINE: usize = 4;

/// One metric, 38 columns wide; more columns go to the sparkline.
#[derive(Debug, Clone)]
pub(crate) struct MetricRow<'a> {
    label: &'static str,
    value: Vec<Span>,
    is_stale: bool,
    flag: Option<(&'static str, Class)>,
    history: Option<&'a [f64]>,
    trend: Option<Trend>,
    /// What stands in the place of a sparkline.
    beside: Vec<Span>,
}

impl<'a> MetricRow<'a> {
    /// Returns the row of a number, which falls back to a power of ten where it is too wide.
    pub(crate) fn of_number(
        label: &'static str,
        reading: Option<&Reading>,
        format: NumberFormat,
    ) -> Self {
        Self::of_text(label, reading, |value| format_within(value, format, VALUE))
    }

    /// Returns the row of a reading that `format` writes.
    pub(crate) fn of_text<T: Copy>(
        label: &'static str,
        reading: Option<&Reading<T>>,
        format: impl FnOnce(T) -> String,
    ) -> Self {
        let verdict = reading.and_then(Reading::fresh_verdict);
        Self::of_spans(label, vec![span(reading, format)], verdict)
    }

    /// Returns the row of a number that is known as soon as all of the run was read.
    pub(crate) fn of_count(label: &'static str, count: Option<u64>, verdict: Health) -> Self {
        let value = count.map_or_else(
            || Span::new(MISSING, Class::Missing),
            |count| Span::new(count.to_string(), Class::of_health(verdict)),
        );
        Self::of_spans(label, vec![value], Some(verdict))
    }

    /// Returns the row of two readings that belong together, as in `41.20±18.30`; each keeps its own looks.
    pub(crate) fn of_pair<T: Copy>(
        label: &'static str,
        pair: [Option<&Reading<T>>; 2],
        between: &str,
        format: impl Fn(T) -> String,
    ) -> Self {
        let worst = pair.into_iter().flatten().filter_map(Reading::fresh_verdict).max();
        let value = match pair {
            [None, None] => vec![Span::new(MISSING, Class::Missing)],
            [first, second] => {
                vec![span(first, &format), Span::new(between, Class::Dim), span(second, &format)]
            }
        };
        Self::of_spans(label, value, worst)
    }

    fn of_spans(label: &'static str, value: Vec<Span>, verdict: Option<Health>) -> Self {
        let is_stale = value.iter().any(|span| span.class == Class::Stale);
        let flag = verdict.and_then(flag);
        Self { label, value, is_stale, flag, history: None, trend: None, beside: Vec::new() }
    }

    /// Returns the row with something else that belongs to it; shown where all of it fits.
    pub(crate) fn with_beside(self, beside: Vec<Span>) -> Self {
        Self { beside, ..self }
    }

    /// Returns the row with the history of the metric and the trend of that.
    pub(crate) fn with_history(self, history: &'a [f64], trend: Option<Trend>) -> Self {
        Self { history: Some(history), trend, ..self }
    }

    /// Draws the row over the whole width of the pen.
    pub(crate) fn draw(&self, pen: &mut Pen<'_>, row: usize) {
        pen.text(0, row, self.label, Class::Dim);
        // On a narrow panel the value moves to the left rather than out of sight.
        let columns = spans_width(&self.value);
        let narrowest = LABEL + columns + 1;
        // Two numbers that are too wide for the column of values go on to the right.
        let usual = if VALUE < columns { narrowest } else { LABEL + VALUE };
        let end = usual.min(pen.width().max(narrowest));
        pen.spans(end - columns, row, &self.value);
        if let Some((mark, class)) = self.flag {
            pen.text(end + 1, row, mark, class);
        }
        let room = pen.width().saturating_sub(BEFORE_SPARKLINE + AFTER_SPARKLINE);
        if let Some(history) = self.history
            && LEAST_SPARKLINE <= room
        {
            let class = if self.is_stale { Class::Stale } else { Class::Dim };
            draw_sparkline(pen, BEFORE_SPARKLINE, row, room, history, class);
            if let Some(trend) = self.trend {
                pen.text(pen.width() - 1, row, trend_glyph(trend), Class::of_trend(trend));
            }
        }
        if BEFORE_SPARKLINE.max(end + 3) + spans_width(&self.beside) <= pen.width() {
            pen.spans(BEFORE_SPARKLINE.max(end + 3), row, &self.beside);
        }
    }
}

/// Returns a reading as text, in the class of its verdict.
pub(crate) fn span<T: Copy>(
    reading: Option<&Reading<T>>,
    format: impl FnOnce(T) -> String,
) -> Span {
    let text = reading.map_or_else(|| MISSING.to_owned(), |reading| format(reading.value));
    Span::new(text, Class::of(reading))
}

/// Returns the mark of a verdict, because colour is never the only one to say it.
pub(crate) const fn flag(health: Health) -> Option<(&'static str, Class)> {
    match health {
        Health::Critical => Some(("!", Class::Critical)),
        Health::Warning => Some(("*", Class::Warning)),
        Health::Healthy | Health::Ungraded | Health::NoData => None,
    }
}

/// Returns the arrow of a trend; it shows health, not direction.
pub(crate) const fn trend_glyph(trend: Trend) -> &'static str {
    match trend {
        Trend::Improving => "↑",
        Trend::Stable => "→",
        Trend::Volatile => "~",
        Trend::Worsening => "↓",
    }
}

/// Returns the batch of measurement for a title: `b26`, or `b24/b26` when the oldest of the values on show is from batch
/// 24 and the latest update was 26.
pub(crate) fn batch_of_measurement(
    latest: Option<&LastUpdate>,
    shown: impl IntoIterator<Item = (bool, Option<u64>)>,
) -> Option<String> {
    let latest = latest?.batch;
    let old = shown.into_iter().filter(|(fresh, _)| !fresh).filter_map(|(_, batch)| batch).min();
    Some(old.map_or_else(|| format!("b{latest}"), |old| format!("b{old}/b{latest}")))
}

/// Returns what [`batch_of_measurement`] asks of a reading.
pub(crate) fn age_of<T>(reading: Option<&Reading<T>>) -> Option<(bool, Option<u64>)> {
    reading.map(|reading| (reading.fresh, reading.batch))
}

#[cfg(test)]
mod tests {
    use ratatui_core::buffer::Buffer;
    use ratatui_core::layout::Rect;

    use super::*;
    use crate::base;
    use crate::dump;
    use crate::theme::Theme;

    fn drawn(row: &MetricRow<'_>, columns: u16) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, columns, 1));
        if let Some(mut pen) = Pen::new(*buf.area(), &mut buf, &Theme::DARK) {
            row.draw(&mut pen, 0);
        }
        buf
    }

    #[track_caller]
    fn check(row: &MetricRow<'_>, columns: u16, expected: &str) {
        assert_eq!(dump::rows(&drawn(row, columns)), [expected]);
    }

    const HISTORY: &[f64] = &[2.0, 3.0, 2.0, 3.0, 2.0, 3.0, 3.0, 2.0, 3.0, 4.0, 1.0, 6.0];

    #[test]
    fn a_row_has_its_columns() {
        let reading = base::graded("policy.grad_norm", 6.31);
        let row = MetricRow::of_number("Grad", Some(&reading), NumberFormat::Fixed(3));
        let row = row.with_history(HISTORY, Some(Trend::Worsening));
        check(&row, 38, "Grad            6.310 * ▂▃▂▃▂▃▃▂▃▅▁█ ↓");
        check(&row, 42, "Grad            6.310 * ────▂▃▂▃▂▃▃▂▃▅▁█ ↓");
        check(&row, 30, "Grad            6.310 * ▃▅▁█ ↓");
        check(&row, 29, "Grad            6.310 *");
        check(&row, 16, "Grad       6.310");
        check(&row, 10, "Grad     6");
        insta::assert_snapshot!(dump::runs(&drawn(&row, 38)).join("\n"), @r"
        0:0..4 fg=DarkGray
        0:16..21 fg=Yellow BOLD
        0:22..23 fg=Yellow BOLD
        0:24..36 fg=DarkGray
        0:37..38 fg=Yellow BOLD
        ");
    }

    #[test]
    fn flags_and_missing_values() {
        let of = |value| base::graded("policy.grad_norm", value);
        let row = |reading: Option<&Reading>| {
            MetricRow::of_number("Grad", reading, NumberFormat::Fixed(3))
        };
        check(&row(Some(&of(1.0))), 38, "Grad            1.000");
        check(&row(Some(&of(11.0))), 38, "Grad           11.000 !");
        check(&row(Some(&of(f64::NAN))), 38, "Grad              NaN !");
        check(&row(Some(&base::stale(of(11.0)))), 38, "Grad           11.000");
        check(&row(Some(&of(-1e200))), 38, "Grad        -1.00e200 !".trim_end_matches(" !"));
        check(&row(None), 38, "Grad                —");
        let bad = [1.0, f64::NAN, 2.0];
        insta::assert_snapshot!(
            dump::dump(&drawn(&row(Some(&base::stale(of(1.0)))).with_history(&bad, Some(Trend::Volatile)), 38)),
            @r"
        Grad            1.000   ─────────▁!█ ~
        ---
        0:0..4 fg=DarkGray
        0:16..21 fg=DarkGray ITALIC
        0:24..34 fg=DarkGray ITALIC
        0:34..35 fg=LightRed BOLD
        0:35..36 fg=DarkGray ITALIC
        0:37..38 fg=Yellow BOLD
        "
        );
    }

    #[test]
    fn a_title_names_the_oldest_batch_on_show() {
        let latest = LastUpdate { batch: 26, skipped: false, skip_reason: None };
        let title = |shown: &[(bool, Option<u64>)]| {
            batch_of_measurement(Some(&latest), shown.iter().copied())
        };
        assert_eq!(title(&[(true, Some(26))]).as_deref(), Some("b26"));
        assert_eq!(
            title(&[(true, Some(26)), (false, Some(24)), (false, Some(25))]).as_deref(),
            Some("b24/b26")
        );
        assert_eq!(title(&[(false, None)]).as_deref(), Some("b26"));
        assert_eq!(batch_of_measurement(None, [(true, Some(26))]), None);
    }
}
