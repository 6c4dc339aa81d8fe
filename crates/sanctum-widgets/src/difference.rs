//! What changed between two moments: verdicts, words, numbers with the largest change first, and the events between.

use karn_sanctum::difference::{Alarm, Change, Difference, Value, Word};
use karn_sanctum::tally::Counted;
use leyline::metric::MetricSpec;
use leyline::unit::Unit;
use leyline::{Health, Timestamp};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::{MISSING, format_batch_of, format_count, format_plain, format_time_of_day};
use crate::frame::Frame;
use crate::pen::Pen;
use crate::theme::{Class, Theme};
use crate::view::View;

mod row;

use row::Columns;

/// One of the two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Batches done.
    pub batch: Option<u64>,
    /// Wall clock of the producer.
    pub ts: Option<Timestamp>,
    /// Inputs folded.
    pub place: u64,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct DifferenceProps<'a> {
    /// The first moment.
    pub before: Moment,
    /// The second moment.
    pub after: Moment,
    /// What differs.
    pub difference: &'a Difference,
    /// Inputs between the two, by kind.
    pub between: &'a [(Counted, u64)],
}

/// A list with a head that stays.
#[derive(Debug, Clone)]
pub struct DifferenceView<'a> {
    theme: &'a Theme,
    view: View,
    title: String,
    head: [String; 2],
    lines: Vec<Line<'a>>,
}

/// One line of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Line<'a> {
    Heading(&'static str),
    Alarm(&'a Alarm),
    Word(&'a Word),
    Change(&'a Change),
    Between(Counted, u64),
    Nothing,
    Same(usize),
}

impl<'a> DifferenceView<'a> {
    /// Returns the list for `props`.
    pub fn new(props: &DifferenceProps<'a>, theme: &'a Theme) -> Self {
        let (before, after) = (head(props.before), head(props.after));
        let title = format!("What changed: {} → {}", told(props.before), told(props.after));
        let head = if before == after {
            let place = |moment: Moment| format!("#{}", moment.place);
            [place(props.before), place(props.after)]
        } else {
            [before, after]
        };
        Self { theme, view: View::REST, title, head, lines: lines(props) }
    }

    /// Returns the list as a person left it.
    #[must_use]
    pub fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Number of lines that can be scrolled.
    pub const fn entries(&self) -> usize {
        self.lines.len()
    }

    /// Rows of an area that lines can have: all but the frame and the head.
    pub const fn room(height: u16) -> usize {
        height.saturating_sub(3) as usize
    }
}

impl Widget for &DifferenceView<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        let frame = Frame { title: self.title.clone(), note: None, batch: self.scrolled(area) };
        if let Some(mut inside) = frame.draw(&mut pen, self.view) {
            let columns = Columns::of(inside.width());
            columns.draw_head(&mut inside, &self.head);
            let room = inside.height().saturating_sub(1);
            let first = self.view.first_from_start(self.lines.len(), room);
            for (row, line) in self.lines.iter().skip(first).take(room).enumerate() {
                draw_line(&mut inside, row + 1, *line, columns);
            }
        }
        pen.finish();
    }
}

impl DifferenceView<'_> {
    /// Which lines are on show, where not all are.
    fn scrolled(&self, area: Rect) -> Option<String> {
        let (lines, room) = (self.lines.len(), Self::room(area.height));
        let first = self.view.first_from_start(lines, room);
        (room < lines).then(|| format!("{}-{} of {lines}", first + 1, first + room))
    }
}

/// What stands over the values of a moment.
fn head(moment: Moment) -> String {
    match (moment.batch, moment.ts) {
        (Some(batch), _) => format_batch_of(batch, 0),
        (None, Some(ts)) => format_time_of_day(ts),
        (None, None) => "start".to_owned(),
    }
}

fn told(moment: Moment) -> String {
    let parts = [moment.batch.map(|n| format_batch_of(n, 0)), moment.ts.map(format_time_of_day)];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if text.is_empty() { "start".to_owned() } else { text }
}

