//! Panel 7: runtime, throughput and the machine that trains.

use std::sync::Arc;

use karn_sanctum::{BudgetView, GpuView, Reading, Snapshot};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::{
    MISSING, NumberFormat, format_count, format_gib, format_gib_of, format_number, format_params,
    format_runtime, width,
};
use crate::frame::Frame;
use crate::metric_row::span;
use crate::pen::{Pen, Span, spans_width};
use crate::theme::{Class, Theme};
use crate::view::View;
use crate::widget_id::WidgetId;

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct EsperStatusProps {
    /// TELE-701; a run that is not connected has no runtime.
    pub connected: bool,
    /// TELE-020, seconds; 0.0 while not connected.
    pub runtime_seconds: f64,
    /// TELE-710.
    pub epochs_per_second: Option<Reading>,
    /// TELE-711.
    pub batches_per_hour: Option<Reading>,
    /// TELE-712.
    pub env_steps_per_second: Option<Reading>,
    /// TELE-004.
    pub host_params: Option<u64>,
    /// TELE-720, percent.
    pub cpu_percent: Option<Reading>,
    /// TELE-721, GiB.
    pub ram_used_gb: Option<Reading>,
    /// TELE-722, GiB.
    pub ram_total_gb: Option<Reading>,
    /// TELE-723, GiB.
    pub process_rss_gb: Option<Reading>,
    /// TELE-730 to TELE-734.
    pub gpu_stats: Arc<[GpuView]>,
    /// TELE-900 to TELE-916.
    pub budget: BudgetView,
}

impl From<&Snapshot> for EsperStatusProps {
    fn from(snapshot: &Snapshot) -> Self {
        let vitals = &snapshot.vitals;
        Self {
            connected: snapshot.connected,
            runtime_seconds: snapshot.runtime_seconds,
            epochs_per_second: vitals.epochs_per_second,
            batches_per_hour: vitals.batches_per_hour,
            env_steps_per_second: vitals.env_steps_per_second,
            host_params: snapshot.host_params,
            cpu_percent: vitals.cpu_percent,
            ram_used_gb: vitals.ram_used_gb,
            ram_total_gb: vitals.ram_total_gb,
            process_rss_gb: vitals.process_rss_gb,
            gpu_stats: Arc::clone(&vitals.gpu_stats),
            budget: snapshot.budget.clone(),
        }
    }
}

/// Labels on the left, values on the right.
#[derive(Debug, Clone)]
pub struct EsperStatus<'a> {
    props: EsperStatusProps,
    theme: &'a Theme,
    view: View,
}

impl<'a> EsperStatus<'a> {
    /// Returns the panel for `props`.
    pub const fn new(props: EsperStatusProps, theme: &'a Theme) -> Self {
        Self { props, theme, view: View::REST }
    }

    /// Returns the panel as a person left it.
    #[must_use]
    pub fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Returns the number of rows that can be scrolled.
    pub fn entries(&self) -> usize {
        self.rows().len()
    }
}

impl Widget for &EsperStatus<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        if let Some(mut inside) = Frame::of(WidgetId::EsperStatus).draw(&mut pen, self.view) {
            let rows = self.rows();
            let first = self.view.first_from_start(rows.len(), inside.height());
            for (row, (label, value)) in rows.iter().skip(first).enumerate() {
                inside.text(0, row, label, Class::Dim);
                // The value keeps its place; where both do not fit, it gives up its end.
                let column = inside.width().saturating_sub(spans_width(value));
                inside.spans(column.max(width(label) + 1), row, value);
            }
            let room = inside.height();
            if let Some(row) = self.view.selected_row(first, rows.len(), room)
                && let Some((label, _)) = rows.get(first + row)
            {
                inside.choose(0, row, width(label));
            }
        }
        pen.finish();
    }
}

type Row = (String, Vec<Span>);

