//! The facts about a number, line by line.

use leyline::Health;

use super::wrap::wrap;
use super::{InspectorProps, LABEL, Line, Measured, RecordText};
use crate::format::{
    MISSING, NumberFormat, format_age, format_number, format_plain, format_runtime,
    format_sparkline, format_time_of_day, width,
};
use crate::metric_row::flag;
use crate::pen::Span;
use crate::theme::Class;

/// Values of a history that are told as numbers.
const LATEST: usize = 10;
/// Columns of the names of levels and hops.
const NAME: usize = 9;
/// Nanoseconds of a second.
const NANOS: f64 = 1e9;
/// Older than this, seconds are no longer told in tenths.
const OLD_SECONDS: f64 = 100.0;

/// Returns the facts, broken to this width.
pub(super) fn lines(props: &InspectorProps<'_>, columns: usize) -> Vec<Line> {
    let mut lines = Lines { lines: Vec::new(), columns: columns.saturating_sub(LABEL) };
    match &props.record {
        Some(record) => lines.text("Question", record.question, Class::Accent),
        None => lines.text("Record", "no telemetry record", Class::Warning),
    }
    now(props, &mut lines);
    if let Some(record) = &props.record {
        describe(record, &mut lines);
    }
    way(props, &mut lines);
    lines.lines
}

struct Lines {
    lines: Vec<Line>,
    columns: usize,
}

impl Lines {
    fn spans(&mut self, label: &'static str, text: Vec<Span>) {
        self.lines.push(Line { label, text });
    }

    fn text(&mut self, label: &'static str, text: &str, class: Class) {
        for (i, row) in wrap(text, self.columns).into_iter().enumerate() {
            self.spans(if i == 0 { label } else { "" }, vec![Span::new(row, class)]);
        }
    }

    /// A name in a column of its own, and a text beside it.
    fn named(&mut self, label: &'static str, name: &str, text: &str, class: Class) {
        let column = if self.columns <= 2 * NAME { 0 } else { NAME.max(width(name) + 1) };
        if column == 0 {
            self.text(label, &format!("{name}: {text}"), class);
            return;
        }
        for (i, row) in wrap(text, self.columns - column).into_iter().enumerate() {
            let name = if i == 0 { name } else { "" };
            let name = format!("{name}{}", " ".repeat(column - width(name)));
            let spans = vec![Span::new(name, Class::Dim), Span::new(row, class)];
            self.spans(if i == 0 { label } else { "" }, spans);
        }
    }
}

/// The value, and how it was measured.
fn now(props: &InspectorProps<'_>, lines: &mut Lines) {
    let fresh = props.measured.is_none_or(|measured| measured.reading.fresh);
    let class = match (&props.value, fresh) {
        (None, _) => Class::Missing,
        (Some(_), false) => Class::Stale,
        (Some(_), true) => Class::of_health(props.verdict),
    };
    let unit = props.record.as_ref().map_or("", |record| record.unit);
    match &props.value {
        None => lines.text("Value", MISSING, class),
        Some(value) => {
            let unit = if unit == "text" || unit == "flag" { "" } else { unit };
            lines.text("Value", &format!("{value} {unit}"), class);
        }
    }
    let verdict = match (props.value.is_some(), fresh) {
        (false, _) => vec![Span::new("not measured", Class::Missing)],
        (true, false) => vec![Span::new(format!("{}, then", word(props.verdict)), Class::Stale)],
        (true, true) => {
            let mut spans = vec![Span::new(word(props.verdict), Class::of_health(props.verdict))];
            if let Some((mark, class)) = flag(props.verdict) {
                spans.push(Span::new(format!(" {mark}"), class));
            }
            spans
        }
    };
    lines.spans("Verdict", verdict);
    match &props.measured {
        Some(measured) => tell_time(measured, lines),
        None if props.value.is_some() => {
            lines.text("Measured", "kept up to date; it has no time of its own", Class::Dim);
        }
        None => {}
    }
    history(props.history.as_deref(), lines);
}