fn lines<'a>(props: &DifferenceProps<'a>) -> Vec<Line<'a>> {
    let Difference { alarms, words, numbers, same } = props.difference;
    let mut lines = Vec::new();
    let mut part = |heading: &'static str, part: Vec<Line<'a>>| {
        if !part.is_empty() {
            lines.push(Line::Heading(heading));
            lines.extend(part);
        }
    };
    part("Alarms that began or ended", alarms.iter().map(Line::Alarm).collect());
    part("Words and parameters", words.iter().map(Line::Word).collect());
    part("Numbers, the largest change first", numbers.iter().map(Line::Change).collect());
    let between = props.between.iter().map(|&(what, count)| Line::Between(what, count));
    part("Events between", between.collect());
    if lines.is_empty() {
        lines.push(Line::Nothing);
    }
    if 0 < *same {
        lines.push(Line::Same(*same));
    }
    lines
}

fn draw_line(pen: &mut Pen<'_>, row: usize, line: Line<'_>, columns: Columns) {
    match line {
        Line::Heading(text) => pen.text(0, row, text, Class::Accent),
        Line::Alarm(alarm) => {
            columns.draw_name(pen, row, &name(alarm.metric, alarm.of.as_deref()));
            let (mark, class) = if alarm.began() {
                ("began", Class::of_health(alarm.after))
            } else {
                ("ended", Class::Ok)
            };
            let flag = if alarm.after == Health::Critical { " !" } else { "" };
            let text =
                format!("{mark}{flag}: {} → {}", verdict(alarm.before), verdict(alarm.after));
            columns.draw_text(pen, row, &text, class);
        }
        Line::Word(word) => {
            columns.draw_name(pen, row, &name(word.metric, word.of.as_deref()));
            let side = |text: &Option<String>| {
                text.as_deref().map_or_else(|| MISSING.to_owned(), |t| pen.foreign(t, usize::MAX))
            };
            let text = format!("{} → {}", side(&word.before), side(&word.after));
            columns.draw_text(pen, row, &text, Class::Plain);
        }
        Line::Change(change) => {
            columns.draw_name(pen, row, &name(change.metric, change.of.as_deref()));
            columns.draw_change(pen, row, change);
        }
        Line::Between(what, count) => {
            columns.draw_name(pen, row, what.name());
            columns.draw_text(pen, row, &format_count(count), Class::Plain);
        }
        Line::Nothing => pen.text(0, row, "nothing differs", Class::Missing),
        Line::Same(count) => {
            let text = format!("{} numbers are the same", format_count(count as u64));
            pen.text(0, row, &text, Class::Dim);
        }
    }
}

/// `110 KL Divergence`, `640 Environment Episode Return 3`, `820 eval/return`.
fn name(metric: &MetricSpec, of: Option<&str>) -> String {
    let number = metric.number;
    match of {
        Some(of) if metric.path.contains("[name]") => format!("{number} {of}"),
        Some(of) => format!("{number} {} {of}", metric.name),
        None => format!("{number} {}", metric.name),
    }
}

const fn verdict(health: Health) -> &'static str {
    match health {
        Health::NoData => "not measured",
        Health::Ungraded => "no limit",
        Health::Healthy => "healthy",
        Health::Warning => "warning",
        Health::Critical => "critical",
    }
}

/// The value of a flag that is not set.
const NO: f64 = 0.0;

/// A value as text with its class; a flag is yes or no.
fn value(metric: &MetricSpec, value: Option<Value>) -> (String, Class) {
    let Some(value) = value else { return (MISSING.to_owned(), Class::Missing) };
    let class = if value.fresh { Class::of_health(value.verdict) } else { Class::Stale };
    let text = match (metric.unit == Unit::Flag, value.value == NO) {
        (true, true) => "no".to_owned(),
        (true, false) => "yes".to_owned(),
        (false, _) => format_plain(value.value),
    };
    (text, class)
}

#[cfg(test)]
mod tests;
