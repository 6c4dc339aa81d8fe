//! Panel 8: what happened to the telemetry itself, and the numbers of user code.

use std::collections::BTreeMap;
use std::sync::Arc;

use karn_sanctum::{Series, SinkLoss, Snapshot, verdict};
use leyline::Health;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::{
    MISSING, NumberFormat, format_count, format_foreign, format_number, format_plain, width,
};
use crate::frame::Frame;
use crate::glyph::Glyphs;
use crate::metric_row::flag;
use crate::pen::Pen;
use crate::theme::{Class, Theme};
use crate::view::View;
use crate::widget_id::WidgetId;

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetryPanelProps<'a> {
    /// TELE-002.
    pub run_id: Option<&'a str>,
    /// TELE-750.
    pub group_id: Option<&'a str>,
    /// TELE-816. `None`: not all of the run was read, here and in the counts below.
    pub events_received: Option<u64>,
    /// TELE-780.
    pub events_rejected: Option<u64>,
    /// TELE-781.
    pub events_unknown: Option<u64>,
    /// TELE-782. `None`: not known.
    pub events_lost: Option<u64>,
    /// TELE-783. `None`: not known.
    pub sequence_gaps: Option<u64>,
    /// TELE-784, by sink.
    pub sink_losses: Option<Arc<BTreeMap<String, SinkLoss>>>,
    /// TELE-820 and TELE-821, by name.
    pub metrics: Arc<BTreeMap<String, Series>>,
    /// TELE-702, seconds since the latest event.
    pub staleness_seconds: Option<f64>,
    /// The verdict on it.
    pub staleness: Health,
}

impl<'a> From<&'a Snapshot> for TelemetryPanelProps<'a> {
    fn from(snapshot: &'a Snapshot) -> Self {
        let telemetry = &snapshot.telemetry;
        Self {
            run_id: snapshot.run_id.as_ref().map(leyline::RunId::as_str),
            group_id: snapshot.group_id.as_ref().map(leyline::GroupId::as_str),
            events_received: telemetry.events_received,
            events_rejected: telemetry.events_rejected,
            events_unknown: telemetry.events_unknown,
            events_lost: telemetry.events_lost,
            sequence_gaps: telemetry.sequence_gaps,
            sink_losses: telemetry.sink_losses.clone(),
            metrics: Arc::clone(&snapshot.metrics),
            staleness_seconds: snapshot.staleness_seconds,
            staleness: verdict::staleness(&snapshot.settings, snapshot.staleness_seconds),
        }
    }
}

/// Names on the left, numbers on the right; the age of the latest event in the last row.
#[derive(Debug, Clone)]
pub struct TelemetryPanel<'a> {
    props: TelemetryPanelProps<'a>,
    theme: &'a Theme,
    view: View,
}

impl<'a> TelemetryPanel<'a> {
    /// Returns the panel for `props`.
    pub const fn new(props: TelemetryPanelProps<'a>, theme: &'a Theme) -> Self {
        Self { props, theme, view: View::REST }
    }

    /// Returns the panel as a person left it.
    #[must_use]
    pub fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Returns the number of rows that can be scrolled; the last row always stands still.
    pub fn entries(&self) -> usize {
        self.rows().len()
    }
}

impl Widget for &TelemetryPanel<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        if let Some(mut inside) = Frame::of(WidgetId::TelemetryPanel).draw(&mut pen, self.view)
            && let Some(last) = inside.height().checked_sub(1)
        {
            let rows = self.rows();
            let first = self.view.first_from_start(rows.len(), last);
            for (row, content) in rows.iter().skip(first).take(last).enumerate() {
                content.draw(&mut inside, row);
            }
            if let Some(row) = self.view.selected_row(first, rows.len(), last) {
                inside.choose(0, row, NAME);
            }
            self.draw_age(&mut inside, last.min(rows.len()));
        }
        pen.finish();
    }
}

/// Columns of a name that are drawn in reverse when its row is chosen.
const NAME: usize = 8;

/// A name or value, and its looks.
type Cell = (String, Class);