fn tell_time(measured: &Measured, lines: &mut Lines) {
    let batch = measured
        .reading
        .batch
        .map_or_else(|| "before the first batch".to_owned(), |batch| format!("batch {batch}"));
    let since = format_runtime(measured.reading.mono_ns.0 as f64 / NANOS, true);
    let text = match measured.ts {
        Some(ts) => {
            format!("{batch}, {} UTC, {since} on the trainer's clock", format_time_of_day(ts))
        }
        None => format!("{batch}, {since} on the trainer's clock"),
    };
    lines.text("Measured", &text, Class::Plain);
    let age = measured.age_seconds.map_or_else(|| MISSING.to_owned(), age);
    let (fresh, class) = if measured.reading.fresh {
        ("fresh", Class::Plain)
    } else {
        ("stale: the latest update did not refresh it", Class::Stale)
    };
    lines.text("Age", &format!("{age}, {fresh}"), class);
}

fn age(seconds: f64) -> String {
    if seconds < OLD_SECONDS {
        format!("{}s", format_number(seconds, NumberFormat::Fixed(1)))
    } else {
        format_age(seconds)
    }
}

/// The latest values, as numbers and as a line of bars.
fn history(history: Option<&[f64]>, lines: &mut Lines) {
    let Some(history) = history else { return };
    let (_, latest) = history.split_at(history.len().saturating_sub(LATEST));
    if latest.is_empty() {
        lines.text("Last ten", MISSING, Class::Missing);
        return;
    }
    let numbers: Vec<String> = latest.iter().map(|value| format_plain(*value)).collect();
    lines.text("Last ten", &numbers.join("  "), Class::Plain);
    lines.text("", &format_sparkline(latest, latest.len()), Class::Dim);
}

fn describe(record: &RecordText<'_>, lines: &mut Lines) {
    lines.text("Unit", &format!("{}, kept as {}", record.unit, record.kind), Class::Plain);
    lines.text("Range", record.range, Class::Plain);
    lines.text("Missing", record.missing.unwrap_or("absent"), Class::Plain);
    for (i, [level, condition, meaning]) in record.thresholds.iter().enumerate() {
        let label = if i == 0 { "Limits" } else { "" };
        lines.named(label, level, &format!("{condition}: {meaning}"), class_of_level(level));
    }
    lines.text("Meaning", record.meaning, Class::Plain);
}

/// Levels are drawn as the value is drawn at that level.
fn class_of_level(level: &str) -> Class {
    match level {
        "Critical" => Class::Critical,
        "Warning" => Class::Warning,
        "Unknown" => Class::Missing,
        _ => Class::Plain,
    }
}

/// From the trainer to the screen.
fn way(props: &InspectorProps<'_>, lines: &mut Lines) {
    let Some(record) = &props.record else {
        lines.named("Way here", "snapshot", &props.path, Class::Plain);
        return;
    };
    lines.named("Way here", "origin", record.origin, Class::Plain);
    lines.named("", "emitter", record.function.unwrap_or(MISSING), Class::Plain);
    for (i, source) in record.sources.iter().enumerate() {
        lines.named("", if i == 0 { "event" } else { "" }, source, Class::Plain);
    }
    lines.named("", "snapshot", &props.path, Class::Plain);
    if record.widgets.is_empty() {
        lines.named("", "widgets", "none", Class::Missing);
    }
    for (i, [widget, usage]) in record.widgets.iter().enumerate() {
        let name = if i == 0 { "widgets" } else { "" };
        lines.named("", name, &format!("{widget}: {usage}"), Class::Plain);
    }
    let text = format!("{}, {} when this program was built", record.file, record.earned);
    lines.text("Record", &text, Class::Plain);
}

const fn word(health: Health) -> &'static str {
    match health {
        Health::NoData => "no verdict possible",
        Health::Ungraded => "no limit",
        Health::Healthy => "healthy",
        Health::Warning => "warning",
        Health::Critical => "critical",
    }
}