impl EsperStatus<'_> {
    fn rows(&self) -> Vec<Row> {
        let props = &self.props;
        let runtime = if props.connected {
            format_runtime(props.runtime_seconds, true)
        } else {
            "--".to_owned()
        };
        let runtime_class = if runtime == "--" { Class::Missing } else { Class::Plain };
        let decimals = |n| move |value| format_number(value, NumberFormat::Fixed(n));
        let (time, shares) = budget_rows(&props.budget);
        let mut rows = vec![("Runtime:".to_owned(), vec![Span::new(runtime, runtime_class)])];
        rows.extend(time);
        rows.extend([
            row("Epochs/s:", props.epochs_per_second.as_ref(), decimals(2)),
            row("Batches/h:", props.batches_per_hour.as_ref(), decimals(0)),
            row("Env steps/s:", props.env_steps_per_second.as_ref(), decimals(0)),
            ("Params:".to_owned(), vec![params(props.host_params)]),
            row("CPU:", props.cpu_percent.as_ref(), |v| {
                format!("{}%", format_number(v, NumberFormat::Fixed(1)))
            }),
            (
                "RAM:".to_owned(),
                vec![memory(props.ram_used_gb.as_ref(), props.ram_total_gb.as_ref(), 0)],
            ),
            row("RSS:", props.process_rss_gb.as_ref(), format_gib),
        ]);
        rows.extend(props.gpu_stats.iter().map(gpu));
        rows.extend(shares);
        rows
    }
}

fn row(label: &str, reading: Option<&Reading>, format: impl Fn(f64) -> String) -> Row {
    let text = reading.map_or_else(|| MISSING.to_owned(), |r| format(r.value));
    (label.to_owned(), vec![Span::new(text, Class::of(reading))])
}

fn params(count: Option<u64>) -> Span {
    count.map_or_else(
        || Span::new(MISSING, Class::Missing),
        |count| Span::new(format_params(count, 1), Class::Plain),
    )
}

/// Used of total; both are needed, and the text is as old as the older one and as bad as the worse one.
fn memory(used: Option<&Reading>, total: Option<&Reading>, decimals: usize) -> Span {
    match (used, total) {
        (Some(used), Some(total)) => {
            let both = Reading {
                fresh: used.fresh && total.fresh,
                verdict: used.verdict.max(total.verdict),
                ..*used
            };
            let text = format_gib_of(used.value, total.value, decimals);
            Span::new(text, Class::of(Some(&both)))
        }
        (None | Some(_), _) => Span::new(MISSING, Class::Missing),
    }
}

fn gpu(gpu: &GpuView) -> Row {
    let mut value = vec![memory(gpu.memory_used_gb.as_ref(), gpu.memory_total_gb.as_ref(), 1)];
    for (reading, unit) in [(&gpu.utilization_percent, "%"), (&gpu.temperature_c, "C")] {
        if let Some(reading) = reading {
            let text = format_number(reading.value, NumberFormat::Fixed(0));
            value.push(Span::new(format!(" {text}{unit}"), Class::of(Some(reading))));
        }
    }
    (format!("GPU{}:", gpu.device_id), value)
}

/// Returns the rows of the time budget: what a small panel must show beside the runtime, and where the time went. None as long
/// as the trainer has told nothing about its time.
fn budget_rows(budget: &BudgetView) -> (Vec<Row>, Vec<Row>) {
    if *budget == BudgetView::empty() {
        return (Vec::new(), Vec::new());
    }
    let BudgetView {
        batch,
        run,
        training_seconds,
        pauses,
        resumes,
        left_low_seconds,
        left_high_seconds,
    } = budget;
    let time = |seconds| format_runtime(seconds, true);
    let left = [left_low_seconds, left_high_seconds].map(|reading| span(reading.as_ref(), time));
    let [low, high] = left;
    let shares = |label: &str, batch: &Option<Reading>, run: &Option<Reading>| {
        let share = |value| format_number(value, NumberFormat::Percent(1));
        let of_run = span(run.as_ref(), share);
        let gap = SHARE.saturating_sub(of_run.width()).max(1);
        let between = Span::new(" ".repeat(gap), Class::Plain);
        (label.to_owned(), vec![span(batch.as_ref(), share), between, of_run])
    };
    let times = vec![
        ("Left:".to_owned(), vec![low, Span::new(" to ", Class::Dim), high]),
        row("Training:", training_seconds.as_ref(), time),
    ];
    let shares = vec![
        ("Share of:".to_owned(), vec![Span::new("batch     run", Class::Dim)]),
        shares(" collect", &batch.collect, &run.collect),
        shares(" update", &batch.update, &run.update),
        shares(" evaluate", &batch.evaluate, &run.evaluate),
        shares(" checkpt", &batch.checkpoint, &run.checkpoint),
        shares(" wait", &batch.wait, &run.wait),
        shares(" emit", &batch.emit, &run.emit),
        ("Pauses:".to_owned(), vec![count(*pauses)]),
        ("Resumes:".to_owned(), vec![count(*resumes)]),
    ];
    (times, shares)
}