enum Row {
    /// A name on the left and a value on the right; the side that is not kept may come from outside, and is cut.
    Pair { name: Cell, value: Cell, keep: Keep },
    /// Two names with their counts.
    Counts([(&'static str, Option<u64>, Health); 2]),
    /// A sentence.
    Text(&'static str, Class),
}

/// Which side of a pair stays whole.
#[derive(Clone, Copy)]
enum Keep {
    Name,
    Value,
}

impl Row {
    fn draw(&self, pen: &mut Pen<'_>, row: usize) {
        let columns = pen.width();
        match self {
            Self::Pair { name, value, keep: Keep::Name } => {
                pen.text(0, row, &name.0, name.1);
                let room = columns.saturating_sub(width(&name.0) + 1);
                let text = pen.foreign(&value.0, room);
                pen.right(columns, row, &text, value.1);
            }
            Self::Pair { name, value, keep: Keep::Value } => {
                let room = columns.saturating_sub(width(&value.0) + 1);
                let text = pen.foreign(&name.0, room);
                pen.text(0, row, &text, name.1);
                pen.right(columns, row, &value.0, value.1);
            }
            Self::Counts([left, right]) => {
                draw_count(pen, 0, row, *left);
                let room = width(right.0) + 1 + width(&count_text(right.1));
                draw_count(pen, columns.saturating_sub(room), row, *right);
            }
            Self::Text(text, class) => pen.text(0, row, text, *class),
        }
    }
}

fn draw_count(
    pen: &mut Pen<'_>,
    column: usize,
    row: usize,
    (name, count, health): (&str, Option<u64>, Health),
) {
    pen.text(column, row, name, Class::Dim);
    pen.text(column + width(name) + 1, row, &count_text(count), Class::of_health(health));
}

fn count_text(count: Option<u64>) -> String {
    count.map_or_else(|| MISSING.to_owned(), format_count)
}

impl TelemetryPanel<'_> {
    fn rows(&self) -> Vec<Row> {
        let props = &self.props;
        let received = props.events_received;
        let unknown = props.events_unknown.map_or(Health::NoData, |_| Health::Ungraded);
        let looks = if received.is_some() { Class::Plain } else { Class::Missing };
        let mut rows = vec![
            id_row("Run", props.run_id),
            id_row("Group", props.group_id),
            Row::Pair {
                name: ("Received".to_owned(), Class::Dim),
                value: (count_text(received), looks),
                keep: Keep::Value,
            },
            Row::Counts([
                (
                    "Rejected",
                    props.events_rejected,
                    verdict::events_rejected(props.events_rejected),
                ),
                ("Unknown", props.events_unknown, unknown),
            ]),
            Row::Counts([
                ("Lost", props.events_lost, verdict::events_lost(props.events_lost)),
                ("Gaps", props.sequence_gaps, verdict::events_lost(props.sequence_gaps)),
            ]),
        ];
        rows.extend(self.sink_rows());
        rows.extend(
            props.metrics.iter().map(|(name, series)| metric_row(name, series, self.theme.glyphs)),
        );
        rows
    }

    fn sink_rows(&self) -> Vec<Row> {
        let Some(losses) = &self.props.sink_losses else {
            return vec![Row::Pair {
                name: ("sinks".to_owned(), Class::Dim),
                value: (MISSING.to_owned(), Class::Missing),
                keep: Keep::Value,
            }];
        };
        if losses.is_empty() {
            return vec![Row::Text("sinks: no loss reported", Class::Dim)];
        }
        let class = Class::of_health(verdict::sink_losses(Some(losses)));
        let pair = |name: &str, value: String, class| Row::Pair {
            name: (name.to_owned(), class),
            value: (value, class),
            keep: Keep::Value,
        };
        let mut rows = vec![pair("sinks", "lossless  lossy".to_owned(), Class::Dim)];
        rows.extend(losses.iter().map(|(name, loss)| {
            let SinkLoss { lossless, lossy } = *loss;
            let numbers = format!("{:>8} {:>6}", count_text(lossless), count_text(lossy));
            pair(name, numbers, class)
        }));
        rows
    }

    fn draw_age(&self, pen: &mut Pen<'_>, row: usize) {
        let age = self.props.staleness_seconds;
        let text = age.map_or_else(
            || MISSING.to_owned(),
            |s| format!("{}s", format_number(s, NumberFormat::Fixed(1))),
        );
        pen.text(0, row, "age", Class::Dim);
        pen.text(4, row, &text, Class::of_health(self.props.staleness));
        if let Some((mark, class)) = flag(self.props.staleness) {
            pen.text(5 + width(&text), row, mark, class);
        }
    }
}

fn id_row(name: &str, id: Option<&str>) -> Row {
    let name = (name.to_owned(), Class::Dim);
    match id {
        Some(id) => Row::Pair { name, value: (id.to_owned(), Class::Plain), keep: Keep::Name },
        None => Row::Pair { name, value: (MISSING.to_owned(), Class::Missing), keep: Keep::Value },
    }
}

/// The newest value of a user metric, with its unit.
fn metric_row(name: &str, series: &Series, glyphs: Glyphs) -> Row {
    let newest = series.points.last().map(|(_, value)| *value);
    let unit = series.unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
    let text = newest.map(|value| format_plain(value) + &unit);
    let text = text.map(|text| format_foreign(&text, UNIT_AND_VALUE, glyphs.is_ascii()));
    let value =
        (text.unwrap_or_else(|| MISSING.to_owned()), Class::of_health(verdict::number(newest)));
    Row::Pair { name: (name.to_owned(), Class::Dim), value, keep: Keep::Value }
}

/// Columns that a value and its unit may take, so that the name of the metric keeps some.
const UNIT_AND_VALUE: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base;
    use crate::dump::{draw, draw_buffer, rows};

    fn shown(snapshot: &Snapshot, columns: u16, height: u16) -> String {
        rows(&draw_buffer(&TelemetryPanel::new(snapshot.into(), &Theme::DARK), columns, height))
            .join("\n")
    }

    #[test]
    fn counters_metrics_and_age() {
        insta::assert_snapshot!("normal", shown(&base::telemetry(), 30, 10));
        insta::assert_snapshot!(
            "nothing_yet",
            draw(&TelemetryPanel::new((&Snapshot::empty()).into(), &Theme::DARK), 30, 10)
        );
        insta::assert_snapshot!("low", shown(&base::telemetry(), 30, 6));
    }

    #[test]
    fn losses_and_bad_values() {
        let mut snapshot = base::telemetry();
        snapshot.telemetry.events_lost = Some(12);
        snapshot.telemetry.sequence_gaps = Some(2);
        snapshot.telemetry.events_rejected = Some(3);
        snapshot.staleness_seconds = Some(7.25);
        let losses = [("log", Some(2), Some(1234)), ("live", None, Some(6))];
        let losses =
            losses.map(|(name, lossless, lossy)| (name.to_owned(), SinkLoss { lossless, lossy }));
        snapshot.telemetry.sink_losses = Some(Arc::new(BTreeMap::from(losses)));
        snapshot.metrics = base::metrics(&[(
            "a_name_that_is_far_too_long_for_it",
            Some("\u{1b}reward"),
            f64::NAN,
        )]);
        insta::assert_snapshot!(
            "losses",
            draw(&TelemetryPanel::new((&snapshot).into(), &Theme::DARK), 30, 12)
        );
        let ascii = Theme::PLAIN.with_glyphs(Glyphs::Ascii);
        insta::assert_snapshot!(
            "losses_ascii",
            rows(&draw_buffer(&TelemetryPanel::new((&snapshot).into(), &ascii), 30, 12)).join("\n")
        );
    }

    #[test]
    fn long_ids_are_cut_and_rows_scroll() {
        let mut snapshot = base::telemetry();
        snapshot.run_id = leyline::RunId::new(&"x".repeat(128)).ok();
        let view = View { focused: false, offset: Some(99), past: false, selected: None };
        assert!(shown(&snapshot, 30, 10).contains(&format!("Run {}…", "x".repeat(23))));
        let panel = TelemetryPanel::new((&snapshot).into(), &Theme::DARK).view(view);
        insta::assert_snapshot!("scrolled", rows(&draw_buffer(&panel, 30, 5)).join("\n"));
        assert_eq!(panel.entries(), 7);
    }

    #[test]
    fn it_survives_any_area() {
        let snapshot = base::telemetry();
        base::survives_any_area(&TelemetryPanel::new((&snapshot).into(), &Theme::DARK));
    }
}