/// Columns of a share of the run, with the gap before it.
const SHARE: usize = 8;

fn count(count: Option<u64>) -> Span {
    count.map_or_else(
        || Span::new(MISSING, Class::Missing),
        |count| Span::new(format_count(count), Class::Plain),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base;
    use crate::dump::{draw, draw_buffer, rows};
    use crate::glyph::Glyphs;

    /// Rows as the acceptance cases compare them: without the border, each run of blanks made one.
    fn lines(snapshot: &Snapshot) -> Vec<String> {
        let buf = draw_buffer(&EsperStatus::new(snapshot.into(), &Theme::DARK), 40, 14);
        let inside = rows(&buf)
            .into_iter()
            .filter_map(|row| Some(row.strip_prefix('│')?.strip_suffix('│')?.to_owned()));
        let words = inside.map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "));
        words.filter(|row| !row.is_empty()).collect()
    }

    #[test]
    fn ae01_everything() {
        let expected = [
            "Runtime: 1h 1m 1s",
            "Epochs/s: 2.50",
            "Batches/h: 90",
            "Env steps/s: 10",
            "Params: 1.2M",
            "CPU: 37.5%",
            "RAM: 12.0/32GB",
            "RSS: 0.4GB",
            "GPU0: 4.0/16.0GB",
        ];
        assert_eq!(lines(&base::machine()), expected);
    }

    #[test]
    fn ae02_nothing_received() {
        let expected = [
            "Runtime: --",
            "Epochs/s: —",
            "Batches/h: —",
            "Env steps/s: —",
            "Params: —",
            "CPU: —",
            "RAM: —",
            "RSS: —",
        ];
        assert_eq!(lines(&Snapshot::empty()), expected);
    }

    #[test]
    fn ae03_a_device_with_everything() {
        let mut snapshot = Snapshot::empty();
        snapshot.vitals.gpu_stats = Arc::from([GpuView {
            device_id: 1,
            memory_used_gb: Some(base::reading(15.0)),
            memory_total_gb: Some(base::reading(16.0)),
            utilization_percent: Some(base::reading(97.0)),
            temperature_c: Some(base::reading(71.6)),
        }]);
        assert_eq!(lines(&snapshot)[8], "GPU1: 15.0/16.0GB 97% 72C");
    }

    #[test]
    fn ae04_small_values() {
        let mut snapshot = Snapshot::empty();
        (snapshot.connected, snapshot.runtime_seconds) = (true, 45.0);
        snapshot.vitals.cpu_percent = Some(base::reading(0.0));
        assert_eq!(
            (lines(&snapshot)[0].as_str(), lines(&snapshot)[5].as_str()),
            ("Runtime: 45s", "CPU: 0.0%")
        );
    }

    #[test]
    fn verdicts_missing_old_and_not_finite_values_differ() {
        let mut snapshot = base::machine();
        insta::assert_snapshot!(draw(&EsperStatus::new((&snapshot).into(), &Theme::DARK), 30, 11));
        snapshot.vitals.cpu_percent = Some(base::graded("vitals.cpu_percent", 95.0));
        snapshot.vitals.ram_used_gb =
            Some(Reading { verdict: leyline::Health::Warning, ..base::reading(25.0) });
        snapshot.vitals.process_rss_gb = snapshot.vitals.process_rss_gb.map(base::stale);
        snapshot.vitals.batches_per_hour = None;
        snapshot.vitals.epochs_per_second =
            Some(base::graded("vitals.epochs_per_second", f64::NAN));
        let focused = View { focused: true, ..View::REST };
        let panel = EsperStatus::new((&snapshot).into(), &Theme::DARK).view(focused);
        insta::assert_snapshot!(draw(&panel, 30, 11));
    }

    #[test]
    fn narrow_and_low_panels_keep_labels_and_scroll() {
        let snapshot = base::machine();
        let ascii = Theme::PLAIN.with_glyphs(Glyphs::Ascii);
        let panel = EsperStatus::new((&snapshot).into(), &ascii).view(View {
            focused: false,
            offset: Some(99),
            past: false,
            selected: None,
        });
        insta::assert_snapshot!(draw(&panel, 18, 5));
        assert_eq!(panel.entries(), 9);
    }

    #[test]
    fn it_survives_any_area() {
        base::survives_any_area(&EsperStatus::new((&base::machine()).into(), &Theme::DARK));
    }
}
